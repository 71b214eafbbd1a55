/**
 * The numbers below the decisions: five in a row, top senders, ages, health, a reseller's share. Pure.
 */
import type { ClientFailure } from '../../client/client.ts';
import { failureText } from '../../client/client.ts';
import type { VolumeDto, VolumeSpan } from '../../contract/view-operations.ts';
import type { Result } from '../../words/result.ts';
import { type OverviewFacts, topShown } from '../read-overview.ts';
import { count, shareText } from '../text/numbers.ts';
import { spanText } from '../text/spans.ts';
import { sparkPath } from './chart.ts';
import { type Badge, badgesOf } from './list.ts';
import { accountPath } from './paths.ts';
import { effectiveFor } from './rule-words.ts';
import { type Bar, barOf } from './usage-bar.ts';
import type { Words } from './words.ts';

export type Kpi = {
	readonly label: string;
	readonly value: string;
	readonly unit: string;
	readonly spark?: { readonly path: string; readonly tone: 'a' | 'wait' | 'hold' | 'bad'; readonly label: string };
	readonly compare: string;
	/** Where one sees what is behind it. */
	readonly path: string;
};

type Totals = VolumeDto['total'];
const ended = ({ delivered, bounced, expired }: Totals): number => delivered + bounced + expired;

export function kpisOf(facts: OverviewFacts, span: VolumeSpan, words: Words): readonly Kpi[] {
	const { t, base } = words;
	const { kpis: k } = t;
	const { volume, states } = facts;
	const { text, step, before } = t.spans[span];
	const total = volume.ok ? volume.value.total : undefined;
	const former = volume.ok ? volume.value.before : undefined;
	const spark = (name: keyof Totals, tone: NonNullable<Kpi['spark']>['tone']): Pick<Kpi, 'spark'> => {
		if (!volume.ok) return {};
		const values = volume.value.items.map((row) => row[name]);
		const path = sparkPath(values);
		const label = k.spark(t.outcomes[name], step, count(Math.max(0, ...values)));
		return path === undefined ? {} : { spark: { path, tone, label } };
	};
	const open = (state: 'waiting' | 'held'): string => {
		if (!states.ok) return '–';
		return count(states.value.items.reduce((sum, row) => sum + row[state], 0));
	};
	const compared = (value: string | undefined): string => (value === undefined ? k.noBefore : k.before(value, before));
	const unread = (answer: Result<unknown, ClientFailure>, line: string): string => (answer.ok ? line : k.unknown);
	return [
		{
			label: k.label(k.accepted, text),
			value: total === undefined ? '–' : count(total.accepted),
			unit: k.recipients,
			...spark('accepted', 'a'),
			compare: unread(volume, compared(former === undefined ? undefined : count(former.accepted))),
			path: `${base}/messages`,
		},
		{
			label: k.label(k.delivered, text),
			value: total === undefined ? '–' : shareText(total.delivered, ended(total)),
			unit: k.percent,
			...spark('delivered', 'a'),
			compare: unread(
				volume,
				total === undefined || ended(total) === 0
					? k.nothingEnded
					: former === undefined || ended(former) === 0
						? k.ofEnded(ended(total))
						: k.before(`${shareText(former.delivered, ended(former))} %`, before),
			),
			path: `${base}/messages`,
		},
		{
			label: k.waiting,
			value: open('waiting'),
			unit: k.recipients,
			...spark('waited', 'wait'),
			compare: unread(states, total === undefined ? '' : k.waited(total.waited, text)),
			path: `${base}/open`,
		},
		{
			label: k.held,
			value: open('held'),
			unit: k.recipients,
			...spark('held', 'hold'),
			compare: unread(states, total === undefined ? '' : k.heldIn(total.held, text)),
			path: `${base}/open`,
		},
		{
			label: k.label(k.bounced, text),
			value: total === undefined ? '–' : count(total.bounced),
			unit: k.recipients,
			...spark('bounced', 'bad'),
			compare: unread(volume, compared(former === undefined ? undefined : count(former.bounced))),
			path: `${base}/messages`,
		},
	];
}

