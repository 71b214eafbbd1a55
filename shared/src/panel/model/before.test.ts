/** What the mail log told is said for as long as it tells more than the agent's own counts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LearnedDto } from '../../contract/learned-operations.ts';
import type { VolumeDto } from '../../contract/view-operations.ts';
import { ok } from '../../words/result.ts';
import type { OverviewFacts } from '../read-overview.ts';
import { beforeOf, beforeText } from './before.ts';
import { nowMs, words } from './words.fixture.ts';

const hourMs = 3_600_000;
const ago = (hours: number): string => new Date(nowMs - hours * hourMs).toISOString();

const learned = (hours: number, until = 0): LearnedDto => ({
	log: { mta: 'postfix', from: ago(until + hours), until: ago(until) },
	accounts: 2,
	senders: 1,
	messages: 40,
	recipients: 1234,
	items: [
		{ account: 'acme/1', messages: 30, recipients: 1200, peakHour: 1100, directories: 0, isKnown: true },
		{ account: '(without login)', messages: 10, recipients: 34, peakHour: 1, directories: 0, isKnown: false },
	],
});
const volume = (hours: number): VolumeDto => ({ since: ago(hours) }) as VolumeDto;
const cardOf = (told: LearnedDto, hours: number) =>
	beforeOf({ learned: ok(told), volume: ok(volume(hours)) } as OverviewFacts, words);

test('top accounts with their peak; only those that the agent knows have a link', () => {
	assert.deepEqual(cardOf(learned(168), 1), {
		title: 'Before Sluice: from the mail log, last 7 days',
		say: '1,234 recipients, 2 accounts, 1 sender',
		rows: [
			{ name: 'acme/1', path: '/accounts/acme%2F1', recipients: '1,200', hour: '1,100' },
			{ name: '(without login)', recipients: '34', hour: '1' },
		],
	});
	assert.equal(
		beforeText(learned(168), volume(1), words),
		'From the mail log before: 1,200 recipients in 7 days, at most 1,100 in an hour.',
	);
	// A log that does not reach back so far is not said to.
	assert.equal(cardOf(learned(30), 1)?.title, 'Before Sluice: from the mail log, last 2 days');
	assert.equal(cardOf(learned(5), 1)?.title, 'Before Sluice: from the mail log, last day');
});

test('it is gone when own counts cover the time, a week at the most, and where nothing was told', () => {
	const shown = (told: LearnedDto, hours: number): boolean => {
		const isOnPage = beforeText(told, volume(hours), words) !== undefined;
		assert.equal(cardOf(told, hours) !== undefined, isOnPage);
		return isOnPage;
	};
	assert.equal(shown(learned(168, 167), 167.9), true);
	assert.equal(shown(learned(168, 168), 168), false);
	assert.equal(shown(learned(720, 168), 168), false, 'a month of the log, a week of counts');
	assert.equal(shown(learned(30, 29), 29), true);
	assert.equal(shown(learned(30, 30), 30), false, 'two days of the log, two days of counts');
	const { log: _, ...never } = learned(168);
	assert.equal(shown({ ...never, items: [] }, 1), false);
	assert.equal(shown({ ...learned(168), items: [] }, 1), false);
});
