/**
 * `sluice uninstall`: everything back as it was, mail first.
 *
 * Works when the agent is dead, when the MTA's configuration is broken, when an installation was cut off anywhere. One part that cannot be
 * taken out does not keep the others from it, but for two: mail that cannot be led its former way keeps the agent where it is, since the MTA
 * still hands its mail over; and mail in the queue is never removed unless somebody says so.
 */
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { RecordedStep } from '../apply/install-journal.ts';
import { installLog } from '../apply/install-journal.ts';
import { stateFolderDefault } from '../apply/journal.ts';
import { goBack } from '../apply/run-journaled.ts';
import { dataFolder, installFolder } from '../facts/places.ts';
import { relayPortDefault } from '../facts/relay-port.ts';
import { mayGoOn } from '../mta/perform.ts';
import { undoSteps } from '../plan/install-undo.ts';
import { type InstallCall, type InstallPorts, locked, logOf, machineOf, type NestedCall, storeOf } from './call.ts';
import { stepPorts, sweep } from './install.ts';
import { stoppedText } from './nested.ts';
import { type Found, findRemains } from './remains.ts';
import { showMail } from './show-mail.ts';

export type UninstallOptions = {
	readonly json?: boolean;
	readonly yes?: boolean;
	readonly dryRun?: boolean;
	readonly purge?: boolean;
	/** Milliseconds to wait for the queue. */
	readonly drain?: number;
	readonly export?: string;
	readonly discardQueue?: boolean;
};

type UninstallCall = InstallCall<UninstallOptions>;

export async function uninstall(call: UninstallCall): Promise<void> {
	if (call.options.dryRun === true) {
		await uninstallHere(call);
		return;
	}
	let isOut = false;
	await locked(call, async () => {
		isOut = await uninstallHere(call);
	});
	// The lock lies in it.
	if (isOut && call.options.purge === true) await machineOf(call).removeTree(stateFolderDefault);
}

/** True: it is out. */
async function uninstallHere(call: UninstallCall): Promise<boolean> {
	const { speaker, options } = call;
	if (!call.ports.isRoot) {
		speaker.refuse({ code: 'not-root', text: 'Only root may do this.', hint: 'Run it with sudo, or as root.' });
		return false;
	}
	const found = await findRemains(call);
	const isPurge = options.purge === true;
	const steps = undoSteps(found.remains, { isPurge, queue: queueText(options) });
	if (steps.every(({ id }) => nothingIds.has(id))) {
		const text = 'Nothing of Sluice is installed here.';
		speaker.end(0, { ok: true, steps: [], text }, [text]);
		return false;
	}
	if (found.journalProblem !== undefined)
		speaker.say(`Watch out: ${found.journalProblem}. What is ours by name is taken out.`);
	if (found.problem !== undefined)
		speaker.say(`Watch out: ${found.problem} Our lines are taken out of its files all the same.`);
	const diff = showMail(speaker, found);
	speaker.say('\nThis will be done, in this order:');
	for (const { what } of steps) speaker.say(`  ${what}`);
	const plan = steps.map(({ part, id, what }) => ({ part, id, what }));
	if (options.dryRun === true) {
		speaker.end(0, { ok: true, dryRun: true, diff, steps: plan }, ['Nothing was changed (--dry-run).']);
		return false;
	}
	if (!(await mayGoOn(call, 'Take Sluice out?'))) return false;
	return perform(call, found, steps);
}

/** Done whatever there is; alone they are no reason to do anything. */
const nothingIds: ReadonlySet<string> = new Set([
	'disarm',
	'queue',
	'limits',
	'keep-data',
	'keep-elsewhere',
	'keep-configuration',
]);

async function perform(call: UninstallCall, found: Found, steps: readonly RecordedStep[]): Promise<boolean> {
	const { speaker, options } = call;
	const { remains } = found;
	const written = logOf(call);
	// Each step's own sentence is what is done here; in an installation it would be what is undone.
	const log: typeof written = (what, outcome, output) =>
		written(what, { undone: 'done', 'not undone': 'failed' }[outcome] ?? outcome, output);
	await sweep(call);
	speaker.say('\nTaking it out:');
	if (remains.journal !== undefined) await storeOf(call).write({ ...remains.journal, phase: 'uninstalling' });
	const notes: string[] = [];
	const note = (text: string): void => {
		notes.push(text);
		speaker.say(`        ${text}`);
	};
	const nested: NestedCall = {
		...call,
		options: {},
		hasUsableConfig: found.hasUsableConfig,
		ports: { ...call.ports, waitMs: { ...call.ports.waitMs, queue: options.drain ?? 0 } },
		relayPort: found.site?.agentPort ?? relayPortDefault,
		madeFolders: [],
		note,
	};
	const ports = stepPorts(nested);
	const left: string[] = [];
	const done: string[] = [];
	for (const step of steps) {
		speaker.begin(step.what);
		const queue = step.id === 'queue' ? await emptied(call, nested, ports.nested, found) : undefined;
		if (queue !== undefined) await log(queue.ok ? queue.value : step.what, queue.ok ? 'done' : 'failed');
		if (queue !== undefined && !queue.ok)
			return refuseHalf(call, {
				step: step.id,
				why: queue.error,
				notes,
				hint: queue.error.includes(stoppedQueue) ? stoppedHint : queueHint,
			});
		const stuck = queue === undefined ? await goBack([step], ports, log) : [];
		if (stuck.length > 0 && step.id === 'unwire')
			return refuseHalf(call, {
				step: step.id,
				why: stuck.join(' '),
				notes,
				hint: 'The agent stays, for the mail server still hands its mail to it. Correct what is named, and run `sluice uninstall` again.',
			});
		if (stuck.length > 0) {
			left.push(...stuck);
			speaker.failed(step.what);
		} else {
			done.push(step.what);
			speaker.step(queue?.value ?? step.what);
		}
	}
	return end(call, { done, left, notes, isPurge: options.purge === true });
}

