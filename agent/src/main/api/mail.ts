/**
 * What each operation about mail does: asks flow, scheduler or history, and words the answer.
 *
 * Not here: who may call what (shared/contract/operations.ts says, io/http checks), how acts work (flow/review.ts).
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { mailOperations } from '@sluice/shared/contract/mail-operations.ts';
import type { OperationHandlers, OperationOutput } from '@sluice/shared/contract/operations.ts';
import type { Problem } from '@sluice/shared/contract/problem.ts';
import type { HealthDto, TraceDto } from '@sluice/shared/contract/shapes.ts';
import type { AccountKey } from '@sluice/shared/words/account.ts';
import { type MessageId, messageTimeOf } from '@sluice/shared/words/message.ts';
import { ok, type Result } from '@sluice/shared/words/result.ts';
import type { Selector } from '@sluice/shared/words/selector.ts';
import { storyOf } from '../../core/delivery/story.ts';
import type { AccountBook } from '../../core/identity/accounts.ts';
import { identityText } from '../../core/policy/judge.ts';
import { liftHold, type ReviewAct, type Reviewed, type ReviewFailure, review, setHold } from '../../flow/review.ts';
import { HistoryError } from '../../io/store/history.ts';
import type { MessageLife } from '../../ports/store.ts';
import { holdDto, summaryDto, summaryOf, time } from './answers.ts';
import { type ApiContext, defined, problem } from './context.ts';
import { keyOf, maySee, visibleAccounts } from './visibility.ts';

function reviewed(result: Result<Reviewed, ReviewFailure>): Result<OperationOutput<'act'>, Problem> {
	if (result.ok) {
		const { recipients, pending, messages, waiting } = result.value;
		return ok({ recipients: recipients + pending, messages, ...(waiting === 0 ? {} : { waiting }) });
	}
	if (result.error === 'not-found') return problem('not-found', 'Nothing of that is open.');
	return problem('unavailable', 'The act could not be written to the log; nothing more was changed.');
}

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
		verdict: { action: verdict.action, reasons: verdict.reasons.map((reason) => ({ ...reason })) },
		steps: storyOf(life.record, life.steps).map(({ atMs, ...step }) => ({ at: time(atMs), ...step })),
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

const onlyAdmin = (actor: Actor | undefined): Result<never, Problem> | undefined =>
	actor?.role === 'admin' ? undefined : problem('forbidden');

export function createMailHandlers(context: ApiContext): Pick<OperationHandlers, keyof typeof mailOperations> {
	const { flow } = context;
	const act = async (
		kind: ReviewAct,
		selector: Selector,
		{ reason, now = false }: { readonly reason: string; readonly now?: boolean | undefined },
		actor: Actor | undefined,
	) => reviewed(await review(flow, kind, meant(selector), reason, actor as Actor, now));
	// An account is named by the panel's id, and kept by key.
	const meant = ({ kind, id }: Selector): Selector => ({
		kind,
		id: kind === 'account' ? keyOf(flow.accounts, id) : id,
	});
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
		act: async ({ params, body }, actor) =>
			// Never more than was asked for.
			body.where !== undefined || params.act === 'restore'
				? problem('unavailable', 'Part of the mail cannot be chosen, and nothing can be restored, yet.')
				: (onlyAdmin(actor) ?? act(params.act, body.selector, body, actor)),
		releaseMessage: async ({ params, body }, actor) =>
			onlyAdmin(actor) ?? act('release', { kind: 'message', id: params.id }, body, actor),
		discardMessage: async ({ params, body }, actor) =>
			onlyAdmin(actor) ?? act('discard', { kind: 'message', id: params.id }, body, actor),
		queue: async ({ query }, actor) => {
			const refused = onlyAdmin(actor);
			if (refused !== undefined) return refused;
			const rows = flow.scheduler.countsBy(query.by, flow.clock.now());
			const ordered = query.by === 'age' ? rows : rows.toSorted((one, other) => other.recipients - one.recipients);
			return ok({ items: ordered.slice(0, query.limit).map((row) => ({ ...row })), total: rows.length });
		},
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
		listHolds: async (_input, actor) => onlyAdmin(actor) ?? ok({ items: [...flow.holds.values()].map(holdDto) }),
		putHold: async ({ body }, actor) => {
			const refused = onlyAdmin(actor);
			if (refused !== undefined) return refused;
			if (body.selector.kind === 'message')
				return problem(
					'invalid',
					'A standing hold is of an account, an identity or a destination; hold a message with /v1/queue/hold.',
				);
			const done = await setHold(flow, { ...body, selector: meant(body.selector) }, actor as Actor);
			if (!done.ok)
				return problem(
					'unavailable',
					'The hold is set for new mail; queued mail could not be held since the log cannot be written.',
				);
			const { hold, reviewed: held } = done.value;
			return ok({ hold: holdDto(hold), recipients: held.recipients + held.pending, messages: held.messages });
		},
		deleteHold: async ({ params, query }, actor) =>
			onlyAdmin(actor) ??
			(flow.holds.has(params.id)
				? reviewed(await liftHold(flow, params.id, query.release, actor as Actor))
				: problem('not-found', 'No standing hold with this id.')),
		recordAct: async () => problem('unavailable', 'Acts cannot be written down yet.'),
		audit: async ({ query }) => {
			const before = query.cursor === undefined ? undefined : Number(query.cursor);
			if (before !== undefined && !Number.isSafeInteger(before)) return problem('invalid', 'cursor: not one of ours');
			const rows = flow.state.auditLog(query.limit, before);
			const items = rows.map(({ atMs, ...row }) => ({ ...row, at: time(atMs) }));
			const last = items.at(-1);
			return ok({ items, ...(items.length === query.limit && last !== undefined ? { next: String(last.id) } : {}) });
		},
	};
}
