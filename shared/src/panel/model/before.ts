/**
 * What the mail log told of the time before the agent: shown while the agent's own counts do not cover as much. Pure.
 */
import type { LearnedDto } from '../../contract/learned-operations.ts';
import type { VolumeDto } from '../../contract/view-operations.ts';
import type { OverviewFacts } from '../read-overview.ts';
import { count } from '../text/numbers.ts';
import { isBeginning } from './beginning.ts';
import { accountPath } from './paths.ts';
import type { Words } from './words.ts';

const dayMs = 86_400_000;

/** Days that the log told of, begun ones too; undefined: nothing, or no more than what was counted since. */
function daysOf({ log }: LearnedDto, volume: VolumeDto, nowMs: number): number | undefined {
	if (log === undefined || !isBeginning(volume, nowMs)) return undefined;
	const toldMs = Date.parse(log.until) - Date.parse(log.from);
	if (nowMs - Date.parse(volume.since) >= toldMs) return undefined;
	return Math.max(1, Math.ceil(toldMs / dayMs));
}

export type Before = {
	readonly title: string;
	readonly say: string;
	/** Without a path: the agent knows no account of that name. */
	readonly rows: readonly {
		readonly name: string;
		readonly path?: string;
		readonly recipients: string;
		readonly hour: string;
	}[];
};

/** The card of the overview; undefined: there is nothing to say. */
export function beforeOf({ learned, volume }: OverviewFacts, { t, base, nowMs }: Words): Before | undefined {
	if (learned?.ok !== true || !volume.ok) return undefined;
	const { items, accounts, senders, recipients } = learned.value;
	const days = daysOf(learned.value, volume.value, nowMs);
	if (days === undefined || items.length === 0) return undefined;
	return {
		title: t.beforeTitle(days),
		say: t.beforeSay(recipients, accounts, senders),
		rows: items.map((row) => ({
			name: row.account,
			...(row.isKnown ? { path: accountPath(base, row.account) } : {}),
			recipients: count(row.recipients),
			hour: count(row.peakHour),
		})),
	};
}

/** The line on the page of an account. */
export function beforeText(learned: LearnedDto, volume: VolumeDto, { t, nowMs }: Words): string | undefined {
	const days = daysOf(learned, volume, nowMs);
	const [row] = learned.items;
	return days === undefined || row === undefined ? undefined : t.beforeLine(row.recipients, days, row.peakHour);
}
