/** Where a limit comes from: the chain, the one that applies, what bounds, what stands beside. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EffectiveDto, LimitsInput, LimitsView } from '../../contract/limit-shapes.ts';
import { stringsOf } from '../strings.ts';
import { boundOf, originOf, type SetBook } from './parents.ts';
import { effectiveFor, ownNumber } from './rule-words.ts';

const nowMs = Date.parse('2026-11-24T08:42:10Z');
const limit = (value: number, origin: EffectiveDto['origin'], change: Partial<EffectiveDto> = {}): EffectiveDto => ({
	rule: 'hour.recipients',
	window: 'hour',
	unit: 'recipients',
	value,
	mode: 'monitor',
	origin,
	text: `${value} recipients an hour from ${origin.name}`,
	...change,
});
const basic = { level: 'plan', id: 'Basic', name: 'plan Basic' } as const;
const nordweb = { level: 'reseller', id: 'nordweb', name: 'reseller nordweb' } as const;

function view(level: LimitsView['level'], id: string, input?: LimitsInput, effective: EffectiveDto[] = []): LimitsView {
	const base = input === undefined ? {} : { base: { ...input, author: 'admin root', set: '2026-11-01T00:00:00.000Z' } };
	return { level, id, ...base, effective, wouldHave: [] };
}
const book: SetBook = new Map(
	[
		view('server', 'server', { mode: 'monitor', hour: { recipients: 1000 } }),
		view('reseller', 'nordweb', { mode: 'enforce', hour: { recipients: 60 } }),
		view('plan', 'Basic', { mode: 'monitor', hour: { recipients: 100 } }),
		view('server', 'each-account', undefined, [
			limit(200, { level: 'server', id: 'each-account', name: 'default for each account' }),
		]),
	].map((one) => [`${one.level}:${one.id}`, one]),
);
const words = { account: 'account', accounts: 'accounts', panel: 'cPanel', mta: 'Exim' };
const owner = { key: 'rosenca', reseller: 'nordweb', plan: 'Basic' };
const about = { owner, book, t: stringsOf(words), zoned: { zone: 'Europe/Berlin' }, nowMs };

test('the chain goes from outside in, with a default that nobody has set, and marks what gives and what caps', () => {
	const own = view('account', 'rosenca', undefined, [
		limit(60, basic, { cappedBy: nordweb, text: '60 recipients an hour from plan Basic, capped by reseller nordweb' }),
	]);
	const origin = originOf('hour.recipients', { ...about, own });
	assert.deepEqual(
		origin.chain.map(({ name, value, isApplied }) => `${isApplied ? '▸' : ' '} ${name}: ${value}`),
		[
			'  whole server: 1,000 / h',
			'▸ reseller nordweb, for all its accounts: 60 / h',
			'  default for each account: 200 / h',
			'▸ plan Basic: 100 / h',
			'  this account: no own limit',
		],
	);
	assert.equal(origin.short, 'capped by reseller nordweb');
	assert.equal(origin.isTold, true);
});

test('an exception says until when; a level that may not be seen is left out', () => {
	const own: LimitsView = {
		...view('account', 'rosenca', undefined, [
			limit(150, { level: 'account', id: 'rosenca', name: 'account rosenca' }, { until: '2026-11-25T08:42:00.000Z' }),
		]),
		exception: {
			mode: 'monitor',
			hour: { recipients: 150 },
			until: '2026-11-25T08:42:00.000Z',
			author: 'admin root',
			set: '2026-11-24T08:42:00.000Z',
		},
	};
	const origin = originOf('hour.recipients', { ...about, own, book: new Map() });
	assert.equal(origin.short, 'own, until tomorrow, 09:42');
	assert.deepEqual(origin.chain, [
		{ name: 'this account, until tomorrow, 09:42, by admin root', value: '150 / h', isApplied: true },
	]);
});

test("beside an enforced pool the account's own number is shown, and the pool told of", () => {
	const own = view('account', 'rosenca', undefined, [limit(600, nordweb, { mode: 'enforce' }), limit(100, basic)]);
	assert.equal(effectiveFor(own, 'hour.recipients')?.value, 100);
	assert.deepEqual(originOf('hour.recipients', { ...about, own }).beside, {
		text: '600 recipients an hour from reseller nordweb',
		isEnforced: true,
	});
});

test('the smallest parent bounds; a plan and a default do not', () => {
	assert.deepEqual(boundOf('hour.recipients', owner, book), { who: 'reseller', id: 'nordweb', value: 60 });
	assert.deepEqual(boundOf('hour.recipients', { ...owner, reseller: null }, book), {
		who: 'server',
		id: 'server',
		value: 1000,
	});
	assert.equal(boundOf('day.recipients', owner, book), undefined);
});

test('the number of a level: exception before base before built-in', () => {
	assert.deepEqual(ownNumber(book.get('server:each-account'), 'hour.recipients'), { value: 200, mode: 'monitor' });
	assert.equal(ownNumber(book.get('plan:Basic'), 'hour.recipients')?.stored, 'base');
	assert.equal(ownNumber(book.get('plan:Basic'), 'day.recipients'), undefined);
});
