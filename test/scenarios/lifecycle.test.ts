/**
 * Starting, stopping, changing the configuration: mail that is here stays, what is under way ends, the port is never lost.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Config } from '@sluice/shared/contract/config.ts';
import { makeHome, startProcess } from '../faults/agent-process.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { RawClient } from '../internet/raw-client.ts';
import { submit } from '../mta/submit.ts';
import { act, given, patient, setHold, states, takenBy } from './acts.ts';
import { plainMessage, type RigOptions, rigConfig, startRig } from './rig.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

for (const indexIs of ['there', 'lost'] as const) {
	test(`queued, deferred and held mail goes on after a restart with the queue index ${indexIs}`, async (context) => {
		const closing = { lane: { windowInitial: 1, failedCohortsMax: 1, reopenSeconds: 3600, reopenMaxSeconds: 3600 } };
		const rig = await startRig(context, { internet, delivery: { ...patient, ...closing } });
		const place = (name: string): string => `${name}-${indexIs}.test`;
		internet.dns.set(place('closed'), [{ type: 'MX', preference: 1, exchange: 'dead.sink.test' }]);
		await setHold(rig, { kind: 'destination', id: place('held') });
		const deferred = await rig.send({ to: [`greylist-1-a@${place('deferred')}`] });
		await rig.send({ from: '', to: [`first@${place('closed')}`] });
		await rig.until(() => rig.count('lane.closed') === 1 && rig.count('recipient.deferred') === 2);
		const due = await rig.send({
			to: [`second@${place('closed')}`, `taken@${place('open')}`, `held@${place('held')}`],
		});
		await rig.until(() => rig.count('recipient.delivered', { message: due }) === 1);
		const open = async (of: typeof rig) => ({
			queue: given(await of.client.call('queue')).items.toSorted((one, other) => (one.key < other.key ? -1 : 1)),
			deferred: given(await of.client.call('getMessage', { params: { id: deferred } })),
			due: given(await of.client.call('getMessage', { params: { id: due } })),
		});
		const before = await open(rig);
		await rig.stopped();
		if (indexIs === 'lost')
			for (const file of ['queue.db', 'queue.db-wal', 'queue.db-shm']) rmSync(join(rig.dataDir, file), { force: true });
		// The server is well again; nobody has told us, but a start looks.
		internet.dns.set(place('closed'), [{ type: 'MX', preference: 1, exchange: 'ordinary.sink.test' }]);
		const again = await rig.restart();
		await again.until(() => again.count('recipient.delivered', { message: due }) === 1);
		const { due: dueNow, ...after } = await open(again);
		assert.deepEqual(after.deferred, before.deferred, 'not before its time');
		const elsewhere = ({ queue }: typeof before) => queue.filter(({ key }) => key !== place('closed'));
		assert.deepEqual(elsewhere({ ...after, due: dueNow }), elsewhere(before));
		assert.deepEqual(
			dueNow.recipients.map(({ state }) => state),
			['delivered', 'delivered', 'held'],
		);
		await act(again, 'REST', 'requeue', { kind: 'message', id: deferred });
		await act(again, 'REST', 'release', { kind: 'message', id: due });
		await again.until(
			() =>
				again.count('message.finished', { message: deferred }) + again.count('message.finished', { message: due }) ===
				2,
		);
		for (const address of [
			`second@${place('closed')}`,
			`taken@${place('open')}`,
			`held@${place('held')}`,
			`greylist-1-a@${place('deferred')}`,
		])
			assert.equal(takenBy(internet, address), 1, address);
	});
}

test('stopping lets a delivery under way end, and it is not repeated', async (context) => {
	const rig = await startRig(context, { internet });
	const id = await rig.send({ to: ['slow-end-600-drain@ok.test'] });
	await rig.until(() => rig.agent.flow.scheduler.busy === 1);
	const again = await rig.restart();
	const names = rig.events.map(({ event }) => event);
	assert.ok(names.indexOf('recipient.delivered') > names.indexOf('agent.stopping'));
	assert.ok(names.indexOf('recipient.delivered') < names.indexOf('agent.stopped'));
	assert.deepEqual(await states(again, id), { 'slow-end-600-drain@ok.test': 'delivered' });
	assert.equal(again.agent.flow.scheduler.messages, 0);
	assert.equal(takenBy(internet, 'slow-end-600-drain@ok.test'), 1);
});

test('a receiver that never answers does not keep the agent from stopping; the mail stays', async (context) => {
	const rig = await startRig(context, { internet, delivery: patient });
	const id = await rig.send({ to: ['timeout-end-x@ok.test'] });
	await rig.until(() => rig.agent.flow.scheduler.busy === 1 && internet.sink('ordinary').counts().connectionsOpen > 0);
	const beganMs = performance.now();
	await rig.agent.stop(200);
	const tookMs = performance.now() - beganMs;
	context.diagnostic(`stopped after ${Math.round(tookMs)} ms of grace 200`);
	assert.ok(tookMs < 3000);
	const again = await rig.restart();
	assert.equal(again.agent.flow.scheduler.messages, 1);
	assert.deepEqual(await states(again, id), { 'timeout-end-x@ok.test': 'queued' });
});

test('stopping: a message in DATA is still taken, idle clients are told 421, new ones are not let in', async (context) => {
	const rig = await startRig(context, { internet, delivery: patient });
	const [busy, idle] = await Promise.all([RawClient.connect(rig.port), RawClient.connect(rig.port)]);
	context.after(() => [busy, idle].map((client) => client.stop()));
	for (const client of [busy, idle]) {
		await client.reply();
		await client.say('EHLO client.example.test');
	}
	await busy.sayAll('MAIL FROM:<a@one.test>', 'RCPT TO:<last@ok.test>', 'DATA');
	busy.write('Subject: the last one\r\n\r\nHal');
	const restarting = rig.restart();
	assert.match(await idle.reply(), /^421 4\.3\.2 /);
	await idle.closed();
	await assert.rejects(RawClient.connect(rig.port), /ECONNREFUSED/);
	busy.write('f of it.\r\n.\r\n');
	assert.match(await busy.reply(), /^250 2\.0\.0 \w{13} queued; see Outgoing mail$/);
	await busy.closed();
	const again = await restarting;
	await again.until(() => takenBy(internet, 'last@ok.test') === 1);
	const [last] = internet.accepted().filter(({ acceptedRecipients }) => acceptedRecipients.includes('last@ok.test'));
	assert.match(last?.content.toString() ?? '', /\r\n\r\nHalf of it\.\r\n$/);
});

test('a changed configuration is in force at once; what needs a restart is named', async (context) => {
	const options: RigOptions = { internet, delivery: patient };
	const rig = await startRig(context, options);
	const changed = (changes: RigOptions): Config => rigConfig({ ...options, ...changes }, rig);
	assert.deepEqual(rig.agent.reload(changed({})), []);

	const smarthost = { host: '127.0.10.2', port: internet.smtpPort };
	assert.deepEqual(rig.agent.reload(changed({ delivery: { ...patient, smarthost } })), []);
	const through = await rig.send({ to: ['through@smarthost.example'] });
	await rig.until(() => rig.count('recipient.delivered', { message: through }) === 1);
	assert.equal(
		internet.accepted().find(({ acceptedRecipients }) => acceptedRecipients.includes('through@smarthost.example'))
			?.sink,
		'second',
	);

	assert.deepEqual(rig.agent.reload(changed({ config: { smtp: { hopsMax: 10 }, queue: { recipientsMax: 2 } } })), []);
	const hops = 'Received: from a by b; Tue, 24 Nov 2026 08:00:00 +0000\r\n'.repeat(11);
	assert.equal((await rig.submit({ to: ['x@ok.test'], message: hops + plainMessage('x@ok.test') })).end?.code, 554);
	await rig.send({ to: ['451-a@ok.test', '451-b@ok.test'] });
	assert.equal((await rig.submit({ to: ['x@ok.test'] })).mail?.code, 452);

	const restartFor = rig.agent.reload(
		changed({
			config: {
				hostName: 'other.rig.test',
				smtp: { listen: '127.0.0.1:2' },
				api: { mode: '0600' },
				wiring: { mta: 'postfix' },
			},
			delivery: { deliveriesMax: 7, lane: { windowMax: 9 } },
		}),
	);
	assert.deepEqual(restartFor.toSorted(), [
		'api.mode',
		'delivery.deliveriesMax',
		'delivery.lane',
		'hostName',
		'smtp.listen',
		'wiring.mta',
	]);
	assert.deepEqual(rig.events.findLast(({ event }) => event === 'agent.reloaded')?.restartFor, restartFor);
});

test('reports that waited for an MTA that is no longer named go their own way', async (context) => {
	const via = { host: '127.0.10.3', port: internet.smtpPort };
	const rig = await startRig(context, { internet, config: { dsn: { via } } });
	await rig.send({ from: 'no-longer@one.test', to: ['550-x@ok.test'] });
	await rig.until(() => rig.count('recipient.deferred', { destination: '!dsn' }) > 0);
	assert.equal(takenBy(internet, 'no-longer@one.test'), 0);
	rig.agent.reload(rigConfig({ internet }, rig));
	await rig.until(() => takenBy(internet, 'no-longer@one.test') === 1);
	await rig.until(() => rig.agent.flow.scheduler.messages === 0);
});

type Handle = { readonly fd: number; getsockname(into: object): number; close(): void };
type CreateHandle = (address: string, port: number, family: number) => Handle;

const { _createServerHandle } = net as unknown as { readonly _createServerHandle: CreateHandle };

/** Sockets as the service manager has them: bound and never accepted from. Only what Node's cluster is made of gives one. */
function boundSocket(): { readonly fd: number; readonly port: number; readonly close: () => void } {
	const handle = _createServerHandle('127.0.0.1', 0, 4);
	const name = { port: 0 };
	handle.getsockname(name);
	return { fd: handle.fd, port: name.port, close: () => handle.close() };
}

