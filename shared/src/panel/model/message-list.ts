/**
 * The list of messages as its page shows it: rows with result, reason and next step; what was searched, in which order, how far back.
 *
 * There is no total: a history of millions is not counted for a page. The line says what is shown, whether there is more, by which
 * filter, and how far the history reaches.
 */
import type { MessageSummaryDto } from '../../contract/shapes.ts';
import { dayText } from '../../words/moment.ts';
import type { RecipientState } from '../../words/recipient.ts';
import { spanText } from '../text/spans.ts';
import { near } from '../text/times.ts';
import type { May } from './may.ts';
import { firstPage, isSearch, type MessageQuery, messageQueryText, spans, withState } from './message-query.ts';
import { resultText } from './next-step.ts';
import { messageMark, spreadOf } from './spread.ts';
import { mostUrgent, type Recipient, type Side, type StateMark, sideOf } from './state-mark.ts';
import type { Words } from './words.ts';

export type MessageRow = {
	readonly at: string;
	readonly account: string;
	readonly accountPath: string;
	readonly from: string;
	readonly to: string;
	/** `and 39 more`, or nothing: beside the address, so that a long one does not hide it. */
	readonly toMore: string;
	readonly subject: string;
	readonly path: string;
	readonly mark: StateMark;
	readonly why: string;
};

export type Chip = { readonly text: string; readonly path: string; readonly isOn: boolean };

export type MessageList = {
	readonly path: string;
	/** The query as it stands in the address. */
	readonly back: string;
	readonly query: MessageQuery;
	readonly spans: readonly { readonly value: string; readonly text: string; readonly isChosen: boolean }[];
	readonly chips: readonly Chip[];
	readonly totalLine: string;
	readonly rows: readonly MessageRow[];
	readonly hasAccounts: boolean;
	readonly shown: string;
	readonly first?: string;
	readonly next?: string;
	readonly empty?: {
		readonly title: string;
		readonly text: string;
		/** Absent: there is nothing to clear. */
		readonly clearPath?: string;
		readonly onPath?: string;
	};
};

export type Found = {
	readonly items: readonly MessageSummaryDto[];
	readonly next?: string;
	/** Days that the history keeps. */
	readonly historyDays: number;
};

/** Results that people look for; the others are found in the list. A customer's are fewer, and the first ones. */
const chipStates: { readonly [S in Side]: readonly RecipientState[] } = {
	staff: ['delivered', 'queued', 'waiting', 'held', 'bounced', 'expired', 'discarded', 'suppressed'],
	customer: ['delivered', 'queued', 'waiting', 'held', 'bounced', 'expired'],
};

const dayMs = 86_400_000;
export const historyBegin = ({ zoned, nowMs }: Words, days: number): string => dayText(zoned, nowMs - days * dayMs);

/** The recipient that a row tells of: the one that was asked for, else the most urgent. */
function shownOf(
	message: MessageSummaryDto,
	{ state, to }: MessageQuery,
): MessageSummaryDto['recipients'][number] | undefined {
	const [first] = message.recipients;
	// What matches stands first.
	return state === undefined && to === '' ? mostUrgent(message) : first;
}

/** What became of the others, then the reason and the next step of the one that is told of. */
function whyOf(message: MessageSummaryDto, shown: Recipient | undefined, may: May, words: Words): string {
	const { t } = words;
	const side = sideOf(may);
	if (shown === undefined) return '';
	if (side === 'customer' && message.sender === '') return t.ownNotice;
	const acceptedMs = Date.parse(message.accepted);
	const spread = spreadOf(message, shown, words, side);
	const reason = resultText(shown, acceptedMs, may, words);
	if (spread === undefined) return reason;
	if (message.recipients.every(({ state }) => state === 'delivered'))
		return t.lastAfter(spanText(Math.max(...message.recipients.map(({ at }) => Date.parse(at))) - acceptedMs));
	return [...(spread.others === '' ? [] : [`${spread.others}.`]), reason].join(' ');
}

