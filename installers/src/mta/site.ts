/**
 * One server for one command: its MTA, what the wiring comes to there, what is remembered, and the agent.
 *
 * Everything a command of `sluice mta` decides from is gathered here once. Taking the wiring out must work on a server whose MTA
 * cannot even read its configuration, so `traces` asks no program.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type CommonOptions, configFileFor } from '@sluice/agent/main/commands/options.ts';
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { readConfig } from '@sluice/agent/main/read-config.ts';
import type { Client } from '@sluice/shared/client/client.ts';
import type { Config } from '@sluice/shared/contract/config.ts';
import { type CanaryKey, canaryKeysIn } from '@sluice/shared/mta/canary.ts';
import { nextHopOf } from '@sluice/shared/mta/postfix.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { emptyBefore, type Journal, JournalStore } from '../apply/journal.ts';
import { cpanelFacts, cpanelOnlyPath, cpanelSecretFolder, cpanelSources, isCpanel } from '../facts/cpanel.ts';
import { eximFacts, eximOnlyPath, eximProgram, eximSecretFolder, eximSources } from '../facts/exim.ts';
import type { FileFact, Machine } from '../facts/machine.ts';
import { type PostfixFacts, postfixFacts, postfixMainCf, postfixOnlyPath } from '../facts/postfix.ts';
import type { Refusal } from '../facts/refusal.ts';
import { relayPortDefault } from '../facts/relay-port.ts';
import { bareCpanel, isBuiltIn, wireCpanel } from '../plan/cpanel.ts';
import { bareExim, wireExim } from '../plan/exim.ts';
import { barePostfix, wirePostfixServer } from '../plan/postfix.ts';
import { hasTraces, keepingEmpty, type MtaKind, type Wiring } from '../plan/wiring.ts';

export type MtaOptions = CommonOptions & {
	readonly root: string;
	readonly state: string;
	readonly mta?: MtaKind;
	readonly config?: string;
	readonly port?: number;
	readonly yes?: boolean;
	readonly dryRun?: boolean;
	readonly force?: boolean;
	readonly overSmarthost?: boolean;
	readonly adoptUpstream?: boolean;
	readonly keepBypass?: boolean;
	/** Whose mail alone is led to the agent; absent: whose is led now. */
	readonly only?: readonly CanaryKey[] | 'everybody';
};

/** The outside of these commands; tests bring boxes. */
export type MtaPorts = {
	readonly machine: (root: string) => Machine;
	readonly client: (terminal: Terminal, options: CommonOptions) => Promise<Client>;
	readonly relayAnswer: (port: number) => Promise<Result<string, string>>;
	/** Tells the agent of this data folder to read its configuration anew. */
	readonly reloadAgent: (machine: Machine, dataDir: string) => Promise<Result<void, string>>;
	/** How long to look for a test message. */
	readonly testWaitMs: number;
	readonly pid: number;
	/** The agent's configuration; left out: the file of that name, of this machine. */
	readonly readConfig?: (file: string) => Result<Config, readonly string[]>;
};

export type Site = {
	readonly machine: Machine;
	readonly store: JournalStore;
	readonly journal: Journal | undefined;
	readonly mta: MtaKind;
	readonly agentPort: number;
	/** Senders that alone are, or are to be, led to the agent; undefined: everybody. */
	readonly only: readonly CanaryKey[] | undefined;
	readonly config: Config | undefined;
	/** Where it stands. */
	readonly configFile: string;
	/** Whom the agent must believe; undefined when the MTA could not be asked. */
	readonly user: { readonly name: string; readonly uid: number } | undefined;
	/** What wiring comes to here, or why there is none. */
	readonly wiring: Result<Wiring, Refusal>;
	/** The same without any wiring in it: what taking out comes to. */
	readonly traces: Result<Wiring, Refusal>;
	/** The configuration in force has our wiring in it. */
	readonly isEffective: boolean;
	/** Exim's switch is on, or Postfix's wiring is put aside. */
	readonly isBypassed: boolean;
	readonly secretFolder: string | undefined;
};

