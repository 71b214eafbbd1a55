/**
 * What each operation about mail does: asks flow, scheduler or history, and words the answer.
 *
 * Not here: who may call what (shared/contract/operations.ts says, io/http checks), acts and holds (acts.ts).
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { mailOperations } from '@sluice/shared/contract/mail-operations.ts';
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import type { Problem } from '@sluice/shared/contract/problem.ts';
import type { HealthDto, TraceDto } from '@sluice/shared/contract/shapes.ts';
import type { AccountKey } from '@sluice/shared/words/account.ts';
import { type MessageId, messageTimeOf } from '@sluice/shared/words/message.ts';
import { ok, type Result } from '@sluice/shared/words/result.ts';
import type { Reason } from '@sluice/shared/words/verdict.ts';
import { storyOf } from '../../core/delivery/story.ts';
import type { AccountBook } from '../../core/identity/accounts.ts';
import { identityText } from '../../core/policy/judge.ts';
import { HistoryError } from '../../io/store/history.ts';
import type { MessageLife } from '../../ports/store.ts';
import type { ActHandlers } from './acts.ts';
import { summaryDto, summaryOf, time } from './answers.ts';
import { type ApiContext, defined, problem } from './context.ts';
import type { HoldHandlers } from './holds.ts';
import { authorFor, keyOf, maySee, visibleAccounts } from './visibility.ts';

function health(context: ApiContext): HealthDto {
	const { flow } = context;
	const rows = flow.scheduler.countsBy('state', flow.clock.now());
	const sum = (state: 'queued' | 'waiting' | 'held' | 'sending'): number =>
		rows.reduce((total, row) => total + row[state], 0);
	const stats = flow.spool.stats();
	const durable = flow.spool.durable();
	const projected = context.projected();
	const lag =
		projected === undefined || projected.segment !== durable.segment ? stats.bytes : durable.offset - projected.offset;
	return {
		alive: true,
		ready: flow.health.can('accepting') && !flow.isStopping(),
		delivering: flow.health.can('delivering') && !flow.isStopping(),
		version: context.version,
		started: time(context.startedMs),
		...upstreamOf(context),
		...(flow.settings().limits.isMonitorOnly ? { monitorOnly: true as const } : {}),
		problems: flow.health
			.problems()
			.map(({ code, text, hint, sinceMs }) => ({ code, text, hint, since: time(sinceMs) })),
		queue: {
			messages: flow.scheduler.messages,
			recipients: flow.scheduler.openRecipients,
			queued: sum('queued'),
			waiting: sum('waiting'),
			held: sum('held'),
			sending: sum('sending'),
		},
		spool: {
			segments: stats.segments,
			bytes: stats.bytes,
			freeBytes: context.freeBytes(),
			projectionLagBytes: Math.max(0, lag),
		},
		connections: { in: context.connectionsIn(), out: flow.dialer.connections },
	};
}

function upstreamOf({ flow }: ApiContext): Pick<HealthDto, 'upstream'> {
	const { smarthosts } = flow.settings().routing;
	const hosts = smarthosts.map(({ host, port }) => `${host}:${port}`);
	return hosts.length === 0 ? {} : { upstream: hosts.join(', ') };
}

/** A question to the history; a page that is none of ours and a history that cannot answer now are problems, not bugs. */
async function asked<T>(question: Promise<T>): Promise<Result<T, Problem>> {
	try {
		return ok(await question);
	} catch (error) {
		if (!(error instanceof HistoryError) || error.code === 'failed') throw error;
		return error.code === 'cursor'
			? problem('invalid', 'cursor: not one of this list')
			: problem('unavailable', `The history cannot be asked: ${error.message}.`);
	}
}

/** Keys of the accounts whose messages are listed; undefined: of all. Of what an actor may not see there is nothing. */
function accountsAsked(
	accounts: AccountBook,
	actor: Actor | undefined,
	asked: string | undefined,
): readonly AccountKey[] | undefined {
	// An account has nothing to choose from.
	if (asked === undefined || actor?.role === 'account') return visibleAccounts(accounts, actor);
	const key = keyOf(accounts, asked);
	return maySee(accounts, actor, key) ? [key] : [];
}

/** The life of a message that the actor may see; `not-found` in the same words when it is another's. */
async function lifeFor(
	context: ApiContext,
	id: MessageId,
	actor: Actor | undefined,
): Promise<Result<MessageLife, Problem>> {
	await context.settled();
	const life = await asked(context.flow.history.life(id));
	if (!life.ok) return life;
	if (life.value === undefined || !maySee(context.flow.accounts, actor, life.value.record.attribution.account))
		return notFound(context, id);
	return ok(life.value);
}

