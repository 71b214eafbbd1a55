/**
 * The meter: what each scope has used in the last minute, hour and day, and when some of it is free again.
 *
 * Windows slide by clock seconds: the minute is the last 60 whole seconds, this one included, the hour 3600; the day is 1440 whole
 * clock minutes. What was charged in second s counts through s+W-1 and is free at s+W. Exact to the recipient: a recount of the list
 * of charges says the same, always (meter.test.ts).
 *
 * The clock is what the questions say (`nowMs`); a charge says only where it belongs. Charges may come in any order and from before
 * (read from disk at the start). When a question's now lies more than `clockSlackSeconds` behind the latest question or charge, the
 * clock has been set back: everything later than it is taken as made now, so that it leaves no later than a window after (meter-scopes.ts).
 * Within the slack now counts as the latest: steps that read the clock before others did are no clock step. A clock that jumps ahead: time
 * has passed, what has left stays away.
 *
 * Different recipients are counted by key for accounts, for scopes that `tracksKeys` names, and for any other from the first question
 * on (key-list.ts; 10,000 records an hour and scope, what is beyond counts as new).
 *
 * Before usage is read from disk, `prune(now)` tells the clock, so that what is older than a window takes no room.
 *
 * Memory: a scope is about 330 bytes with its name and its place in the map; a bucket 20, one for each second of the last hour and
 * each minute of the last day in which something was charged (at most 3600 + 1440 a scope); a key record 16, and some 40 for each
 * different key. 40,000 scopes with ten messages a day each: 25 MB.
 */
import { type LimitRule, type ScopeKey, scopeOf } from '@sluice/shared/words/limits.ts';
import { bytesOf } from './arena.ts';
import { createBulkCharges } from './bulk-charges.ts';
import { countNew, emptyKeys, type KeyList } from './key-list.ts';
import { createMeterScopes } from './meter-scopes.ts';
import { type ChargeAmount, chargeWindows, freedSecond, refundWindows, usedOf, type Windows } from './windows.ts';

export type { ChargeAmount } from './windows.ts';

export type FreeQuestion = {
	readonly scope: ScopeKey;
	readonly rule: LimitRule;
	/** How many more are to fit. */
	readonly need: number;
	readonly limit: number;
};

export type BulkCharging = {
	/** The number of a chain, for `charge`. */
	chain(scopes: readonly ScopeKey[]): number;
	/** As `Meter.charge`; it counts from `end` on, at the latest. */
	charge(chain: number, atMs: number, amount: ChargeAmount): void;
	end(): void;
};

export type Meter = {
	/** Charges every scope, in the second of `atMs`. */
	charge(scopes: readonly ScopeKey[], atMs: number, amount: ChargeAmount): void;
	/** For very many charges, as at start. Nothing else is asked of the meter until its end. */
	bulk(): BulkCharging;
	/** Takes a charge back that was made with the same words. Never below zero. */
	refund(scopes: readonly ScopeKey[], atMs: number, amount: ChargeAmount): void;
	/** Used of the rule's window; 0 for `message.recipients`, which has none. `nowMs` is the present, not any time. */
	used(scope: ScopeKey, rule: LimitRule, nowMs: number): number;
	/** How many of the keys have not been seen in the hour, each counted once. */
	newKeys(scope: ScopeKey, keys: readonly number[], nowMs: number): number;
	/** Earliest epoch ms at which `used + need <= limit` if nothing more is charged; now when it is so; undefined: never. */
	freeAtMs(question: FreeQuestion, nowMs: number): number | undefined;
	/**
	 * Forgets scopes with nothing in any window. Looks at `pruneScopesMax` of them and goes on there the next time: to be called every
	 * minute or so.
	 */
	prune(nowMs: number): void;
	readonly scopes: number;
	/** Estimate of the memory it takes. */
	readonly bytes: number;
};

export type MeterOptions = {
	/** Scopes whose different recipients are counted from the start. Default: accounts. */
	readonly tracksKeys?: (scope: ScopeKey) => boolean;
};

const scopeBytes = 330;
const keyMapBytes = 40;

/** Seconds are kept from 2020 on, so that 31 bits last until 2088. A whole minute. */
const firstSecond = 1_577_836_800;
const secondOf = (ms: number): number => Math.floor(ms / 1000) - firstSecond;
const msOf = (second: number): number => (second + firstSecond) * 1000;
const isAccount = (scope: ScopeKey): boolean => scopeOf(scope).level === 'account';

export function createMeter({ tracksKeys = isAccount }: MeterOptions = {}): Meter {
	const scopes = createMeterScopes(tracksKeys);
	const { store } = scopes;

	function find(name: ScopeKey, nowMs: number): Windows | undefined {
		scopes.observe(secondOf(nowMs));
		return scopes.find(name);
	}

	function keysOf(name: ScopeKey, scope: Windows | undefined): KeyList {
		const asked = scope ?? scopes.take(name);
		asked.keys ??= emptyKeys();
		return asked.keys;
	}

	return {
		charge(names, atMs, amount) {
			const second = secondOf(atMs);
			scopes.charged(second);
			for (const name of names) chargeWindows(store, scopes.take(name), second, amount);
		},
		bulk() {
			const { chain, charge, end } = createBulkCharges(scopes);
			return { chain, end, charge: (number, atMs, amount) => charge(number, secondOf(atMs), amount) };
		},
		refund(names, atMs, amount) {
			for (const name of names) {
				const scope = scopes.find(name);
				if (scope !== undefined) refundWindows(store, scope, secondOf(atMs), amount);
			}
		},
		used(name, rule, nowMs) {
			const scope = find(name, nowMs);
			if (rule === 'hour.uniqueRecipients' && scope?.keys === undefined) keysOf(name, scope);
			return scope === undefined ? 0 : usedOf(scope, rule);
		},
		newKeys(name, keys, nowMs) {
			return countNew(keysOf(name, find(name, nowMs)), keys);
		},
		freeAtMs({ scope: name, rule, need, limit }, nowMs) {
			if (need > limit) return undefined;
			const scope = find(name, nowMs);
			const excess = (scope === undefined ? 0 : usedOf(scope, rule)) + need - limit;
			if (excess <= 0 || scope === undefined) return nowMs;
			const second = freedSecond(store, scope, rule, excess);
			return second === undefined ? undefined : msOf(second);
		},
		prune(nowMs) {
			scopes.observe(secondOf(nowMs));
			scopes.prune();
		},
		get scopes() {
			return scopes.size;
		},
		get bytes() {
			const { buckets, records } = store;
			return scopes.size * scopeBytes + bytesOf(buckets) + bytesOf(records) + records.used * keyMapBytes;
		},
	};
}
