/**
 * From limits and usage as core has them to the shapes of the REST API.
 *
 * One place, since the same numbers stand at accounts, at limits and at usage. `left` is what may still leave: the least of what the
 * rules of the scope and of all that bounds it from outside leave, of those that are enforced where there are such.
 */
import {
	type EffectiveDto,
	type LimitsView,
	limitsDtoOf,
	partsOfRule,
	type UsageDto,
} from '@sluice/shared/contract/limit-shapes.ts';
import type { AccountKey } from '@sluice/shared/words/account.ts';
import {
	type Level,
	type LimitRule,
	limitRules,
	type ScopeKey,
	type StoredLimits,
	scopeKeyOf,
	wholeServer,
} from '@sluice/shared/words/limits.ts';
import { comesFirst, panelLimitsOf } from '@sluice/shared/words/panel-limit.ts';
import { chainOfScope, effectiveOf, effectiveText, type ScopeOwners } from '../../core/metering/effective.ts';
import { type Nearest, nearestOf } from '../../core/metering/nearest.ts';
import { type RulesInput, ruleSetOf } from '../../core/metering/rules.ts';
import type { Rule, RuleSet } from '../../core/metering/types.ts';
import type { Flow } from '../../flow/context.ts';
import { time } from './answers.ts';
import type { AccountOfCredential } from './visibility.ts';

/** A level and id as they are stored: accounts by key, scripts as `KEY:DIRECTORY`, domains and mailboxes in lower case. */
export type Limited = { readonly level: Level; readonly id: string };

/** What the numbers of a level and id are found with. `accountOfCredential` is needed for the level `credential` alone. */
export function rulesInput(
	flow: Flow,
	nowMs: number,
	accountOfCredential: AccountOfCredential,
): RulesInput & ScopeOwners {
	const { accounts, limits } = flow.settings();
	return {
		accounts: flow.accounts,
		book: flow.limits,
		ramp: limits.ramp,
		staleMs: accounts.staleMs,
		nowMs,
		accountOfCredential,
	};
}

/** What is in force for one level and id, and why. */
function effectiveDtos(flow: Flow, { level, id }: Limited, owner: AccountOfCredential): EffectiveDto[] {
	const panel = level === 'account' ? panelLimitsOf(flow.accounts.find(id) ?? {}) : undefined;
	const effective = effectiveOf(level, id, rulesInput(flow, flow.clock.now(), owner));
	const hasMessages = effective.some(({ rule }) => rule === 'hour.messages');
	// The panel counts messages; where nothing of ours does, its number stands beside the recipients.
	const besidePanel: LimitRule = hasMessages ? 'hour.messages' : 'hour.recipients';
	const panelOwn =
		panel === undefined
			? undefined
			: ({ ...panel, over: 'discards', comesFirst: comesFirst(panel, effective) } as const);
	return effective.map((limit) => {
		const { rule, value, mode, origin, cappedBy, untilMs } = limit;
		return {
			rule,
			...partsOfRule(rule),
			value,
			mode,
			origin: { ...origin },
			...(cappedBy === undefined ? {} : { cappedBy: { ...cappedBy } }),
			...(untilMs === undefined ? {} : { until: time(untilMs) }),
			text: effectiveText(limit),
			...(panelOwn === undefined || rule !== besidePanel ? {} : { panelOwn }),
		};
	});
}

const nobody: AccountOfCredential = () => undefined;

type WindowRule = Exclude<LimitRule, 'message.recipients'>;
const windowRules = limitRules.filter((rule): rule is WindowRule => rule !== 'message.recipients');

const windowOf = (rule: WindowRule): Pick<UsageDto, 'window' | 'unit'> =>
	partsOfRule(rule) as Pick<UsageDto, 'window' | 'unit'>;

/** The scope that a level and id are metered under; undefined: a plan, or a default, which meters nothing itself. */
function scopeOfLimited({ level, id }: Limited): ScopeKey | undefined {
	if (level === 'plan' || (level === 'server' && id !== wholeServer)) return undefined;
	return scopeKeyOf(level, id);
}

