/**
 * Our own reports go back through the MTA; to senders that it does not know and will not relay to, on their own.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startInternet } from '../internet/internet.ts';
import { headerValues } from '../internet/message.ts';
import { type Answer, startRecorder } from '../mta/recorder.ts';
import { startRig } from './rig.ts';

async function startBehind(context: TestContext, answer?: Answer) {
	const mta = await startRecorder(answer === undefined ? {} : { answer });
	const internet = await startInternet();
	const rig = await startRig(undefined, { internet, config: { dsn: { via: { host: '127.0.0.1', port: mta.port } } } });
	context.after(async () => {
		await rig.stop();
		await Promise.all([internet.stop(), mta.stop()]);
	});
	return { mta, internet, rig };
}

test('a report goes to the MTA as this machine, whatever address the message came from', async (context) => {
	const { mta, internet, rig } = await startBehind(context);
	await rig.send({ to: ['550-x@ok.test'], localAddress: '127.0.0.5', ehlo: 'mail.one.test' });
	await rig.until(() => rig.count('message.finished') === 2);
	const [report] = mta.transactions;
	assert.deepEqual([report?.peer, report?.ehlo, report?.from], ['127.0.0.1', 'relay.rig.test', '']);
	assert.equal(internet.accepted().length, 0);
});

for (const reply of [
	'554 5.7.1 <a@one.test>: Relay access denied',
	'550 relay not permitted',
	'454 4.7.1 Relay access denied',
]) {
	test(`a report that the MTA does not relay goes to its recipient by MX, once: ${reply}`, async (context) => {
		const { mta, internet, rig } = await startBehind(context, (stage) => (stage === 'rcpt' ? reply : undefined));
		await rig.send({ to: ['550-x@ok.test'] });
		await rig.until(() => rig.count('message.finished') === 2);
		assert.equal(mta.transactions.length, 0);
		const [report, ...others] = internet.accepted();
		assert.deepEqual([others.length, report?.reversePath, report?.acceptedRecipients], [0, '', ['a@one.test']]);
		assert.match(headerValues(report!.content, 'Content-Type')[0]!, /^multipart\/report/);
		assert.equal(rig.count('recipient.bounced'), 1);
	});
}

test('a mailbox that the MTA says is not there stays so: nothing is sent around it', async (context) => {
	const { internet, rig } = await startBehind(context, (stage) =>
		stage === 'rcpt' ? '550 5.1.1 no such user' : undefined,
	);
	await rig.send({ to: ['550-x@ok.test'] });
	await rig.until(() => rig.count('message.finished') === 2);
	assert.equal(rig.count('recipient.bounced'), 2);
	assert.equal(internet.accepted().length, 0);
});
