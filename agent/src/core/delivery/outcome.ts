/**
 * From what happened on a connection to what becomes of each recipient and of the lane.
 *
 * Each recipient ends as delivered, deferred (a counted attempt), bounced, or again: not attempted in truth, so it goes once
 * more at once and nothing is counted. `again` has two cases: the server took as many recipients as it takes in one transaction
 * (452 4.5.3, RFC 5321 §4.5.3.1.10: at least one was taken, so it ends), and a kept connection that turned out to be dead
 * before MAIL was answered (the next one is to be new, so it ends too). A connection lost when the content was under way
 * leaves it open whether the server has the message: deferred, may be delivered twice (RFC 1047).
 *
 * The lane hears one word of it: `ok`, `failure` (nobody was served), `slower` (the receiver asks for less) or `closed` (it does
 * not want this source at all). `nextHost` says that the recipients still deferred may be offered to the next host of the list
 * in this same attempt: the host failed, not the recipients (RFC 5321 §5.1).
 *
 * Pure. What a transaction came to is defined here, and the port speaks in it.
 * Not here: the meaning of a reply (classify.ts), the time of the next attempt (backoff.ts), 8-bit content: it goes as it is to a
 * server without 8BITMIME, since no conversion is possible that keeps signatures, and such servers take it in practice.
 */
import { type Address, needsUtf8 } from '@sluice/shared/words/address.ts';
import { isPositive, type Reply } from '@sluice/shared/words/reply.ts';
import type { Actor, Cause, ResponseAction } from '@sluice/shared/words/response.ts';
import { unreachable } from '@sluice/shared/words/result.ts';
import { type Classification, classify } from './classify.ts';
import { causeOfOwnReply, ownReplies, ownReplyForError } from './own-replies.ts';
import type { ReplyStage } from './rule.ts';

/** What one transaction came to. */
export type TransactionReport = {
	/** Reply to MAIL; absent when the connection was lost before. */
	readonly mail?: Reply;
	/** Replies to RCPT by position; none when MAIL was refused, fewer than the recipients when the connection was lost. */
	readonly recipients: readonly Reply[];
	readonly data?: Reply;
	/** Reply to the content: to the final dot, or a refusal before it. Absent when no recipient was accepted. */
	readonly end?: Reply;
	/** The connection was lost or timed out in this stage. Lost in `end`, the server may have the message. */
	readonly lost?: {
		readonly stage: 'mail' | 'rcpt' | 'data' | 'body' | 'end';
		readonly error: string;
	};
};

/** Where a dial ended, when no transaction could begin. `greeting` and later stages carry the server's reply when there was one. */
export type DialFailure = {
	readonly stage: 'connect' | 'greeting' | 'ehlo' | 'tls' | 'auth';
	readonly reply?: Reply;
	/** Of our own: `connect ECONNREFUSED`. Never shown to strangers. */
	readonly error?: string;
};

export type Outcome =
	| { readonly kind: 'delivered'; readonly reply: Reply }
	| {
			readonly kind: 'deferred' | 'bounced';
			/** The server's, or ours (`isOwnReply`). */
			readonly reply: Reply;
			readonly cause: Cause;
			readonly actor: Actor;
			readonly action: ResponseAction;
			readonly rule: string;
			/** The server may have taken the message all the same. */
			readonly mayBeTwice: boolean;
	  }
	| {
			readonly kind: 'again';
			readonly reason: 'recipient-limit' | 'stale-connection';
	  };

/** Which part of the conversation failed, for the lane and its page. */
export type FailureKind = 'connect' | 'greeting' | 'tls' | 'auth' | 'lost' | 'busy' | 'refused';

export type LaneSignal =
	| { readonly kind: 'ok' }
	| { readonly kind: 'failure'; readonly failure: FailureKind }
	| { readonly kind: 'slower'; readonly rule: string }
	| { readonly kind: 'closed'; readonly rule: string }
	/** Nobody was reached who could say anything: no host found, our own disk. */
	| { readonly kind: 'none' };

