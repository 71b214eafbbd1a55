/** A server in memory that is watched: what the probe meets is set, what is done and told is kept. */
import { sha256 } from '../apply/journal.ts';
import type { FileFact } from '../facts/machine.ts';
import { fileOf, type MemoryMachine, memoryMachine } from '../facts/memory-machine.fixture.ts';
import type { ProbeOutcome } from './outcome.ts';
import type { WatchPorts } from './ports.ts';
import type { HeldSender, Unrecorded } from './state.ts';
import { type TickReport, tick } from './tick.ts';

export const startMs = Date.parse('2026-11-24T12:00:00Z');
export const exim = '/etc/exim4/sluice/bypass';

export type Watched = {
	readonly machine: MemoryMachine;
	readonly ports: WatchPorts;
	/** Mails that sendmail was given: addresses, text. */
	readonly mails: { readonly to: string; readonly text: string }[];
	readonly journal: string[];
	/** What the command `sluice` was asked. */
	readonly asked: string[];
	readonly recorded: Unrecorded[];
	readonly panelActs: string[];
	set(now: Partial<Setting>): void;
	tick(afterMs?: number): Promise<TickReport>;
	ticks(count: number): Promise<TickReport>;
};

export type Setting = {
	readonly outcome: ProbeOutcome;
	/** How `sluice` ends; the file of the bypass comes and goes as it would. */
	readonly sluice: (words: readonly string[]) => { readonly exitCode: number; readonly output: string } | undefined;
	readonly held: readonly HeldSender[];
	readonly panelHeldBefore: readonly string[];
	readonly sendmail: number;
	/** Paths that cannot be written. */
	readonly isFull: (path: string) => boolean;
};

export const well: ProbeOutcome = { kind: 'accepted', ms: 4 };
export const dead: ProbeOutcome = { kind: 'unreachable', code: 'ECONNREFUSED' };

export const agentYaml = (watch: string): string =>
	`dataDir: /var/lib/sluice\nnotices: { to: [admin@ops.test] }\nwatch: { ${watch} }\n`;

export const eximJournal = (phase = 'wired') =>
	fileOf(
		'/wiring/state.json',
		JSON.stringify({ version: 1, mta: 'exim', phase, agentPort: 926, overSmarthost: false, since: '', files: [] }),
	);

const formerMain = 'relayhost = [old.test]:25\nother = 1\n';
const wiredMain = 'relayhost = [127.0.0.1]:926\nother = 1\n';

export const postfixFiles = (current = wiredMain) => [
	fileOf('/etc/postfix/main.cf', current),
	fileOf('/wiring/before/0-main.cf', formerMain),
	fileOf(
		'/wiring/state.json',
		JSON.stringify({
			version: 1,
			mta: 'postfix',
			phase: 'wired',
			agentPort: 926,
			overSmarthost: false,
			since: '',
			files: [
				{
					path: '/etc/postfix/main.cf',
					before: { backup: 'before/0-main.cf', mode: 0o644, uid: 0, gid: 0, sha256: sha256(formerMain) },
					afterSha256: sha256(wiredMain),
				},
			],
		}),
	),
];

export function watched(files: readonly FileFact[], begin: Partial<Setting> = {}): Watched {
	let setting: Setting = {
		outcome: well,
		sluice: () => undefined,
		held: [],
		panelHeldBefore: [],
		sendmail: 0,
		isFull: () => false,
		...begin,
	};
	let nowMs = startMs;
	const mails: { to: string; text: string }[] = [];
	const journal: string[] = [];
	const asked: string[] = [];
	const panelActs: string[] = [];
	const recorded: Unrecorded[] = [];
	const inner = memoryMachine([...files], () => ({ exitCode: 0, output: '' }));
	inner.folders.add(`/proc/${process.pid}`);
	const machine: MemoryMachine = {
		...inner,
		async write(file) {
			if (setting.isFull(file.path))
				throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
			await inner.write(file);
		},
		async run(command, options) {
			if (command[0] !== '/usr/sbin/sendmail') return inner.run(command, options);
			if (setting.sendmail === 0)
				mails.push({ to: command.slice(command.indexOf('--') + 1).join(' '), text: options?.input ?? '' });
			return { exitCode: setting.sendmail, output: '' };
		},
	};
	const ports: WatchPorts = {
		machine,
		places: {
			folder: '/watch',
			runFolder: '/run/watch',
			config: '/etc/sluice/agent.yaml',
			wiring: '/wiring',
			pending: '/install/pending.json',
		},
		async sluice(words, program) {
			asked.push([...(program === undefined ? [] : [program]), ...words].join(' '));
			const ended = setting.sluice(words);
			if (ended !== undefined) return ended;
			if (words[1] === 'bypass') await inner.write(fileOf(exim, ''));
			if (words[1] === 'bypass')
				await inner.write(
					fileOf(
						'/wiring/acts.log',
						'{"at":"x","author":"admin root as sluice-watch","act":"bypass","outcome":"done"}\n',
					),
				);
			if (words[1] === 'ensure') await inner.remove(exim);
			return { exitCode: 0, output: '{}' };
		},
		probe: async () => setting.outcome,
		held: async () => setting.held,
		async record(_, acts) {
			recorded.push(...acts);
			return [];
		},
		panel: async () => ({
			accounts: async () =>
				({
					ok: true,
					value: {
						unreadable: 0,
						rows: ['alice', 'bob', 'carol'].map((user) => ({
							user,
							isOutgoingHeld: setting.panelHeldBefore.includes(user),
						})),
					},
				}) as never,
			async outgoing(act, user) {
				panelActs.push(`${act} ${user}`);
				return { ok: true, value: undefined };
			},
		}),
		print: (priority, text) => void journal.push(`${priority} ${text}`),
		hostName: 'host.test',
		now: () => nowMs,
		pid: process.pid,
	};
	const once = async (afterMs = 30_000): Promise<TickReport> => {
		nowMs += afterMs;
		return tick(ports);
	};
	return {
		machine,
		ports,
		mails,
		journal,
		asked,
		recorded,
		panelActs,
		set(now) {
			setting = { ...setting, ...now };
		},
		tick: once,
		async ticks(count) {
			let last: TickReport = { text: '' };
			for (let at = 0; at < count; at++) last = await once();
			return last;
		},
	};
}
