/** Who has set what meanwhile, in words: for whoever would replace it unseen. */
import type { LimitsView } from '../contract/limit-shapes.ts';
import { type LimitRule, limitText } from '../words/limits.ts';
import { meanwhileOf } from './model/edit.ts';
import type { Pages } from './pages.ts';
import { near } from './text/times.ts';

/** Undefined: nobody has. */
export function meanwhileText(
	{ t, place }: Pages,
	seen: string,
	view: LimitsView,
	rule: LimitRule,
): string | undefined {
	const found = meanwhileOf(seen, view, rule);
	if (found === undefined) return undefined;
	if (found === 'gone') return t.meanwhileGone;
	const what = found.value === undefined ? t.noLimit : limitText(found.rule, found.value);
	return t.meanwhileSet(found.author, what, near(place, Date.parse(found.set), place.now()));
}