/** What is used in each window, what waits, what is left. Nothing for what is not metered. */
export function usageDtos(flow: Flow, limited: Limited, owner: AccountOfCredential = nobody): UsageDto[] {
	const scope = scopeOfLimited(limited);
	if (scope === undefined) return [];
	const nowMs = flow.clock.now();
	const input = rulesInput(flow, nowMs, owner);
	const rules = ruleSetOf(chainOfScope(limited.level, limited.id, input), input);
	const waiting = flow.waiting.totalsOf(scope);
	return windowRules.map((rule) => ({
		rule,
		...windowOf(rule),
		used: flow.meter.used(scope, rule, nowMs),
		waiting: rule.endsWith('.messages') ? waiting.messages : waiting.recipients,
		...leftOf(flow, rules, rule, nowMs),
	}));
}

/** The limit of an account that is nearest to its end. */
export function nearestLimit(flow: Flow, key: AccountKey): Nearest | undefined {
	const nowMs = flow.clock.now();
	const scope = scopeKeyOf('account', key);
	const input = rulesInput(flow, nowMs, nobody);
	const { rules } = ruleSetOf(chainOfScope('account', key, input), input);
	return nearestOf(rules, (rule) => flow.meter.used(scope, rule, nowMs), flow.settings().limits.warnPercent / 100);
}

/** Absent without a limit. */
function leftOf(
	{ meter }: Flow,
	{ rules }: RuleSet,
	name: WindowRule,
	nowMs: number,
): { readonly limit?: number; readonly left?: number; readonly resetsAt?: string } {
	const meeting = rules.filter(({ rule }) => rule === name);
	const enforced = meeting.filter(({ mode }) => mode === 'enforce');
	const binding = enforced.length > 0 ? enforced : meeting;
	if (binding.length === 0) return {};
	const limit = Math.min(...meeting.map(({ value }) => value));
	const leftBy = ({ scope, rule, value }: Rule): number => Math.max(0, value - meter.used(scope, rule, nowMs));
	const left = Math.min(...binding.map(leftBy));
	if (left > 0) return { limit, left };
	const exhausted = binding.filter((rule) => leftBy(rule) === 0);
	const free = exhausted.map(({ scope, rule, value }) => meter.freeAtMs({ scope, rule, need: 1, limit: value }, nowMs));
	if (free.includes(undefined)) return { limit, left };
	return { limit, left, resetsAt: time(Math.max(...(free as number[]))) };
}

/** When the last of what waits for the scope will have left; undefined: nothing waits, or it never will by itself. */
export function waitsUntil(flow: Flow, limited: Limited, owner: AccountOfCredential): string | undefined {
	const scope = scopeOfLimited(limited);
	if (scope === undefined || flow.waiting.totalsOf(scope).recipients === 0) return undefined;
	const nowMs = flow.clock.now();
	const input = rulesInput(flow, nowMs, owner);
	const chain = chainOfScope(limited.level, limited.id, input);
	const lastMs = flow.waiting.lastLeavesMs(chain, { rules: ruleSetOf(chain, input), meter: flow.meter, nowMs });
	return lastMs === undefined || !Number.isFinite(lastMs) ? undefined : time(lastMs);
}

/** What rules that only count would have done, of the numbers that this level and id gives. */
function wouldHaveDtos({ wouldHave }: Flow, { level, id }: Limited): LimitsView['wouldHave'] {
	const counts = [...wouldHave.of(level, id), ...(level === 'account' ? wouldHave.of('ramp', id) : [])];
	return counts.map(({ sinceMs, lastMs, ...count }) => ({ ...count, since: time(sinceMs), last: time(lastMs) }));
}

/** `authorOf` words who set them, for who asks. */
export function limitsViewOf(
	flow: Flow,
	limited: Limited,
	{ authorOf, owner }: { readonly authorOf: (author: string) => string; readonly owner: AccountOfCredential },
): LimitsView {
	const { base, exception } = inForce(flow, flow.limits.get(limited.level, limited.id));
	const dtoOf = (set: NonNullable<typeof base> & { readonly untilMs?: number }) => {
		const dto = limitsDtoOf(set);
		return { ...dto, author: authorOf(dto.author) };
	};
	return {
		level: limited.level,
		id: limited.id,
		...(base === undefined ? {} : { base: dtoOf(base) }),
		...(exception === undefined ? {} : { exception: dtoOf(exception) }),
		effective: effectiveDtos(flow, limited, owner),
		wouldHave: wouldHaveDtos(flow, limited),
	};
}

/** Without an exception that is over. */
export function inForce({ clock }: Flow, stored: StoredLimits = {}): StoredLimits {
	const { exception, ...rest } = stored;
	return exception === undefined || exception.untilMs > clock.now() ? stored : rest;
}
