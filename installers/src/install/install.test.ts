/** Installing on a server in memory: done, done again, failing at each act, killed at each act, and taken out of every half state. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok } from '@sluice/shared/words/result.ts';
import { commandLink, configFile, currentRelease } from '../facts/places.ts';
import { memoryServer } from './server.fixture.ts';
import { killedAt } from './troubled.fixture.ts';

const actsMax = 400;

test('installed: program, users, configuration, units, wiring; once more there is nothing to do; then everything is out', async () => {
	const server = memoryServer();
	const before = server.standing();
	const installed = await server.install();
	assert.ok(installed.ok, installed.text);
	const { files, links } = server.memory;
	assert.equal(links.get(currentRelease), 'releases/1.0.0');
	assert.equal(links.get(commandLink), `${currentRelease}/bin/sluice`);
	assert.match(
		files.get(configFile)?.content ?? '',
		/listen: "127\.0\.0\.1:926", peers: mta, mtaUsers: \[Debian-exim\]/,
	);
	assert.match(files.get('/etc/passwd')?.content ?? '', /^sluice:/m);
	assert.ok(server.active.has('sluice-agent.service') && server.active.has('sluice-watch.timer'));
	assert.deepEqual(server.nested, ['agent-answers', 'learn', 'wire']);

	const standing = server.standing();
	const again = await server.install();
	assert.deepEqual([again.ok, again.text.includes('nothing to do')], [true, true], again.text);
	assert.deepEqual(server.standing(), standing);

	const out = await server.uninstall({ purge: true });
	assert.ok(out.ok, out.text);
	assert.deepEqual(server.standing(), before);
});

test('a stage that is named on a server that has one: gone to as `sluice stage` does, as the last thing; the same one again is nothing', async () => {
	const acts: string[] = [];
	const server = memoryServer({
		ports: {
			nested(act) {
				acts.push(act);
				return act === 'stage' ? Promise.resolve(ok('there')) : undefined;
			},
		},
	});
	assert.ok((await server.install({ stage: 'monitor' })).ok);
	assert.equal(acts.includes('stage'), false, 'a fresh configuration has it');
	const same = await server.install({ stage: 'monitor' });
	assert.match(same.text, /nothing to do/);
	const other = await server.install({ stage: 'full' });
	assert.ok(other.ok, other.text);
	assert.equal(acts.at(-1), 'stage');
});

test('whichever act fails, everything is as before', async () => {
	let failures = 0;
	for (let at = 1; at < actsMax; at++) {
		const server = memoryServer();
		const before = server.standing();
		Object.assign(server.trouble, { at, how: 'fail' });
		const installed = await server.install().catch((error: Error) => ({ ok: false, text: error.message }));
		if (server.trouble.acts < at) break;
		if (installed.ok) continue; // What may fail: the log, reading old mail.
		failures++;
		assert.deepEqual(server.standing(), before, `act ${at}: ${installed.text}`);
	}
	assert.ok(failures > 40, `${failures} failures`);
});

test('killed at any act: run again it goes to the end; taken out then, nothing is left', async () => {
	let kills = 0;
	for (let at = 1; at < actsMax; at++) {
		const server = memoryServer();
		const before = server.standing();
		if (!(await killedAt(server.trouble, at, () => server.install()))) break;
		kills++;
		const again = await server.install();
		assert.ok(again.ok, `act ${at}: ${again.text}`);
		assert.ok(server.active.has('sluice-agent.service') && server.memory.links.has(currentRelease), `act ${at}`);
		const out = await server.uninstall({ purge: true });
		assert.ok(out.ok, `act ${at}: ${out.text}`);
		assert.deepEqual(server.standing(), before, `act ${at}`);
	}
	assert.ok(kills > 40, `${kills} kills`);
});

test('killed at any act and taken out at once: nothing is left', async () => {
	for (let at = 1; at < actsMax; at++) {
		const server = memoryServer();
		const before = server.standing();
		if (!(await killedAt(server.trouble, at, () => server.install()))) break;
		const out = await server.uninstall({ purge: true });
		assert.ok(out.ok, `act ${at}: ${out.text}`);
		assert.deepEqual(server.standing(), before, `act ${at}`);
	}
});

test('taking out, killed at any act: run again nothing is left', async () => {
	for (let at = 1; at < actsMax; at++) {
		const server = memoryServer();
		const before = server.standing();
		assert.ok((await server.install()).ok);
		if (!(await killedAt(server.trouble, at, () => server.uninstall({ purge: true })))) break;
		const out = await server.uninstall({ purge: true });
		assert.ok(out.ok, `act ${at}: ${out.text}`);
		assert.deepEqual(server.standing(), before, `act ${at}`);
	}
});
