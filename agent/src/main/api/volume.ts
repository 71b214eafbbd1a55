/**
 * How much mail went which way: a few hundred rows of stats.db, summed up to the steps of a chart.
 *
 * The whole server and each reseller are counted as such; a customer's accounts, of which there are few, are added up.
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { OperationInput, OperationOutput } from '@sluice/shared/contract/operations.ts';
import type { Problem } from '@sluice/shared/contract/problem.ts';
import { volumeCounts } from '@sluice/shared/contract/view-operations.ts';
import { type ScopeKey, scopeKeyOf } from '@sluice/shared/words/limits.ts';
import { ok, type Result } from '@sluice/shared/words/result.ts';
import { serverScope } from '../../core/metering/chain.ts';
import type { Flow } from '../../flow/context.ts';
import { createSlices } from '../../flow/turns.ts';
import { keptSecondsOf } from '../../io/store/stats-retention.ts';
import type { Counts } from '../../ports/stats.ts';
import { time } from './answers.ts';
import { type ApiContext, problem } from './context.ts';
import { rowsBetween, type Span, spanOf } from './span.ts';
import { keyOf, maySee, visibleAccounts } from './visibility.ts';

type Query = OperationInput<'volume'>['query'];
type Volume = OperationOutput<'volume'>;
type Sums = { -readonly [C in keyof Counts]: number };

/** Rows read at once. */
const rowsPerPortion = 400;

const zeros = (): Sums => Object.fromEntries(volumeCounts.map((name) => [name, 0])) as Sums;

function add(into: Sums, counts: Counts): void {
	for (const name of volumeCounts) into[name] += counts[name];
}

/** Whose counts are meant; a problem for what the actor may not see. */
function subjectsOf(flow: Flow, { account }: Query, actor: Actor | undefined): Result<readonly ScopeKey[], Problem> {
	if (account !== undefined) {
		const key = keyOf(flow.accounts, account);
		if (!maySee(flow.accounts, actor, key)) return problem('not-found', 'No account with this id.');
		return ok([scopeKeyOf('account', key)]);
	}
	if (actor?.role === 'admin') return ok([serverScope]);
	if (actor?.role === 'reseller') return ok([scopeKeyOf('reseller', actor.id)]);
	return ok((visibleAccounts(flow.accounts, actor) ?? []).map((key) => scopeKeyOf('account', key)));
}

export async function volume(
	{ flow, stats }: ApiContext,
	query: Query,
	actor: Actor | undefined,
): Promise<Result<Volume, Problem>> {
	const subjects = subjectsOf(flow, query, actor);
	if (!subjects.ok) return subjects;
	const nowMs = flow.clock.now();
	const span = spanOf(query.span, nowMs);
	const from = span.steps[0] as number;
	const rows = rowsBetween(span.size, span.before[0] as number, span.end);
	const bySteps = new Map([...span.before, ...span.steps].map((step) => [step, zeros()]));
	const slices = createSlices(flow.clock);
	const portion = Math.max(1, Math.floor(rowsPerPortion / Math.max(1, subjects.value.length)));
	for (let at = 0; at < rows.length; at += portion) {
		const counted = stats.counts(span.size, subjects.value, rows.slice(at, at + portion));
		for (const [row, counts] of counted) add(sumsAt(bySteps, row), counts);
		const pause = slices.breathe();
		if (pause !== undefined) await pause;
	}
	const total = (steps: readonly number[]): Sums => {
		const sums = zeros();
		for (const step of steps) add(sums, bySteps.get(step) as Sums);
		return sums;
	};
	const isServer = subjects.value[0] === serverScope;
	const kept = sinceOf(stats.since(), span, { nowMs, days: flow.settings().historyDays, isServer });
	return ok({
		from: time(from * 1000),
		to: time(span.end * 1000),
		stepSeconds: span.stepSeconds,
		items: span.steps.map((step) => ({ at: time(step * 1000), ...(bySteps.get(step) as Sums) })),
		total: total(span.steps),
		...(kept.ofRows <= (span.before[0] as number) ? { before: total(span.before) } : {}),
		since: time(kept.ofAll * 1000),
	});
}

/** The step that a row begins in. Steps are in order. */
function sumsAt(bySteps: ReadonlyMap<number, Sums>, row: number): Sums {
	let found: Sums | undefined;
	const exact = bySteps.get(row);
	if (exact !== undefined) return exact;
	for (const [step, sums] of bySteps) {
		if (step > row) break;
		found = sums;
	}
	return found ?? zeros();
}

type Kept = { readonly nowMs: number; readonly days: number; readonly isServer: boolean };

/** From when on there are counts at all, and rows of this size; epoch seconds. */
function sinceOf(
	counted: number | undefined,
	{ size }: Span,
	{ nowMs, days, isServer }: Kept,
): { readonly ofAll: number; readonly ofRows: number } {
	const now = Math.floor(nowMs / 1000);
	const since = counted ?? now;
	const kept = keptSecondsOf(days, isServer);
	return { ofAll: Math.max(since, now - kept.day), ofRows: Math.max(since, now - kept[size]) };
}