function queueText({ drain = 0, export: to, discardQueue }: UninstallOptions): string | undefined {
	const wait =
		drain > 0
			? `Wait until the queue of the agent is empty, for ${Math.ceil(drain / 60_000)} minutes at most`
			: undefined;
	if (to !== undefined) return `${wait ?? 'Look at the queue of the agent'}; write mail that is in it to ${to}.`;
	if (discardQueue === true) return `${wait ?? 'Look at the queue of the agent'}; mail that is in it is GIVEN UP.`;
	return wait === undefined ? undefined : `${wait}; if it is not, stop there.`;
}

/** In the sentence about mail that nobody delivers. */
const stoppedQueue = 'in the queue of an agent that does not run';
const stoppedHint =
	'Mail already goes its former way. Start the agent (`systemctl start sluice-agent`) so that it delivers them, and run this again; or `--export DIR` writes the mail where you want it, `--discard-queue` gives it up.';

const queueHint =
	'Mail already goes its former way, and the agent goes on delivering. Wait and run it again; or `--drain 1h` waits for it, `--export DIR` writes the mail out, `--discard-queue` gives it up.';

type Nested = ReturnType<typeof stepPorts>['nested'];

/** Nothing is waited for where there is nothing; what does not leave in time is written out, or given up by name. */
async function emptied(
	{ options, ports }: UninstallCall,
	nested: NestedCall,
	perform: Nested,
	{ remains }: Found,
): Promise<Result<string, string>> {
	if (!remains.data.includes(dataFolder)) return ok('There is no queue.');
	const empty = (await perform?.('queue-empty')) ?? ok('');
	const isKept = options.purge !== true;
	if (options.export !== undefined) return exportTo(ports, options.export);
	if (!empty.ok) {
		if (options.discardQueue === true) {
			nested.note(`Given up (--discard-queue): ${empty.error}.`);
			return ok('The queue is given up.');
		}
		return failed(empty.error);
	}
	if (empty.value !== stoppedText) return empty;
	// The agent does not run: what is in the folder is not known to it, but to the files.
	if (isKept || options.discardQueue === true)
		return ok(`The agent does not run; what is in its queue stays in ${dataFolder}.`);
	const to = `${installFolder}-mail`;
	const exported = await ports.exportQueue(dataFolder, to);
	if (!exported.ok) return failed(exported.error);
	return exported.value.messages === 0
		? ok('The queue is empty.')
		: failed(`${exported.value.messages} messages are ${stoppedQueue}; they are written out to ${to}`);
}

async function exportTo(ports: InstallPorts, to: string): Promise<Result<string, string>> {
	const exported = await ports.exportQueue(dataFolder, to);
	return exported.ok
		? ok(`${exported.value.messages} messages for ${exported.value.recipients} recipients are written out to ${to}.`)
		: failed(`the queue could not be written out: ${exported.error}`);
}

type Half = { readonly step: string; readonly why: string; readonly notes: readonly string[]; readonly hint: string };

function refuseHalf({ speaker }: UninstallCall, { step, why, notes, hint }: Half): false {
	const text = `Not taken out: ${why.charAt(0).toUpperCase()}${why.slice(1)}.`.replace(/\.\.$/, '.');
	speaker.refuse({ code: 'half-done', text, hint }, 1, { step, notes });
	return false;
}

type End = {
	readonly done: readonly string[];
	readonly left: readonly string[];
	readonly notes: readonly string[];
	readonly isPurge: boolean;
};

async function end(call: UninstallCall, { done, left, notes, isPurge }: End): Promise<boolean> {
	const { speaker } = call;
	if (left.length > 0) {
		speaker.refuse(
			{
				code: 'half-done',
				text: `Not everything could be taken out: ${left.join(' ')}`,
				hint: `Correct what is named, and run it again. Every step is in ${installLog}.`,
			},
			1,
			{ left, notes },
		);
		return false;
	}
	await logOf(call)('Sluice is out.', 'done');
	await storeOf(call).forget();
	if (isPurge) await machineOf(call).removeTree(installFolder);
	speaker.end(0, { ok: true, steps: done, notes }, [
		'Sluice is out of this server; mail goes its former way.',
		isPurge
			? 'Configuration and data are gone too.'
			: `Kept, for root alone: configuration, data and ${installLog}. \`--purge\` removes them.`,
	]);
	return true;
}
