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
import { count } from '../text/numbers.ts';
import { near, type Zoned } from '../text/times.ts';
import { besideFor, effectiveFor, ownNumber, ruleWords } from './rule-words.ts';

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
	/** The panel's own number for the same, which the mail server enforces before us. */
	readonly panelOwn?: string;
};

type Level = {
	readonly level: string;
	readonly id: string;
	readonly name: string;
	readonly view: LimitsView | undefined;
};

export type Owner = Pick<AccountDto, 'reseller' | 'plan' | 'key'>;

/** From the outside in. `own` is the account's own view. */
function levelsOf(owner: Owner, own: LimitsView, book: SetBook, accountWord: string): readonly Level[] {
	return [
		{ level: 'server', id: wholeServer, name: 'whole server', view: book.get(`server:${wholeServer}`) },
		...(owner.reseller == null
			? []
			: [
					{
						level: 'reseller',
						id: owner.reseller,
						name: `reseller ${owner.reseller}, for all its ${accountWord}s`,
						view: book.get(`reseller:${owner.reseller}`),
					},
				]),
		{
			level: 'server',
			id: eachOf.account,
			name: `default for each ${accountWord}`,
			view: book.get(`server:${eachOf.account}`),
		},
		...(owner.plan == null
			? []
			: [{ level: 'plan', id: owner.plan, name: `plan ${owner.plan}`, view: book.get(`plan:${owner.plan}`) }]),
		{ level: 'account', id: owner.key, name: `this ${accountWord}`, view: own },
	];
}

const nameOfOrigin = (origin: EffectiveDto['origin']): string => (origin.name === '' ? origin.level : origin.name);

function shortOf(effective: EffectiveDto, accountWord: string, zoned: Zoned, nowMs: number): string {
	const until = effective.until === undefined ? '' : `, until ${near(zoned, Date.parse(effective.until), nowMs)}`;
	const from = effective.origin.level === 'account' ? `own${until}` : `${nameOfOrigin(effective.origin)}${until}`;
	const short = from.replace('each account', `each ${accountWord}`);
	if (effective.cappedBy?.level === 'ramp') return `new ${accountWord}`;
	return effective.cappedBy === undefined ? short : `capped by ${nameOfOrigin(effective.cappedBy)}`;
}

export function originOf(
	rule: LimitRule,
	{
		owner,
		own,
		book,
		accountWord,
		zoned,
		nowMs,
	}: {
		readonly owner: Owner;
		readonly own: LimitsView;
		readonly book: SetBook;
		readonly accountWord: string;
		readonly zoned: Zoned;
		readonly nowMs: number;
	},
): Origin {
	const effective = effectiveFor(own, rule);
	const beside = besideFor(own, rule);
	const isApplied = (level: Level): boolean =>
		[effective?.origin, effective?.cappedBy].some((one) => one?.level === level.level && one.id === level.id);
	const chain = levelsOf(owner, own, book, accountWord).flatMap((level): ChainLine[] => {
		const found = ownNumber(level.view, rule);
		if (found === undefined)
			return level.level === 'account' ? [{ name: level.name, value: 'no own limit', isApplied: false }] : [];
		const until = found.until === undefined ? '' : `, until ${near(zoned, Date.parse(found.until), nowMs)}`;
		const by = level.level === 'account' && found.author !== undefined ? `, by ${found.author}` : '';
		return [
			{
				name: `${level.name}${until}${by}`,
				value: `${count(found.value)} ${ruleWords[rule].span}`,
				isApplied: isApplied(level),
			},
		];
	});
	const ramp = effective?.origin.level === 'ramp' || effective?.cappedBy?.level === 'ramp';
	return {
		short: effective === undefined ? 'no limit' : shortOf(effective, accountWord, zoned, nowMs),
		chain: ramp
			? [
					...chain,
					{
						name: `new ${accountWord}: less in its first days`,
						value: `${count(effective?.value ?? 0)} ${ruleWords[rule].span}`,
						isApplied: true,
					},
				]
			: chain,
		text: effective?.text ?? 'No level sets a number for this.',
		isTold: effective?.cappedBy !== undefined || !chain.some((line) => line.isApplied),
		...(beside === undefined ? {} : { beside: { text: beside.text, isEnforced: beside.mode === 'enforce' } }),
		...(effective?.panelOwn === undefined ? {} : { panelOwn: count(effective.panelOwn) }),
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
