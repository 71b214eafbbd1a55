/**
 * The windows of one scope: its buckets of the last hour and day, what is in them, and how they slide.
 *
 * Times are whole seconds as the meter counts them. Sums are kept, never counted anew, save the minute after something came out of
 * order. Not here: which scopes there are, and whether the clock was set back (meter-scopes.ts).
 */
import { type LimitRule, type Window, windowSeconds } from '@sluice/shared/words/limits.ts';
import { type Arena, createArena, none } from './arena.ts';
import * as bucket from './buckets.ts';
import * as keyed from './key-list.ts';

/** What one step pays for: at most one message, so many recipients, their keys (`recipientKeyOf`). */
export type ChargeAmount = { readonly messages: number; readonly recipients: number; readonly keys: readonly number[] };

/** Where the rows of all scopes are kept. */
export type WindowStore = { readonly buckets: Arena; readonly records: Arena };

export const createWindowStore = (): WindowStore => ({
	buckets: createArena(bucket.bucketStride),
	records: createArena(keyed.keyStride),
});

export type Windows = {
	readonly seconds: bucket.BucketList;
	readonly minutes: bucket.BucketList;
	/** First bucket of `seconds` within the minute, and what is in it and behind. */
	minuteHead: number;
	minuteMessages: number;
	minuteRecipients: number;
	/** Second up to which windows have slid. */
	atSecond: number;
	/** How many times it has seen the clock set back (meter-scopes.ts). */
	clockSteps: number;
	/** Absent: different recipients are not counted. */
	keys: keyed.KeyList | undefined;
};

const dayMinutes = windowSeconds.day / 60;
const minuteOf = (second: number): number => Math.floor(second / 60);

export const createWindows = ({
	atSecond,
	clockSteps,
	tracksKeys,
}: Pick<Windows, 'atSecond' | 'clockSteps'> & { readonly tracksKeys: boolean }): Windows => ({
	seconds: bucket.emptyList(),
	minutes: bucket.emptyList(),
	minuteHead: none,
	minuteMessages: 0,
	minuteRecipients: 0,
	atSecond,
	clockSteps,
	keys: tracksKeys ? keyed.emptyKeys() : undefined,
});

export const areEmpty = ({ seconds, minutes }: Windows): boolean => seconds.head === none && minutes.head === none;

/** Lets the windows slide to the clock; back they never do. */
export function slide({ buckets, records }: WindowStore, windows: Windows, clock: number): void {
	if (windows.atSecond === clock) return;
	windows.atSecond = clock;
	const minuteEnd = clock - windowSeconds.minute;
	while (windows.minuteHead !== none && bucket.timeOf(buckets, windows.minuteHead) <= minuteEnd) {
		windows.minuteMessages -= bucket.messagesOf(buckets, windows.minuteHead);
		windows.minuteRecipients -= bucket.recipientsOf(buckets, windows.minuteHead);
		windows.minuteHead = bucket.nextOf(buckets, windows.minuteHead);
	}
	bucket.dropThrough(buckets, windows.seconds, clock - windowSeconds.hour);
	bucket.dropThrough(buckets, windows.minutes, minuteOf(clock) - dayMinutes);
	if (windows.keys !== undefined) keyed.dropKeysThrough(records, windows.keys, clock - windowSeconds.hour);
}

/** Finds the minute's buckets anew, from the newest back. */
function recountMinute({ buckets }: WindowStore, windows: Windows): void {
	windows.minuteHead = none;
	windows.minuteMessages = 0;
	windows.minuteRecipients = 0;
	for (
		let row = windows.seconds.tail;
		row !== none && bucket.timeOf(buckets, row) > windows.atSecond - windowSeconds.minute;
		row = bucket.previousOf(buckets, row)
	) {
		windows.minuteHead = row;
		windows.minuteMessages += bucket.messagesOf(buckets, row);
		windows.minuteRecipients += bucket.recipientsOf(buckets, row);
	}
}

/** The clock was set back: what lies after it is taken as made now. */
export function setBack(store: WindowStore, windows: Windows, clock: number): void {
	bucket.restampList(store.buckets, windows.seconds, clock);
	bucket.restampList(store.buckets, windows.minutes, minuteOf(clock));
	if (windows.keys !== undefined) keyed.restampKeys(store.records, windows.keys, clock);
	// After a start this is the first slide; rows of the minute may be gone.
	windows.atSecond = Number.NEGATIVE_INFINITY;
	windows.minuteHead = none;
	slide(store, windows, clock);
	recountMinute(store, windows);
}

/** Charges windows that have slid to the clock; what is older than a window does not count in it. */
export function chargeWindows(store: WindowStore, windows: Windows, second: number, amount: ChargeAmount): void {
	const { buckets, records } = store;
	const clock = windows.atSecond;
	if (second > clock - windowSeconds.hour) {
		bucket.addToList(buckets, windows.seconds, second, amount);
		if (windows.keys !== undefined) keyed.addKeys(records, windows.keys, second, amount.keys);
		if (second > clock - windowSeconds.minute) {
			if (windows.minuteHead === none || bucket.timeOf(buckets, windows.minuteHead) > second)
				recountMinute(store, windows);
			else {
				windows.minuteMessages += amount.messages;
				windows.minuteRecipients += amount.recipients;
			}
		}
	}
	if (minuteOf(second) > minuteOf(clock) - dayMinutes)
		bucket.addToList(buckets, windows.minutes, minuteOf(second), amount);
}

export function refundWindows(store: WindowStore, windows: Windows, second: number, amount: ChargeAmount): void {
	bucket.takeFromList(store.buckets, windows.seconds, second, amount);
	bucket.takeFromList(store.buckets, windows.minutes, minuteOf(second), amount);
	if (windows.keys !== undefined) keyed.takeKeys(store.records, windows.keys, second, amount.keys);
	recountMinute(store, windows);
}

export function usedOf(windows: Windows, rule: LimitRule): number {
	switch (rule) {
		case 'minute.messages':
			return windows.minuteMessages;
		case 'minute.recipients':
			return windows.minuteRecipients;
		case 'hour.messages':
			return windows.seconds.messages;
		case 'hour.recipients':
			return windows.seconds.recipients;
		case 'day.messages':
			return windows.minutes.messages;
		case 'day.recipients':
			return windows.minutes.recipients;
		case 'hour.uniqueRecipients':
			return windows.keys === undefined ? 0 : keyed.distinct(windows.keys);
		case 'message.recipients':
			return 0;
	}
}

/** Second from which on `excess` fewer are counted; undefined: there are not so many. */
export function freedSecond(
	{ buckets, records }: WindowStore,
	windows: Windows,
	rule: LimitRule,
	excess: number,
): number | undefined {
	if (rule === 'hour.uniqueRecipients') {
		const second = windows.keys && keyed.secondThatFrees(records, windows.keys, excess);
		return second === undefined ? undefined : second + windowSeconds.hour;
	}
	const [window, unit] = rule.split('.') as [Window, string];
	const countOf = unit === 'messages' ? bucket.messagesOf : bucket.recipientsOf;
	let row = window === 'day' ? windows.minutes.head : window === 'hour' ? windows.seconds.head : windows.minuteHead;
	let left = excess;
	for (; row !== none; row = bucket.nextOf(buckets, row)) {
		left -= countOf(buckets, row);
		if (left > 0) continue;
		const time = bucket.timeOf(buckets, row);
		return window === 'day' ? (time + dayMinutes) * 60 : time + windowSeconds[window];
	}
	return undefined;
}
