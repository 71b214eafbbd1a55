/**
 * What of the messages a person asked for, from the address of the page and back to it; and what an id pasted into the search means.
 *
 * Addresses are searched whole, or by domain: that is what the history has indexes for, so `gmx.example` means everybody there, and a
 * piece of a name is said to be none. Anything unknown in the address of the page is the default.
 */
import { messageIdSchema } from '../../contract/shapes.ts';
import type { Zoned } from '../../words/moment.ts';
import { type RecipientState, recipientStates } from '../../words/recipient.ts';
import { dayOf, dayStartMs } from '../text/times.ts';
import { type Given, trimmedOf } from './given.ts';

export const spans = ['all', 'hour', 'day', 'week', 'between'] as const;
export type Span = (typeof spans)[number];

export type MessageQuery = {
	/** As typed. */
	readonly to: string;
	readonly from: string;
	readonly subject: string;
	readonly account: string;
	readonly state?: RecipientState;
	readonly span: Span;
	/** Days of the server, of the span `between`. */
	readonly first: string;
	readonly last: string;
	readonly cursor?: string;
};

const dayShape = /^\d{4}-\d\d-\d\d$/;
const dayIn = (value: unknown): string => (typeof value === 'string' && dayShape.test(value) ? value : '');

export function parseMessageQuery(query: Given): MessageQuery {
	const state = recipientStates.find((one) => one === query.state);
	const cursor = trimmedOf(query.cursor, 200);
	return {
		to: trimmedOf(query.to, 320),
		from: trimmedOf(query.from, 320),
		subject: trimmedOf(query.subject, 200),
		account: trimmedOf(query.account, 128),
		span: spans.find((one) => one === query.span) ?? 'all',
		first: dayIn(query.first),
		last: dayIn(query.last),
		...(state === undefined ? {} : { state }),
		...(cursor === '' ? {} : { cursor }),
	};
}

/** `?to=%40gmx.example&state=bounced`; empty for the list as it opens. */
export function messageQueryText({
	to,
	from,
	subject,
	account,
	state,
	span,
	first,
	last,
	cursor,
}: MessageQuery): string {
	const fields = new URLSearchParams();
	const given = { to, from, subject, account, state: state ?? '', span: span === 'all' ? '' : span };
	for (const [name, value] of Object.entries(given)) if (value !== '') fields.set(name, value);
	if (span === 'between' && first !== '') fields.set('first', first);
	if (span === 'between' && last !== '') fields.set('last', last);
	if (cursor !== undefined) fields.set('cursor', cursor);
	const text = fields.toString();
	return text === '' ? '' : `?${text}`;
}

export const noQuery: MessageQuery = { to: '', from: '', subject: '', account: '', span: 'all', first: '', last: '' };

export const isSearch = ({ to, from, subject, account, state, span }: MessageQuery): boolean =>
	to !== '' || from !== '' || subject !== '' || account !== '' || state !== undefined || span !== 'all';

/** The same from its first page, with another result. */
export function withState(query: MessageQuery, state: RecipientState | undefined): MessageQuery {
	const { cursor: _cursor, state: _state, ...rest } = query;
	return { ...rest, ...(state === undefined ? {} : { state }) };
}

export const firstPage = (query: MessageQuery): MessageQuery => withState(query, query.state);

/** What an address field means; `part` is neither an address nor a domain. */
export type AddressTerm = { readonly kind: 'none' | 'part' } | { readonly kind: 'asked'; readonly text: string };

export function addressTerm(typed: string): AddressTerm {
	const text = typed.replace(/^mailto:/i, '').trim();
	if (text === '') return { kind: 'none' };
	if (text === '<>') return { kind: 'asked', text };
	const bare = text.replace(/^.*<([^<>]+)>$/, '$1');
	if (/^@?[^@\s]+\.[^@\s.]{2,}$/.test(bare)) return { kind: 'asked', text: bare.startsWith('@') ? bare : `@${bare}` };
	return /^\S+@[^@\s]+$/.test(bare) ? { kind: 'asked', text: bare } : { kind: 'part' };
}

/** One message, however it is named: our id, the queue id of the mail server, a Message-ID. */
export type Named =
	| { readonly kind: 'message'; readonly id: string }
	| { readonly kind: 'reference'; readonly text: string; readonly aroundMs?: number };

const eximShape = /^([0-9A-Za-z]{6})-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})$/;
const postfixShape =
	/^(?:[0-9A-F]{8,14}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-y]{10,}z[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-y]+)$/;
const messageIdShape = /^<[^<>\s]{3,250}>$/;
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The first six characters of a queue id of Exim are the second in which it was made, to the base 62. */
const eximTimeMs = (text: string): number =>
	[...text].reduce((sum, letter) => sum * base62.length + base62.indexOf(letter), 0) * 1000;

export function namedIn(typed: string): Named | undefined {
	const text = typed.trim();
	const id = messageIdSchema.safeParse(text.toLowerCase());
	if (id.success) return { kind: 'message', id: id.data };
	const exim = eximShape.exec(text)?.[1];
	if (exim !== undefined) return { kind: 'reference', text, aroundMs: eximTimeMs(exim) };
	return postfixShape.test(text) || messageIdShape.test(text) ? { kind: 'reference', text } : undefined;
}

const spanMs = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 } as const;

type Times = { readonly since?: string; readonly until?: string };

export function timesOf({ span, first, last }: MessageQuery, zoned: Zoned, nowMs: number): Times {
	if (span === 'all') return {};
	if (span !== 'between') return { since: new Date(nowMs - spanMs[span]).toISOString() };
	const sinceMs = dayStartMs(zoned, first);
	// The last day is meant whole; 36 h after its begin is surely the next one, whatever the clocks do.
	const lastMs = dayStartMs(zoned, last);
	const after = lastMs === undefined ? undefined : dayOf(zoned, lastMs + 36 * 3_600_000);
	const untilMs = after === undefined ? undefined : dayStartMs(zoned, after);
	return {
		...(sinceMs === undefined ? {} : { since: new Date(sinceMs).toISOString() }),
		...(untilMs === undefined ? {} : { until: new Date(untilMs - 1).toISOString() }),
	};
}

export type AgentQuery = Times & {
	readonly account?: string;
	readonly sender?: string;
	readonly recipient?: string;
	readonly subject?: string;
	readonly state?: RecipientState;
	/** Message-ID, or queue id of the mail server. */
	readonly reference?: string;
};

/** What the agent is asked; undefined where an address is only a piece of one. */
export function agentMessageQuery(query: MessageQuery, zoned: Zoned, nowMs: number): AgentQuery | undefined {
	const to = addressTerm(query.to);
	const from = addressTerm(query.from);
	if (to.kind === 'part' || from.kind === 'part') return undefined;
	return {
		...timesOf(query, zoned, nowMs),
		...(to.kind === 'asked' ? { recipient: to.text } : {}),
		...(from.kind === 'asked' ? { sender: from.text } : {}),
		...(query.subject === '' ? {} : { subject: query.subject }),
		...(query.account === '' ? {} : { account: query.account }),
		...(query.state === undefined ? {} : { state: query.state }),
	};
}
