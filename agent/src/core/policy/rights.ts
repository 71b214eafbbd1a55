/**
 * Who may decide about mail: an administrator about all, a reseller about its accounts' mail, a customer or account about its own,
 * as far as the settings `rights` say.
 *
 * Two rules stand above the settings. What an administrator holds, or a rule that only an administrator can set, is let go by
 * administrators alone. And nobody else lets mail go past a limit: what waits is let go by administrators, others wait for their turn.
 *
 * Pure. Not here: whose mail it is (main/api/visibility.ts): whoever asks here sees the mail already.
 */
import { type Actor, type Role, roles } from '@sluice/shared/contract/actor.ts';
import type { Config } from '@sluice/shared/contract/config.ts';
import type { SelfDto } from '@sluice/shared/contract/view-operations.ts';
import { suspendedRule } from '@sluice/shared/words/account.ts';
import type { RecipientState } from '@sluice/shared/words/recipient.ts';
import type { Standing } from '@sluice/shared/words/standing.ts';
import { heldBefore, isInPace } from './standing.ts';

export type Rights = Config['rights'];
export type May = SelfDto['may'];

export type Decision = 'hold' | 'release' | 'discard' | 'requeue' | 'restore';

/** What a role may do at all, of what is its own. */
export function mayOf(role: Role, { owners, resellers }: Rights): May {
	switch (role) {
		case 'admin':
			return { hold: true, release: 'all', discard: 'all', requeue: true, limits: true, shared: true };
		case 'reseller':
			return {
				hold: resellers.hold,
				release: resellers.release ? 'all' : 'none',
				discard: resellers.discard ? 'all' : 'none',
				requeue: true,
				limits: true,
				shared: false,
			};
		case 'customer':
		case 'account':
			return {
				hold: false,
				release: owners.release ? 'owner' : 'none',
				discard: owners.discard ? 'owner' : 'none',
				requeue: false,
				limits: false,
				shared: false,
			};
	}
}

/** False: whoever asks for this is told that it may not, whatever the mail. */
export function mayAsk(decision: Decision, role: Role, rights: Rights): boolean {
	const may = mayOf(role, rights);
	switch (decision) {
		case 'hold':
			return may.hold;
		case 'requeue':
			return may.requeue;
		case 'release':
			return may.release !== 'none';
		case 'discard':
			return may.discard !== 'none';
		case 'restore':
			// To let go what one's own rule keeps is a release; to take back one's own discard is part of discarding.
			return may.release === 'all' || may.discard !== 'none';
	}
}

/** The role that an act was done in, of how actors are written down (`reseller bob as root`); undefined: the agent's own. */
export function roleOfAuthor(author: string | undefined): Role | undefined {
	const word = author?.split(' ', 1)[0];
	return roles.find((role) => role === word);
}

/** One recipient about which somebody decides. */
export type Decided = {
	readonly state: RecipientState;
	/** Why it is held or waits; of what has ended: why it was, until then. */
	readonly standing?: Standing | undefined;
	/** Who discarded it. */
	readonly endedBy?: string | undefined;
	/** Of a restore: what was held is held again, so that nothing is let go by it. */
	readonly isAsBefore?: boolean;
	/** What would hold it if it came now: a suspension, a standing hold. */
	readonly meets: readonly Standing[];
};

export type NotAllowed =
	/** Held by an administrator, or by what only one can set. */
	| 'held-by-admin'
	/** Waits for a limit. */
	| 'over-limit'
	/** Held, and not left to the owner. */
	| 'not-owners'
	/** Not held and does not wait: it is on its way. */
	| 'on-its-way'
	/** An administrator, or somebody else, has discarded it. */
	| 'ended-by-another';

/** Held by an administrator, or by a rule that one has set: a suspension, ownership of domains, a limit that no time lifts. */
const isOfAdmin = ({ rule, by }: Standing): boolean =>
	rule === suspendedRule || /^(ownership|limit)\./.test(rule) || roleOfAuthor(by) === 'admin';

/** Whether the actor, who may ask for it, may do it with this recipient. Undefined: it may. */
export function whyNot(
	decision: Decision,
	{ role }: Pick<Actor, 'role'>,
	recipient: Decided,
	rights: Rights,
): NotAllowed | undefined {
	if (role === 'admin' || decision === 'hold' || decision === 'requeue') return undefined;
	const isOwner = role !== 'reseller';
	const { state, standing, meets, endedBy } = recipient;
	if (decision === 'discard') return isOwner && state !== 'held' && state !== 'waiting' ? 'on-its-way' : undefined;
	if (decision === 'restore') {
		const enderRole = roleOfAuthor(endedBy);
		const isOwn = enderRole === 'customer' || enderRole === 'account';
		if (state === 'discarded' && !isOwn && (isOwner || enderRole !== 'reseller')) return 'ended-by-another';
		if (state === 'expired' && isOwner) return 'not-owners';
		if (recipient.isAsBefore === true && heldBefore(standing) !== undefined) return undefined;
		// Nothing kept it when it ended, or a limit did: it goes through the limits anew.
		return letGo(isOwner, rights, [...(standing === undefined || isInPace(standing) ? [] : [standing]), ...meets]);
	}
	if (state === 'waiting') return 'over-limit';
	if (state !== 'held') return 'on-its-way';
	if (standing === undefined) return isOwner ? 'not-owners' : 'held-by-admin';
	return letGo(isOwner, rights, [standing, ...meets]);
}

/** Whether what is kept by these may be let go by somebody who is no administrator. */
function letGo(isOwner: boolean, rights: Rights, keeping: readonly Standing[]): NotAllowed | undefined {
	if (isOwner) {
		const isLeft = ({ ownerMayRelease }: Standing): boolean => ownerMayRelease === true && rights.owners.release;
		return keeping.every(isLeft) ? undefined : 'not-owners';
	}
	return keeping.some(isOfAdmin) ? 'held-by-admin' : undefined;
}

/** For people: why something was left as it is. */
export const notAllowedText: { readonly [N in NotAllowed]: string } = {
	'held-by-admin': 'An administrator, or a rule of the server, holds it.',
	'over-limit': 'It waits for a limit and leaves by itself.',
	'not-owners': 'Whoever holds it has not left it to the owner.',
	'on-its-way': 'It is on its way.',
	'ended-by-another': 'Somebody else has discarded it.',
};
