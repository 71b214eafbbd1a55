/**
 * The fake internet as a program of its own, inside a server's network: what server-internet.ts starts there.
 *
 * Says `{"isReady":true}`, then one JSON line a message that a sink has read to its final dot.
 * Ends when its input ends, so that it cannot outlive who started it. Words: DNS port, SMTP port.
 */
import { startInternet } from '../internet/internet.ts';
import type { ReceivedMessage } from '../internet/message.ts';

export type Arrived = Omit<ReceivedMessage, 'raw' | 'content'> & {
	/** As latin1 text, so that every byte survives. */
	readonly text: string;
};

const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

function told({ raw: _, content, ...message }: ReceivedMessage): Arrived {
	return { ...message, text: content.toString('latin1') };
}

if (import.meta.main) {
	const [dnsPort, port] = process.argv.slice(2).map(Number) as [number, number];
	await startInternet({ dnsPort, port, messagesMax: 0, onMessage: (message) => say(told(message)) });
	say({ isReady: true });
	process.stdin.resume().on('close', () => process.exit());
}
