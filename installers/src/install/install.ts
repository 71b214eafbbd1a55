/**
 * `sluice install`: looks at the server, says what it would do, asks once, does it, proves it, or puts everything back.
 *
 * The same command installs, goes on after it was cut off, and repairs. Not here: the plan (plan/install-plan.ts), performing it
 * (apply/run-journaled.ts), being asked at the end whether it stays (confirm.ts).
 */
import type { InstallJournal, InstallStep } from '../apply/install-journal.ts';
import { installLog } from '../apply/install-journal.ts';
import { type RunFailure, runJournaled } from '../apply/run-journaled.ts';
import { holds } from '../apply/run-steps.ts';
import type { FileFact } from '../facts/machine.ts';
import { failureRefusal, mayGoOn } from '../mta/perform.ts';
import { type InstallFacts, type InstallWishes, isRefusal } from '../plan/install-facts.ts';
import { installFindings, installSteps, type PlannedServer } from '../plan/install-plan.ts';
import { installRefusals } from '../plan/install-refusals.ts';
import { stageRefusals } from '../plan/install-stage.ts';
import { wishedOnly } from '../stage/names.ts';
import { isUpgrade, upgradeHere } from '../upgrade/upgrade-here.ts';
import { notesTo, stepPorts, sweep } from './at-work.ts';
import { authorOf, clientOf, type InstallCall, locked, logOf, machineOf, type NestedCall, storeOf } from './call.ts';
import { askToKeep } from './confirm.ts';
import { dataFolders } from './data-away.ts';
import { endingLines, standingOf } from './ending.ts';
import { gather } from './gather.ts';
import { disarmPending } from './pending.ts';
import { factLines, fileChanges, refuseAll, showChanges } from './show.ts';

const confirmWithinMsDefault = 600_000;

export async function install(call: InstallCall): Promise<void> {
	const { speaker, options } = call;
	if (options.yes !== true && options.dryRun !== true && (options.json === true || !call.terminal.canAsk))
		return speaker.refuse(
			{
				code: 'unasked',
				text: 'Nobody is here to be asked.',
				hint: 'Look at the change with --dry-run, then add --yes.',
			},
			2,
		);
	const hasNames = (options.only ?? []).length > 0;
	if (hasNames !== (options.stage === 'canary'))
		return speaker.refuse(
			{
				code: 'canary-name',
				text: hasNames ? 'Only a canary is of some.' : 'A canary needs somebody.',
				hint: '`--stage canary --only NAME…`',
			},
			2,
		);
	const isKept: Kept = {};
	if (options.dryRun === true) await installHere(call, isKept);
	else await locked(call, () => installHere(call, isKept));
	// The lock is free by now: whoever goes back after the time needs it.
	if (isKept.armedMs !== undefined) await askToKeep(call, isKept.armedMs);
}

/** What outlives the lock. */
type Kept = { armedMs?: number | undefined; isUpgraded?: boolean };

async function installHere(call: InstallCall, kept: Kept): Promise<void> {
	const { speaker, options } = call;
	const facts = await gather(call);
	for (const line of factLines(facts)) speaker.say(line);
	const { release, mta } = facts;
	const only = await wishedOnly(options, { machine: machineOf(call), client: await clientOf(call) });
	const wish = { stage: options.stage, only: only.ok ? only.value : undefined };
	const refusals = [
		...installRefusals(facts),
		...(only.ok ? (isRefusal(mta) ? [] : stageRefusals(mta, wish)) : [only.error]),
	];
	if (refusals.length > 0 || release === undefined || isRefusal(mta)) return refuseAll(speaker, refusals, {});
	const planned: PlannedServer = { ...facts, release, mta };
	if (await isUpgrade(call, release)) {
		if ((await upgradeHere(call, planned)) === 'ended') return;
		kept.isUpgraded = true;
		// Plugin, wiring and what else the new release has: nobody is asked twice.
		return installHere({ ...call, options: { ...options, yes: true } }, kept);
	}
	// Mail that is led already, or past the agent by somebody's decision, is led no other way.
	const armedMs = mta.state === 'wired' || mta.state === 'bypassed' ? undefined : armedFor(call);
	const wishes = wishesOf(call, wish.only, armedMs !== undefined);
	const steps = installSteps(planned, wishes);
	const todo = await pendingSteps(call, steps);
	const findings = installFindings(planned);
	for (const finding of findings) speaker.say(`Note: ${finding}`);
	if (todo.length === 0) return nothingToDo(call, facts, kept.isUpgraded === true);
	const changes = fileChanges(todo, facts, await currentFiles(call, todo));
	showChanges(speaker, changes, options.dryRun === true);
	speaker.say('\nThis will be done, in this order; whatever fails, all of it is taken back:');
	for (const { what } of todo) speaker.say(`  ${what}`);
	const report = { findings, files: changes, steps: todo.map(({ part, id, what }) => ({ part, id, what })) };
	if (options.dryRun === true)
		return speaker.end(0, { ok: true, dryRun: true, ...report }, ['Nothing was changed (--dry-run).']);
	if (!(await mayGoOn(call, 'Do this?'))) return;
	if (await perform(call, planned, { steps, isArmed: wishes.isArmed })) kept.armedMs = armedMs;
}

/** Shown to a person who can be asked; for programs only when they say so. Undefined: nobody has to confirm. */
function armedFor({ options }: InstallCall): number | undefined {
	if (options.confirmWithin === 0) return undefined;
	return options.confirmWithin ?? (options.yes === true ? undefined : confirmWithinMsDefault);
}

