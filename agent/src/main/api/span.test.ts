import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { volumeSpans } from '@sluice/shared/contract/view-operations.ts';
import { rowsBetween, spanOf } from './span.ts';

/** The server stands in another zone for the length of a test. */
function inZone(context: TestContext, zone: string): void {
	const before = process.env.TZ;
	process.env.TZ = zone;
	context.after(() => {
		if (before === undefined) delete process.env.TZ;
		else process.env.TZ = before;
	});
}

const utc = (second: number): string => new Date(second * 1000).toISOString().slice(0, 16);
const at = (text: string): number => Date.parse(text);

const counts = { hour: 12, day: 24, week: 42, month: 30 } as const;
const zones = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Africa/Cairo'];
/** A quiet day, the nights in which clocks change, and the days behind them. */
const moments = [
	'2026-11-24T13:37:11Z',
	'2026-03-29T01:30:00Z',
	'2026-03-30T12:00:00Z',
	'2026-10-25T00:59:59Z',
	'2026-10-25T23:00:00Z',
	'2026-04-24T22:00:00Z',
];

for (const zone of zones)
	test(`in ${zone} every moment of a span is in one step, and every row in one step`, (context) => {
		inZone(context, zone);
		for (const moment of moments)
			for (const name of volumeSpans) {
				const { steps, before, end, size, stepSeconds } = spanOf(name, at(moment));
				const what = `${zone} ${moment} ${name}`;
				assert.deepEqual([steps.length, before.length], [counts[name], counts[name]], what);
				const all = [...before, ...steps, end];
				for (const [index, step] of all.entries()) {
					if (index === 0) continue;
					const seconds = step - (all[index - 1] as number);
					const slack = stepSeconds > 3600 ? 3600 : 0;
					assert.ok(Math.abs(seconds - stepSeconds) <= slack, `${what}: a step of ${seconds} s`);
				}
				const last = steps.at(-1) as number;
				assert.ok(last <= at(moment) / 1000 && at(moment) / 1000 < end, what);
				const rows = rowsBetween(size, before[0] as number, end);
				assert.equal(new Set(rows).size, rows.length, what);
				assert.deepEqual(
					rows.toSorted((one, other) => one - other),
					rows,
					what,
				);
				if (size !== 'hour') assert.deepEqual(rows, all.slice(0, -1), what);
				else assert.equal(rows.length, Math.ceil((end - (rows[0] as number)) / 3600), what);
			}
	});

test('days and four hours are those of the server’s zone', (context) => {
	inZone(context, 'Europe/Berlin');
	const month = spanOf('month', at('2026-11-24T13:37:00Z'));
	assert.equal(utc(month.steps.at(-1) as number), '2026-11-23T23:00');
	assert.equal(utc(month.end), '2026-11-24T23:00');
	// The night in which the clocks were set back, and a midnight of summer before it.
	assert.equal(utc(month.steps[0] as number), '2026-10-25T23:00');
	assert.equal(utc(month.before.at(-1) as number), '2026-10-24T22:00');
	const week = spanOf('week', at('2026-11-24T13:37:00Z'));
	assert.equal(utc(week.steps.at(-1) as number), '2026-11-24T11:00');
});
