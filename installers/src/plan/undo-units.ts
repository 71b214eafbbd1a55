/**
 * Taking the units out: what looks after the agent first, everything that serves later, with their files and the rule of the relay port.
 *
 * What was written down knows more (former files of the same name), but only for what it was about; the rest goes by name. Pure.
 */
import type { RecordedStep } from '../apply/install-journal.ts';
import { runFolder, tmpfilesFile, unitFolder } from '../facts/places.ts';
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
import { type Remains, recordedOf, undoStep } from './remains.ts';
import { type Action, tried } from './step.ts';

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

/** Nothing may put back what is being taken out. */
export function recurringAway({ units }: Remains): readonly RecordedStep[] {
	const found = recurring.filter((unit) => units.includes(unit));
	return found.length === 0
		? []
		: [
				undoStep('timers', 'timers', `Stop what looks after it (${found.join(', ')}).`, [
					tried('systemctl', 'disable', '--now', ...found),
				]),
			];
}

/** What the agent has stored and whether it answered: that is asked by itself. */
const asked: ReadonlySet<string> = new Set(['data', 'answers']);
/** Stopping and forgetting all units is the same, said once. */
const doneByStop: ReadonlySet<string> = new Set([...asked, 'serve', 'run-folder']);

export function unitsAway(remains: Remains): readonly RecordedStep[] {
	const { units, hasTmpfiles, hasGuardTable, nft } = remains;
	const known = recordedOf(remains, ['units']).filter(({ id }) => !(units.length > 0 ? doneByStop : asked).has(id));
	const steps: RecordedStep[] = [];
	if (units.length > 0)
		steps.push(
			undoStep('units', 'stop', `Stop and forget ${units.join(', ')}.`, [
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
			undoStep('units', 'unit-files', `Tell systemd that they are gone, and remove ${runFolder}.`, [
				...files.map((path): Action => ({ kind: 'remove', path })),
				tried('systemctl', 'daemon-reload'),
				tried('systemctl', 'reset-failed', 'sluice-*'),
				{ kind: 'remove-tree', path: runFolder },
			]),
		);
	if (hasGuardTable && nft !== undefined)
		steps.push(
			undoStep('units', 'guard', 'Take the rule of the relay port away.', [
				tried(nft, 'delete', 'table', 'inet', guardTable),
			]),
		);
	return steps;
}
