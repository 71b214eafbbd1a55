/**
 * The verdict on a submission: accept, hold, defer or reject, with reasons a person can read.
 *
 * Rules are asked in the order of their weight: what can never be delivered (a loop), what we cannot take now (the account's
 * bound), what the panel says of the account (gone, suspended), what an administrator decided (standing holds). Limits come after it
 * (limit.ts).
 *
 * Pure: the caller counts the queue and keeps the holds. Not here: refusals that need no attribution (flow/admit).
 */
import { type Account, goneRule, suspendedRule } from '@sluice/shared/words/account.ts';
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import type { FaultName } from '@sluice/shared/words/faults.ts';
import type { InitialState } from '@sluice/shared/words/message.ts';
import type { StandingHold } from '@sluice/shared/words/selector.ts';
import { accepted, type Reason, type Verdict } from '@sluice/shared/words/verdict.ts';
import { isHeldBy } from './standing.ts';

export type JudgeSettings = {
	readonly hopsMax: number;
	/** Our own Received lines that a message may carry when they are not directly below the MTA's: it came back by way of others. */
	readonly ownPassesMax: number;
	readonly accountRecipientsMax: number;
	readonly accountBytesMax: number;
	/** How long a gone account's mail is still taken. */
	readonly goneGraceMs: number;
};

export type Submission = {
	readonly attribution: Attribution;
	/** The account as a panel knows it; absent: none does. */
	readonly account?: Pick<Account, 'id' | 'state' | 'stateSinceMs'> | undefined;
	readonly hops: number;
	/** Our own Received lines in it, and whether one stands directly below the MTA's: nobody else has had it in between. */
	readonly ownReceived: { readonly count: number; readonly isDirect: boolean };
	readonly recipients: number;
	readonly bytes: number;
	/** Lower-case domains of the recipients, by position. */
	readonly destinations: readonly string[];
};

export type Judgement = {
	readonly verdict: Verdict;
	/** Per recipient, when they do not all start in the verdict's state. */
	readonly initials?: readonly InitialState[];
	/** The fault whose reply refuses it, for defer and reject. */
	readonly fault?: FaultName;
};

const refuse = (action: 'defer' | 'reject', fault: FaultName, reason: Reason): Judgement => ({
	verdict: { action, reasons: [reason] },
	fault,
});

function loopOf(submission: Submission, settings: JudgeSettings): Judgement | undefined {
	const { ownReceived, hops } = submission;
	if (ownReceived.isDirect || ownReceived.count > settings.ownPassesMax) {
		// Deferred, not refused: the MTA keeps the mail while somebody mends the redirect.
		return refuse('defer', 'loop', {
			rule: 'loop.own-received',
			text: ownReceived.isDirect
				? 'The message came straight back from where we had just sent it.'
				: 'The message has been here too often.',
			value: ownReceived.count,
			threshold: settings.ownPassesMax,
		});
	}
	if (hops <= settings.hopsMax) return undefined;
	return refuse('reject', 'hopCount', {
		rule: 'loop.hops',
		text: 'The message has passed through too many servers.',
		value: hops,
		threshold: settings.hopsMax,
	});
}

function boundOf(
	submission: Submission,
	open: { readonly recipients: number; readonly bytes: number },
	settings: JudgeSettings,
): Judgement | undefined {
	const recipients = open.recipients + submission.recipients;
	if (open.recipients > 0 && recipients > settings.accountRecipientsMax) {
		return refuse('defer', 'accountQueueFull', {
			rule: 'queue.account-recipients',
			text: 'Too many messages of this sender are still waiting.',
			value: recipients,
			threshold: settings.accountRecipientsMax,
		});
	}
	const bytes = open.bytes + submission.bytes;
	if (open.bytes > 0 && bytes > settings.accountBytesMax) {
		return refuse('defer', 'accountQueueFull', {
			rule: 'queue.account-bytes',
			text: 'Too much mail of this sender is still waiting.',
			value: bytes,
			threshold: settings.accountBytesMax,
		});
	}
	return undefined;
}