export type TopRow = {
	readonly name: string;
	readonly path: string;
	readonly second: string;
	readonly badges: readonly Badge[];
	readonly hour: string;
	readonly day: string;
};

export function topOf(facts: OverviewFacts, words: Words): readonly TopRow[] {
	if (!facts.top.ok) return [];
	return facts.top.value.items
		.flatMap((account): TopRow[] => {
			const used = (rule: string): number => account.usage.find((one) => one.rule === rule)?.used ?? 0;
			if (used('day.recipients') === 0) return [];
			return [
				{
					name: account.name,
					path: accountPath(words.base, account.key),
					second: account.domains.find((domain) => domain !== account.name) ?? '',
					badges: badgesOf(account, words),
					hour: count(used('hour.recipients')),
					day: count(used('day.recipients')),
				},
			];
		})
		.slice(0, topShown);
}

export type AgeRow = { readonly text: string; readonly width: string; readonly total: string };

export function agesOf(facts: OverviewFacts, { t }: Words): readonly AgeRow[] {
	if (!facts.ages.ok) return [];
	const rows = facts.ages.value.items
		.map(({ key, recipients }) => ({ from: Number(key), recipients }))
		.filter(({ from }) => Number.isFinite(from))
		.sort((one, other) => one.from - other.from);
	const most = Math.max(1, ...rows.map(({ recipients }) => recipients));
	// Nothing older: one row says so for all.
	const last = rows.findLastIndex(({ recipients }) => recipients > 0);
	if (last < 0) return [];
	return rows.slice(0, last + 1).map(({ from, recipients }, index) => {
		const to = rows[index + 1]?.from;
		const fromText = spanText(from * 1000);
		const toText = spanText((to ?? 0) * 1000);
		const text =
			to === undefined ? t.ageOver(fromText) : from === 0 ? t.ageUnder(toText) : t.ageBetween(fromText, toText);
		return { text, width: `${((recipients / most) * 100).toFixed(1)}%`, total: count(recipients) };
	});
}

export type HealthLine = { readonly isFine: boolean; readonly text: string; readonly more: readonly string[] };

export function healthLineOf(facts: OverviewFacts, { t }: Words): HealthLine | undefined {
	if (facts.health?.ok !== true) return undefined;
	const { alive, ready, delivering, problems } = facts.health.value;
	const isFine = alive && ready && delivering && problems.length === 0;
	return {
		isFine,
		text: isFine ? t.healthFine : t.healthBad(problems.length),
		more: problems.map(({ text }) => text),
	};
}

export type PoolLine = { readonly title: string; readonly bar: Bar; readonly text: string };

/** What all accounts of a reseller use together, against what the administrator has set for them. */
export function poolOf(facts: OverviewFacts, { t }: Words): readonly PoolLine[] {
	const { pool } = facts;
	if (pool?.usage.ok !== true || !pool.view.ok) return [];
	const view = pool.view.value;
	return pool.usage.value.items.flatMap((usage): PoolLine[] => {
		const effective = effectiveFor(view, usage.rule);
		if (effective === undefined && usage.rule !== 'hour.recipients') return [];
		const { span, what, title } = t.rules[usage.rule];
		const limit = effective?.value;
		const mode = effective?.mode ?? 'monitor';
		return [
			{
				title,
				bar: barOf({ used: usage.used, waiting: usage.waiting, limit, mode, span, what }, t),
				text: effective === undefined ? '' : effective.mode === 'enforce' ? t.enforced : t.monitored,
			},
		];
	});
}

/** Why a card has nothing to show; undefined: it has. */
export const unreadOf = (answer: Result<unknown, ClientFailure> | undefined, { t }: Words): string | undefined =>
	answer === undefined || answer.ok ? undefined : t.unreadCard(`${failureText(answer.error).replace(/\.$/, '')}.`);
