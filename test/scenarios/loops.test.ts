/**
 * Loops: our own mail coming back, mail that has travelled too far, servers that are ourselves. Nothing circles, nothing is lost.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sweep } from '@sluice/agent/flow/sweep.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { type Sink, startSink } from '../internet/sink.ts';
import { given, states } from './acts.ts';
import { plainMessage, type Rig, startRig } from './rig.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

const hop = (from: string, by: string): string =>
	`Received: from ${from} by ${by} with ESMTP id x; Tue, 24 Nov 2026 08:00:00 +0000\r\n`;
/** The line of the MTA that hands over to us. */
const mta = hop('somewhere.test', 'mta.rig.test');

let passages = 0;

/** A message as a receiver has got it from us. */
async function passedThrough(rig: Rig, message: string): Promise<string> {
	const from = `pass-${++passages}@one.test`;
	const id = await rig.send({ from, to: ['x@ok.test'], message });
	await rig.until(() => rig.count('recipient.delivered', { message: id }) === 1);
	return (
		internet
			.accepted()
			.find(({ reversePath }) => reversePath === from)
			?.content.toString('latin1') ?? ''
	);
}

const loopProblems = async (rig: Rig): Promise<readonly string[]> =>
	given(await rig.client.call('health')).problems.flatMap(({ code, text }) => (code === 'loop' ? [text] : []));

test('our own mail straight back is deferred with an alarm, other mail goes on, and the alarm ends by itself', async (context) => {
	const rig = await startRig(context, { internet });
	const ours = await passedThrough(rig, mta + plainMessage('x@ok.test'));
	const taken = internet.accepted().length;
	for (const back of [mta + ours, ours]) {
		const { end } = await rig.submit({ to: ['x@ok.test'], message: back });
		assert.match(end?.text ?? '', /^451 4\.4\.6 /);
	}
	assert.equal(rig.count('loop.detected', { where: 'accept' }), 2);
	assert.equal(rig.count('message.refused', { fault: 'E_LOOP', verdict: 'defer' }), 2);
	assert.equal(rig.count('health.degraded', { code: 'loop' }), 1, 'told once');
	assert.match((await loopProblems(rig)).join(), /came straight back/);
	assert.ok(given(await rig.client.call('health')).ready);
	assert.equal(rig.agent.flow.scheduler.messages, 0);
	assert.equal(internet.accepted().length, taken);
	await passedThrough(rig, plainMessage('x@ok.test'));

	const { flow } = rig.agent;
	const at = (laterMs: number) => ({ ...flow, clock: { ...flow.clock, now: () => Date.now() + laterMs } });
	await sweep(at(3_000_000));
	assert.equal((await loopProblems(rig)).length, 1);
	await sweep(at(3_700_000));
	assert.deepEqual(await loopProblems(rig), []);
});

