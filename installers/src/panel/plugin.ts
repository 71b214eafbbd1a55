/**
 * `sluice panel install`, `remove` and `status`: the plugin put into WHM and cPanel, taken out, and looked at.
 *
 * Installing twice does nothing the second time; after an update of ours or of cPanel's it puts right what is not as it should be. One
 * command at a time on a server, with those of `sluice mta`. Not here: which steps there are (plan/plugin.ts).
 */
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { hooks } from '@sluice/panel-cpanel/hooks.ts';
import { actorText } from '@sluice/shared/contract/actor.ts';
import { firstNames } from '@sluice/shared/words/names.ts';
import { JournalStore } from '../apply/journal.ts';
import { runSteps, type StepPorts, type StepReport } from '../apply/run-steps.ts';
import { type Machine, sweepLeftovers } from '../facts/machine.ts';
import { type PluginFacts, pluginFacts, silentMend, silentSockets, silentText } from '../facts/plugin.ts';
import { oneAtATime } from '../mta/one-at-a-time.ts';
import { failureRefusal, mayGoOn, progressOf } from '../mta/perform.ts';
import type { Speaker } from '../mta/speak.ts';
import { installPluginSteps, isInstalled, isOut, isRight, removePluginSteps } from '../plan/plugin.ts';
import type { Action, Step } from '../plan/step.ts';

export type PluginOptions = { readonly yes?: boolean; readonly dryRun?: boolean; readonly json?: boolean };

export type PluginCall = {
	readonly terminal: Terminal;
	readonly options: PluginOptions;
	readonly machine: Machine;
	readonly speaker: Speaker;
	readonly pid: number;
	/** A command of which this one is a part has the server's lock already. */
	readonly holdsLock?: boolean;
};

type Verb = 'install' | 'remove';

const questions: { readonly [V in Verb]: string } = {
	install: 'Put the plugin into WHM and cPanel?',
	remove: 'Take the plugin out? Mail is not touched.',
};
const stepsOf = { install: installPluginSteps, remove: removePluginSteps } as const;

export async function changePlugin(call: PluginCall, verb: Verb): Promise<void> {
	const { machine, speaker, options } = call;
	const facts = await pluginFacts(machine);
	if (!facts.ok) return speaker.refuse(facts.error);
	if (verb === 'install' ? isInstalled(facts.value) : isOut(facts.value)) {
		const text =
			verb === 'install' ? 'The plugin is installed already; nothing to do.' : 'No plugin is installed here.';
		return speaker.end(0, { ok: true, steps: [], text }, [text]);
	}
	const steps = stepsOf[verb](facts.value).filter(({ doneWhen }) => doneWhen.kind !== 'is-so');
	for (const { what, apply } of steps) {
		speaker.say(`  ${what}`);
		if (options.dryRun === true) for (const path of filesOf(apply)) speaker.say(`      ${path}`);
	}
	if (options.dryRun === true)
		return speaker.end(0, { ok: true, dryRun: true, steps: steps.map(stepReport) }, [
			'Nothing was changed (--dry-run).',
		]);
	if (!(await mayGoOn(call, questions[verb]))) return;
	await perform(call, verb, steps);
}

/** Files that an act writes or removes. */
const filesOf = (actions: readonly Action[]): readonly string[] =>
	actions.flatMap((action) =>
		action.kind === 'write' ? [action.file.path] : action.kind === 'remove' ? [action.path] : [],
	);
const stepReport = ({ what, apply }: Step) => ({ what, files: filesOf(apply) });

async function perform(call: PluginCall, verb: Verb, steps: readonly Step[]): Promise<void> {
	const { machine, terminal } = call;
	const store = new JournalStore(machine);
	await oneAtATime(store, call, async () => {
		await sweepLeftovers(machine, foldersWritten(steps));
		const ran = verb === 'install' ? await installing(call, steps) : await removing(call, steps);
		await store.log(terminal.now(), actorText(terminal.actor), { act: `panel ${verb}`, outcome: ran });
	});
}

const foldersWritten = (steps: readonly Step[]): readonly string[] =>
	steps.flatMap(({ apply }) =>
		apply.flatMap((action) =>
			action.kind === 'write' ? [action.file.path.slice(0, action.file.path.lastIndexOf('/'))] : [],
		),
	);

