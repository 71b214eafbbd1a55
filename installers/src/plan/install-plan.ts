/**
 * What an installation does, in order: each step with its sentence, when it is done already, and what undoes it.
 *
 * Nothing of the server's mail is touched before everything that takes it is there and answers. What undoes a step leads back to how the
 * server was before us; what is there already and right is not done again, so that the same plan installs, goes on after it was cut off,
 * and repairs. Pure. Not here: refusals (install-refusals.ts), texts of the configuration (install-config.ts), of units (units/).
 */
import type { InstallPart, InstallStep } from '../apply/install-journal.ts';
import { commandLink, currentRelease, programFolder, releasesFolder, wiringSecretFile } from '../facts/places.ts';
import { relayPortDefault } from '../facts/relay-port.ts';
import type { UnitSettings } from '../units/names.ts';
import { recurringSteps, unitSteps } from '../units/unit-steps.ts';
import { userSteps } from '../units/users.ts';
import { type ConfigParts, configSteps } from './install-config.ts';
import { type InstallFacts, type InstallWishes, isRefusal, type MtaFacts, type OwnRelease } from './install-facts.ts';
import { stageSteps } from './install-stage.ts';
import { isInstalled, isOut } from './plugin.ts';
import { nested, never, run, type Step } from './step.ts';
import { titleOf } from './wiring-steps.ts';

/** Facts of a server that nothing was refused on. */
export type PlannedServer = InstallFacts & { readonly release: OwnRelease; readonly mta: MtaFacts };

const isSo = { kind: 'is-so' } as const;
const within = (part: InstallPart, steps: readonly Step[]): readonly InstallStep[] =>
	steps.map((step) => ({ ...step, part }));

export const panelOf = ({ server }: InstallFacts): 'none' | 'cpanel' =>
	server.panel.kind === 'cpanel' ? 'cpanel' : 'none';

export function unitSettings(facts: InstallFacts & { readonly mta: MtaFacts }): UnitSettings {
	const { server, mta } = facts;
	return {
		relayPort: server.relayPort.port,
		panel: panelOf(facts),
		...(server.nft === undefined || mta.user === undefined ? {} : { guard: { nft: server.nft, uids: [mta.user.uid] } }),
	};
}

export function configParts(facts: PlannedServer, wishes: InstallWishes): ConfigParts {
	const { mta, server } = facts;
	const secretPath =
		mta.mta !== 'exim' ? undefined : mta.configured === undefined ? wiringSecretFile : mta.configured.secretFile;
	// A configuration that is there gets another stage by a step of its own, with the agent told of it.
	const stage = mta.configured === undefined ? (wishes.stage ?? 'monitor') : undefined;
	return {
		mta: mta.mta,
		mtaUser: mta.user?.name ?? '',
		...(isRefusal(mta.wiring) || mta.wiring.hostName === '' ? {} : { hostName: mta.wiring.hostName }),
		relayPort: server.relayPort.port,
		panel: panelOf(facts),
		noticesTo: wishes.noticesTo,
		freshSecret: wishes.freshSecret,
		...(stage === undefined ? {} : { stage }),
		...(secretPath === undefined ? {} : { secretPath }),
	};
}

/** Every step, those that are done already among them. */
export function installSteps(facts: PlannedServer, wishes: InstallWishes): readonly InstallStep[] {
	const settings = unitSettings(facts);
	const timers = within('timers', recurringSteps(settings)).map((step) =>
		facts.isRecurring ? { ...step, doneWhen: isSo } : step,
	);
	return [
		...within('program', programSteps(facts)),
		...within('users', userSteps(facts.server.users, panelOf(facts))),
		...within('configuration', configSteps(configParts(facts, wishes), facts.config)),
		...facts.surroundings.steps,
		...within('units', [...dataSteps(facts), ...runningSteps(facts, settings)]),
		...within('learn', learnSteps(facts, wishes)),
		...within('panel', panelSteps(facts)),
		// Before the first message comes this way, so that going back does not hang on this command or its terminal.
		...(wishes.isArmed ? [...within('confirm', [armStep]), ...timers] : []),
		...within('wiring', [wireStep(facts)]),
		...(wishes.isArmed ? [] : timers),
		...within('wiring', stageSteps(facts.mta, wishes)),
	];
}

function programSteps({ release, placed, server }: PlannedServer): readonly Step[] {
	const { currentTarget, command, hasProgramFolder } = server.earlier;
	const place = `${releasesFolder}/${release.version}`;
	const target = `releases/${release.version}`;
	const commandTarget = `${currentRelease}/bin/sluice`;
	return [
		{
			id: 'release',
			what: `Put release ${release.version} into ${place}.`,
			doneWhen: placed === undefined ? never : isSo,
			apply: [
				{ kind: 'make-folder', path: programFolder, mode: 0o755 },
				{ kind: 'make-folder', path: releasesFolder, mode: 0o755 },
				{ kind: 'copy-tree', from: release.folder, to: place },
				run('chmod', '0755', place),
			],
			undo: [
				{ kind: 'remove-tree', path: place },
				{ kind: 'remove-folder', path: releasesFolder },
				...(hasProgramFolder ? [] : [{ kind: 'remove-folder' as const, path: programFolder }]),
			],
		},
		linkStep('current', `Lead ${currentRelease} to it.`, { path: currentRelease, target, former: currentTarget }),
		linkStep('command', `Make the command ${commandLink}.`, {
			path: commandLink,
			target: commandTarget,
			former: command,
		}),
	];
}

