/**
 * Invariant 11: what a receiver sees of this server is the same before and after wiring.
 *
 * The same messages go out twice, first straight from the MTA, then through the agent, to the same sink. Compared are the address they
 * come from, the EHLO name, the envelope with its parameters, every header field but the trace, the DKIM signatures and the body. The
 * one difference is one Received line more.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { dkimSign } from 'mailauth/lib/dkim/sign.js';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { contentFlaws, type ReceivedMessage } from '../internet/message.ts';
import { headerText } from './attribution-case.ts';
import { boxesUnavailable } from './box.ts';
import type { Exim } from './exim.ts';
import { type Hosting, hostNameOf, isExim, type MtaKind, startHosting } from './hosting.ts';
import { headersOf } from './recorder.ts';
import { messageText, sendersOf } from './senders.ts';
import { autoresponder, bobForwardsTo, sites, user1, user2 } from './sites.ts';

const skip = (await boxesUnavailable()) ?? false;

type Sample = {
	readonly name: string;
	readonly send: (subject: string) => Promise<unknown>;
	readonly to: readonly string[];
	/** What it arrives with, when not with its name. */
	readonly subject?: string;
	/** Address and name the receiver sees, whatever the wiring; left out: only that they are the same. */
	readonly source?: { readonly address: string; readonly helo: string };
	/** Domains with a good signature. */
	readonly signedBy?: readonly string[];
};

const author = 'author.test';
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const authorRecord = `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`;

/** Ends in blanks and empty lines, has dots and every byte that text may have. */
const oddBody = [
	'..two dots',
	'.',
	'From the beginning',
	`long ${'x'.repeat(980)}`,
	'trailing \t ',
	`Gr\u00fc\u00dfe ${'\u00e4'.repeat(100)}`,
	'',
	'end',
	'',
	'',
].join('\r\n');

