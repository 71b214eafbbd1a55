/** Commands where no agent answers: what each kind of silence means and what to do. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ClientFailure } from '@sluice/shared/client/client.ts';
import { run } from './commands.fixture.ts';
import { failureLines } from './render/failure.ts';

const nobody = 65_534;
const folder = mkdtempSync(join(tmpdir(), 'sluice-unreachable-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('no socket: the agent is not running', async () => {
	const socket = join(folder, 'none.sock');
	for (const words of [['status'], ['queue', 'hold', '--account', 'a', '--reason', 'x'], ['events']]) {
		const ran = await run([...words, '--socket', socket]);
		assert.deepEqual([ran.code, ran.out], [1, '']);
		assert.match(ran.err, /^No agent is running here: .*none\.sock does not exist\.\nStart it: `sluice agent run/);
	}
});

test('a socket left behind by a crash: the agent has stopped', async () => {
	const socket = join(folder, 'dead.sock');
	// A file that is no listening socket answers as a dead one does.
	writeFileSync(socket, '');
	const ran = await run(['status', '--socket', socket]);
	assert.equal(ran.code, 1);
	assert.match(ran.err, /^No agent answers on .*dead\.sock; it is stopped or has crashed\./);
});

test('a socket that is closed to this user', async () => {
	const socket = join(folder, 'closed.sock');
	const server = createServer().listen(socket);
	await new Promise((resolve) => server.once('listening', resolve));
	chmodSync(socket, 0);
	await run(['status', '--socket', join(folder, 'none.sock')]); // loads what nobody might not be able to read
	const isRoot = process.getuid?.() === 0;
	if (isRoot) process.seteuid?.(nobody);
	const ran = await run(['status', '--socket', socket]);
	if (isRoot) process.seteuid?.(0);
	server.close();
	assert.equal(ran.code, 1);
	assert.match(ran.err, /^You may not speak to the agent: .*\nRun this as root/);
});

test('each system code has its own hint', () => {
	const unreachable = (code: string): ClientFailure => ({ kind: 'unreachable', code, text: 'Text.' });
	const hints = ['ENOENT', 'ECONNREFUSED', 'EACCES', 'ECONNRESET'].map((code) => failureLines(unreachable(code))[1]);
	assert.equal(new Set(hints).size, 4);
	assert.match(hints[2] ?? '', /root/);
});

test('the failure as JSON names the system code', async () => {
	const ran = await run(['status', '--json'], { environment: { SLUICE_SOCKET: join(folder, 'none.sock') } });
	assert.deepEqual([ran.code, ran.out], [1, '']);
	const { type, systemCode, detail } = JSON.parse(ran.err) as { type: string; systemCode: string; detail: string };
	assert.deepEqual([type, systemCode], ['urn:sluice:unreachable', 'ENOENT']);
	assert.match(detail, /none\.sock/);
});

test('without --socket: the environment, then the server, then the checkout', async () => {
	const asked = async (environment: { [name: string]: string }): Promise<string> =>
		/: (\S+) does not exist/.exec((await run(['status'], { environment })).err)?.[1] ?? '';
	assert.equal(await asked({ SLUICE_SOCKET: '/nonexistent/x.sock' }), '/nonexistent/x.sock');
	// Elsewhere than in a checkout in which `npm start` perhaps runs.
	const here = process.cwd();
	process.chdir(folder);
	try {
		assert.equal(await asked({ SLUICE_SOCKET: '' }), './var/agent.sock');
	} finally {
		process.chdir(here);
	}
});
