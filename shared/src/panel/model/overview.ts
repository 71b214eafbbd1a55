/**
 * What of a server, or of a reseller's accounts, needs a person: found from what the agent answered, most harmful first, then oldest.
 *
 * Each says why with numbers, since when, what happens if nobody acts, and has one act. What could not be asked for is named, never
 * taken for nothing. Pure: no asking (read-overview.ts), no drawing.
 */
import { failureText } from '../../client/client.ts';
import type { AccountDto } from '../../contract/account-operations.ts';
import type { OpenGroupDto } from '../../contract/view-operations.ts';
import { limitText } from '../../words/limits.ts';
import { clockText } from '../../words/moment.ts';
import type { OverviewFacts } from '../read-overview.ts';
import type { Sign } from '../signs.ts';
import { spanText } from '../text/spans.ts';
import { near } from '../text/times.ts';
import type { Words } from './cell.ts';
import { numberOf, ruleOrder } from './rule-words.ts';
import { whoOf } from './rules.ts';

/** More of one kind are told of together. */
const singlesMax = 4;
/** A rule that has only watched for so long can be judged. */
export const watchedMs = 7 * 86_400_000;

/** Most harmful first. */
const harms = {
	stopped: 0,
	held: 1,
	health: 2,
	unknown: 3,
	discards: 4,
	usedUp: 5,
	suspended: 6,
	near: 7,
	ready: 8,
} as const;

export type Decision = {
	readonly tone: 'bad' | 'hold' | 'wait' | 'off';
	readonly sign: Sign;
	readonly title: string;
	readonly path: string;
	readonly why: string;
	readonly since: string;
	readonly next: string;
	readonly act: { readonly text: string; readonly path: string; readonly isDialog: boolean };
	readonly harm: number;
	readonly sinceMs: number;
};

/** What may be done and seen from here. */
export type Reach = {
	readonly isAdmin: boolean;
	readonly mayLimit: boolean;
	readonly hasRules: boolean;
	readonly panel: string;
};

const accountPath = ({ base }: Words, key: string): string => `${base}/accounts/${encodeURIComponent(key)}`;
const openPath = ({ base }: Words, key?: string): string =>
	key === undefined ? `${base}/open` : `${base}/open?account=${encodeURIComponent(key)}`;

function since({ t, zoned, nowMs }: Words, ms: number | undefined): string {
	if (ms === undefined) return t.decisions.seenNow;
	return t.decisions.since(near(zoned, ms, nowMs), spanText(nowMs - ms));
}

const atOf = ({ zoned, nowMs }: Words, time: string): string => near(zoned, Date.parse(time), nowMs);

function ofHeld(groups: readonly OpenGroupDto[], words: Words): readonly Decision[] {
	const { t } = words;
	const base = { tone: 'hold', sign: 'pause' } as const;
	const act = (path: string) => ({ text: t.heldDo, path, isDialog: false });
	const decision = (group: OpenGroupDto): Decision => ({
		...base,
		title: t.heldTitle(group.messages, group.account),
		path: openPath(words, group.account),
		why: t.heldWhy(group.text.replace(/[^.!?]$/, '$&.'), group.recipients),
		since: since(words, Date.parse(group.since)),
		next: t.decisions.next(t.heldNext(atOf(words, group.until))),
		act: act(openPath(words, group.account)),
		harm: group.rule === 'account.suspended' ? harms.suspended : harms.held,
		sinceMs: Date.parse(group.since),
	});
	const singles = groups.length > singlesMax ? groups.slice(0, singlesMax - 1) : groups;
	const rest = groups.slice(singles.length);
	if (rest.length === 0) return singles.map(decision);
	const oldest = Math.min(...rest.map((group) => Date.parse(group.since)));
	const soonest = rest.map((group) => group.until).sort()[0] as string;
	const total = rest.reduce((sum, group) => sum + group.messages, 0);
	return [
		...singles.map(decision),
		{
			...base,
			title: t.heldMany(total, rest.length),
			path: openPath(words),
			why: t.heldManyWhy,
			since: since(words, oldest),
			next: t.decisions.next(t.heldNext(atOf(words, soonest))),
			act: act(openPath(words)),
			harm: harms.held,
			sinceMs: oldest,
		},
	];
}

