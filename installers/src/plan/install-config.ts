/**
 * The agent's configuration of a fresh installation, from what is known of the server. For people too: they go on writing in it.
 *
 * Pure. An administrator's own file is never overwritten; only who may read it is put right, since the agent runs without privilege.
 */
import type { FileFact } from '../facts/machine.ts';
import { agentSocket, agentUser, configFile, configFolder, configParts, dataFolder } from '../facts/places.ts';
import { type Stage, stagePart, stagePartText } from '../stage/stage.ts';
import { type Action, never, run, type Step, tried } from './step.ts';
import type { MtaKind } from './wiring.ts';

export type ConfigParts = {
	readonly mta: MtaKind;
	readonly mtaUser: string;
	/** The mail server's own name, which may be another than the machine's; absent: it did not say. */
	readonly hostName?: string;
	readonly relayPort: number;
	readonly panel: 'none' | 'cpanel';
	readonly noticesTo: readonly string[];
	/** Absent: whatever the configuration that is there says. */
	readonly stage?: Stage;
	/** Where the agent reads the secret of Exim's header; absent: it needs none. */
	readonly secretPath?: string;
	/** The secret of Exim's header, if it has to be made. */
	readonly freshSecret: string;
};

/** Who may enter or read it. */
export type Place = Pick<FileFact, 'path' | 'mode' | 'uid' | 'gid'>;

/** What of the configuration is there now. */
export type ConfigFacts = {
	readonly hasFolder: boolean;
	readonly hasParts: boolean;
	/** Those that are there. One that was kept from an earlier installation is root's alone. */
	readonly folders: readonly Place[];
	/** By path: agent.yaml, the parts, the secret. */
	readonly files: ReadonlyMap<string, FileFact>;
	/** Number of the agent's group; undefined: there is none yet. */
	readonly agentGid: number | undefined;
};

export const stageFile = stagePart(configFile);

export function configText(parts: ConfigParts): string {
	const { mta, mtaUser, hostName, relayPort, panel, noticesTo, secretPath } = parts;
	const secret = secretPath === undefined ? '' : `, secretFile: ${secretPath}`;
	return `# The Sluice agent on this server. Made by \`sluice install\`; yours from now on, no command of Sluice writes into it.
# Every setting with its default: \`sluice config explain\`. Mistakes: \`sluice config check\`. In force: \`systemctl reload sluice-agent\`.
# More files of the same form may lie in ${configParts}.

# The queue and what is known of senders.
dataDir: ${dataFolder}
${hostName === undefined ? '' : `\n# The name of the mail server: in our Received lines and reports; Postfix's own lines are known by it.\nhostName: ${JSON.stringify(hostName)}\n`}
# Where the mail server hands over what leaves. Below 1024, so that no tenant can ever listen there; only root and the
# user of the mail server are spoken to.
smtp: { listen: "127.0.0.1:${relayPort}", peers: mta, mtaUsers: [${mtaUser}] }
wiring: { mta: ${mta}${secret} }

api: { socket: ${agentSocket} }
${panel === 'none' ? '' : `\n# Accounts and domains come from the panel (\`sluice panel reconcile\`).\npanel: { kind: ${panel} }\n`}
# Who gets mail about limits that are reached. Nobody: notices: { to: [] }
notices: { to: [${noticesTo.map((each) => JSON.stringify(each)).join(', ')}] }
`;
}

const modeOfConfig = 0o640;
const fresh = (path: string, content: string): FileFact => ({ path, content, mode: modeOfConfig, uid: 0, gid: 0 });

/** The files that are to be made, with their text; those that are there stay. */
export function freshConfig(parts: ConfigParts, { files }: ConfigFacts): readonly FileFact[] {
	return [
		fresh(configFile, configText(parts)),
		...(parts.secretPath === undefined ? [] : [fresh(parts.secretPath, `${parts.freshSecret}\n`)]),
		...(parts.stage === undefined ? [] : [fresh(stageFile, stagePartText(parts.stage))]),
	].filter(({ path }) => !files.has(path));
}

export function configSteps(parts: ConfigParts, facts: ConfigFacts): readonly Step[] {
	const made = freshConfig(parts, facts);
	return [
		...(made.length === 0 ? [] : [makeStep(made, facts)]),
		...readableStep([...facts.folders, ...facts.files.values()], facts),
	];
}

/** Who may read it is said once the group is there: at this time it may have no number yet. */
const letRead = (path: string): Action => run('chgrp', agentUser, path);

function makeStep(made: readonly FileFact[], { hasFolder, hasParts }: ConfigFacts): Step {
	return {
		id: 'configuration',
		what: `Write ${made.map(({ path }) => path).join(', ')}.`,
		doneWhen: never,
		apply: [
			...(hasFolder ? [] : [{ kind: 'make-folder' as const, path: configFolder, mode: 0o755 }]),
			...(hasParts ? [] : [{ kind: 'make-folder' as const, path: configParts, mode: 0o755 }]),
			...made.flatMap((file): readonly Action[] => [{ kind: 'write', file }, letRead(file.path)]),
		],
		undo: [
			...made.map(({ path }): Action => ({ kind: 'remove', path })),
			...(hasParts ? [] : [{ kind: 'remove-folder' as const, path: configParts }]),
			...(hasFolder ? [] : [{ kind: 'remove-folder' as const, path: configFolder }]),
		],
	};
}

function readableStep(places: readonly Place[], { agentGid, folders }: ConfigFacts): readonly Step[] {
	const isIn = (bits: number, { mode, gid }: Place): boolean =>
		(mode & bits) === bits || ((mode & (bits << 3)) === bits << 3 && agentGid !== undefined && gid === agentGid);
	// Who cannot enter the folder reads nothing in it; its list is nobody's business.
	const shut = places.filter((place) => !isIn(folders.includes(place) ? 0o001 : 0o004, place));
	if (shut.length === 0) return [];
	return [
		{
			id: 'readable',
			what: `Let the agent read ${shut.map(({ path }) => path).join(', ')} (group ${agentUser}).`,
			doneWhen: never,
			apply: shut.flatMap(({ path }): readonly Action[] => [
				letRead(path),
				run('chmod', folders.some((folder) => folder.path === path) ? 'g+rx' : 'g+r', path),
			]),
			undo: shut.flatMap(({ path, mode, uid, gid }): readonly Action[] => [
				tried('chown', `${uid}:${gid}`, path),
				tried('chmod', mode.toString(8), path),
			]),
		},
	];
}
