/**
 * What an installation says before it begins: the server in short, what is refused, the plan as sentences, each changed file as a diff.
 */
import type { InstallStep } from '../apply/install-journal.ts';
import type { FileFact } from '../facts/machine.ts';
import type { Refusal } from '../facts/refusal.ts';
import type { Speaker } from '../mta/speak.ts';
import { type InstallFacts, isRefusal } from '../plan/install-facts.ts';
import { changedFiles, unifiedDiff } from '../plan/wiring.ts';
import { titleOf } from '../plan/wiring-steps.ts';

/** A file as it is and as it will be. */
export type FileChange = { readonly path: string; readonly isNew: boolean; readonly diff: string };

/** One fact a line. */
export function factLines({ server, mta, release }: InstallFacts): readonly string[] {
	const { system, panel, relayPort, systemd, earlier } = server;
	const panelName = { none: 'no panel', cpanel: 'cPanel', plesk: 'Plesk' }[panel.kind];
	return [
		`Server: ${server.hostName || 'without a name'}, ${system.name}, ${panelName}${panel.version === '' ? '' : ` ${panel.version}`}.`,
		isRefusal(mta)
			? `Mail server: ${mta.code === 'agent-config' ? 'not looked at' : 'none that could be used'}.`
			: `Mail server: ${titleOf(mta)}${isRefusal(mta.wiring) ? '' : ` ${mta.wiring.version}`}, ${stateText[mta.state]}.`,
		`Agent: port ${relayPort.port} on 127.0.0.1, kept by systemd${systemd === undefined ? ' (not here)' : ` ${systemd}`}${server.nft === undefined ? '' : ', guarded by nft'}.`,
		`Release: ${release?.version ?? 'none'}; here: ${earlierText(earlier)}.`,
	];
}

const stateText = {
	wired: 'wired to the agent',
	'not-wired': 'delivering itself',
	bypassed: 'wired and bypassed',
	changed: 'wired, and changed by somebody since',
	interrupted: 'left in the middle of a change',
} as const;

const phaseText = {
	installing: 'an installation that was cut off',
	installed: 'installed',
	repairing: 'installed, a repair was cut off',
	uninstalling: 'half taken out',
} as const;

const earlierText = ({ journal, currentTarget }: InstallFacts['server']['earlier']): string =>
	journal === undefined
		? currentTarget === undefined
			? 'nothing of Sluice'
			: 'a program without a record of its installation'
		: `${journal.release}, ${phaseText[journal.phase]}`;

const secretLine = /^([+-])[0-9a-f]{32,}$/gm;

/** Every file that steps write themselves or the wiring will, in order. Secrets are not shown. */
export function fileChanges(
	steps: readonly InstallStep[],
	facts: InstallFacts,
	current: ReadonlyMap<string, FileFact>,
) {
	const written = steps.flatMap(({ doneWhen, apply }) =>
		doneWhen.kind === 'is-so' ? [] : apply.flatMap((action) => (action.kind === 'write' ? [action.file] : [])),
	);
	const changes: FileChange[] = written.map(({ path, content }) => {
		const former = current.get(path)?.content;
		return {
			path,
			isNew: former === undefined,
			diff: unifiedDiff(path, former, content).replace(secretLine, '$1(a secret)'),
		};
	});
	const wires = steps.some(({ id, doneWhen }) => id === 'wire' && doneWhen.kind !== 'is-so');
	if (wires && !isRefusal(facts.mta) && !isRefusal(facts.mta.wiring))
		for (const { path, current: former, wanted } of changedFiles(facts.mta.wiring))
			changes.push({ path, isNew: former === undefined, diff: unifiedDiff(path, former?.content, wanted) });
	return changes;
}

/** New files whole only where somebody only looks: there are many, and they are no change to what is here. */
export function showChanges(speaker: Speaker, changes: readonly FileChange[], isWhole: boolean): void {
	const fresh = changes.filter(({ isNew }) => isNew);
	if (changes.length > 0) speaker.say('');
	for (const { isNew, diff } of changes) if (isWhole || !isNew) speaker.diff(diff);
	if (isWhole || fresh.length === 0) return;
	speaker.say('New files (`--dry-run` shows them):');
	for (const { path, diff } of fresh) {
		const lines = diff.match(/^\+(?!\+\+ )/gm)?.length ?? 0;
		speaker.say(`  ${path} (${lines} ${lines === 1 ? 'line' : 'lines'})`);
	}
}

/** All of them at once, each with what mends it. */
export function refuseAll(speaker: Speaker, refusals: readonly Refusal[], report: object): void {
	const [first] = refusals;
	if (first === undefined) return;
	if (refusals.length === 1) {
		speaker.refuse(first, 1, { refusals, ...report });
		return;
	}
	for (const [at, { text, hint }] of refusals.entries()) speaker.say(`${at + 1}. ${text}\n   ${hint}`);
	speaker.refuse(
		{
			code: 'refused',
			text: `This server cannot be installed on as it is, for the ${refusals.length} reasons above.`,
			hint: 'Nothing was changed.',
		},
		1,
		{ refusals, ...report },
	);
}
