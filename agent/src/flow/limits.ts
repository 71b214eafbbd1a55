/**
 * Limits as people set them: kept in state.db, in force at once for what waits and what comes, in the audit.
 *
 * Two sets stand for one level and id: the numbers themselves, and an exception with an end that stands before them, rule by rule.
 * Not here: what a set means for mail (core/metering), who may set what (main/api/visibility.ts).
 */
import { type Actor, actorText } from '@sluice/shared/contract/actor.ts';
import {
	type Level,
	type LimitMode,
	type LimitRule,
	type LimitSet,
	limitedText,
	limitText,
	type StoredLimits,
} from '@sluice/shared/words/limits.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { setMsAfter } from '../core/metering/change.ts';
import { audit } from './audit.ts';
import type { Flow } from './context.ts';

export type LimitedThing = { readonly level: Level; readonly id: string };

/**
 * `past`: an exception that has ended already. `full`: limits are set for so many things that no more are taken. `replaced`: what was to
 * be replaced stands no more.
 */
export type LimitFailure = 'past' | 'full' | 'replaced';

/** When what is to be replaced was set, epoch ms; null: nothing was set. Undefined: whatever stands is replaced. */
export type Replaces = number | null | undefined;

const isReplaced = (present: LimitSet | undefined, replaces: Replaces): boolean =>
	replaces !== undefined && (present?.setMs ?? null) !== replaces;

/** Levels and ids for which numbers may be set, in all. */
export const limitedThingsMax = 100_000;

/** Sets the numbers of a level and id, or with `untilMs` (epoch ms) an exception from them. The other of the two stays. */
export function setLimits(
	flow: Flow,
	thing: LimitedThing,
	put: { readonly set: LimitSet; readonly untilMs?: number | undefined; readonly replaces?: Replaces },
	actor: Actor,
): Result<StoredLimits, LimitFailure> {
	const { untilMs } = put;
	if (untilMs !== undefined && untilMs <= flow.clock.now()) return failed('past');
	const known = flow.limits.get(thing.level, thing.id);
	if (known === undefined && flow.limits.size >= limitedThingsMax) return failed('full');
	const { base, exception } = present(flow, known);
	const former = untilMs === undefined ? base : exception;
	if (isReplaced(former, put.replaces)) return failed('replaced');
	const set = { ...put.set, setMs: setMsAfter(former, put.set.setMs) };
	const limits: StoredLimits =
		untilMs === undefined
			? { base: set, ...(exception === undefined ? {} : { exception }) }
			: { ...(base === undefined ? {} : { base }), exception: { ...set, untilMs } };
	store(flow, thing, limits);
	tell(flow, actor, 'limit.set', thing, setText(set, untilMs), {
		mode: set.mode,
		...(untilMs === undefined ? {} : { until: new Date(untilMs).toISOString() }),
	});
	return ok(limits);
}

/** Which of the two sets is taken away; undefined: both. */
export type LimitPart = 'base' | 'exception' | undefined;

const clearedText = { base: 'the numbers are taken away', exception: 'the exception is over' } as const;

/**
 * Takes away all that is set for a level and id, or one of the two sets. Nothing set is no failure: it is as asked. `replaces` is of the
 * exception where only that is taken away, else of the numbers.
 */
export function clearLimits(
	flow: Flow,
	thing: LimitedThing,
	{ only, replaces }: { readonly only?: LimitPart; readonly replaces?: Replaces },
	actor: Actor,
): Result<void, Extract<LimitFailure, 'replaced'>> {
	const known = flow.limits.get(thing.level, thing.id);
	const standing = present(flow, known);
	if (isReplaced(only === 'exception' ? standing.exception : standing.base, replaces)) return failed('replaced');
	if (known === undefined || (only !== undefined && known[only] === undefined)) return ok(undefined);
	const { base, exception } = standing;
	const left =
		only === 'exception' && base !== undefined
			? { base }
			: only === 'base' && exception !== undefined
				? { exception }
				: undefined;
	store(flow, thing, left);
	const text = left === undefined || only === undefined ? 'nothing is set any more' : clearedText[only];
	tell(flow, actor, 'limit.clear', thing, only === 'exception' ? clearedText.exception : text, {});
	return ok(undefined);
}

