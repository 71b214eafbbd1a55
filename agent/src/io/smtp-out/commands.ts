/**
 * MAIL and RCPT as lines, with the parameters that the server offers and the envelope asks for.
 *
 * A parameter that is not offered is left out without a word: whether a message may go on without it (SMTPUTF8 needed,
 * DSN asked for) is decided before the transaction. Pure. RFC 5321 §4.1.1.2–3, RFC 1870 (SIZE), RFC 6152 (8BITMIME),
 * RFC 6531 (SMTPUTF8), RFC 3461 §4 (DSN).
 */
import { needsUtf8 } from '@sluice/shared/words/address.ts';
import type { EnvelopeRecipient } from '@sluice/shared/words/envelope.ts';
import type { Extensions, OutboundMessage } from '../../ports/smtp-out.ts';

const CONTROL = /\p{Cc}/u;
const XTEXT = /^[\x21-\x7e]+$/;

/** True when every path can stand in a command line: one with a line break would write commands of its own. */
export function pathsAreSafe(message: OutboundMessage): boolean {
	if (CONTROL.test(message.envelope.reversePath)) return false;
	for (const recipient of message.recipients) if (CONTROL.test(recipient.address)) return false;
	return true;
}

/** `MAIL FROM:<…> …` with CRLF. */
export function mailCommand(message: OutboundMessage, extensions: Extensions): string {
	const { envelope } = message;
	let line = `MAIL FROM:<${envelope.reversePath}>`;
	if (extensions.sizeMax !== undefined) line += ` SIZE=${message.bytes}`;
	if (extensions.eightBitMime && message.has8bit) line += ' BODY=8BITMIME';
	if (extensions.smtpUtf8 && asksForUtf8(message)) line += ' SMTPUTF8';
	if (extensions.dsn) {
		if (envelope.ret !== undefined) line += ` RET=${envelope.ret}`;
		if (envelope.envid !== undefined && XTEXT.test(envelope.envid)) line += ` ENVID=${envelope.envid}`;
	}
	return `${line}\r\n`;
}

/** `RCPT TO:<…> …` with CRLF. */
export function rcptCommand(recipient: EnvelopeRecipient, extensions: Extensions): string {
	let line = `RCPT TO:<${recipient.address}>`;
	if (extensions.dsn) {
		if (recipient.notify !== undefined && recipient.notify.length > 0) line += ` NOTIFY=${recipient.notify.join(',')}`;
		if (recipient.orcpt !== undefined && XTEXT.test(recipient.orcpt)) line += ` ORCPT=${recipient.orcpt}`;
	}
	return `${line}\r\n`;
}

/** The client said SMTPUTF8, or a path cannot be written without it. */
function asksForUtf8(message: OutboundMessage): boolean {
	const { envelope, recipients } = message;
	if (envelope.smtpUtf8 || needsUtf8(envelope.reversePath)) return true;
	return recipients.some((recipient) => needsUtf8(recipient.address));
}
