/**
 * How queue.db keeps an open message: one row of numbers, with a dictionary for the strings.
 *
 * A million rows must be read in three seconds, so that a row costs little more than its object: names of accounts, domains and
 * states are numbers into the table `words`, the numbers stand in one text with spaces between, and only last answers, which
 * most recipients have not, are text of their own. Tried against it: a column for each field and JSON, 8.7 and 5.2 s.
 *
 *     data     segment offset recordBytes bodyBytes acceptedMs account identity class hintDomain hintAddress peerAddress helo
 *              scopes flags, then for each recipient: destination notify state attempts dueMs sinceMs key flags standing
 *     replies  JSON array of last answers, one for each recipient; null when there is none at all
 *
 * The destination is always the address's domain. Whether our own reports go back through the MTA instead is a setting, and
 * settled when the row is read. A change of any of this needs a new `queueVersion`: old files are then rebuilt from the log.
 *
 * Pure. Not here: SQL, files.
 */
import type { SenderClass } from '@sluice/shared/words/attribution.ts';
import type { Standing } from '@sluice/shared/words/standing.ts';
import { standingOfText, standingText } from '../../core/policy/standing.ts';
import { dsnDestination, type QueuedMessage, type QueuedRecipient } from '../../core/scheduling/queued.ts';
import { scopesOfText, scopesText } from '../../core/scheduling/queued-message.ts';
import { numberOfState, storedStates } from './stored-states.ts';

export const queueVersion = 4;

/** A row that cannot be one: the file is not to be believed. */
export class DamagedIndex extends Error {}

/** An open message as the index sees it. */
export type IndexedMessage = {
	readonly message: QueuedMessage;
	/** Our own report about another message. */
	readonly isReport: boolean;
};

export type QueueRow = { readonly data: string; readonly replies: string | null };

const nullSenderFlag = 1;
const reportFlag = 2;
const delayNoticedFlag = 1;
const reportedFlag = 2;
const chargedFlag = 4;
/** Fields of a message that are words. */
const wordFields = [5, 6, 7, 8, 9, 10, 11, 12] as const;
const fieldsOfMessage = 14;
const fieldsOfRecipient = 9;
/** Of a recipient: why it stands, a word. */
const standingField = 8;

/** `wordOf`: the number of a text in the dictionary, entered if it is new. */
export function packRow({ message, isReport }: IndexedMessage, wordOf: (text: string) => number): QueueRow {
	const flags = (message.nullSender ? nullSenderFlag : 0) | (isReport ? reportFlag : 0);
	let data = `${message.segment} ${message.offset} ${message.recordBytes} ${message.bodyBytes} ${whole(message.acceptedMs)} ${wordOf(message.account)} ${wordOf(message.identity)} ${wordOf(message.class)} ${wordOf(message.hintDomain)} ${wordOf(message.hintAddress)} ${wordOf(message.peerAddress)} ${wordOf(message.helo)} ${wordOf(scopesText(message.scopes))} ${flags}`;
	let hasReply = false;
	for (const recipient of message.recipients) {
		const marks =
			(recipient.delayNoticed ? delayNoticedFlag : 0) |
			(recipient.reported ? reportedFlag : 0) |
			(recipient.isCharged ? chargedFlag : 0);
		const state = numberOfState.get(recipient.state) ?? 0;
		data += ` ${wordOf(recipient.destination)} ${recipient.notify} ${state} ${recipient.attempts} ${whole(recipient.dueMs)} ${whole(recipient.sinceMs)} ${recipient.key} ${marks} ${wordOf(recipient.standing === undefined ? '' : standingText(recipient.standing))}`;
		hasReply ||= recipient.reply !== '';
	}
	return { data, replies: hasReply ? JSON.stringify(message.recipients.map((recipient) => recipient.reply)) : null };
}

/** Times may come with fractions of a millisecond; never earlier than said. */
const whole = (ms: number): number => Math.max(0, Math.ceil(ms));

export type UnpackInput = {
	readonly id: string;
	readonly row: QueueRow;
	/** The dictionary's text of a number. */
	readonly textOf: (word: number) => string | undefined;
	readonly reportsHaveRoute: boolean;
	/** The same string object for equal strings. */
	readonly intern: (text: string) => string;
};

