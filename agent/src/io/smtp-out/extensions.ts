/**
 * What a server offers, read from its answer to EHLO.
 *
 * Keywords are whole words at the beginning of a line, without case; the first line is the server's greeting and no
 * keyword. Pure. RFC 5321 §4.1.1.1, RFC 1870 §4, RFC 4954 §3.
 */
import type { Reply } from '@sluice/shared/words/reply.ts';
import type { Extensions } from '../../ports/smtp-out.ts';

export type Offer = Extensions & {
	readonly startTls: boolean;
	/** SASL mechanisms in upper case; empty: none offered. */
	readonly authMechanisms: readonly string[];
};

/** A server that knows only HELO. */
export const nothingOffered: Offer = {
	pipelining: false,
	eightBitMime: false,
	smtpUtf8: false,
	dsn: false,
	startTls: false,
	authMechanisms: [],
};

/** The offer in a positive answer to EHLO. */
export function offerOf(ehlo: Reply): Offer {
	const keywords = new Map<string, string>();
	for (const line of ehlo.lines.slice(1)) {
		const match = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:[ \t=]+(.*))?$/.exec(line.trimEnd());
		if (match?.[1] !== undefined) keywords.set(match[1].toUpperCase(), (match[2] ?? '').trim());
	}
	const size = keywords.get('SIZE');
	return {
		pipelining: keywords.has('PIPELINING'),
		eightBitMime: keywords.has('8BITMIME'),
		smtpUtf8: keywords.has('SMTPUTF8'),
		dsn: keywords.has('DSN'),
		...(size === undefined ? {} : { sizeMax: sizeOf(size) }),
		startTls: keywords.has('STARTTLS'),
		authMechanisms: (keywords.get('AUTH') ?? '')
			.toUpperCase()
			.split(/\s+/)
			.filter((word) => word !== ''),
	};
}

/** 0 stands for "no limit named", as in RFC 1870 §4. */
function sizeOf(parameter: string): number {
	return /^\d{1,15}$/.test(parameter) ? Number(parameter) : 0;
}
