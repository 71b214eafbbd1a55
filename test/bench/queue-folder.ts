/**
 * A data folder with many open messages, as an agent would have left it: written straight into the spool log, since accepting
 * a million of them takes longer than what is to be measured.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSpool } from '@sluice/agent/io/spool/spool.ts';
import { type MessageRecord, messageIdOf } from '@sluice/shared/words/message.ts';

export type QueueFolder = {
	readonly dataDir: string;
	readonly messages: number;
	readonly bodyBytes: number;
	/** Recipients are `r0000000123@d0000.SUFFIX`, counted from `firstSerial`, in so many domains. */
	readonly firstSerial: number;
	readonly domains: number;
	readonly domainSuffix: string;
	/** Accounts in turn. */
	readonly accounts: number;
};

/** Appends under way at once; each flush takes what has gathered. */
const appendsAtOnce = 2000;
/** Messages of one millisecond of the ids. */
const messagesPerMs = 4;

/** Writes the log. Every message is one recipient, due now, accepted a moment ago. */
export async function writeQueue(queue: QueueFolder): Promise<void> {
	const { dataDir, messages, bodyBytes, firstSerial } = queue;
	const directory = join(dataDir, 'spool');
	mkdirSync(directory, { recursive: true, mode: 0o700 });
	const { spool } = await openSpool({ directory, visit: () => {} });
	spool.kept();
	const header = 'Subject: One of a long queue\r\nFrom: A Person <user@site.test>\r\n\r\n';
	const body = [
		Buffer.from(`${`${header}${'waits and waits. '.repeat(bodyBytes / 17 + 1)}`.slice(0, bodyBytes - 2)}\r\n`),
	];
	const beganMs = Date.now() - Math.ceil(messages / messagesPerMs);
	for (let from = 0; from < messages; from += appendsAtOnce) {
		const appends: Promise<unknown>[] = [];
		for (let index = from; index < Math.min(messages, from + appendsAtOnce); index++)
			appends.push(
				spool.append(recordOf(queue, firstSerial + index, beganMs + Math.floor(index / messagesPerMs)), body),
			);
		await Promise.all(appends);
	}
	await spool.stop();
}

function recordOf(
	{ bodyBytes, domains, domainSuffix, accounts }: QueueFolder,
	serial: number,
	acceptedMs: number,
): MessageRecord {
	const number = (value: number, digits: number) => String(value).padStart(digits, '0');
	const domain = `site${number(serial % accounts, 4)}.test`;
	const sender = `user@${domain}`;
	const destination = `d${number(Math.floor(serial / accounts) % domains, 4)}.${domainSuffix}`;
	return {
		id: messageIdOf(acceptedMs, serial),
		acceptedMs,
		envelope: {
			reversePath: sender,
			recipients: [{ address: `r${number(serial, 10)}@${destination}` }],
			has8bit: false,
			smtpUtf8: false,
		},
		origin: { peerAddress: '127.0.0.1', helo: 'server.test', protocol: 'ESMTP' },
		attribution: {
			account: `domain:${domain}`,
			identity: { kind: 'mailbox', id: sender },
			class: 'mailbox',
			certainty: 'proved',
			from: `exim header, auth=${sender}`,
			hint: { domain, address: sender },
			alarms: [],
		},
		verdict: { action: 'accept', reasons: [] },
		initial: 'queued',
		bodyBytes,
		cuts: [],
		subject: 'One of a long queue',
		headerFrom: `A Person <${sender}>`,
		hops: 1,
	};
}
