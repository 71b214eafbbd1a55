/**
 * Reading an SMTP reply from text: what a log line, a bounce or a sample in the rule table shows.
 *
 * Takes one line or several (`550-5.1.1 …`, continued), with or without an enhanced status. Lenient on purpose: people paste
 * replies with `smtp;` in front and the status repeated on each line. Not here: reading the wire (io/smtp-out has its own
 * strict reader), what the reply means (classify.ts). RFC 5321 §4.2.1, RFC 2034 §4, RFC 3463 §2.
 */
import type { Reply } from '@sluice/shared/words/reply.ts';

/** Longer text is cut: no server needs more to say why. */
export const replyTextCharsMax = 4_000;

const statusAhead = /^([245]\.\d{1,3}\.\d{1,3})(?=\s|$|[:;,-])[\s:;,-]*/;

/** The reply in the text, or undefined when it does not begin with a code of three digits. */
export function parseReply(text: string): Reply | undefined {
	const lines: string[] = [];
	let code: number | undefined;
	let status: string | undefined;
	for (const raw of text.slice(0, replyTextCharsMax).split(/\r\n|\r|\n/)) {
		let line = raw.trim();
		if (code === undefined) {
			line = line.replace(/^smtp\s*;\s*/i, '');
			if (line === '') continue;
			const head = /^([2-5]\d\d)(?:[\s-]+|$)/.exec(line);
			if (head === null) return undefined;
			code = Number(head[1]);
			line = line.slice(head[0].length);
		} else {
			line = line.replace(new RegExp(`^${code}(?:[\\s-]+|$)`), '');
		}
		const found = statusAhead.exec(line);
		if (found !== null) {
			status ??= found[1];
			line = line.slice(found[0].length);
		}
		if (line !== '' || lines.length === 0) lines.push(line);
	}
	if (code === undefined) return undefined;
	return status === undefined ? { code, lines } : { code, status, lines };
}

/** The enhanced status, from its own field or, where a server wrote it elsewhere, from the first place in the text that has one of the code's class. */
export function statusOf(reply: Reply): string | undefined {
	if (reply.status !== undefined) return reply.status;
	const digit = Math.trunc(reply.code / 100);
	const text = reply.lines.join(' ').slice(0, replyTextCharsMax);
	// A version number or an address part (`5.7.1.2`) is not a status.
	const found = new RegExp(`(?:^|[\\s(#])(${digit}\\.[0-7]\\.\\d{1,3})(?=[\\s,;:)-]|$)`).exec(text);
	return found?.[1];
}
