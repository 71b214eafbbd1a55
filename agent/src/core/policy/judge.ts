/**
 * The verdict on a submission: accept, hold, defer or reject, with reasons a person can read.
 *
 * Rules are asked in the order of their weight: what can never be delivered (a loop), what we cannot take now (the account's
 * bound), what an administrator decided (standing holds). Limits join here later as `wait`.
 *
 * Pure: the caller counts the queue and keeps the holds. Not here: refusals that need no attribution (flow/admit).
 */
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
};

export type Submission = {
	readonly attribution: Attribution;
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

/** `kind:id` of an identity, `''` when there is none: how identities are named in selectors, queue rows and events. */
export const identityText = (attribution: Attribution): string =>
	attribution.identity === undefined ? '' : `${attribution.identity.kind}:${attribution.identity.id}`;

const holdReason = (hold: StandingHold): Reason => ({
	rule: `hold.${hold.selector.kind}`,
	text: hold.reason,
	value: hold.selector.id,
	evidence: `set by ${hold.author} until ${new Date(hold.untilMs).toISOString()}`,
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
		boundOf(submission, open, settings) ??
		holdOf(submission, holds, now) ?? { verdict: accepted }
	);
}

/** Reason of a message that went on although judging it failed (invariant 10). */
export const undecided: Reason = {
	rule: 'accept.undecided',
	text: 'Accepted without a decision: an internal check failed. It is counted and reported to the administrator.',
};
