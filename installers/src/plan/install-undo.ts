/**
 * What taking an installation out does, in order: what looks after it stops first, mail goes its former way, the queue empties or is written
 * out, then part by part what was written down, and the program last.
 *
 * The record of the installation decides. Where there is none, or a part is not in it (installed by hand, a record that was lost), what is
 * known to be ours by name goes. Configuration and data stay unless they are to go too; they become root's, so that no user who gets one of
 * our numbers later inherits them. Pure. Not here: asking, the queue (install/uninstall.ts).
 */
import type { InstallJournal, InstallPart, RecordedStep } from '../apply/install-journal.ts';
import {
	agentUser,
	commandLink,
	configFolder,
	currentRelease,
	installFolder,
	panelUser,
	programFolder,
	releasesFolder,
	runFolder,
	tmpfilesFile,
	unitFolder,
} from '../facts/places.ts';
import {
	agentUnit,
	apiSocketUnit,
	guardUnit,
	helperSocketUnit,
	helperUnit,
	panelSocketUnit,
	panelUnit,
	reconcilePathUnit,
	reconcileTimerUnit,
	reconcileUnit,
	smtpSocketUnit,
	watchTimerUnit,
	watchUnit,
} from '../units/names.ts';
import { guardTable } from '../units/relay-guard.ts';
import { type Action, nested, tried } from './step.ts';
import { undoText } from './undo-words.ts';

/** What of us is on the server, whoever has put it there. */
export type Remains = {
	readonly journal: InstallJournal | undefined;
	/** Unit files of ours, by name. */
	readonly units: readonly string[];
	readonly hasTmpfiles: boolean;
	readonly hasGuardTable: boolean;
	/** Where nft is. */
	readonly nft: string | undefined;
	/** Users and groups of our names that are ours to take. */
	readonly users: readonly string[];
	readonly groups: readonly string[];
	readonly hasPlugin: boolean;
	/** Something of the wiring is in the MTA's files, or written down. */
	readonly isWired: boolean;
	readonly hasCurrent: boolean;
	/** The command leads to a release of ours. */
	readonly hasCommand: boolean;
	readonly releases: readonly string[];
	/** Folders of data that are there. */
	readonly data: readonly string[];
	/** The agent's folder where the configuration names another one; it may hold more than ours. */
	readonly dataElsewhere?: string;
	readonly hasConfig: boolean;
	/** Ways through a firewall that are ours by name and not written down, with what takes them out. */
	readonly ways: readonly RecordedStep[];
	readonly isCpanel: boolean;
	/** Something waits to be confirmed. */
	readonly isPending: boolean;
};

/** `queue`: what is done about mail in the agent's queue, as a sentence. */
export type UndoWishes = { readonly isPurge: boolean; readonly queue?: string | undefined };

const recurring = [reconcileTimerUnit, reconcilePathUnit, watchTimerUnit, watchUnit, reconcileUnit];
const serving = [
	panelSocketUnit,
	panelUnit,
	helperSocketUnit,
	helperUnit,
	agentUnit,
	apiSocketUnit,
	smtpSocketUnit,
	guardUnit,
];
/** Every unit of ours. Another of this beginning is somebody's, or one that a firewall's exemption brought and takes. */
export const ownUnits: readonly string[] = [...recurring, ...serving];

const step = (part: InstallPart, id: string, what: string, undo: readonly Action[]): RecordedStep => ({
	part,
	id,
	what,
	undo,
});

