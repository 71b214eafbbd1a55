/**
 * A release runs where there is nothing but itself: in a folder outside of the checkout, with no node_modules near and no other Node.
 * Command, agent, its workers, panel server; with better-sqlite3, and with `node:sqlite` where that cannot be loaded.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
	cpSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { startSink } from '../internet/sink.ts';
import { submitAccepted } from '../mta/submit.ts';
import { until } from '../mta/until.ts';
import { ask } from '../scenarios/http.ts';
import { builtRelease } from './built.ts';

const built = await builtRelease();
const ground = mkdtempSync(join(tmpdir(), 'sluice-program-'));
after(() => rmSync(ground, { recursive: true, force: true }));
const release = join(ground, 'releases', built.version);
cpSync(built.folder, release, { recursive: true });
// As on a server: the command is a link to a file behind a link.
symlinkSync(`releases/${built.version}`, join(ground, 'current'));
const command = join(ground, 'sluice');
symlinkSync('current/bin/sluice', command);

const env = { PATH: '/usr/bin:/bin', NODE_OPTIONS: '--no-such-option', NODE_PATH: '/nowhere' };

type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

function sluice(...args: string[]): Promise<Ran> {
	return new Promise((resolve) => {
		execFile(command, args, { cwd: '/', env, timeout: 30_000 }, (error, stdout, stderr) =>
			resolve({ code: error === null ? 0 : Number(error.code ?? 128), stdout, stderr }),
		);
	});
}

async function sluiceJson(...args: string[]): Promise<unknown> {
	const { code, stdout, stderr } = await sluice(...args, '--json');
	assert.equal(code, 0, stderr);
	return JSON.parse(stdout);
}

test('a caller with an open umask leaves compiled code that only the owner of the program can change', async () => {
	const place = join(ground, 'open');
	cpSync(built.folder, place, { recursive: true });
	rmSync(join(place, 'program/node_modules/.cache'), { recursive: true, force: true });
	const former = process.umask(0);
	try {
		execFileSync(join(place, 'bin/sluice'), ['--version'], { env: { PATH: env.PATH } });
	} finally {
		process.umask(former);
	}
	const cache = join(place, 'program/node_modules/.cache');
	const kept = [cache, ...readdirSync(cache, { recursive: true }).map((name) => join(cache, String(name)))];
	assert.ok(kept.length > 3, kept.join());
	assert.deepEqual(
		kept.filter((path) => (statSync(path).mode & 0o022) !== 0),
		[],
	);
});

type Running = { readonly child: ChildProcess; readonly said: () => string };

function started(context: TestContext, program: string, args: readonly string[]): Running {
	const child = spawn(program, args, { cwd: '/', env: { PATH: env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] });
	let text = '';
	for (const stream of [child.stdout, child.stderr])
		stream.setEncoding('utf8').on('data', (piece: string) => {
			text += piece;
		});
	context.after(async () => {
		if (child.exitCode !== null || child.signalCode !== null) return;
		child.kill('SIGTERM');
		await once(child, 'exit');
	});
	return { child, said: () => text };
}

const says = ({ said }: Running, words: string): Promise<void> =>
	until(() => said().includes(words), { waitMs: 15_000, otherwise: () => `no ${words} in:\n${said()}` });

/** An agent of the release at `folder`, with a sink to deliver to. */
async function startAgent(context: TestContext, folder: string) {
	const data = mkdtempSync(join(ground, 'agent-'));
	const sink = await startSink();
	context.after(() => sink.stop());
	const socket = join(data, 'agent.sock');
	const config = [
		`dataDir: ${data}`,
		'smtp: { listen: 127.0.0.1:0 }',
		`api: { socket: ${socket} }`,
		`delivery: { smarthost: { host: 127.0.0.1, port: ${sink.port} } }`,
	];
	writeFileSync(join(data, 'agent.yaml'), `${config.join('\n')}\n`);
	const agent = started(context, join(folder, 'bin/sluice'), ['agent', 'run', '--config', join(data, 'agent.yaml')]);
	await says(agent, 'agent.started');
	const port = Number(/"smtp":"127\.0\.0\.1:(\d+)"/.exec(agent.said())?.[1]);
	return { agent, socket, port, sink };
}

const mail = {
	from: 'a@one.test',
	recipients: ['b@two.test'],
	message: 'From: <a@one.test>\r\nSubject: through a release\r\n\r\nHello.\r\n',
};

const mapsSqlite = ({ child }: Running): boolean =>
	readFileSync(`/proc/${child.pid}/maps`, 'utf8').includes('better-sqlite3');

