/**
 * `sluice uninstall`: everything back as it was, mail first.
 *
 * Works when the agent is dead, when the MTA's configuration is broken, when an installation was cut off anywhere. One part that cannot be
 * taken out does not keep the others from it, but for two: mail that cannot be led its former way keeps the agent where it is, since the MTA
 * still hands its mail over; and mail in the queue is never removed unless somebody says so.
 */
import type { RecordedStep } from '../apply/install-journal.ts';
import { installLog } from '../apply/install-journal.ts';
import { stateFolderDefault } from '../apply/journal.ts';
import { goBack } from '../apply/run-journaled.ts';
import { dataFolder, installFolder } from '../facts/places.ts';
import { relayPortDefault } from '../facts/relay-port.ts';
import { mayGoOn } from '../mta/perform.ts';
import { undoSteps } from '../plan/install-undo.ts';
import { notesTo, stepPorts, sweep } from './at-work.ts';
import { type InstallCall, locked, logOf, machineOf, type NestedCall, storeOf } from './call.ts';
import { performNested } from './nested.ts';
import { emptied, type QueueLeft, type QueueOptions, queueText } from './queue.ts';
import { type Found, findRemains } from './remains.ts';
import { showMail } from './show-mail.ts';

export type UninstallOptions = {
	readonly json?: boolean;
	readonly yes?: boolean;
	readonly dryRun?: boolean;
} & QueueOptions;

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
	const { note, notes } = notesTo(speaker);
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
		if (step.id === 'queue') {
			const hasData = remains.data.includes(dataFolder);
			const wait = () => performNested(nested, 'queue-empty');
			const queue = await emptied({ options, ports: call.ports, note, hasData, wait });
			await log(queue.ok ? queue.value : step.what, queue.ok ? 'done' : 'failed');
			if (!queue.ok) return refuseHalf(call, { step: step.id, notes, ...queue.error });
			done.push(step.what);
			speaker.step(queue.value);
			continue;
		}
		const stuck = await goBack([step], ports, log);
		if (stuck.length === 0) {
			done.push(step.what);
			speaker.step(step.what);
			continue;
		}
		if (step.id === 'unwire') return refuseHalf(call, { step: step.id, notes, why: stuck.join(' '), hint: unwireHint });
		left.push(...stuck);
		speaker.failed(step.what);
	}
	return end(call, { done, left, notes, isPurge: options.purge === true });
}

const unwireHint =
	'The agent stays, for the mail server still hands its mail to it. Correct what is named, and run `sluice uninstall` again.';

type Half = QueueLeft & { readonly step: string; readonly notes: readonly string[] };

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
