/**
 * The meter: what each scope has used in the last minute, hour and day, and when some of it is free again.
 *
 * Windows slide by clock seconds: the minute is the last 60 whole seconds, this one included, the hour 3600; the day is 1440 whole
 * clock minutes. What was charged in second s counts through s+W-1 and is free at s+W. Exact to the recipient: a recount of the list
 * of charges says the same, always (meter.test.ts).
 *
 * The clock is what the questions say (`nowMs`); a charge says only where it belongs. Charges may come in any order and from before
 * (read from disk at the start). When a question's now lies more than `clockSlackSeconds` behind the latest question or charge, the
 * clock has been set back: everything later than it is taken as made now, so that it leaves no later than a window after. Within the
 * slack now counts as the latest: steps that read the clock before others did are no clock step. A clock that jumps ahead: time
 * has passed, what has left stays away.
 *
 * Different recipients are counted by key for accounts, for scopes that `tracksKeys` names, and for any other from the first question
 * on (key-list.ts; 10,000 records an hour and scope, what is beyond counts as new).
 *
 * Memory: a scope is about 330 bytes with its name and its place in the map; a bucket 20, one for each second of the last hour and
 * each minute of the last day in which something was charged (at most 3600 + 1440 a scope); a key record 16, and some 40 for each
 * different key. 40,000 scopes with ten messages a day each: 25 MB.
 */
import { type LimitRule, type ScopeKey, scopeOf, type Window, windowSeconds } from '@sluice/shared/words/limits.ts';
import { createArena, none } from './arena.ts';
import * as bucket from './buckets.ts';
import * as keyed from './key-list.ts';

/** What one step pays for: at most one message, so many recipients, their keys (`recipientKeyOf`). */
export type ChargeAmount = { readonly messages: number; readonly recipients: number; readonly keys: readonly number[] };

export type FreeQuestion = {
	readonly scope: ScopeKey;
	readonly rule: LimitRule;
	/** How many more are to fit. */
	readonly need: number;
	readonly limit: number;
};

export type Meter = {
	/** Charges every scope, in the second of `atMs`. */
	charge(scopes: readonly ScopeKey[], atMs: number, amount: ChargeAmount): void;
	/** Takes a charge back that was made with the same words. Never below zero. */
	refund(scopes: readonly ScopeKey[], atMs: number, amount: ChargeAmount): void;
	/** Used of the rule's window; 0 for `message.recipients`, which has none. `nowMs` is the present, not any time. */
	used(scope: ScopeKey, rule: LimitRule, nowMs: number): number;
	/** How many of the keys have not been seen in the hour, each counted once. */
	newKeys(scope: ScopeKey, keys: readonly number[], nowMs: number): number;
	/** Earliest epoch ms at which `used + need <= limit` if nothing more is charged; now when it is so; undefined: never. */
	freeAtMs(question: FreeQuestion, nowMs: number): number | undefined;
	/** Forgets scopes with nothing in any window. Some milliseconds for 40,000 scopes. */
	prune(nowMs: number): void;
	readonly scopes: number;
	/** Estimate of the memory it takes. */
	readonly bytes: number;
};

export type MeterOptions = {
	/** Scopes whose different recipients are counted from the start. Default: accounts. */
	readonly tracksKeys?: (scope: ScopeKey) => boolean;
};

/** A now that lies so little behind is no clock step. */
export const clockSlackSeconds = 2;
const dayMinutes = windowSeconds.day / 60;
const scopeBytes = 330;
const keyMapBytes = 40;

type Scope = {
	readonly seconds: bucket.BucketList;
	readonly minutes: bucket.BucketList;
	/** First bucket of `seconds` within the minute, and what is in it and behind. */
	minuteHead: number;
	minuteMessages: number;
	minuteRecipients: number;
	/** Second up to which windows have slid. */
	atSecond: number;
	keys: keyed.KeyList | undefined;
};

/** Seconds are kept from 2020 on, so that 31 bits last until 2088. A whole minute. */
const firstSecond = 1_577_836_800;
const secondOf = (ms: number): number => Math.floor(ms / 1000) - firstSecond;
const msOf = (second: number): number => (second + firstSecond) * 1000;
const minuteOf = (second: number): number => Math.floor(second / 60);
const isAccount = (scope: ScopeKey): boolean => scopeOf(scope).level === 'account';

