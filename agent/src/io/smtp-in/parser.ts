/**
 * MAIL and RCPT: the command line with its parameters.
 *
 * Lines come one char a byte. Bytes above ASCII are taken as UTF-8 and only where SMTPUTF8 was said (RFC 6531 §3.4); else
 * 553 5.6.7. Parameters that we offer are checked and kept, a repeated one is an error, one that we do not offer is 555
 * (RFC 5321 §4.1.1.11). AUTH= is read and ignored, as RFC 4954 §5 lets a server do that does not trust the client with it.
 *
 * Pure. Not here: whether the command is in order, whether size and recipient are welcome (connection.ts, flow).
 * RFC 1870 SIZE, RFC 3461 DSN, RFC 6152 8BITMIME.
 */
import type { EnvelopeRecipient, NotifyWord } from '@sluice/shared/words/envelope.ts';
import type { FaultName } from '@sluice/shared/words/faults.ts';
import type { MailCommand } from '../../ports/smtp-in.ts';
import { readPath } from './path.ts';

export const mailVerb = 'MAIL FROM:';
export const rcptVerb = 'RCPT TO:';

const NOT_PRINTABLE_ASCII = /[^\x20-\x7e]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not pass.
const CONTROL = /[\x00-\x1f\x7f]/;
const SMTPUTF8 = / SMTPUTF8(?: |$)/i;
const SIZE = /^\d{1,20}$/;
/** RFC 3461 §4: printable, `+XX` for the rest; `=` is let through since some clients leave it. */
const XTEXT = /^(?:[!-*,-~]|\+[0-9A-F]{2})*$/;
// RFC 3461 §4.2: addr-type ";" xtext. With SMTPUTF8 the address may be UTF-8 as it is (RFC 6533 §3).
const ORIGINAL_RECIPIENT = /^[A-Za-z0-9-]+;[^\s]+$/;
/** RFC 3461 §4.4. */
const ENVID_CHARS_MAX = 100;
/** RFC 3461 §4.2. */
const ORCPT_CHARS_MAX = 500;
const NOTIFY_WORDS: ReadonlySet<string> = new Set(['NEVER', 'SUCCESS', 'FAILURE', 'DELAY']);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A whole `MAIL FROM:…` line without CRLF, one char a byte. */
export function parseMail(line: string): MailCommand | FaultName {
	const isUtf8Allowed = asksForUtf8(line);
	const text = decoded(line, isUtf8Allowed);
	if (text === undefined) return faultOfBytes(line, isUtf8Allowed);
	const path = readPath(text, mailVerb.length);
	if (path === undefined) return 'senderSyntax';
	const mail: Writable<MailCommand> = {
		reversePath: path.address,
		smtpUtf8: false,
	};
	if (path.end === text.length) return mail;
	return readParameters(text, path.end, (keyword, value) => readMailParameter(mail, keyword, value)) ?? mail;
}

/** Looked for in the bytes behind the first `>`, since what they are as text hangs on it. */
const asksForUtf8 = (line: string): boolean => SMTPUTF8.test(line.slice(line.indexOf('>') + 1));

/** A whole `RCPT TO:…` line without CRLF, one char a byte. `smtpUtf8`: MAIL asked for it. */
export function parseRecipient(line: string, smtpUtf8: boolean): EnvelopeRecipient | FaultName {
	const text = decoded(line, smtpUtf8);
	if (text === undefined) return faultOfBytes(line, smtpUtf8);
	const path = readPath(text, rcptVerb.length);
	if (path === undefined || path.address === '') return 'recipientSyntax';
	const recipient: Writable<EnvelopeRecipient> = { address: path.address };
	if (path.end === text.length) return recipient;
	return readParameters(text, path.end, (keyword, value) => readRcptParameter(recipient, keyword, value)) ?? recipient;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The line as text; undefined when it has bytes that may not be there. */
function decoded(line: string, isUtf8Allowed: boolean): string | undefined {
	if (!NOT_PRINTABLE_ASCII.test(line)) return line;
	if (CONTROL.test(line) || !isUtf8Allowed) return undefined;
	try {
		return utf8.decode(Buffer.from(line, 'latin1'));
	} catch {
		return undefined;
	}
}

function faultOfBytes(line: string, isUtf8Allowed: boolean): FaultName {
	return CONTROL.test(line) || isUtf8Allowed ? 'argument' : 'utf8Required';
}

/** Reads ` KEY=value KEY …` from index `from`; the fault of the first that is wrong. */
function readParameters(
	text: string,
	from: number,
	read: (keyword: string, value: string | undefined) => FaultName | undefined,
): FaultName | undefined {
	if (text[from] !== ' ') return 'argument';
	for (const part of text.slice(from + 1).split(' ')) {
		if (part === '') continue;
		const equals = part.indexOf('=');
		const keyword = (equals < 0 ? part : part.slice(0, equals)).toUpperCase();
		const fault = read(keyword, equals < 0 ? undefined : part.slice(equals + 1));
		if (fault !== undefined) return fault;
	}
	return undefined;
}

function readMailParameter(
	mail: Writable<MailCommand>,
	keyword: string,
	value: string | undefined,
): FaultName | undefined {
	switch (keyword) {
		case 'SIZE':
			if (value === undefined || mail.sizeBytes !== undefined || !SIZE.test(value)) return 'argument';
			mail.sizeBytes = Number(value);
			return undefined;
		case 'BODY': {
			const body = value?.toUpperCase();
			if (body === undefined || mail.body !== undefined) return 'argument';
			if (body !== '7BIT' && body !== '8BITMIME') return 'parameter';
			mail.body = body;
			return undefined;
		}
		case 'SMTPUTF8':
			if (value !== undefined || mail.smtpUtf8) return 'argument';
			mail.smtpUtf8 = true;
			return undefined;
		case 'RET': {
			const ret = value?.toUpperCase();
			if (mail.ret !== undefined || (ret !== 'FULL' && ret !== 'HDRS')) return 'argument';
			mail.ret = ret;
			return undefined;
		}
		case 'ENVID':
			if (mail.envid !== undefined || !isXtext(value, ENVID_CHARS_MAX)) return 'argument';
			mail.envid = value;
			return undefined;
		case 'AUTH':
			return value === undefined ? 'argument' : undefined;
		default:
			return 'parameter';
	}
}

function readRcptParameter(
	recipient: Writable<EnvelopeRecipient>,
	keyword: string,
	value: string | undefined,
): FaultName | undefined {
	switch (keyword) {
		case 'NOTIFY': {
			const notify = value === undefined ? undefined : readNotify(value);
			if (notify === undefined || recipient.notify !== undefined) return 'argument';
			recipient.notify = notify;
			return undefined;
		}
		case 'ORCPT':
			if (recipient.orcpt !== undefined || value === undefined) return 'argument';
			if (value.length > ORCPT_CHARS_MAX || !ORIGINAL_RECIPIENT.test(value)) return 'argument';
			recipient.orcpt = value;
			return undefined;
		default:
			return 'parameter';
	}
}

/** `NEVER`, or a list without it (RFC 3461 §4.1). */
function readNotify(value: string): readonly NotifyWord[] | undefined {
	const words = value.toUpperCase().split(',');
	if (new Set(words).size !== words.length) return undefined;
	if (!words.every((word): word is NotifyWord => NOTIFY_WORDS.has(word))) return undefined;
	return words.length > 1 && words.includes('NEVER') ? undefined : words;
}

function isXtext(value: string | undefined, charsMax: number): value is string {
	return value !== undefined && value !== '' && value.length <= charsMax && XTEXT.test(value);
}
