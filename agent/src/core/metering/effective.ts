/**
 * The limits in force at one level and id, as people see them: the number, where it comes from, and what outside caps it.
 *
 * Of each rule one limit, unless an enforced number and a smaller one that only counts both exist: then both. The origin is where the
 * level's own number comes from (set for it, its plan, the default for each); without one, the outer scope with the smallest. The
 * first days of a new account cap it as something outside would.
 */
import { type AccountKey, isProvisional } from '@sluice/shared/words/account.ts';
import { domainOf } from '@sluice/shared/words/address.ts';
import {
	type EffectiveLimit,
	eachOf,
	type Level,
	type LimitMode,
	type LimitRule,
	limitRules,
	limitText,
	scopeKeyOf,
	wholeServer,
} from '@sluice/shared/words/limits.ts';
import type { AccountBook } from '../identity/accounts.ts';
import { type ChainInput, chainOfPayers, otherIdentity, serverScope } from './chain.ts';
import { isEachId } from './defaults.ts';
import { defaultLayers, numbersOf, ownLayers } from './layers.ts';
import { type RulesInput, ruleSetOf } from './rules.ts';
import type { Chain, Rule } from './types.ts';

export type ScopeOwners = ChainInput & {
	/** Whose a credential is; without it its account is not found. */
	readonly accountOfCredential?: (id: string) => AccountKey | undefined;
};

/** `ACCOUNT:DIRECTORY` of a script. */
export function partsOfScript(
	id: string,
	accounts: AccountBook,
): { readonly account: AccountKey; readonly script: string } {
	let colon = id.indexOf(':');
	for (let next = colon; next > 0; next = id.indexOf(':', next + 1))
		if (accounts.find(id.slice(0, next)) !== undefined) colon = next;
	if (colon > 0 && isProvisional(id) && accounts.find(id.slice(0, colon)) === undefined) {
		const second = id.indexOf(':', colon + 1);
		if (second > 0) colon = second;
	}
	return colon < 0 ? { account: id, script: '' } : { account: id.slice(0, colon), script: id.slice(colon + 1) };
}

/** Account of `KEY/other`. */
function accountOfOther(id: string): AccountKey | undefined {
	const key = id.endsWith(otherIdentity) ? id.slice(0, -otherIdentity.length) : '';
	return key !== '' && !key.includes('/') && !key.endsWith(':') ? key : undefined;
}

/** The chain above and with one level and id, as asked for by REST. A plan and a default have only the server above them. */
export function chainOfScope(level: Level, id: string, owners: ScopeOwners): Chain {
	const { directory } = owners.accounts;
	const by = (payers: Omit<Parameters<typeof chainOfPayers>[0], 'isExempt'>): Chain =>
		chainOfPayers({ ...payers, isExempt: false }, owners);
	const domainOwner = (domain: string): AccountKey =>
		accountOfOther(domain) ?? directory.accountOfDomain(domain) ?? `domain:${domain}`;
	switch (level) {
		case 'server':
		case 'plan':
			return by({ account: '' });
		case 'reseller':
			return { ...by({ account: '' }), scopes: [serverScope, scopeKeyOf('reseller', id)] };
		case 'account':
			return by({ account: id });
		case 'domain':
			return by({ account: domainOwner(id), domain: id });
		case 'mailbox': {
			const domain = domainOf(id);
			const account =
				accountOfOther(id) ??
				directory.accountOfMailbox(id) ??
				(domain === '' ? (`login:${id}` as AccountKey) : domainOwner(domain));
			return by({ account, ...(domain === '' ? {} : { domain }), leaf: { level, id, isHint: false } });
		}
		case 'script':
			return by({
				account: accountOfOther(id) ?? partsOfScript(id, owners.accounts).account,
				leaf: { level, id, isHint: false },
			});
		case 'credential':
			return by({ account: owners.accountOfCredential?.(id) ?? '', leaf: { level, id, isHint: false } });
	}
}

/** What is in force for one level and id, in the order of the rules. */
export function effectiveOf(level: Level, id: string, input: RulesInput & ScopeOwners): readonly EffectiveLimit[] {
	const chain = chainOfScope(level, id, input);
	const { rules } = ruleSetOf(chain, input);
	const givesNumbers = level === 'plan' || (level === 'server' && id !== wholeServer);
	const scope = givesNumbers ? `${level}:${id}` : (chain.scopes.at(-1) as string);
	const all = givesNumbers ? [...rules, ...givenNumbers(level, id, input, scope)] : rules;
	return limitRules.flatMap((rule) => effectiveRule(rule, all, scope));
}

/** Numbers of what is no scope itself: a plan, a default for each. */
function givenNumbers(level: Level, id: string, input: RulesInput, scope: string): readonly Rule[] {
	const layers =
		level === 'plan'
			? [...ownLayers('plan', id, input), ...defaultLayers(eachOf.account, input)]
			: isEachId(id)
				? defaultLayers(id, input)
				: ownLayers(level, id, input);
	return numbersOf(layers).map((number) => ({ scope, ...number }));
}

function effectiveRule(name: LimitRule, rules: readonly Rule[], scope: string): readonly EffectiveLimit[] {
	const of = (mode: LimitMode) =>
		smallest(
			rules.filter(({ rule, mode: its }) => rule === name && its === mode),
			scope,
		);
	const enforced = of('enforce');
	const monitored = of('monitor');
	if (enforced === undefined) return monitored === undefined ? [] : [monitored];
	return monitored === undefined || monitored.value >= enforced.value ? [enforced] : [enforced, monitored];
}

function smallest(rules: readonly Rule[], scope: string): EffectiveLimit | undefined {
	const least = rules.reduce<Rule | undefined>(
		(found, rule) => (found === undefined || rule.value < found.value ? rule : found),
		undefined,
	);
	if (least === undefined) return undefined;
	const own = rules.find((rule) => rule.scope === scope && rule.origin.level !== 'ramp') ?? least;
	const { rule, value, mode } = least;
	const untilMs = own.untilMs ?? least.untilMs;
	return {
		rule,
		value,
		mode,
		origin: own.origin,
		...(value < own.value ? { cappedBy: least.origin } : {}),
		...(untilMs === undefined ? {} : { untilMs }),
	};
}

/** `50 recipients an hour from plan Basic, capped by reseller bob` */
export function effectiveText({ rule, value, origin, cappedBy }: EffectiveLimit): string {
	const cap = cappedBy === undefined ? '' : `, capped by ${cappedBy.name}`;
	return `${limitText(rule, value)} from ${origin.name}${cap}`;
}
