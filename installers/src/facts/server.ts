/**
 * What kind of server this is, before anything is installed: system, service manager, panel, port, room, an earlier installation.
 *
 * Looks and asks; changes nothing. Not here: the MTA and its files (mta/site.ts), the plugin (plugin.ts), firewalls and other relay
 * products (firewall.ts, relay-products.ts), what follows from it (plan/install-plan.ts).
 */
import type { InstallJournal } from '../apply/install-journal.ts';
import { InstallStore } from '../apply/install-journal.ts';
import { workingNft } from '../units/relay-guard.ts';
import { type UserFacts, userFacts } from '../units/users.ts';
import { isCpanel } from './cpanel.ts';
import type { Machine } from './machine.ts';
import { commandLink, currentRelease, dataFolder, programFolder } from './places.ts';
import { isPlesk } from './postfix.ts';
import { type RelayPort, relayPort, relayPortDefault } from './relay-port.ts';

export type ServerFacts = {
	readonly system: { readonly id: string; readonly name: string };
	/** As `uname -m` says. */
	readonly architecture: string;
	/** `2.36`; undefined: another C library. */
	readonly glibc: string | undefined;
	/** Version of systemd; undefined: another program is process 1. */
	readonly systemd: number | undefined;
	readonly panel: { readonly kind: 'none' | 'cpanel' | 'plesk'; readonly version: string };
	readonly relayPort: RelayPort;
	/** Where nft is, where it works. */
	readonly nft: string | undefined;
	/** Undefined: df does not tell. */
	readonly freeBytes: { readonly program: number | undefined; readonly data: number | undefined };
	readonly users: UserFacts;
	readonly hostName: string;
	readonly earlier: EarlierInstallation;
};

export type EarlierInstallation = {
	/** Undefined: never installed, or taken out. */
	readonly journal: InstallJournal | undefined;
	/** Why the journal cannot be read. */
	readonly journalProblem?: string;
	/** What `current` leads to. */
	readonly currentTarget: string | undefined;
	/** What an administrator types: where the link leads; `file`: it is no link. */
	readonly command: string | undefined;
	readonly hasProgramFolder: boolean;
};

export type ServerWishes = {
	/** A person or an existing configuration names it. */
	readonly port?: number;
};

export async function serverFacts(machine: Machine, { port }: ServerWishes): Promise<ServerFacts> {
	const said = async (...command: readonly string[]): Promise<string> => {
		const { exitCode, output } = await machine.run(command);
		return exitCode === 0 ? output.trim() : '';
	};
	const [architecture, libc, fullName, nft, users, systemd, system, panel, earlier] = await Promise.all([
		said('uname', '-m'),
		said('getconf', 'GNU_LIBC_VERSION'),
		said('hostname', '-f'),
		workingNft(machine),
		userFacts(machine),
		systemdVersion(machine),
		systemOf(machine),
		panelOf(machine),
		earlierInstallation(machine),
	]);
	return {
		system,
		architecture,
		glibc: /^glibc (\d+\.\d+)/.exec(libc)?.[1],
		systemd,
		panel,
		relayPort: await relayPort(machine, port ?? relayPortDefault, port !== undefined),
		nft,
		freeBytes: { program: await freeBytes(machine, programFolder), data: await freeBytes(machine, dataFolder) },
		users,
		hostName: fullName,
		earlier,
	};
}

async function systemdVersion(machine: Machine): Promise<number | undefined> {
	if ((await machine.read('/proc/1/comm'))?.content.trim() !== 'systemd') return undefined;
	const { output } = await machine.run(['systemctl', '--version']);
	return Number(/^systemd (\d+)/.exec(output)?.[1] ?? 0);
}

async function systemOf(machine: Machine): Promise<ServerFacts['system']> {
	const text = (await machine.read('/etc/os-release'))?.content ?? (await machine.read('/usr/lib/os-release'))?.content;
	const value = (key: string): string => new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(text ?? '')?.[1] ?? '';
	return { id: value('ID'), name: value('PRETTY_NAME') || 'an unknown system' };
}

async function panelOf(machine: Machine): Promise<ServerFacts['panel']> {
	if (await isCpanel(machine))
		return { kind: 'cpanel', version: ((await machine.read('/usr/local/cpanel/version'))?.content ?? '').trim() };
	return (await isPlesk(machine))
		? { kind: 'plesk', version: ((await machine.read('/usr/local/psa/version'))?.content ?? '').trim() }
		: { kind: 'none', version: '' };
}

/** At the folder, or at the nearest above it that is there. */
export async function freeBytes(machine: Machine, folder: string): Promise<number | undefined> {
	let path = folder;
	while (path !== '' && !(await machine.exists(path))) path = path.slice(0, path.lastIndexOf('/'));
	const { exitCode, output } = await machine.run(['df', '-Pk', path === '' ? '/' : path]);
	const kilobytes = Number(output.trim().split('\n').at(-1)?.trim().split(/\s+/)[3]);
	return exitCode === 0 && Number.isFinite(kilobytes) ? kilobytes * 1024 : undefined;
}

export async function earlierInstallation(machine: Machine): Promise<EarlierInstallation> {
	const [currentTarget, commandTarget, isFile, hasProgramFolder] = await Promise.all([
		machine.readLink(currentRelease),
		machine.readLink(commandLink),
		machine.exists(commandLink),
		machine.exists(programFolder),
	]);
	const common = { currentTarget, command: commandTarget ?? (isFile ? 'file' : undefined), hasProgramFolder };
	try {
		return { ...common, journal: await new InstallStore(machine).read() };
	} catch (error) {
		return { ...common, journal: undefined, journalProblem: error instanceof Error ? error.message : String(error) };
	}
}
