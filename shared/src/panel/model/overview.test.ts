import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientFailure } from '../../client/client.ts';
import type { AccountDto, NearestDto } from '../../contract/account-operations.ts';
import type { LimitsView } from '../../contract/limit-shapes.ts';
import { type OpenGroupDto, type VolumeDto, volumeCounts } from '../../contract/view-operations.ts';
import { failed, ok } from '../../words/result.ts';
import type { OverviewFacts } from '../read-overview.ts';
import { shareText } from '../text/numbers.ts';
import { decisionsOf } from './decisions.ts';
import { firstDaysOf } from './first-days.ts';
import { agesOf, healthLineOf, kpisOf, poolOf } from './overview-cards.ts';
import { providersOf } from './providers.ts';
import { nowMs, words } from './words.fixture.ts';

const reach = { isAdmin: true, mayLimit: true, hasRules: true };
const ago = (minutes: number): string => new Date(nowMs - minutes * 60_000).toISOString();
const away: ClientFailure = { kind: 'unreachable', code: 'ENOENT', text: 'No agent is running here.' };

const none = Object.fromEntries(volumeCounts.map((name) => [name, 0])) as unknown as VolumeDto['total'];
const volume = (total: Partial<VolumeDto['total']> = {}, since = ago(60 * 24 * 40)): VolumeDto => ({
	from: ago(1440),
	to: ago(0),
	stepSeconds: 3600,
	items: [{ at: ago(60), ...none, ...total }],
	total: { ...none, ...total },
	since,
});

const empty: OverviewFacts = {
	held: ok({ items: [], total: 0, messages: 0, recipients: 0 }),
	waiting: ok({ items: [], total: 0, messages: 0, recipients: 0 }),
	near: ok({ items: [], total: 0 }),
	top: ok({ items: [], total: 0 }),
	volume: ok(volume()),
	hour: ok(volume({ accepted: 841 })),
	states: ok({ items: [], total: 0 }),
	ages: ok({ items: [], total: 0 }),
	book: new Map(),
};

const group = (account: string, messages: number, more: Partial<OpenGroupDto> = {}): OpenGroupDto => ({
	state: 'held',
	account,
	rule: 'hold.account',
	text: 'All its mail is held: looks hijacked',
	messages,
	recipients: messages * 2,
	since: ago(210),
	until: new Date(nowMs + 86_400_000).toISOString(),
	ownerMayRelease: false,
	ownerMayDiscard: false,
	first: [],
	...more,
});
const held = (...items: OpenGroupDto[]): OverviewFacts['held'] =>
	ok({ items, total: items.length, messages: 0, recipients: 0 });

const account = (key: string, nearest: NearestDto, waiting = 0, more: Partial<AccountDto> = {}): AccountDto =>
	({
		id: key,
		key,
		name: key,
		domains: [],
		mailboxes: [],
		usage: [],
		waiting,
		held: 0,
		nearest,
		...more,
	}) as unknown as AccountDto;
const nearest = (used: number, mode: 'enforce' | 'monitor' = 'enforce'): NearestDto => ({
	rule: 'hour.recipients',
	used,
	value: 400,
	mode,
	isNear: true,
});

const problem = (code: string, minutes: number) => ({
	code,
	text: `${code} is wrong.`,
	hint: 'Mend it.',
	since: ago(minutes),
});
const health = (problems: ReturnType<typeof problem>[], more = {}): NonNullable<OverviewFacts['health']> =>
	ok({
		alive: true,
		ready: true,
		delivering: true,
		version: '1',
		started: ago(100),
		problems,
		queue: { messages: 0, recipients: 0, queued: 0, waiting: 0, held: 0, sending: 0 },
		spool: { segments: 0, bytes: 0, freeBytes: 0, projectionLagBytes: 0 },
		connections: { in: 0, out: 0 },
		...more,
	});

test('nothing to decide says so, with what flows', () => {
	const found = decisionsOf(empty, words, reach);
	assert.equal(found.headline, 'Nothing needs a decision. 841 recipients were handed in within the last 60 minutes.');
	assert.deepEqual([found.shown, found.folded, found.unread], [[], [], undefined]);
});

test('held mail says why, since when, what happens if nobody acts, and has one act', () => {
	const [first, ...others] = decisionsOf({ ...empty, held: held(group('velofix', 189)) }, words, reach).shown;
	assert.deepEqual(others, []);
	assert.equal(first?.title, '189 messages of velofix are held');
	assert.equal(first?.why, 'All its mail is held: looks hijacked. 378 recipients.');
	assert.equal(first?.since, 'Since 05:12, 3 h 30 min');
	assert.match(first?.next ?? '', /the first of it expires tomorrow, 08:42, and its sender is told/);
	assert.deepEqual(first?.act, { text: 'Review', path: '/open?account=velofix', isDialog: false });
});

