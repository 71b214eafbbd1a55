/**
 * The card of an account's page with its use over time: asking for it, and what it shows.
 */
import type { Client } from '../client/client.ts';
import type { LimitsView } from '../contract/limit-shapes.ts';
import { type UseChart, type UseSpan, useChartOf, useSpans } from './model/account-use.ts';
import { beforeText } from './model/before.ts';
import { isBeginning } from './model/beginning.ts';
import { unreadOf } from './model/overview-cards.ts';
import { accountPath } from './model/paths.ts';
import type { Words } from './model/words.ts';

export const useSpanOf = (value: unknown): UseSpan => useSpans.find((one) => one === value) ?? 'day';

export type UseCard = {
	readonly spans: readonly {
		readonly text: string;
		readonly path: string;
		readonly isHere: boolean;
	}[];
	readonly step: string;
	/** Why there is none. */
	readonly unread?: string;
	readonly chart?: UseChart;
	/** What the mail log told of the time before. */
	readonly before?: string;
};

export async function useCard(
	client: Client,
	{ key, view, span }: { readonly key: string; readonly view: LimitsView; readonly span: UseSpan },
	words: Words,
): Promise<UseCard> {
	const { t, base } = words;
	const [volume, week] = await Promise.all([
		client.call('volume', { query: { span, account: key } }),
		span === 'day' ? client.call('volume', { query: { span: 'week', account: key } }) : undefined,
	]);
	const learned =
		volume.ok && isBeginning(volume.value, words.nowMs)
			? await client.call('getLearned', { query: { account: key, limit: 1 } })
			: undefined;
	const before = volume.ok && learned?.ok === true ? beforeText(learned.value, volume.value, words) : undefined;
	const path = accountPath(base, key);
	const unread = unreadOf(volume, words);
	return {
		spans: useSpans.map((one) => ({
			text: t.spans[one].short,
			path: one === 'day' ? path : `${path}?span=${one}`,
			isHere: one === span,
		})),
		step: t.spans[span].step,
		...(unread === undefined ? {} : { unread }),
		...(before === undefined ? {} : { before }),
		...(volume.ok
			? {
					chart: useChartOf(
						{ volume: volume.value, week: week?.ok === true ? week.value : undefined, view },
						span,
						words,
					),
				}
			: {}),
	};
}
