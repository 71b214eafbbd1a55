/**
 * A server's bytes into replies, as they arrive.
 *
 * Each complete reply is passed on at once, so that a transaction advances within the read that brought the answer and
 * nothing is queued. Servers are strangers: a reply has a bound, and of its text only so much goes on as a person reads, since
 * it is kept for each recipient, in memory and on disk. A line may hold any bytes (read as UTF-8 when it is UTF-8, else as
 * Latin-1), and control characters become spaces, since these texts end up in logs, pages and bounces.
 * Lenient where it harms nobody: a bare LF ends a line, `250` needs no text, the last line of a reply decides its code.
 *
 * Not here: what a reply means (transact.ts, core/delivery). RFC 5321 §4.2, RFC 2034, RFC 3463 §2.
 */
import { detached } from '@sluice/shared/words/detached.ts';
import type { Reply } from '@sluice/shared/words/reply.ts';

/** Bytes of one reply. A server that talks more than this is not answering. */
export const REPLY_BYTES_MAX = 65_536;
/** Characters of a reply's text that go on, each line counting as one more. The longest real ones have about a thousand. */
export const REPLY_CHARS_KEPT_MAX = 2_000;

export type ReplyListener = {
	/** Called within the read that completed the reply. */
	readonly onReply: (answer: Reply) => void;
	/** These bytes are no replies; nothing further is read. */
	readonly onBreach: (error: string) => void;
};

const STATUS = /^([245]\.\d{1,3}\.\d{1,3})(?:[ \t]+|$)/;
const UNUSUAL = /[^\x20-\x7e]/;
const CONTROL = /\p{Cc}/gu;

/** Reads bytes, given as Latin-1, again as UTF-8 where they are UTF-8. */
function decoded(text: string): string {
	if (!UNUSUAL.test(text)) return text;
	const utf8 = Buffer.from(text, 'latin1').toString('utf8');
	return utf8.includes('\ufffd') ? text : utf8;
}

const printable = (text: string): string => (UNUSUAL.test(text) ? text.replace(CONTROL, ' ') : text);

/** 200–599, or 0 when the line does not begin as a reply. */
function codeOf(line: string): number {
	const hundreds = line.charCodeAt(0) - 48;
	const tens = line.charCodeAt(1) - 48;
	const ones = line.charCodeAt(2) - 48;
	if (!(hundreds >= 2 && hundreds <= 5 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9)) return 0;
	return hundreds * 100 + tens * 10 + ones;
}

function compose(code: number, texts: readonly string[]): Reply {
	let status: string | undefined;
	const lines = texts.map((raw) => {
		const text = printable(raw);
		const match = STATUS.exec(text);
		if (match === null) return text;
		status ??= match[1];
		return text.slice(match[0].length);
	});
	return status === undefined ? { code, lines } : { code, status, lines };
}

/** The reply with no more text than is kept, in memory of its own: not a view of what the socket brought. */
export function keptOf(answer: Reply): Reply {
	let left = REPLY_CHARS_KEPT_MAX;
	const lines: string[] = [];
	for (const line of answer.lines) {
		if (line.length >= left) {
			lines.push(detached(`${line.slice(0, left)}...`));
			break;
		}
		lines.push(detached(line));
		left -= line.length + 1;
	}
	return answer.status === undefined
		? { code: answer.code, lines }
		: { code: answer.code, status: detached(answer.status), lines };
}

/** One reply from its whole text, decoded, lines parted by LF or CRLF; undefined when it is none. */
export function parseReply(text: string): Reply | undefined {
	const lines = text.replace(/\r?\n$/, '').split(/\r?\n/);
	const code = codeOf(lines.at(-1) ?? '');
	return code === 0
		? undefined
		: compose(
				code,
				lines.map((line) => line.slice(4)),
			);
}

/** A reader to be fed the socket's chunks in order. After a breach it ignores what comes. */
export function createReplyReader(listener: ReplyListener, replyBytesMax = REPLY_BYTES_MAX): (chunk: Buffer) => void {
	/** The beginning of a line that has not ended. */
	let partial = '';
	/** Texts of the lines before the last of a multi-line reply. */
	let texts: string[] = [];
	let bytes = 0;
	let broken = false;

	function breach(error: string): void {
		broken = true;
		partial = '';
		texts = [];
		listener.onBreach(error);
	}

	function take(line: string): void {
		const code = codeOf(line);
		const separator = line.charCodeAt(3);
		if (code === 0 || (line.length > 3 && separator !== 0x20 && separator !== 0x2d)) {
			breach(`not a reply: ${printable(decoded(line.slice(0, 80)))}`);
			return;
		}
		bytes += line.length + 2;
		if (bytes > replyBytesMax) {
			breach(`reply over ${replyBytesMax} bytes`);
			return;
		}
		if (separator === 0x2d) {
			texts.push(decoded(line.slice(4)));
			return;
		}
		texts.push(decoded(line.slice(4)));
		const answer = compose(code, texts);
		texts = [];
		bytes = 0;
		listener.onReply(keptOf(answer));
	}

	return (chunk) => {
		if (broken) return;
		const arrived = chunk.toString('latin1');
		let at = arrived.indexOf('\n');
		let from = 0;
		while (at >= 0 && !broken) {
			const end = at > from && arrived.charCodeAt(at - 1) === 0x0d ? at - 1 : at;
			let line = arrived.slice(from, end);
			if (partial !== '') {
				line = partial + line;
				// The CR came with the chunk before.
				if (end === from && line.endsWith('\r')) line = line.slice(0, -1);
				partial = '';
			}
			from = at + 1;
			take(line);
			at = arrived.indexOf('\n', from);
		}
		if (broken || from === arrived.length) return;
		// No search in what has been searched: one byte at a time costs no more than one chunk.
		partial += from === 0 ? arrived : arrived.slice(from);
		if (bytes + partial.length > replyBytesMax) breach(`reply over ${replyBytesMax} bytes`);
	};
}