/** Accounts of which something waits because a limit of theirs is used up. */
function ofUsedUp(facts: OverviewFacts, words: Words, reach: Reach): readonly Decision[] {
	if (!facts.near.ok || !facts.waiting.ok) return [];
	const { t } = words;
	const groups = facts.waiting.value.items.filter(({ rule }) => rule.startsWith('limit.'));
	const used = facts.near.value.items.flatMap((account) => {
		const group = groups.find((one) => one.account === account.key);
		const { nearest } = account;
		const isUsedUp = nearest?.mode === 'enforce' && nearest.used >= nearest.value && account.waiting > 0;
		return isUsedUp ? [{ account, nearest, group }] : [];
	});
	const singles = used.length > singlesMax ? used.slice(0, singlesMax - 1) : used;
	const rest = used.slice(singles.length);
	return [
		...singles.map(({ account, nearest, group }): Decision => {
			const path = accountPath(words, account.key);
			const sinceMs = group === undefined ? undefined : Date.parse(group.since);
			return {
				tone: 'wait',
				sign: 'clock',
				title: t.usedTitle(account.name),
				path,
				why: t.usedUp(nearest.value, t.rules[nearest.rule].unit, account.waiting),
				since: since(words, sinceMs),
				next: group === undefined ? '' : t.decisions.next(t.usedNext(atOf(words, group.until))),
				act: reach.mayLimit
					? { text: t.usedDo, path: `${path}/raise`, isDialog: true }
					: { text: t.usedShow, path, isDialog: false },
				harm: harms.usedUp,
				sinceMs: sinceMs ?? words.nowMs,
			};
		}),
		...(rest.length === 0
			? []
			: [
					manyUsedUp(
						rest.map(({ account }) => account),
						words,
					),
				]),
	];
}

function manyUsedUp(accounts: readonly AccountDto[], words: Words): Decision {
	const { t, base, nowMs } = words;
	const path = `${base}/accounts?show=waiting&sort=waiting`;
	return {
		tone: 'wait',
		sign: 'clock',
		title: t.usedMany(accounts.length),
		path,
		why: t.usedManyWhy(accounts.reduce((sum, { waiting }) => sum + waiting, 0)),
		since: since(words, undefined),
		next: t.decisions.next(t.nearNext),
		act: { text: t.nearDo, path, isDialog: false },
		harm: harms.usedUp,
		sinceMs: nowMs,
	};
}

/** Near an enforced limit, and not yet over it. */
function ofNear(facts: OverviewFacts, words: Words): readonly Decision[] {
	if (!facts.near.ok) return [];
	const { t, base, nowMs } = words;
	const rows = facts.near.value.items.flatMap((account) => {
		const { nearest } = account;
		const isOnly = nearest?.mode === 'enforce' && !(nearest.used >= nearest.value && account.waiting > 0);
		return isOnly ? [t.nearOne(account.name, nearest.used, nearest.value, t.rules[nearest.rule].unit)] : [];
	});
	if (rows.length === 0) return [];
	const path = `${base}/accounts?show=near`;
	return [
		{
			tone: 'wait',
			sign: 'eye',
			title: t.nearTitle(rows.length),
			path,
			why: t.nearWhy(rows.slice(0, 3).join('; ')),
			since: since(words, undefined),
			next: t.decisions.next(t.nearNext),
			act: { text: t.nearDo, path, isDialog: false },
			harm: harms.near,
			sinceMs: nowMs,
		},
	];
}

function ofHealth(facts: OverviewFacts, words: Words): readonly Decision[] {
	if (facts.health?.ok !== true) return [];
	const { t, base } = words;
	const { ready, delivering, problems } = facts.health.value;
	const isStopped = !ready || !delivering;
	return problems.map(({ text, hint, since: from }) => ({
		tone: isStopped ? 'bad' : 'hold',
		sign: 'alert',
		title: text.replace(/\.$/, ''),
		path: `${base}/health`,
		why: hint,
		since: since(words, Date.parse(from)),
		next: t.decisions.next(t.healthNext(ready, delivering)),
		act: { text: t.healthDo, path: `${base}/health`, isDialog: false },
		harm: isStopped ? harms.stopped : harms.health,
		sinceMs: Date.parse(from),
	}));
}

function ofUnknown(facts: OverviewFacts, words: Words): readonly Decision[] {
	if (facts.unknown?.ok !== true) return [];
	const day = facts.unknown.value.items.find(({ rule }) => rule === 'day.recipients')?.used ?? 0;
	if (day === 0) return [];
	const { t, base, nowMs } = words;
	const path = `${base}/messages?account=unattributed`;
	return [
		{
			tone: 'hold',
			sign: 'unknown',
			title: t.unknownTitle,
			path,
			why: t.unknownWhy(day),
			since: since(words, undefined),
			next: t.decisions.next(t.unknownNext),
			act: { text: t.unknownDo, path, isDialog: false },
			harm: harms.unknown,
			sinceMs: nowMs,
		},
	];
}

