/**
 * The judge: from what is remembered and what one probe has shown, what is the matter and what is to be done.
 *
 *   healthy ──fails──▶ failing ──outageMs of it──▶ outage ──taken──▶ recovering ──unbroken for long enough──▶ healthy
 *                         └──taken more than not──▶ healthy    ◀──fails──┘
 *
 * Time counts only as far as ticks have seen it: at most `stepMsMax` a tick, nothing when the clock goes back. So neither a clock that
 * jumps, nor a server that slept or was off, nor missed ticks make an outage or end one; at least `failuresMin` probes must have failed. While
 * failing, success takes away what failure has added, so that an agent that answers now and then is judged by how often. An outage ends
 * after two probes in a row; after a bypass of ours only after `healthyMs` without a break, so that mail does not go back and forth.
 *
 * A bypass is ordered when an outage begins and the setting says so; never again in the same outage once a person has ended it. One that a
 * person has ordered is never ended here. What does not succeed is tried at the next tick.
 *
 * Pure. Not here: doing it (acts.ts), telling it (letter.ts), what follows from how it went (settle.ts).
 */
import { isAccepted, type ProbeOutcome } from './outcome.ts';
import { type Phase, type State, withOutcome } from './state.ts';

export type JudgeSettings = {
	readonly onOutage: 'keep' | 'bypass';
	readonly outageMs: number;
	readonly healthyMs: number;
};

export type Seen = {
	readonly nowMs: number;
	readonly outcome: ProbeOutcome;
	/** Whose bypass is in force; `somebody`: that is not known any more. */
	readonly bypass: 'none' | 'watch' | 'person' | 'somebody';
	/** False while somebody takes the wiring out. */
	readonly mayBypass: boolean;
};

export type Act =
	/** Puts senders whom the agent holds on the panel's own hold. */
	| 'hold-suspended'
	| 'bypass'
	| 'wire-again'
	| 'lift-suspended'
	/** Has the MTA try what waits. */
	| 'kick'
	| 'alarm-down'
	| 'alarm-reminder'
	| 'alarm-up';

export type Judged = { readonly state: State; readonly acts: readonly Act[] };

/** A tick comes every half minute and the time that it takes itself. */
export const stepMsMax = 90_000;
/** An outage without a bypass is over after that: two probes in a row. */
export const recoveredMs = 25_000;
export const reminderMs = 6 * 3_600_000;
const tickMs = 30_000;

/** However long a tick takes, one probe or two are no proof. */
export const failuresMin = (outageMs: number): number => Math.min(3, 1 + Math.floor(outageMs / tickMs));

export function judge(former: State, seen: Seen, settings: JudgeSettings): Judged {
	const { nowMs } = seen;
	const stepMs = Math.min(Math.max(nowMs - former.tickMs, 0), stepMsMax);
	const isOurs = seen.bypass === 'watch' || (seen.bypass === 'somebody' && former.orderedMs !== undefined);
	const phase = nextPhase(former.phase, { stepMs, nowMs, isWell: isAccepted(seen.outcome), isOurs }, settings);
	const seenState = bypassSeen({ ...withOutcome(former, seen.outcome, nowMs), phase }, seen, isOurs);
	const state: State = { ...seenState, tick: former.tick + 1, tickMs: nowMs };
	const judged = decide(state, former.phase, { seen, isOurs }, settings);
	const mustLift = seen.bypass === 'none' && state.panelHeld.length > 0 && !judged.acts.includes('bypass');
	return mustLift ? { ...judged, acts: ['lift-suspended', ...judged.acts] } : judged;
}

type Step = {
	readonly stepMs: number;
	readonly nowMs: number;
	readonly isWell: boolean;
	readonly isOurs: boolean;
};