export async function openSite(
	terminal: Terminal,
	options: MtaOptions,
	ports: MtaPorts,
): Promise<Result<Site, Refusal>> {
	const machine = ports.machine(options.root);
	const store = new JournalStore(machine, options.state);
	const journal = await store.read();
	const mta = options.mta ?? journal?.mta ?? (await mtaHere(machine));
	if (typeof mta !== 'string') return failed(mta);
	const configured = configFor(terminal, options, ports.readConfig);
	if (!configured.ok) return configured;
	const config = configured.value;
	const agentPort =
		options.port ?? (config === undefined ? undefined : portOf(config)) ?? journal?.agentPort ?? relayPortDefault;
	const only = await onlyOf(machine, { mta, journal, asked: options.only });
	const settings = {
		agentPort,
		overSmarthost: options.overSmarthost ?? journal?.overSmarthost ?? false,
		only,
	};
	const configFile = resolve(configFileFor(terminal, options.config));
	const common = { machine, store, journal, mta, agentPort, config, configFile, only };
	if (mta === 'exim' && (await isCpanel(machine))) return ok({ ...common, ...(await cpanelSite(options, common)) });
	if (mta === 'exim') {
		const facts = await eximFacts(machine);
		return ok({
			...common,
			user: facts.ok ? facts.value.user : undefined,
			wiring: facts.ok ? wireExim(facts.value, settings) : facts,
			traces: bareExim(await eximSources(machine), agentPort),
			isEffective: facts.ok && facts.value.effective.includes('sluice_route:'),
			isBypassed: facts.ok && facts.value.isBypassed,
			secretFolder: eximSecretFolder,
		});
	}
	const facts = await postfixFacts(machine);
	const mainCf = facts.ok ? facts.value.mainCf : await postfixMainCf(machine);
	const traces = barePostfix(mainCf, agentPort, await mapBeside(machine, mainCf));
	return ok({
		...common,
		user: facts.ok ? facts.value.user : undefined,
		wiring: facts.ok ? wirePostfixServer(facts.value, settings) : facts,
		traces,
		isEffective: facts.ok && isLed(facts.value, { only, nextHop: nextHopOf(agentPort) }),
		isBypassed: journal?.phase === 'bypassed' && traces.ok && !hasTraces(traces.value),
		secretFolder: undefined,
	});
}

/** Who is asked for, else who is in the list, else who was when it was wired: Postfix's list is away while bypassed. */
async function onlyOf(
	machine: Machine,
	parts: Pick<Site, 'mta' | 'journal'> & { readonly asked: MtaOptions['only'] },
): Promise<readonly CanaryKey[] | undefined> {
	const { mta, journal, asked } = parts;
	if (asked !== undefined) return asked === 'everybody' ? undefined : asked;
	const path =
		mta === 'exim'
			? (await isCpanel(machine))
				? cpanelOnlyPath
				: eximOnlyPath
			: postfixOnlyPath(journal?.files.find((file) => file.path.endsWith('/main.cf'))?.path ?? '/etc/postfix/main.cf');
	const list = await machine.read(path);
	return list === undefined ? journal?.only : canaryKeysIn(list.content);
}

async function mapBeside(machine: Machine, mainCf: FileFact | undefined): Promise<PostfixFacts['only'] | undefined> {
	if (mainCf === undefined) return undefined;
	const path = postfixOnlyPath(mainCf.path);
	return { path, current: await machine.read(path) };
}

/** What Postfix itself says about where mail goes. */
const isLed = (
	{ relayhost, senderRelays, only: { path } }: PostfixFacts,
	{ only, nextHop }: { readonly only: readonly CanaryKey[] | undefined; readonly nextHop: string },
): boolean => (only === undefined ? relayhost === nextHop : senderRelays === `texthash:${path}`);