export function createMeter({ tracksKeys = isAccount }: MeterOptions = {}): Meter {
	const scopes = new Map<ScopeKey, Scope>();
	const buckets = createArena(bucket.bucketStride);
	const records = createArena(keyed.keyStride);
	/** Latest second of a question since the clock was last set back, and latest second charged. */
	let clock = Number.NEGATIVE_INFINITY;
	let latest = Number.NEGATIVE_INFINITY;

	function make(name: ScopeKey): Scope {
		const scope: Scope = {
			seconds: bucket.emptyList(),
			minutes: bucket.emptyList(),
			minuteHead: none,
			minuteMessages: 0,
			minuteRecipients: 0,
			atSecond: clock,
			keys: tracksKeys(name) ? keyed.emptyKeys() : undefined,
		};
		scopes.set(name, scope);
		return scope;
	}

	/** Lets windows slide to the clock. */
	function slide(scope: Scope): void {
		if (scope.atSecond === clock) return;
		scope.atSecond = clock;
		const minuteEnd = clock - windowSeconds.minute;
		while (scope.minuteHead !== none && bucket.timeOf(buckets, scope.minuteHead) <= minuteEnd) {
			scope.minuteMessages -= bucket.messagesOf(buckets, scope.minuteHead);
			scope.minuteRecipients -= bucket.recipientsOf(buckets, scope.minuteHead);
			scope.minuteHead = bucket.nextOf(buckets, scope.minuteHead);
		}
		bucket.dropThrough(buckets, scope.seconds, clock - windowSeconds.hour);
		bucket.dropThrough(buckets, scope.minutes, minuteOf(clock) - dayMinutes);
		if (scope.keys !== undefined) keyed.dropKeysThrough(records, scope.keys, clock - windowSeconds.hour);
	}

	/** Finds the minute's buckets anew, from the newest back. */
	function recountMinute(scope: Scope): void {
		scope.minuteHead = none;
		scope.minuteMessages = 0;
		scope.minuteRecipients = 0;
		for (
			let row = scope.seconds.tail;
			row !== none && bucket.timeOf(buckets, row) > clock - windowSeconds.minute;
			row = bucket.previousOf(buckets, row)
		) {
			scope.minuteHead = row;
			scope.minuteMessages += bucket.messagesOf(buckets, row);
			scope.minuteRecipients += bucket.recipientsOf(buckets, row);
		}
	}

	function observe(nowMs: number): void {
		const second = secondOf(nowMs);
		if (second >= Math.max(clock, latest) - clockSlackSeconds) {
			if (second > clock) clock = second;
			return;
		}
		for (const scope of scopes.values()) slide(scope);
		clock = second;
		latest = second;
		for (const scope of scopes.values()) {
			bucket.restampList(buckets, scope.seconds, second);
			bucket.restampList(buckets, scope.minutes, minuteOf(second));
			if (scope.keys !== undefined) keyed.restampKeys(records, scope.keys, second);
			// After a start this is the first slide; rows of the minute may be gone.
			scope.atSecond = Number.NEGATIVE_INFINITY;
			scope.minuteHead = none;
			slide(scope);
			recountMinute(scope);
		}
	}

	// The rules of a scope stand together, so most questions are about the scope of the one before.
	let lastName: ScopeKey = '';
	let last: Scope | undefined;

	function find(name: ScopeKey, nowMs: number): Scope | undefined {
		observe(nowMs);
		if (name !== lastName || last === undefined) {
			last = scopes.get(name);
			lastName = name;
		}
		if (last !== undefined) slide(last);
		return last;
	}

	function chargeOne(name: ScopeKey, second: number, amount: ChargeAmount): void {
		const scope = scopes.get(name) ?? make(name);
		slide(scope);
		if (second > clock - windowSeconds.hour) {
			bucket.addToList(buckets, scope.seconds, second, amount);
			if (scope.keys !== undefined) keyed.addKeys(records, scope.keys, second, amount.keys);
			if (second > clock - windowSeconds.minute) {
				if (scope.minuteHead === none || bucket.timeOf(buckets, scope.minuteHead) > second) recountMinute(scope);
				else {
					scope.minuteMessages += amount.messages;
					scope.minuteRecipients += amount.recipients;
				}
			}
		}
		if (minuteOf(second) > minuteOf(clock) - dayMinutes)
			bucket.addToList(buckets, scope.minutes, minuteOf(second), amount);
	}

	function refundOne(name: ScopeKey, second: number, amount: ChargeAmount): void {
		const scope = scopes.get(name);
		if (scope === undefined) return;
		slide(scope);
		bucket.takeFromList(buckets, scope.seconds, second, amount);
		bucket.takeFromList(buckets, scope.minutes, minuteOf(second), amount);
		if (scope.keys !== undefined) keyed.takeKeys(records, scope.keys, second, amount.keys);
		recountMinute(scope);
	}

	function keysOf(name: ScopeKey, scope: Scope | undefined): keyed.KeyList {
		const asked = scope ?? make(name);
		asked.keys ??= keyed.emptyKeys();
		return asked.keys;
	}

	function usedOf(scope: Scope, rule: LimitRule): number {
		switch (rule) {
			case 'minute.messages':
				return scope.minuteMessages;
			case 'minute.recipients':
				return scope.minuteRecipients;
			case 'hour.messages':
				return scope.seconds.messages;
			case 'hour.recipients':
				return scope.seconds.recipients;
			case 'day.messages':
				return scope.minutes.messages;
			case 'day.recipients':
				return scope.minutes.recipients;
			case 'hour.uniqueRecipients':
				return scope.keys === undefined ? 0 : keyed.distinct(scope.keys);
			case 'message.recipients':
				return 0;
		}
	}

	/** End of the bucket with which `excess` are free. */
	function freedMs(scope: Scope, rule: LimitRule, excess: number): number | undefined {
		if (rule === 'hour.uniqueRecipients') {
			const second = scope.keys && keyed.secondThatFrees(records, scope.keys, excess);
			return second === undefined ? undefined : msOf(second + windowSeconds.hour);
		}
		const [window, unit] = rule.split('.') as [Window, string];
		const countOf = unit === 'messages' ? bucket.messagesOf : bucket.recipientsOf;
		let row = window === 'day' ? scope.minutes.head : window === 'hour' ? scope.seconds.head : scope.minuteHead;
		let left = excess;
		for (; row !== none; row = bucket.nextOf(buckets, row)) {
			left -= countOf(buckets, row);
			if (left > 0) continue;
			const time = bucket.timeOf(buckets, row);
			return msOf(window === 'day' ? (time + dayMinutes) * 60 : time + windowSeconds[window]);
		}
		return undefined;
	}

	return {
		charge(names, atMs, amount) {
			const second = secondOf(atMs);
			if (second > latest) latest = second;
			for (const name of names) chargeOne(name, second, amount);
		},
		refund(names, atMs, amount) {
			for (const name of names) refundOne(name, secondOf(atMs), amount);
		},
		used(name, rule, nowMs) {
			const scope = find(name, nowMs);
			if (rule === 'hour.uniqueRecipients' && scope?.keys === undefined) keysOf(name, scope);
			return scope === undefined ? 0 : usedOf(scope, rule);
		},
		newKeys(name, keys, nowMs) {
			return keyed.countNew(keysOf(name, find(name, nowMs)), keys);
		},
		freeAtMs({ scope: name, rule, need, limit }, nowMs) {
			if (need > limit) return undefined;
			const scope = find(name, nowMs);
			const excess = (scope === undefined ? 0 : usedOf(scope, rule)) + need - limit;
			if (excess <= 0 || scope === undefined) return nowMs;
			return freedMs(scope, rule, excess);
		},
		prune(nowMs) {
			observe(nowMs);
			for (const [name, scope] of scopes) {
				slide(scope);
				if (scope.seconds.head === none && scope.minutes.head === none) scopes.delete(name);
				last = undefined;
			}
		},
		get scopes() {
			return scopes.size;
		},
		get bytes() {
			return (
				scopes.size * scopeBytes + buckets.cells.byteLength + records.cells.byteLength + records.used * keyMapBytes
			);
		},
	};
}
