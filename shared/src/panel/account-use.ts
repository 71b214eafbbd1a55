/**
 * The card of an account's page with its use over time: asking for it, and what it shows.
 */
import type { Client } from '../client/client.ts';
import type { LimitsView } from '../contract/limit-shapes.ts';
import { type UseChart, type UseSpan, useChartOf, useSpans } from './model/account-use.ts';
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