function nextPhase(phase: Phase, { stepMs, nowMs, isWell, isOurs }: Step, settings: JudgeSettings): Phase {
	const sinceMs = Math.min(phase.sinceMs, nowMs);
	switch (phase.kind) {
		case 'healthy':
			// What was remembered is lost: a bypass of ours is still to be ended some time.
			if (isOurs)
				return isWell ? { kind: 'recovering', sinceMs: nowMs, wellMs: 0 } : { kind: 'outage', sinceMs: nowMs };
			return isWell ? { kind: 'healthy', sinceMs } : { kind: 'failing', sinceMs: nowMs, badMs: 0, failures: 1 };
		case 'failing': {
			const badMs = phase.badMs + (isWell ? -stepMs : stepMs);
			if (isWell) return badMs <= 0 ? { kind: 'healthy', sinceMs: nowMs } : { ...phase, sinceMs, badMs };
			const failures = phase.failures + 1;
			return badMs >= settings.outageMs && failures >= failuresMin(settings.outageMs)
				? { kind: 'outage', sinceMs }
				: { kind: 'failing', sinceMs, badMs, failures };
		}
		case 'outage':
			return isWell ? { kind: 'recovering', sinceMs, wellMs: 0 } : { kind: 'outage', sinceMs };
		case 'recovering':
			return isWell ? { kind: 'recovering', sinceMs, wellMs: phase.wellMs + stepMs } : { kind: 'outage', sinceMs };
	}
}

/** What the bypass that is seen, or is not, means for what is remembered of ours. */
function bypassSeen(state: State, { bypass }: Seen, isOurs: boolean): State {
	const { orderedMs, wasBypassed, ...rest } = state;
	if (isOurs) return { ...state, orderedMs: orderedMs ?? state.tickMs, wasBypassed: true };
	// Ordered and not yet in force: it did not work, or the watch was killed before it did.
	if (bypass === 'none') return wasBypassed === true ? { ...rest, isDeclined: true } : state;
	return rest;
}

type Standing = { readonly seen: Seen; readonly isOurs: boolean };

function decide(state: State, before: Phase, { seen, isOurs }: Standing, settings: JudgeSettings): Judged {
	const { phase } = state;
	const { nowMs } = seen;
	switch (phase.kind) {
		case 'healthy':
			// Mail that met a short trouble waits for its time at the MTA, which may be long.
			return {
				state,
				acts: before.kind === 'failing' && before.failures > 1 && seen.bypass === 'none' ? ['kick'] : [],
			};
		case 'failing':
			return { state, acts: [] };
		case 'outage': {
			const wants =
				settings.onOutage === 'bypass' && seen.bypass === 'none' && seen.mayBypass && state.isDeclined !== true;
			const acts: readonly Act[] = wants ? ['hold-suspended', 'bypass'] : [];
			const ordered = wants ? { ...state, orderedMs: nowMs } : state;
			const telling = tellingDue(state, seen);
			return telling === undefined
				? { state: ordered, acts }
				: { state: { ...ordered, toldMs: nowMs }, acts: [...acts, telling] };
		}
		case 'recovering':
			if (isOurs) return { state, acts: phase.wellMs >= settings.healthyMs ? ['wire-again'] : [] };
			if (phase.wellMs < recoveredMs) return { state, acts: [] };
			return {
				state: healthyAgain(state, nowMs),
				acts: [
					...(seen.bypass === 'none' ? (['kick'] as const) : []),
					...(wasTold(state) ? (['alarm-up'] as const) : []),
				],
			};
	}
}

const wasTold = ({ toldMs }: State): boolean => toldMs !== undefined;

/** The first time, and again after hours. A telling that is yet to come was of another clock. Who has bypassed it knows. */
function tellingDue({ toldMs }: State, { nowMs, bypass }: Seen): Act | undefined {
	if (toldMs === undefined) return 'alarm-down';
	if (bypass === 'person') return undefined;
	return Math.abs(nowMs - toldMs) >= reminderMs ? 'alarm-reminder' : undefined;
}

/** The outage is over, and nothing of it is remembered but what is still owed. */
export function healthyAgain(state: State, nowMs: number): State {
	const { orderedMs, wasBypassed, isDeclined, toldMs, toldWireMs, ...rest } = state;
	return { ...rest, phase: { kind: 'healthy', sinceMs: nowMs } };
}
