/**
 * A Debian server with Exim in memory, for whole installations without a machine: users, units and Exim answer as far as it goes, and any
 * one act can be made to fail, or to be the last one of a process that is killed.
 */
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import type { Client } from '@sluice/shared/client/client.ts';
import type { CommandOutcome } from '@sluice/shared/mta/checks.ts';
import { ok } from '@sluice/shared/words/result.ts';
import { eximTemplate, eximText } from '../facts/exim.fixture.ts';
import { fileOf, type MemoryMachine, memoryMachine } from '../facts/memory-machine.fixture.ts';
import { listener } from '../mta/listen.ts';
import { openSite } from '../mta/site.ts';
import type { NestedAct } from '../plan/step.ts';
import { type InstallOptions, type InstallPorts, mtaOptions } from './call.ts';
import { confirm } from './confirm.ts';
import { install } from './install.ts';
import { type Trouble, troubled } from './troubled.fixture.ts';
import { type UninstallOptions, uninstall } from './uninstall.ts';

const unpacked = '/opt/.sluice-unpack.x/sluice-1.0.0';
const release = { version: '1.0.0', folder: unpacked, manifest: '{"version":"1.0.0"}' };
const freeKilobytes = 9_000_000;

const debian = () => [
	fileOf('/etc/os-release', 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12"\n'),
	fileOf('/proc/1/comm', 'systemd\n'),
	fileOf('/etc/passwd', 'root:x:0:0::/root:/bin/sh\nDebian-exim:x:104:110::/var/spool/exim4:/usr/sbin/nologin\n'),
	fileOf('/etc/group', 'root:x:0:\nDebian-exim:x:110:\n'),
	fileOf('/usr/sbin/exim4', ''),
	fileOf('/usr/sbin/nft', ''),
	fileOf(eximTemplate, eximText, { mode: 0o640, gid: 110 }),
	fileOf(`${unpacked}/release.json`, release.manifest),
	fileOf(`${unpacked}/bin/sluice`, '#!/bin/sh\n', { mode: 0o755 }),
];

export type MemoryServer = {
	readonly memory: MemoryMachine;
	readonly trouble: Trouble;
	readonly active: Set<string>;
	readonly nested: NestedAct[];
	install(options?: Partial<InstallOptions>): Promise<Ended>;
	uninstall(options?: Partial<UninstallOptions>): Promise<Ended>;
	confirm(): Promise<Ended>;
	/** Everything that is there, but the logs and the lock. */
	standing(): readonly string[];
};
/** What is otherwise than on a plain server. */
export type Differences = {
	readonly answers?: (line: string) => CommandOutcome | undefined;
	readonly ports?: Partial<InstallPorts>;
	readonly terminal?: Partial<Terminal>;
};
export type Ended = { readonly ok: boolean; readonly text: string };

const ownMemory =
	/^\/var\/lib\/sluice-(?:install\/install\.log|wiring\/)|^\/var\/lib\/sluice-(?:install|wiring)(?:\/before)?$/;

export function memoryServer(differences: Differences = {}): MemoryServer {
	const active = new Set<string>();
	const enabled = new Set<string>();
	const memory = memoryMachine(debian(), (command) => answer(command));
	for (const path of ['/etc/systemd/system', '/etc/tmpfiles.d', '/usr/local/bin']) memory.folders.add(path);
	const nested: NestedAct[] = [];
	const trouble: Trouble = { at: 0, how: 'none', acts: 0 };
	const put = (path: string, change: (text: string) => string): void => {
		const file = memory.files.get(path);
		if (file !== undefined) memory.files.set(path, { ...file, content: change(file.content) });
	};
	const people: { readonly [command: string]: (name: string) => void } = {
		groupadd: (name) => put('/etc/group', (text) => `${text}${name}:x:997:\n`),
		useradd: (name) => put('/etc/passwd', (text) => `${text}${name}:x:997:997::/:/usr/sbin/nologin\n`),
		groupdel: (name) => put('/etc/group', (text) => without(text, name)),
		userdel: (name) => put('/etc/passwd', (text) => without(text, name)),
	};
	function systemctl(words: readonly string[]): CommandOutcome {
		const [verb = '', ...rest] = words;
		const units = rest.filter((word) => !word.startsWith('--'));
		const isNow = rest.includes('--now');
		for (const unit of units) {
			if (verb === 'enable') enabled.add(unit);
			if (verb === 'disable') enabled.delete(unit);
			if (verb === 'start' || verb === 'restart' || (verb === 'enable' && isNow)) active.add(unit);
			if (verb === 'stop' || (verb === 'disable' && isNow)) active.delete(unit);
			if (verb === 'start' && unit === 'sluice-agent.service') memory.folders.add('/var/lib/sluice');
		}
		if (verb === 'is-active') return exit(units.every((unit) => active.has(unit)));
		if (verb === 'is-enabled') return exit(units.every((unit) => enabled.has(unit)));
		return verb === '--version' ? { exitCode: 0, output: 'systemd 252 (252)\n' } : exit(true);
	}
	function answer(command: readonly string[]): CommandOutcome {
		const [program = '', ...words] = command;
		const line = command.join(' ');
		const other = differences.answers?.(line);
		if (other !== undefined) return other;
		people[program]?.(words.at(-1) ?? '');
		if (program === 'chgrp') {
			const file = memory.files.get(words.at(-1) ?? '');
			if (file !== undefined) memory.files.set(file.path, { ...file, gid: 997 });
		}
		if (program === 'systemctl') return systemctl(words);
		if (program === 'systemd-tmpfiles') memory.folders.add('/run/sluice');
		if (program === 'df') return { exitCode: 0, output: `f\n/dev/x 1 1 ${freeKilobytes} 1% /\n` };
		const said = facts[line] ?? (program === '/usr/sbin/exim4' ? eximAnswer(line, memory) : undefined);
		return { exitCode: 0, output: said ?? '' };
	}
	const machine = troubled(memory, trouble);
	/** As the wiring's own command leaves files and memory; what it asks of Exim is tried elsewhere. */
	async function wiring(act: NestedAct, ports: InstallPorts): Promise<void> {
		const site = await openSite(terminal, mtaOptions({}), ports);
		if (!site.ok || !site.value.wiring.ok || !site.value.traces.ok) throw new Error('no site');
		const { files } = act === 'wire' ? site.value.wiring.value : site.value.traces.value;
		for (const { path, current, wanted } of files) {
			if (wanted === undefined) memory.files.delete(path);
			else memory.files.set(path, { ...(current ?? fileOf(path, '')), content: wanted });
		}
		if (act === 'wire') memory.files.set(wiringState, fileOf(wiringState, JSON.stringify(wiredJournal)));
		else memory.files.delete(wiringState);
	}
	const stubbed: readonly NestedAct[] = ['wire', 'unwire', 'learn', 'agent-answers', 'queue-empty'];
	const ports = (pid: number): InstallPorts => {
		const own: InstallPorts = {
			machine: () => machine,
			client: async () => ({}) as Client,
			relayAnswer: async () => ok('here'),
			reloadAgent: async () => ok(undefined),
			testWaitMs: 1000,
			pid,
			readConfig: () => ok(config),
			isRoot: true,
			release: () => release,
			freshSecret: () => 'ab'.repeat(24),
			waitMs: { agent: 0, queue: 0 },
			exportQueue: async () => ok({ messages: 0, recipients: 0 }),
		};
		return {
			...own,
			...differences.ports,
			nested(act) {
				const other = differences.ports?.nested?.(act);
				if (other !== undefined || !stubbed.includes(act)) return other;
				return machine.run(['nested', act]).then(async ({ exitCode }) => {
					if (exitCode !== 0) return { ok: false, error: `${act} failed` } as const;
					nested.push(act);
					if (act === 'wire' || act === 'unwire') await wiring(act, own);
					return ok(act);
				});
			},
		};
	};
	let pid = 10;
	async function command(verb: (pid: number) => Promise<Ended>): Promise<Ended> {
		pid++;
		memory.folders.add(`/proc/${pid}`);
		try {
			return await verb(pid);
		} finally {
			memory.folders.delete(`/proc/${pid}`);
		}
	}
	const ended = async (
		verb: typeof install | typeof uninstall | typeof confirm,
		options: object,
		own: number,
	): Promise<Ended> => {
		const { speaker, said } = listener();
		await verb({
			terminal: { ...terminal, ...differences.terminal },
			options: { yes: true, json: true, ...options },
			ports: ports(own),
			speaker,
		});
		const done = said();
		return done.ok ? { ok: true, text: done.value.text } : { ok: false, text: `${done.error.text} ${done.error.hint}` };
	};
	return {
		memory,
		trouble,
		active,
		nested,
		install: (options = {}) => command((own) => ended(install, options, own)),
		uninstall: (options = {}) => command((own) => ended(uninstall, options, own)),
		confirm: () => command((own) => ended(confirm, {}, own)),
		standing: () =>
			[
				...[...memory.files.values()].map((file) => JSON.stringify(file)),
				...[...memory.folders].map((path) => `folder ${path}`),
				...[...memory.links].map(([path, target]) => `link ${path} ${target}`),
				...[...active, ...enabled].map((unit) => `unit ${unit}`),
			]
				.filter((line) => !ownMemory.test(/(?:"path":"|folder )([^"]*)/.exec(line)?.[1] ?? ''))
				.toSorted(),
	};
}

