/** An upgrade that goes well, one whose agent is no good, each act failing once, a kill at each act and what the next run makes of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileOf } from '../facts/memory-machine.fixture.ts';
import { goBack, planRollback } from './rollback.ts';
import { planUpgrade, type UpgradeInput, type UpgradePlan, upgrade } from './upgrade.ts';
import { readUpgrade } from './upgrade-journal.ts';
import {
	dataDir,
	type Interruption,
	newer,
	older,
	shownBy,
	type TestServer,
	testServer,
	unitPath,
	unpacked,
} from './upgraded-server.fixture.ts';

async function planned(input: UpgradeInput): Promise<UpgradePlan> {
	const plan = await planUpgrade(input);
	assert.ok(plan?.ok, JSON.stringify(plan));
	return plan.value;
}

async function upgraded(server: TestServer, interruption?: Interruption, source = unpacked) {
	const { killed, ...given } = server.input(interruption);
	const input = { ...given.input, source };
	const whole = async () => upgrade(input, await planned(input));
	return Promise.race([whole().catch((error: Error) => ({ ok: false as const, error })), killed]);
}

async function wentBack(server: TestServer) {
	const { input } = server.input();
	const plan = await planRollback(input.machine, input.agent, input.configFile);
	assert.ok(plan.ok, JSON.stringify(plan));
	return goBack(input, plan.value);
}

const asOlder = { running: '0.1.0', current: 'releases/0.1.0', unit: '0.1.0', state: '3', asked: undefined };
const asNewer = { running: '0.2.0', current: 'releases/0.2.0', unit: '0.2.0', state: '4', asked: undefined };

test('an upgrade: asked of the new program first, written down, one restart, and the release before stays', async () => {
	const server = testServer();
	const { input } = server.input();
	const plan = await planned(input);
	assert.deepEqual(plan.sentences.filter((text) => /version 3 becomes 4|version 2 becomes 3/.test(text)).length, 2);
	server.machine.folders.add('/opt/sluice/releases/0.0.9');
	server.machine.files.set('/opt/sluice/releases/0.0.9', fileOf('/opt/sluice/releases/0.0.9', ''));
	assert.ok(((await upgraded(server)) as { ok: boolean }).ok);
	assert.deepEqual(shownBy(server), asNewer);
	assert.equal(server.starts, 1);
	const order = [
		'config check',
		'write /var/lib/sluice-install/upgrade.json',
		'copy',
		'daemon-reload',
		'link',
		'restart',
	];
	const places = order.map((word) =>
		server.machine.acts.findLastIndex((act) => act.includes(word) && !act.includes('try-restart')),
	);
	places[1] = server.machine.acts.indexOf(order[1] as string);
	assert.deepEqual(
		places,
		places.toSorted((one, other) => one - other),
		'in this order',
	);
	assert.equal(await server.machine.exists('/opt/sluice/releases/0.1.0'), true);
	assert.equal(await server.machine.exists('/opt/sluice/releases/0.0.9'), false);
	assert.equal(await planUpgrade(server.input().input), undefined, 'nothing more to do');
});

for (const behaviour of ['ends', 'mute'] as const)
	test(`an agent that is no good (${behaviour}): everything as before, with its last words`, async () => {
		const server = testServer();
		server.behave('0.2.0', behaviour);
		const done = await upgraded(server);
		assert.ok(done !== 'killed' && !done.ok && 'agentLog' in done.error);
		assert.match(done.error.why, behaviour === 'ends' ? /not started again/ : /451 after the message/);
		assert.deepEqual([done.error.agentLog, done.error.stuck], [['the last words'], []]);
		assert.deepEqual(shownBy(server), asOlder);
		assert.equal(server.machine.files.get(`${dataDir}/state.db.version-4`)?.content, '4', 'what it set is kept aside');
		assert.equal(await readUpgrade(server.machine), undefined);
	});

test('an upgrade that comes to nothing leaves the way back of the one before', async () => {
	const server = testServer();
	assert.ok(((await upgraded(server)) as { ok: boolean }).ok);
	const third = server.unpack({ ...newer, version: '0.3.0' });
	server.behave('0.3.0', 'mute');
	assert.equal(((await upgraded(server, undefined, third)) as { ok: boolean }).ok, false);
	assert.equal(await server.machine.exists('/opt/sluice/releases/0.3.0'), false);
	assert.equal((await readUpgrade(server.machine))?.former, undefined);
	assert.ok((await wentBack(server)).ok);
	assert.deepEqual(shownBy(server), asOlder);
});

test('a state.db of the same format is not put back: what was set meanwhile stays', async () => {
	const server = testServer(older, { ...newer, formats: older.formats });
	server.behave('0.2.0', 'mute');
	await upgraded(server);
	assert.deepEqual(shownBy(server), asOlder);
	assert.deepEqual(
		[...server.machine.files.keys()].filter((path) => path.includes('version-')),
		[],
	);
});

test('whichever act fails: the release before runs as before, or the new one does', async () => {
	for (let at = 1; ; at++) {
		const server = testServer();
		const done = await upgraded(server, { at, kind: 'fails' });
		assert.ok(done !== 'killed');
		if (done.ok) {
			assert.deepEqual(shownBy(server), asNewer, `act ${at}`);
			const whole = testServer();
			await upgraded(whole, { at: Number.POSITIVE_INFINITY, kind: 'fails' });
			if (server.machine.acts.length === whole.machine.acts.length) break;
			continue;
		}
		// Only the last word of the journal was missing: the new one is well, and the next run finds that.
		const isThere = server.running === '0.2.0';
		assert.deepEqual(shownBy(server), isThere ? asNewer : asOlder, `act ${at}`);
		if (isThere) assert.equal((await readUpgrade(server.machine))?.phase, 'moving');
		assert.deepEqual('stuck' in done.error ? done.error.stuck : [], [], `act ${at}`);
		assert.ok(((await upgraded(server)) as { ok: boolean }).ok, `and again, after act ${at}`);
		assert.deepEqual(shownBy(server), asNewer);
	}
});

for (const then of ['upgrade', 'rollback'] as const)
	test(`killed at each act, then ${then}: it ends right`, async () => {
		for (let at = 1; ; at++) {
			const server = testServer();
			const done = await upgraded(server, { at, kind: 'killed' });
			if (done !== 'killed') break;
			assert.ok(server.running !== undefined, `mail is taken after a kill at act ${at}`);
			if (then === 'upgrade') {
				assert.ok(((await upgraded(server)) as { ok: boolean }).ok, `act ${at}`);
				assert.deepEqual(shownBy(server), asNewer, `act ${at}`);
				continue;
			}
			// Before the journal nothing has changed.
			if ((await readUpgrade(server.machine)) !== undefined) assert.ok((await wentBack(server)).ok, `act ${at}`);
			assert.deepEqual(shownBy(server), asOlder, `act ${at}`);
		}
	});

test('killed on the way back, then run again: the new agent is tried again, and the way back is the same', async () => {
	for (let at = 1; ; at++) {
		const server = testServer();
		server.behave('0.2.0', 'ends');
		const done = await upgraded(server, { at, kind: 'killed' });
		if (done !== 'killed') break;
		assert.equal(((await upgraded(server)) as { ok: boolean }).ok, false);
		assert.deepEqual(shownBy(server), asOlder, `act ${at}`);
	}
});

test('rollback: the copy of state.db comes back, and rollback again leads forward', async () => {
	const server = testServer();
	await upgraded(server);
	assert.ok((await wentBack(server)).ok);
	assert.deepEqual(shownBy(server), asOlder);
	assert.ok((await wentBack(server)).ok);
	assert.deepEqual(shownBy(server), asNewer);
});

test('rollback to an agent that is no good: the later one stays, with its own state.db', async () => {
	const server = testServer();
	await upgraded(server);
	server.behave('0.1.0', 'mute');
	const done = await wentBack(server);
	assert.equal(done.ok, false);
	assert.deepEqual(shownBy(server), asNewer);
	assert.equal((await readUpgrade(server.machine))?.to.version, '0.2.0');
});

test('a log of a later format: no way back, said before and refused after; a bad agent stays rather than none', async () => {
	const raised = { ...newer, formats: { ...newer.formats, log: 2 } };
	const server = testServer(older, raised);
	const plan = await planned(server.input().input);
	assert.ok(plan.sentences.some((text) => text.includes('after that there is no way back')));
	await upgraded(server);
	const { input } = server.input();
	const refused = await planRollback(input.machine, input.agent, input.configFile);
	assert.ok(!refused.ok && /spool log has version 2, it knows 1/.test(refused.error.text));
	const bad = testServer(older, raised);
	bad.behave('0.2.0', 'mute');
	const done = await upgraded(bad);
	assert.ok(done !== 'killed' && !done.ok && 'stuck' in done.error);
	assert.match(done.error.stuck.join(), /Release 0\.2\.0 stays/);
	assert.deepEqual([bad.running, bad.machine.links.get('/opt/sluice/current')], ['0.2.0', 'releases/0.2.0']);
});

test('refused with nothing changed: configuration, data of a later release, another upgrade cut off', async () => {
	const server = testServer();
	server.takesConfig = false;
	const refused = async () => {
		const plan = await planUpgrade(server.input().input);
		return plan !== undefined && !plan.ok ? plan.error.code : plan;
	};
	assert.equal(await refused(), 'configuration');
	server.takesConfig = true;
	server.log = 7;
	assert.equal(await refused(), 'newer-data');
	server.log = 1;
	assert.deepEqual(
		server.machine.acts.filter((act) => /^(?:write|link|copy|systemctl)/.test(act)),
		[],
	);
	await Promise.race([upgraded(server, { at: 5, kind: 'killed' })]);
	const journal = await readUpgrade(server.machine);
	assert.ok(journal !== undefined);
	await server.machine.write(
		fileOf('/var/lib/sluice-install/upgrade.json', JSON.stringify({ ...journal, to: { ...newer, version: '0.3.0' } })),
	);
	assert.equal(await refused(), 'interrupted');
	assert.equal(server.machine.files.get(unitPath)?.content, '0.1.0');
});
