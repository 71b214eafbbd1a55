/**
 * The steps from one release to another, forward or back.
 *
 * The agent that runs keeps what it has loaded; files, units and link change beside it, and one restart of it is all that mail sees: the
 * sockets are systemd's and stay, so connections wait in their backlog. A stop of its own before would not do: the first connection would
 * start the agent again, in the middle of it. Undone backwards; the former agent comes back last, when everything stands as it needs it.
 * Pure. Not here: restarting and judging the agent (agent-renewal.ts).
 */
import { basename } from 'node:path';
import { currentRelease, programFolder, relayGuardFile, releasesFolder } from '../facts/places.ts';
import { type Action, nested, never, run, type Step, setFile, tried } from '../plan/step.ts';
import { guardUnit, helperUnit, panelUnit } from '../units/names.ts';
import { folderOf, linkOf, type Release } from './releases.ts';
import type { ChangedFile } from './upgrade-journal.ts';

export type Move = {
	readonly from: Release;
	readonly to: Release;
	/** Unpacked release to put in place; absent: it stands there. */
	readonly source?: string;
	readonly files: readonly ChangedFile[];
};

const reloadUnits = run('systemctl', 'daemon-reload');

export const moveSteps = (move: Move): readonly Step[] => [
	...(move.source === undefined ? [] : [placeStep(move.to, move.source)]),
	returnStep(move),
	...(move.files.length === 0 ? [] : [filesStep(move)]),
	currentStep(move),
	{
		id: 'agent',
		what: `Start the agent of ${move.to.version} in place of the one of ${move.from.version}: it is ready, and takes a probe message.`,
		doneWhen: never,
		apply: [nested('agent-renew')],
		undo: [],
	},
	{
		id: 'followers',
		what: 'Start anew what else runs by the former release.',
		doneWhen: never,
		apply: [tried('systemctl', 'try-restart', ...followersOf(move.files))],
		undo: [],
	},
];

/** Panel server and root helper, and what the changed files are about; not sockets, since who waits there would be sent away. */
function followersOf(files: readonly ChangedFile[]): readonly string[] {
	const names = files.map(({ file }) => (file.path === relayGuardFile ? guardUnit : basename(file.path)));
	const changed = names.filter((name) => /\.(?:timer|path)$/.test(name) || name === guardUnit);
	return [...new Set([panelUnit, helperUnit, ...changed])];
}

/** Sockets whose text changes: they listen by the former one until they are made anew. */
export const staleSockets = (files: readonly ChangedFile[]): readonly string[] =>
	files
		.filter(({ former }) => former !== undefined)
		.map(({ file }) => basename(file.path))
		.filter((name) => name.endsWith('.socket'));

const placeStep = ({ version }: Release, source: string): Step => ({
	id: 'release',
	what: `Put release ${version} into ${folderOf(version)}.`,
	doneWhen: never,
	apply: [
		{ kind: 'make-folder', path: programFolder, mode: 0o755 },
		{ kind: 'make-folder', path: releasesFolder, mode: 0o755 },
		{ kind: 'copy-tree', from: source, to: folderOf(version) },
		run('chmod', '0755', folderOf(version)),
	],
	undo: [],
});

/** Does nothing but stand first, so that its undo comes last. */
const returnStep = ({ from }: Move): Step => ({
	id: 'return',
	what: `The agent of ${from.version} takes mail.`,
	doneWhen: never,
	apply: [],
	undo: [nested('agent-return')],
});

function filesStep({ files }: Move): Step {
	return {
		id: 'units',
		what: `Write ${files.map(({ file }) => file.path).join(', ')}.`,
		doneWhen: never,
		apply: [...files.map(({ file }): Action => ({ kind: 'write', file })), reloadUnits],
		undo: [...files.map(({ file, former }) => setFile(file.path, former?.content, former ?? file)), reloadUnits],
	};
}

const currentStep = ({ from, to }: Move): Step => ({
	id: 'current',
	what: `Lead ${currentRelease} to ${linkOf(to.version)}.`,
	doneWhen: { kind: 'link-is', path: currentRelease, target: linkOf(to.version) },
	apply: [{ kind: 'link', path: currentRelease, target: linkOf(to.version) }],
	undo: [{ kind: 'link', path: currentRelease, target: linkOf(from.version) }],
});