function boundPath(path: string): { readonly fd: number; readonly close: () => void } {
	const handle = _createServerHandle(path, -1, -1);
	return { fd: handle.fd, close: () => handle.close() };
}

test('the process: SIGHUP refuses what is wrong and says so, SIGTERM drains, passed sockets lose nobody in between', async (context) => {
	const { fd, port, close } = boundSocket();
	context.after(close);
	const { dataDir: _, ...config } = rigConfig({ internet }, { internet, dataDir: 'set by makeHome' });
	const home = makeHome({ ...config, smtp: { listen: 'fd' as const } });
	context.after(() => home.remove());
	const path = join(home.dir, 'data', 'agent.sock');
	mkdirSync(join(home.dir, 'data'), { mode: 0o700 });
	const api = boundPath(path);
	context.after(api.close);
	chmodSync(path, 0o666);
	const { ino } = statSync(path);
	const first = await startProcess(home, { api: api.fd, smtp: fd });
	context.after(() => first.kill());
	assert.equal(first.port, port);

	const right = JSON.stringify({ dataDir: join(home.dir, 'data'), ...config, smtp: { listen: 'fd' as const } });
	writeFileSync(home.configFile, right.replace('"hopsMax"', '"hopMax"').replace('"smtp":{', '"smtp":{"hopMax":20,'));
	process.kill(first.pid, 'SIGHUP');
	await first.until(() =>
		first.lines.some(({ event, code }) => event === 'health.degraded' && code === 'configuration'),
	);
	const { problems } = given(await first.client.call('health'));
	assert.match(problems.map(({ text }) => text).join(), /hopMax.*did you mean smtp\.hopsMax/);
	writeFileSync(home.configFile, right);
	process.kill(first.pid, 'SIGHUP');
	await first.until(() =>
		first.lines.some(({ event, code }) => event === 'health.recovered' && code === 'configuration'),
	);
	assert.deepEqual(given(await first.client.call('health')).problems, []);

	const message = { from: 'a@one.test', message: plainMessage('x@ok.test') };
	await submit({ ...message, port, recipients: ['slow-end-600-process@ok.test'] });
	await first.until(() => first.lines.some(({ event }) => event === 'message.accepted'));
	assert.equal(await first.stop(), 0);
	assert.equal(takenBy(internet, 'slow-end-600-process@ok.test'), 1);
	// Nobody answers now, but the port is still there: this client waits for the next agent.
	const early = submit({ ...message, port, recipients: ['between@ok.test'] });
	const asked = first.client.call('health');
	const second = await startProcess(home, { api: api.fd, smtp: fd });
	context.after(() => second.kill());
	assert.equal((await early).end?.code, 250);
	assert.equal(given(await asked).version, given(await second.client.call('health')).version);
	// Its owner's still: not made anew, not closed to whom the owner has opened it.
	assert.deepEqual([statSync(path).ino, statSync(path).mode & 0o777], [ino, 0o666]);
	await internet.waitFor(() => takenBy(internet, 'between@ok.test') === 1);
	assert.equal(await second.stop(), 0);
});

test('stopping: who has connected and not spoken yet hands his message over, and is told 421 behind it', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	const client = await RawClient.connect(rig.port);
	context.after(() => client.stop());
	const restarting = rig.restart();
	await client.reply();
	await client.say('EHLO client.example.test');
	await client.sayAll('MAIL FROM:<a@one.test>', 'RCPT TO:<late@ok.test>', 'DATA');
	client.write('Subject: late\r\n\r\nIt.\r\n.\r\n');
	assert.match(await client.reply(), /^250 2\.0\.0 \w{13} queued/);
	assert.match(await client.reply(), /^421 4\.3\.2 /);
	const again = await restarting;
	await again.until(() => takenBy(internet, 'late@ok.test') === 1);
});
