/**
 * One limit of one account as it stands in a cell: number, origin, whether it is enforced, what it would have done.
 */
import { createHash } from 'node:crypto';
import type { AccountDto } from '../../contract/account-operations.ts';
import type { LimitsView } from '../../contract/limit-shapes.ts';
import type { LimitRule } from '../../words/limits.ts';
import type { Strings } from '../strings.ts';
import { count } from '../text/numbers.ts';
import { near } from '../text/times.ts';
import type { May } from './may.ts';
import { type Origin, originOf, originShort, type SetBook } from './parents.ts';
import { accountPath } from './paths.ts';
import { effectiveFor } from './rule-words.ts';
import { type Bar, barOf } from './usage-bar.ts';
import type { Words } from './words.ts';

/** On which page a cell stands: what is drawn anew after an edit. */
export type Spot = 'list' | 'account';

export type LimitCell = {
	/** Of the element that is swapped. */
	readonly domId: string;
	/** Absent: not the actor's to change. */
	readonly editPath?: string;
	readonly editLabel: string;
	/** `400 / h`, `no limit`. */
	readonly text: string;
	readonly origin: { readonly short: string } & ({ readonly query: string; readonly page: string } | Origin);
	readonly isEnforced: boolean;
	readonly hasLimit: boolean;
	/** What a rule that only watches would have done; undefined when nothing. */
	readonly wouldHave?: { readonly short: string; readonly long: string };
};

/** For ids of elements: any name in eight letters, digits, - and _. */
export const slug = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 8);

export const cellId = (spot: Spot, key: string, cell: LimitRule): string =>
	spot === 'list' ? `limit-${slug(key)}` : `limit-${slug(cell)}`;

/** The rule that a row of the list shows for a window: recipients, unless only messages are limited. */
export function shownRule(view: LimitsView, window: 'hour' | 'day'): LimitRule {
	const has = (rule: LimitRule) => view.effective.some((one) => one.rule === rule);
	const recipients: LimitRule = `${window}.recipients`;
	const messages: LimitRule = `${window}.messages`;
	return !has(recipients) && has(messages) ? messages : recipients;
}

/**
 * `isMain`: what waits is shown at this bar whatever made it wait; at the others only where their own limit is used up.
 */
export function barFor(
	{ account, view, rule }: { readonly account: AccountDto; readonly view: LimitsView; readonly rule: LimitRule },
	t: Strings,
	isMain = true,
): Bar {
	const usage = account.usage.find((one) => one.rule === rule);
	const effective = effectiveFor(view, rule);
	const isUsedUp = effective?.mode === 'enforce' && usage !== undefined && usage.used >= effective.value;
	return barOf(
		{
			used: usage?.used ?? 0,
			waiting: isMain || isUsedUp ? (usage?.waiting ?? 0) : 0,
			limit: effective?.value,
			mode: effective?.mode ?? 'monitor',
			span: t.rules[rule].span,
			what: t.rules[rule].what,
		},
		t,
	);
}

export function wouldHaveOf(
	view: LimitsView,
	rule: LimitRule,
	{ t, zoned, nowMs }: Words,
): LimitCell['wouldHave'] | undefined {
	const found = view.wouldHave.find((one) => one.rule === rule);
	if (found === undefined || found.messages === 0) return undefined;
	const since = near(zoned, Date.parse(found.since), nowMs);
	return {
		short: t.wouldHaveShort(found.messages),
		long:
			found.scopes > 1
				? t.wouldHaveOf(found.messages, found.scopes, since)
				: t.wouldHave(found.messages, found.recipients, since),
	};
}

/** Only what is not the default: there are fifty of them on a page. */
function cellQuery(spot: Spot, cell: LimitRule, back: string): string {
	const fields = new URLSearchParams();
	if (spot !== 'list') fields.set('spot', spot);
	if (cell !== 'hour.recipients') fields.set('rule', cell);
	if (back !== '') fields.set('back', back);
	const text = fields.toString();
	return text === '' ? '' : `?${text}`;
}

export function cellOf(
	{
		account,
		view,
		book,
		rule,
		spot,
		back = '',
		may,
	}: {
		readonly account: AccountDto;
		readonly view: LimitsView;
		readonly book: SetBook;
		readonly rule: LimitRule;
		readonly spot: Spot;
		/** Query of the list that one came from. */
		readonly back?: string;
		readonly may: Pick<May, 'editAccounts'>;
	},
	words: Words,
): LimitCell {
	const { t, base } = words;
	const effective = effectiveFor(view, rule);
	const text = effective === undefined ? t.noLimit : `${count(effective.value)} ${t.rules[rule].span}`;
	const wouldHave = wouldHaveOf(view, rule, words);
	const page = accountPath(base, account.key);
	return {
		domId: cellId(spot, account.key, rule),
		...(may.editAccounts ? { editPath: `${page}/limit${cellQuery(spot, rule, back)}` } : {}),
		editLabel: t.editNow(t.rules[rule].name, account.name, text),
		text,
		// Fifty chains would be half of a list: there each is asked for when somebody wants it.
		origin:
			spot === 'list'
				? { short: originShort(effective, words), query: cellQuery(spot, rule, ''), page }
				: originOf(rule, { owner: account, own: view, book, ...words }),
		isEnforced: effective?.mode === 'enforce',
		hasLimit: effective !== undefined,
		...(wouldHave === undefined ? {} : { wouldHave }),
	};
}
