/**
 * What a client may ask of SMTP beyond plain text, through the MTA and the agent to the receiver: eight-bit bodies, internationalised
 * addresses, and who wants to be told of what (RFC 6152, 6531, 3461). The same for both MTAs.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ReceivedMessage } from '../internet/message.ts';
import { headerValues } from '../internet/message.ts';
import { withConfig } from './agent-answers.ts';
import type { Hosting, MtaKind } from './hosting.ts';
import type { LocalReport } from './ledger.ts';
import { messageText, type Senders } from './senders.ts';
import { user1 } from './sites.ts';

/** Text of three alphabets, and what is no UTF-8 at all. */
const eightBit = Buffer.concat([
	Buffer.from('Grüße, Привет, 你好\r\n'),
	Buffer.from([0xe4, 0xf6, 0xff, 0x80, 0x0d, 0x0a]),
]);

type World = Hosting<MtaKind>;

export async function runEightBit({ ledger, internet }: World, send: Senders): Promise<void> {
	const message = (subject: string, to: string) =>
		Buffer.concat([Buffer.from(messageText(subject, to, { body: '' }).slice(0, -2)), eightBit]);
	const to = 'eight-bit@remote.test';
	ledger.arrives('eight bits, said so', [to]);
	await send.mailbox(user1, to, { message: message('eight bits, said so', to), mailParameters: 'BODY=8BITMIME' })('');
	// A client that says nothing about it, and a receiver that does not do 8BITMIME: it goes as it is, and this receiver refuses it.
	const plain = 'eight-bit-plain@remote.test';
	ledger.arrives('eight bits, not said', [plain]);
	await send.mailbox(user1, plain, { message: message('eight bits, not said', plain) })('');
	ledger.reported('eight bits, not wanted', ['x@no8bit.test']);
	await send.mailbox(user1, 'x@no8bit.test', { message: message('eight bits, not wanted', 'x@no8bit.test') })('');
	await ledger.settled();
	for (const address of [to, plain]) {
		const arrived = arrivedAt(internet.accepted(), address);
		assert.equal(arrived.bodySha256, createHash('sha256').update(eightBit).digest('hex'));
		assert.equal(arrived.mailParameters.BODY, '8BITMIME');
	}
}

export async function runInternationalised({ ledger, internet }: World, send: Senders): Promise<void> {
	const subject = 'Grüße';
	const to = 'jürgen@bücher.test';
	const mailParameters = 'SMTPUTF8 BODY=8BITMIME';
	ledger.arrives(subject, [to]);
	await send.mailbox(user1, to, { mailParameters })(subject);
	ledger.reported('to a server without', ['jürgen@nosmtputf8.test']);
	await send.mailbox(user1, 'jürgen@nosmtputf8.test', { mailParameters })('to a server without');
	await ledger.settled();
	const arrived = arrivedAt(internet.accepted(), to);
	assert.deepEqual(arrived.mailParameters.SMTPUTF8, true);
	assert.deepEqual(headerValues(arrived.content, 'Subject'), [subject]);
	assert.deepEqual(headerValues(arrived.content, 'To'), [`<${to}>`]);
	const [report] = (await ledger.reports()).filter(({ about }) => about === 'to a server without');
	assert.match(report!.text, /5\.6\.7/);
}

export async function runDsnParameters(hosting: World, send: Senders): Promise<void> {
	const { ledger, internet, rig } = hosting;
	const hand = (address: string, parameters: string, mailParameters = 'RET=HDRS') =>
		send.mailbox(user1, address, { recipients: [{ address, parameters }], mailParameters });
	const reportsOf = async (subject: string): Promise<readonly LocalReport[]> =>
		(await ledger.reports()).filter(({ about }) => about === subject);
	await withConfig(
		hosting,
		({ delivery, ...rest }) => ({
			...rest,
			delivery: { ...delivery, retry: { ...delivery?.retry, expireSeconds: 5, delayNoticeSeconds: 2 } },
		}),
		async () => {
			await hand('550-never@one.test', 'NOTIFY=NEVER')('notify never');
			ledger.arrives('notify success, next hop does it', ['success@one.test']);
			await hand('success@one.test', 'NOTIFY=SUCCESS')('notify success, next hop does it');
			ledger.arrives('notify success, next hop does not', ['success@nodsn.test']);
			ledger.reported('notify success, next hop does not', ['success@nodsn.test'], 'relayed');
			await hand('success@nodsn.test', 'NOTIFY=SUCCESS')('notify success, next hop does not');
			ledger.reported('headers only', ['550-hdrs@one.test']);
			await hand(
				'550-hdrs@one.test',
				'NOTIFY=FAILURE ORCPT=rfc822;first+2Bone@one.test',
				'RET=HDRS ENVID=id+2B17',
			)('headers only');
			ledger.reported('whole message', ['550-full@one.test']);
			await hand('550-full@one.test', 'NOTIFY=FAILURE', 'RET=FULL')('whole message');
			ledger.reported('late', ['450-late@one.test'], 'delayed');
			ledger.reported('late', ['450-late@one.test']);
			await hand('450-late@one.test', 'NOTIFY=DELAY,FAILURE')('late');
			ledger.reported('late, not wanted', ['450-quiet@one.test']);
			await hand('450-quiet@one.test', 'NOTIFY=FAILURE')('late, not wanted');
			await ledger.settled();
		},
	);
	assert.equal(rig.count('recipient.bounced', { recipient: '550-never@one.test' }), 1);
	const success = arrivedAt(internet.accepted(), 'success@one.test');
	assert.equal(success.recipients[0]?.parameters.NOTIFY, 'SUCCESS');
	const [headers] = await reportsOf('headers only');
	assert.match(headers!.text, /^Original-Envelope-Id: id\+17$/m);
	assert.match(headers!.text, /^Original-Recipient: rfc822; ?first\+one@one\.test$/m);
	assert.match(headers!.text, /^Content-Type: (?:text\/rfc822-headers|message\/rfc822-headers)$/im);
	assert.doesNotMatch(headers!.text, /Hello from headers only/);
	const [whole] = await reportsOf('whole message');
	assert.match(whole!.text, /^Content-Type: message\/rfc822$/m);
	assert.match(whole!.text, /Hello from whole message/);
}

function arrivedAt(messages: readonly ReceivedMessage[], address: string): ReceivedMessage {
	const found = messages.filter(({ acceptedRecipients }) => acceptedRecipients.includes(address));
	assert.equal(found.length, 1, address);
	return found[0]!;
}
