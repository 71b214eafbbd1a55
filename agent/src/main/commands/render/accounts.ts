/** `sluice account list`: one line an account. */
import type { AccountDto } from '@sluice/shared/contract/account-operations.ts';
import type { UsageDto } from '@sluice/shared/contract/limit-shapes.ts';
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import { type Column, table } from './table.ts';
import { countText, hanging, numberText } from './text.ts';
import { bar } from './usage.ts';
import { proseWidth, type View } from './view.ts';

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
	return usage.limit === undefined ? numberText(usage.used) : `${numberText(usage.used)}/${numberText(usage.limit)}`;
}

/** What is used of the limit that is nearest to its end. */
const nearestShare = ({ nearest }: AccountDto): number =>
	nearest === undefined || nearest.used === 0 ? 0 : nearest.value === 0 ? 1 : nearest.used / nearest.value;

const isWould = ({ nearest }: AccountDto): boolean => nearest?.isNear === true && nearest.mode === 'monitor';

/** `*`: the limit is monitor-only. */
const nearestText = (account: AccountDto): string =>
	account.nearest === undefined ? '' : `${bar(nearestShare(account))}${isWould(account) ? '*' : ''}`;

const wideColumnsMin = 100;

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
			text: nearestText,
			paint: (account) => {
				if (account.nearest?.isNear !== true) return (text) => text;
				return nearestShare(account) >= 1 && account.nearest.mode === 'enforce' ? bad : warning;
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

const nearestNote = (items: readonly AccountDto[]): string =>
	`NEAREST: how much is used of the limit that is nearest to its end${
		items.some(isWould) ? '; * means that it is monitor-only, so nothing waits because of it' : ''
	}.`;

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
		`${countText(total, 'account')}. HOUR and DAY: recipients used/limit.`,
		...hanging('', nearestNote(items), proseWidth(view)),
		...more,
	];
}