/** An exception that is over is not kept beside what is set now. */
export function present(flow: Flow, limits: StoredLimits = {}): StoredLimits {
	const { exception, ...rest } = limits;
	return exception === undefined || exception.untilMs <= flow.clock.now() ? rest : limits;
}

export type LimitsOf = LimitedThing & { readonly limits: StoredLimits | undefined };

/** On the disk first: what could not be written is not in force either. Throws when it cannot. */
function keep(flow: Flow, things: readonly LimitsOf[]): void {
	flow.state.putDocuments(
		'limits',
		things.map(({ level, id, limits }) => ({
			id: `${level}:${id}`,
			value: limits === undefined ? undefined : { level, id, ...limits },
		})),
	);
	for (const { level, id, limits } of things) flow.limits.set(level, id, limits);
}

/** The same of numbers that are set anew. Whoever calls wakes the pace: what waited for the old ones may leave now. */
export function storeLimits(flow: Flow, things: readonly LimitsOf[]): void {
	keep(flow, things);
	// What the numbers before would have done says nothing of these.
	for (const { level, id } of things) flow.wouldHave.forget(level, id);
}

function store(flow: Flow, { level, id }: LimitedThing, limits: StoredLimits | undefined): void {
	storeLimits(flow, [{ level, id, limits }]);
	// What waited for the old number may leave now.
	flow.wakePace();
}

/** An exception is kept for so long after its end: the clock may be set back. */
const endedKeptMs = 86_400_000;
const forgottenPerRound = 500;

/** In each sweep: exceptions that have long been over. They bind nothing any more, and would fill the book. */
export function forgetEnded(flow: Flow): void {
	const before = flow.clock.now() - endedKeptMs;
	const ended: LimitsOf[] = [];
	for (const { level, id, limits } of flow.limits.entries()) {
		if (limits.exception === undefined || limits.exception.untilMs >= before) continue;
		ended.push({ level, id, limits: limits.base === undefined ? undefined : { base: limits.base } });
		if (ended.length === forgottenPerRound) break;
	}
	if (ended.length > 0) keep(flow, ended);
}

function tell(
	flow: Flow,
	actor: Actor,
	act: 'limit.set' | 'limit.clear',
	{ level, id }: LimitedThing,
	text: string,
	more: { readonly mode?: string; readonly until?: string },
): void {
	const who = actorText(actor);
	flow.events.emit({ event: 'limit.set', atMs: flow.clock.now(), level, id, text, actor: who, ...more });
	audit(flow, actor, act, limitedText({ level, id }), text);
}

/** `50 recipients an hour, 500 recipients a day (enforce), over: defer, until 2026-12-01T00:00:00.000Z: a newsletter` */
export function setText({ values, mode, modes, over, split, note }: LimitSet, untilMs?: number): string {
	const numbers = (Object.entries(values) as [LimitRule, number][]).map(([rule, value]) => {
		const own = modes?.[rule];
		return `${limitText(rule, value)}${own === undefined || own === mode ? '' : ` (${own})`}`;
	});
	const inherited = (Object.entries(modes ?? {}) as [LimitRule, LimitMode][])
		.filter(([rule]) => values[rule] === undefined)
		.map(([rule, own]) => `${rule} as inherited (${own})`);
	return [
		...(numbers.length === 0 ? [] : [`${numbers.join(', ')} (${mode})`]),
		...inherited,
		...(numbers.length + inherited.length === 0 ? [`no number (${mode})`] : []),
		...(over === undefined ? [] : [`over: ${over}`]),
		...(split === undefined ? [] : [split ? 'sent in parts' : 'not sent in parts']),
		...(untilMs === undefined ? [] : [`until ${new Date(untilMs).toISOString()}`]),
		...(note === undefined ? [] : [`note: ${note}`]),
	].join(', ');
}
