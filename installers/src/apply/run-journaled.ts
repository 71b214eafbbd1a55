/**
 * Performs the steps of an installation, each written down before it is done; at the first that fails goes back.
 *
 * A first installation goes back to how the server was before it, through whatever earlier attempts have left. One that was whole and is
 * being put right goes back to how it was before this run: what fails there must not take out what works.
 * Not here: which steps there are (plan/install-plan.ts), what is remembered (install-journal.ts).
 */
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { Action } from '../plan/step.ts';
import {
	type InstallJournal,
	type InstallStep,
	type InstallStore,
	lastingUndo,
	type RecordedStep,
	recorded,
	settled,
} from './install-journal.ts';
import { failureIn, holds, type StepPorts, type StepReport, type StepsFailure } from './run-steps.ts';

export type JournaledPorts = {
	readonly steps: StepPorts;
	readonly store: InstallStore;
	/** Takes away what was to become a file and did not. */
	readonly sweep: () => Promise<void>;
	readonly log: (step: string, outcome: string, output?: string) => Promise<void>;
};

export type RunFailure = StepsFailure & { readonly journal: InstallJournal };

/** `begin`: written before the first step that is not done already. */
export async function runJournaled(
	steps: readonly InstallStep[],
	begin: InstallJournal,
	{ steps: ports, store, log, sweep }: JournaledPorts,
): Promise<Result<readonly StepReport[], RunFailure>> {
	let journal = begin;
	const reports: StepReport[] = [];
	const thisRun: RecordedStep[] = [];
	async function back(failure: Omit<StepsFailure, 'stuck'>): Promise<Result<never, RunFailure>> {
		const stuck = await goBack(begin.phase === 'installing' ? journal.steps : thisRun, ports, log);
		return failed({ ...failure, stuck, journal });
	}
	for (const step of steps) {
		const { part, id, what } = step;
		if (await holds(step.doneWhen, ports.machine)) {
			reports.push({ id, what, outcome: 'was-so' });
			continue;
		}
		journal = recorded(journal, step);
		if (step.apply.length > 0) ports.onBegin?.(what);
		thisRun.push({ part, id, what, undo: lastingUndo(step) });
		// A step that cannot be written down is not done.
		const why = (await failureOf(() => store.write(journal))) ?? (await failureIn(step.apply, ports));
		if (why === undefined) {
			if (step.apply.length === 0) continue;
			await log(what, 'done');
			reports.push({ id, what, outcome: 'done' });
			ports.onStep({ id, what, outcome: 'done' });
			continue;
		}
		await log(what, 'failed', why);
		ports.onFailure?.(what);
		await failureOf(sweep);
		return back({ step: id, what, why });
	}
	const whole: InstallJournal = { ...settled(journal, steps), phase: 'installed' };
	const why = await failureOf(() => store.write(whole));
	if (why === undefined) return ok(reports);
	return back({ step: 'installed', what: 'Write down that it is installed.', why });
}

async function failureOf(write: () => Promise<void>): Promise<string | undefined> {
	try {
		await write();
		return undefined;
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}

/** From the last to the first; one that cannot be undone does not keep the others from it. Answers what is stuck. */
export async function goBack(
	steps: readonly RecordedStep[],
	ports: StepPorts,
	log: JournaledPorts['log'],
): Promise<readonly string[]> {
	const stuck: string[] = [];
	for (const { undo, what } of steps.toReversed()) {
		if (undo.length === 0) continue;
		const why = await failuresIn(undo, ports);
		if (why.length > 0) stuck.push(`${what} Putting that back failed: ${why.join('; ')}`);
		await log(what, why.length === 0 ? 'undone' : 'not undone', why.length === 0 ? undefined : why.join('\n'));
	}
	return stuck;
}

/** Every one is tried: what is left behind because another one failed would be left for ever. */
async function failuresIn(actions: readonly Action[], ports: StepPorts): Promise<readonly string[]> {
	const why: string[] = [];
	for (const action of actions) {
		const one = await failureIn([action], ports);
		if (one !== undefined) why.push(one);
	}
	return why;
}