/** In the order in which they are done. Each step's `undo` is what is done. */
export function undoSteps(remains: Remains, { isPurge, queue }: UndoWishes): readonly RecordedStep[] {
	return [
		...first(remains),
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

const recordedOf = ({ journal }: Pick<Remains, 'journal'>, parts: readonly InstallPart[]): readonly RecordedStep[] =>
	(journal?.steps ?? [])
		.filter(({ part, undo }) => parts.includes(part) && undo.length > 0)
		.map((recorded) => ({ ...recorded, what: undoText(recorded) }))
		.toReversed();

/** Nothing may put back what is being taken out. */
function first({ units }: Remains): readonly RecordedStep[] {
	const found = recurring.filter((unit) => units.includes(unit));
	return found.length === 0
		? []
		: [
				step('timers', 'timers', `Stop what looks after it (${found.join(', ')}).`, [
					tried('systemctl', 'disable', '--now', ...found),
				]),
			];
}

function mailSteps(
	{ isWired, hasPlugin, isCpanel, isPending }: Remains,
	queue = 'Look whether mail is in the queue of the agent; if so, stop here.',
): readonly RecordedStep[] {
	return [
		...(isWired ? [step('wiring', 'unwire', 'Lead the mail server its former way.', [nested('unwire')])] : []),
		...(isPending
			? [step('confirm', 'disarm', 'Forget that the installation waits to be confirmed.', [nested('disarm')])]
			: []),
		...(isCpanel
			? [step('panel', 'limits', "Put the panel's own limits back, if they were lifted.", [nested('limits-restore')])]
			: []),
		...(hasPlugin
			? [
					step('panel', 'plugin', 'Take the plugin out of WHM and cPanel: files, menu items, hooks.', [
						nested('plugin-remove'),
					]),
				]
			: []),
		step('units', 'queue', queue, [nested('queue-empty')]),
	];
}

/** What the agent has stored and whether it answered: that is asked by itself. */
const asked: ReadonlySet<string> = new Set(['data', 'answers']);
/** Stopping and forgetting all units is the same, said once. */
const doneByStop: ReadonlySet<string> = new Set([...asked, 'serve', 'run-folder']);

function unitsAway(remains: Remains): readonly RecordedStep[] {
	const { units, hasTmpfiles, hasGuardTable, nft } = remains;
	// What was written down knows more (former files of the same name), but only for what it was about.
	const known = recordedOf(remains, ['units']).filter(({ id }) => !(units.length > 0 ? doneByStop : asked).has(id));
	const steps: RecordedStep[] = [];
	if (units.length > 0)
		steps.push(
			step('units', 'stop', `Stop and forget ${units.join(', ')}.`, [
				tried('systemctl', 'disable', ...units),
				tried('systemctl', 'stop', ...units),
			]),
		);
	steps.push(...known);
	const inRecord = (path: string): boolean =>
		known.some(({ undo }) => undo.some((action) => action.kind === 'put-back' && action.path === path));
	const paths = units.map((unit) => `${unitFolder}/${unit}`).filter((path) => !inRecord(path));
	const files = [...paths, ...(hasTmpfiles && !inRecord(tmpfilesFile) ? [tmpfilesFile] : [])];
	if (units.length > 0 || files.length > 0)
		steps.push(
			step('units', 'unit-files', `Tell systemd that they are gone, and remove ${runFolder}.`, [
				...files.map((path): Action => ({ kind: 'remove', path })),
				tried('systemctl', 'daemon-reload'),
				tried('systemctl', 'reset-failed', 'sluice-*'),
				{ kind: 'remove-tree', path: runFolder },
			]),
		);
	if (hasGuardTable && nft !== undefined)
		steps.push(
			step('units', 'guard', 'Take the rule of the relay port away.', [
				tried(nft, 'delete', 'table', 'inet', guardTable),
			]),
		);
	return steps;
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
				step(
					'users',
					'users',
					`Remove the ${all.length === 1 ? 'user and group' : 'users and groups'} ${all.join(', ')}.`,
					[...goingUsers.map((name) => tried('userdel', name)), ...goingGroups.map((name) => tried('groupdel', name))],
				),
			];
}

export const ourNames = [agentUser, panelUser] as const;
/** Before the user goes: its number would be the next one's, and the mail with it. */
const elsewhereKept = ({ dataElsewhere: folder }: Remains): readonly RecordedStep[] =>
	folder === undefined
		? []
		: [
				step('units', 'keep-elsewhere', `Keep ${folder}, for root alone.`, [
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
			step('configuration', 'configuration', `Remove ${configFolder}.`, [{ kind: 'remove-tree', path: configFolder }]),
		];
	return [
		step('configuration', 'keep-configuration', `Keep ${configFolder}, for root alone.`, [
			tried('chown', '-Rh', 'root:root', configFolder),
			tried('chmod', '-R', 'o-rwx', configFolder),
		]),
	];
}

function dataAway({ data }: Remains, isPurge: boolean): readonly RecordedStep[] {
	if (isPurge)
		return [
			step(
				'units',
				'data',
				`Remove ${[...data, installFolder].join(', ')}.`,
				data.map((path): Action => ({ kind: 'remove-tree', path })),
			),
		];
	return data.length === 0
		? []
		: [step('units', 'keep-data', `Keep ${data.join(', ')}, for root alone.`, data.flatMap(keepForRoot))];
}

/** This program is among it: everything that it still needs is loaded by then. */
function programAway({ hasCommand, hasCurrent, releases, journal }: Remains): readonly RecordedStep[] {
	const isRecorded = recordedOf({ journal }, ['program']).length > 0;
	if (!hasCommand && !hasCurrent && releases.length === 0 && !isRecorded) return [];
	const formerLink = (path: string): readonly Action[] =>
		journal?.steps.flatMap(({ undo }) => undo).filter((action) => action.kind === 'link' && action.path === path) ?? [];
	return [
		step('program', 'program', `Remove ${programFolder} and the command.`, [
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