/** Who set a hold is told to others than administrators in its role alone. */
function reasonFor(actor: Actor | undefined, { by, hold: _, ownerMayRelease: __, evidence, ...reason }: Reason) {
	const isTold = by === undefined || authorFor(actor, by) === by;
	return { ...reason, ...(evidence === undefined || !isTold ? {} : { evidence }) };
}

async function trace(context: ApiContext, id: MessageId, actor: Actor | undefined): Promise<Result<TraceDto, Problem>> {
	const found = await lifeFor(context, id, actor);
	if (!found.ok) return found;
	const life = found.value;
	const { attribution, verdict } = life.record;
	return ok({
		message: summaryDto(summaryOf(life)),
		from: {
			account: attribution.account,
			identity: identityText(attribution),
			class: attribution.class,
			certainty: attribution.certainty,
			evidence: attribution.from,
			...(attribution.clientAddress === undefined ? {} : { client: attribution.clientAddress }),
			...(attribution.mtaQueueId === undefined ? {} : { mtaQueueId: attribution.mtaQueueId }),
			...(attribution.ancestor === undefined ? {} : { ancestor: attribution.ancestor }),
			...(attribution.directory === undefined ? {} : { directory: attribution.directory }),
		},
		verdict: { action: verdict.action, reasons: verdict.reasons.map((reason) => reasonFor(actor, reason)) },
		steps: storyOf(life.record, life.steps, {
			isReported: life.reports.length > 0,
			nameOf: (who) => authorFor(actor, who),
		}).map(({ atMs, ...step }) => ({ at: time(atMs), ...step })),
		reports: [...life.reports],
	});
}

function notFound({ flow }: ApiContext, id: MessageId): Result<never, Problem> {
	const atMs = messageTimeOf(id);
	const days = flow.settings().historyDays;
	const isOld = atMs !== undefined && flow.clock.now() - atMs > days * 86_400_000;
	return problem(
		'not-found',
		isOld ? `The message is older than the history (${days} days).` : 'No message with this id.',
	);
}

export function createMailHandlers(
	context: ApiContext,
): Pick<OperationHandlers, Exclude<keyof typeof mailOperations, keyof ActHandlers | keyof HoldHandlers>> {
	const { flow } = context;
	return {
		health: async () => ok(health(context)),
		listMessages: async ({ query }, actor) => {
			await context.settled();
			const { since, until, limit, cursor, account, ...filters } = query;
			const accounts = accountsAsked(flow.accounts, actor, account);
			const page = await asked(
				flow.history.search({
					...defined(filters),
					limit,
					...(accounts === undefined ? {} : { accounts }),
					...(cursor === undefined ? {} : { cursor }),
					...(since === undefined ? {} : { sinceMs: Date.parse(since) }),
					...(until === undefined ? {} : { untilMs: Date.parse(until) }),
				}),
			);
			if (!page.ok) return page;
			const { items, next } = page.value;
			return ok({ items: items.map(summaryDto), ...(next === undefined ? {} : { next }) });
		},
		getMessage: async ({ params }, actor) => {
			const life = await lifeFor(context, params.id, actor);
			return life.ok ? ok(summaryDto(summaryOf(life.value))) : life;
		},
		traceMessage: async ({ params }, actor) => trace(context, params.id, actor),
		lanes: async ({ query }) => {
			const lanes = flow.scheduler.lanes().toSorted((one, other) => other.todo - one.todo || other.busy - one.busy);
			const items = lanes.slice(0, query.limit).map((lane) => ({
				destination: lane.destination,
				source: `${lane.peerAddress} ${lane.helo}`.trim(),
				state: lane.laneState,
				window: Math.floor(lane.window),
				busy: lane.busy,
				queued: lane.todo,
				...(lane.laneState === 'closed' ? { reopens: time(lane.closedUntilMs) } : {}),
				...(lane.lastFailure === '' ? {} : { lastFailure: lane.lastFailure, lastFailureAt: time(lane.lastFailureMs) }),
			}));
			return ok({ items, total: lanes.length });
		},
		recordAct: async ({ body }) => {
			const atMs = flow.clock.now();
			const { actor: who, act, subject, detail } = body;
			const id = flow.state.audit({ atMs, actor: who, act, subject, detail });
			flow.events.emit({ event: 'admin.act', atMs, actor: who, act, subject, detail });
			return ok({ id, at: time(atMs), actor: who, act, subject, detail });
		},
		audit: async ({ query }) => {
			const before = query.cursor === undefined ? undefined : Number(query.cursor);
			if (before !== undefined && !Number.isSafeInteger(before)) return problem('invalid', 'cursor: not one of ours');
			const rows = flow.state.auditLog(query.limit, before, query);
			const items = rows.map(({ atMs, ...row }) => ({ ...row, at: time(atMs) }));
			const last = items.at(-1);
			return ok({ items, ...(items.length === query.limit && last !== undefined ? { next: String(last.id) } : {}) });
		},
	};
}
