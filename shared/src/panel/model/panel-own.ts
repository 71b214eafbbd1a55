/**
 * The panel's own limits as a page shows them: that they discard, for whom they count, whether they come before ours.
 *
 * They are no number of ours: beside it, never in its place, and never without saying that what is over is lost.
 */
import type { AccountDto } from '../../contract/account-operations.ts';
import type { LimitsView } from '../../contract/limit-shapes.ts';
import { comesFirst, isBesidePanel, panelLimitsOf } from '../../words/panel-limit.ts';
import type { Strings } from '../strings.ts';
import { count } from '../text/numbers.ts';

export type PanelOwn = {
	/** `discards`. */
	readonly badge: string;
	/** `cPanel itself, each domain`; `60 messages / h`. Absent where only failures are bounded. */
	readonly line?: { readonly name: string; readonly value: string };
	readonly text: string;
	readonly isFirst: boolean;
	/** In the row of a list, when it comes before ours. */
	readonly short?: string;
};

export function panelOwnOf(
	account: Pick<AccountDto, 'panelHourMessages' | 'panelFailPercent'>,
	view: LimitsView,
	t: Strings,
): PanelOwn | undefined {
	const own = panelLimitsOf(account);
	if (own === undefined) return undefined;
	const ours = view.effective.filter(({ rule }) => isBesidePanel(rule)).map(({ value }) => value);
	const isFirst = comesFirst(own, view.effective);
	const { hourMessages, failPercent } = own;
	return {
		badge: t.panelDiscards,
		...(hourMessages === undefined ? {} : { line: { name: t.panelEach, value: t.panelHour(hourMessages) } }),
		text: [
			...(hourMessages === undefined ? [] : [t.panelAllows(hourMessages)]),
			...(failPercent === undefined ? [] : [t.panelFails(failPercent)]),
			t.panelLost,
			...(isFirst ? [ours.length === 0 ? t.panelAlone : t.panelFirst(Math.min(...ours))] : []),
		].join(' '),
		isFirst,
		...(isFirst && hourMessages !== undefined ? { short: t.panelShort(count(hourMessages)) } : {}),
	};
}
