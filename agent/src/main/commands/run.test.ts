/** `sluice agent run` without an agent: signals, reloads, exit codes, what the service manager hears. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '@sluice/shared/contract/config.ts';
import { configSchema } from '@sluice/shared/contract/config.ts';
import { agentSockets, type Runnable, type RunParts, runAgent } from './run.ts';

type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

const config: Config = configSchema.parse({ dataDir: '/nonexistent' });
const configurationError = (text: string): Error => Object.assign(new Error(text), { name: 'ConfigurationError' });

/** Everything that happens, in order, as words. */
function stage(wishes: Partial<Pick<RunParts, 'load' | 'start'>> & { readonly reload?: Runnable['reload'] } = {}) {
	const said: string[] = [];
	let listener: ((signal: Signal) => void) | undefined;
	const stopped = Promise.withResolvers<void>();
	const started = Promise.withResolvers<void>();
	const agent: Runnable = {
		smtpAddress: '127.0.0.1:2526',
		socketPath: './var/agent.sock',
		flow: {
			health: {
				raise: ({ code, text }) => void said.push(`raise ${code}: ${text}`),
				clear: (code) => void said.push(`clear ${code}`),
			},
		},
		reload: wishes.reload ?? (() => []),
		stop: () => {
			said.push('stop');
			return stopped.promise;
		},
	};
	const parts: RunParts = {
		load: wishes.load ?? (() => ({ ok: true, value: config })),
		start:
			wishes.start ??
			(async () => {
				said.push('start');
				return agent;
			}),
		manager: {
			tell(state) {
				said.push(state);
				if (state === 'READY=1') started.resolve();
			},
		},
		writeErr: (text) => void said.push(text.trim()),
		onSignal(next) {
			listener = next;
			return () => {
				listener = undefined;
			};
		},
		abort: (code) => void said.push(`abort ${code}`),
	};
	return {
		said,
		agent,
		parts,
		started: started.promise,
		signal: (name: Signal) => listener?.(name),
		hasListener: () => listener !== undefined,
		letStop: stopped.resolve,
	};
}

test('start, SIGTERM, drain, end: the manager hears of it and the process ends with 0', async () => {
	const { parts, said, started, signal, letStop, hasListener } = stage();
	const ending = runAgent(parts);
	await started;
	signal('SIGTERM');
	letStop();
	assert.equal(await ending, 0);
	assert.deepEqual(said, ['start', 'READY=1', 'STOPPING=1', 'stop']);
	assert.equal(hasListener(), false);
});

test('a second signal ends at once', async () => {
	const { parts, said, started, signal, letStop } = stage();
	const ending = runAgent(parts);
	await started;
	signal('SIGINT');
	signal('SIGINT');
	assert.equal(said.at(-1), 'abort 1');
	assert.match(said.at(-2) ?? '', /^SIGINT again: ending at once/);
	letStop();
	await ending;
});

test('a signal during the start ends as soon as the agent has started', async () => {
	const starting = Promise.withResolvers<Runnable>();
	const { parts, agent, said, signal, letStop } = stage({ start: () => starting.promise });
	const ending = runAgent(parts);
	signal('SIGHUP');
	signal('SIGTERM');
	starting.resolve(agent);
	letStop();
	assert.equal(await ending, 0);
	assert.deepEqual(said, ['READY=1', 'STOPPING=1', 'stop']);
});

test('a configuration that is wrong at the start ends with 2: starting again would not help', async () => {
	const wrong = stage({ load: () => ({ ok: false, error: ['agent.yaml:3: smtp.lisen: unknown key', 'second'] }) });
	assert.equal(await runAgent(wrong.parts), 2);
	assert.deepEqual(wrong.said, [
		'agent.yaml:3: smtp.lisen: unknown key\nsecond\n2 mistakes; the agent does not start.',
	]);
	const missing = stage({ start: () => Promise.reject(configurationError('wiring.secretFile: x cannot be read')) });
	assert.equal(await runAgent(missing.parts), 2);
	assert.deepEqual(missing.said, ['The agent cannot start: wiring.secretFile: x cannot be read']);
});

test('all else that keeps it from starting ends with 1', async () => {
	const busy = stage({ start: () => Promise.reject(new Error('listen EADDRINUSE: 127.0.0.1:2526')) });
	assert.equal(await runAgent(busy.parts), 1);
	assert.deepEqual(busy.said, ['The agent cannot start: listen EADDRINUSE: 127.0.0.1:2526']);
	assert.equal(busy.hasListener(), false);
});

test('SIGHUP: a wrong configuration is refused and told, the one before stays; a right one is applied and clears it', async () => {
	const loads: ReturnType<RunParts['load']>[] = [
		{ ok: true, value: config },
		{ ok: false, error: ['agent.yaml:3: wrong', 'agent.yaml:4: wrong too'] },
		{ ok: true, value: { ...config, dataDir: '/missing-secret' } },
		{ ok: true, value: { ...config, dataDir: '/other' } },
	];
	const applied: string[] = [];
	const { parts, said, started, signal, letStop } = stage({
		load: () => loads.shift() as ReturnType<RunParts['load']>,
		reload(next) {
			if (next.dataDir === '/missing-secret') throw configurationError('wiring.secretFile: cannot be read');
			applied.push(next.dataDir);
			return ['dataDir'];
		},
	});
	const ending = runAgent(parts);
	await started;
	said.length = 0;
	signal('SIGHUP');
	assert.deepEqual(applied, []);
	assert.equal(said[0], 'RELOADING=1');
	assert.match(said[1] ?? '', /^agent\.yaml:3: wrong\nagent\.yaml:4: wrong too\nThe changed configuration is refused/);
	assert.match(said[2] ?? '', /^raise configuration: .*agent\.yaml:3: wrong, and 1 more/);
	assert.equal(said[3], 'READY=1');
	said.length = 0;
	signal('SIGHUP');
	assert.match(said.join('\n'), /raise configuration: .*wiring\.secretFile: cannot be read/);
	said.length = 0;
	signal('SIGHUP');
	assert.deepEqual(applied, ['/other']);
	assert.deepEqual(said, [
		'RELOADING=1',
		'clear configuration',
		'Applied, but only a restart applies: dataDir.',
		'READY=1',
	]);
	signal('SIGTERM');
	letStop();
	assert.equal(await ending, 0);
});

test('passed sockets go by their names; one without a name that is known is the relay port', () => {
	assert.deepEqual(
		agentSockets([
			{ fd: 3, name: 'api' },
			{ fd: 4, name: 'smtp' },
		]),
		{ socketFd: 4, apiSocketFd: 3 },
	);
	assert.deepEqual(agentSockets([{ fd: 3, name: 'sluice-smtp.socket' }]), { socketFd: 3 });
	assert.deepEqual(agentSockets([{ fd: 3, name: '' }]), { socketFd: 3 });
	assert.deepEqual(agentSockets([{ fd: 3, name: 'api' }]), { apiSocketFd: 3 });
	assert.deepEqual(agentSockets([]), {});
});
