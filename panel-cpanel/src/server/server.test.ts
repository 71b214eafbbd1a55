/** The panel server's socket and key: who is thrown out, who is left alone, what is kept. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openSecret } from './secret.ts';
import { type CpanelPanel, startCpanelPanel } from './start.ts';

function folderOf(context: TestContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-panel-server-'));
	context.after(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

const start = (folder: string): Promise<CpanelPanel> =>
	startCpanelPanel({
		listen: join(folder, 'panel.sock'),
		agentSocket: join(folder, 'agent.sock'),
		helperSocket: join(folder, 'helper.sock'),
		secretFile: join(folder, 'state/secret'),
		version: '0',
		failed: (where, error) => assert.fail(`${where} ${error}`),
	});

function ask(folder: string, headers: { readonly [name: string]: string }): Promise<number> {
	return new Promise((resolve, reject) => {
		const call = request(
			{ socketPath: join(folder, 'panel.sock'), path: '/?p=/accounts', headers, agent: false },
			(response) => {
				response.resume();
				resolve(response.statusCode ?? 0);
			},
		);
		call.on('error', reject).end();
	});
}

test('the socket is its owner’s and group’s; a stale one is replaced, one that answers is left alone', async (context) => {
	const folder = folderOf(context);
	const path = join(folder, 'panel.sock');
	writeFileSync(
		join(folder, 'holder.mjs'),
		`import { createServer } from 'node:net'; createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'));`,
	);
	await once(spawn(process.execPath, [join(folder, 'holder.mjs')]), 'exit');
	assert.ok(statSync(path).isSocket(), 'a stale socket lies there');
	const panel = await start(folder);
	assert.equal(statSync(path).mode & 0o777, 0o660);
	await assert.rejects(start(folder), /another panel server answers/);
	assert.equal(await ask(folder, {}), 403, 'nobody without native code’s headers');
	await panel.stop();
	const second = await start(folder);
	await second.stop();
});

test('something else at the socket’s path is not removed', async (context) => {
	const folder = folderOf(context);
	writeFileSync(join(folder, 'panel.sock'), 'a file');
	await assert.rejects(start(folder), /EADDRINUSE/);
	assert.equal(readFileSync(join(folder, 'panel.sock'), 'utf8'), 'a file');
});

test('requests that are under way end before the server does', async (context) => {
	const folder = folderOf(context);
	let isAsked = (): void => {};
	const asked = new Promise<void>((resolve) => {
		isAsked = resolve;
	});
	const answers: (() => void)[] = [];
	const agent = createServer((socket) => {
		socket.on('error', () => {});
		isAsked();
		answers.push(() => socket.destroy());
	}).listen(join(folder, 'agent.sock'));
	await once(agent, 'listening');
	context.after(() => agent.close());
	const panel = await start(folder);
	const answered = ask(folder, {
		'sluice-panel': 'whm',
		'sluice-panel-user': 'root',
		'sluice-panel-role': 'admin',
		'sluice-panel-token': 'a'.repeat(64),
	});
	await asked;
	const stopped = panel.stop();
	const release = setInterval(() => answers.splice(0).forEach((one) => void one()), 5);
	assert.equal(await answered, 503, 'an answer, though the server was told to stop');
	await stopped;
	clearInterval(release);
});

test('one customer’s requests leave room for everybody else’s', { timeout: 20_000 }, async (context) => {
	const folder = folderOf(context);
	const open: (() => void)[] = [];
	const agent = createServer((socket) => {
		socket.on('error', () => {});
		open.push(() => socket.destroy());
	}).listen(join(folder, 'agent.sock'));
	await once(agent, 'listening');
	context.after(() => agent.close());
	const panel = await start(folder);
	const as = (panelSide: string, role: string, user: string) =>
		ask(folder, {
			'sluice-panel': panelSide,
			'sluice-panel-user': user,
			'sluice-panel-role': role,
			'sluice-panel-token': 'a'.repeat(64),
		});
	const statuses: number[] = [];
	const noted = async (answer: Promise<number>): Promise<void> => void statuses.push(await answer);
	const flood = Array.from({ length: 30 }, () => noted(as('cpanel', 'account', 'hostile')));
	while (statuses.length < 20) await new Promise((resolve) => setImmediate(resolve));
	assert.ok(
		statuses.every((status) => status === 429),
		`${statuses}`,
	);
	const others = [as('cpanel', 'account', 'acme'), as('whm', 'admin', 'root')];
	const roots = Array.from({ length: 20 }, () => as('whm', 'admin', 'root'));
	const release = setInterval(() => open.splice(0).forEach((one) => void one()), 5);
	for (const answer of [...others, ...roots]) assert.equal(await answer, 503, 'it was asked of the agent');
	await Promise.all(flood);
	assert.equal(await as('cpanel', 'account', 'hostile'), 503, 'and its turn comes again');
	clearInterval(release);
	await panel.stop();
});

test('the key is made once, for its owner only; what is no key is refused', (context) => {
	const file = join(folderOf(context), 'deep/secret');
	const key = openSecret(file);
	assert.match(key, /^[\w-]{43}$/);
	assert.equal(openSecret(file), key);
	assert.equal(statSync(file).mode & 0o777, 0o600);
	writeFileSync(file, '');
	assert.throws(() => openSecret(file), /holds no key/);
});

test('as a process: it says where it listens, SIGTERM ends it with 0, help with 0, wrong use with 2, a taken socket with 1', async (context) => {
	const folder = folderOf(context);
	const main = join(import.meta.dirname, 'main.ts');
	const run = (...flags: readonly string[]) =>
		spawn(process.execPath, [main, '--secret', join(folder, 'secret'), ...flags], {
			stdio: ['ignore', 'pipe', 'ignore'],
		});
	const first = run('--socket', join(folder, 'panel.sock'));
	context.after(() => first.kill('SIGKILL'));
	const [line] = (await once(first.stdout.setEncoding('utf8'), 'data')) as [string];
	assert.equal((JSON.parse(line) as { text: string }).text, 'listening');
	assert.equal(await ask(folder, {}), 403);
	const [taken] = (await once(run('--socket', join(folder, 'panel.sock')), 'exit')) as [number];
	assert.equal(taken, 1);
	const [wrong] = (await once(run('--port', '80'), 'exit')) as [number];
	assert.equal(wrong, 2);
	const help = run('--help');
	const [[told], ended] = await Promise.all([once(help.stdout.setEncoding('utf8'), 'data'), once(help, 'exit')]);
	assert.match(told, /--secret FILE .*\(\/var\/lib\/sluice-panel\/secret\)/);
	assert.deepEqual(ended, [0, null]);
	first.kill('SIGTERM');
	assert.deepEqual(await once(first, 'exit'), [0, null]);
});
