import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ownerOfPort } from './port-owner.ts';

const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const row = (local: string, state: string, uid: number, inode: number): string =>
	`   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 ${inode} 1 0000000000000000 100 0 0 10 0\n`;

function proc(context: TestContext, tcp: string, tcp6: string): string {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-proc-'));
	context.after(() => rmSync(folder, { recursive: true }));
	mkdirSync(join(folder, 'net'));
	writeFileSync(join(folder, 'net/tcp'), head + tcp);
	writeFileSync(join(folder, 'net/tcp6'), head + tcp6);
	return folder;
}

function runs(folder: string, pid: number, name: string, inode?: number): void {
	mkdirSync(join(folder, `${pid}`, 'fd'), { recursive: true });
	writeFileSync(join(folder, `${pid}/comm`), `${name}\n`);
	if (inode !== undefined) symlinkSync(`socket:[${inode}]`, join(folder, `${pid}/fd/3`));
}

test('the listener of a port, at any address, with its process where that can be seen', async (context) => {
	const folder = proc(
		context,
		// 587 as a peer's port, and 587 of a connection: neither is a listener.
		row('0100007F:9C40', '01', 1000, 7) + row('0100007F:024B', '01', 1000, 8),
		row('00000000000000000000000000000000:024B', '0A', 0, 4711),
	);
	runs(folder, 812, 'exim4', 4711);
	runs(folder, 900, 'master');
	assert.deepEqual(await ownerOfPort(587, folder), { uid: 0, process: 'exim4 (pid 812)' });
	assert.equal(await ownerOfPort(465, folder), undefined);
});

test('without the right to look, a guess that says so, and only of root', async (context) => {
	const folder = proc(context, row('00000000:0019', '0A', 0, 1) + row('00000000:024B', '0A', 1001, 2), '');
	runs(folder, 12, 'nginx');
	runs(folder, 900, 'master');
	assert.deepEqual(await ownerOfPort(25, folder), { uid: 0, process: 'probably master (pid 900)' });
	assert.deepEqual(await ownerOfPort(587, folder), { uid: 1001 });
});

test('no /proc is no answer; the real one knows this process', async (context) => {
	assert.equal(await ownerOfPort(25, '/nowhere'), undefined);
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	context.after(() => server.close());
	const owner = await ownerOfPort((server.address() as { port: number }).port);
	if (process.platform === 'linux') assert.match(owner?.process ?? '', new RegExp(`\\(pid ${process.pid}\\)$`));
});
