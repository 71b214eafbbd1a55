/**
 * The replies that the edge gives by itself, as bytes on the wire.
 *
 * Refusals come from the fault catalogue (shared/words/faults.ts); here are the positive ones and the rendering. A reply leaves
 * as ASCII without control characters whatever flow put into it, so that no text can become a second reply. RFC 5321 §4.2.
 */
import { type FaultName, faults } from '@sluice/shared/words/faults.ts';
import { type Reply, reply, replyWire } from '@sluice/shared/words/reply.ts';
import { authOffer } from './auth-exchange.ts';
import type { SmtpInSettings } from './settings.ts';
import { xforwardOffer } from './xforward.ts';

export const wires = {
	mail: replyWire(reply(250, '2.1.0', 'Ok')),
	rcpt: replyWire(reply(250, '2.1.5', 'Ok')),
	ok: replyWire(reply(250, '2.0.0', 'Ok')),
	data: replyWire(reply(354, undefined, 'End data with <CR><LF>.<CR><LF>')),
	bye: replyWire(reply(221, '2.0.0', 'Bye')),
	startTls: replyWire(reply(220, '2.0.0', 'Ready to start TLS')),
	// RFC 5321 §3.5.3: 252 where the server cannot or will not tell.
	verify: replyWire(reply(252, '2.1.5', 'Cannot verify, send some mail and see')),
	help: replyWire(reply(214, '2.0.0', 'See RFC 5321')),
	loggedIn: replyWire(reply(235, '2.7.0', 'Authentication successful')),
} as const;

const faultWires = Object.fromEntries(
	Object.entries(faults).map(([name, fault]) => [name, replyWire(fault.reply)]),
) as Record<FaultName, string>;

export const faultWire = (name: FaultName): string => faultWires[name];

const NOT_PRINTABLE_ASCII = /[^\x20-\x7e]/g;

export function wireOf(answer: Reply): string {
	const isClean = answer.lines.every((line) => line.search(NOT_PRINTABLE_ASCII) < 0);
	if (isClean) return replyWire(answer);
	return replyWire({
		...answer,
		lines: answer.lines.map((line) => line.replace(NOT_PRINTABLE_ASCII, '?')),
	});
}

export const bannerWire = (settings: SmtpInSettings): string => `220 ${settings.hostName} ESMTP\r\n`;
export const heloWire = (settings: SmtpInSettings): string => `250 ${settings.hostName}\r\n`;

export type EhloOffers = {
	/** Only to a proved peer. */
	readonly xforward: boolean;
	/** Only where it can still happen (RFC 3207 §4.2). */
	readonly tls: boolean;
	/** Only over TLS, and only before the login (RFC 4954 §3, §4). */
	readonly auth: boolean;
};

/** The answer to EHLO. */
export function ehloWire(settings: SmtpInSettings, { xforward, tls, auth }: EhloOffers): string {
	const offers = [
		settings.hostName,
		'PIPELINING',
		`SIZE ${settings.messageBytesMax}`,
		'8BITMIME',
		'SMTPUTF8',
		'DSN',
		'ENHANCEDSTATUSCODES',
		...(xforward ? [xforwardOffer] : []),
		...(tls ? ['STARTTLS'] : []),
		...(auth ? [authOffer] : []),
	];
	// No enhanced status in this reply (RFC 2034 §4).
	return replyWire(reply(250, undefined, ...offers));
}
