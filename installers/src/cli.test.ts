/**
 * The executable `sluice` as a real process: how it finds its Node, what it does with signals and passed sockets, how fast it is.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const executable = fileURLToPath(new URL('../scripts/sluice', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const limits = { timeout: 60_000 };

/** A system whose `node` is another one, and must not be used. */
function pathWithWrongNode(): string {
	const bin = join(folder, 'bin');
	mkdirSync(bin, { recursive: true });
	const wrong = join(bin, 'node');
	writeFileSync(wrong, '#!/bin/sh\necho wrong node >&2\nexit 99\n');
	chmodSync(wrong, 0o755);
	return `${bin}:/usr/bin:/bin`;
}

const environment = { PATH: pathWithWrongNode(), HOME: folder, TZ: 'UTC' };

function sluice(words: readonly string[], program = executable) {
	const { status, stdout, stderr } = spawnSync(program, words, {
		cwd: folder,
		env: environment,
		encoding: 'utf8',
		timeout: 20_000,
	});
	return { code: status, out: stdout, err: stderr };
}

test('it runs by its path, through links to links, and from PATH, whatever node the system has', limits, () => {
	const near = join(folder, 'near');
	symlinkSync(executable, near);
	symlinkSync('near', join(folder, 'relative'));
	symlinkSync(executable, join(folder, 'bin', 'sluice'));
	const programs = [executable, near, join(folder, 'relative'), './relative', 'sluice'];
	for (const program of programs) {
		const ran = sluice(['config', 'schema'], program);
		assert.deepEqual([program, ran.code, ran.err], [program, 0, ''], 'and no warning of Node on standard error');
		assert.equal((JSON.parse(ran.out) as { type: string }).type, 'object');
	}
});

test('exit codes reach the shell', limits, () => {
	assert.equal(sluice(['status']).code, 1);
	assert.equal(sluice(['sattus']).code, 2);
	assert.equal(sluice(['--help']).code, 0);
	assert.equal(sluice(['agent', 'run', '--config', 'none.yaml']).code, 2);
});

test('a reader that has enough is no failure', limits, () => {
	const command = `set -o pipefail; "${executable}" config explain --socket x | head -n 1`;
	assert.equal(
		execFileSync('bash', ['-c', command], { cwd: folder, env: environment, encoding: 'utf8' }),
		'dataDir: (not set) (required)\n',
	);
});

type Started = {
	readonly child: ChildProcess;
	line(event: string): Promise<{ [field: string]: unknown }>;
	ended: Promise<number | null>;
};

/** Agents of this file: none outlives it, however a test ends. */
const children = new Set<ChildProcess>();
after(() => {
	for (const child of children) child.kill('SIGKILL');
});

/** `shell` runs before, in the same process. */
function startAgent(config: string, shell = '', fds: readonly (number | 'ignore')[] = []): Started {
	const child = spawn('/bin/sh', ['-c', `${shell} exec "${executable}" agent run --config "${config}"`], {
		cwd: folder,
		env: environment,
		stdio: ['ignore', 'pipe', 'pipe', ...fds],
	});
	children.add(child);
	const waiting = new Map<string, (line: { [field: string]: unknown }) => void>();
	const seen = new Map<string, { [field: string]: unknown }>();
	let said = '';
	child.stderr?.setEncoding('utf8').on('data', (text: string) => {
		said += text;
	});
	createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (text) => {
		const line = JSON.parse(text) as { [field: string]: unknown };
		seen.set(line.event as string, line);
		waiting.get(line.event as string)?.(line);
	});
	const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
	return {
		child,
		ended,
		line: (event) =>
			new Promise((resolve, reject) => {
				const already = seen.get(event);
				if (already !== undefined) return resolve(already);
				waiting.set(event, resolve);
				void ended.then((code) => reject(new Error(`ended with ${code} before ${event}: ${said}`)));
			}),
	};
}

function configFile(name: string, listen: string): string {
	const file = join(folder, `${name}.yaml`);
	const text = `dataDir: ${join(folder, name)}\nsmtp: { listen: "${listen}" }\ndelivery: { smarthost: { host: 127.0.0.1, port: 1 } }\n`;
	writeFileSync(file, text);
	return file;
}

