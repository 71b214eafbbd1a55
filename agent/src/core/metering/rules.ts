/**
 * All numbers that meet a chain, outermost first, and what happens beyond them.
 *
 * Every number set for a scope is a rule on that scope's own meter, and a message must fit all that are enforced: so outer levels bound
 * inner ones without any arithmetic between numbers. What a tenant sets for its own is a further rule beside what it was given, and
 * lifts none of that. A new account has a further rule for each of its numbers, a share of it (ramp).
 * `over` and `split` come from the nearest set that says them, a tenant's own last; what somebody set stands before every default for
 * each.
 *
 * Unknown is not guilty: accounts that no panel named are met by defaults only while a complete list, not older than `staleMs`, says
 * that they are none of the panel's. A limit set by name always counts. Exempt chains have no rules.
 *
 * Pure; `createRuleSets` keeps what was found until accounts, limits or the clock change it.
 */

import type { Account } from '@sluice/shared/words/account.ts';
import { type LimitSet, scopeOf, unattributedAccount } from '@sluice/shared/words/limits.ts';
import { givenLayers, type Layer, type LayersInput, layersOf, numbersOf } from './layers.ts';
import type { Chain, Rule, RuleSet } from './types.ts';

/** The first days of a new account: `share` of its numbers. */
export type Ramp = { readonly mode: 'off' | 'monitor' | 'enforce'; readonly days: number; readonly share: number };

export type RulesInput = LayersInput & {
	readonly ramp: Ramp;
	/** Every rule only watches. */
	readonly isMonitorOnly?: boolean;
	/** Age of the last complete list beyond which defaults meet nobody unknown. */
	readonly staleMs: number;
};

const dayMs = 86_400_000;

/** What meets the chain; on a server that is monitor-only every number watches, and says when it would be enforced. */
export function ruleSetOf(chain: Chain, input: RulesInput): RuleSet {
	const set = asConfigured(chain, input);
	if (input.isMonitorOnly !== true) return set;
	const rules = set.rules.map((rule) =>
		rule.mode === 'enforce' ? { ...rule, mode: 'monitor' as const, isSpared: true as const } : rule,
	);
	return { rules, over: 'wait', split: true, isMonitorOnly: true };
}

function asConfigured(chain: Chain, input: RulesInput): RuleSet {
	if (chain.isExempt) return { rules: [], over: 'wait', split: true };
	const meetsDefaults = isMetByDefaults(chain, input);
	const perScope = chain.scopes.map((scope) => ({
		scope,
		layers: layersOf(scopeOf(scope), { ...input, meetsDefaults }),
	}));
	const rules: Rule[] = [];
	for (const { scope, layers } of perScope) {
		const given = givenLayers(layers);
		const numbers = [...numbersOf(layers), ...(given.length < layers.length ? numbersOf(given) : [])];
		for (const number of numbers) rules.push({ scope, ...number });
		if (scopeOf(scope).level === 'account') rules.push(...rampOf(chain, numbers, scope, input));
	}
	const nearestFirst = perScope.reverse().flatMap(({ layers }) => layers);
	const set = nearestFirst.filter((layer) => !layer.isDefault);
	const given = givenLayers(set);
	const said = [
		...given,
		...(given.length < set.length ? set : []),
		...nearestFirst.filter((layer) => layer.isDefault),
	];
	return { rules, over: firstOf(said, 'over') ?? 'wait', split: firstOf(said, 'split') ?? true };
}

function firstOf<K extends 'over' | 'split'>(layers: readonly Layer[], name: K): LimitSet[K] | undefined {
	return layers.find(({ set }) => set[name] !== undefined)?.set[name] as LimitSet[K];
}

function isMetByDefaults({ account }: Chain, { accounts, nowMs, staleMs }: RulesInput): boolean {
	if (account === unattributedAccount) return false;
	if (accounts.find(account) !== undefined) return true;
	return accounts.completeMs !== undefined && nowMs - accounts.completeMs <= staleMs;
}

const rampEndMs = (account: Account, { days }: Ramp): number => account.sinceMs + days * dayMs;

function rampOf(
	{ account: key }: Chain,
	numbers: readonly Omit<Rule, 'scope'>[],
	scope: Rule['scope'],
	{ accounts, ramp, nowMs }: RulesInput,
): readonly Rule[] {
	const { mode, share } = ramp;
	const account = accounts.find(key);
	if (mode === 'off' || account === undefined || nowMs >= rampEndMs(account, ramp)) return [];
	const name = `the first ${ramp.days} days of account ${account.name || key}`;
	return numbers
		.filter(({ rule }) => rule !== 'message.recipients')
		.map(({ rule, value }) => ({
			scope,
			rule,
			value: share > 0 && value > 0 ? Math.max(1, Math.floor(value * share)) : 0,
			mode,
			origin: { level: 'ramp', id: key, name },
			untilMs: rampEndMs(account, ramp),
		}));
}

/** When the clock alone will next change the rules of the chain: an exception or a ramp ends, the list of accounts grows old. */
export function rulesUntilMs(chain: Chain, rules: RuleSet, { accounts, staleMs, nowMs }: RulesInput): number {
	let untilMs = Number.POSITIVE_INFINITY;
	for (const rule of rules.rules) if (rule.untilMs !== undefined) untilMs = Math.min(untilMs, rule.untilMs);
	const { completeMs } = accounts;
	if (completeMs !== undefined && nowMs - completeMs <= staleMs && accounts.find(chain.account) === undefined)
		untilMs = Math.min(untilMs, completeMs + staleMs + 1);
	return untilMs;
}

export type RuleSets = { of(chain: Chain, nowMs: number): RuleSet };

/** More chains than any server has at once: beyond, what was kept is found anew. */
const ruleSetsMax = 200_000;

export function createRuleSets(
	input: Omit<RulesInput, 'nowMs' | 'ramp' | 'staleMs'> & {
		readonly settings: () => Pick<RulesInput, 'ramp' | 'staleMs' | 'isMonitorOnly'>;
	},
): RuleSets {
	const { accounts, book, settings } = input;
	type Kept = { readonly rules: RuleSet; readonly fromMs: number; readonly untilMs: number };
	const kept = new Map<Chain, Kept>();
	/** What everything kept was found from. */
	let seen = { accounts: -1, completeMs: undefined as number | undefined, book: -1, ...settings() };

	function isAsSeen({ ramp, staleMs, isMonitorOnly }: ReturnType<typeof settings>): boolean {
		return (
			seen.isMonitorOnly === isMonitorOnly &&
			seen.accounts === accounts.version &&
			seen.book === book.version &&
			seen.completeMs === accounts.completeMs &&
			seen.staleMs === staleMs &&
			(seen.ramp === ramp ||
				(seen.ramp.mode === ramp.mode && seen.ramp.days === ramp.days && seen.ramp.share === ramp.share))
		);
	}

	return {
		of(chain, nowMs) {
			const set = settings();
			if (kept.size >= ruleSetsMax || !isAsSeen(set)) {
				seen = { accounts: accounts.version, completeMs: accounts.completeMs, book: book.version, ...set };
				kept.clear();
			}
			const known = kept.get(chain);
			// A clock set back may bring an exception or a ramp back.
			if (known !== undefined && nowMs < known.untilMs && nowMs >= known.fromMs) return known.rules;
			const full = { accounts, book, ...set, nowMs };
			const rules = ruleSetOf(chain, full);
			kept.set(chain, { rules, fromMs: nowMs, untilMs: rulesUntilMs(chain, rules, full) });
			return rules;
		},
	};
}
