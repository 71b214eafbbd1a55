/**
 * The usage bar: how much of a limit is used, drawn by the server so that it needs no script.
 *
 * The whole width is 125 % of the limit, so that the tick of the limit stands at 80 % of the width in every row and rows compare.
 * Amber from 80 % of the limit; blue beyond what is used: waits, and leaves by itself; red only where a rule that only watches let
 * more through than it says. What waits is shown beside usage and never in it (invariant 3).
 */
import type { Strings } from '../strings.ts';
import { count, percent } from '../text/numbers.ts';

export type Bar = {
	readonly tone: 'plain' | 'near' | 'over';
	readonly used: string;
	/** `of 400 / h`, `no limit`. */
	readonly of: string;
	/** `+ 228 wait`, else `86 %`. */
	readonly aside: string;
	readonly hasWaiting: boolean;
	/** For those who do not see the bar. */
	readonly label: string;
	/** Absent without a limit: nothing to compare with. In percent of the width. */
	readonly drawing?: { readonly used: string; readonly waiting: string; readonly tick: string };
};

/** Width of the drawing in parts of the limit. */
const scale = 1.25;
export const nearRatio = 0.8;

export type Use = {
	readonly used: number;
	readonly waiting: number;
	readonly limit: number | undefined;
	readonly mode: 'monitor' | 'enforce';
	/** `/ h`. */
	readonly span: string;
	/** `recipients in the last 60 minutes`. */
	readonly what: string;
};

const share = (part: number, limit: number): number => Math.min(100, (part / (limit * scale)) * 100);
const width = (value: number): string => `${Math.round(value * 10) / 10}%`;

function toneOf({ used, limit, mode }: Use): Bar['tone'] {
	if (limit === undefined) return 'plain';
	if (used > limit && mode === 'monitor') return 'over';
	return used >= limit * nearRatio && used > 0 ? 'near' : 'plain';
}

export function barOf(use: Use, t: Strings): Bar {
	const { used, waiting, limit, span, what } = use;
	const base = {
		tone: toneOf(use),
		used: count(used),
		hasWaiting: waiting > 0,
	};
	if (limit === undefined)
		return {
			...base,
			of: t.barNoLimit(span),
			aside: waiting > 0 ? t.barWaits(waiting) : '',
			label: t.barLabel(used, undefined, what, waiting),
		};
	const usedShare = limit === 0 ? (used > 0 ? 100 : 0) : share(used, limit);
	const waitingShare =
		limit === 0 ? (waiting > 0 ? 100 - usedShare : 0) : Math.min(100 - usedShare, share(waiting, limit));
	return {
		...base,
		of: t.barOf(limit, span),
		aside: waiting > 0 ? t.barWaits(waiting) : limit === 0 ? '' : percent(used, limit),
		label: t.barLabel(used, limit, what, waiting),
		drawing: { used: width(usedShare), waiting: width(waitingShare), tick: width(100 / scale) },
	};
}