function wishesOf({ options, ports }: InstallCall, only: InstallWishes['only'], isArmed: boolean): InstallWishes {
	return {
		...(options.stage === undefined ? {} : { stage: options.stage }),
		only,
		noticesTo: options.notices ?? ['root'],
		freshSecret: ports.freshSecret(),
		isArmed,
		hasLearning: options.learn !== false,
	};
}

async function pendingSteps(call: InstallCall, steps: readonly InstallStep[]): Promise<readonly InstallStep[]> {
	const todo: InstallStep[] = [];
	for (const step of steps)
		if (step.apply.length > 0 && !(await holds(step.doneWhen, machineOf(call)))) todo.push(step);
	return todo;
}

async function currentFiles(call: InstallCall, steps: readonly InstallStep[]): Promise<ReadonlyMap<string, FileFact>> {
	const paths = steps.flatMap(({ apply }) =>
		apply.flatMap((action) => (action.kind === 'write' ? [action.file.path] : [])),
	);
	const found = await Promise.all(paths.map((path) => machineOf(call).read(path)));
	return new Map(found.filter((file) => file !== undefined).map((file) => [file.path, file]));
}

const chosen = ({ firewall }: InstallFacts['surroundings']): Pick<InstallJournal, 'firewall'> =>
	firewall === undefined ? {} : { firewall };

async function nothingToDo(
	call: InstallCall,
	{ server, release, surroundings }: InstallFacts,
	isUpgraded: boolean,
): Promise<void> {
	const { journal } = server.earlier;
	// Cut off after its last step: it is whole. A choice that changes nothing here is remembered all the same.
	const isNews = journal !== undefined && (journal.phase !== 'installed' || journal.firewall !== surroundings.firewall);
	if (isNews && call.options.dryRun !== true)
		await storeOf(call).write({ ...journal, ...chosen(surroundings), phase: 'installed' });
	const text = isUpgraded
		? `Sluice ${release?.version} runs, and everything else is as it should be.`
		: `Sluice ${release?.version} is installed and as it should be; nothing to do.`;
	const back = 'Back to the release before: `sluice rollback`. How it stands: `sluice doctor`.';
	call.speaker.end(0, { ok: true, upgraded: isUpgraded, steps: [], text }, isUpgraded ? ['', text, back] : [text]);
}

async function begin(call: InstallCall, { server, release, surroundings }: PlannedServer): Promise<InstallJournal> {
	const { journal } = server.earlier;
	const isWhole = journal?.phase === 'installed' || journal?.phase === 'repairing';
	const made = [];
	for (const folder of dataFolders) if (!(await machineOf(call).exists(folder))) made.push(folder);
	return {
		version: 1,
		phase: isWhole ? 'repairing' : 'installing',
		release: release.version,
		since: journal?.since ?? new Date(call.terminal.now()).toISOString(),
		by: journal?.by ?? authorOf(call),
		madeFolders: journal?.madeFolders ?? made,
		...chosen(surroundings),
		steps: journal?.steps ?? [],
	};
}

/** True: it is in place. */
async function perform(
	call: InstallCall,
	server: PlannedServer,
	{ steps, isArmed }: { readonly steps: readonly InstallStep[]; readonly isArmed: boolean },
): Promise<boolean> {
	const { speaker } = call;
	const journal = await begin(call, server);
	await sweep(call);
	speaker.say('\nAt work:');
	let proof: string | undefined;
	const { note, notes } = notesTo(speaker);
	const onProved = (text: string): void => {
		proof = text;
	};
	const { relayPort } = server.server;
	const nested: NestedCall = { ...call, relayPort: relayPort.port, madeFolders: journal.madeFolders, note, onProved };
	const log = logOf(call);
	const ran = await runJournaled(steps, journal, {
		steps: stepPorts(nested),
		store: storeOf(call),
		log,
		sweep: () => sweep(call),
	});
	if (ran.ok) {
		const release = server.release.version;
		await log(`Release ${release} is installed.`, 'done');
		const standing = await standingOf(call);
		speaker.end(
			0,
			{ ok: true, release, steps: ran.value, notes, proof, stage: standing?.stage, isArmed },
			endingLines({ release, proof, standing, hasPanel: server.plugin !== undefined, isArmed }),
		);
		return true;
	}
	await afterFailure(call, ran.error, server.server.earlier.journal);
	const { stuck, why, step } = ran.error;
	const refusal = failureRefusal(ran.error);
	const hint =
		stuck.length > 0
			? 'Correct what is named here, then `sluice install` goes on, or `sluice uninstall` takes out what is left.'
			: `${refusal.hint} What happened is in ${installLog}.`;
	speaker.refuse({ ...refusal, hint }, 1, { step, why, stuck, notes });
	return false;
}

/** What is written down is as the server is: what is stuck, nothing at all, or as before this run. */
async function afterFailure(
	call: InstallCall,
	{ stuck, journal }: Pick<RunFailure, 'stuck' | 'journal'>,
	earlier: InstallJournal | undefined,
): Promise<void> {
	const isFirst = journal.phase === 'installing';
	const store = storeOf(call);
	if (isFirst) await disarmPending(machineOf(call));
	if (stuck.length > 0) await store.write(journal);
	else if (isFirst) await store.forget();
	else await store.write({ ...(earlier ?? journal), phase: 'installed' });
}
