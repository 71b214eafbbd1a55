/**
 * Limits and usage by REST: what is set, what is in force and where it comes from, what is left, what is kept over a restart.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sweep } from '@sluice/agent/flow/sweep.ts';
import type { LimitsView } from '@sluice/shared/contract/limit-shapes.ts';
import type { OperationInput, OperationOutput } from '@sluice/shared/contract/operations.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { given } from './acts.ts';
import { ask, problemOf } from './http.ts';
import { type Rig, startRig } from './rig.ts';
import { mailbox } from './senders.ts';
import { steeredClock } from './steered-clock.ts';

let internet: Internet;
let rig: Rig;
const clock = steeredClock();
const hourMs = 3_600_000;
before(async () => {
	internet = await startInternet();
	rig = await startRig(undefined, { internet, isWired: true, clock });
	const since = '2020-01-01T00:00:00Z';
	const account = (id: string, more: object) => ({
		...{ id, panel: 'cpanel', name: `${id} company`, plan: 'Basic', reseller: 'bob', since },
		...{ domains: [`${id}.test`], mailboxes: [`me@${id}.test`], ...more },
	});
	const items = [account('acme', { panelHourMessages: 300 }), account('calm', { reseller: 'eve' })];
	given(await rig.client.call('putAccounts', { body: { revision: 1, complete: true, items } }));
});
after(async () => {
	await rig.stop();
	await internet.stop();
});

type Level = OperationInput<'getLimits'>['params']['level'];
type Body = OperationInput<'putLimits'>['body'];

const set = async (level: Level, id: string, body: Body): Promise<LimitsView> =>
	given(await rig.client.call('putLimits', { params: { level, id }, body }));
const view = async (level: Level, id: string): Promise<LimitsView> =>
	given(await rig.client.call('getLimits', { params: { level, id } }));
const clear = async (level: Level, id: string, only?: 'exception'): Promise<LimitsView> =>
	given(await rig.client.call('deleteLimits', { params: { level, id }, query: only === undefined ? {} : { only } }));
const usage = async (level: Level, id: string): Promise<OperationOutput<'getUsage'>> =>
	given(await rig.client.call('getUsage', { params: { level, id } }));
const hourly = ({ effective }: LimitsView): readonly string[] =>
	effective.filter(({ rule }) => rule === 'hour.recipients').map(({ text, mode }) => `${text} (${mode})`);

test('the effective limit is told with its origin at every level, and what caps it', async () => {
	const watched = '200 recipients an hour from default for each account (monitor)';
	assert.deepEqual(hourly(await view('accounts', 'acme')), [watched]);
	await set('plans', 'Basic', { mode: 'enforce', hour: { recipients: 50 } });
	assert.deepEqual(hourly(await view('accounts', 'acme')), ['50 recipients an hour from plan Basic (enforce)']);
	await set('resellers', 'bob', { mode: 'enforce', hour: { recipients: 40 } });
	const capped = await view('accounts', 'acme');
	assert.deepEqual(hourly(capped), ['40 recipients an hour from plan Basic, capped by reseller bob (enforce)']);
	const limit = capped.effective.find(({ rule }) => rule === 'hour.recipients');
	assert.deepEqual(limit?.cappedBy, { level: 'reseller', id: 'bob', name: 'reseller bob' });
	assert.deepEqual(
		limit?.panelOwn,
		{ hourMessages: 300, over: 'discards', comesFirst: false },
		'what the MTA enforces before us stands beside it',
	);
	assert.deepEqual(hourly(await view('accounts', 'calm')), ['50 recipients an hour from plan Basic (enforce)']);
	// More than the parent allows is stored and capped, never refused.
	const own = await set('accounts', 'acme', { mode: 'enforce', hour: { recipients: 500 } });
	assert.deepEqual([own.base?.hour, own.base?.author], [{ recipients: 500 }, 'admin scenario']);
	assert.deepEqual(hourly(own), ['40 recipients an hour from account acme company, capped by reseller bob (enforce)']);
	await set('mailboxes', 'ME@Acme.Test', { mode: 'enforce', hour: { recipients: 5 } });
	assert.deepEqual(hourly(await view('mailboxes', 'me@acme.test')), [
		'5 recipients an hour from mailbox me@acme.test (enforce)',
	]);
	assert.deepEqual(hourly(await view('scripts', 'acme:/home/acme/www')), [
		'40 recipients an hour from reseller bob (enforce)',
	]);
	await clear('mailboxes', 'me@acme.test');
	await clear('accounts', 'acme');
	await clear('resellers', 'bob');
	await clear('plans', 'Basic');
	assert.deepEqual(hourly(await view('accounts', 'acme')), [watched]);
});

const now = (): number => rig.agent.flow.clock.now();

test('an exception stands before the numbers until its end, rule by rule, and ends by itself', async () => {
	await set('accounts', 'acme', { mode: 'enforce', hour: { recipients: 10 }, day: { recipients: 90 } });
	const until = new Date(now() + hourMs).toISOString();
	const lifted = await set('accounts', 'acme', {
		mode: 'enforce',
		hour: { recipients: 70 },
		until,
		note: 'newsletter',
	});
	assert.deepEqual([lifted.base?.hour?.recipients, lifted.exception?.note], [10, 'newsletter']);
	const numbers = ({ effective }: LimitsView) =>
		effective.filter(({ mode }) => mode === 'enforce').map(({ rule, value, until: end }) => [rule, value, end]);
	assert.deepEqual(numbers(lifted), [
		['hour.recipients', 70, until],
		['day.recipients', 90, undefined],
	]);
	clock.advance(hourMs);
	const over = await view('accounts', 'acme');
	assert.equal(over.exception, undefined);
	assert.deepEqual(hourly(over), ['10 recipients an hour from account acme company (enforce)']);
	assert.notEqual(
		rig.agent.flow.limits.get('account', 'acme')?.exception,
		undefined,
		'kept, should the clock be set back',
	);
	clock.advance(25 * hourMs);
	await sweep(rig.agent.flow);
	assert.equal(rig.agent.flow.limits.get('account', 'acme')?.exception, undefined);
	const again = new Date(now() + hourMs).toISOString();
	await set('accounts', 'acme', { mode: 'enforce', hour: { recipients: 70 }, until: again });
	assert.deepEqual(hourly(await clear('accounts', 'acme', 'exception')), [
		'10 recipients an hour from account acme company (enforce)',
	]);
	await clear('accounts', 'acme');
});

test('two panels write at once: one is told of the other and changes nothing; so with an exception, and when taking away', async (context) => {
	const stands = now();
	context.mock.method(rig.agent.flow.clock, 'now', () => stands);
	const params = { level: 'accounts', id: 'acme' } as const;
	const put = (recipients: number, replaces: string | null, until?: string) =>
		rig.client.call('putLimits', {
			params,
			body: { mode: 'enforce', hour: { recipients }, replaces, ...(until === undefined ? {} : { until }) },
		});
	const part = (stands: LimitsView, until?: string) => (until === undefined ? stands.base : stands.exception);
	for (const until of [undefined, new Date(now() + hourMs).toISOString()]) {
		const raced = await Promise.all([put(11, null, until), put(12, null, until)]);
		const lost = raced.filter((one) => !one.ok).map(({ error }) => (error.kind === 'problem' ? error.problem : error));
		assert.deepEqual(lost, [
			{
				type: 'urn:sluice:conflict',
				title: 'Not possible in the present state',
				status: 409,
				detail: `The ${until === undefined ? 'numbers of this account were' : 'exception of this account was'} set meanwhile, by admin scenario at ${part(await view('accounts', 'acme'), until)?.set}: 11 recipients an hour (enforce). Nothing was changed.`,
			},
		]);
		const first = part(await view('accounts', 'acme'), until);
		assert.equal(first?.hour?.recipients, 11);
		// The clock stands still: two sets of one thing are told apart all the same.
		const second = part(given(await put(13, first.set, until)), until);
		assert.notEqual(second?.set, first.set);
		assert.equal((await put(14, first.set, until)).ok, false);
		const only = until === undefined ? 'base' : 'exception';
		const clearing = (replaces: string) => rig.client.call('deleteLimits', { params, query: { only, replaces } });
		assert.equal((await clearing(first.set)).ok, false);
		assert.equal(part(await view('accounts', 'acme'), until)?.hour?.recipients, 13);
		assert.equal(part(given(await clearing(second?.set as string)), until), undefined);
		const gone = await put(15, second?.set as string, until);
		assert.match(gone.ok || gone.error.kind !== 'problem' ? '' : (gone.error.problem.detail ?? ''), /not set any more/);
		assert.equal(part(await view('accounts', 'acme'), until), undefined);
	}
	const until = new Date(now() + hourMs).toISOString();
	given(await put(21, null, until));
	given(await put(22, null));
	const left = given(await rig.client.call('deleteLimits', { params, query: { only: 'base' } }));
	assert.deepEqual([left.base, left.exception?.hour?.recipients], [undefined, 21], 'one of the two alone');
	await clear('accounts', 'acme');
});

test('usage: what is used, what waits, what is left by all that bounds it, and when something is free again', async () => {
	await set('accounts', 'acme', { mode: 'enforce', hour: { recipients: 5 } });
	await set('resellers', 'bob', { mode: 'enforce', hour: { recipients: 3 } });
	const send = (to: readonly string[]) => rig.send({ from: 'me@acme.test', to, sender: mailbox('me@acme.test') });
	await send(['a@ok.test', 'b@ok.test']);
	const ofHour = async (level: Level, id: string) => {
		const { items, waitsUntil } = await usage(level, id);
		const hour = items.find(({ rule }) => rule === 'hour.recipients');
		return { used: hour?.used, waiting: hour?.waiting, left: hour?.left, resets: hour?.resetsAt, waitsUntil };
	};
	const free = { resets: undefined, waitsUntil: undefined };
	const some = { used: 2, waiting: 0, left: 1, ...free };
	// The pool has one left, and so has every part of it.
	for (const [level, id] of [
		['resellers', 'bob'],
		['accounts', 'acme'],
		['domains', 'acme.test'],
		['mailboxes', 'me@acme.test'],
	] as const)
		assert.deepEqual(await ofHour(level, id), some, id);
	const sentMs = now();
	await send(['c@ok.test']);
	const message = await send(['d@ok.test']);
	const full = await ofHour('mailboxes', 'me@acme.test');
	assert.deepEqual([full.used, full.waiting, full.left], [3, 1, 0]);
	for (const at of [full.resets, full.waitsUntil]) {
		const apartMs = Date.parse(at ?? '') - sentMs - hourMs;
		assert.ok(Math.abs(apartMs) < 5_000, `${at} is an hour after the first charge`);
	}
	const { items, counting } = await usage('accounts', 'acme');
	assert.deepEqual(items.map(({ rule, used }) => [rule, used]).slice(0, 4), [
		['minute.messages', 2],
		['minute.recipients', 3],
		['hour.messages', 2],
		['hour.recipients', 3],
	]);
	assert.match(counting, /^A recipient is counted once, when it may leave/);
	assert.deepEqual((await usage('plans', 'Basic')).items, [], 'a plan is no meter');
	// A larger number lets it go at once.
	await clear('resellers', 'bob');
	await rig.until(() => rig.count('recipient.delivered', { message }) === 1);
	assert.equal((await ofHour('accounts', 'acme')).waiting, 0);
	await clear('accounts', 'acme');
});

test('what watched rules would have kept is counted where it can be enforced, and begins anew with new numbers', async () => {
	await set('server', 'each-mailbox', { mode: 'monitor', hour: { recipients: 1 } });
	const recipients = ['e@ok.test', 'f@ok.test'];
	await rig.send({ from: 'me@calm.test', to: recipients, sender: mailbox('me@calm.test') });
	const counts = async () =>
		(await view('server', 'each-mailbox')).wouldHave.map(({ rule, messages, recipients: kept, scopes }) => [
			rule,
			messages,
			kept,
			scopes,
		]);
	assert.deepEqual(await counts(), [['hour.recipients', 1, 2, 1]]);
	const { items } = given(await rig.client.call('listLimits', { query: { level: 'server' } }));
	const listed = items.find(({ id }) => id === 'each-mailbox');
	assert.equal(listed?.wouldHave[0]?.messages, 1);
	await set('server', 'each-mailbox', { mode: 'monitor', hour: { recipients: 2 } });
	assert.deepEqual(await counts(), []);
	await clear('server', 'each-mailbox');
});

test('a mode without a number is for what is inherited', async () => {
	const enforced = await set('server', 'each-account', { mode: 'enforce', modes: { 'hour.recipients': 'enforce' } });
	assert.deepEqual(hourly(enforced), ['200 recipients an hour from default for each account (enforce)']);
	assert.deepEqual(hourly(await view('accounts', 'calm')), hourly(enforced));
	const { items } = given(await rig.client.call('audit', { query: { limit: 1 } }));
	assert.equal(items[0]?.detail, 'hour.recipients as inherited (enforce)');
	await clear('server', 'each-account');
});

test('the list goes by level and name, page by page, with the defaults that nobody has set', async () => {
	const names = Array.from({ length: 7 }, (_, at) => `plan ${at}`);
	for (const name of names.toReversed()) await set('plans', name, { mode: 'monitor', hour: { recipients: 1 } });
	const seen: string[] = [];
	let cursor: string | undefined;
	do {
		const page = given(
			await rig.client.call('listLimits', { query: { limit: 3, ...(cursor === undefined ? {} : { cursor }) } }),
		);
		seen.push(...page.items.map(({ level, id }) => `${level} ${id}`));
		cursor = page.next;
	} while (cursor !== undefined);
	const each = ['account', 'credential', 'domain', 'mailbox', 'script'].map((noun) => `server each-${noun}`);
	assert.deepEqual(seen, [...each, ...names.map((name) => `plan ${name}`)]);
	// What is set in between moves places, and neither repeats nor hides anything of the next page.
	const [first] = [given(await rig.client.call('listLimits', { query: { limit: 7 } }))];
	await set('plans', 'a plan', { mode: 'monitor' });
	const second = given(await rig.client.call('listLimits', { query: { limit: 2, cursor: first?.next ?? '' } }));
	assert.deepEqual(
		second.items.map(({ id }) => id),
		['plan 2', 'plan 3'],
	);
	await clear('plans', 'a plan');
	for (const name of names) await clear('plans', name);
});

test('an account is named by its panel’s id and kept by key; what is set stays over a restart', async () => {
	await set('accounts', 'acme', {
		mode: 'enforce',
		hour: { recipients: 33 },
		over: 'defer',
		split: false,
		note: 'old',
	});
	await set('accounts', 'uid:7044', { mode: 'enforce', hour: { recipients: 4 } });
	await set('scripts', 'acme:/home/acme/www', { mode: 'monitor', hour: { recipients: 2 } });
	given(await rig.client.call('deleteAccount', { params: { id: 'acme' }, query: { revision: 2 } }));
	const item = { panel: 'cpanel', name: 'New people', since: '2020-01-01T00:00:00Z', revision: 3 };
	given(await rig.client.call('putAccount', { params: { id: 'acme' }, body: item }));
	const fresh = await view('accounts', 'acme');
	assert.deepEqual([fresh.id, fresh.base], ['acme~2', undefined], 'who has the name now inherits nothing');
	assert.equal((await view('accounts', 'acme~1')).base?.note, 'old', 'and the first one keeps its own');
	for (const [id, key] of [
		['acme', 'acme~2'],
		['acme~1', 'acme'],
	] as const) {
		const body = { selector: { kind: 'account', id }, reason: 'which of the two', seconds: 60 } as const;
		assert.equal(given(await rig.client.call('putHold', { body })).hold.selector.id, key);
	}
	await set('accounts', 'acme', { mode: 'enforce', hour: { recipients: 44 } });
	rig = await rig.restart();
	assert.equal((await view('accounts', 'acme')).base?.hour?.recipients, 44);
	const first = (await view('accounts', 'acme~1')).base;
	assert.deepEqual([first?.over, first?.split, first?.hour?.recipients], ['defer', false, 33]);
	assert.equal((await view('accounts', 'uid:7044')).base?.hour?.recipients, 4);
	assert.equal((await view('scripts', 'acme~1:/home/acme/www')).base?.hour?.recipients, 2);
});

test('setting tells everybody who listens; what cannot be written is not in force', async (context) => {
	const before = rig.count('limit.set');
	await set('domains', 'Told.Test', { mode: 'monitor', hour: { recipients: 9 } });
	assert.equal(rig.count('limit.set'), before + 1);
	const event = rig.events.findLast(({ event: name }) => name === 'limit.set');
	assert.deepEqual(
		[event?.level, event?.id, event?.text, event?.actor],
		['domain', 'told.test', '9 recipients an hour (monitor)', 'admin scenario'],
	);
	context.mock.method(rig.agent.flow.state, 'putDocuments', () => {
		throw new Error('disk full');
	});
	const body = JSON.stringify({ mode: 'enforce', hour: { recipients: 1 } });
	const path = '/v1/domains/told.test/limits';
	const refused = await ask(rig.agent.socketPath, { method: 'PUT', path, body });
	assert.equal(problemOf(refused), '500 internal');
	context.mock.restoreAll();
	assert.equal((await view('domains', 'told.test')).base?.hour?.recipients, 9);
	assert.equal(rig.count('limit.set'), before + 1);
});
