/**
 * What a sink says: reply codes with the enhanced status and the wording that receivers really use.
 *
 * `reply` gives the usual wording of a code; `namedReplies` are sentences of well-known kinds of refusal, so that a
 * classifier has something real to read. Status codes after RFC 3463 and RFC 7505, wording our own.
 */
export type Reply = {
	readonly code: number;
	/** Enhanced status code, as `5.1.1`; left out of the line when the sink does not offer ENHANCEDSTATUSCODES. */
	readonly status: string;
	/** One text a line of the reply. */
	readonly lines: readonly string[];
};

const USUAL: {
	readonly [code: number]: readonly [status: string, text: string];
} = {
	421: ['4.3.2', 'Service not available, closing transmission channel'],
	450: ['4.2.1', 'Mailbox unavailable at the moment, try again later'],
	451: ['4.3.0', 'Local error in processing, try again later'],
	452: ['4.3.1', 'Insufficient system storage'],
	454: ['4.7.0', 'Temporary authentication failure'],
	500: ['5.5.2', 'Command not recognized'],
	501: ['5.5.4', 'Syntax error in parameters'],
	502: ['5.5.1', 'Command not implemented'],
	503: ['5.5.1', 'Bad sequence of commands'],
	530: ['5.7.0', 'Authentication required'],
	535: ['5.7.8', 'Authentication credentials invalid'],
	550: ['5.1.1', 'Recipient address rejected: User unknown'],
	551: ['5.1.6', 'User not local; please try another path'],
	552: ['5.2.2', 'Mailbox has exceeded its quota'],
	553: ['5.1.3', 'Mailbox name not allowed'],
	554: ['5.7.1', 'Message refused by local policy'],
	555: ['5.5.4', 'Parameters not recognized or not implemented'],
};

/** The reply of a code in its usual wording; `text` (and `status`) say otherwise. */
export function reply(code: number, text?: string, status?: string): Reply {
	const [usualStatus, usualText] = USUAL[code] ?? [`${Math.floor(code / 100)}.0.0`, 'Refused on request'];
	return { code, status: status ?? usualStatus, lines: [text ?? usualText] };
}

/** Refusals as big receivers word them. The key is the magic local part that asks for it. */
export const namedReplies = {
	full: reply(452, 'The recipient has exceeded the storage quota, try again later', '4.2.2'),
	spam: reply(
		550,
		'Our system has detected that this message is likely unsolicited mail; it has been blocked',
		'5.7.1',
	),
	blocked: reply(
		554,
		'Service unavailable; client host blocked using sbl.dnsbl.test; see https://dnsbl.test/',
		'5.7.1',
	),
	rate: reply(
		450,
		'Our system has detected an unusual rate of mail from your IP address; temporarily rate limited',
		'4.7.28',
	),
	dmarc: reply(550, "Unauthenticated email is not accepted due to the domain's DMARC policy", '5.7.26'),
} as const satisfies { readonly [name: string]: Reply };

/** The reply as bytes on the wire, CRLF-ended; the status goes on each line (RFC 2034 §4). */
export function renderReply(said: Reply, withStatus: boolean): string {
	const status = withStatus && said.status !== '' ? `${said.status} ` : '';
	const last = said.lines.length - 1;
	return said.lines.map((line, at) => `${said.code}${at < last ? '-' : ' '}${status}${line}\r\n`).join('');
}

/** The reply as one line for records and messages to people: `550 5.1.1 …`. */
export const replyText = (said: Reply): string =>
	`${said.code} ${said.status === '' ? '' : `${said.status} `}${said.lines.join(' / ')}`;
