/**
 * When the last of what waits will have left.
 *
 * Of a rule with limit L, the k-th recipient to leave takes the room of the (k-L)-th, a window after it. So it leaves as many whole
 * windows after the r-th as L goes into k-1, r being the rest; and the r-th leaves when the clock has freed r of what is used now. The
 * rule that takes longest decides.
 */
import { type Window, windowSeconds } from '@sluice/shared/words/limits.ts';
import type { Meter } from './meter.ts';
import type { Chain, Rule, RuleSet } from './types.ts';
import type { Lines } from './waiting-lines.ts';

type LeavesInput = { readonly rules: RuleSet; readonly meter: Meter; readonly nowMs: number };

/** What waits in the rule's scope, in the rule's unit. */
function waitingOf({ rule, scope }: Rule, lines: Lines, { meter, nowMs }: LeavesInput): number {
	if (rule.endsWith('.messages')) return lines.uncountedOf(scope);
	if (rule !== 'hour.uniqueRecipients') return lines.totalsOf(scope).recipients;
	const keys: number[] = [];
	for (const line of lines.linesOf(scope))
		for (let waiter = line.head; waiter !== undefined; waiter = waiter.next)
			for (const { key } of waiter.recipients) keys.push(key);
	return meter.newKeys(scope, keys, nowMs);
}

/** Epoch ms at which the k-th leaves; undefined: never. */
export function kthLeavesMs(
	rule: Rule,
	count: number,
	{ meter, nowMs }: Omit<LeavesInput, 'rules'>,
): number | undefined {
	if (rule.value === 0) return undefined;
	const need = ((count - 1) % rule.value) + 1;
	const wholeWindows = Math.floor((count - 1) / rule.value);
	const first = meter.freeAtMs({ scope: rule.scope, rule: rule.rule, need, limit: rule.value }, nowMs);
	if (first === undefined || wholeWindows === 0) return first;
	const window = rule.rule.split('.')[0] as Window;
	const step = window === 'day' ? 60_000 : 1000;
	return Math.floor(first / step) * step + wholeWindows * windowSeconds[window] * 1000;
}

export function leavesMs({ scopes }: Chain, lines: Lines, input: LeavesInput): number | undefined {
	let latest = input.nowMs;
	for (const rule of input.rules.rules) {
		if (rule.mode !== 'enforce' || rule.rule === 'message.recipients' || !scopes.includes(rule.scope)) continue;
		const count = waitingOf(rule, lines, input);
		if (count === 0) continue;
		const leaves = kthLeavesMs(rule, count, input);
		if (leaves === undefined) return undefined;
		latest = Math.max(latest, leaves);
	}
	return latest;
}
