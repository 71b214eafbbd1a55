/**
 * What stands above an account: the server, its reseller, its plan, the default for each account.
 *
 * A parent bounds its children; a plan is no bound, it gives its accounts their number. Where a number in force comes from is the
 * agent's word (`origin`, `cappedBy`); the chain around it is put together here from what is set on each level. A level that the
 * actor may not see is left out, never guessed.
 */
import type { AccountDto } from '../../contract/account-operations.ts';
import type { EffectiveDto, LimitsView } from '../../contract/limit-shapes.ts';
import { eachOf, type LimitRule, wholeServer } from '../../words/limits.ts';
import type { Zoned } from '../../words/moment.ts';
import { isBesidePanel } from '../../words/panel-limit.ts';
import type { Strings } from '../strings.ts';
import { count } from '../text/numbers.ts';
import { near } from '../text/times.ts';
import { type PanelOwn, panelOwnOf } from './panel-own.ts';
import { besideFor, effectiveFor, ownNumber } from './rule-words.ts';

/** What is set, by `level:id`. */
export type SetBook = ReadonlyMap<string, LimitsView>;

export type ChainLine = {
	readonly name: string;
	readonly value: string;
	/** The one that gives the number, or the one that caps it. */
	readonly isApplied: boolean;
};

export type Origin = {
	/** `plan Basic`, `own, until tomorrow, 09:42`, `no limit`. */
	readonly short: string;
	readonly chain: readonly ChainLine[];
	/** The agent's sentence: `50 recipients an hour from plan Basic, capped by reseller bob`. */
	readonly text: string;
	/** The chain alone does not say it. */
	readonly isTold: boolean;
	/** Another number that stands beside it: one of the two only watches. */
	readonly beside?: { readonly text: string; readonly isEnforced: boolean };
	/** The panel's own limit for the same, which the mail server enforces before us. */
	readonly panel?: PanelOwn;
};

type Level = {
	readonly level: string;
	readonly id: string;
	readonly name: string;
	readonly view: LimitsView | undefined;
};

export type Owner = Pick<AccountDto, 'reseller' | 'plan' | 'key' | 'panelHourMessages' | 'panelFailPercent'>;

/** From the outside in. `own` is the account's own view. */
function levelsOf(owner: Owner, own: LimitsView, book: SetBook, t: Strings): readonly Level[] {
	return [
		{ level: 'server', id: wholeServer, name: t.levelServer, view: book.get(`server:${wholeServer}`) },
		...(owner.reseller == null
			? []
			: [
					{
						level: 'reseller',
						id: owner.reseller,
						name: t.levelReseller(owner.reseller),
						view: book.get(`reseller:${owner.reseller}`),
					},
				]),
		{
			level: 'server',
			id: eachOf.account,
			name: t.levelEach,
			view: book.get(`server:${eachOf.account}`),
		},
		...(owner.plan == null
			? []
			: [{ level: 'plan', id: owner.plan, name: t.levelPlan(owner.plan), view: book.get(`plan:${owner.plan}`) }]),
		{ level: 'account', id: owner.key, name: t.levelThis, view: own },
	];
}

const nameOfOrigin = (origin: EffectiveDto['origin']): string => (origin.name === '' ? origin.level : origin.name);

function shortOf({ origin, cappedBy, until }: EffectiveDto, t: Strings, zoned: Zoned, nowMs: number): string {
	if (cappedBy?.level === 'ramp') return t.originNew;
	if (cappedBy !== undefined) return t.originCapped(nameOfOrigin(cappedBy));
	const from = origin.level === 'account' ? t.originOwn : t.originName(nameOfOrigin(origin));
	return until === undefined ? from : t.originUntil(from, near(zoned, Date.parse(until), nowMs));
}

/** In the row of a list: the chain is asked for when somebody wants it. */
export const originShort = (
	effective: EffectiveDto | undefined,
	{ t, zoned, nowMs }: { readonly t: Strings; readonly zoned: Zoned; readonly nowMs: number },
): string => (effective === undefined ? t.noLimit : shortOf(effective, t, zoned, nowMs));

export function originOf(
	rule: LimitRule,
	{
		owner,
		own,
		book,
		t,
		zoned,
		nowMs,
	}: {
		readonly owner: Owner;
		readonly own: LimitsView;
		readonly book: SetBook;
		readonly t: Strings;
		readonly zoned: Zoned;
		readonly nowMs: number;
	},
): Origin {
	const effective = effectiveFor(own, rule);
	const beside = besideFor(own, rule);
	const panel = isBesidePanel(rule) ? panelOwnOf(owner, own, t) : undefined;
	const isApplied = (level: Level): boolean =>
		[effective?.origin, effective?.cappedBy].some((one) => one?.level === level.level && one.id === level.id);
	const chain = levelsOf(owner, own, book, t).flatMap((level): ChainLine[] => {
		const found = ownNumber(level.view, rule);
		if (found === undefined)
			return level.level === 'account' ? [{ name: level.name, value: t.levelNoOwn, isApplied: false }] : [];
		const lasting =
			found.until === undefined ? level.name : t.originUntil(level.name, near(zoned, Date.parse(found.until), nowMs));
		return [
			{
				name: level.level === 'account' && found.author !== undefined ? t.originBy(lasting, found.author) : lasting,
				value: `${count(found.value)} ${t.rules[rule].span}`,
				isApplied: isApplied(level),
			},
		];
	});
	const ramp = effective?.origin.level === 'ramp' || effective?.cappedBy?.level === 'ramp';
	return {
		short: originShort(effective, { t, zoned, nowMs }),
		chain: ramp
			? [
					...chain,
					{
						name: t.originRamp,
						value: `${count(effective?.value ?? 0)} ${t.rules[rule].span}`,
						isApplied: true,
					},
				]
			: chain,
		text: effective?.text ?? t.originNone,
		isTold: effective?.cappedBy !== undefined || !chain.some((line) => line.isApplied),
		...(beside === undefined ? {} : { beside: { text: beside.text, isEnforced: beside.mode === 'enforce' } }),
		...(panel === undefined ? {} : { panel }),
	};
}

/** The smallest number above an account that bounds it, and whose it is. */
export function boundOf(
	rule: LimitRule,
	owner: Owner,
	book: SetBook,
): { readonly value: number; readonly who: 'server' | 'reseller'; readonly id: string } | undefined {
	const bounds = [
		{ who: 'server', id: wholeServer } as const,
		...(owner.reseller == null ? [] : [{ who: 'reseller', id: owner.reseller } as const]),
	].flatMap((one) => {
		const found = ownNumber(book.get(`${one.who}:${one.id}`), rule);
		return found === undefined ? [] : [{ ...one, value: found.value }];
	});
	return bounds.sort((a, b) => a.value - b.value)[0];
}
