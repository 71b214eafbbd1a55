/**
 * Many submissions at once, straight into acceptance: for backlogs that would take too long over SMTP. All after the socket is real.
 */
import assert from 'node:assert/strict';
import { accept } from '@sluice/agent/flow/accept.ts';
import type { Rig } from './rig.ts';

export type Injection = {
	readonly count: number;
	readonly from: string;
	/** By number of the message. */
	readonly to: (number: number) => string;
	/** The wiring header's line. */
	readonly sender?: string;
};

/** At most so many wait for the disk together. */
const togetherMax = 500;

const peer = { address: '127.0.0.1', port: 1, localAddress: '127.0.0.1', localPort: 2, proved: true };
/** As `submit` shows itself, so that it is the same lane. */
const session = { id: 'inject', peer, helo: 'client.example.test', protocol: 'ESMTP', xforward: {} };

/** Resolves when all are accepted; rejects when one was not. */
export async function inject(rig: Rig, { count, from, to, sender = '' }: Injection): Promise<void> {
	const headerText = `${sender}From: <${from}>\r\nSubject: one of many\r\n\r\n`;
	const bytes = Buffer.from(`${headerText}Hello.\r\n`);
	const content = { chunks: [bytes], bytes: bytes.length, headerText, has8bit: false, newlinesNormalised: 0 };
	for (let first = 0; first < count; first += togetherMax) {
		const some = Array.from({ length: Math.min(togetherMax, count - first) }, (_, at) => first + at);
		const replies = await Promise.all(
			some.map((number) => {
				const envelope = { reversePath: from, recipients: [{ address: to(number) }], has8bit: false, smtpUtf8: false };
				return accept(rig.agent.flow, session, envelope, content);
			}),
		);
		for (const { code, lines } of replies) assert.equal(code, 250, lines.join(' '));
	}
}