/** The message of a row. Throws when it is not one: the index cannot be believed then. Written for speed: no closures. */
export function unpackRow({ id, row, textOf, reportsHaveRoute, intern }: UnpackInput): IndexedMessage {
	const numbers = numbersOf(row.data);
	const count = (numbers.length - fieldsOfMessage) / fieldsOfRecipient;
	if (!Number.isInteger(count) || count < 0) throw new DamagedIndex(`row of ${id} is damaged`);
	const flags = numbers[13] as number;
	const isReport = (flags & reportFlag) !== 0;
	const replies = row.replies === null ? undefined : (JSON.parse(row.replies) as readonly string[]);
	const recipients: QueuedRecipient[] = new Array(count);
	for (let index = 0; index < count; index++) {
		const at = fieldsOfMessage + index * fieldsOfRecipient;
		const state = storedStates[numbers[at + 2] as number];
		if (state === undefined) throw new DamagedIndex(`row of ${id} has an unknown state`);
		const marks = numbers[at + 7] as number;
		recipients[index] = {
			index,
			destination: isReport && reportsHaveRoute ? dsnDestination : wordAt(numbers, at, textOf),
			notify: numbers[at + 1] as number,
			key: numbers[at + 6] as number,
			state,
			attempts: numbers[at + 3] as number,
			dueMs: numbers[at + 4] as number,
			sinceMs: numbers[at + 5] as number,
			isCharged: (marks & chargedFlag) !== 0,
			standing: standingAt(numbers, at + standingField, textOf),
			delayNoticed: (marks & delayNoticedFlag) !== 0,
			reported: (marks & reportedFlag) !== 0,
			reply: replies === undefined ? '' : intern(replies[index] ?? ''),
		};
	}
	const message = {
		id,
		segment: numbers[0] as number,
		offset: numbers[1] as number,
		recordBytes: numbers[2] as number,
		bodyBytes: numbers[3] as number,
		acceptedMs: numbers[4] as number,
		account: wordAt(numbers, 5, textOf),
		identity: wordAt(numbers, 6, textOf),
		class: wordAt(numbers, 7, textOf) as SenderClass,
		hintDomain: wordAt(numbers, 8, textOf),
		hintAddress: wordAt(numbers, 9, textOf),
		peerAddress: wordAt(numbers, 10, textOf),
		helo: wordAt(numbers, 11, textOf),
		nullSender: (flags & nullSenderFlag) !== 0,
		scopes: scopesOfText(wordAt(numbers, 12, textOf)),
		recipients,
	};
	return { message, isReport };
}

function standingAt(numbers: readonly number[], field: number, textOf: UnpackInput['textOf']): Standing | undefined {
	const text = wordAt(numbers, field, textOf);
	if (text === '') return undefined;
	try {
		return standingOfText(text);
	} catch {
		throw new DamagedIndex('a row names a word that is no reason');
	}
}

function wordAt(numbers: readonly number[], field: number, textOf: UnpackInput['textOf']): string {
	const text = textOf(numbers[field] as number);
	if (text === undefined) throw new DamagedIndex('a row names an unknown word');
	return text;
}

/** Calls `visit` with the number of every word that a row names. */
export function visitWords(data: string, visit: (word: number) => void): void {
	const numbers = numbersOf(data);
	for (const field of wordFields) visit(numbers[field] as number);
	for (let at = fieldsOfMessage; at < numbers.length; at += fieldsOfRecipient) {
		visit(numbers[at] as number);
		visit(numbers[at + standingField] as number);
	}
}

const space = 0x20;
const zero = 0x30;
const nine = 0x39;

/** Filled anew by each call, so that a million rows make no million arrays. */
const scratch: number[] = [];

/** Numbers of a text `12 0 345`; valid until the next call. By hand: `split` and `Number` cost four times as much. */
function numbersOf(text: string): readonly number[] {
	const numbers = scratch;
	let count = 0;
	let value = 0;
	for (let at = 0; at < text.length; at++) {
		const code = text.charCodeAt(at);
		if (code === space) {
			numbers[count++] = value;
			value = 0;
		} else if (code >= zero && code <= nine) value = value * 10 + (code - zero);
		else throw new DamagedIndex('a row holds something else than numbers');
	}
	numbers[count++] = value;
	numbers.length = count;
	return numbers;
}