/**
 * A report that nobody's login or program wrote. What a tenant calls a report is its own mail: else a suspended account would send on
 * with the null sender and one header.
 */
const isReport = ({ class: kind, identity }: Attribution): boolean => kind === 'dsn' && identity === undefined;

/** Its time to end what was under way is over. Reports are taken all the same: they end with their own reply (invariant 7). */
function goneOf({ account, attribution }: Submission, settings: JudgeSettings, now: number): Judgement | undefined {
	if (account?.state !== 'gone' || isReport(attribution)) return undefined;
	const goneMs = now - (account.stateSinceMs ?? 0);
	if (goneMs < settings.goneGraceMs) return undefined;
	return refuse('reject', 'accountGone', {
		rule: goneRule,
		text: 'The account of this sender was removed from this server.',
		value: Math.floor(goneMs / 1000),
		threshold: Math.floor(settings.goneGraceMs / 1000),
	});
}

function suspensionOf({ account, attribution }: Submission): Judgement | undefined {
	if (account?.state !== 'suspended' || isReport(attribution)) return undefined;
	const since = new Date(account.stateSinceMs ?? 0).toISOString();
	return { verdict: { action: 'hold', reasons: [{ ...suspension, value: account.id, evidence: `since ${since}` }] } };
}

/** The same for mail that comes and mail that was queued already. */
export const suspension: Reason = {
	rule: suspendedRule,
	text: 'The account is suspended; its mail leaves when it is active again.',
};

/** `kind:id` of an identity, `''` when there is none: how identities are named in selectors, queue rows and events. */
export const identityText = (attribution: Attribution): string =>
	attribution.identity === undefined ? '' : `${attribution.identity.kind}:${attribution.identity.id}`;

const holdReason = (hold: StandingHold): Reason => ({
	rule: `hold.${hold.selector.kind}`,
	text: hold.reason,
	value: hold.selector.id,
	evidence: `set by ${hold.author} until ${new Date(hold.untilMs).toISOString()}`,
	hold: hold.id,
	by: hold.author,
	...(hold.ownerMayRelease === true ? { ownerMayRelease: true } : {}),
});

function holdOf(submission: Submission, holds: readonly StandingHold[], now: number): Judgement | undefined {
	const { attribution, destinations } = submission;
	const sender = { account: attribution.account, identity: identityText(attribution) };
	const whole = holds.find((hold) => isHeldBy(hold, { ...sender, destination: '' }, now));
	if (whole !== undefined) return { verdict: { action: 'hold', reasons: [holdReason(whole)] } };
	const byDestination = holds.filter((hold) =>
		destinations.some((destination) => isHeldBy(hold, { ...sender, destination }, now)),
	);
	if (byDestination.length === 0) return undefined;
	const heldDomains = new Set(byDestination.map((hold) => hold.selector.id));
	const initials = destinations.map((domain): InitialState => (heldDomains.has(domain) ? 'held' : 'queued'));
	const reasons = byDestination.map(holdReason);
	if (initials.every((state) => state === 'held')) return { verdict: { action: 'hold', reasons } };
	return { verdict: { action: 'accept', reasons }, initials };
}

/** Judges one submission. `open` is what the account has in the queue already. */
export function judge(
	submission: Submission,
	open: { readonly recipients: number; readonly bytes: number },
	holds: readonly StandingHold[],
	settings: JudgeSettings,
	now: number,
): Judgement {
	return (
		loopOf(submission, settings) ??
		goneOf(submission, settings, now) ??
		boundOf(submission, open, settings) ??
		suspensionOf(submission) ??
		holdOf(submission, holds, now) ?? { verdict: accepted }
	);
}

/** Reason of a message that went on although judging it failed (invariant 10). */
export const undecided: Reason = {
	rule: 'accept.undecided',
	text: 'Accepted without a decision: an internal check failed. It is counted and reported to the administrator.',
};
