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
};

export type Health = {
	raise(problem: Omit<HealthProblem, 'sinceMs'>): void;
	clear(code: string): void;
	has(code: string): boolean;
	problems(): readonly HealthProblem[];
	/** True while no problem stops it. */
	can(what: 'accepting' | 'delivering'): boolean;
	/** Called after each change. */
	onChange(listener: () => void): void;
};

export function createHealth(clock: Clock, events: EventSink): Health {
	const problems = new Map<string, HealthProblem>();
	const listeners: (() => void)[] = [];
	const changed = (): void => {
		for (const listener of listeners) listener();
	};
	return {
		raise(problem) {
			const before = problems.get(problem.code);
			if (before !== undefined && before.text === problem.text) return;
			const sinceMs = before?.sinceMs ?? clock.now();
			problems.set(problem.code, { ...problem, sinceMs });
			if (before === undefined) {
				const { code, text, hint, stops } = problem;
				events.emit({ event: 'health.degraded', atMs: sinceMs, code, text, hint, stops });
			}
			changed();
		},
		clear(code) {
			const before = problems.get(code);
			if (before === undefined) return;
			problems.delete(code);
			const now = clock.now();
			const lastedSeconds = Math.round((now - before.sinceMs) / 1000);
			events.emit({ event: 'health.recovered', atMs: now, code, text: before.text, lastedSeconds });
			changed();
		},
		has: (code) => problems.has(code),
		problems: () => [...problems.values()],
		can: (what) => [...problems.values()].every((problem) => problem.stops !== what),
		onChange: (listener) => void listeners.push(listener),
	};
}
