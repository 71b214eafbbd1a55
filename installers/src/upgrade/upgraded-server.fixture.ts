/**
 * A server in memory with a release installed and another one unpacked: files, link, and an agent that starts as the link says.
 *
 * The agent is the real one's rules in short: it exchanges state.db when asked, refuses what a later version wrote, keeps a copy before it
 * brings state.db forward. Any act on the machine can be made to fail, or to be the last one before a kill.
 */
import type { Machine } from '../facts/machine.ts';
import { fileOf, type MemoryMachine, memoryMachine } from '../facts/memory-machine.fixture.ts';
import { currentRelease } from '../facts/places.ts';
import { manifestWith } from '../release/manifest.fixture.ts';
import { agentUnit } from '../units/names.ts';
import type { AgentPorts } from './agent-renewal.ts';
import { folderOf, linkOf, type Release } from './releases.ts';
import type { UpgradeInput } from './upgrade.ts';

export const unitPath = `/etc/systemd/system/${agentUnit}`;
export const dataDir = '/var/lib/sluice';
export const unpacked = '/opt/unpacked';
const state = `${dataDir}/state.db`;

export const older: Release = { version: '0.1.0', formats: { log: 1, state: 3, history: 2 } };
export const newer: Release = { version: '0.2.0', formats: { log: 1, state: 4, history: 3 } };

/** `ends`: at each start; `mute`: answers health and takes no mail. */
type Behaviour = 'well' | 'ends' | 'mute';

export type Interruption = { readonly at: number; readonly kind: 'fails' | 'killed' };

export type TestServer = {
	readonly machine: MemoryMachine;
	/** Starts a command anew: with this interruption, counted from its beginning. */
	input(interruption?: Interruption): { readonly input: UpgradeInput; readonly killed: Promise<'killed'> };
	behave(version: string, behaviour: Behaviour): void;
	/** Another release at hand; returns its folder. */
	unpack(release: Release): string;
	/** Version of the agent that takes mail now. */
	readonly running: string | undefined;
	/** How often it was started. */
	readonly starts: number;
	/** The log as it stands; the newer agent raises it when it starts. */
	log: number;
	takesConfig: boolean;
};

const manifestOf = ({ version, formats }: Release): string => JSON.stringify(manifestWith({ version, formats }));

export function testServer(from: Release = older, to: Release = newer): TestServer {
	const releases = new Map([from, to].map((release) => [release.version, release]));
	const behaviours = new Map<string, Behaviour>();
	let running: string | undefined = from.version;
	let hasFailed = false;
	let starts = 0;
	let nowMs = Date.UTC(2026, 10, 24);
	const machine = memoryMachine(
		[
			fileOf(`${folderOf(from.version)}/release.json`, manifestOf(from)),
			fileOf(`${unpacked}/release.json`, manifestOf(to)),
			fileOf(unitPath, from.version),
			fileOf(state, String(from.formats.state)),
		],
		(command) => answer(command),
	);
	machine.links.set(currentRelease, linkOf(from.version));
	machine.folders.add(folderOf(from.version));
	machine.folders.add('/opt/sluice');
	const contentOf = (path: string): string | undefined => machine.files.get(path)?.content;
	const put = (path: string, content: string): void => void machine.files.set(path, fileOf(path, content));
	const move = (one: string, other: string): void => {
		put(other, contentOf(one) ?? '');
		machine.files.delete(one);
	};

	function start(): void {
		starts++;
		const version = (machine.links.get(currentRelease) ?? '').replace('releases/', '');
		const known = releases.get(version)?.formats ?? {};
		running = undefined;
		hasFailed = true;
		const asked = contentOf(`${state}.use`)?.trim();
		if (asked !== undefined && Number(asked) <= (known.state ?? 0) && contentOf(state) !== asked) {
			move(state, `${state}.version-${contentOf(state)}`);
			move(`${state}.version-${asked}`, state);
			machine.files.delete(`${state}.use`);
		}
		if (Number(contentOf(state)) > (known.state ?? 0) || server.log > (known.log ?? 0)) return;
		if (contentOf(state) !== String(known.state)) {
			put(`${state}.version-${contentOf(state)}`, contentOf(state) ?? '');
			put(state, String(known.state));
		}
		server.log = Math.max(server.log, known.log ?? 0);
		if (behaviours.get(version) === 'ends') return;
		running = version;
		hasFailed = false;
	}

	function answer(command: readonly string[]): { readonly exitCode: number; readonly output: string } {
		const line = command.join(' ');
		if (line.startsWith('systemctl restart')) start();
		if (line.startsWith('systemctl show'))
			return { exitCode: 0, output: `ActiveState=${hasFailed ? 'failed' : 'active'}\nNRestarts=0\n` };
		if (line.includes('config check'))
			return server.takesConfig ? { exitCode: 0, output: '' } : { exitCode: 1, output: 'agent.yaml:3: unknown key' };
		if (line.startsWith('journalctl')) return { exitCode: 0, output: 'the last words\n' };
		return { exitCode: 0, output: '' };
	}

	const agent: AgentPorts = {
		dataDir,
		owner: { uid: 7, gid: 7 },
		now: () => nowMs,
		async pause(ms) {
			nowMs += ms;
		},
		stored: () => ({ log: server.log, state: Number(contentOf(state)) }),
		health: async () => (running === undefined ? undefined : { version: running, isReady: true }),
		probe: async () =>
			running !== undefined && behaviours.get(running) === 'mute' ? 'it says 451 after the message' : undefined,
	};

	const server: TestServer = {
		machine,
		log: from.formats.log ?? 1,
		takesConfig: true,
		get running() {
			return running;
		},
		get starts() {
			return starts;
		},
		unpack(release) {
			releases.set(release.version, release);
			put(`${unpacked}-${release.version}/release.json`, manifestOf(release));
			return `${unpacked}-${release.version}`;
		},
		behave: (version, behaviour) => void behaviours.set(version, behaviour),
		input(interruption) {
			const { promise: killed, resolve } = Promise.withResolvers<'killed'>();
			const input: UpgradeInput = {
				machine: interruption === undefined ? machine : interrupted(machine, interruption, () => resolve('killed')),
				agent,
				source: unpacked,
				files: [fileOf(unitPath, to.version)],
				configFile: '/etc/sluice/agent.yaml',
				onStep: () => {},
			};
			return { input, killed };
		},
	};
	return server;
}

const acting = ['write', 'create', 'remove', 'link', 'copyTree', 'removeTree', 'run'] as const;

/** Fails once; or from then on nothing comes back, as in a process that is gone. */
function interrupted(machine: Machine, { at, kind }: Interruption, killed: () => void): Machine {
	let acts = 0;
	const wrapped = Object.fromEntries(
		acting.map((name) => [
			name,
			async (...given: readonly never[]) => {
				acts++;
				if (acts === at && kind === 'fails') throw new Error(`no space left (${name})`);
				if (acts >= at && kind === 'killed') {
					killed();
					return new Promise(() => {});
				}
				return (machine[name] as (...words: readonly never[]) => unknown)(...given);
			},
		]),
	);
	return { ...machine, ...wrapped };
}

/** Everything that mail and administrators see of the server. */
export const shownBy = ({ machine, running }: TestServer) => ({
	running,
	current: machine.links.get(currentRelease),
	unit: machine.files.get(unitPath)?.content,
	state: machine.files.get(state)?.content,
	asked: machine.files.get(`${state}.use`)?.content,
});
