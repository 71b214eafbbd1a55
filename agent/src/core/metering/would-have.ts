/**
 * What rules that only count would have done: for each place a number comes from, how many messages and recipients it would have kept.
 *
 * The numbers an administrator looks at before enforcing a rule. Counted under the origin (this plan, that default), since that is
 * what can be enforced. Kept over restarts as plain values. Bounded: `entriesMax` rules, `scopesMax` scopes told apart in each.
 */
import type { LimitOrigin, LimitRule, ScopeKey } from '@sluice/shared/words/limits.ts';
import type { RuleState } from './types.ts';

export type WouldHaveCount = {
	readonly rule: LimitRule;
	readonly messages: number;
	readonly recipients: number;
	/** Accounts, mailboxes or scripts it would have met, at most `scopesMax`. */
	readonly scopes: number;
	/** Since when it is counted, epoch ms. */
	readonly sinceMs: number;
	readonly lastMs: number;
};

/** As it is written to disk. */
export type WouldHaveEntry = {
	readonly level: LimitOrigin['level'];
	readonly id: string;
	readonly rule: LimitRule;
	readonly messages: number;
	readonly recipients: number;
	readonly scopes: readonly ScopeKey[];
	readonly sinceMs: number;
	readonly lastMs: number;
};

export type WouldHave = {
	/** Counts one message that these monitored rules would have kept, with so many recipients. */
	count(states: readonly RuleState[], recipients: number, nowMs: number): void;
	of(level: LimitOrigin['level'], id: string): readonly WouldHaveCount[];
	/** When numbers are set anew, what the old ones would have done is over. */
	forget(level: LimitOrigin['level'], id: string): void;
	toJSON(): readonly WouldHaveEntry[];
	/** Grows with every change: whether there is anything to write. */
	readonly version: number;
};

const entriesMax = 20_000;
const scopesMax = 1000;

type Entry = Omit<WouldHaveEntry, 'messages' | 'recipients' | 'scopes' | 'lastMs'> & {
	messages: number;
	recipients: number;
	lastMs: number;
	readonly scopes: Set<ScopeKey>;
};

export function createWouldHave(entries: readonly WouldHaveEntry[] = []): WouldHave {
	/** By level and id, then by rule. */
	const origins = new Map<string, Map<LimitRule, Entry>>();
	let size = 0;
	let version = 0;

	function enter(entry: Entry): Entry {
		const key = `${entry.level}:${entry.id}`;
		const rules = origins.get(key) ?? new Map<LimitRule, Entry>();
		if (!rules.has(entry.rule)) size += 1;
		rules.set(entry.rule, entry);
		origins.set(key, rules);
		return entry;
	}

	function entryOf({ rule: { rule, origin } }: RuleState, nowMs: number): Entry | undefined {
		const { level, id } = origin;
		const known = origins.get(`${level}:${id}`)?.get(rule);
		if (known !== undefined || size >= entriesMax) return known;
		return enter({ level, id, rule, messages: 0, recipients: 0, scopes: new Set(), sinceMs: nowMs, lastMs: nowMs });
	}

	for (const entry of entries.slice(0, entriesMax)) enter({ ...entry, scopes: new Set(entry.scopes) });
	return {
		count(states, recipients, nowMs) {
			for (const state of states) {
				const entry = entryOf(state, nowMs);
				if (entry === undefined) continue;
				version += 1;
				entry.messages += 1;
				entry.recipients += recipients;
				entry.lastMs = nowMs;
				if (entry.scopes.size < scopesMax) entry.scopes.add(state.rule.scope);
			}
		},
		of(level, id) {
			return [...(origins.get(`${level}:${id}`)?.values() ?? [])].map(
				({ rule, messages, recipients, scopes, sinceMs, lastMs }) => ({
					rule,
					messages,
					recipients,
					scopes: scopes.size,
					sinceMs,
					lastMs,
				}),
			);
		},
		forget(level, id) {
			const rules = origins.get(`${level}:${id}`);
			if (rules === undefined) return;
			size -= rules.size;
			version += 1;
			origins.delete(`${level}:${id}`);
		},
		toJSON() {
			return [...origins.values()].flatMap((rules) =>
				[...rules.values()].map((entry) => ({ ...entry, scopes: [...entry.scopes] })),
			);
		},
		get version() {
			return version;
		},
	};
}
