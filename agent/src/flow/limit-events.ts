/**
 * Events of limits: most of one is used, all of it is, once a window for each (core/metering/warnings).
 */
import { type OverAction, scopeOf } from '@sluice/shared/words/limits.ts';
import type { Chain, RuleState } from '../core/metering/types.ts';
import type { LimitWarning } from '../core/metering/warnings.ts';
import type { Flow } from './context.ts';

/** Whose mail it is, and what happens to what is over. */
type Met = { readonly chain: Chain; readonly over: OverAction };

type Telling = Pick<Flow, 'warnings' | 'meter' | 'ruleSets' | 'settings' | 'events'>;

/** After the scopes of a chain were charged. */
export function tellUsed(flow: Telling, chain: Chain, nowMs: number): void {
	const rules = flow.ruleSets.of(chain, nowMs);
	const { warnPercent } = flow.settings().limits;
	for (const warning of flow.warnings.after(rules, { meter: flow.meter, warnPercent, nowMs }))
		tell(flow, warning, { chain, over: rules.over }, nowMs);
}

/** A message does not fit. */
export function tellBlocked(flow: Telling, state: RuleState, met: Met, nowMs: number): void {
	const warning = flow.warnings.blocked(state, { meter: flow.meter, nowMs });
	if (warning !== undefined) tell(flow, warning, met, nowMs);
}

function tell({ events }: Telling, warning: LimitWarning, { chain, over }: Met, atMs: number): void {
	const { kind, rule, used, percent, resetsMs } = warning;
	const { level, id } = scopeOf(rule.scope);
	events.emit({
		event: kind === 'near' ? 'limit.warning' : 'limit.reached',
		atMs,
		scope: rule.scope,
		level,
		id,
		account: chain.account,
		rule: rule.rule,
		mode: rule.mode,
		value: rule.value,
		used,
		percent,
		origin: rule.origin.name,
		...(kind === 'reached' ? { over } : {}),
		...(resetsMs === undefined ? {} : { resets: new Date(resetsMs).toISOString() }),
	});
}