test('an agent from start to end: status, a refused reload, an applied one, SIGTERM', limits, async () => {
	const config = configFile('life', '127.0.0.1:0');
	const socket = ['--socket', join(folder, 'life', 'agent.sock')];
	const agent = startAgent(config);
	await agent.line('agent.started');
	assert.match(sluice(['status', ...socket]).out, /accepts and delivers mail/);

	const right = `dataDir: ${join(folder, 'life')}\n`;
	writeFileSync(config, `${right}smpt: {}\n`);
	agent.child.kill('SIGHUP');
	const refused = await agent.line('health.degraded');
	assert.match(String(refused.text), /life\.yaml:2: smpt: unknown key; did you mean smtp/);
	assert.match(sluice(['status', ...socket]).out, /1 problem\n {2}- The changed configuration was refused/);

	writeFileSync(config, right);
	agent.child.kill('SIGHUP');
	await agent.line('health.recovered');

	agent.child.kill('SIGTERM');
	await agent.line('agent.stopped');
	assert.equal(await agent.ended, 0);
});

test('what the agent writes nobody else may read, whoever made the folder', limits, async () => {
	const config = configFile('modes', '127.0.0.1:0');
	const data = join(folder, 'modes');
	mkdirSync(data, { mode: 0o755 });
	const agent = startAgent(config, 'umask 022;');
	await agent.line('agent.started');
	const modes = readdirSync(data).map((name) => [name, statSync(join(data, name)).mode & 0o077] as const);
	agent.child.kill('SIGTERM');
	assert.equal(await agent.ended, 0);
	assert.ok(modes.some(([name]) => name === 'state.db'));
	for (const [name, others] of modes) assert.equal(others, name === 'agent.sock' ? 0o060 : 0, name);
});

test('a second agent on the same folder, and a taken port, end with 1', limits, async () => {
	const first = startAgent(configFile('one', '127.0.0.1:0'));
	const started = await first.line('agent.started');
	const same = sluice(['agent', 'run', '--config', configFile('one', '127.0.0.1:0')]);
	assert.deepEqual([same.code, /cannot start: .* is in use by the agent with pid/.test(same.err)], [1, true], same.err);
	const port = sluice(['agent', 'run', '--config', configFile('two', String(started.smtp))]);
	assert.deepEqual([port.code, /cannot start: .*another program listens on/.test(port.err)], [1, true], port.err);
	first.child.kill('SIGINT');
	assert.equal(await first.ended, 0);
});

test('a socket that the service manager passed is the relay port', limits, async () => {
	const server: Server = createServer();
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as { port: number };
	const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
	const agent = startAgent(configFile('passed', 'fd'), 'LISTEN_FDS=1 LISTEN_PID=$$; export LISTEN_FDS LISTEN_PID;', [
		fd,
	]);
	await agent.line('agent.started');
	// From here on only the agent accepts on it.
	server.close();
	const greeting = await new Promise<string>((resolve, reject) => {
		const client = connect(port, '127.0.0.1');
		client.setEncoding('utf8').once('data', (text: string) => {
			client.destroy();
			resolve(text);
		});
		client.once('error', reject);
	});
	assert.match(greeting, /^220 /);
	agent.child.kill('SIGTERM');
	assert.equal(await agent.ended, 0);
});

test('status answers at once: under 300 ms of work', limits, () => {
	// CPU time and the best of five, not the clock: other tests run beside this one. The first run fills the cache of compiled code.
	const script = 'TIMEFORMAT="%U %S"; { time "$0" status >/dev/null 2>&1 || true; } 2>&1';
	const used = Array.from({ length: 5 }, () => {
		const text = execFileSync('bash', ['-c', script, executable], { cwd: folder, env: environment, encoding: 'utf8' });
		return text.split(' ').reduce((sum, part) => sum + Number(part) * 1000, 0);
	});
	assert.ok(Math.min(...used) < 300, `${used.join(', ')} ms`);
});
