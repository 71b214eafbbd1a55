/**
 * Held and waiting mail in groups: of one account, in one state, for one reason.
 *
 * Kept up to date with each step, so that a page about a million open recipients costs what its groups do. A group knows its messages in
 * the order in which they joined, which is that of their age but for a restart. Reasons are the same object when they are the same
 * (core/policy/standing).
 */
import type { MessageId } from '@sluice/shared/words/message.ts';
import type { RecipientState } from '@sluice/shared/words/recipient.ts';
import type { Standing } from '@sluice/shared/words/standing.ts';
import type { QueuedMessage, QueuedRecipient } from './queued.ts';

export type GroupedState = 'held' | 'waiting';

export type OpenGroup = {
	readonly account: string;
	readonly state: GroupedState;
	readonly standing: Standing;
	readonly recipients: number;
	/** Oldest first, nearly. */
	readonly messages: ReadonlySet<MessageId>;
	/** Messages of each identity. */
	readonly identities: ReadonlyMap<string, number>;
};

type Group = {
	readonly account: string;
	readonly state: GroupedState;
	readonly standing: Standing;
	recipients: number;
	readonly messages: Set<MessageId>;
	readonly identities: Map<string, number>;
};

/** By account, then by reason as a text. */
export type Groups = Map<string, Map<string, Group>>;

export const createGroups = (): Groups => new Map();

const noReason: Standing = { rule: '', text: '' };

const isGrouped = (state: RecipientState | 'new'): state is GroupedState => state === 'held' || state === 'waiting';

/** A recipient has gone from one state and reason to those it has now. */
export function groupStep(
	groups: Groups,
	message: QueuedMessage,
	recipient: QueuedRecipient,
	before: { readonly state: RecipientState | 'new'; readonly standing: Standing | undefined },
): void {
	const { state, standing } = recipient;
	if (before.state === state && before.standing === standing) return;
	if (isGrouped(before.state)) leave(groups, message, recipient, { ...before, state: before.state });
	if (isGrouped(state)) enter(groups, message, state, standing ?? noReason);
}

const keyOf = (state: GroupedState, { rule, text, by, hold, ownerMayRelease }: Standing): string =>
	`${state}\n${rule}\n${by ?? ''}\n${hold ?? ''}\n${ownerMayRelease === true}\n${text}`;

function enter(groups: Groups, message: QueuedMessage, state: GroupedState, standing: Standing): void {
	const { account, identity, id } = message;
	let own = groups.get(account);
	if (own === undefined) {
		own = new Map();
		groups.set(account, own);
	}
	const key = keyOf(state, standing);
	let group = own.get(key);
	if (group === undefined) {
		group = { account, state, standing, recipients: 0, messages: new Set(), identities: new Map() };
		own.set(key, group);
	}
	group.recipients += 1;
	if (group.messages.has(id)) return;
	group.messages.add(id);
	group.identities.set(identity, (group.identities.get(identity) ?? 0) + 1);
}

function leave(
	groups: Groups,
	message: QueuedMessage,
	recipient: QueuedRecipient,
	{ state, standing = noReason }: { readonly state: GroupedState; readonly standing: Standing | undefined },
): void {
	const { account, identity, id } = message;
	const own = groups.get(account);
	const key = keyOf(state, standing);
	const group = own?.get(key);
	if (own === undefined || group === undefined) return;
	group.recipients -= 1;
	if (!staysIn(message, recipient, state, standing)) {
		group.messages.delete(id);
		const left = (group.identities.get(identity) ?? 1) - 1;
		if (left > 0) group.identities.set(identity, left);
		else group.identities.delete(identity);
	}
	if (group.recipients > 0) return;
	own.delete(key);
	if (own.size === 0) groups.delete(account);
}

/** From the end: recipients leave from the front, so that one which stays is found at once. */
function staysIn(message: QueuedMessage, one: QueuedRecipient, state: GroupedState, standing: Standing): boolean {
	const key = keyOf(state, standing);
	return (
		message.recipients.findLast(
			(other) =>
				other !== one &&
				other.state === state &&
				(other.standing === standing || keyOf(state, other.standing ?? noReason) === key),
		) !== undefined
	);
}

/** Groups of the accounts that `isSeen` names, in one state. */
export function* groupsOf(
	groups: Groups,
	state: GroupedState,
	isSeen: (account: string) => boolean,
): Iterable<OpenGroup> {
	for (const [account, own] of groups) {
		if (!isSeen(account)) continue;
		for (const group of own.values()) if (group.state === state) yield group;
	}
}