/** A message as a customer's own program signs it. */
async function signed(subject: string, to: string): Promise<string> {
	const message = messageText(subject, to, { body: oddBody });
	const by = { signingDomain: author, selector: 's1', privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
	const { signatures } = await dkimSign(message, { ...by, canonicalization: 'simple/simple', signatureData: [by] });
	return signatures + message;
}

for (const kind of ['exim', 'postfix'] as const satisfies readonly MtaKind[]) {
	suite(`seen from outside, ${kind} without and with the agent`, { skip }, () => {
		let hosting: Hosting<MtaKind>;
		let direct: ReadonlyMap<string, ReceivedMessage>;
		let wired: ReadonlyMap<string, ReceivedMessage>;
		const send = sendersOf(() => hosting.mta);
		const isEximHere = kind === 'exim';
		const [site1, site2] = sites.map(({ address, helo }) => ({ address, helo }));
		const signs = (domain: string) => (isEximHere ? [domain] : []);

		const samples: readonly Sample[] = [
			{
				name: 'mailbox of a site',
				send: send.mailbox(user1, 'one@remote.test'),
				to: ['one@remote.test'],
				source: site1!,
				signedBy: signs('site1.test'),
			},
			{
				name: 'mailbox of another',
				send: send.mailbox(user2, 'two@remote.test'),
				to: ['two@remote.test'],
				source: site2!,
				signedBy: signs('site2.test'),
			},
			{
				name: 'unix user',
				send: send.sendmail('alice', 'three@remote.test'),
				to: ['three@remote.test'],
				source: { address: isEximHere ? '127.0.0.4' : '127.0.0.1', helo: hostNameOf[kind] },
			},
			{
				name: 'unix user as a site',
				send: send.sendmail('webuser', 'four@remote.test', {
					arguments: '-i -f shop@site2.test four@remote.test',
				}),
				to: ['four@remote.test'],
				source: site2!,
				signedBy: signs('site2.test'),
			},
			{
				name: 'several recipients',
				send: send.mailbox(user1, ['five@remote.test', 'six@other.test', 'seven@remote.test']),
				to: ['five@remote.test', 'six@other.test', 'seven@remote.test'],
				source: site1!,
				signedBy: signs('site1.test'),
			},
			{
				name: 'body with everything',
				send: send.mailbox(user1, 'eight@remote.test', { body: oddBody, mailParameters: 'BODY=8BITMIME' }),
				to: ['eight@remote.test'],
				signedBy: signs('site1.test'),
			},
			{
				name: 'signed by its author',
				send: async (subject) =>
					send.mailbox(user2, 'nine@remote.test', {
						message: await signed(subject, 'nine@remote.test'),
						mailParameters: 'BODY=8BITMIME',
					})(subject),
				to: ['nine@remote.test'],
				signedBy: [...signs('site2.test'), author],
			},
			{
				name: 'alias',
				send: send.outside('fwd@site1.test'),
				to: ['outside@remote.test'],
			},
			{ name: '.forward', send: send.outside(`bob@${hostNameOf[kind]}`), to: [bobForwardsTo] },
			{
				name: 'null sender',
				subject: 'away',
				send: send.outside(autoresponder, { from: 'asks@outside.test' }),
				to: ['asks@outside.test'],
			},
			{
				name: 'DSN parameters',
				send: send.mailbox(user1, 'x', {
					recipients: [
						{ address: 'eleven@remote.test', parameters: 'NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;first+40remote.test' },
						{ address: 'twelve@remote.test', parameters: 'NOTIFY=NEVER' },
					],
					mailParameters: 'RET=HDRS ENVID=abc+2B1',
				}),
				to: ['eleven@remote.test', 'twelve@remote.test'],
				source: site1!,
			},
		];

		/** Sends all and collects what arrived, by subject and recipient. */
		async function round(): Promise<ReadonlyMap<string, ReceivedMessage>> {
			const { internet } = hosting;
			internet.sink('ordinary').forget();
			for (const sample of samples) {
				hosting.ledger.arrives(sample.subject ?? sample.name, sample.to);
				await sample.send(sample.name);
			}
			const expected = samples.flatMap(({ to }) => to).length;
			await internet.waitFor(
				() => internet.accepted().flatMap((one) => one.acceptedRecipients).length >= expected,
				20_000,
			);
			return new Map(
				internet.accepted().flatMap((one) => one.acceptedRecipients.map((address) => [address, one] as const)),
			);
		}

		before(async () => {
			hosting = await startHosting(kind, { name: `agent-unchanged-${kind}`, isBare: true });
			direct = await round();
			await hosting.mta.queueEmpty();
			await hosting.wire();
			wired = await round();
		});
		after(() => hosting?.stop());

		for (const sample of samples) {
			test(sample.name, async () => {
				for (const address of sample.to) {
					const [before, after] = [direct.get(address)!, wired.get(address)!];
					assert.deepEqual(seen(after, address), seen(before, address));
					assert.equal(after.mailParameters.BODY, contentFlaws(after.content).hasEightBit ? '8BITMIME' : undefined);
					if (sample.source !== undefined)
						assert.deepEqual({ address: after.peerAddress, helo: after.ehloName }, sample.source);
					assert.equal(after.bodySha256, before.bodySha256);
					assert.deepEqual(fieldsOf(after), fieldsOf(before));
					assert.equal(receivedOf(after).length, receivedOf(before).length + 1);
					assert.match(receivedOf(after)[0]!, /^ from \S+ \(\[127\.0\.0\.\d\]\)\r\n\tby \S+ \(Sluice [0-9a-f]+\)/);
					assert.deepEqual(await signatures(after, hosting), await signatures(before, hosting));
					if (sample.signedBy !== undefined)
						assert.deepEqual(
							(await signatures(after, hosting)).map(({ domain, status }) => [domain, status]),
							sample.signedBy.map((domain) => [domain, 'pass']),
						);
				}
			});
		}
	});
}

/**
 * Envelope and connection. Not compared: SIZE, which counts our Received line, and BODY, which Exim leaves out although the content has
 * eight bits (RFC 6152 §3 wants it); the agent says what is true.
 */
function seen(message: ReceivedMessage, address: string) {
	const { SIZE: _size, BODY: _body, ...mailParameters } = message.mailParameters;
	const recipient = message.recipients.find((one) => one.address === address);
	return {
		peer: message.peerAddress,
		ehlo: message.ehloName,
		reversePath: message.reversePath.replace(/^SRS0=[^=]+=[^=]+=/, 'SRS0=hash=day='),
		mailParameters,
		recipientParameters: recipient?.parameters,
	};
}

const isTrace = (name: string): boolean => /^(?:received|dkim-signature)$/i.test(name);
const fieldsOf = (message: ReceivedMessage) =>
	headersOf(headerText(message.content))
		.filter(({ name }) => !isTrace(name))
		// Made anew by the autoresponder for each answer.
		.map(({ name, value }) => [name, /^(?:message-id|date)$/i.test(name) && message.reversePath === '' ? '' : value]);
const receivedOf = (message: ReceivedMessage) =>
	headersOf(headerText(message.content)).flatMap(({ name, value }) => (/^received$/i.test(name) ? [value] : []));

async function signatures(message: ReceivedMessage, { mta }: Hosting<MtaKind>) {
	const { results } = await dkimVerify(message.content, {
		resolver: async (name: string) => [[await recordOf(name, mta)]],
	});
	return results
		.filter(({ signingDomain }) => signingDomain !== undefined)
		.map(({ signingDomain: domain, selector, status, format, signingHeaders }) => ({
			domain,
			selector,
			status: status.result,
			format,
			fields: signingHeaders?.keys,
		}));
}

const recordOf = async (name: string, mta: Exim | object): Promise<string> => {
	const [, , domain = ''] = /^(.+)\._domainkey\.(.+)$/.exec(name) ?? [];
	return domain === author ? authorRecord : isExim(mta as Exim) ? (mta as Exim).dkimRecord(domain) : '';
};