/** The panel's own numbers, which lose mail before it reaches us. */
function ofDiscards(facts: OverviewFacts, words: Words, reach: Reach): readonly Decision[] {
	if (!facts.top.ok || !reach.isAdmin) return [];
	const { t, base, nowMs } = words;
	const bound = facts.top.value.items.filter(({ panelHourMessages }) => panelHourMessages != null);
	if (bound.length === 0) return [];
	const path = reach.hasRules ? `${base}/rules` : accountPath(words, bound[0]?.key ?? '');
	const names = bound.slice(0, 3).map(({ name, panelHourMessages }) => t.discardOne(name, panelHourMessages ?? 0));
	return [
		{
			tone: 'hold',
			sign: 'cross',
			title: t.discardTitle,
			path,
			why: t.discardWhy(names.join('; '), bound.length),
			since: since(words, undefined),
			next: t.decisions.next(t.discardNext),
			act: { text: t.discardDo, path, isDialog: false },
			harm: harms.discards,
			sinceMs: nowMs,
		},
	];
}

/** Rules for many that have watched for a week: what they would have done can be judged. */
function ofReady({ book }: OverviewFacts, words: Words, reach: Reach): readonly Decision[] {
	if (!reach.isAdmin || !reach.hasRules) return [];
	const { t, base, nowMs } = words;
	const rules = [...book.values()].flatMap((view) => {
		const { base: set } = view;
		if (set === undefined || nowMs - Date.parse(set.set) < watchedMs) return [];
		return ruleOrder.flatMap((rule) => {
			const value = numberOf(set, rule);
			if (value === undefined || (set.modes?.[rule] ?? set.mode) !== 'monitor') return [];
			const met = view.wouldHave.find((one) => one.rule === rule);
			const who = whoOf(view.level, view.id, t);
			const limit = limitText(rule, value);
			const text =
				met === undefined || met.messages === 0
					? t.readyNone(who, limit)
					: t.readyWhy(who, limit, met.messages, met.scopes);
			return [{ text, sinceMs: Date.parse(set.set), met: met?.messages ?? 0 }];
		});
	});
	if (rules.length === 0) return [];
	const sinceMs = Math.min(...rules.map((one) => one.sinceMs));
	const first = rules.toSorted((one, other) => other.met - one.met).slice(0, 2);
	return [
		{
			tone: 'off',
			sign: 'eye',
			title: t.readyTitle(rules.length),
			path: `${base}/rules`,
			why: `${first.map(({ text }) => text).join('; ')}.`.replace(/^./, (letter) => letter.toUpperCase()),
			since: since(words, sinceMs),
			next: t.decisions.next(t.readyNext),
			act: { text: t.readyDo, path: `${base}/rules`, isDialog: false },
			harm: harms.ready,
			sinceMs,
		},
	];
}

export type Decisions = {
	readonly headline: string;
	readonly shown: readonly Decision[];
	/** Behind "2 more". */
	readonly folded: readonly Decision[];
	/** What could not be asked for. */
	readonly unread?: string;
};

const foldedFrom = 4;

export function decisionsOf(facts: OverviewFacts, words: Words, reach: Reach): Decisions {
	const { t } = words;
	const all = [
		...(facts.held.ok ? ofHeld(facts.held.value.items, words) : []),
		...ofHealth(facts, words),
		...ofUnknown(facts, words),
		...ofDiscards(facts, words, reach),
		...ofUsedUp(facts, words, reach),
		...ofNear(facts, words),
		...ofReady(facts, words, reach),
	].sort((one, other) => one.harm - other.harm || one.sinceMs - other.sinceMs);
	const lost = [facts.held, facts.waiting, facts.near, facts.health].find((answer) => answer?.ok === false);
	const unread = lost?.ok === false ? t.decisions.partly(failureText(lost.error)) : undefined;
	const used = facts.hour.ok ? facts.hour.value.total.accepted : undefined;
	const fine = used === undefined ? t.decisions.none : t.decisions.noneWith(used);
	return {
		headline: all.length > 0 ? t.decisions.some(all.length) : unread === undefined ? fine : t.decisions.unread,
		shown: all.slice(0, foldedFrom),
		folded: all.slice(foldedFrom),
		...(unread === undefined ? {} : { unread }),
	};
}

/** For a chart's label. */
export const stepAt = ({ zoned }: Words, time: string): string => clockText(zoned, Date.parse(time));