test('the most harmful comes first, then the oldest; above four the rest is folded', () => {
	const facts = {
		...empty,
		held: held(group('old', 1, { since: ago(600) }), group('new', 9, { since: ago(5) })),
		health: health([problem('disk-low', 900), problem('loop', 1200)]),
		near: ok({ items: [account('kanzleim', nearest(350))], total: 1 }),
	};
	const { headline, shown, folded } = decisionsOf(facts, words, reach);
	assert.equal(headline, '5 things need a decision');
	assert.deepEqual(
		shown.map(({ title }) => title),
		['1 message of old is held', '9 messages of new are held', 'loop is wrong', 'disk-low is wrong'],
	);
	assert.deepEqual(
		folded.map(({ title }) => title),
		['1 account is near a limit that is enforced'],
	);
	const stopped = decisionsOf({ ...facts, health: health([problem('disk-low', 1)], { ready: false }) }, words, reach);
	assert.equal(stopped.shown[0]?.title, 'disk-low is wrong', 'what stops mail comes before all');
	assert.match(stopped.shown[0]?.next ?? '', /new mail is not taken; it waits at the mail server/);
});

test('many held groups are told of in four items', () => {
	const groups = Array.from({ length: 30 }, (_, index) => group(`a${index}`, 40 - index));
	const { shown, headline } = decisionsOf({ ...empty, held: held(...groups) }, words, reach);
	assert.equal(headline, '4 things need a decision');
	assert.match(shown.map(({ title }) => title).join('\n'), /messages more are held in 27 groups/);
});

test('a used-up limit is raised from here by whoever may; a limit that only watches needs nobody', () => {
	const waiting = ok({
		items: [group('shopmoda', 228, { state: 'waiting', rule: 'limit.hour.recipients', since: ago(34) })],
		total: 1,
		messages: 228,
		recipients: 228,
	});
	const near = ok({
		items: [account('shopmoda', nearest(400), 228), account('watched', nearest(900, 'monitor'), 5)],
		total: 2,
	});
	const { shown } = decisionsOf({ ...empty, waiting, near }, words, reach);
	assert.deepEqual(
		shown.map(({ title, act, since }) => [title, act.text, act.path, since]),
		[['shopmoda has used up a limit', 'Raise for a day', '/accounts/shopmoda/raise', 'Since 08:08, 34 min']],
	);
	const without = decisionsOf({ ...empty, waiting, near }, words, { ...reach, mayLimit: false });
	assert.equal(without.shown[0]?.act.text, 'Show');
});

test('rules that have watched for a week can be enforced; younger and enforced ones are left alone', () => {
	const view = (id: string, days: number, mode: 'monitor' | 'enforce'): [string, LimitsView] => [
		`plan:${id}`,
		{
			level: 'plan',
			id,
			base: { mode, hour: { recipients: 100 }, author: 'admin root', set: ago(days * 1440) },
			effective: [],
			wouldHave: [{ rule: 'hour.recipients', messages: 61, recipients: 402, scopes: 3, since: ago(days * 1440) }],
		},
	];
	const book = new Map([view('Basic', 8, 'monitor'), view('New', 6, 'monitor'), view('Shop', 30, 'enforce')]);
	const { shown } = decisionsOf({ ...empty, book }, words, reach);
	assert.equal(shown.length, 1);
	assert.equal(shown[0]?.title, '1 rule has watched for a week and can be enforced');
	assert.equal(shown[0]?.why, '100 recipients an hour for plan Basic would have made 61 messages of 3 senders wait.');
	assert.deepEqual(decisionsOf({ ...empty, book }, words, { ...reach, isAdmin: false }).shown, []);
});

test('mail of nobody, and the panel’s own limits that discard, are decisions of the administrator', () => {
	const facts: OverviewFacts = {
		...empty,
		unknown: ok({
			items: [{ rule: 'day.recipients', window: 'day', unit: 'recipients', used: 12, waiting: 0 }],
			counting: '',
		}),
		top: ok({ items: [account('shopmoda', nearest(1), 0, { panelHourMessages: 200 })], total: 1 }),
	};
	assert.deepEqual(
		decisionsOf(facts, words, reach).shown.map(({ title }) => title),
		['Mail comes from nobody we can name', 'cPanel discards mail on its own limits'],
	);
	assert.deepEqual(
		decisionsOf(facts, words, { ...reach, isAdmin: false }).shown.map(({ title }) => title),
		['Mail comes from nobody we can name'],
	);
});

