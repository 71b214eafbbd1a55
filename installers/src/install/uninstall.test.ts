/** Taking out: mail first, what others have changed, what cannot be read, what is kept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failed, ok } from '@sluice/shared/words/result.ts';
import { installLog } from '../apply/install-journal.ts';
import { fileOf } from '../facts/memory-machine.fixture.ts';
import { pendingFile, readPending } from './pending.ts';
import { memoryServer } from './server.fixture.ts';

const unit = '/etc/systemd/system/sluice-agent.service';

test('the mail server cannot be led its former way: the agent stays, for mail still comes to it', async () => {
	let isBroken = false;
	const server = memoryServer({
		ports: {
			nested: (act) => (isBroken && act === 'unwire' ? Promise.resolve(failed('the disk is full')) : undefined),
		},
	});
	assert.ok((await server.install()).ok);
	isBroken = true;
	const out = await server.uninstall();
	assert.match(out.text, /disk is full.*The agent stays/s);
	assert.equal(out.ok, false);
	assert.ok(server.active.has('sluice-agent.service'));
	isBroken = false;
	assert.ok((await server.uninstall()).ok);
});

test('mail in the queue: not taken out, unless written out or given up by name', async () => {
	const exported: string[] = [];
	const server = memoryServer({
		ports: {
			nested: (act) =>
				act === 'queue-empty' ? Promise.resolve(failed('mail for 3 recipients is in the queue')) : undefined,
			async exportQueue(_, to) {
				exported.push(to);
				return ok({ messages: 2, recipients: 3 });
			},
		},
	});
	assert.ok((await server.install()).ok);
	const refused = await server.uninstall({ purge: true });
	assert.match(refused.text, /3 recipients.*--drain 1h.*--export DIR.*--discard-queue/s);
	assert.ok(server.active.has('sluice-agent.service'));
	assert.ok(server.memory.folders.has('/var/lib/sluice'));
	assert.ok((await server.uninstall({ purge: true, export: '/root/mail' })).ok);
	assert.deepEqual(exported, ['/root/mail']);
	assert.equal(server.active.size, 0);
});

test('without --purge configuration and data stay, and are root’s before our users go', async () => {
	const server = memoryServer();
	assert.ok((await server.install()).ok);
	assert.ok((await server.uninstall()).ok);
	assert.ok(server.memory.files.has('/etc/sluice/agent.yaml') && server.memory.folders.has('/var/lib/sluice'));
	const { ran } = server.memory;
	for (const folder of ['/etc/sluice', '/var/lib/sluice']) assert.ok(ran.includes(`chown -Rh root:root ${folder}`));
	assert.doesNotMatch(server.memory.files.get('/etc/passwd')?.content ?? '', /^sluice/m);
	// And it can come again, with what was kept.
	const config = server.memory.files.get('/etc/sluice/agent.yaml')?.content;
	assert.ok((await server.install()).ok);
	assert.equal(server.memory.files.get('/etc/sluice/agent.yaml')?.content, config);
});

test('a record that was lost: what is ours by name goes all the same', async () => {
	const server = memoryServer();
	const before = server.standing();
	assert.ok((await server.install()).ok);
	server.memory.files.delete('/var/lib/sluice-install/state.json');
	const out = await server.uninstall({ purge: true });
	assert.ok(out.ok, out.text);
	assert.deepEqual(server.standing(), before);
});

test('an agent’s configuration that cannot be read is in nobody’s way', async () => {
	const server = memoryServer();
	const before = server.standing();
	assert.ok((await server.install()).ok);
	const other = memoryServer({ ports: { readConfig: () => failed(['line 3: boo']) } });
	for (const [path, file] of server.memory.files) other.memory.files.set(path, file);
	for (const [path, target] of server.memory.links) other.memory.links.set(path, target);
	for (const path of server.memory.folders) other.memory.folders.add(path);
	const out = await other.uninstall({ purge: true });
	assert.ok(out.ok, out.text);
	assert.deepEqual(other.standing(), before);
});

test('what was here before us comes back, and what others have written since stays', async () => {
	const server = memoryServer();
	server.memory.files.set(unit, fileOf(unit, 'one of mine\n', { mode: 0o600 }));
	assert.ok((await server.install()).ok);
	assert.notEqual(server.memory.files.get(unit)?.content, 'one of mine\n');
	assert.ok((await server.uninstall({ purge: true })).ok);
	assert.deepEqual(server.memory.files.get(unit), fileOf(unit, 'one of mine\n', { mode: 0o600 }));
});

test('going back is written down before the mail server is touched, and confirming takes it away', async () => {
	let atWiring: string | undefined;
	const server = memoryServer({
		ports: {
			nested(act) {
				if (act === 'wire') atWiring = server.memory.files.get(pendingFile)?.content;
				return undefined;
			},
		},
	});
	assert.ok((await server.install({ confirmWithin: 300_000 })).ok);
	const pending = JSON.parse(atWiring ?? '{}');
	assert.deepEqual(pending.revert, [['/usr/local/bin/sluice', 'mta', 'unwire', '--yes']]);
	assert.ok(server.active.has('sluice-watch.timer'));
	const asked = JSON.parse(server.memory.files.get(pendingFile)?.content ?? '{}');
	assert.equal(asked.untilMs, 1_700_000_000_000 + 300_000);
	assert.ok((await server.uninstall({ purge: true })).ok);
	assert.equal(server.memory.files.has(pendingFile), false);
});

test('what is taken out is told as what happens, not as what was once done', async () => {
	const server = memoryServer();
	assert.ok((await server.install()).ok);
	assert.ok((await server.uninstall()).ok);
	const log = server.memory.files.get(installLog)?.content ?? '';
	const [, out = ''] = log.split('is installed.\n');
	assert.doesNotMatch(out, /UNDONE|Start the agent|Make \/run|Put \d+ unit/);
	assert.match(out, /DONE Stop and forget .*sluice-agent\.service/);
	assert.match(out, /DONE Remove \d+ unit files from \/etc\/systemd\/system, .*tmpfiles/);
	assert.match(out, /DONE Remove the user and group sluice\./);
});

test('what waits to be confirmed and is not to be believed is nobody’s order: the watch leaves it, confirming clears it', async () => {
	const server = memoryServer();
	server.memory.files.set(pendingFile, fileOf(pendingFile, '{"untilMs": 1', { mode: 0o600 }));
	assert.equal((await readPending(server.memory, Number.MAX_SAFE_INTEGER)).kind, 'unbelievable');
	const confirmed = await server.confirm();
	assert.ok(confirmed.ok, confirmed.text);
	assert.equal(server.memory.files.has(pendingFile), false);
	const due = { untilMs: 1, revert: [['sluice', 'mta', 'unwire', '--yes']], why: 'it' };
	server.memory.files.set(pendingFile, fileOf(pendingFile, JSON.stringify(due), { mode: 0o600 }));
	const late = await server.confirm();
	assert.match(late.text, /time to confirm is over/);
	assert.ok(server.memory.files.has(pendingFile));
});
