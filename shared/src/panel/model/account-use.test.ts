import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type VolumeDto, volumeCounts } from '../../contract/view-operations.ts';
import { useChartOf, usualOf } from './account-use.ts';
import { nowMs, words } from './words.fixture.ts';

const none = Object.fromEntries(volumeCounts.map((name) => [name, 0])) as unknown as VolumeDto['total'];

function volume(stepSeconds: number, total: number, charged: (ms: number) => number, sinceMs = 0): VolumeDto {
	const stepMs = stepSeconds * 1000;
	const to = Math.ceil(nowMs / stepMs) * stepMs;
	const items = Array.from({ length: total }, (_, index) => {
		const ms = to - (total - index) * stepMs;
		return { ...none, at: new Date(ms).toISOString(), charged: charged(ms) };
	});
	return {
		from: new Date(to - total * stepMs).toISOString(),
		to: new Date(to).toISOString(),
		stepSeconds,
		items,
		total: { ...none, charged: items.reduce((sum, row) => sum + row.charged, 0) },
		since: new Date(sinceMs).toISOString(),
	};
}

const hour = (text: string): number => Date.parse(`2026-11-24T${text}:00Z`);

test('usual is the range of the same hours on the days before, never of the day itself', () => {
	const week = volume(14_400, 42, (ms) => {
		const day = new Date(ms).getUTCDate();
		if (new Date(ms).getUTCHours() !== 8) return 0;
		return day === 24 ? 40_000 : day * 4;
	});
	const found = usualOf(week, [hour('08:00'), hour('05:00')]);
	assert.deepEqual(found?.at, [
		{ low: 18, high: 23 },
		{ low: 0, high: 0 },
	]);
	assert.equal(found?.days, 6);
});

test('with counts of less than four days nothing is usual, and that is said', () => {
	const since = nowMs - 3 * 86_400_000;
	const week = volume(14_400, 42, () => 8, since);
	assert.equal(usualOf(week, [hour('08:00')]), undefined);
	const view = { level: 'account', id: 'a', effective: [], wouldHave: [] } as const;
	const chart = useChartOf(
		{ volume: volume(3600, 24, () => 2), week, view: { ...view, effective: [], wouldHave: [] } },
		'day',
		words,
	);
	assert.deepEqual(chart.notes, [words.t.useUsualNot]);
	assert.equal(chart.plot.band, undefined);
	assert.equal(chart.legend[0]?.value, '48');
});

test('a limit is drawn where it can be compared, and told where it would press the line flat', () => {
	const effective = (value: number) => [
		{
			rule: 'hour.recipients',
			window: 'hour',
			unit: 'recipients',
			value,
			mode: 'enforce',
			origin: { level: 'plan', id: 'Shop', name: 'plan Shop' },
			text: `${value} recipients an hour from plan Shop`,
		} as const,
	];
	const day = volume(3600, 24, () => 50);
	const at = (value: number, span: 'day' | 'week') =>
		useChartOf(
			{ volume: day, week: undefined, view: { level: 'account', id: 'a', effective: effective(value), wouldHave: [] } },
			span,
			words,
		);
	assert.deepEqual(at(400, 'day').plot.series[1]?.data.slice(0, 2), [400, 400]);
	assert.equal(at(400, 'day').legend[1]?.value, '400 / h');
	assert.equal(at(501, 'day').plot.series.length, 1);
	assert.match(at(501, 'day').notes[0] ?? '', /501 recipients an hour from plan Shop, is far above/);
	assert.equal(at(400, 'week').plot.series.length, 1, 'four hours are not an hour');
});
