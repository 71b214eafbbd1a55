/**
 * Which warnings are due: a limit used up to a share, a limit used up; once for each rule and scope in a window, never a flood.
 *
 * Asked after a charge, and when a message does not fit. A limit that was warned about is silent for the length of its window; reaching
 * it is told apart from coming near. Memory: one entry for each limit in warning, at most `entriesMax`; beyond, further ones are silent
 * until others are over.
 */
import { type Window, windowSeconds } from '@sluice/shared/words/limits.ts';
import type { Meter } from './meter.ts';
import type { Rule, RuleSet, RuleState } from './types.ts';

export type LimitWarning = {
	/** `reached`: nothing is left, or a message did not fit. */
	readonly kind: 'near' | 'reached';
	readonly rule: Rule;
	readonly used: number;
	/** Used of the limit, whole percent. */
	readonly percent: number;
	/** When something is free again, epoch ms. */
	readonly resetsMs?: number;
};

export type Warnings = {
	/** Due after a charge to the scopes of these rules. */
	after(
		rules: RuleSet,
		input: { readonly meter: Meter; readonly warnPercent: number; readonly nowMs: number },
	): readonly LimitWarning[];
	/** Due because a message does not fit. */
	blocked(state: RuleState, input: { readonly meter: Meter; readonly nowMs: number }): LimitWarning | undefined;
	readonly size: number;
};

const entriesMax = 50_000;
/** So often entries that are over are looked for, when it is full. */
const fullMs = 10_000;

type Told = { readonly kind: LimitWarning['kind']; readonly fromMs: number; readonly untilMs: number };

export function createWarnings(): Warnings {
	const told = new Map<string, Told>();
	/** When it was last looked for entries that are over. */
	let fullFromMs = Number.NEGATIVE_INFINITY;

	function makeRoom(nowMs: number): boolean {
		if (told.size < entriesMax) return true;
		if (nowMs >= fullFromMs && nowMs < fullFromMs + fullMs) return false;
		fullFromMs = nowMs;
		for (const [name, { untilMs }] of told) if (untilMs <= nowMs) told.delete(name);
		return told.size < entriesMax;
	}

	function isDue({ scope, rule, mode, value }: Rule, kind: LimitWarning['kind'], nowMs: number): boolean {
		const name = `${rule} ${mode} ${value} ${scope}`;
		const last = told.get(name);
		// Told in the future: the clock was set back, and what was told then is no reason to be silent for long.
		const isSilent = last !== undefined && nowMs < last.untilMs && nowMs >= last.fromMs;
		if (isSilent && (last.kind === 'reached' || kind === 'near')) return false;
		if (last === undefined && !makeRoom(nowMs)) return false;
		const windowMs = windowSeconds[rule.split('.')[0] as Window] * 1000;
		told.delete(name);
		told.set(name, { kind, fromMs: nowMs, untilMs: nowMs + windowMs });
		return true;
	}

	function warningOf(
		kind: LimitWarning['kind'],
		rule: Rule,
		{ used, meter, nowMs }: { readonly used: number; readonly meter: Meter; readonly nowMs: number },
	): LimitWarning {
		const limit = Math.max(rule.value, 1);
		const resetsMs = meter.freeAtMs({ scope: rule.scope, rule: rule.rule, need: 1, limit }, nowMs);
		const percent = rule.value === 0 ? 100 : Math.floor((used * 100) / rule.value);
		return { kind, rule, used, percent, ...(resetsMs === undefined || resetsMs <= nowMs ? {} : { resetsMs }) };
	}

	return {
		after({ rules }, { meter, warnPercent, nowMs }) {
			let due: LimitWarning[] | undefined;
			for (const rule of rules) {
				if (rule.value === 0 || rule.rule === 'message.recipients') continue;
				const used = meter.used(rule.scope, rule.rule, nowMs);
				if (used * 100 < rule.value * warnPercent) continue;
				const kind = used >= rule.value ? 'reached' : 'near';
				if (!isDue(rule, kind, nowMs)) continue;
				due ??= [];
				due.push(warningOf(kind, rule, { used, meter, nowMs }));
			}
			return due ?? [];
		},
		blocked({ rule, used }, { meter, nowMs }) {
			if (rule.rule === 'message.recipients' || !isDue(rule, 'reached', nowMs)) return undefined;
			return warningOf('reached', rule, { used, meter, nowMs });
		},
		get size() {
			return told.size;
		},
	};
}
