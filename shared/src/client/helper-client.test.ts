/** The root helper's client: what comes back, and that whatever is wrong with the helper is an answer in time. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createHelperClient } from './helper-client.ts';

const root = { role: 'admin', id: 'root' } as const;

async function helperThat(context: TestContext, answer: (line: string, socket: Socket) => void): Promise<string> {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-helper-'));
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		let read = '';
		socket.setEncoding('utf8').on('error', () => {});
		socket.on('data', (text: string) => {
			read += text;
			if (read.endsWith('\n')) answer(read.slice(0, -1), socket);
		});
	}).listen(join(folder, 'helper.sock'));
	await once(server, 'listening');
	context.after(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
		rmSync(folder, { recursive: true, force: true });
	});
	return join(folder, 'helper.sock');
}

test('one line goes out, what comes back is checked by the verb', async (context) => {
	const lines: unknown[] = [];
	const socketPath = await helperThat(context, (line, socket) => {
		lines.push(JSON.parse(line));
		socket.write('{"ok":true,"result":{"owner":');
		socket.write('"nordweb"}}\n');
	});
	const reseller = { role: 'reseller', id: 'nordweb', as: 'root' } as const;
	const answer = await createHelperClient(socketPath).call('account-owner', reseller, { user: 'alice' });
	assert.deepEqual(answer, { ok: true, value: { owner: 'nordweb' } });
	assert.deepEqual(lines, [{ verb: 'account-owner', actor: 'reseller nordweb; as=root', args: { user: 'alice' } }]);
});

test('a refusal keeps its words; silence, nonsense and absence are unreachable', async (context) => {
	const codeOf = async (socketPath: string): Promise<string> => {
		const answer = await createHelperClient(socketPath, 300).call('reconcile', root, {});
		assert.equal(answer.ok, false);
		return answer.error.code;
	};
	const answers: { readonly [code: string]: (line: string, socket: Socket) => void } = {
		busy: (_line, socket) => socket.end('{"ok":false,"code":"busy","text":"wait"}\n'),
		unreachable: (_line, socket) => socket.end('no json\n'),
	};
	for (const [code, answer] of Object.entries(answers))
		assert.equal(await codeOf(await helperThat(context, answer)), code);
	assert.equal(await codeOf(await helperThat(context, (_line, socket) => socket.end())), 'unreachable');
	assert.equal(await codeOf(await helperThat(context, () => {})), 'unreachable');
	assert.equal(
		await codeOf(await helperThat(context, (_line, socket) => socket.end('{"ok":true,"result":{}}\n'))),
		'unreachable',
	);
	assert.equal(
		await codeOf(await helperThat(context, (_line, socket) => void socket.write('a'.repeat(70_000)))),
		'unreachable',
	);
	assert.equal(await codeOf('/nowhere/helper.sock'), 'unreachable');
});
