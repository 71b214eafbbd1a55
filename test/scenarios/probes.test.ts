/**
 * Probe messages: stored as any mail, seen by their sink as a receiver would see them, and by nothing that counts, limits, tells or shows mail.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accept } from '@sluice/agent/flow/accept.ts';
import { probeMessagesMax, watchProbeDomain } from '@sluice/shared/words/probe.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { startRecorder } from '../mta/recorder.ts';
import { given, setHold } from './acts.ts';
import { plainMessage, type Rig, startRig } from './rig.ts';
import { mailbox } from './senders.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

const domain = 'one.probe.sluice.invalid';
const recipient = `probe@${domain}`;

/** Hands a message in as a connection would of which the kernel says this. */
async function from(rig: Rig, uid: number | undefined, to: readonly string[]): Promise<string> {
	const peer = {
		address: '127.0.0.1',
		port: 1,
		localAddress: '127.0.0.1',
		localPort: 2,
		proved: uid === 0 || uid === 105,
	};
	const session = {
		id: 'probe',
		peer: { ...peer, ...(uid === undefined ? {} : { uid }) },
		helo: 'x.test',
		protocol: 'ESMTP',
		xforward: {},
	};
	const text = plainMessage(to[0] ?? '');
	const [headerText] = text.split('Hello.');
	const content = {
		chunks: [Buffer.from(text)],
		bytes: text.length,
		headerText: headerText ?? '',
		has8bit: false,
		newlinesNormalised: 0,
	};
	const envelope = {
		reversePath: 'a@one.test',
		recipients: to.map((address) => ({ address })),
		has8bit: false,
		smtpUtf8: false,
	};
	const reply = await accept(rig.agent.flow, session, envelope, content);
	return reply.lines[0]?.split(' ')[0] ?? '';
}

test('a probe message reaches its sink as a receiver would see it, is told of in the list of probes, and nowhere else', async (context) => {
	const rig = await startRig(context, { internet, isWired: true });
	const sink = await startRecorder();
	context.after(() => sink.stop());
	await setHold(rig, { kind: 'account', id: 'domain:held.test' });
	given(await rig.client.call('putProbe', { params: { domain }, body: { sink: sink.port, seconds: 60 } }));
	const id = await rig.send({
		from: 'mary@held.test',
		to: [recipient],
		sender: mailbox('mary@held.test'),
		localAddress: '127.0.0.7',
		ehlo: 'mail.held.test',
	});
	await rig.until(() => rig.count('probe.ended') === 1);

	const [seen] = sink.transactions;
	assert.equal(seen?.peer, '127.0.0.7');
	assert.equal(seen?.ehlo, 'mail.held.test');
	assert.equal(seen?.from, 'mary@held.test');
	assert.equal(sink.transactions.length, 1);

	const { messages } = given(await rig.client.call('deleteProbe', { params: { domain } }));
	const [mail] = messages;
	assert.equal(messages.length, 1);
	assert.deepEqual(
		[mail?.message, mail?.identity, mail?.account, mail?.state, mail?.peer, mail?.helo],
		[id, 'mailbox:mary@held.test', 'domain:held.test', 'delivered', '127.0.0.7', 'mail.held.test'],
	);
	assert.deepEqual(given(await rig.client.call('listProbes')).items, []);

	// A neighbour's mail behind it in the log: what the stores say is from after the probe.
	const neighbour = await rig.send({ to: ['n@ok.test'], sender: mailbox('n@neighbour.test') });
	await rig.until(() => rig.count('message.finished', { message: neighbour }) === 1);
	const listed = given(await rig.client.call('listMessages', { query: {} })).items;
	assert.deepEqual(
		listed.map((one) => one.id),
		[neighbour],
	);
	assert.equal((await rig.client.call('traceMessage', { params: { id } })).ok, false);
	const usage = given(await rig.client.call('getUsage', { params: { level: 'accounts', id: 'domain:held.test' } }));
	assert.ok(usage.items.every(({ used }) => used === 0));
	assert.equal(rig.count('message.accepted', { message: id }), 0);
	assert.equal(rig.agent.flow.scheduler.find(id), undefined);
});

test('a probe without a sink, or whose sink does not answer, is dropped once it is stored, and nobody is told', async (context) => {
	const rig = await startRig(context, { internet, isWired: true });
	given(await rig.client.call('putProbe', { params: { domain }, body: { seconds: 60 } }));
	const id = await rig.send({ to: [recipient] });
	await rig.until(() => rig.count('probe.ended', { message: id, ended: 'discarded' }) === 1);
	// Port 1 on the loopback: nobody.
	given(await rig.client.call('putProbe', { params: { domain }, body: { sink: 1, seconds: 60 } }));
	const refused = await rig.send({ to: [recipient] });
	await rig.until(() => rig.count('probe.ended', { message: refused, ended: 'discarded' }) === 1);
	const restore = { selector: { kind: 'message', id }, reason: 'tried' } as const;
	const restored = await rig.client.call('act', { params: { act: 'restore' }, body: restore });
	assert.equal(restored.ok && restored.value.recipients > 0, false);
	const next = await rig.restart();
	assert.deepEqual([next.agent.flow.scheduler.messages, next.agent.flow.ended.messages], [0, 0]);
	assert.equal(rig.count('dsn.sent') + next.count('dsn.sent'), 0);
	await next.stop();
});

test('only root and the MTA bring probes, only root the one of the watch, and a domain that nobody has told of is none', async (context) => {
	const rig = await startRig(context, { internet, isWired: true });
	given(await rig.client.call('putProbe', { params: { domain }, body: { seconds: 60 } }));
	const watch = `watch@${watchProbeDomain}`;
	const isProbe = async (uid: number | undefined, ...to: readonly string[]): Promise<boolean> => {
		const id = await from(rig, uid, to);
		await rig.until(
			() => rig.count('probe.ended', { message: id }) === 1 || rig.count('message.finished', { message: id }) === 1,
		);
		return rig.count('probe.ended', { message: id }) === 1;
	};
	assert.equal(await isProbe(0, recipient), true);
	assert.equal(await isProbe(105, recipient), true);
	assert.equal(await isProbe(undefined, recipient), false);
	assert.equal(await isProbe(7001, recipient), false);
	assert.equal(await isProbe(0, recipient, 'a@ok.test'), false);
	assert.equal(await isProbe(0, watch), true);
	assert.equal(await isProbe(105, watch), false);
	assert.equal(await isProbe(0, watch, recipient), false);
	assert.equal(await isProbe(0, 'x@two.probe.sluice.invalid'), false);
	// A bound: what comes beyond goes the way of all mail.
	given(await rig.client.call('putProbe', { params: { domain }, body: { seconds: 60 } }));
	await Promise.all(Array.from({ length: probeMessagesMax }, () => from(rig, 0, [recipient])));
	assert.equal(await isProbe(0, recipient), false);
	const full = await Promise.all(
		Array.from({ length: 17 }, (_, at) =>
			rig.client.call('putProbe', { params: { domain: `d${at}.probe.sluice.invalid` }, body: { seconds: 60 } }),
		),
	);
	assert.equal(full.filter(({ ok }) => ok).length, 15);
	assert.equal((await rig.client.call('putProbe', { params: { domain: watchProbeDomain }, body: {} })).ok, false);
});
