/**
 * Notices as MIME messages, written by nodemailer: encodings of header and text are its business.
 *
 * The message is marked as made by a program (RFC 3834 §5), so that no autoresponder answers it. Here only the newlines are seen to,
 * and the dots: the spool keeps content as it goes over the wire (RFC 5321 §4.5.2).
 */
import { createTransport } from 'nodemailer';
import type { Composer } from '../../ports/composer.ts';

const dot = 0x2e;
const lineFeed = 0x0a;

/** A dot at the beginning of a line is doubled. */
function stuffed(content: Buffer): Uint8Array {
	const parts: Buffer[] = [];
	let from = 0;
	for (let at = content.indexOf(dot); at >= 0; at = content.indexOf(dot, at + 1)) {
		if (at > 0 && content[at - 1] !== lineFeed) continue;
		parts.push(content.subarray(from, at + 1));
		from = at;
	}
	return Buffer.concat([...parts, content.subarray(from)]);
}

export function createComposer(): Composer {
	const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
	return {
		async compose({ from, to, subject, text, id, atMs }) {
			const { message } = await transport.sendMail({
				from,
				to,
				subject,
				text,
				messageId: `<${id}>`,
				date: new Date(atMs),
				disableFileAccess: true,
				disableUrlAccess: true,
				headers: { 'Auto-Submitted': 'auto-generated', Precedence: 'bulk' },
			});
			const content = message as Buffer;
			const ends = content.at(-1) === lineFeed;
			return stuffed(ends ? content : Buffer.concat([content, Buffer.from('\r\n')]));
		},
	};
}
