/**
 * An SMTP reply, ours or a server's: three digits, enhanced status, text. RFC 5321 §4.2, RFC 2034, RFC 3463.
 */

export type Reply = {
	/** Three digits, 200–599. */
	readonly code: number;
	/** `class.subject.detail`, such as `4.2.2`; absent when the server gave none. */
	readonly status?: string;
	/** The lines without code and status. At least one, possibly empty. */
	readonly lines: readonly string[];
};

export function reply(code: number, status: string | undefined, ...lines: string[]): Reply {
	return status === undefined ? { code, lines } : { code, status, lines };
}

export const isPositive = (answer: Reply): boolean => answer.code >= 200 && answer.code < 400;
export const isPermanent = (answer: Reply): boolean => answer.code >= 500;

/** One line for logs, bounces and pages: `451 4.7.1 try again later`. */
export function replyText(answer: Reply): string {
	const text = answer.lines.join(' ').trim();
	return answer.status === undefined ? `${answer.code} ${text}` : `${answer.code} ${answer.status} ${text}`;
}

/** The bytes on the wire, CRLF-terminated, one `code-` line each and `code ` for the last (RFC 5321 §4.2.1). */
export function replyWire(answer: Reply): string {
	const status = answer.status === undefined ? '' : `${answer.status} `;
	const last = answer.lines.length - 1;
	if (last <= 0) return `${answer.code} ${status}${answer.lines[0] ?? ''}\r\n`;
	return answer.lines.map((line, index) => `${answer.code}${index < last ? '-' : ' '}${status}${line}\r\n`).join('');
}
