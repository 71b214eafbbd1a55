/**
 * What comes of a message that was measured: all of it leaves, a part, none yet, or it is held, deferred, refused.
 *
 * Joined to a judgement that takes the message: what is held for another reason stays held and is not measured. Over a limit nothing
 * is lost: what does not fit waits, within bounds for each account; beyond them the MTA keeps it. What could never leave, over a limit
 * on one message or one of 0, is held for a person to decide.
 *
 * Pure. Not here: measuring (core/metering), charging (flow/measure).
 */
import type { FaultName } from '@sluice/shared/words/faults.ts';
import type { InitialState } from '@sluice/shared/words/message.ts';
import type { Reason, VerdictAction } from '@sluice/shared/words/verdict.ts';
import { reasonsOf } from '../metering/measure.ts';
import type { Measurement } from '../metering/types.ts';
import type { WaitingTotals } from '../metering/waiting.ts';
import type { Judgement } from './judge.ts';

/** Of one account. */
export type WaitingBounds = { readonly recipientsMax: number; readonly bytesMax: number; readonly ageMsMax: number };

export type LimitFacts = {
	readonly measurement: Measurement;
	/** Of the message, held ones included. */
	readonly recipients: number;
	readonly bytes: number;
	/** What of the account waits already. */
	readonly waiting: WaitingTotals;
};

/** How many of the recipients that a judgement lets go. */
export const goingOf = ({ initials }: Judgement, recipients: number): number =>
	initials === undefined ? recipients : initials.reduce((sum, state) => (state === 'queued' ? sum + 1 : sum), 0);

/** The judgement with the limits in it. `judgement` is one that takes the message and lets some of it go. */
export function withinLimits(judgement: Judgement, facts: LimitFacts, bounds: WaitingBounds, now: number): Judgement {
	const { measurement, recipients } = facts;
	const { binding, room, over } = measurement;
	const going = goingOf(judgement, recipients);
	const reasons = reasonsOf(measurement);
	if (room >= going) return spread(judgement, facts, { first: 'queued', rest: 'queued', room, reasons });
	if (binding !== undefined && isForGood(binding.rule))
		return spread(judgement, facts, { first: 'held', rest: 'held', room: 0, reasons });
	if (over === 'reject' && binding !== undefined) return refused('reject', 'overLimitRefused', reasons);
	if (over !== 'wait' && room === 0) return refused('defer', 'overLimit', reasons);
	const full = overBound(facts, going - room, bounds, now);
	if (full !== undefined) return refused('defer', 'waitingFull', [full, ...reasons]);
	return spread(judgement, facts, { first: 'queued', rest: 'waiting', room, reasons });
}

/** No window lets it go, whatever time passes. */
export const isForGood = ({ rule, value }: NonNullable<Measurement['binding']>['rule']): boolean =>
	rule === 'message.recipients' || value === 0;

const refused = (action: 'defer' | 'reject', fault: FaultName, reasons: readonly Reason[]): Judgement => ({
	verdict: { action, reasons },
	fault,
});

type Spread = {
	/** State of the first `room` recipients that may go, and of the others. */
	readonly first: InitialState;
	readonly rest: InitialState;
	readonly room: number;
	readonly reasons: readonly Reason[];
};

function spread({ verdict, initials }: Judgement, { recipients }: LimitFacts, to: Spread): Judgement {
	const reasons = to.reasons.length === 0 ? verdict.reasons : [...verdict.reasons, ...to.reasons];
	if (initials === undefined && (to.room === 0 || to.room >= recipients)) {
		const state = to.room === 0 ? to.rest : to.first;
		return { verdict: { action: actionOf[state], reasons } };
	}
	let left = to.room;
	const states = Array.from({ length: recipients }, (_, index): InitialState => {
		const before = initials?.[index] ?? 'queued';
		if (before !== 'queued') return before;
		left -= 1;
		return left >= 0 ? to.first : to.rest;
	});
	// The whole is called by what is best for it: some of it leaves, or leaves by itself later.
	const state = (['queued', 'waiting', 'held'] as const).find((one) => states.includes(one)) ?? 'queued';
	return { verdict: { action: actionOf[state], reasons }, initials: states };
}

const actionOf: { readonly [state in InitialState]: VerdictAction } = {
	queued: 'accept',
	waiting: 'wait',
	held: 'hold',
};

function overBound(
	{ waiting, bytes }: LimitFacts,
	recipients: number,
	bounds: WaitingBounds,
	now: number,
): Reason | undefined {
	// One message alone is taken however large it is.
	if (waiting.recipients === 0) return undefined;
	const over = (rule: string, value: number, threshold: number): Reason => ({
		rule: `limit.waiting.${rule}`,
		text: 'Too much mail of this sender waits for its limit already.',
		value,
		threshold,
	});
	if (waiting.recipients + recipients > bounds.recipientsMax)
		return over('recipients', waiting.recipients + recipients, bounds.recipientsMax);
	if (waiting.bytes + bytes > bounds.bytesMax) return over('bytes', waiting.bytes + bytes, bounds.bytesMax);
	const ageMs = now - (waiting.oldestMs ?? now);
	if (ageMs > bounds.ageMsMax) return over('seconds', Math.floor(ageMs / 1000), Math.floor(bounds.ageMsMax / 1000));
	return undefined;
}