export type AttemptResult = {
	/** One for each recipient of the transaction, by position. */
	readonly outcomes: readonly Outcome[];
	readonly lane: LaneSignal;
	/** The deferred ones may be offered to the next host now; the attempt then counts once. */
	readonly nextHost: boolean;
};

const laneOk: LaneSignal = { kind: 'ok' };

/**
 * Outcomes of one transaction. `recipients`: how many were in it. `reused`: the connection had carried a transaction before or
 * was kept idle.
 */
export function outcomesOfTransaction(attempt: {
	readonly report: TransactionReport;
	readonly recipients: number;
	readonly reused: boolean;
}): AttemptResult {
	const { report, reused } = attempt;
	const all = (outcome: Outcome): readonly Outcome[] => Array.from({ length: attempt.recipients }, () => outcome);
	const { mail, lost } = report;
	// A kept connection that the server had closed: its 421, or nothing at all, may be older than our MAIL (RFC 5321 §3.8).
	if (reused && (mail === undefined || (mail.code === 421 && report.recipients.every((answer) => answer.code === 421))))
		return {
			outcomes: all({ kind: 'again', reason: 'stale-connection' }),
			lane: laneOk,
			nextHost: false,
		};
	if (mail === undefined)
		return {
			outcomes: all(notReached(ownReplies.connectionLost)),
			lane: { kind: 'failure', failure: 'lost' },
			nextHost: true,
		};
	if (!isPositive(mail)) {
		const meaning = classify(mail, 'mail');
		const busy = mail.code === 421;
		return {
			outcomes: all(refused(mail, meaning)),
			// Before any recipient was named: about us, not about a message.
			lane: isBlock(meaning) ? { kind: 'closed', rule: meaning.rule } : laneOf([{ reply: mail, meaning }]),
			nextHost: busy,
		};
	}
	const answers = Array.from({ length: attempt.recipients }, (_, index) => answerOf(report, index));
	const lane = lost === undefined ? laneOf(answers) : ({ kind: 'failure', failure: 'lost' } as const);
	const undecided = lost !== undefined && (lost.stage === 'mail' || lost.stage === 'rcpt' || lost.stage === 'data');
	return {
		outcomes: answers.map((answer) => answer.outcome),
		lane,
		nextHost: undecided,
	};
}

type Answer = {
	readonly outcome: Outcome;
	readonly reply?: Reply;
	readonly meaning?: Classification;
};

/** The answer that decides about one recipient: its own refusal, else that of DATA, else that to the final dot. */
function answerOf(report: TransactionReport, index: number): Answer {
	const rcpt = report.recipients[index];
	if (rcpt === undefined) return { outcome: notReached(ownReplies.connectionLost) };
	if (!isPositive(rcpt)) {
		if (isRecipientLimit(rcpt) && report.recipients.some(isPositive))
			return { outcome: { kind: 'again', reason: 'recipient-limit' } };
		return refusal(rcpt, 'rcpt');
	}
	if (report.data !== undefined && report.data.code !== 354)
		return isPositive(report.data) ? { outcome: notReached(ownReplies.badReply) } : refusal(report.data, 'data');
	if (report.end !== undefined)
		return isPositive(report.end) ? { outcome: { kind: 'delivered', reply: report.end } } : refusal(report.end, 'end');
	const handingOver = report.lost?.stage === 'body' || report.lost?.stage === 'end';
	return {
		outcome: notReached(handingOver ? ownReplies.mayBeTwice : ownReplies.connectionLost, handingOver),
	};
}

const refusal = (answer: Reply, stage: ReplyStage): Answer => {
	const meaning = classify(answer, stage);
	return { outcome: refused(answer, meaning), reply: answer, meaning };
};

