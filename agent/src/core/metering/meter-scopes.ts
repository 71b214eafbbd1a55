/**
 * The scopes of a meter with their windows, and what time it is for them.
 *
 * The clock is what the questions say. When a question lies more than `clockSlackSeconds` behind the latest question or charge, the
 * clock has been set back, and everything later than it is taken as made now. That is done for a scope when it is next looked at: a
 * step is remembered, each scope knows how many it has seen, and those it missed are made up for in their order, with the same result
 * as if all had been walked at once (which would stall the loop for a tenth of a second). Once pruning has come round, all have seen
 * all, and the steps are forgotten.
 *
 * Times are whole seconds as the meter counts them. Not here: what is in the windows (windows.ts).
 */
import type { ScopeKey } from '@sluice/shared/words/limits.ts';
import {
	areEmpty,
	createWindowStore,
	createWindows,
	setBack,
	slide,
	type WindowStore,
	type Windows,
} from './windows.ts';

/** A now that lies so little behind is no clock step. */
export const clockSlackSeconds = 2;
/** Scopes that one call of `prune` looks at. */
export const pruneScopesMax = 2000;
/** Steps remembered; one more, and all scopes are walked at once. */
export const clockStepsMax = 1000;

type ClockStep = { readonly from: number; readonly to: number };

export type MeterScopes = {
	readonly store: WindowStore;
	/** The present second. */
	readonly clock: number;
	/** It is this second, somebody says. */
	observe(second: number): void;
	/** Something was charged in this second. */
	charged(second: number): void;
	/** The scope as it stands now; undefined: nothing was ever charged to it. */
	find(name: ScopeKey): Windows | undefined;
	/** The same, made if there is none. */
	take(name: ScopeKey): Windows;
	/** Forgets scopes with nothing in any window, of the next `pruneScopesMax`. */
	prune(): void;
	readonly size: number;
};

export function createMeterScopes(tracksKeys: (scope: ScopeKey) => boolean): MeterScopes {
	const scopes = new Map<ScopeKey, Windows>();
	const store = createWindowStore();
	/** Latest second of a question since the clock was last set back, and latest second charged. */
	let clock = Number.NEGATIVE_INFINITY;
	let latest = Number.NEGATIVE_INFINITY;
	/** The latest steps back, and how many there have been in all. */
	const steps: ClockStep[] = [];
	let stepCount = 0;
	/** How far pruning has come, and how many steps there had been when it began this round. */
	let round = scopes.entries();
	let roundBegan = 0;
	// The rules of a scope stand together, so most questions are about the scope of the one before.
	let lastName: ScopeKey = '';
	let last: Windows | undefined;

	function bringUp(scope: Windows): Windows {
		for (; scope.clockSteps < stepCount; scope.clockSteps++) {
			const { from, to } = steps[scope.clockSteps - stepCount + steps.length] as ClockStep;
			slide(store, scope, from);
			setBack(store, scope, to);
		}
		slide(store, scope, clock);
		return scope;
	}

	function stepBack(second: number): void {
		if (steps.length === clockStepsMax) {
			for (const scope of scopes.values()) bringUp(scope);
			steps.length = 0;
		}
		steps.push({ from: clock, to: second });
		stepCount += 1;
		clock = second;
		latest = second;
	}

	function find(name: ScopeKey): Windows | undefined {
		if (name !== lastName || last === undefined) {
			last = scopes.get(name);
			lastName = name;
		}
		return last && bringUp(last);
	}

	function beginRound(): void {
		if (roundBegan === stepCount) steps.length = 0;
		roundBegan = stepCount;
		round = scopes.entries();
	}

	return {
		store,
		get clock() {
			return clock;
		},
		observe(second) {
			if (second < Math.max(clock, latest) - clockSlackSeconds) stepBack(second);
			else if (second > clock) clock = second;
		},
		charged(second) {
			if (second > latest) latest = second;
		},
		find,
		take(name) {
			const known = find(name);
			if (known !== undefined) return known;
			last = createWindows({ atSecond: clock, clockSteps: stepCount, tracksKeys: tracksKeys(name) });
			scopes.set(name, last);
			return last;
		},
		prune() {
			for (let looked = 0; looked < pruneScopesMax; looked++) {
				const { value, done } = round.next();
				if (done) {
					beginRound();
					break;
				}
				const [name, scope] = value;
				if (areEmpty(bringUp(scope))) scopes.delete(name);
			}
			last = undefined;
		},
		get size() {
			return scopes.size;
		},
	};
}