type Found = Pick<Site, 'user' | 'wiring' | 'traces' | 'isEffective' | 'isBypassed' | 'secretFolder'>;

async function cpanelSite(
	options: MtaOptions,
	{ machine, journal, agentPort, only }: Pick<Site, 'machine' | 'journal' | 'agentPort' | 'only'>,
): Promise<Found> {
	const facts = await cpanelFacts(machine);
	const wiring = facts.ok
		? wireCpanel(facts.value, {
				agentPort,
				// Only for this command: a relay that somebody adds later is told again.
				overSmarthost: options.overSmarthost === true || options.adoptUpstream === true,
				aside: journal?.aside ?? [],
				only,
			})
		: facts;
	const wasEmpty = emptyBefore(journal);
	const traces = bareCpanel(await cpanelSources(machine), agentPort);
	return {
		user: facts.ok ? facts.value.user : undefined,
		wiring: wiring.ok ? ok(keepingEmpty(wiring.value, wasEmpty)) : wiring,
		traces: traces.ok ? ok(keepingEmpty(traces.value, wasEmpty)) : traces,
		isEffective:
			facts.ok &&
			(wiring.ok ? isBuiltIn(facts.value.built, wiring.value) : facts.value.built.includes('sluice_route:')),
		isBypassed: facts.ok && facts.value.isBypassed,
		secretFolder: cpanelSecretFolder,
	};
}

async function mtaHere(machine: Machine): Promise<MtaKind | Refusal> {
	if (await isCpanel(machine)) return 'exim';
	const [hasExim, hasPostfix] = await Promise.all([machine.exists(eximProgram), machine.exists('/usr/sbin/postconf')]);
	if (hasExim !== hasPostfix) return hasExim ? 'exim' : 'postfix';
	return hasExim
		? { code: 'which-mta', text: 'Both Exim and Postfix are installed here.', hint: 'Say which: --mta exim|postfix.' }
		: {
				code: 'no-mta',
				text: 'Neither Exim (/usr/sbin/exim4) nor Postfix (/usr/sbin/postconf) is installed here.',
				hint: "These commands wire the packages of Debian and Ubuntu, and cPanel's Exim. On a cPanel server /usr/local/cpanel/version is there.",
			};
}

/** Undefined where there is no file and none was named. */
function configFor(
	terminal: Terminal,
	options: MtaOptions,
	reader: MtaPorts['readConfig'],
): Result<Config | undefined, Refusal> {
	const file = configFileFor(terminal, options.config);
	if (options.config === undefined && !terminal.exists(file)) return ok(undefined);
	if (options.config === undefined && reader === undefined && !isOurs(file))
		return failed({
			code: 'agent-config',
			text: `${resolve(file)} belongs to somebody else, who could send the mail of this server wherever he likes.`,
			hint: 'Name the configuration that is meant: --config FILE.',
		});
	const read = (reader ?? readConfig)(file);
	if (read.ok) return read;
	return failed({
		code: 'agent-config',
		text: `The agent's configuration cannot be read: ${read.error.join('; ')}`,
		hint: '`sluice config check` tells every mistake.',
	});
}

/** Of a file that nobody named: root standing in a tenant's folder must not go by the tenant's word. */
function isOurs(file: string): boolean {
	const { uid, mode } = statSync(file);
	return (uid === 0 || uid === process.getuid?.()) && (mode & 0o022) === 0;
}

/** The relay port that a configuration names. */
export const portOf = ({ smtp }: Config): number | undefined => {
	const port = Number(/:(\d+)$/.exec(smtp.listen)?.[1]);
	return port > 0 ? port : undefined;
};

/** Where the agent reads the secret of Exim's header. */
export const agentSecretPath = ({ config }: Site): string | undefined =>
	config?.wiring.secretFile === undefined ? undefined : resolve(config.wiring.secretFile);
