/**
 * An error of our own while mail is being judged costs nobody his mail.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { accept } from '@sluice/agent/flow/accept.ts';
import type { Flow } from '@sluice/agent/flow/context.ts';
import { given } from './acts.ts';
import { type Rig, startRig } from './rig.ts';
import { mailbox } from './senders.ts';

const peer = { address: '127.0.0.1', port: 1, localAddress: '127.0.0.1', localPort: 2, proved: true };
const session = { id: 's', peer, helo: 'client.example.test', protocol: 'ESMTP', xforward: {} };

/** Hands a message to acceptance with one part of it broken; the trace of what became of it. */
async function acceptedWith(context: TestContext, broken: (flow: Flow) => Flow) {
	const rig: Rig = await startRig(context, { isWired: true });
	const headerText = `${mailbox('mary@one.test')}Subject: goes on\r\n\r\n`;
	const bytes = Buffer.from(`${headerText}Hello.\r\n`);
	const content = { chunks: [bytes], bytes: bytes.length, headerText, has8bit: false, newlinesNormalised: 0 };
	const envelope = {
		reversePath: 'mary@one.test',
		recipients: [{ address: 'x@ok.test' }],
		has8bit: false,
		smtpUtf8: false,
	};
	const { code, lines } = await accept(broken(rig.agent.flow), session, envelope, content);
	assert.equal(code, 250);
	const id = lines[0]?.split(' ')[0] ?? '';
	await rig.until(() => rig.count('recipient.delivered', { message: id }) === 1);
	assert.equal(rig.count('source.failed', { fault: 'internal' }), 1, 'told with its stack');
	assert.equal(rig.internet.accepted().length, 1);
	const text = rig.internet.accepted()[0]?.content.toString('latin1') ?? '';
	return { trace: given(await rig.client.call('traceMessage', { params: { id } })), text };
}

const boom = (): never => {
	throw new Error('a bug');
};

test('judging fails: the message goes on as accepted, undecided (invariant 10)', async (context) => {
	const { trace } = await acceptedWith(context, (flow) => ({
		...flow,
		scheduler: { ...flow.scheduler, accountOpen: boom, add: (...added) => flow.scheduler.add(...added) },
	}));
	assert.equal(trace.verdict.action, 'accept');
	assert.deepEqual(
		trace.verdict.reasons.map(({ rule }) => rule),
		['accept.undecided'],
	);
	assert.equal(trace.from.account, 'domain:one.test');
});

test('attributing fails: the message goes on as nobody’s, and our wiring stays inside (invariant 10)', async (context) => {
	const { trace, text } = await acceptedWith(context, (flow) => ({
		...flow,
		accounts: { ...flow.accounts, directory: { accountOfUid: boom, accountOfMailbox: boom, accountOfDomain: boom } },
	}));
	assert.deepEqual([trace.from.account, trace.from.class], ['', 'unattributed']);
	assert.ok(!/x-sluice/i.test(text), 'the secret does not leave');
});
