/**
 * Mail that needs a person: it is held, it waits because a limit is used up, or its account is near an enforced limit. Pure.
 */
import type { AccountDto, NearestDto } from '../../contract/account-operations.ts';
import type { OverviewFacts } from '../read-overview.ts';
import { near } from '../text/times.ts';
import { type Decision, decisionOf, type Reach, singlesOf } from './decision.ts';
import { accountPath } from './paths.ts';
import type { Words } from './words.ts';

const atOf = ({ zoned, nowMs }: Words, time: string): string => near(zoned, Date.parse(time), nowMs);

export function heldDecisions({ held }: OverviewFacts, words: Words): readonly Decision[] {
	if (!held.ok) return [];
	const { t, base } = words;
	const { singles, rest } = singlesOf(held.value.items);
	const look = { tone: 'hold', sign: 'pause', act: t.heldDo } as const;
	const decisions = singles.map((group) =>
		decisionOf(
			{
				...look,
				harm: group.rule === 'account.suspended' ? 'suspended' : 'held',
				title: t.heldTitle(group.messages, group.account),
				path: `${base}/open?account=${encodeURIComponent(group.account)}`,
				why: t.heldWhy(group.text.replace(/[^.!?]$/, '$&.'), group.recipients),
				sinceMs: Date.parse(group.since),
				next: t.heldNext(atOf(words, group.until)),
			},
			words,
		),
	);
	if (rest.length === 0) return decisions;
	const soonest = rest.map((group) => group.until).sort()[0] as string;
	const total = rest.reduce((sum, group) => sum + group.messages, 0);
	const many = decisionOf(
		{
			...look,
			harm: 'held',
			title: t.heldMany(total, rest.length),
			path: `${base}/open`,
			why: t.heldManyWhy,
			sinceMs: Math.min(...rest.map((group) => Date.parse(group.since))),
			next: t.heldNext(atOf(words, soonest)),
		},
		words,
	);
	return [...decisions, many];
}

/** An enforced limit is used up, and mail waits for it. */
const isUsedUp = ({ used, value }: NearestDto, { waiting }: AccountDto): boolean => used >= value && waiting > 0;

/** Accounts near an enforced limit, with that limit. */
const enforcedIn = ({ near }: OverviewFacts) =>
	(near.ok ? near.value.items : []).flatMap((account) =>
		account.nearest?.mode === 'enforce' ? [{ account, nearest: account.nearest }] : [],
	);

/** Accounts of which something waits because a limit of theirs is used up. */
export function usedUpDecisions(facts: OverviewFacts, words: Words, reach: Reach): readonly Decision[] {
	if (!facts.waiting.ok) return [];
	const { t, base } = words;
	const groups = facts.waiting.value.items.filter(({ rule }) => rule.startsWith('limit.'));
	const used = enforcedIn(facts).filter(({ account, nearest }) => isUsedUp(nearest, account));
	const { singles, rest } = singlesOf(used);
	const look = { harm: 'usedUp', tone: 'wait', sign: 'clock' } as const;
	const decisions = singles.map(({ account, nearest }) => {
		const path = accountPath(base, account.key);
		const group = groups.find((one) => one.account === account.key);
		return decisionOf(
			{
				...look,
				title: t.usedTitle(account.name),
				path,
				why: t.usedUp(nearest.value, t.rules[nearest.rule].unit, account.waiting),
				sinceMs: group && Date.parse(group.since),
				next: group && t.usedNext(atOf(words, group.until)),
				act: reach.mayLimit ? { text: t.usedDo, path: `${path}/raise`, isDialog: true } : t.usedShow,
			},
			words,
		);
	});
	if (rest.length === 0) return decisions;
	const many = decisionOf(
		{
			...look,
			title: t.usedMany(rest.length),
			path: `${base}/accounts?show=waiting&sort=waiting`,
			why: t.usedManyWhy(rest.reduce((sum, { account }) => sum + account.waiting, 0)),
			next: t.nearNext,
			act: t.nearDo,
		},
		words,
	);
	return [...decisions, many];
}

/** Near an enforced limit, and not yet over it. */
export function nearDecisions(facts: OverviewFacts, words: Words): readonly Decision[] {
	const { t, base } = words;
	const rows = enforcedIn(facts)
		.filter(({ account, nearest }) => !isUsedUp(nearest, account))
		.map(({ account, nearest: { used, value, rule } }) => t.nearOne(account.name, used, value, t.rules[rule].unit));
	if (rows.length === 0) return [];
	const decision = decisionOf(
		{
			harm: 'near',
			tone: 'wait',
			sign: 'eye',
			title: t.nearTitle(rows.length),
			path: `${base}/accounts?show=near`,
			why: t.nearWhy(rows.slice(0, 3).join('; ')),
			next: t.nearNext,
			act: t.nearDo,
		},
		words,
	);
	return [decision];
}
