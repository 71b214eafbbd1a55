/**
 * What is held or waits, grouped by account and reason: how much, since when, until when, who may let it go, and the first messages.
 *
 * Groups are kept while mail flows (core/scheduling/groups.ts); only those that are shown are looked at closer.
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import type { OpenGroupDto } from '@sluice/shared/contract/view-operations.ts';
import type { MessageId } from '@sluice/shared/words/message.ts';
import { ok } from '@sluice/shared/words/result.ts';
import type { Chain } from '../../core/metering/types.ts';
import type { QueuedMessage } from '../../core/scheduling/queued.ts';
import type { OpenGroup } from '../../core/scheduling/scheduler.ts';
import type { Flow } from '../../flow/context.ts';
import { chainOfQueued } from '../../flow/waiting-mail.ts';
import type { MessageHead } from '../../ports/store.ts';
import { time } from './answers.ts';
import type { ApiContext } from './context.ts';
import { subjectText } from './subject.ts';
import { authorFor, keyOf, maySee } from './visibility.ts';

const firstMax = 3;
/** Messages of a group that are looked at for its times. They stand by age but for a restart. */
const lookedAtMax = 100;
/** Senders of a group that are asked when their mail will have left. */
const chainsMax = 20;

type Named = { readonly id: MessageId; readonly recipient: number };

/** The messages of a group that are looked at. */
function* oldestOf({ scheduler }: Flow, group: OpenGroup): Iterable<QueuedMessage> {
	let count = 0;
	for (const id of group.messages) {
		if (count++ === lookedAtMax) return;
		const message = scheduler.find(id);
		if (message !== undefined) yield message;
	}
}

const isIn =
	({ state, standing }: OpenGroup) =>
	(one: QueuedMessage['recipients'][number]): boolean =>
		one.state === state && one.standing?.rule === standing.rule && one.standing.text === standing.text;

function timesOf(flow: Flow, group: OpenGroup): { readonly sinceMs: number; readonly untilMs: number } {
	const nowMs = flow.clock.now();
	const { holdExpireMs, limits } = flow.settings();
	let sinceMs = nowMs;
	const chains = new Set<Chain>();
	for (const message of oldestOf(flow, group)) {
		for (const one of message.recipients) if (isIn(group)(one)) sinceMs = Math.min(sinceMs, one.sinceMs);
		if (chains.size < chainsMax) chains.add(chainOfQueued(message));
	}
	if (group.state === 'held') return { sinceMs, untilMs: sinceMs + holdExpireMs };
	let untilMs = nowMs;
	for (const chain of chains) {
		const rules = flow.ruleSets.of(chain, nowMs);
		const leavesMs = flow.waiting.lastLeavesMs(chain, { rules, meter: flow.meter, nowMs });
		// Never by itself: it expires.
		untilMs = Math.max(untilMs, leavesMs ?? sinceMs + limits.waitingExpireMs);
	}
	return { sinceMs, untilMs };
}

function firstOf(flow: Flow, group: OpenGroup): readonly Named[] {
	const first: Named[] = [];
	for (const message of oldestOf(flow, group)) {
		if (first.length === firstMax) break;
		first.push({ id: message.id, recipient: message.recipients.find(isIn(group))?.index ?? 0 });
	}
	return first;
}

/** What the history knows of them; without it the list is shown all the same. */
async function headsOf(context: ApiContext, named: readonly Named[]): Promise<ReadonlyMap<MessageId, MessageHead>> {
	if (named.length === 0) return new Map();
	await context.settled();
	const heads = await context.flow.history.heads(named).catch(() => []);
	return new Map(heads.map((head) => [head.id, head]));
}

function dtoOf(flow: Flow, actor: Actor | undefined, group: OpenGroup): Omit<OpenGroupDto, 'first'> {
	const { rights } = flow.settings();
	const { state, account, standing, messages, recipients, identities } = group;
	const [identity] = identities.keys();
	const { sinceMs, untilMs } = timesOf(flow, group);
	const isSeller = actor?.role === 'admin' || actor?.role === 'reseller';
	return {
		state,
		account,
		...(identities.size === 1 && identity !== undefined && identity !== '' ? { identity } : {}),
		rule: standing.rule,
		text: standing.text,
		...(standing.by === undefined ? {} : { by: authorFor(actor, standing.by) }),
		...(standing.hold === undefined || !isSeller ? {} : { hold: standing.hold }),
		messages: messages.size,
		recipients,
		since: time(sinceMs),
		until: time(untilMs),
		ownerMayRelease: state === 'held' && standing.ownerMayRelease === true && rights.owners.release,
		ownerMayDiscard: rights.owners.discard,
	};
}

export function createOpenHandlers(context: ApiContext): Pick<OperationHandlers, 'listOpen'> {
	const { flow } = context;
	return {
		listOpen: async ({ query }, actor) => {
			const asked = query.account === undefined ? undefined : keyOf(flow.accounts, query.account);
			const groups = [
				...flow.scheduler.groups(
					query.state,
					(account) => (asked === undefined || account === asked) && maySee(flow.accounts, actor, account),
				),
			];
			groups.sort((one, other) => other.messages.size - one.messages.size || other.recipients - one.recipients);
			const total = { messages: 0, recipients: 0 };
			for (const { messages, recipients } of groups) {
				total.messages += messages.size;
				total.recipients += recipients;
			}
			// Groups are live: what is told of them is taken before anything is awaited.
			const shown = groups
				.slice(0, query.limit)
				.map((group) => ({ dto: dtoOf(flow, actor, group), first: firstOf(flow, group) }));
			const heads = await headsOf(
				context,
				shown.flatMap(({ first }) => first),
			);
			const headOf = ({ id }: Named): OpenGroupDto['first'][number] => {
				const head = heads.get(id);
				return {
					id,
					sender: head?.sender ?? '',
					recipient: head?.recipient ?? '',
					subject: subjectText(head?.subject ?? ''),
				};
			};
			return ok({
				items: shown.map(({ dto, first }) => ({ ...dto, first: first.map(headOf) })),
				total: groups.length,
				...total,
			});
		},
	};
}
