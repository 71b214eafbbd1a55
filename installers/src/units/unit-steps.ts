/**
 * The steps that put the units in place and start them, and those that start what looks after them. Undone backwards: stopped and
 * disabled first, then the files as they were before, then systemd is told.
 *
 * Pure. Not here: what the files say (unit-files.ts), users (users.ts), replacing a running release (upgrade/).
 */
import { basename, dirname } from 'node:path';
import type { FileFact, Machine } from '../facts/machine.ts';
import { relayGuardFile, runFolder, tmpfilesFile, unitFolder } from '../facts/places.ts';
import { type Action, never, run, type Step, setFile, tried } from '../plan/step.ts';
import {
	agentUnit,
	guardUnit,
	reconcileUnit,
	recurringUnits,
	servingUnits,
	startedUnits,
	type UnitSettings,
	watchUnit,
} from './names.ts';
import { guardText } from './relay-guard.ts';
import { unitFiles } from './unit-files.ts';

export type FormerFiles = ReadonlyMap<string, FileFact>;

/** Every file of these steps, as it will be. */
export function wantedFiles(settings: UnitSettings): readonly FileFact[] {
	const { guard, relayPort } = settings;
	return [
		...unitFiles(settings),
		...(guard === undefined ? [] : [{ path: relayGuardFile, content: guardText(relayPort, guard.uids) }]),
	].map((file) => ({ ...file, mode: 0o644, uid: 0, gid: 0 }));
}

/** What is at these places now. */
export async function formerFiles(machine: Machine, settings: UnitSettings): Promise<FormerFiles> {
	const found = await Promise.all(wantedFiles(settings).map(({ path }) => machine.read(path)));
	return new Map(found.filter((file) => file !== undefined).map((file) => [file.path, file]));
}

const isSame = (one: FileFact, other: FileFact | undefined): boolean =>
	other !== undefined &&
	one.content === other.content &&
	one.mode === other.mode &&
	one.uid === other.uid &&
	one.gid === other.gid;

const systemctl = (...words: readonly string[]): Action => run('systemctl', ...words);
/** Taking back what perhaps was never done. */
const takeBack = (...words: readonly string[]): Action => tried('systemctl', ...words);

/** Files, systemd told, everything that serves enabled and started; ends when the agent says that it is ready. */
export function unitSteps(settings: UnitSettings, former: FormerFiles): readonly Step[] {
	const wanted = wantedFiles(settings);
	const changed = wanted.filter((file) => !isSame(file, former.get(file.path)));
	return [filesStep(settings, changed, former), runFolderStep, serveStep(settings, changed, former)];
}

function filesStep({ guard }: UnitSettings, changed: readonly FileFact[], former: FormerFiles): Step {
	const units = changed.filter(({ path }) => dirname(path) === unitFolder).length;
	const others = changed.filter(({ path }) => dirname(path) !== unitFolder).map(({ path }) => path);
	return {
		id: 'units',
		what: `Put ${units} unit files into ${unitFolder}${others.length > 0 ? `, and ${others.join(', ')}` : ''}.`,
		doneWhen: changed.length === 0 ? { kind: 'is-so' } : never,
		apply: [
			...changed.map(
				(file): Action =>
					file.path === relayGuardFile && guard !== undefined
						? { kind: 'write', file, verify: (path) => [guard.nft, '-c', '-f', path] }
						: { kind: 'write', file },
			),
			systemctl('daemon-reload'),
		],
		undo: [
			...changed.map(({ path }) => setFile(path, former.get(path)?.content, former.get(path))),
			takeBack('daemon-reload'),
		],
	};
}

const runFolderStep: Step = {
	id: 'run-folder',
	what: `Make ${runFolder}, root's own, where the sockets are.`,
	doneWhen: never,
	apply: [{ kind: 'run', command: ['systemd-tmpfiles', '--create', tmpfilesFile] }],
	undo: [{ kind: 'remove-folder', path: runFolder }],
};

function serveStep(settings: UnitSettings, changed: readonly FileFact[], former: FormerFiles): Step {
	const serving = servingUnits(settings);
	// The socket wants the guard.
	const enabled = serving.filter((unit) => unit !== guardUnit);
	const { down, anew } = renewal(settings, changed, former);
	return {
		id: 'serve',
		what: `Start the agent and what it needs (${serving.join(', ')}), now and at every start of the server.`,
		doneWhen: never,
		apply: [
			...(down.length > 0 ? [takeBack('stop', ...down)] : []),
			// Enabled first and started one after the other: a socket that comes later than its service would start it again.
			systemctl('enable', ...enabled),
			...serving.filter((unit) => unit !== agentUnit).map((unit) => systemctl('start', unit)),
			systemctl('start', agentUnit),
			...anew.map((unit) => systemctl('try-restart', unit)),
		],
		undo: [
			takeBack('disable', ...enabled),
			takeBack('stop', ...serving.toReversed(), ...startedUnits(settings)),
			takeBack('reset-failed', 'sluice-*'),
		],
	};
}

/**
 * What runs by an old text goes on by it until it is started anew. A service alone: who connects meanwhile waits at its socket. A socket can be
 * made again only while what it starts is down, and then nobody waits: all goes down and comes back.
 */
function renewal(
	settings: UnitSettings,
	changed: readonly FileFact[],
	former: FormerFiles,
): { readonly down: readonly string[]; readonly anew: readonly string[] } {
	const stale = new Set(changed.filter(({ path }) => former.has(path)).map(({ path }) => basename(path)));
	const running = [...servingUnits(settings), ...startedUnits(settings)].filter((unit) => !recurring.includes(unit));
	if (running.some((unit) => stale.has(unit) && unit.endsWith('.socket')))
		return { down: [...servingUnits(settings).toReversed(), ...startedUnits(settings)], anew: [] };
	const isStale = (unit: string): boolean =>
		stale.has(unit) || (unit === guardUnit && stale.has(basename(relayGuardFile)));
	return { down: [], anew: running.filter(isStale) };
}

/** They run for moments; the next run goes by the new text. */
const recurring: readonly string[] = [reconcileUnit, watchUnit];

/** Reconcile and watch, started last: they judge what should be there by now. */
export function recurringSteps(settings: UnitSettings): readonly Step[] {
	const units = recurringUnits(settings);
	return [
		{
			id: 'timers',
			what: `Start what looks after it (${units.join(', ')}).`,
			doneWhen: never,
			// Started anew: what is changed in them holds from then on.
			apply: [systemctl('enable', ...units), systemctl('restart', ...units)],
			undo: [takeBack('disable', '--now', ...units)],
		},
	];
}
