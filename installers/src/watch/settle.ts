/**
 * What follows from how the acts of a tick went: what is remembered, and what else is told.
 *
 * A bypass that succeeds only after people were told that mail waits is told as well; so is a wiring that does not succeed, but not at
 * every try. Pure. Not here: the words (letter.ts).
 */
import { healthyAgain, reminderMs } from './judge.ts';
import type { State } from './state.ts';

/** How an act went; `text`: a sentence for people. */
export type Done = { readonly ok: boolean; readonly text: string };

export type Went = {
	readonly bypass?: Done;
	readonly wireAgain?: Done;
	/** Accounts that are now held in the panel by us. */
	readonly panelHeld?: readonly string[];
};

export type Telling = 'bypassed' | 'up' | 'wire-failed';

export type Settled = { readonly state: State; readonly tellings: readonly Telling[] };

/** `isToldNow`: an alarm of this same tick says it already. */
export function settle(
	state: State,
	went: Went,
	{ nowMs, isToldNow }: { readonly nowMs: number; readonly isToldNow: boolean },
): Settled {
	const held = went.panelHeld === undefined ? state : { ...state, panelHeld: went.panelHeld };
	if (went.bypass !== undefined) return afterBypass(held, went.bypass, isToldNow);
	if (went.wireAgain !== undefined) return afterWiring(held, went.wireAgain, nowMs);
	return { state: held, tellings: [] };
}

function afterBypass(state: State, { ok }: Done, isToldNow: boolean): Settled {
	if (ok) return { state: { ...state, wasBypassed: true }, tellings: isToldNow ? [] : ['bypassed'] };
	const { orderedMs, ...rest } = state;
	return { state: rest, tellings: [] };
}

function afterWiring(state: State, { ok }: Done, nowMs: number): Settled {
	if (ok) return { state: healthyAgain(state, nowMs), tellings: ['up'] };
	// As long as it takes to be well is also how long until the next try.
	const again: State = { ...state, phase: { kind: 'recovering', sinceMs: state.phase.sinceMs, wellMs: 0 } };
	const { toldWireMs } = state;
	return toldWireMs !== undefined && Math.abs(nowMs - toldWireMs) < reminderMs
		? { state: again, tellings: [] }
		: { state: { ...again, toldWireMs: nowMs }, tellings: ['wire-failed'] };
}