test('the command is found through links, whatever the environment says of Node', async () => {
	assert.deepEqual(await sluice('--version'), { code: 0, stdout: `${built.version}\n`, stderr: '' });
	const help = await sluice('--help');
	for (const word of ['status', 'agent', 'mta', 'doctor', 'panel'])
		assert.match(help.stdout, new RegExp(`^  ${word}`, 'm'));
	assert.equal((await sluice('no-such-command')).code, 2);
	const doctor = await sluice('doctor', '--socket', join(ground, 'none.sock'));
	assert.match(doctor.stdout + doctor.stderr, /agent/i);
	assert.doesNotMatch(doctor.stdout + doctor.stderr, /at .*\.js:\d+/, 'a finding, no stack');
});

test('agent, workers and pages', { timeout: 60_000 }, async (context) => {
	const { agent, socket, port, sink } = await startAgent(context, release);
	assert.ok(mapsSqlite(agent), 'better-sqlite3 is what it keeps its data with');
	await submitAccepted({ port, ...mail });
	await until(() => sink.counts().messages === 1, { waitMs: 15_000, otherwise: () => agent.said() });

	// The projector's worker writes what is finished, the history's worker reads it, the third one simulates.
	let listed: { readonly items: readonly unknown[] } | undefined;
	await until(
		async () => {
			listed = (await sluiceJson('message', 'list', '--socket', socket, '--state', 'delivered')) as typeof listed;
			return listed?.items.length === 1;
		},
		{ waitMs: 15_000, otherwise: () => JSON.stringify(listed) },
	);
	const tried = await ask(socket, {
		method: 'POST',
		path: '/v1/simulate',
		body: JSON.stringify({
			days: 1,
			proposals: [{ level: 'server', id: 'server', limits: { mode: 'enforce', hour: { recipients: 1 } } }],
		}),
	});
	const { id } = tried.json as { readonly id: string };
	let state: unknown;
	await until(
		async () => {
			state = (await ask(socket, { path: `/v1/simulate/${id}` })).json;
			return (state as { readonly state?: string }).state === 'done';
		},
		{ waitMs: 15_000, otherwise: () => JSON.stringify([tried.text, state]) },
	);

	const folder = mkdtempSync(join(ground, 'panel-'));
	const panelSocket = join(folder, 'panel.sock');
	const args = [
		'--socket',
		panelSocket,
		'--agent',
		socket,
		'--secret',
		join(folder, 'secret'),
		'--helper',
		join(folder, 'h'),
	];
	const panel = started(context, join(release, 'bin/node'), [join(release, 'program/panel.js'), ...args]);
	await says(panel, '"listening"');
	const page = await ask(panelSocket, {
		path: '/?p=/accounts',
		actor: null,
		headers: {
			'sluice-panel': 'whm',
			'sluice-panel-user': 'root',
			'sluice-panel-role': 'admin',
			'sluice-panel-token': 'a'.repeat(64),
		},
	});
	assert.equal(page.status, 200, page.text);
	assert.match(page.text, /<!doctype html>[\s\S]*<\/html>/i);
	assert.equal(panel.said().includes('error'), false, panel.said());
});

test('where better-sqlite3 cannot be loaded, the runtime’s own SQLite keeps the data', {
	timeout: 60_000,
}, async (context) => {
	const old = join(ground, 'old-glibc');
	mkdirSync(old);
	cpSync(release, old, { recursive: true });
	// As on AlmaLinux 8: the dynamic linker finds no such version of glibc and refuses.
	const binary = join(old, 'program/node_modules/better-sqlite3/prebuilds/linux-x64.node');
	const content = readFileSync(binary, 'latin1');
	writeFileSync(binary, content.replace('GLIBC_2.34\0', 'GLIBC_2.99\0'), 'latin1');
	await assert.rejects(
		new Promise((_, reject) => {
			const loads = [`--eval`, `require(${JSON.stringify(binary)})`];
			execFile(join(old, 'bin/node'), loads, (error, _stdout, stderr) =>
				reject(error === null ? undefined : new Error(stderr)),
			);
		}),
		/version `GLIBC_2\.99' not found[\s\S]*ERR_DLOPEN_FAILED/,
	);
	const { agent, socket, port, sink } = await startAgent(context, old);
	assert.equal(mapsSqlite(agent), false);
	await submitAccepted({ port, ...mail });
	await until(() => sink.counts().messages === 1, { waitMs: 15_000, otherwise: () => agent.said() });
	await until(
		async () => {
			const { items } = (await ask(socket, { path: '/v1/messages?state=delivered' })).json as { items: unknown[] };
			return items.length === 1;
		},
		{ waitMs: 15_000, otherwise: () => agent.said() },
	);
});
