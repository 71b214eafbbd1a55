/**
 * What providers did with what they were handed: how much they took, how much they put off or refused, and why. Pure.
 */
import type { ProviderDto } from '../../contract/view-operations.ts';
import type { OverviewFacts } from '../read-overview.ts';
import { count, shareText } from '../text/numbers.ts';
import type { Words } from './words.ts';

/** Under so many tries a single refusal would look like a trend. */
const judgedFrom = 30;
const badShare = 90;

export type ProviderRow = {
	readonly name: string;
	readonly isJudged: boolean;
	readonly few: string;
	readonly share: string;
	readonly width: string;
	readonly tone: 'ok' | 'bad';
	readonly delivered: string;
	readonly deferred: string;
	readonly bounced: string;
	readonly cause: string;
	readonly reply: string;
};

export type Providers = {
	readonly sub: string;
	readonly rows: readonly ProviderRow[];
};

function providerRow(provider: ProviderDto, name: string, { t }: Words): ProviderRow {
	const { tried, delivered, deferred, bounced, causes, reply } = provider;
	const share = tried === 0 ? 0 : (delivered / tried) * 100;
	const [first] = causes.toSorted((one, other) => other.recipients - one.recipients);
	return {
		name,
		isJudged: tried >= judgedFrom,
		few: t.providersFew(tried),
		share: `${shareText(delivered, tried)} %`,
		width: `${share.toFixed(1)}%`,
		tone: share < badShare ? 'bad' : 'ok',
		delivered: count(delivered),
		deferred: count(deferred),
		bounced: count(bounced),
		cause: first === undefined ? '' : `${first.cause.replaceAll('-', ' ')}, ${count(first.recipients)}`,
		reply: reply ?? '',
	};
}

export function providersOf(facts: OverviewFacts, words: Words): Providers | undefined {
	if (facts.providers?.ok !== true) return undefined;
	const { t } = words;
	const { items, others } = facts.providers.value;
	const all = [...items, others];
	const tried = all.reduce((sum, one) => sum + one.tried, 0);
	const delivered = all.reduce((sum, one) => sum + one.delivered, 0);
	return {
		sub: tried === 0 ? '' : t.providersSub(`${shareText(delivered, tried)} %`, tried),
		rows: [
			...items.map((one) => providerRow(one, one.provider, words)),
			...(others.tried === 0 ? [] : [providerRow(others, t.providersOthers, words)]),
		],
	};
}
