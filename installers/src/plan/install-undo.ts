/**
 * What taking an installation out does, in order: what looks after it stops first, mail goes its former way, the queue empties or is written
 * out, then part by part what was written down, and the program last.
 *
 * The record of the installation decides. Where there is none, or a part is not in it (installed by hand, a record that was lost), what is
 * known to be ours by name goes. Configuration and data stay unless they are to go too; they become root's, so that no user who gets one of
 * our numbers later inherits them. Pure. Not here: asking (install/uninstall.ts), the queue (install/queue.ts), the units (undo-units.ts).
 */
import type { InstallJournal, RecordedStep } from '../apply/install-journal.ts';
import {
	agentUser,
	commandLink,
	configFolder,
	currentRelease,
	installFolder,
	programFolder,
	releasesFolder,
} from '../facts/places.ts';
import { type Remains, recordedOf, undoStep } from './remains.ts';
import { type Action, nested, tried } from './step.ts';
import { recurringAway, unitsAway } from './undo-units.ts';

/** `queue`: what is done about mail in the agent's queue, as a sentence. */
export type UndoWishes = { readonly isPurge: boolean; readonly queue?: string | undefined };

/** In the order in which they are done. Each step's `undo` is what is done. */
export function undoSteps(remains: Remains, { isPurge, queue }: UndoWishes): readonly RecordedStep[] {
	return [
		...recurringAway(remains),
		...mailSteps(remains, queue),
		...unitsAway(remains),
		...recordedOf(remains, ['firewall']),
		...remains.ways,
		...elsewhereKept(remains),
		...usersAway(remains),
		...configAway(remains, isPurge),
		...dataAway(remains, isPurge),
		...programAway(remains),
	];
}

function mailSteps(
	{ isWired, hasPlugin, isCpanel, isPending }: Remains,
	queue = 'Look whether mail is in the queue of the agent; if so, stop here.',
): readonly RecordedStep[] {
	return [
		...(isWired ? [undoStep('wiring', 'unwire', 'Lead the mail server its former way.', [nested('unwire')])] : []),
		...(isPending
			? [undoStep('confirm', 'disarm', 'Forget that the installation waits to be confirmed.', [nested('disarm')])]
			: []),
		...(isCpanel
			? [
					undoStep('panel', 'limits', "Put the panel's own limits back, if they were lifted.", [
						nested('limits-restore'),
					]),
				]
			: []),
		...(hasPlugin
			? [
					undoStep('panel', 'plugin', 'Take the plugin out of WHM and cPanel: files, menu items, hooks.', [
						nested('plugin-remove'),
					]),
				]
			: []),
		undoStep('units', 'queue', queue, [nested('queue-empty')]),
	];
}

function usersAway(remains: Remains): readonly RecordedStep[] {
	const { users, groups, journal } = remains;
	// Who was there before us stays.
	const made = new Set(
		recordedOf(remains, ['users']).flatMap(({ undo }) =>
			undo.flatMap((action) => (action.kind === 'run' ? [action.command.join(' ')] : [])),
		),
	);
	const isOurs = (command: string): boolean => journal === undefined || made.has(command);
	const goingUsers = users.filter((name) => isOurs(`userdel ${name}`));
	const goingGroups = groups.filter((name) => isOurs(`groupdel ${name}`));
	const all = [...new Set([...goingUsers, ...goingGroups])];
	return all.length === 0
		? []
		: [
				undoStep(
					'users',
					'users',
					`Remove the ${all.length === 1 ? 'user and group' : 'users and groups'} ${all.join(', ')}.`,
					[...goingUsers.map((name) => tried('userdel', name)), ...goingGroups.map((name) => tried('groupdel', name))],
				),
			];
}

/** Before the user goes: its number would be the next one's, and the mail with it. */
const elsewhereKept = ({ dataElsewhere: folder }: Remains): readonly RecordedStep[] =>
	folder === undefined
		? []
		: [
				undoStep('units', 'keep-elsewhere', `Keep ${folder}, for root alone.`, [
					tried('chown', '-Rh', `--from=${agentUser}`, 'root:root', folder),
				]),
			];

const keepForRoot = (folder: string): readonly Action[] => [
	tried('chown', '-Rh', 'root:root', folder),
	tried('chmod', '-R', 'go-rwx', folder),
];

function configAway(remains: Remains, isPurge: boolean): readonly RecordedStep[] {
	if (!remains.hasConfig) return [];
	if (isPurge)
		return [
			undoStep('configuration', 'configuration', `Remove ${configFolder}.`, [
				{ kind: 'remove-tree', path: configFolder },
			]),
		];
	return [
		undoStep('configuration', 'keep-configuration', `Keep ${configFolder}, for root alone.`, [
			tried('chown', '-Rh', 'root:root', configFolder),
			tried('chmod', '-R', 'o-rwx', configFolder),
		]),
	];
}

function dataAway({ data }: Remains, isPurge: boolean): readonly RecordedStep[] {
	if (isPurge)
		return [
			undoStep(
				'units',
				'data',
				`Remove ${[...data, installFolder].join(', ')}.`,
				data.map((path): Action => ({ kind: 'remove-tree', path })),
			),
		];
	return data.length === 0
		? []
		: [undoStep('units', 'keep-data', `Keep ${data.join(', ')}, for root alone.`, data.flatMap(keepForRoot))];
}

/** This program is among it: everything that it still needs is loaded by then. */
function programAway({ hasCommand, hasCurrent, releases, journal }: Remains): readonly RecordedStep[] {
	const isRecorded = recordedOf({ journal }, ['program']).length > 0;
	if (!hasCommand && !hasCurrent && releases.length === 0 && !isRecorded) return [];
	const formerLink = (path: string): readonly Action[] =>
		journal?.steps.flatMap(({ undo }) => undo).filter((action) => action.kind === 'link' && action.path === path) ?? [];
	return [
		undoStep('program', 'program', `Remove ${programFolder} and the command.`, [
			...(hasCommand ? orElse(formerLink(commandLink), commandLink) : []),
			...(hasCurrent ? orElse(formerLink(currentRelease), currentRelease) : []),
			...releases.map((name): Action => ({ kind: 'remove-tree', path: `${releasesFolder}/${name}` })),
			{ kind: 'remove-folder', path: releasesFolder },
			// One that was there before us stays, if empty.
			...(journal === undefined || removesFolder(journal)
				? [{ kind: 'remove-folder' as const, path: programFolder }]
				: []),
		]),
	];
}

const removesFolder = ({ steps }: InstallJournal): boolean =>
	steps.some(({ undo }) =>
		undo.some(({ kind, ...rest }) => kind === 'remove-folder' && 'path' in rest && rest.path === programFolder),
	);

const orElse = (former: readonly Action[], path: string): readonly Action[] =>
	former.length > 0 ? former : [{ kind: 'remove', path }];