/** 452 for "no more recipients in this transaction", and the 552 that old servers say for it (RFC 5321 §4.5.3.1.10). */
function isRecipientLimit(answer: Reply): boolean {
	if (answer.code !== 452 && answer.code !== 552 && answer.code !== 451) return false;
	return answer.status?.endsWith('.5.3') === true || /too many recipients/i.test(answer.lines.join(' '));
}

/** A dial that failed: nothing was said about the recipients. */
export function outcomesOfDial(attempt: { readonly failure: DialFailure; readonly recipients: number }): AttemptResult {
	const { failure } = attempt;
	const outcome = dialOutcome(failure);
	return {
		outcomes: Array.from({ length: attempt.recipients }, () => outcome),
		lane: dialLane(failure, outcome),
		nextHost: true,
	};
}

function dialOutcome(failure: DialFailure): Extract<Outcome, { kind: 'deferred' | 'bounced' }> {
	const { stage, reply } = failure;
	// Our configuration is wrong, not the mail: it stays (a changed password must not bounce a queue).
	if (stage === 'auth') return deferredBy(reply ?? ownReplies.loginFailed, { actor: 'host', rule: 'dial.auth' });
	if (stage === 'tls') return deferredBy(reply ?? ownReplies.tlsFailed, { actor: 'recipient-side', rule: 'dial.tls' });
	if (reply !== undefined) {
		const meaning = classify(reply, stage);
		return { kind: 'deferred', reply, ...withoutPermanent(meaning), mayBeTwice: false };
	}
	const own = stage === 'connect' ? ownReplyForError(failure.error) : ownReplies.greetingMissing;
	return deferredBy(own, { actor: 'recipient-side', rule: `dial.${stage}` });
}

function dialLane(failure: DialFailure, outcome: Extract<Outcome, { kind: 'deferred' | 'bounced' }>): LaneSignal {
	switch (failure.stage) {
		case 'connect':
			return { kind: 'failure', failure: 'connect' };
		case 'greeting':
		case 'ehlo':
			if (outcome.action === 'slower') return { kind: 'slower', rule: outcome.rule };
			if (outcome.cause === 'our-ip') return { kind: 'closed', rule: outcome.rule };
			return { kind: 'failure', failure: 'greeting' };
		case 'tls':
			return { kind: 'failure', failure: 'tls' };
		case 'auth':
			return { kind: 'failure', failure: 'auth' };
		default:
			return unreachable(failure.stage);
	}
}

/** Why no host could be dialled at all: what core/routing and the DNS came to. */
export type RoutingProblem =
	| 'bad-domain'
	| 'no-such-domain'
	| 'no-host-address'
	| 'null-mx'
	| 'loops-back'
	| 'address-refused'
	| 'no-usable-family'
	| 'dns-temporary';

/** The outcome for every recipient of a destination without a host to dial. */
export function outcomeOfRouting(problem: RoutingProblem): Outcome {
	switch (problem) {
		case 'bad-domain':
			return bouncedBy(ownReplies.badDomain, { actor: 'customer', rule: 'routing.bad-domain' });
		case 'no-such-domain':
			return bouncedBy(ownReplies.noSuchDomain, { actor: 'customer', rule: 'routing.no-such-domain' });
		case 'no-host-address':
			return bouncedBy(ownReplies.noHostAddress, { actor: 'recipient-side', rule: 'routing.no-host-address' });
		case 'null-mx':
			return bouncedBy(ownReplies.nullMx, { actor: 'customer', rule: 'routing.null-mx' });
		case 'loops-back':
			return bouncedBy(ownReplies.loopsBack, { actor: 'host', rule: 'routing.loops-back' });
		case 'address-refused':
			return bouncedBy(ownReplies.addressRefused, { actor: 'recipient-side', rule: 'routing.address-refused' });
		case 'no-usable-family':
			return deferredBy(ownReplies.noUsableFamily, { actor: 'host', rule: 'routing.no-usable-family' });
		case 'dns-temporary':
			return deferredBy(ownReplies.dnsTemporary, { actor: 'recipient-side', rule: 'routing.dns-temporary' });
		default:
			return unreachable(problem);
	}
}

