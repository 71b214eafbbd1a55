/**
 * From a query to SQL for one chunk of one day: which index leads, what else must hold.
 *
 * The rarest thing asked for leads: a recipient's address, a sender, an identity, a rare state, an account, a domain, a state
 * other than delivered. Everything asked about recipients must hold for one and the same recipient. Addresses compare without case of ASCII
 * letters, as people type them; subjects by substring, likewise. Pure.
 */
import type { RecipientState } from '@sluice/shared/words/recipient.ts';
import type { MessageQuery } from '../../ports/store.ts';
import type { SqlValue } from './sqlite.ts';
import { deliveredNumber, numberOfState } from './stored-states.ts';

export type ChunkQuery = {
	/** Parameters: chunk (if `isByChunk`), then `values`, key not below, key below, limit. Gives keys, highest first. */
	readonly sql: string;
	readonly values: readonly SqlValue[];
	/** False: the keys alone bound the chunk. */
	readonly isByChunk: boolean;
	/** Set when nothing but this piece of a subject, in lower case, narrows the search: chunks without it can be passed over. */
	readonly subject: string | undefined;
	/** Condition on a row `r` of recipients that was asked for, and its values; undefined when none was. */
	readonly recipient: Condition | undefined;
};

export type Condition = { readonly sql: string; readonly values: readonly SqlValue[] };

/** Rank of a condition as the leading one: the lower, the fewer rows it leaves. */
type Term = Condition & { readonly rank: number; readonly index: string };

const term = (rank: number, index: string, sql: string, ...values: SqlValue[]): Term => ({ rank, index, sql, values });

export function chunkQueryOf(query: MessageQuery): ChunkQuery {
	const recipients = recipientTerms(query);
	const messages = messageTerms(query);
	const leading = [...recipients, ...messages].filter(({ index }) => index !== '').sort((a, b) => a.rank - b.rank)[0];
	const isByRecipient = leading !== undefined && recipients.includes(leading);
	const recipient = recipients.length === 0 ? undefined : joined(recipients);
	const key = isByRecipient ? 'r.message' : 'm.message';
	const conditions: Condition[] = [];
	if (leading !== undefined) conditions.push(leading);
	for (const other of isByRecipient ? [...recipients, ...messages] : messages)
		if (other !== leading) conditions.push(other);
	if (!isByRecipient && recipient !== undefined)
		conditions.push({
			sql: `EXISTS (SELECT 1 FROM recipients r WHERE r.message = m.message AND ${recipient.sql})`,
			values: recipient.values,
		});
	const all = joined(conditions);
	const byChunk = leading === undefined ? '' : `${isByRecipient ? 'r' : 'm'}.chunk = ? AND `;
	const rows = isByRecipient
		? `recipients r INDEXED BY ${leading.index}${messages.length === 0 ? '' : ' CROSS JOIN messages m ON m.message = r.message'}`
		: `messages m ${leading === undefined ? 'NOT INDEXED' : `INDEXED BY ${leading.index}`}`;
	return {
		sql: `SELECT DISTINCT ${key} FROM ${rows} WHERE ${byChunk}${all.sql === '' ? '' : `${all.sql} AND `}${key} >= ? AND ${key} < ? ORDER BY ${key} DESC LIMIT ?`,
		values: all.values,
		isByChunk: leading !== undefined,
		subject: leading === undefined && query.subject ? lowerAscii(query.subject) : undefined,
		recipient,
	};
}

/** As SQLite's `lower` and LIKE: letters of ASCII only. */
const lowerAscii = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

const joined = (conditions: readonly Condition[]): Condition => ({
	sql: conditions.map(({ sql }) => sql).join(' AND '),
	values: conditions.flatMap(({ values }) => values),
});

/** So many accounts leave as few messages as one does; more of them may leave most. */
const accountsFewMax = 64;
/** Looking each of so many up in a chunk costs less than reading the chunk's messages, even when none of them has sent anything. */
const accountsLookedUpMax = 4000;

/** States that many recipients are in: an account leaves fewer. */
const frequentStates: readonly RecipientState[] = ['queued', 'bounced'];

function recipientTerms({ recipient, state }: MessageQuery): Term[] {
	const terms: Term[] = [];
	if (recipient?.startsWith('@') === true)
		terms.push(term(6, 'recipients_domain', 'r.domain = ?', recipient.slice(1).toLowerCase()));
	else if (recipient !== undefined)
		terms.push(term(0, 'recipients_address', 'r.address = ? COLLATE NOCASE', recipient));
	if (state !== undefined) {
		const number = numberOfState.get(state) ?? -1;
		// The index leaves out what is delivered, and SQLite takes it only where the condition says so word by word.
		if (number === deliveredNumber) terms.push(term(9, '', 'r.state = ?', number));
		else
			terms.push(
				term(
					frequentStates.includes(state) ? 7 : 3,
					'recipients_state',
					`r.state <> ${deliveredNumber} AND r.state = ?`,
					number,
				),
			);
	}
	return terms;
}

function messageTerms({ accounts, identity, sender, subject, reference }: MessageQuery): Term[] {
	const terms: Term[] = [];
	if (sender?.startsWith('@') === true)
		terms.push(term(5, 'messages_sender_domain', 'm.sender_domain = ?', sender.slice(1).toLowerCase()));
	else if (sender !== undefined)
		terms.push(term(1, 'messages_sender', 'm.sender = ? COLLATE NOCASE', sender === '<>' ? '' : sender));
	if (identity !== undefined) terms.push(term(2, 'messages_identity', 'm.identity = ?', identity));
	// As one value, so that the text is the same however many there are: statements are prepared once for each text.
	if (accounts !== undefined) {
		const rank = accounts.length <= accountsFewMax ? 4 : 8;
		const index = accounts.length <= accountsLookedUpMax ? 'messages_account' : '';
		terms.push(term(rank, index, 'm.account IN (SELECT value FROM json_each(?))', JSON.stringify(accounts)));
	}
	if (subject !== undefined && subject !== '')
		terms.push(term(9, '', "m.subject LIKE ? ESCAPE '\\'", `%${subject.replace(/[\\%_]/g, '\\$&')}%`));
	if (reference !== undefined) terms.push(referenceTerm(reference));
	return terms;
}

/** The record is JSON; a value in it stands between quotes of its own, which no value contains. */
function referenceTerm(reference: string): Term {
	const value = JSON.stringify(reference);
	const pieces = [`"mtaQueueId":${value}`, `"headerId":${value}`];
	return term(9, '', '(instr(m.record, ?) > 0 OR instr(m.record, ?) > 0)', ...pieces);
}
