/** `sluice account list`: one line an account. */
import type { AccountDto } from '@sluice/shared/contract/account-operations.ts';
import type { UsageDto } from '@sluice/shared/contract/limit-shapes.ts';
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import { type Column, table } from './table.ts';
import { countText, numberText } from './text.ts';
import { bar, usedShare } from './usage.ts';
import type { View } from './view.ts';

/** `unknown` is no state of the panel's: mail comes from it, and no panel has named it. */
export const accountStateText = ({ state, isKnown }: AccountDto): string => (isKnown ? state : 'unknown');

export function accountStatePaint({ state, isKnown }: AccountDto, { paint }: View): (text: string) => string {
	if (!isKnown) return paint.faint;
	switch (state) {
		case 'active':
			return (text) => text;
		case 'suspended':
			return paint.warning;
		case 'gone':
			return paint.faint;
	}
}

const usageOf = ({ usage }: AccountDto, rule: UsageDto['rule']): UsageDto | undefined =>
	usage.find((one) => one.rule === rule);

/** `130/200`, without a limit `130`. */
function usedText(usage: UsageDto | undefined): string {
	if (usage === undefined) return '-';
	return usage.left === undefined
		? numberText(usage.used)
		: `${numberText(usage.used)}/${numberText(usage.used + usage.left)}`;
}

/** The share of the rule that is nearest to its end. */
function nearest({ usage }: AccountDto): number | undefined {
	const shares = usage.flatMap((one) => usedShare(one) ?? []);
	return shares.length === 0 ? undefined : Math.max(...shares);
}

const wideColumnsMin = 100;
const warnShare = 0.8;

function columnsFor(view: View): readonly Column<AccountDto>[] {
	const { warning, bad } = view.paint;
	const count = (title: string, of: (account: AccountDto) => number): Column<AccountDto> => ({
		title,
		align: 'right',
		text: (account) => (of(account) === 0 ? '-' : numberText(of(account))),
		paint: (account) => (of(account) === 0 ? (text) => text : warning),
	});
	const wide: readonly Column<AccountDto>[] =
		view.width < wideColumnsMin
			? []
			: [
					{ title: 'PLAN', text: ({ plan }) => plan ?? '-', columnsMin: 8 },
					{ title: 'RESELLER', text: ({ reseller }) => reseller ?? '-', columnsMin: 8 },
				];
	return [
		{ title: 'ACCOUNT', text: ({ id }) => id, columnsMin: 12 },
		{
			title: 'STATE',
			text: accountStateText,
			paint: (account) => accountStatePaint(account, view),
		},
		{ title: 'HOUR', align: 'right', text: (account) => usedText(usageOf(account, 'hour.recipients')) },
		{ title: 'DAY', align: 'right', text: (account) => usedText(usageOf(account, 'day.recipients')) },
		{
			title: 'NEAREST',
			text: (account) => (nearest(account) === undefined ? '' : bar(nearest(account) as number)),
			paint: (account) => {
				const share = nearest(account) ?? 0;
				return share >= 1 ? bad : share >= warnShare ? warning : (text) => text;
			},
		},
		count('WAITING', ({ waiting }) => waiting),
		count('HELD', ({ held }) => held),
		...wide,
		{ title: 'DOMAINS', text: ({ domains }) => domainsText(domains), columnsMin: 10 },
	];
}

function domainsText(domains: readonly string[]): string {
	const [first] = domains;
	if (first === undefined) return '-';
	return domains.length === 1 ? first : `${first} +${domains.length - 1}`;
}

export function accountListLines(
	{ items, next, total }: OperationOutput<'listAccounts'>,
	view: View,
	isFiltered: boolean,
): readonly string[] {
	if (items.length === 0)
		return isFiltered
			? ['No account matches. Leave out a filter.']
			: ['No account yet: no panel has given its list, and no mail has come. See `sluice status`.'];
	const more = next === undefined ? [] : ['', `There is more: the same with --cursor ${next}, or a larger --limit.`];
	return [
		...table(columnsFor(view), items, view),
		'',
		`${countText(total, 'account')}. HOUR and DAY: recipients used, of those allowed.`,
		...more,
	];
}
