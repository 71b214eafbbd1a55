/**
 * `sluice doctor --repair`: does what is safe and ours alone, after one question, then looks again and tells what only a person can do.
 *
 * What is decided stays decided: mail that is led past the agent, limits of the panel, a rule that nobody has chosen are never touched. Each repair
 * stands alone; one that fails is told and keeps none of the others from being done. Not here: what each is (beside its finding).
 */
import { runSteps } from '../apply/run-steps.ts';
import type { Machine } from '../facts/machine.ts';
import { type Finding, type Repair, repairOrder } from './finding.ts';

export type Repaired = {
	readonly what: string;
	/** Undefined: done. */
	readonly why: string | undefined;
};

/** Each once, in the order in which they are to be done. */
export function repairsFor(findings: readonly Finding[]): readonly Repair[] {
	const all = findings.flatMap(({ repair }) => (repair === undefined ? [] : [repair]));
	const once = [...new Map(all.map((repair) => [`${repair.id} ${repair.what}`, repair])).values()];
	return once.toSorted((one, other) => repairOrder.indexOf(one.id) - repairOrder.indexOf(other.id));
}

export async function repair(
	machine: Machine,
	repairs: readonly Repair[],
	onDone: (done: Repaired) => void,
): Promise<readonly Repaired[]> {
	const done: Repaired[] = [];
	for (const { id, what, apply } of repairs) {
		const ran = await runSteps([{ id, what, doneWhen: { kind: 'never' }, apply, undo: [] }], {
			machine,
			test: () => Promise.reject(new Error('no repair sends a test message itself')),
			reloadAgent: () => Promise.reject(new Error('no repair reloads the agent itself')),
			onStep: () => {},
		});
		const one = { what, why: ran.ok ? undefined : ran.error.why };
		done.push(one);
		onDone(one);
	}
	return done;
}