test('what could not be asked for is named and never taken for nothing', () => {
	const { headline, unread } = decisionsOf({ ...empty, held: failed(away) }, words, reach);
	assert.equal(headline, 'What needs a decision is not known');
	assert.match(unread ?? '', /No agent is running here/);
	const kpis = kpisOf({ ...empty, volume: failed(away) }, 'day', words);
	assert.deepEqual(kpis.map(({ value, compare }) => [value, compare])[0], ['–', 'not known']);
});

test('numbers have a unit, a span and what stood before', () => {
	const former = { ...none, accepted: 20_000, delivered: 970, bounced: 30 };
	const now = { accepted: 22_195, delivered: 942, bounced: 58, waited: 12 };
	const states = ok({
		items: [{ key: 'waiting', recipients: 542, queued: 0, waiting: 542, held: 0, sending: 0 }],
		total: 1,
	});
	const facts = { ...empty, states, volume: ok({ ...volume(now), before: former }) };
	assert.deepEqual(
		kpisOf(facts, 'day', words).map(({ label, value, unit, compare }) => `${label}: ${value} ${unit}, ${compare}`),
		[
			'Handed in, 24 h: 22,195 recipients, the day before: 20,000',
			'Delivered, 24 h: 94.2 %, the day before: 97.0 %',
			'Waiting now: 542 recipients, 12 were made to wait in 24 h',
			'Held now: 0 recipients, 0 were held in 24 h',
			'Refused by receivers, 24 h: 58 recipients, the day before: 30',
		],
	);
	assert.equal(shareText(9999, 10_000), '99.9', 'never whole before it is');
});

test('a provider is judged from 30 tries on', () => {
	const provider = { delivered: 26, deferred: 1, bounced: 0, causes: [{ cause: 'rate-limit', recipients: 1 }] };
	const others = { provider: 'others', tried: 0, delivered: 0, deferred: 0, bounced: 0, causes: [] };
	const items = [
		{ ...provider, provider: 'Google', tried: 27 },
		{ ...provider, provider: 'GMX', tried: 30 },
	];
	const found = providersOf({ ...empty, providers: ok({ from: '', to: '', items, others }) }, words);
	assert.deepEqual(
		found?.rows.map(({ name, isJudged, few, share, tone }) => [name, isJudged ? share : few, tone]),
		[
			['Google', '27 tried, too few to judge', 'ok'],
			['GMX', '86.7 %', 'bad'],
		],
	);
});

test('ages, health and a reseller’s share in a line each', () => {
	const row = (key: string, recipients: number) => ({
		key,
		recipients,
		queued: recipients,
		waiting: 0,
		held: 0,
		sending: 0,
	});
	assert.deepEqual(
		agesOf({ ...empty, ages: ok({ items: [row('3600', 5), row('0', 10), row('300', 4)], total: 3 }) }, words).map(
			({ text, width, total }) => [text, width, total],
		),
		[
			['under 5 min', '100.0%', '10'],
			['5 min to 1 h', '40.0%', '4'],
			['over 1 h', '50.0%', '5'],
		],
	);
	assert.deepEqual(healthLineOf({ ...empty, health: health([problem('loop', 3)]) }, words)?.more, ['loop is wrong.']);
	assert.equal(healthLineOf({ ...empty, health: health([]) }, words)?.isFine, true);
	const usage = { rule: 'hour.recipients', window: 'hour', unit: 'recipients', used: 312, waiting: 0 } as const;
	const view: LimitsView = { level: 'reseller', id: 'nordweb', effective: [], wouldHave: [] };
	const pool = { usage: ok({ items: [usage], counting: '' }), view: ok(view) };
	assert.deepEqual(
		poolOf({ ...empty, pool }, words).map(({ title, bar }) => [title, bar.used, bar.of]),
		[['Hour', '312', '/ h, no limit']],
	);
});

test('the first week tells what happens next, and is over after seven days', () => {
	const young = firstDaysOf({ ...empty, volume: ok(volume({ accepted: 74 }, ago(6))) }, words, reach);
	assert.deepEqual(
		young?.steps.map(({ isDone, title }) => [isDone, title]),
		[
			[true, 'Mail goes through Sluice'],
			[false, 'No account is known'],
			[true, 'No health finding'],
			[false, 'Wait until 1 Dec 2026'],
			[false, 'Enforce the rules you trust'],
		],
	);
	assert.equal(firstDaysOf({ ...empty, volume: ok(volume({}, ago(7 * 1440))) }, words, reach), undefined);
});
