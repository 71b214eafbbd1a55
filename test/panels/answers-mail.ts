/**
 * Mail of the made-up agent: messages that can be searched, held, released, discarded and brought back, and what stands open by cause.
 *
 * Kept in memory; acts change the state of recipients as the agent's would, and rights are the plainest: staff for what it sees, owners
 * for what a hold leaves to them.
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import { actorText } from '@sluice/shared/contract/actor.ts';
import type { OperationHandlers, OperationOutput } from '@sluice/shared/contract/operations.ts';
import type { MessageSummaryDto } from '@sluice/shared/contract/shapes.ts';
import type { OpenGroupDto } from '@sluice/shared/contract/view-operations.ts';
import { failed, ok } from '@sluice/shared/words/result.ts';
import type { Selector } from '@sluice/shared/words/selector.ts';
import type { Why, World } from './agent-world.ts';
import { agesOf } from './answers-overview.ts';
import { traceOf } from './trace.ts';

type MailOperations =
	| 'listMessages'
	| 'getMessage'
	| 'traceMessage'
	| 'listOpen'
	| 'act'
	| 'releaseMessage'
	| 'discardMessage'
	| 'listHolds'
	| 'putHold'
	| 'deleteHold'
	| 'queue';

type Recipient = MessageSummaryDto['recipients'][number];
type Act = 'hold' | 'release' | 'discard' | 'requeue' | 'restore';
type Where = {
	readonly state?: string | undefined;
	readonly rule?: string | undefined;
	readonly text?: string | undefined;
	readonly since?: string | undefined;
	readonly until?: string | undefined;
};

type How = { readonly where?: Where | undefined; readonly asBefore?: boolean };

const plainWhy: Why = {
	rule: 'hold.act',
	text: 'Held by a person.',
	by: 'admin root',
	ownerMayRelease: false,
	ownerMayDiscard: false,
};
const limitWhy: Why = {
	rule: 'limit.waiting.hour.recipients',
	text: 'All 400 recipients an hour of plan Shop are used; it waits its turn.',
	ownerMayRelease: false,
	ownerMayDiscard: false,
};

const from: { readonly [A in Act]: readonly Recipient['state'][] } = {
	hold: ['queued', 'waiting'],
	release: ['held', 'waiting'],
	discard: ['queued', 'waiting', 'held'],
	requeue: ['queued'],
	restore: ['discarded', 'expired'],
};
const to: { readonly [A in Act]: Recipient['state'] } = {
	hold: 'held',
	release: 'queued',
	discard: 'discarded',
	requeue: 'queued',
	restore: 'queued',
};

const isOf = (address: string, asked: string): boolean =>
	asked.startsWith('@')
		? address.toLowerCase().endsWith(asked.toLowerCase())
		: address.toLowerCase() === asked.toLowerCase();

export function mailHandlers(
	world: World,
	maySee: (actor: Actor | undefined, account: World['accounts'][number]) => boolean,
): Pick<OperationHandlers, MailOperations> {
	const messages = world.messages.map((message) => ({
		...message,
		recipients: message.recipients.map((recipient) => ({ ...recipient })),
	}));
	const whys = new Map(world.whys ?? []);
	/** What recipients were before an act ended them, and who did it. */
	const before = new Map<Recipient, Recipient['state']>();
	const endedBy = new Map<string, string>();
	const holds = new Map<string, OperationOutput<'listHolds'>['items'][number]>();
	let made = 0;
	const accountOf = (key: string) => world.accounts.find((one) => one.key === key);
	const isSeen = (actor: Actor | undefined, { account }: MessageSummaryDto): boolean => {
		const found = accountOf(account);
		return found !== undefined && maySee(actor, found);
	};
	const whyOf = ({ id }: MessageSummaryDto, state: string): Why =>
		whys.get(id) ?? (state === 'held' ? plainWhy : limitWhy);
	const isSelected = ({ kind, id }: Selector, message: MessageSummaryDto): boolean =>
		kind === 'message' ? message.id === id : kind === 'account' ? message.account === id : message.identity === id;

	function perform(act: Act, selector: Selector, actor: Actor | undefined, { where = {}, asBefore = false }: How = {}) {
		const isOwner = actor?.role === 'account' || actor?.role === 'customer';
		const seen = messages.filter((message) => isSelected(selector, message) && isSeen(actor, message));
		if (selector.kind === 'message' && seen.length === 0) return failed({ code: 'not-found' } as const);
		let recipients = 0;
		const touched = new Set<string>();
		for (const message of seen)
			for (const recipient of message.recipients) {
				const why = whyOf(message, recipient.state);
				const mayOwner = act === 'discard' ? why.ownerMayDiscard : why.ownerMayRelease;
				if (!from[act].includes(recipient.state)) continue;
				if (where.state !== undefined && recipient.state !== where.state) continue;
				if (where.rule !== undefined && why.rule !== where.rule) continue;
				if (where.text !== undefined && why.text !== where.text) continue;
				if (where.since !== undefined && Date.parse(recipient.at) < Date.parse(where.since)) continue;
				if (where.until !== undefined && Date.parse(recipient.at) > Date.parse(where.until)) continue;
				if (isOwner && act !== 'restore' && !mayOwner)
					return failed({ code: 'forbidden', detail: 'Only the administrator may.' } as const);
				const former = asBefore && act === 'restore' ? before.get(recipient) : undefined;
				if (act === 'discard') {
					before.set(recipient, recipient.state);
					endedBy.set(message.id, actor === undefined ? '' : actorText(actor));
				}
				recipient.state = former ?? to[act];
				recipient.at = new Date(world.now()).toISOString();
				recipients += 1;
				touched.add(message.id);
			}
		// Accounts of which the world has numbers and no messages.
		if (seen.length === 0 && selector.kind === 'account' && act === 'release')
			return ok({ recipients: accountOf(selector.id)?.held ?? 0, messages: 1 });
		return ok({ recipients, messages: touched.size });
	}

	function groups(actor: Actor | undefined, state: 'held' | 'waiting', account: string | undefined): OpenGroupDto[] {
		const found = new Map<string, OpenGroupDto>();
		for (const message of messages) {
			const open = message.recipients.filter((one) => one.state === state);
			if (open.length === 0 || !isSeen(actor, message) || (account !== undefined && message.account !== account))
				continue;
			const why = whyOf(message, state);
			const key = `${message.account} ${why.rule} ${why.text}`;
			const former = found.get(key);
			const first = {
				id: message.id,
				sender: message.sender,
				recipient: open[0]?.address ?? '',
				subject: message.subject,
			};
			found.set(key, {
				state,
				account: message.account,
				identity: message.identity,
				...why,
				messages: (former?.messages ?? 0) + 1,
				recipients: (former?.recipients ?? 0) + open.length,
				since: open[0]?.at ?? message.accepted,
				until: new Date(world.now() + (state === 'held' ? 5 * 86_400_000 : 2_280_000)).toISOString(),
				first: [first, ...(former?.first ?? [])].slice(0, 3),
			});
		}
		return [...found.values()].sort((a, b) => b.messages - a.messages);
	}

	const openOf = (key: string): number => accountOf(key)?.waiting ?? 0;
	return {
		async listMessages({ query }, actor) {
			const found = messages.filter(
				(message) =>
					isSeen(actor, message) &&
					(query.account === undefined || message.account === query.account) &&
					(query.sender === undefined || isOf(message.sender, query.sender)) &&
					(query.subject === undefined || message.subject.toLowerCase().includes(query.subject.toLowerCase())) &&
					(query.since === undefined || message.accepted >= query.since) &&
					(query.until === undefined || message.accepted <= query.until) &&
					(query.reference === undefined || traceOf(message).from.mtaQueueId === query.reference) &&
					message.recipients.some(
						({ address, state }) =>
							(query.recipient === undefined || isOf(address, query.recipient)) &&
							(query.state === undefined || state === query.state),
					),
			);
			const sorted = found.toSorted((a, b) => b.accepted.localeCompare(a.accepted));
			const begin = query.cursor === undefined ? 0 : Number(query.cursor);
			const items = sorted.slice(begin, begin + query.limit);
			const end = begin + items.length;
			return ok({ items: structuredClone(items), ...(end >= sorted.length ? {} : { next: String(end) }) });
		},
		async getMessage({ params }, actor) {
			const message = messages.find(({ id }) => id === params.id);
			return message === undefined || !isSeen(actor, message) ? failed({ code: 'not-found' }) : ok(message);
		},
		async traceMessage({ params }, actor) {
			const message = messages.find(({ id }) => id === params.id);
			if (message === undefined || !isSeen(actor, message)) return failed({ code: 'not-found' });
			return ok(traceOf(message, whys.get(message.id), endedBy.get(message.id)));
		},
		async listOpen({ query }, actor) {
			const items = groups(actor, query.state, query.account);
			const sum = (of: 'messages' | 'recipients'): number => items.reduce((total, one) => total + one[of], 0);
			return ok({
				items: items.slice(0, query.limit),
				total: items.length,
				messages: sum('messages'),
				recipients: sum('recipients'),
			});
		},
		act: async ({ params, body }, actor) => perform(params.act, body.selector, actor, body),
		releaseMessage: async ({ params }, actor) => perform('release', { kind: 'message', id: params.id }, actor),
		discardMessage: async ({ params }, actor) => perform('discard', { kind: 'message', id: params.id }, actor),
		listHolds: async () => ok({ items: [...holds.values()] }),
		async putHold({ body: { selector, reason, seconds, ownerMayRelease } }, actor) {
			made += 1;
			const hold = {
				id: `hold${made}`,
				selector,
				reason,
				author: actor === undefined ? '' : actorText(actor),
				since: new Date(world.now()).toISOString(),
				until: new Date(world.now() + seconds * 1000).toISOString(),
				ownerMayRelease,
			};
			holds.set(hold.id, hold);
			return ok({ hold, recipients: openOf(selector.id), messages: 1 });
		},
		async deleteHold({ params }) {
			const hold = holds.get(params.id);
			if (hold === undefined) return failed({ code: 'not-found' });
			holds.delete(params.id);
			return ok({ recipients: openOf(hold.selector.id), messages: 1 });
		},
		queue: async ({ query }) => {
			if (query.by === 'age')
				return ok(agesOf(world.accounts.reduce((sum, { waiting, held }) => sum + waiting + held, 0)));
			const items = world.accounts
				.filter(({ waiting, held }) => waiting + held > 0)
				.map(({ key, waiting, held }) => ({ key, recipients: waiting + held, queued: 0, waiting, held, sending: 0 }));
			return ok({ items, total: items.length });
		},
	};
}
