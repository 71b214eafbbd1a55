/** A rule tried on the mail of the last days: what is told of it, and what enforcing it writes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulationDto } from '../../contract/limit-operations.ts';
import type { LimitsView } from '../../contract/limit-shapes.ts';
import { applyWrites, atOf, type Trial, trialOf, tryResultOf } from './simulation.ts';
import { words as utc } from './words.fixture.ts';

const words = { ...utc, base: '?p=', zoned: { zone: 'Europe/Berlin' } };
const set = {
	mode: 'monitor',
	hour: { recipients: 100 },
	author: 'admin root',
	set: '2026-11-01T00:00:00.000Z',
} as const;
const basic: LimitsView = { level: 'plan', id: 'Basic Plus', base: set, effective: [], wouldHave: [] };
const book = new Map([['plan:Basic Plus', basic]]);
const trial: Trial = { at: { level: 'plan', rule: 'hour.recipients', id: 'Basic Plus' }, value: 80, days: 7 };

const item = (account: string, rule: 'hour.recipients' | 'day.recipients', messages: number, refused = 0) => ({
	...{ account, rule, messages, scope: `account:${account}` },
	...{ recipients: messages * 2, longestWaitSeconds: messages * 60, refusedByReceivers: refused },
});
const simulation: SimulationDto = {
	id: 's1',
	state: 'done',
	progress: 1,
	result: {
		from: '2026-11-17T08:42:10Z',
		to: '2026-11-24T08:42:10Z',
		messages: 5000,
		recipients: 9000,
		heldMessages: 60,
		heldRecipients: 120,
		longestWaitSeconds: 3600,
		stillWaiting: 0,
		accounts: 3,
		refusedAccounts: 1,
		text: '',
		items: [
			item('acme', 'hour.recipients', 30, 4),
			item('calm', 'hour.recipients', 20),
			item('acme', 'day.recipients', 10),
		],
	},
};
const plans = new Map([['acme', 'Basic Plus']]);
const facts = { book, planOf: (account: string) => plans.get(account), canApply: true };

test('only what the tried number would have kept is told as its doing; the rest stands apart', () => {
	const result = tryResultOf(trial, simulation, facts, words);
	assert.equal(result.bold, '80 recipients an hour, plan Basic Plus: 30 messages of 1 account would have waited.');
	assert.deepEqual(
		result.rows.map(({ account, messages, isRefused }) => [account, messages, isRefused]),
		[['acme', '30', true]],
		'calm has another plan, the other line is of another rule',
	);
	assert.match(result.facts.join(' '), /other rules would have kept 30 messages more/);
	assert.equal(result.rows[0]?.path, '?p=/accounts/acme');
	assert.deepEqual(result.apply?.fields, [
		['at', 'plan hour.recipients Basic Plus'],
		['value', '80'],
	]);
});

test('who may not enforce is not offered it; what is enforced so already is said', () => {
	assert.equal(tryResultOf(trial, simulation, { ...facts, canApply: false }, words).apply, undefined);
	const enforced = new Map([
		['plan:Basic Plus', { ...basic, base: { ...set, mode: 'enforce', hour: { recipients: 80 } } as const }],
	]);
	const result = tryResultOf(trial, simulation, { ...facts, book: enforced }, words);
	assert.deepEqual([result.apply, result.isEnforced], [undefined, true]);
});

test('enforcing writes the number where it stands, and replaces only that', () => {
	assert.deepEqual(applyWrites(basic, trial), [
		{
			kind: 'put',
			body: { mode: 'monitor', hour: { recipients: 80 }, modes: { 'hour.recipients': 'enforce' }, replaces: set.set },
		},
	]);
	const exception = {
		...set,
		hour: { recipients: 500 },
		until: '2026-12-01T00:00:00.000Z',
		set: '2026-11-20T00:00:00.000Z',
	};
	const [written] = applyWrites({ ...basic, exception }, trial);
	assert.ok(written?.kind === 'put');
	assert.deepEqual([written.body.until, written.body.replaces], [exception.until, exception.set]);
});

test('what is asked in the address: ids with spaces, nothing that is not there, no number as it stands', () => {
	assert.deepEqual(atOf('plan hour.recipients Basic Plus'), trial.at);
	for (const wrong of ['plan hour.recipients', 'planet hour.recipients x', 'plan hour.rubbish x', 5])
		assert.equal(atOf(wrong), undefined);
	assert.deepEqual(trialOf({ at: 'plan hour.recipients Basic Plus' }, book), { ...trial, value: 100 });
	assert.equal(trialOf({ at: 'plan hour.recipients Basic Plus', value: 'many' }, book), 'not-a-number');
	assert.equal(trialOf({ at: 'plan day.recipients Basic Plus' }, book), undefined);
});
