/** `sluice account learn`: what the log told, what it did not, and what the default limits would have met. */

import { eachOf } from '@sluice/shared/words/limits.ts';
import type { LearnedRow } from '../../../core/mail-log/learned.ts';
import { defaultLimits } from '../../../core/metering/defaults.ts';
import type { LearnAnswer } from '../../learn.ts';
import { type Column, table } from './table.ts';
import { clean, countText, numberText, wrap } from './text.ts';
import { dayText } from './time.ts';
import type { View } from './view.ts';

type Shown = { readonly by: 'account' | 'sender'; readonly top: number; readonly days: number };

const { 'hour.recipients': usualHour = 0, 'day.recipients': usualDay = 0 } = defaultLimits[eachOf.account].values;

const isOver = (row: LearnedRow): boolean => row.peakHour > usualHour || row.peakDay > usualDay;

const asIs = (text: string): string => text;

function number(
	title: string,
	of: (row: LearnedRow) => number,
	paint?: (row: LearnedRow) => (text: string) => string,
): Column<LearnedRow> {
	return { title, align: 'right', text: (row) => numberText(of(row)), ...(paint === undefined ? {} : { paint }) };
}

export function learnedLines(answer: LearnAnswer, { by, top, days }: Shown, view: View): readonly string[] {
	const rows = by === 'account' ? answer.accounts : answer.senders;
	if (rows.length === 0)
		return [`No mail to other servers in the last ${countText(days, 'day')}.`, ...readingLines(answer, view)];
	const { warning } = view.paint;
	const columns: readonly Column<LearnedRow>[] = [
		{ title: 'ACCOUNT', text: ({ account }) => account, columnsMin: 24 },
		...(by === 'sender' ? [{ title: 'SENDER', text: ({ sender = '' }: LearnedRow) => sender, columnsMin: 16 }] : []),
		number('MESSAGES', (row) => row.messages),
		number('RECIPIENTS', (row) => row.recipients),
		number('MOST/MIN', (row) => row.peakMinute),
		number(
			'MOST/H',
			(row) => row.peakHour,
			(row) => (row.peakHour > usualHour ? warning : asIs),
		),
		number(
			'MOST/DAY',
			(row) => row.peakDay,
			(row) => (row.peakDay > usualDay ? warning : asIs),
		),
		number('DIFFERENT/H', (row) => row.peakHourDifferent),
		number('REFUSED', (row) => row.failed),
		{ title: 'LAST', text: ({ lastMs }) => dayText(view, lastMs) },
	];
	const more = rows.length - top;
	const met = answer.accounts.filter(isOver).length;
	return [
		...table(columns, rows.slice(0, top), view),
		...(more > 0 ? ['', `${countText(more, by)} more: --top ${rows.length}.`] : []),
		'',
		...wrap(
			`${numberText(met)} of ${countText(answer.accounts.length, 'account')} would have been over ${numberText(usualHour)} recipients an hour or ${numberText(usualDay)} a day. Counted are recipients on other servers, in sliding windows.`,
			view.width,
		),
		...readingLines(answer, view),
	];
}

function readingLines({ mta, reading }: LearnAnswer, view: View): readonly string[] {
	const { understood, foreign, notUnderstood, samples, files } = reading;
	const lines = [
		'',
		`Read ${countText(files.length, 'file')} of ${mta === 'exim' ? 'Exim' : 'Postfix'}: ${countText(understood, 'line')} understood${foreign > 0 ? `, ${numberText(foreign)} of other programs` : ''}, ${notUnderstood === 0 ? 'none' : numberText(notUnderstood)} not understood.`,
	];
	for (const sample of samples) lines.push(view.paint.faint(`  not understood: ${clean(sample)}`));
	for (const { path, error } of files)
		if (error !== undefined) lines.push(view.paint.bad(`  ${path}: ${error}; what stands before was used`));
	return lines;
}