/**
 * Recipients that this server cannot take, known from its EHLO answer: by position, undefined where the transaction may be tried.
 * `sizeMax` as in ports/smtp-out.ts: undefined or 0 is no bound (RFC 1870 §3).
 */
export function refusedBeforehand(attempt: {
	readonly extensions: { readonly smtpUtf8: boolean; readonly sizeMax?: number };
	readonly reversePath: Address;
	readonly recipients: readonly Address[];
	readonly bytes: number;
	/** The header has bytes over 127 and MAIL said SMTPUTF8: an internationalised message (RFC 6531 §3.4), whatever its addresses. */
	readonly utf8Header?: boolean;
}): readonly (Outcome | undefined)[] {
	const { extensions } = attempt;
	const sizeMax = extensions.sizeMax ?? 0;
	if (sizeMax > 0 && attempt.bytes > sizeMax) {
		// RFC 1870 §6.1
		const outcome = bouncedBy(ownReplies.tooBig, { actor: 'customer', rule: 'ehlo.size' });
		return attempt.recipients.map(() => outcome);
	}
	if (extensions.smtpUtf8) return attempt.recipients.map(() => undefined);
	// RFC 6531 §3.2, §3.5
	const outcome = bouncedBy(ownReplies.utf8NotOffered, { actor: 'recipient-side', rule: 'ehlo.smtputf8' });
	const whole = attempt.utf8Header === true || needsUtf8(attempt.reversePath);
	return attempt.recipients.map((address) => (whole || needsUtf8(address) ? outcome : undefined));
}

const isBlock = ({ action, cause }: Classification): boolean => action === 'other-source' && cause === 'our-ip';

/** The worst word of all wins: a receiver that does not want us matters more than one recipient that went through. */
function laneOf(answers: readonly { readonly reply?: Reply; readonly meaning?: Classification }[]): LaneSignal {
	let signal: LaneSignal = laneOk;
	for (const { reply, meaning } of answers) {
		if (reply === undefined || meaning === undefined) continue;
		// Said to one message: a tenant may have drawn it. It takes a round of such answers to close the lane for everybody.
		if (isBlock(meaning)) return { kind: 'failure', failure: 'refused' };
		if (meaning.action === 'slower') signal = { kind: 'slower', rule: meaning.rule };
		else if (reply.code === 421 && signal.kind === 'ok') signal = { kind: 'failure', failure: 'busy' };
	}
	return signal;
}

function refused(reply: Reply, meaning: Classification): Outcome {
	return { kind: meaning.permanent ? 'bounced' : 'deferred', reply, ...withoutPermanent(meaning), mayBeTwice: false };
}

const withoutPermanent = ({ cause, actor, action, rule }: Classification) => ({ cause, actor, action, rule });

const notReached = (reply: Reply, mayBeTwice = false): Outcome => ({
	kind: 'deferred',
	reply,
	cause: ownCause(reply),
	actor: 'recipient-side',
	action: 'retry',
	rule: mayBeTwice ? 'transaction.unconfirmed' : 'transaction.lost',
	mayBeTwice,
});

type OwnMeaning = { readonly actor: Actor; readonly rule: string };

/** A server's own words at login or TLS stand for what we were doing. */
const ownCause = (reply: Reply): Cause => causeOfOwnReply(reply) ?? 'protocol';

const deferredBy = (reply: Reply, meaning: OwnMeaning) =>
	({ kind: 'deferred', reply, cause: ownCause(reply), ...meaning, action: 'retry', mayBeTwice: false }) as const;

const bouncedBy = (reply: Reply, meaning: OwnMeaning) =>
	({ kind: 'bounced', reply, cause: ownCause(reply), ...meaning, action: 'bounce', mayBeTwice: false }) as const;