const linkStep = (
	id: string,
	what: string,
	{ path, target, former }: { readonly path: string; readonly target: string; readonly former: string | undefined },
): Step => ({
	id,
	what,
	doneWhen: { kind: 'link-is', path, target },
	apply: [{ kind: 'link', path, target }],
	undo: [former === undefined ? { kind: 'remove', path } : { kind: 'link', path, target: former }],
});

/** Files, folder and start of the units, and whether all of it runs as it should. */
function runningSteps(facts: PlannedServer, settings: UnitSettings): readonly Step[] {
	const steps = unitSteps(settings, facts.formerUnits);
	const areFilesRight = steps.every(({ id, doneWhen }) => id !== 'units' || doneWhen.kind === 'is-so');
	if (areFilesRight && facts.isServing) return steps.map((step) => ({ ...step, doneWhen: isSo }));
	return [
		...steps,
		{
			id: 'answers',
			what: 'The agent answers at its socket and at the relay port.',
			doneWhen: never,
			apply: [nested('agent-answers')],
			// While it runs: what it has taken leaves, if it can.
			undo: [nested('queue-empty', true)],
		},
	];
}

/** Undone once the agent is stopped: mail that has come to it meanwhile is not lost with it. */
function dataSteps(facts: PlannedServer): readonly Step[] {
	if (!isFirst(facts)) return [];
	return [{ id: 'data', what: 'What the agent has stored.', doneWhen: never, apply: [], undo: [nested('data-away')] }];
}

const isFirst = ({ server }: InstallFacts): boolean => {
	const phase = server.earlier.journal?.phase;
	return phase === undefined || phase === 'installing';
};

function learnSteps(facts: PlannedServer, { hasLearning }: InstallWishes): readonly Step[] {
	if (!hasLearning || !isFirst(facts)) return [];
	return [
		{
			id: 'learn',
			what: 'Read the mail log of the last days: who sends how much.',
			doneWhen: never,
			apply: [nested('learn', true)],
			undo: [],
		},
	];
}

function panelSteps(facts: PlannedServer): readonly Step[] {
	const { plugin } = facts;
	if (plugin === undefined || isRefusal(plugin)) return [];
	return [
		{
			id: 'reconcile',
			what: 'Tell the agent the accounts of the panel.',
			doneWhen: isFirst(facts) ? never : isSo,
			apply: [nested('reconcile')],
			undo: [],
		},
		{
			id: 'plugin',
			what: 'Put the plugin into WHM and cPanel: files, menu items, hooks.',
			doneWhen: isInstalled(plugin) ? isSo : never,
			apply: [nested('plugin-install')],
			undo: isOut(plugin) ? [nested('plugin-remove')] : [],
		},
	];
}

const armStep: Step = {
	id: 'arm',
	what: 'Write down how to go back if nobody confirms in time.',
	doneWhen: never,
	apply: [nested('arm')],
	undo: [nested('disarm')],
};

function wireStep({ mta }: PlannedServer): Step {
	const isWanted = mta.state === 'not-wired' || mta.state === 'interrupted';
	return {
		id: 'wire',
		what: `${titleOf(mta)} hands its outgoing mail to the agent; a test message proves the way.`,
		// A bypass was somebody's decision, or the watch's: it is not ended by the way.
		doneWhen: mta.state === 'wired' || mta.state === 'bypassed' ? isSo : never,
		apply: [nested('wire')],
		undo: isWanted ? [nested('unwire')] : [],
	};
}

/** What is good to know and stands in nobody's way. */
export function installFindings({ server, mta, config, surroundings }: PlannedServer): readonly string[] {
	const { relayPort, nft, hostName } = server;
	return [
		...(relayPort.kind === 'moved'
			? [`Port ${relayPort.wished} is in use (${relayPort.holder}); the agent takes ${relayPort.port}.`]
			: []),
		...(nft === undefined
			? ['nft is not here or does not work: the agent itself asks the kernel who connects to it, at each connection.']
			: []),
		...(hostName.includes('.')
			? []
			: [`The host name (${hostName || 'none'}) is not a full one; receivers judge mail by it.`]),
		...(mta.configured === undefined ? [] : ['The configuration that is here already is used as it is.']),
		...(mta.state === 'bypassed'
			? ['The agent is bypassed, and stays so; `sluice mta wire` leads mail to it again.']
			: []),
		...(relayPort.port === relayPortDefault || config.files.size > 0 || relayPort.kind === 'moved'
			? []
			: [`The agent takes port ${relayPort.port}.`]),
		...(isRefusal(mta.wiring) ? [] : mta.wiring.findings.map(({ text, evidence }) => `${text} (${evidence})`)),
		...surroundings.findings,
	];
}