export function messageRow(message: MessageSummaryDto, query: MessageQuery, words: Words, may: May): MessageRow {
	const { t, base, zoned, nowMs } = words;
	const shown = shownOf(message, query);
	const more = message.recipientCount - 1;
	const acceptedMs = Date.parse(message.accepted);
	const side = sideOf(may);
	return {
		at: near(zoned, acceptedMs, nowMs),
		account: message.account,
		accountPath: `${base}/accounts/${encodeURIComponent(message.account)}`,
		from: message.sender === '' ? t.nullSender : message.sender,
		to: shown?.address ?? '',
		toMore: more > 0 ? t.andMore(more) : '',
		subject: message.subject === '' ? t.noSubject : message.subject,
		path: `${base}/messages/${message.id}`,
		mark: messageMark(message, shown, words, side),
		why: whyOf(message, shown, may, words),
	};
}

const stateName = (state: RecipientState, may: May, { t }: Words): string =>
	may.isStaff ? t.states[state] : t.ownStates[state];

/** What was asked for, in words. */
function filtersOf(query: MessageQuery, days: number, words: Words, may: May): readonly string[] {
	const { t } = words;
	const { to, from, subject, account, state, span, first, last } = query;
	return [
		...(to === '' ? [] : [t.messagesTo(to)]),
		...(from === '' ? [] : [t.messagesFrom(from)]),
		...(subject === '' ? [] : [t.messagesSubject(subject)]),
		...(account === '' ? [] : [t.messagesAccount(account)]),
		...(state === undefined ? [] : [t.messagesState(stateName(state, may, words))]),
		...(span === 'between'
			? [...(first === '' ? [] : [t.messagesSince(first)]), ...(last === '' ? [] : [t.messagesUntil(last)])]
			: [t.spanNames[span](days).toLowerCase()]),
	];
}

function emptyOf(
	query: MessageQuery,
	found: Found | undefined,
	words: Words,
	may: May,
): NonNullable<MessageList['empty']> {
	const { t, base } = words;
	const days = found?.historyDays ?? 0;
	const clearPath = `${base}/messages`;
	if (found === undefined) return { title: t.messagesPartTitle, text: t.messagesPartText, clearPath };
	if (found.next !== undefined)
		return {
			title: t.messagesOnTitle,
			text: t.messagesOnText,
			clearPath,
			onPath: `${base}/messages${messageQueryText({ ...query, cursor: found.next })}`,
		};
	if (!isSearch(query) && query.cursor === undefined)
		return { title: t.messagesNewTitle, text: t.messagesNewText(days) };
	const filters = filtersOf(query, days, words, may);
	return {
		title: t.messagesEmptyTitle,
		text: t.messagesEmptyText(filters, days, historyBegin(words, days)),
		clearPath,
	};
}

/** `found` is undefined where the agent was not asked: what was typed is no address. */
export function messageListOf(
	query: MessageQuery,
	found: Found | undefined,
	historyDays: number,
	words: Words,
	may: May,
): MessageList {
	const { t, base, zoned, nowMs } = words;
	const path = `${base}/messages`;
	const side = sideOf(may);
	const items = found?.items ?? [];
	const filters = filtersOf(query, historyDays, words, may);
	const total = query.cursor === undefined ? t.messagesTotal : t.messagesTotalOn;
	const [newest, oldest] = [items[0], items.at(-1)];
	const when = (message: MessageSummaryDto): string => near(zoned, Date.parse(message.accepted), nowMs);
	const chip = (state: RecipientState | undefined): Chip => ({
		text: state === undefined ? t.chipAll : stateName(state, may, words),
		path: `${path}${messageQueryText(withState(query, state))}`,
		isOn: query.state === state,
	});
	const chosen = query.state === undefined || chipStates[side].includes(query.state) ? [] : [query.state];
	return {
		path,
		back: messageQueryText(query),
		query,
		spans: spans.map((value) => ({ value, text: t.spanNames[value](historyDays), isChosen: value === query.span })),
		chips: [undefined, ...chipStates[side], ...chosen].map(chip),
		totalLine: found === undefined ? filters.join(' · ') : total(items.length, found.next !== undefined, filters),
		rows: items.map((message) => messageRow(message, query, words, may)),
		hasAccounts: may.isStaff,
		shown:
			newest === undefined || oldest === undefined || newest === oldest
				? t.messagesShown(items.length)
				: t.messagesShownSpan(items.length, when(newest), when(oldest)),
		...(query.cursor === undefined ? {} : { first: `${path}${messageQueryText(firstPage(query))}` }),
		...(found?.next === undefined ? {} : { next: `${path}${messageQueryText({ ...query, cursor: found.next })}` }),
		...(items.length > 0 ? {} : { empty: emptyOf(query, found, words, may) }),
	};
}
