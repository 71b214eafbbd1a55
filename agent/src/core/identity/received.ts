/**
 * The Received lines that Postfix writes, taken apart by whole lines.
 *
 * Postfix begins its lines with a tab and puts the words of the client (HELO, certificate name) only behind fixed text, with
 * `<>()\";@` and blanks neutered. A long line that the smtp client breaks goes on with a space, never a tab. So a line that begins
 * `\tby ` or `\t(Authenticated sender: ` is Postfix's own, if the field is: which field may be believed is decided by position
 * (postfix.ts). Source: Postfix smtpd, pickup, local, cleanup; shapes as seen of 3.7. RFC 5321 §4.4.
 */

import type { Cut } from '@sluice/shared/words/message.ts';
import type { HeaderField } from '../header/scan.ts';

export type PostfixReceived =
	/** By SMTP: `from HELO (name [ip])`, perhaps TLS lines, perhaps the login, `by HOST (Postfix) with ESMTP id Q`. */
	| {
			readonly kind: 'smtp';
			readonly host: string;
			readonly id: string;
			readonly address?: string;
			readonly login?: string;
	  }
	/** By sendmail: `by HOST (Postfix, from userid N)`, `id Q;`. */
	| {
			readonly kind: 'local';
			readonly host: string;
			readonly id: string;
			readonly uid: number;
	  }
	/** Made by Postfix itself, a bounce or the re-injection of a .forward: `by HOST (Postfix)`, `id Q;`. */
	| { readonly kind: 'internal'; readonly host: string; readonly id: string };

const nameLength = 'Received:'.length;
const byLine = /^by (\S{1,255}) \(([^()]{1,100})\)$/;
const userid = /, from userid (\d{1,10})$/;
const idLine = /^\tid ([A-Za-z0-9]{1,40});/;
const smtpBy = /^\tby (\S{1,255}) \([^()]{1,100}\) with \S{1,40} id ([A-Za-z0-9]{1,40})(?:;|$)/;
const addressAtEnd = /\[(?:IPv6:)?([0-9A-Fa-f.:]{2,45})\]\)$/;
const loginLine = /^\t\(Authenticated sender: (.{1,320})\)$/;

/** The field as one that Postfix writes, or undefined. */
export function readPostfixReceived(text: string, field: HeaderField): PostfixReceived | undefined {
	if (text.charCodeAt(field.start + nameLength) !== 0x20) return undefined;
	const lines = text.slice(field.start + nameLength + 1, field.end).split(/\r?\n/);
	const first = lines[0] as string;
	if (first.startsWith('from ')) return smtpOf(lines);

	const by = byLine.exec(first);
	const id = idLine.exec(lines[1] ?? '');
	if (by === null || id === null) return undefined;
	const uid = userid.exec(by[2] as string);
	const common = { host: by[1] as string, id: id[1] as string };
	return uid === null ? { kind: 'internal', ...common } : { kind: 'local', ...common, uid: Number(uid[1]) };
}

/**
 * Where the login stands in a field that Postfix wrote, with its line end: our wiring makes Postfix write it
 * (`smtpd_sasl_authenticated_header`) so that we can read it, and no receiver is to see the mailbox behind an alias because of us.
 */
export function loginLineOf(text: string, field: HeaderField): Cut | undefined {
	const start = text.indexOf('\n\t(Authenticated sender: ', field.start) + 1;
	if (start === 0 || start >= field.end) return undefined;
	const newline = text.indexOf('\n', start);
	return newline < 0 || newline >= field.end ? undefined : [start, newline + 1];
}

function smtpOf(lines: readonly string[]): PostfixReceived | undefined {
	const byIndex = lines.findIndex((line) => line.startsWith('\tby '));
	if (byIndex < 1) return undefined;
	const by = smtpBy.exec(lines[byIndex] as string);
	if (by === null) return undefined;
	const address = addressAtEnd.exec(lines[0] as string)?.[1];
	// The login stands directly above `by`; TLS lines, if any, above it.
	const login = loginLine.exec(lines[byIndex - 1] as string)?.[1];
	return {
		kind: 'smtp',
		host: by[1] as string,
		id: by[2] as string,
		...(address === undefined ? {} : { address }),
		...(login === undefined ? {} : { login }),
	};
}
