/**
 * What a standing hold meets, and why mail stands: from the verdict it came with and the steps it took. Pure.
 *
 * One answer for new mail (judge.ts) and for mail that is queued (flow/review).
 */
import { suspendedRule } from '@sluice/shared/words/account.ts';
import { domainOf } from '@sluice/shared/words/address.ts';
import type { MessageRecord, Transition } from '@sluice/shared/words/message.ts';
import type { StandingHold } from '@sluice/shared/words/selector.ts';
import { actRule, type Standing } from '@sluice/shared/words/standing.ts';
import type { Reason } from '@sluice/shared/words/verdict.ts';

export type HeldFacts = {
	readonly account: string;
	/** `kind:id`, or `''`. */
	readonly identity: string;
	/** Lower-case domain. */
	readonly destination: string;
};

/** True while the hold stands and names the recipient's sender or destination. */
export function isHeldBy({ selector, untilMs, account }: StandingHold, facts: HeldFacts, nowMs: number): boolean {
	if (account !== undefined && account !== facts.account) return false;
	return untilMs > nowMs && selector.kind !== 'message' && selector.id === facts[selector.kind];
}

/** Why what a standing hold meets is held. */
export const standingOfHold = ({ id, selector, reason, author, ownerMayRelease }: StandingHold): Standing => ({
	rule: `hold.${selector.kind}`,
	text: reason,
	by: author,
	hold: id,
	...(ownerMayRelease === true ? { ownerMayRelease: true } : {}),
});

const internedMax = 10_000;
const interned = new Map<string, Standing>();

/** The same object for equal values; forgets everything when it has grown too large. */
export function internStanding(standing: Standing): Standing {
	const key = standingText(standing);
	const known = interned.get(key);
	if (known !== undefined) return known;
	if (interned.size >= internedMax) interned.clear();
	interned.set(key, standing);
	return standing;
}

/** As one text, for files. */
export const standingText = ({ rule, text, by, hold, ownerMayRelease, endedBy }: Standing): string =>
	JSON.stringify({ rule, text, by, hold, ownerMayRelease, endedBy });

const ofText = new Map<string, Standing>();

/** `''`: none. Throws when it is no such text. */
export function standingOfText(text: string): Standing | undefined {
	if (text === '') return undefined;
	const known = ofText.get(text);
	if (known !== undefined) return known;
	if (ofText.size >= internedMax) ofText.clear();
	const parsed = JSON.parse(text) as Standing;
	if (typeof parsed.rule !== 'string' || typeof parsed.text !== 'string') throw new Error('no reason');
	const standing = internStanding(parsed);
	ofText.set(text, standing);
	return standing;
}

const unknownReason: Standing = { rule: 'hold', text: 'The reason was not written down.' };

/** Why a recipient that starts held or waiting does. */
export function standingAtStart(
	{ verdict: { reasons }, envelope }: Pick<MessageRecord, 'verdict' | 'envelope'>,
	index: number,
	state: 'held' | 'waiting',
): Standing {
	const kept = reasons.filter(({ rule }) => !rule.endsWith('.monitor'));
	const isLimit = ({ rule }: Reason): boolean => rule.startsWith('limit.');
	const domain = domainOf(envelope.recipients[index]?.address ?? '');
	const found =
		state === 'waiting'
			? kept.find(isLimit)
			: (kept.find(({ rule, value }) => rule === 'hold.destination' && value === domain) ??
				kept.find((reason) => !isLimit(reason) && reason.rule !== 'hold.destination') ??
				kept.find(isLimit) ??
				kept[0]);
	return found === undefined ? unknownReason : internStanding(standingOfReason(found));
}

/** What differs from message to message is left out: numbers used, the domain that was named. */
function standingOfReason({ rule, text, hold, by, ownerMayRelease }: Reason): Standing {
	return {
		rule,
		text: rule.startsWith('limit.') ? withoutNumbers(text) : rule.startsWith('ownership.') ? notItsOwn : text,
		...(by === undefined ? {} : { by }),
		...(hold === undefined ? {} : { hold }),
		...(ownerMayRelease === true ? { ownerMayRelease } : {}),
	};
}

const notItsOwn = 'The message names a sender domain that is not the account’s own.';

/** `This account has a limit of 500 recipients an hour (plan Basic): 500 used, …` */
function withoutNumbers(text: string): string {
	const end = text.lastIndexOf('): ');
	return end < 0 ? text : `${text.slice(0, end + 1)}.`;
}

/** Over a limit that time lifts. */
export const isInPace = ({ rule }: Standing): boolean =>
	rule.startsWith('limit.') && rule !== 'limit.message.recipients';

/** Why it was held until it ended, as it stood then; undefined: it was not held. */
export function heldBefore(standing: Standing | undefined): Standing | undefined {
	if (standing === undefined || standing.rule === '' || isInPace(standing)) return undefined;
	const { endedBy: _endedBy, ...before } = standing;
	return internStanding(before);
}

/** Why a recipient stands, or stood until it ended, after a step. */
export function standingAfter(
	before: Standing | undefined,
	{ to, standing, why, actor }: Pick<Transition, 'to' | 'standing' | 'why' | 'actor'>,
): Standing | undefined {
	switch (to) {
		case 'held':
		case 'waiting':
			if (standing !== undefined) return internStanding(standing);
			// Logs of before: a suspension was known by its words.
			if (actor === undefined && why?.startsWith(suspendedRule) === true)
				return internStanding({ rule: suspendedRule, text: why.slice(suspendedRule.length + 2) });
			return internStanding({ rule: actRule, text: why ?? '', ...(actor === undefined ? {} : { by: actor }) });
		case 'discarded':
			return internStanding({ ...(before ?? { rule: '', text: '' }), endedBy: actor ?? 'agent' });
		case 'expired':
			return before;
		default:
			return undefined;
	}
}
