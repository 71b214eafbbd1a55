/**
 * How a sink behaves as a host, apart from magic addresses, and which command parameters it therefore takes.
 *
 * Pure. RFC 1870 (SIZE), 3461 (DSN), 4954 (AUTH), 6152 (8BITMIME), 6531 (SMTPUTF8).
 */
import type { SecureContext } from 'node:tls';
import type { PathArgument } from './path.ts';
import { type Reply, reply } from './reply.ts';

export type Extension = 'PIPELINING' | '8BITMIME' | 'SMTPUTF8' | 'SIZE' | 'DSN' | 'ENHANCEDSTATUSCODES';

export const everyExtension: readonly Extension[] = [
	'PIPELINING',
	'SIZE',
	'8BITMIME',
	'SMTPUTF8',
	'DSN',
	'ENHANCEDSTATUSCODES',
];

export type Credentials = { readonly user: string; readonly password: string };

export type SessionSettings = {
	/** Name of the sink in records. */
	readonly name: string;
	/** Name in the banner and in the answer to EHLO. */
	readonly greetingName: string;
	/** `silent`: connect, then never a word; a reply is said instead of the greeting, then the connection closed. */
	readonly banner: 'greet' | 'silent' | Reply;
	/** Answers EHLO with the client's own name, as a host does that is the client itself: a mail loop. */
	readonly echoesEhloName: boolean;
	/** False: EHLO is refused with 502, only HELO works. */
	readonly speaksEsmtp: boolean;
	readonly extensions: ReadonlySet<Extension>;
	/** `fail` cuts the connection after 220, `refuse` answers 454, undefined does not offer STARTTLS. */
	readonly tls: SecureContext | 'fail' | 'refuse' | undefined;
	/** Given: MAIL needs AUTH PLAIN or LOGIN with these. */
	readonly credentials: Credentials | undefined;
	readonly messageBytesMax: number;
	readonly recipientsPerTransactionMax: number;
	/** After so many transactions the next MAIL is told 421. */
	readonly transactionsPerConnectionMax: number;
	readonly keepsContent: boolean;
	readonly idleTimeoutMs: number;
};

/** The lines of the answer to EHLO after the first. */
export function offeredKeywords(settings: SessionSettings, isTls: boolean): readonly string[] {
	const offers: string[] = [];
	for (const extension of settings.extensions) {
		offers.push(extension === 'SIZE' ? `SIZE ${settings.messageBytesMax}` : extension);
	}
	if (settings.tls !== undefined && !isTls) offers.push('STARTTLS');
	if (settings.credentials !== undefined) offers.push('AUTH PLAIN LOGIN');
	return offers;
}

const MAIL_PARAMETER: { readonly [keyword: string]: Extension } = {
	SIZE: 'SIZE',
	BODY: '8BITMIME',
	SMTPUTF8: 'SMTPUTF8',
	RET: 'DSN',
	ENVID: 'DSN',
};
const RCPT_PARAMETER: { readonly [keyword: string]: Extension } = {
	NOTIFY: 'DSN',
	ORCPT: 'DSN',
};
const NOT_ASCII = /[^\0-\x7f]/;

/** Why MAIL with this argument is refused, or undefined. */
export function mailRefusal(settings: SessionSettings, path: PathArgument, isExtended: boolean): Reply | undefined {
	for (const [keyword, value] of Object.entries(path.parameters)) {
		const extension = MAIL_PARAMETER[keyword];
		const isOffered = extension !== undefined && settings.extensions.has(extension);
		const isAuth = keyword === 'AUTH' && settings.credentials !== undefined;
		if (!isExtended || !(isOffered || isAuth)) return reply(555, `Unsupported option: ${keyword}`);
		if (keyword === 'SIZE' && Number(value) > settings.messageBytesMax) return tooBig;
	}
	return addressRefusal(path, path);
}

/** Why RCPT with this argument is refused, or undefined. */
export function rcptRefusal(
	settings: SessionSettings,
	path: PathArgument,
	mailPath: PathArgument,
	isExtended: boolean,
): Reply | undefined {
	for (const keyword of Object.keys(path.parameters)) {
		const extension = RCPT_PARAMETER[keyword];
		const isOffered = extension !== undefined && settings.extensions.has(extension);
		if (!isExtended || !isOffered) return reply(555, `Unsupported option: ${keyword}`);
	}
	return addressRefusal(path, mailPath);
}

/** A non-ASCII address needs SMTPUTF8 on MAIL (RFC 6531 §3.4). */
function addressRefusal(path: PathArgument, mailPath: PathArgument): Reply | undefined {
	if (!NOT_ASCII.test(path.address) || mailPath.parameters.SMTPUTF8 !== undefined) return undefined;
	return reply(553, 'Non-ASCII address without SMTPUTF8', '5.6.7');
}

/** Said to a SIZE or a content over `messageBytesMax` (RFC 1870 §6.1, §6.3). */
export const tooBig: Reply = reply(552, 'Message size exceeds fixed maximum message size', '5.3.4');