test('mail that comes by way of others may pass four times, then it waits at the MTA', async (context) => {
	const rig = await startRig(context, { internet });
	let message = plainMessage('x@ok.test');
	for (let pass = 1; pass <= 5; pass++) {
		const ours = await passedThrough(rig, mta + message);
		assert.equal(ours.match(/\(Sluice /g)?.length, pass);
		message = hop('relay.rig.test', 'forwarder.test') + ours;
	}
	const { end } = await rig.submit({ to: ['x@ok.test'], message: mta + message });
	assert.match(end?.text ?? '', /^451 4\.4\.6 /);
	assert.equal(rig.count('message.refused', { value: 5, threshold: 4 }), 1);
});

test('50 hops are mail, more are a loop', async (context) => {
	const rig = await startRig(context, { internet });
	const travelled = (hops: number): string => {
		const lines = Array.from({ length: hops }, (_, at) => hop(`h${at}.test`, `h${at + 1}.test`));
		return `${lines.join('')}${plainMessage('x@ok.test')}`;
	};
	await passedThrough(rig, travelled(50));
	const { end } = await rig.submit({ to: ['x@ok.test'], message: travelled(51) });
	assert.match(end?.text ?? '', /^554 5\.4\.6 /);
	assert.equal(rig.count('message.refused', { fault: 'E_HOPS', verdict: 'reject', value: 51, threshold: 50 }), 1);
});

const leadTo = (domain: string, host: string, address?: string): void => {
	internet.dns.set(domain, [{ type: 'MX', preference: 10, exchange: host }]);
	if (address !== undefined) internet.dns.set(host, [{ type: 'A', address }]);
};

/** Once closed a lane stays so: what the first attempt did is what is looked at. */
const long = {
	lane: { reopenSeconds: 3600, reopenMaxSeconds: 3600 },
	retry: { firstSeconds: 3600, maxSeconds: 3600, expireSeconds: 86_400, delayNoticeSeconds: 86_400 },
};

test('a server that greets as ourselves gets nothing: the lane closes, the mail is kept, the operator is told', async (context) => {
	const rig = await startRig(context, { internet, delivery: long });
	const sinks: Sink[] = [];
	context.after(() => Promise.all(sinks.map((sink) => sink.stop())));
	const mirror = async (name: string, address: string, greetingName: string): Promise<Sink> => {
		const sink = await startSink({ name, address, greetingName, port: internet.smtpPort });
		sinks.push(sink);
		leadTo(`${name}.test`, `${name}.mirror.test`, address);
		return sink;
	};
	const places: readonly [domain: string, sink: Sink][] = [
		// The name of the agent, and the one that the MTA in front of us greeted with.
		['as-agent.test', await mirror('as-agent', '127.0.10.60', 'Relay.Rig.test')],
		['as-mta.test', await mirror('as-mta', '127.0.10.61', 'client.example.test')],
		// A name of its own in the banner, ours in the answer to EHLO.
		['loop.test', internet.sink('loop')],
	];
	for (const [domain, sink] of places) {
		const before = sink.counts();
		const id = await rig.send({ to: [`one@${domain}`] });
		await rig.until(() => rig.count('recipient.deferred', { message: id }) === 1);
		const second = await rig.send({ to: [`two@${domain}`] });
		const { connections, transactions, messages } = sink.counts();
		assert.deepEqual(
			{ connections: connections - before.connections, transactions, messages },
			{ connections: 1, transactions: 0, messages: 0 },
			domain,
		);
		assert.equal(rig.count('lane.closed', { destination: domain }), 1);
		assert.equal(rig.count('loop.detected', { where: 'greeting', message: id }), 1);
		assert.deepEqual(await states(rig, id), { [`one@${domain}`]: 'queued' });
		assert.deepEqual(await states(rig, second), { [`two@${domain}`]: 'queued' });
		const [deferral] = (await rig.trace(id)).steps.filter(({ event }) => event === 'recipient.deferred');
		assert.match(deferral?.reply ?? '', /^451 4\.4\.6 /);
		assert.match((await loopProblems(rig)).join(), /greets with our own name/);
	}
	assert.equal(rig.count('dsn.sent'), 0);
	assert.equal(rig.count('recipient.bounced'), 0);
});

test('an MX that is ourselves, by name or by address, is a bounce 5.4.6', async (context) => {
	const rig = await startRig(context, { internet });
	leadTo('by-name.test', 'relay.rig.test', '127.0.10.1');
	leadTo('by-mta-name.test', 'client.example.test', '127.0.10.1');
	leadTo('by-address.test', 'alias.mirror.test', '127.0.0.1');
	const before = internet.counts().connections;
	const to = ['a@by-name.test', 'b@by-mta-name.test', 'c@by-address.test'];
	const id = await rig.send({ from: '', to });
	await rig.until(() => rig.count('message.finished', { message: id }) === 1);
	const { recipients } = given(await rig.client.call('getMessage', { params: { id } }));
	for (const { address, state, reply } of recipients) {
		assert.equal(state, 'bounced', address);
		assert.match(reply ?? '', /^5\d\d 5\.4\.6 /, address);
	}
	assert.equal(internet.counts().connections, before, 'nobody was dialled');
});

test('we are the backup MX: the better host is tried, and the mail waits for it instead of coming round', async (context) => {
	const rig = await startRig(context, { internet, delivery: long });
	internet.dns.set('backup.test', [
		{ type: 'MX', preference: 10, exchange: 'dead.sink.test' },
		{ type: 'MX', preference: 20, exchange: 'relay.rig.test' },
		{ type: 'MX', preference: 30, exchange: 'second.sink.test' },
	]);
	const id = await rig.send({ from: '', to: ['x@backup.test'] });
	await rig.until(() => rig.count('recipient.deferred', { message: id }) === 1);
	assert.deepEqual(await states(rig, id), { 'x@backup.test': 'queued' });
	assert.equal(rig.count('recipient.deferred', { message: id, host: 'dead.sink.test [127.0.10.3]' }), 1);
});
