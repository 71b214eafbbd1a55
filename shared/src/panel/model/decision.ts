/**
 * One thing that needs a person: why, with numbers; since when; what happens if nobody acts; one act. And in which order such things
 * stand. Not here: what is found (decisions-mail.ts, decisions-server.ts). Pure.
 */
import type { Sign } from '../signs.ts';
import { spanText } from '../text/spans.ts';
import { near } from '../text/times.ts';
import type { Words } from './words.ts';

/** More of one kind are told of together. */
const singlesMax = 4;

/** Most harmful first. */
const harms = ['stopped', 'held', 'health', 'unknown', 'discards', 'usedUp', 'suspended', 'near', 'ready'] as const;

/** What may be done and seen from here. */
export type Reach = { readonly isAdmin: boolean; readonly mayLimit: boolean; readonly hasRules: boolean };

type Found = {
	readonly harm: (typeof harms)[number];
	readonly tone: 'bad' | 'hold' | 'wait' | 'off';
	readonly sign: Sign;
	readonly title: string;
	readonly path: string;
	readonly why: string;
	/** Undefined: seen now, nobody knows since when. */
	readonly sinceMs?: number | undefined;
	/** What happens if nobody acts; undefined: nobody knows. */
	readonly next?: string | undefined;
	/** Done where `path` leads, unless it says where. */
	readonly act: string | { readonly text: string; readonly path: string; readonly isDialog: boolean };
};

export type Decision = Pick<Found, 'tone' | 'sign' | 'title' | 'path' | 'why'> & {
	readonly since: string;
	readonly next: string;
	readonly act: Exclude<Found['act'], string>;
	readonly order: readonly [harm: number, sinceMs: number];
};

export function decisionOf(found: Found, { t, zoned, nowMs }: Words): Decision {
	const { harm, tone, sign, title, path, why, sinceMs, next, act } = found;
	return {
		tone,
		sign,
		title,
		path,
		why,
		since:
			sinceMs === undefined
				? t.decisions.seenNow
				: t.decisions.since(near(zoned, sinceMs, nowMs), spanText(nowMs - sinceMs)),
		next: next === undefined ? '' : t.decisions.next(next),
		act: typeof act === 'string' ? { text: act, path, isDialog: false } : act,
		order: [harms.indexOf(harm), sinceMs ?? nowMs],
	};
}

/** Most harmful first, then oldest. */
export const byHarm = ({ order: [harm, sinceMs] }: Decision, { order: [otherHarm, otherMs] }: Decision): number =>
	harm - otherHarm || sinceMs - otherMs;

/** A few stand by themselves; of many the first, and the rest is told of together. */
export function singlesOf<T>(items: readonly T[]): { readonly singles: readonly T[]; readonly rest: readonly T[] } {
	const singles = items.length > singlesMax ? items.slice(0, singlesMax - 1) : items;
	return { singles, rest: items.slice(singles.length) };
}
