/**
 * One installing or uninstalling command: its options, what it asks of the machine, how it speaks, and the one lock of a server.
 */
import type { CommonOptions } from '@sluice/agent/main/commands/options.ts';
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import type { Client } from '@sluice/shared/client/client.ts';
import { actorText } from '@sluice/shared/contract/actor.ts';
import type { Result } from '@sluice/shared/words/result.ts';
import { type InstallJournal, InstallStore } from '../apply/install-journal.ts';
import { JournalStore, stateFolderDefault } from '../apply/journal.ts';
import type { JournaledPorts } from '../apply/run-journaled.ts';
import type { FirewallChoice } from '../facts/firewall.ts';
import type { Machine } from '../facts/machine.ts';
import { agentSocket, configFile } from '../facts/places.ts';
import { oneAtATime } from '../mta/one-at-a-time.ts';
import type { MtaOptions, MtaPorts } from '../mta/site.ts';
import type { Speaker } from '../mta/speak.ts';
import type { OwnRelease } from '../plan/install-facts.ts';
import type { NestedAct } from '../plan/step.ts';
import type { MtaKind } from '../plan/wiring.ts';
import type { Stage } from '../stage/stage.ts';

export type InstallOptions = CommonOptions & {
	readonly yes?: boolean;
	readonly dryRun?: boolean;
	readonly mta?: MtaKind;
	readonly port?: number;
	readonly stage?: Stage;
	/** Accounts and domains of a canary. */
	readonly only?: readonly string[];
	readonly notices?: readonly string[];
	readonly firewall?: FirewallChoice;
	readonly overSmarthost?: boolean;
	readonly adoptUpstream?: boolean;
	/** Milliseconds; absent: as it is fitting. */
	readonly confirmWithin?: number;
	readonly learn?: boolean;
};

/** The outside; tests bring their own. */
export type InstallPorts = MtaPorts & {
	readonly isRoot: boolean;
	readonly release: () => OwnRelease | undefined;
	/** Hexadecimal digits that nobody can guess. */
	readonly freshSecret: () => string;
	/** How long to wait for an agent that was started, and for its queue to empty when all is put back. */
	readonly waitMs: { readonly agent: number; readonly queue: number };
	/** A nested act done otherwise; undefined: as it is. */
	readonly nested?: (act: NestedAct) => Promise<Result<string, string>> | undefined;
	/** Nobody is listened to any more: a question that was left open must not keep the process. */
	readonly endInput?: () => void;
	/** All open mail as files. `why` when some of it could not be. */
	readonly exportQueue: (dataDir: string, to: string) => Promise<Result<ExportedQueue, string>>;
};

export type ExportedQueue = { readonly messages: number; readonly recipients: number };

export type InstallCall<Options = InstallOptions> = {
	readonly terminal: Terminal;
	readonly options: Options;
	readonly ports: InstallPorts;
	readonly speaker: Speaker;
};

/** A part of an installation that is a command of its own. */
export type NestedCall = InstallCall<Partial<InstallOptions>> & {
	/** Port of the agent. */
	readonly relayPort: number;
	/** Folders of data that were not there before. */
	readonly madeFolders: InstallJournal['madeFolders'];
	/** False: the agent's configuration cannot be read; the wiring is taken out without it. */
	readonly hasUsableConfig?: boolean;
	/** What a test message has shown. */
	readonly onProved?: (text: string) => void;
	/** For people. */
	readonly note: (text: string) => void;
};

export const machineOf = ({ ports }: Pick<InstallCall<unknown>, 'ports'>): Machine => ports.machine('/');
export const clientOf = ({ ports, terminal }: Pick<InstallCall<unknown>, 'ports' | 'terminal'>): Promise<Client> =>
	ports.client(terminal, { socket: agentSocket });
export const storeOf = (call: Pick<InstallCall<unknown>, 'ports'>): InstallStore => new InstallStore(machineOf(call));
export const authorOf = ({ terminal }: Pick<InstallCall<unknown>, 'terminal'>): string => actorText(terminal.actor);

export const logOf = (call: Pick<InstallCall<unknown>, 'ports' | 'terminal'>): JournaledPorts['log'] => {
	const store = storeOf(call);
	// The log is for people; a disk without room for it must not stop what is under way, and least of all going back.
	return (step, outcome, output) =>
		store
			.log(call.terminal.now(), authorOf(call), { step, outcome, ...(output === undefined ? {} : { output }) })
			.catch(() => undefined);
};

/** Which agent is meant is never guessed by the folder that somebody stands in. */
export async function serverTerminal({
	terminal,
	ports,
}: Pick<InstallCall<unknown>, 'terminal' | 'ports'>): Promise<Terminal> {
	const hasConfig = await ports.machine('/').exists(configFile);
	return { ...terminal, exists: (path) => path === agentSocket || (path === configFile && hasConfig) };
}

/** Options of the commands of `sluice mta` that are a part of this one. */
export const mtaOptions = (options: Partial<InstallOptions>): MtaOptions => ({
	root: '/',
	state: stateFolderDefault,
	socket: agentSocket,
	yes: true,
	json: true,
	...(options.mta === undefined ? {} : { mta: options.mta }),
	...(options.port === undefined ? {} : { port: options.port }),
	...(options.overSmarthost === undefined ? {} : { overSmarthost: options.overSmarthost }),
	...(options.adoptUpstream === undefined ? {} : { adoptUpstream: options.adoptUpstream }),
});

/** One command at a time on a server, whichever it is. */
export const locked = (call: InstallCall<unknown>, work: () => Promise<void>): Promise<void> =>
	oneAtATime(new JournalStore(machineOf(call)), { speaker: call.speaker, pid: call.ports.pid }, work);