const wiringState = '/var/lib/sluice-wiring/state.json';
const wiredJournal = {
	version: 1,
	mta: 'exim',
	phase: 'wired',
	agentPort: 926,
	overSmarthost: false,
	since: '2026-01-01T00:00:00Z',
	files: [],
};

const exit = (isSo: boolean): CommandOutcome => ({ exitCode: isSo ? 0 : 3, output: '' });
const without = (text: string, name: string): string =>
	text
		.split('\n')
		.filter((line) => !line.startsWith(`${name}:`))
		.join('\n');

const facts: { readonly [line: string]: string } = {
	'uname -m': 'x86_64\n',
	'getconf GNU_LIBC_VERSION': 'glibc 2.36\n',
	'hostname -f': 'server.example.test\n',
};

function eximAnswer(line: string, { files }: MemoryMachine): string {
	if (line.endsWith('-bP config')) return files.get(eximTemplate)?.content ?? '';
	if (line.endsWith('-bV')) return 'Exim version 4.96 #2\nConfiguration file is /var/lib/exim4/config.autogenerated\n';
	if (line.includes('exim_user')) return 'exim_user = Debian-exim\n';
	return 'server.example.test\n';
}

/** As the configuration that is written says; read again on the second run. */
const config = {
	dataDir: '/var/lib/sluice',
	smtp: { listen: '127.0.0.1:926', mtaUsers: ['Debian-exim'] },
	wiring: { mta: 'exim', secretFile: '/etc/sluice/wiring-secret' },
	delivery: {},
	limits: { monitorOnly: true },
} as never;

const terminal = {
	environment: {},
	now: () => 1_700_000_000_000,
	exists: () => false,
	canAsk: false,
	actor: { role: 'admin', id: 'root' },
	writeOut: () => {},
	writeErr: () => {},
} as unknown as Terminal;
