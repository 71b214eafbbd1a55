/**
 * Magic addresses: the local part of an address tells a sink how to behave, so that every answer of the internet can
 * be had on request, from a test or by hand. After the mox localserve idea.
 *
 * A magic word stands at the beginning of the local part, in either case, and ends with `-` or with the local part:
 * `451-anything@ok.test`. `mail-…` is looked for in the reverse-path, all others in the recipient. `magicWords` lists
 * them for people. Pure: the session acts on it. Not here: behaviour of whole domains (topology.ts).
 */
import { namedReplies, type Reply, reply } from './reply.ts';

/** Where in the transaction the sink misbehaves; `content` is between 354 and the final dot. */
export type Stage = 'mail' | 'rcpt' | 'data' | 'content' | 'end';

export type Fault =
	| { readonly kind: 'reply'; readonly reply: Reply }
	/** Say it, then close the connection (RFC 5321 §3.8). */
	| { readonly kind: 'bye'; readonly reply: Reply }
	/** Cut the connection without a word. */
	| { readonly kind: 'drop' }
	/** Never answer. */
	| { readonly kind: 'silence' }
	/** Answer as usual, later. */
	| { readonly kind: 'delay'; readonly delayMs: number }
	/** Refuse the first tries, then take it. `bySender` counts tries of (reverse-path, recipient), else of the recipient. */
	| {
			readonly kind: 'first-tries';
			readonly tries: number;
			readonly bySender: boolean;
			readonly reply: Reply;
	  };

export type Magic = { readonly stage: Stage; readonly fault: Fault };

const SLOW_DEFAULT_MS = 1000;
/** Longest delay an address can ask for. */
const SLOW_MAX_MS = 600_000;
const GREYLIST_TRIES_MAX = 1000;

const REPLY = /^(mail-|data-|end-|multi-)?([45]\d\d)(?:-|$)/;
const WORD =
	/^(greylist|slow-end|slow|drop-data|drop-end|drop|timeout-end|timeout|tempfirst|full|blocked|rate|spam|dmarc)(?:-(\d+))?(?:-|$)/;

/** What the address asks for, or undefined for an ordinary one. */
export function magicOf(localPart: string): Magic | undefined {
	const word = localPart.toLowerCase();
	const asked = REPLY.exec(word);
	if (asked !== null) return replyMagic(asked[1] ?? '', Number(asked[2]));
	const named = WORD.exec(word);
	return named === null ? undefined : wordMagic(named[1]!, named[2] === undefined ? undefined : Number(named[2]));
}

function replyMagic(prefix: string, code: number): Magic {
	const said = reply(code);
	const fault: Fault = code === 421 ? { kind: 'bye', reply: said } : { kind: 'reply', reply: said };
	switch (prefix) {
		case 'mail-':
			return { stage: 'mail', fault };
		case 'data-':
			return { stage: 'data', fault };
		case 'end-':
			return { stage: 'end', fault };
		case 'multi-':
			return {
				stage: 'rcpt',
				fault: { kind: 'reply', reply: severalLines(said) },
			};
		default:
			return { stage: 'rcpt', fault };
	}
}

function wordMagic(word: string, number: number | undefined): Magic | undefined {
	const delayMs = Math.min(number ?? SLOW_DEFAULT_MS, SLOW_MAX_MS);
	switch (word) {
		case 'greylist': {
			const said = reply(451, 'Recipient address rejected: Greylisted, see https://greylist.test/', '4.7.1');
			const tries = Math.min(number ?? 1, GREYLIST_TRIES_MAX);
			return {
				stage: 'rcpt',
				fault: { kind: 'first-tries', tries, bySender: true, reply: said },
			};
		}
		case 'tempfirst':
			return {
				stage: 'rcpt',
				fault: {
					kind: 'first-tries',
					tries: 1,
					bySender: false,
					reply: reply(450),
				},
			};
		case 'slow':
			return { stage: 'rcpt', fault: { kind: 'delay', delayMs } };
		case 'slow-end':
			return { stage: 'end', fault: { kind: 'delay', delayMs } };
		case 'drop':
			return { stage: 'rcpt', fault: { kind: 'drop' } };
		case 'drop-data':
			return { stage: 'content', fault: { kind: 'drop' } };
		case 'drop-end':
			return { stage: 'end', fault: { kind: 'drop' } };
		case 'timeout':
			return { stage: 'rcpt', fault: { kind: 'silence' } };
		case 'timeout-end':
			return { stage: 'end', fault: { kind: 'silence' } };
		case 'full':
		case 'rate':
		case 'blocked':
			return {
				stage: 'rcpt',
				fault: { kind: 'reply', reply: namedReplies[word] },
			};
		case 'spam':
		case 'dmarc':
			return {
				stage: 'end',
				fault: { kind: 'reply', reply: namedReplies[word] },
			};
		default:
			return undefined;
	}
}

const severalLines = (said: Reply): Reply => ({
	...said,
	lines: ['The message could not be accepted.', ...said.lines, 'Ask postmaster@sink.test for help.'],
});

/** The magic words with what they do, for people. */
export const magicWords: readonly (readonly [example: string, does: string])[] = [
	['451-x@ok.test', 'is deferred at RCPT; any 4xx or 5xx works: 450-x, 550-x, 554-x'],
	['421-x@ok.test', 'is told 421, then the connection is closed'],
	['multi-550-x@ok.test', 'is refused at RCPT in three lines'],
	['data-451-x@ok.test', 'is deferred at DATA (data-554-x: refused)'],
	['end-451-x@ok.test', 'is deferred after the final dot (end-554-x: refused)'],
	['greylist-2-x@ok.test', 'is deferred on the first 2 tries of (sender, recipient), then taken'],
	['tempfirst-x@ok.test', 'is deferred on its first try from anyone, then taken'],
	['full-x@ok.test', 'is deferred: mailbox full'],
	['rate-x@ok.test', 'is deferred: your address sends too fast'],
	['blocked-x@ok.test', 'is refused: your address is on a blocklist'],
	['spam-x@ok.test', 'is refused after the final dot: looks like spam'],
	['dmarc-x@ok.test', 'is refused after the final dot: fails DMARC'],
	['slow-500-x@ok.test', 'is taken, the answer to RCPT after 500 ms (slow-x: 1 s)'],
	['slow-end-500-x@ok.test', 'is taken, the last answer after 500 ms'],
	['drop-x@ok.test', 'cuts the connection at RCPT'],
	['drop-data-x@ok.test', 'cuts the connection inside the message'],
	['drop-end-x@ok.test', 'takes the whole message, then cuts the connection without an answer'],
	['timeout-x@ok.test', 'never answers RCPT (timeout-end-x: never answers the final dot)'],
	['mail-451-x@… as sender', 'is deferred at MAIL (mail-554-x: refused), to whatever recipient'],
];
