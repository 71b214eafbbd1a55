/**
 * What is wrong now, said once when it begins and once when it ends.
 *
 * A problem has a stable code, a sentence, and what the operator can do. `health` answers from here, and so do the alarms.
 * Problems clear by themselves when their cause is gone; nobody has to acknowledge them.
 */
import type { Clock } from '../ports/clock.ts';
import type { EventSink } from '../ports/system.ts';

export type HealthProblem = {
	readonly code: string;
	readonly text: string;
	readonly hint: string;
	readonly sinceMs: number;
	/** What it keeps from happening. */
	readonly stops: 'accepting' | 'delivering' | 'nothing';
	/** For what nobody can see the end of: it clears when it was not raised again for so long. */
	readonly clearsAfterMs?: number;
};

export type Health = {
	raise(problem: Omit<HealthProblem, 'sinceMs'>): void;
	clear(code: string): void;
	/** Clears what was not raised again for its time. Called every minute or so. */
	clearStale(nowMs: number): void;
	has(code: string): boolean;
	problems(): readonly HealthProblem[];
	/** True while no problem stops it. */
	can(what: 'accepting' | 'delivering'): boolean;
	/** Called after each change. */
	onChange(listener: () => void): void;
};

/** After an hour without loop the redirect is taken for mended: what looped is tried again several times an hour. */
export const loopQuietMs = 3_600_000;

export function createHealth(clock: Clock, events: EventSink): Health {
	const problems = new Map<string, HealthProblem>();
	const listeners: (() => void)[] = [];
	const changed = (): void => {
		for (const listener of listeners) listener();
	};
	const raisedMs = new Map<string, number>();
	const clear = (code: string): void => {
		const before = problems.get(code);
		if (before === undefined) return;
		problems.delete(code);
		raisedMs.delete(code);
		const now = clock.now();
		const lastedSeconds = Math.round((now - before.sinceMs) / 1000);
		events.emit({ event: 'health.recovered', atMs: now, code, text: before.text, lastedSeconds });
		changed();
	};
	return {
		raise(problem) {
			const before = problems.get(problem.code);
			raisedMs.set(problem.code, clock.now());
			if (before !== undefined && before.text === problem.text) return;
			const sinceMs = before?.sinceMs ?? clock.now();
			problems.set(problem.code, { ...problem, sinceMs });
			if (before === undefined) {
				const { code, text, hint, stops } = problem;
				events.emit({ event: 'health.degraded', atMs: sinceMs, code, text, hint, stops });
			}
			changed();
		},
		clear,
		clearStale(nowMs) {
			for (const { code, clearsAfterMs } of [...problems.values()])
				if (clearsAfterMs !== undefined && nowMs - (raisedMs.get(code) ?? nowMs) >= clearsAfterMs) clear(code);
		},
		has: (code) => problems.has(code),
		problems: () => [...problems.values()],
		can: (what) => [...problems.values()].every((problem) => problem.stops !== what),
		onChange: (listener) => void listeners.push(listener),
	};
}
