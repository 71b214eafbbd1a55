/** The panel's own limits: that they discard, for each domain, and whether they come before ours. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LimitsView } from '../../contract/limit-shapes.ts';
import type { LimitRule } from '../../words/limits.ts';
import { panelOwnOf } from './panel-own.ts';
import { t } from './words.fixture.ts';

const view = (...ours: readonly (readonly [LimitRule, number])[]): LimitsView => ({
	level: 'account',
	id: 'acme',
	effective: ours.map(([rule, value]) => ({
		rule,
		unit: 'recipients',
		value,
		mode: 'monitor',
		origin: { level: 'plan', id: 'Basic', name: 'plan Basic' },
		text: '',
	})),
	wouldHave: [],
});

test('smaller than every number of an hour, it comes first, and the row says so', () => {
	const own = panelOwnOf({ panelHourMessages: 60 }, view(['hour.recipients', 200], ['day.recipients', 40]), t);
	assert.equal(own?.isFirst, true);
	assert.equal(own?.short, 'cPanel discards beyond 60 messages an hour and domain');
	assert.equal(
		own?.text,
		'cPanel itself allows 60 messages an hour for each domain, before us. What is over is discarded and lost: we never see it, and can neither hold nor restore it. That is less than the 200 an hour here, so it comes first.',
	);
});

test('not smaller, it stands beside ours and still says that it discards', () => {
	for (const value of [200, 500]) {
		const own = panelOwnOf({ panelHourMessages: value }, view(['hour.messages', 900], ['hour.recipients', 200]), t);
		assert.deepEqual([own?.isFirst, own?.short, own?.badge], [false, undefined, 'discards']);
		assert.match(own?.text ?? '', /discarded and lost/);
	}
});

test('the share of failures alone is no number of an hour; without either there is nothing', () => {
	const own = panelOwnOf({ panelFailPercent: 60 }, view(), t);
	assert.deepEqual([own?.isFirst, own?.line], [false, undefined]);
	assert.match(own?.text ?? '', /stops a domain while 60 % or more of its mail of an hour fails or is deferred/);
	assert.equal(panelOwnOf({ panelHourMessages: null }, view(), t), undefined);
	assert.match(panelOwnOf({ panelHourMessages: 5 }, view(), t)?.text ?? '', /No limit of an hour is set here/);
});
