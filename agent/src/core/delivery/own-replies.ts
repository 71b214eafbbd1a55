/**
 * What we say where no server said anything: one fixed sentence for each way in which an attempt ends without a reply.
 *
 * Fixed, so that a DSN can tell our words from a server's (`isOwnReply`) and so that nothing of the inside (system errors,
 * addresses of ours) reaches a stranger (invariant 12). Codes and statuses: RFC 3463, RFC 7505 §4, RFC 6531 §3.5.
 */
import { type Reply, reply } from '@sluice/shared/words/reply.ts';
import type { Cause } from '@sluice/shared/words/response.ts';

export const ownReplies = {
	connectionRefused: reply(451, '4.4.1', 'The receiving server refused the connection'),
	connectionTimedOut: reply(451, '4.4.1', 'The receiving server did not answer in time'),
	noRoute: reply(451, '4.4.1', 'The receiving server cannot be reached over the network'),
	connectionFailed: reply(451, '4.4.1', 'No connection to the receiving server could be made'),
	greetingMissing: reply(451, '4.4.2', 'The receiving server ended the connection before it was ready'),
	connectionLost: reply(451, '4.4.2', 'The connection to the receiving server was lost'),
	mayBeTwice: reply(
		451,
		'4.4.2',
		'The connection was lost while the message was being handed over; it may be delivered twice',
	),
	tlsFailed: reply(451, '4.7.5', 'No trusted encrypted connection to the receiving server could be made'),
	loginFailed: reply(451, '4.7.8', 'The relay server did not accept our login'),
	badReply: reply(451, '4.5.0', 'The receiving server answered in a way that makes no sense'),
	dnsTemporary: reply(451, '4.4.3', 'The name service did not answer for the domain'),
	noUsableFamily: reply(451, '4.4.1', 'The receiving server has no address of the kind this server sends from'),
	noSuchDomain: reply(550, '5.1.2', 'The domain of the address does not exist or has no mail server'),
	badDomain: reply(501, '5.1.2', 'The domain of the address is not a valid name'),
	noHostAddress: reply(550, '5.4.4', 'None of the mail servers named for the domain has an address'),
	addressRefused: reply(
		550,
		'5.4.4',
		'The mail servers named for the domain are at addresses mail must not be sent to',
	),
	loopsBack: reply(554, '5.4.6', 'The domain names this server as its mail server, but its mail is not kept here'),
	nullMx: reply(556, '5.1.10', 'The domain says that it accepts no mail (null MX)'),
	utf8NotOffered: reply(553, '5.6.7', 'The receiving server does not support addresses with international characters'),
	tooBig: reply(552, '5.3.4', 'The message is bigger than the receiving server accepts'),
	greetsAsOurselves: reply(451, '4.4.6', 'The receiving server is this server itself; the message is kept'),
	unreadable: reply(451, '4.3.0', 'The message could not be read from the spool'),
	expired: reply(451, '4.4.7', 'The message could not be delivered in time'),
} as const satisfies Record<string, Reply>;

export type OwnReplyName = keyof typeof ownReplies;

/** What each of them stands for. */
export const ownCauses: Readonly<Record<OwnReplyName, Cause>> = {
	connectionRefused: 'destination-down',
	connectionTimedOut: 'destination-down',
	noRoute: 'destination-down',
	connectionFailed: 'destination-down',
	greetingMissing: 'destination-down',
	connectionLost: 'destination-down',
	mayBeTwice: 'destination-down',
	tlsFailed: 'protocol',
	loginFailed: 'protocol',
	badReply: 'protocol',
	dnsTemporary: 'destination-down',
	noUsableFamily: 'destination-down',
	noSuchDomain: 'recipient-gone',
	badDomain: 'recipient-gone',
	noHostAddress: 'destination-down',
	addressRefused: 'policy',
	loopsBack: 'protocol',
	nullMx: 'recipient-gone',
	utf8NotOffered: 'protocol',
	tooBig: 'size',
	greetsAsOurselves: 'destination-down',
	unreadable: 'unknown',
	expired: 'expired',
};

const causeBySentence: ReadonlyMap<string, Cause> = new Map(
	(Object.keys(ownReplies) as OwnReplyName[]).map((name) => [ownReplies[name].lines[0] ?? '', ownCauses[name]]),
);

/** The cause behind one of our replies, also after it went through the log as text; undefined when a server said it. */
export function causeOfOwnReply(answer: Reply): Cause | undefined {
	return answer.lines.length === 1 ? causeBySentence.get(answer.lines[0] ?? '') : undefined;
}

/** Whether the reply is one of ours. */
export const isOwnReply = (answer: Reply): boolean => causeOfOwnReply(answer) !== undefined;

/** The sentence for an error of the system while connecting, such as `connect ECONNREFUSED 192.0.2.1:25`. */
export function ownReplyForError(error: string | undefined): Reply {
	if (error === undefined) return ownReplies.connectionFailed;
	if (/ECONNREFUSED/.test(error)) return ownReplies.connectionRefused;
	if (/ETIMEDOUT|time(?:d )?-?out/i.test(error)) return ownReplies.connectionTimedOut;
	if (/EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EHOSTDOWN|ENETDOWN/.test(error)) return ownReplies.noRoute;
	return ownReplies.connectionFailed;
}