/** No step of the plugin asks for anything of the mail system. */
const never = async () => {
	throw new Error('no step of the plugin is about mail');
};
const portsOf = ({ machine, speaker }: PluginCall): StepPorts => ({
	machine,
	...progressOf(speaker),
	test: never,
	reloadAgent: never,
});

async function installing(call: PluginCall, steps: readonly Step[]): Promise<string> {
	const { speaker } = call;
	const ran = await runSteps(steps, portsOf(call));
	if (!ran.ok) {
		const { step, why, stuck } = ran.error;
		speaker.refuse({ ...failureRefusal(ran.error), ...(stuck.length === 0 ? {} : { hint: removeHint }) }, 1, {
			step,
			why,
			stuck,
		});
		return 'failed';
	}
	speaker.end(0, { ok: true, steps: ran.value }, [
		'The plugin is installed: WHM → Plugins → “Sluice: outgoing mail”; in cPanel under Email, “Outgoing mail”.',
		'Resellers see it with the right “Sluice: outgoing mail and limits of own accounts” (WHM → Edit Reseller Nameservers and Privileges), customers with the feature “Outgoing mail (Sluice)” (Feature Manager).',
		...silentLines(await silentSockets(call.machine)),
		'Out again: `sluice panel remove`.',
	]);
	return 'done';
}

/** Pages need more than files; said where somebody is about to look at them. */
const silentLines = (silent: PluginFacts['silent']): readonly string[] =>
	silent.map((name) => `${silentText(name)} Start it: ${silentMend[name]}.`);

const removeHint = 'Correct what is named here, then `sluice panel remove` takes out what is left.';

/** Goes on after a step that fails: what is left is named, and the command can be run again. */
async function removing(call: PluginCall, steps: readonly Step[]): Promise<string> {
	const { speaker } = call;
	const done: StepReport[] = [];
	const left: string[] = [];
	for (const step of steps) {
		const ran = await runSteps([step], portsOf(call));
		if (ran.ok) done.push(...ran.value);
		else left.push(`${step.what} ${ran.error.why}`);
	}
	if (left.length > 0) {
		const text = `Not everything could be taken out: ${left.join('; ')}`;
		speaker.refuse({ code: 'half-done', text, hint: removeHint }, 1, { steps: done, left });
		return 'half done';
	}
	speaker.end(0, { ok: true, steps: done }, [
		'The plugin is out of WHM and cPanel. Mail, limits and the agent are as they were.',
		'Panel server, root helper and reconcile run on, and do no harm; docs/cpanel.md, “Out again”, stops them.',
	]);
	return 'done';
}

export async function pluginStatus({ machine, speaker }: Omit<PluginCall, 'options'>): Promise<void> {
	const found = await pluginFacts(machine);
	if (!found.ok) return speaker.refuse(found.error);
	const { files, isRegistered, hooked, stale, silent } = found.value;
	const missing = files.filter(({ current }) => current === undefined).map(({ wanted }) => wanted.path);
	const changed = files.filter((file) => file.current !== undefined && !isRight(file)).map(({ wanted }) => wanted.path);
	const isFine = isInstalled(found.value);
	const report = {
		ok: isFine,
		files: { all: files.length, missing: missing.length, changed: changed.length, changedPaths: changed },
		isRegistered,
		hooks: { all: hooks.length, registered: hooked.size },
		oldFolders: [...stale.keys()],
		silent,
	};
	speaker.end(isFine ? 0 : 1, report, [
		`Files: ${files.length - missing.length - changed.length} of ${files.length} as they should be.`,
		...(missing.length === 0 ? [] : [`Missing: ${namedFiles(missing, files.length)}.`]),
		...(changed.length === 0
			? []
			: [`Changed by somebody, or with another mode or owner: ${namedFiles(changed, files.length)}.`]),
		...(stale.size === 0 ? [] : [`Left by an older version: ${[...stale.keys()].join(', ')}.`]),
		`Item in WHM: ${isRegistered ? 'registered' : 'not registered'}. Hooks: ${hooked.size} of ${hooks.length}.`,
		...(isOut(found.value)
			? ['The plugin is not installed. `sluice panel install` puts it in.']
			: [...silentLines(silent), isFine ? installedText(found.value) : '`sluice panel install` puts it right.']),
	]);
}

const installedText = ({ silent }: PluginFacts): string =>
	silent.length === 0 ? 'The plugin is installed.' : 'The plugin is in place; what it needs does not run.';

const namedFiles = (paths: readonly string[], all: number): string =>
	paths.length === all ? 'all of them' : firstNames(paths);
