/**
 * Bounds on what may wait: one account's, and the queue's. Beyond them the MTA keeps the mail, nobody else is met, and it clears by itself.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Internet, startInternet } from '../internet/internet.ts';
import { act, given, patient, setHold } from './acts.ts';
import { startRig } from './rig.ts';
import { mailbox } from './senders.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

test('an account over its bound of open recipients is told 450, its neighbour is not, and it clears', async (context) => {
	const rig = await startRig(context, {
		internet,
		isWired: true,
		delivery: patient,
		config: { queue: { accountRecipientsMax: 3 } },
	});
	const busy = mailbox('b@busy.test');
	// A first message may be larger than the bound: else it could never be sent.
	const large = await rig.send({ to: ['1', '2', '3', '4'].map((name) => `451-${name}@ok.test`), sender: busy });
	const refused = await rig.submit({ to: ['x@ok.test'], sender: busy });
	assert.match(refused.end?.text ?? '', /^450 4\.3\.2 /);
	assert.equal(
		rig.count('message.refused', {
			fault: 'E_ACCOUNT_QUEUE',
			verdict: 'defer',
			rule: 'queue.account-recipients',
			value: 5,
			threshold: 3,
			account: 'domain:busy.test',
		}),
		1,
	);
	const neighbour = await rig.send({ to: ['x@ok.test'], sender: mailbox('n@neighbour.test') });
	await rig.until(() => rig.count('recipient.delivered', { message: neighbour }) === 1);
	await rig.until(() => rig.count('recipient.deferred', { message: large }) === 4);
	await act(rig, 'REST', 'discard', { kind: 'destination', id: 'ok.test' });
	await rig.send({ to: ['x@ok.test'], sender: busy });
});

test('an account over its bound of open bytes is told 450', async (context) => {
	const rig = await startRig(context, {
		internet,
		isWired: true,
		delivery: patient,
		config: { queue: { accountBytesMax: 1024 * 1024 } },
	});
	const sender = mailbox('b@bulky.test');
	const message = `Subject: bulky\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(9000)}`;
	await rig.send({ to: ['451-a@ok.test'], sender, message });
	assert.match((await rig.submit({ to: ['451-b@ok.test'], sender, message })).end?.text ?? '', /^450 4\.3\.2 /);
	assert.equal(rig.count('message.refused', { rule: 'queue.account-bytes', account: 'domain:bulky.test' }), 1);
	await rig.send({ to: ['451-c@ok.test'], sender: mailbox('n@neighbour.test'), message });
	await rig.send({ to: ['451-d@ok.test'], sender });
});

test('a full queue is told 452 at MAIL, health says so, deliveries go on, and it clears', async (context) => {
	const rig = await startRig(context, { internet, delivery: patient, config: { queue: { recipientsMax: 3 } } });
	const { hold } = await setHold(rig, { kind: 'destination', id: 'kept.test' });
	const kept =
		(await rig.submit({ to: ['a@kept.test', 'b@kept.test', 'slow-400-c@ok.test'] })).end?.text.split(' ')[2] ?? '';
	for (let times = 0; times < 2; times++) {
		const { mail } = await rig.submit({ to: ['d@ok.test'] });
		assert.match(mail?.text ?? '', /^452 4\.3\.1 /);
	}
	const full = given(await rig.client.call('health'));
	assert.deepEqual(
		{ ready: full.ready, delivering: full.delivering, problems: full.problems.map(({ code }) => code) },
		{ ready: false, delivering: true, problems: ['queue-full'] },
	);
	assert.equal(rig.count('health.degraded', { code: 'queue-full' }), 1, 'said once');
	await rig.until(() => rig.count('recipient.delivered', { message: kept }) === 1);
	await rig.send({ to: ['d@ok.test'] });
	assert.deepEqual(given(await rig.client.call('health')).problems, []);
	await rig.client.call('deleteHold', { params: { id: hold.id }, query: { release: 'true' } });
	await rig.until(() => rig.count('message.finished', { message: kept }) === 1);
});
