/**
 * The life of a recipient: one table of which step leads from which state to which (invariant 2).
 *
 * A recipient is always in exactly one state. Whoever changes it goes through `apply`, live and when the log is replayed;
 * a step that the table does not name is refused and changes nothing. Final states are left by a restore alone: a person's
 * act on what expired or was discarded, never by the clock (invariant 4).
 *
 * `sending` is only in memory: the log goes from `queued` straight to the answer, and a recipient that was `sending` at a
 * crash is `queued` after it. That is the one difference between `apply` (live) and `replay` (from the log).
 *
 * Not here: when a deferral is tried again (backoff.ts), who is told (core/dsn), the order of log and memory (flow).
 */
import type { Transition } from '@sluice/shared/words/message.ts';
import { finalStates, isFinal, type RecipientState } from '@sluice/shared/words/recipient.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { standingAfter } from '../policy/standing.ts';
import { lastReplyOf, type QueuedMessage, type QueuedRecipient } from '../scheduling/queued.ts';

/** Before the first state: the recipient has just been accepted. */
export type StateBefore = RecipientState | 'new';

type Row = { readonly from: readonly StateBefore[]; readonly to: RecipientState };

/** Every step there is. From one state to another there may be several names; the first that fits is the one reported. */
export const lifecycle = {
	/** Accepted, may leave. */
	enqueue: { from: ['new'], to: 'queued' },
	/** Taken into a transaction. Never logged. */
	dispatch: { from: ['queued'], to: 'sending' },
	/** The server answered 2yz to the final dot (RFC 5321 §4.2.5). */
	deliver: { from: ['sending'], to: 'delivered' },
	/** The server answered 4yz, or not at all: later again. */
	defer: { from: ['sending'], to: 'queued' },
	/** The server answered 5yz, or there is no route. */
	bounce: { from: ['sending'], to: 'bounced' },
	/** Too old: at a deferral, in a closed lane, while waiting or held. */
	expire: { from: ['sending', 'queued', 'waiting', 'held'], to: 'expired' },
	/** Over a limit: at acceptance, or when a release meets a limit. */
	wait: { from: ['new', 'held'], to: 'waiting' },
	/** Budget returned; charged now (invariant 3). */
	budget: { from: ['waiting'], to: 'queued' },
	/**
	 * Needs a decision. From `sending`: held while under way, and the attempt was deferred. From `held`: an administrator holds what
	 * somebody else did.
	 */
	hold: { from: ['new', 'queued', 'waiting', 'sending', 'held'], to: 'held' },
	/** Somebody decided that it may leave. */
	release: { from: ['held', 'waiting'], to: 'queued' },
	/** Somebody decided that it may not. */
	discard: { from: ['queued', 'waiting', 'held', 'sending'], to: 'discarded' },
	/** The address is on a do-not-send list. */
	suppress: { from: ['new', 'queued', 'sending'], to: 'suppressed' },
	/** A deferral is made due now. */
	requeue: { from: ['queued'], to: 'queued' },
	/** Somebody takes back an expiry or a discard. */
	restore: { from: ['expired', 'discarded'], to: 'queued' },
	/** The same, over a limit. */
	restoreWaiting: { from: ['expired', 'discarded'], to: 'waiting' },
	/** The same, held as before: an undo. */
	restoreHeld: { from: ['expired', 'discarded'], to: 'held' },
	/** After a crash, or an attempt that came to no answer. Never logged. */
	recover: { from: ['sending'], to: 'queued' },
} as const satisfies Record<string, Row>;

export type Step = keyof typeof lifecycle;

export type IllegalStep = {
	readonly from: StateBefore;
	readonly to: RecipientState;
};

const stepNames = Object.keys(lifecycle) as Step[];

/** The first step of the table from one state to another; undefined when there is none. */
function firstStep(from: StateBefore, to: RecipientState): Step | undefined {
	return stepNames.find((name) => {
		const row: Row = lifecycle[name];
		return row.to === to && row.from.includes(from);
	});
}

const steps = new Map<StateBefore, Map<RecipientState, Step>>();
for (const from of ['new', 'queued', 'waiting', 'held', 'sending', ...finalStates] as const) {
	const targets = new Map<RecipientState, Step>();
	for (const name of stepNames) {
		const to = lifecycle[name].to;
		const step = firstStep(from, to);
		if (step !== undefined) targets.set(to, step);
	}
	steps.set(from, targets);
}

/** The step that leads from one state to another; undefined when the table has none. */
export function stepBetween(from: StateBefore, to: RecipientState): Step | undefined {
	return steps.get(from)?.get(to);
}

/** True when the named step may be taken from this state. */
export function mayTake(step: Step, from: StateBefore): boolean {
	const row: Row = lifecycle[step];
	return row.from.includes(from);
}

/**
 * Takes one step, live. Returns the step's name, or refuses and leaves the recipient as it is.
 *
 * The transition carries the attempts so far and, for `queued`, when it is due (else it is due at `atMs`).
 */
export function apply(recipient: QueuedRecipient, transition: Transition): Result<Step, IllegalStep> {
	const step = stepBetween(recipient.state, transition.to);
	if (step === undefined) return failed({ from: recipient.state, to: transition.to });
	take(recipient, transition);
	return ok(step);
}

/**
 * Takes one step from the log. As `apply`, but `queued` also counts as `sending` (dispatch is not logged), and a step that
 * has been taken before is passed over: the index may know more than the position it is read at. Replaying the rest of the
 * log in order ends where it ended the first time.
 */
export function replay(recipient: QueuedRecipient, transition: Transition): Result<Step | 'repeated', IllegalStep> {
	const from = recipient.state;
	if (transition.attempts < recipient.attempts) return ok('repeated');
	const step =
		stepBetween(from, transition.to) ?? (from === 'queued' ? stepBetween('sending', transition.to) : undefined);
	if (step === undefined && (from === transition.to || isFinal(from))) return ok('repeated');
	if (step === undefined) return failed({ from, to: transition.to });
	take(recipient, transition);
	return ok(step);
}

function take(recipient: QueuedRecipient, transition: Transition): void {
	const from = recipient.state;
	if (isFinal(from)) recipient.reported = false; // restored: its next end is news again
	// A release begins its lifetime, a hold or a wait its own time; a deferral goes on with what there was.
	if (transition.to !== from && (transition.to !== 'queued' || from !== 'sending')) recipient.sinceMs = transition.atMs;
	recipient.state = transition.to;
	recipient.attempts = transition.attempts;
	if (transition.to === 'queued') recipient.dueMs = transition.dueMs ?? transition.atMs;
	if (transition.untold === true) recipient.reported = true;
	if (transition.charge !== undefined) recipient.isCharged = true;
	recipient.standing = standingAfter(recipient.standing, transition);
	if (transition.delayNoticed === true) recipient.delayNoticed = true;
	if (transition.reply !== undefined) recipient.reply = lastReplyOf(transition.reply);
}

/** At start: what was under way when the process ended is queued again, due at once. */
export function recover(recipient: QueuedRecipient): void {
	if (recipient.state === 'sending') recipient.state = lifecycle.recover.to;
}

/** True when nothing of the message is left to do: every recipient is final and whoever had to be told was told. */
export function isSettled(message: QueuedMessage): boolean {
	return message.recipients.every((recipient) => isFinal(recipient.state) && recipient.reported);
}
