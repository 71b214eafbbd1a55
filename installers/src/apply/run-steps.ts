/**
 * Performs steps in order; at the first that fails puts everything back, from there to the beginning.
 *
 * Not here: which steps there are (plan/), what is remembered (journal.ts), the test message (proof/).
 */
import { dirname } from 'node:path';
import { clean } from '@sluice/agent/main/commands/render/text.ts';
import { type CommandCheck, failureOf, type ProbeCheck } from '@sluice/shared/mta/checks.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { Machine } from '../facts/machine.ts';
import { stagedPath } from '../facts/whole-files.ts';
import type { Action, Condition, NestedAct, Step } from '../plan/step.ts';
import { putBack } from './put-back.ts';

export type StepReport = { readonly id: string; readonly what: string; readonly outcome: 'done' | 'was-so' };

export type StepsFailure = {
	readonly step: string;
	readonly what: string;
	readonly why: string;
	/** What could not be put back, if anything. */
	readonly stuck: readonly string[];
};

export type StepPorts = {
	readonly machine: Machine;
	/** Sends a test message; an error is why it proves nothing. */
	readonly test: (check: ProbeCheck) => Promise<Result<string, string>>;
	/** The agent reads its configuration anew; an error is why it does not, or delivers another way than through `upstream`. */
	readonly reloadAgent: (upstream: string | undefined, monitorOnly?: boolean) => Promise<Result<void, string>>;
	readonly onStep: (report: StepReport) => void;
	/** Before a step is done. */
	readonly onBegin?: (what: string) => void;
	/** A step did not work: what is done so far is put back now. */
	readonly onFailure?: (what: string) => void;
	/** Does a command of ours; what it says, or why it failed. Left out where no step asks for one. */
	readonly nested?: (act: NestedAct) => Promise<Result<string, string>>;
	/** What was done otherwise than somebody may expect. */
	readonly onNote?: (text: string) => void;
};

/** Who has no rights here. */
export const nobody = { uid: 65_534, gid: 65_534 } as const;

export async function runSteps(
	steps: readonly Step[],
	ports: StepPorts,
): Promise<Result<readonly StepReport[], StepsFailure>> {
	const reports: StepReport[] = [];
	for (const [at, step] of steps.entries()) {
		const { id, what } = step;
		if (await holds(step.doneWhen, ports.machine)) {
			reports.push({ id, what, outcome: 'was-so' });
			continue;
		}
		if (step.apply.length > 0) ports.onBegin?.(what);
		const why = await failureIn(step.apply, ports);
		if (why !== undefined) {
			ports.onFailure?.(what);
			const stuck = await undo(steps.slice(0, at + 1).toReversed(), ports);
			return failed({ step: id, what, why, stuck });
		}
		const report: StepReport = { id, what, outcome: 'done' };
		reports.push(report);
		if (step.apply.length > 0) ports.onStep(report);
	}
	return ok(reports);
}

async function undo(steps: readonly Step[], ports: StepPorts): Promise<readonly string[]> {
	const stuck: string[] = [];
	for (const { undo: actions, what } of steps) {
		const why = await failureIn(actions, ports);
		if (why !== undefined) stuck.push(`${what} Putting that back failed: ${why}`);
	}
	return stuck;
}

/** The step is done already. */
export async function holds(condition: Condition, machine: Machine): Promise<boolean> {
	if (condition.kind === 'link-is') return (await machine.readLink(condition.path)) === condition.target;
	if (condition.kind !== 'file-is') return condition.kind === 'is-so';
	return (await machine.read(condition.path))?.content === condition.content;
}

/** The first thing that goes wrong, as a sentence. Broken I/O is one of them: what was done is put back then too. */
export async function failureIn(actions: readonly Action[], ports: StepPorts): Promise<string | undefined> {
	for (const action of actions) {
		try {
			const why = await perform(action, ports);
			if (why !== undefined) return why;
		} catch (error) {
			return error instanceof Error ? error.message : String(error);
		}
	}
	return undefined;
}

async function perform(action: Action, ports: StepPorts): Promise<string | undefined> {
	const { machine, test, reloadAgent } = ports;
	switch (action.kind) {
		case 'write':
			return write(action, machine);
		case 'remove':
			await machine.remove(action.path);
			return undefined;
		case 'make-folder':
			await machine.makeFolder(action.path, { mode: action.mode, uid: 0, gid: 0 });
			return undefined;
		case 'remove-folder':
			await machine.removeFolder(action.path);
			return undefined;
		case 'link':
			await machine.link(action.path, action.target);
			return undefined;
		case 'copy-tree':
			await machine.copyTree(action.from, action.to);
			return undefined;
		case 'remove-tree':
			await machine.removeTree(action.path);
			return undefined;
		case 'put-back': {
			const note = await putBack(action, machine);
			if (note !== undefined) ports.onNote?.(note);
			return undefined;
		}
		case 'nested': {
			const done = (await ports.nested?.(action.act)) ?? failed(`nobody here can do ${action.act}`);
			return done.ok || action.mayFail === true ? undefined : done.error;
		}
		case 'run': {
			const { command, isDetached = false, mayFail = false } = action;
			const { exitCode, output } = await machine.run(command, { isDetached });
			return exitCode === 0 || mayFail
				? undefined
				: `${command.join(' ')} ended with ${exitCode}: ${(await lastWords(command, machine)) ?? lastLines(output)}`;
		}
		case 'check':
			return runCheck(action.check, machine);
		case 'reload-agent': {
			const reloaded = await reloadAgent(action.upstream, action.monitorOnly);
			return reloaded.ok || action.mayFail === true ? undefined : reloaded.error;
		}
		case 'test': {
			const tested = await test(action.check);
			return tested.ok ? undefined : tested.error;
		}
	}
}

async function write(
	{ file, verify }: Extract<Action, { readonly kind: 'write' }>,
	machine: Machine,
): Promise<string | undefined> {
	await machine.makeFolder(dirname(file.path));
	if (verify !== undefined) {
		const fresh = stagedPath(file.path);
		await machine.write({ ...file, path: fresh });
		const { exitCode, output } = await machine.run(verify(fresh));
		await machine.remove(fresh);
		if (exitCode !== 0) return `the new ${file.path} is refused: ${lastLines(output)}`;
	}
	await machine.write(file);
	return undefined;
}

async function runCheck(check: CommandCheck, machine: Machine): Promise<string | undefined> {
	const outcome = await machine.run(check.command, check.runAs === 'nobody' ? { user: nobody } : {});
	const failure = failureOf(check, outcome);
	return failure === undefined
		? undefined
		: `${failure}${outcome.output.trim() === '' ? '' : `: ${lastLines(outcome.output)}`}`;
}

/** What a unit that does not start has said itself: systemd's own answer only tells to look there, and the unit may be gone by then. */
async function lastWords([program, verb, unit]: readonly string[], machine: Machine): Promise<string | undefined> {
	if (program !== 'systemctl' || verb !== 'start' || unit === undefined) return undefined;
	const { exitCode, output } = await machine.run(['journalctl', '-u', unit, '-n', '20', '--no-pager', '-o', 'cat']);
	const own = output.split('\n').filter((line) => line.trim() !== '' && !line.includes(unit) && !/^-- /.test(line));
	return exitCode === 0 && own.length > 0 ? `it said last: ${clean(own.slice(-wordsMax).join(' / '))}` : undefined;
}
const wordsMax = 2;

const outputLinesMax = 4;
const lastLines = (output: string): string => output.trim().split('\n').slice(-outputLinesMax).join(' / ');
