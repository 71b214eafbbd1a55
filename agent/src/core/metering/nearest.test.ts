/** Near a limit: what is enforced, and hours and days that would; never a minute that is only watched. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LimitMode, LimitRule } from '@sluice/shared/words/limits.ts';
import { nearestOf } from './nearest.ts';
import type { Rule } from './types.ts';

const rule = (name: LimitRule, value: number, mode: LimitMode): Rule => ({
	scope: 'account:acme',
	rule: name,
	value,
	mode,
	origin: { level: 'server', id: 'each-account', name: 'default for each account' },
});
const nearest = (rules: readonly Rule[], used: { readonly [R in LimitRule]?: number }) => {
	const found = nearestOf(rules, (name) => used[name] ?? 0, 0.8);
	return found === undefined ? 'none' : `${found.rule} ${found.used}/${found.value} ${found.mode} ${found.isNear}`;
};

test('a minute that only watches says nothing, an enforced one does; an hour or a day that watches would', () => {
	const used = { 'minute.recipients': 30, 'hour.recipients': 30, 'day.recipients': 30 };
	const watching = rule('minute.recipients', 30, 'monitor');
	assert.equal(nearest([watching], used), 'none');
	assert.equal(
		nearest([watching, rule('hour.recipients', 200, 'monitor')], used),
		'hour.recipients 30/200 monitor false',
	);
	assert.equal(nearest([rule('minute.recipients', 30, 'enforce')], used), 'minute.recipients 30/30 enforce true');
	assert.equal(nearest([rule('hour.recipients', 37, 'monitor')], used), 'hour.recipients 30/37 monitor true');
	assert.equal(nearest([rule('hour.recipients', 38, 'monitor')], used), 'hour.recipients 30/38 monitor false');
	assert.equal(nearest([rule('message.recipients', 1, 'enforce')], { 'message.recipients': 9 }), 'none');
});

test('what keeps mail is named before what would, however much that is over; 0 is reached with the first', () => {
	const used = { 'hour.recipients': 90, 'day.recipients': 90 };
	const day = rule('day.recipients', 10, 'monitor');
	assert.equal(nearest([day, rule('hour.recipients', 100, 'enforce')], used), 'hour.recipients 90/100 enforce true');
	assert.equal(nearest([day, rule('hour.recipients', 1000, 'enforce')], used), 'day.recipients 90/10 monitor true');
	const none = rule('hour.recipients', 0, 'enforce');
	assert.equal(nearest([none], used), 'hour.recipients 90/0 enforce true');
	assert.equal(nearest([none], {}), 'hour.recipients 0/0 enforce false');
});
