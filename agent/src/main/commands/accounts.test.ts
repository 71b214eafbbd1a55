/**
 * Commands about accounts, limits, credentials and webhooks: what the agent is asked, what an operator reads at night, wrong use.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { failed, ok } from '@sluice/shared/words/result.ts';
import { assertGolden, type FakeAgent, run, startFakeAgent, type TerminalWishes } from './commands.fixture.ts';
import { accountLimits, accounts, simulation, webhooks } from './limit-values.fixture.ts';
import { holds, nowMs } from './values.fixture.ts';

let agent: FakeAgent;
before(async () => {
	agent = await startFakeAgent();
});
after(() => agent.stop());

const here = (words: string, wishes: TerminalWishes = {}, more: readonly string[] = []) =>
	run([...words.split(' '), ...more, '--socket', agent.socketPath], wishes);

const bodyOf = (at: number): unknown => (agent.asked[at]?.input as { body?: unknown } | undefined)?.body;

/** Bodies with which limits were put since the last look. */
const puts = (): readonly unknown[] =>
	agent.asked.splice(0).flatMap(({ id, input }) => (id === 'putLimits' ? [(input as { body: unknown }).body] : []));

test('account show: one screen with what is wrong, what is allowed and by whom, what waits, what to do', async () => {
	const own = { ...(holds[0] as (typeof holds)[number]), selector: { kind: 'account', id: 'acme' } as const };
	agent.answer('listHolds', async () => ok({ items: [own, ...holds] }));
	const ran = await here('account show acme', { width: 80 });
	assert.deepEqual([ran.err, ran.code], ['', 0]);
	assertGolden('account-show', ran.out);
	const tooWide = ran.out.split('\n').filter((line) => line.length > 80);
	assert.deepEqual(tooWide, []);
	const json = JSON.parse((await here('account show acme --json')).out) as { [name: string]: unknown };
	assert.deepEqual(Object.keys(json), ['account', 'limits', 'usage', 'holds', 'messages']);
	assert.deepEqual((json.holds as readonly unknown[]).length, 1, 'holds of other accounts are not its own');
});

test('in colours, what is used up stands out', async () => {
	const ran = await here('account list', { width: 120, isTerminal: true, hasColour: true });
	assertGolden('account-list-wide', ran.out.replaceAll('\x1b', '␛'));
});

test('a number typed is laid over what is set; each rule keeps its mode', async () => {
	agent.asked.length = 0;
	await here('account set-limit acme --day 900');
	await here('account set-limit acme --hour inherit --monitor --unique 70', {}, ['--note', 'new note']);
	await here('limit set --plan Basic --enforce');
	await here('account set-limit acme --day 999 --until 3d --over defer --no-split');
	const until = new Date(Date.parse('2026-11-24T07:30:00Z') + 3 * 86_400_000).toISOString();
	const note = 'ticket 4711';
	// What somebody else has set since it was read is not overwritten.
	const replaces = '2026-11-20T05:00:00.000Z';
	assert.deepEqual(puts(), [
		{ mode: 'enforce', hour: { recipients: 400 }, day: { recipients: 900 }, note, replaces },
		// The mode of an inherited number stays, whatever the mode of those that are set.
		{ mode: 'monitor', hourUniqueRecipients: 70, modes: { 'day.recipients': 'monitor' }, note: 'new note', replaces },
		{
			mode: 'enforce',
			hour: { recipients: 400 },
			modes: {
				'day.recipients': 'enforce',
				'hour.messages': 'enforce',
				'message.recipients': 'enforce',
			},
			note,
			replaces,
		},
		// An exception is of what it names alone.
		{
			mode: 'enforce',
			day: { recipients: 999 },
			over: 'defer',
			split: false,
			until,
			replaces: '2026-11-23T05:00:00.000Z',
		},
	]);
});

test('a mode alone is for the numbers that are set here too, and not refused when they are all there is', async () => {
	agent.asked.length = 0;
	const set = {
		mode: 'monitor' as const,
		hour: { recipients: 300 },
		author: 'admin root',
		set: '2026-11-23T05:00:00.000Z',
	};
	agent.answer('getLimits', async () => ok({ level: 'reseller', id: 'bob', base: set, effective: [], wouldHave: [] }));
	assert.equal((await here('limit set --reseller bob --enforce')).code, 0);
	assert.deepEqual(puts(), [{ mode: 'enforce', hour: { recipients: 300 }, replaces: set.set }]);
	agent.answer('getLimits', async () => ok(accountLimits));
});

test('on a wide terminal the list of limits tells all that is set, inherited numbers with a mode of their own too', async () => {
	const ran = await here('limit list', { width: Number.POSITIVE_INFINITY });
	assertGolden('limit-list-wide', ran.out);
});

test('every level can be named, and is asked by its own path', async () => {
	agent.asked.length = 0;
	const named: readonly (readonly [words: string, level: string, id: string])[] = [
		['--server', 'server', 'server'],
		['--each mailbox', 'server', 'each-mailbox'],
		['--reseller bob', 'resellers', 'bob'],
		['--plan Basic', 'plans', 'Basic'],
		['--account acme', 'accounts', 'acme'],
		['--domain acme.test', 'domains', 'acme.test'],
		['--mailbox me@acme.test', 'mailboxes', 'me@acme.test'],
		['--script acme:/home/acme/www', 'scripts', 'acme:/home/acme/www'],
		['--credential c1', 'credentials', 'c1'],
	];
	for (const [words] of named) assert.equal((await here(`limit show ${words}`)).code, 0);
	assert.deepEqual(
		agent.asked.splice(0).map(({ input }) => (input as { params: unknown }).params),
		named.map(([, level, id]) => ({ level, id })),
	);
});

test('an account that nobody knows is limited and held as said, with a question; its name is not simulated', async () => {
	agent.answer('getAccount', async () => failed({ code: 'not-found', detail: 'No account with this id.' }));
	const question = 'No panel has named an account amce, and no mail has come from it: is it spelt right?';
	for (const words of ['account set-limit amce --hour 5', 'account hold amce --reason x']) {
		const ran = await here(words);
		assert.equal(ran.code, 0, words);
		assert.ok(ran.out.includes(question), ran.out);
	}
	agent.asked.length = 0;
	assert.equal((await here('account simulate amce --hour 5')).code, 1);
	assert.deepEqual(
		agent.asked.splice(0).map(({ id }) => id),
		['getAccount'],
	);
	const [known] = accounts;
	assert.ok(known !== undefined);
	agent.answer('getAccount', async () => ok(known));
});

test('simulate tells how far it is where a person looks, and nothing but the answer into a pipe', async () => {
	let asked = 0;
	agent.answer('getSimulation', async () =>
		ok(asked++ === 0 ? { id: 's1', state: 'running' as const, progress: 0.8 } : simulation),
	);
	agent.asked.length = 0;
	const seen = await here('account simulate --hour 50 --day 200 --days 14', { isTerminal: true });
	assert.match(seen.err, /^\rReplaying 14 days ████░░░░░░ 40 %\rReplaying 14 days ████████░░ 80 %\r/);
	assert.match(seen.out, /Would have held 214 messages/);
	assert.deepEqual(bodyOf(0), {
		days: 14,
		proposals: [
			{
				level: 'server',
				id: 'each-account',
				limits: { mode: 'enforce', hour: { recipients: 50 }, day: { recipients: 200 } },
			},
		],
	});
	const piped = await here('account simulate acme --hour 50 --json');
	assert.equal(piped.err, '');
	assert.deepEqual(JSON.parse(piped.out), simulation);
	agent.answer('getSimulation', async () => ok({ id: 's1', state: 'failed', progress: 0.5, failure: 'disk full' }));
	const broken = await here('account simulate');
	assert.deepEqual([broken.code, broken.out], [1, 'The simulation failed: disk full.\n']);
});

test('release lifts the holds of the account alone, then lets its mail go', async () => {
	agent.answer('listHolds', async () =>
		ok({
			items: ['acme', 'shop'].map((id) => ({
				...(holds[0] as (typeof holds)[number]),
				id: `h-${id}`,
				selector: { kind: 'account' as const, id },
			})),
		}),
	);
	agent.asked.length = 0;
	const ran = await here('account release acme --now', {}, ['--reason', 'looked at it']);
	assert.match(ran.out, /Lifted: 1 hold; new mail passes\./);
	const acts = agent.asked.filter(({ id }) => id === 'deleteHold' || id === 'act');
	assert.deepEqual(
		acts.map(({ id, input }) => [id, (input as { params: object }).params, (input as { body: unknown }).body]),
		[
			['deleteHold', { id: 'h-acme' }, undefined],
			[
				'act',
				{ act: 'release' },
				{ selector: { kind: 'account', id: 'acme' }, reason: 'looked at it', now: true, asBefore: false },
			],
		],
	);
});

test('a webhook that takes nothing ends with 1, one that does with 0; a noun stands for its events', async () => {
	const refused = await here('webhook test w3');
	assert.deepEqual([refused.out, refused.code], ['Not taken (HTTP 502): Bad Gateway\n', 1]);
	agent.answer('testWebhook', async () => ok({ ok: true, status: 204, text: 'taken in 41 ms' }));
	assert.equal((await here('webhook test w3')).code, 0);
	agent.asked.length = 0;
	agent.answer('createWebhook', async () => ok({ webhook: webhooks[0] as (typeof webhooks)[number], secret: 's' }));
	await here('webhook add https://x.example/ --event limit.reached limit agent.started');
	assert.deepEqual(bodyOf(0), {
		url: 'https://x.example/',
		events: ['limit.reached', 'limit.set', 'limit.warning', 'limit.episode', 'agent.started'],
	});
});

test('wrong use ends with 2 and changes nothing', async () => {
	agent.asked.length = 0;
	const cases: readonly (readonly [words: string, says: RegExp])[] = [
		['limit set --hour 5', /^Name exactly one of --server/],
		['limit set --server --plan Basic --hour 5', /^Name exactly one of --server/],
		['limit set --each planet --hour 5', /Allowed choices are account, domain/],
		['account set-limit acme --hour -1', /A whole number from 0, or inherit/],
		['account set-limit acme --hour 1.5', /A whole number from 0, or inherit/],
		['account set-limit acme --hour 5 --until yesterday', /A time to come such as/],
		['account set-limit acme --hour 5 --until 2026-11-23', /This time is over/],
		['account set-limit acme --hour 5 --over explode', /Allowed choices are wait, defer, reject/],
		['account set-limit acme --monitor --enforce', /cannot be used with option '--enforce'/],
		['account simulate acme', /^Name a number to try/],
		['account simulate --days 31 --hour 5', /A whole number, 1 to 30/],
		['account list --state lost', /Allowed choices are active, suspended, gone/],
		['account forget acme', /^Required option '--reason <text>'/],
		['credential add --account acme', /^Required option '--name <text>'/],
		['webhook add https://x.example/ --event limit.exploded', /^Unknown event 'limit\.exploded'/],
	];
	for (const [words, says] of cases) {
		const ran = await here(words);
		assert.deepEqual([words, ran.code, ran.out], [words, 2, '']);
		assert.match(ran.err, says);
	}
	assert.deepEqual(agent.asked, []);
	agent.answer('getLimits', async () => ok({ ...accountLimits, base: undefined, exception: undefined, effective: [] }));
	const nothing = await here('account set-limit acme');
	assert.deepEqual([nothing.code, nothing.err.split('\n')[0]], [2, 'Name what to set, such as --hour 50.']);
	assert.deepEqual(puts(), []);
});

test('what is not there, and nothing at all, say what to do', async () => {
	agent.answer('getAccount', async () => failed({ code: 'not-found', detail: 'No such account.' }));
	const ran = await here('account show nobody');
	assert.equal(ran.code, 1);
	assert.match(ran.err, /^No such thing: No such account\.\nWhat there is: `sluice account list`/);
	agent.answer('listAccounts', async () => ok({ items: [], total: 0 }));
	agent.answer('listLimits', async () => ok({ items: [] }));
	agent.answer('listCredentials', async () => ok({ items: [] }));
	agent.answer('listWebhooks', async () => ok({ items: [] }));
	const lines: string[] = [];
	for (const words of ['account list', 'account list --near', 'limit list', 'credential list', 'webhook list'])
		lines.push(`$ sluice ${words}\n${(await here(words)).out}`);
	assertGolden('empty-accounts', lines.join('\n'));
});

test('many accounts: shown first, done when it is said, about those that were shown and no others', async () => {
	const words = 'account change-limits --plan Basic --near --rule hour.recipients --value 200 --until 3d';
	const asked = () =>
		agent.asked.filter(({ id }) => id === 'changeLimits').map(({ input }) => (input as { body: object }).body);
	const before = asked().length;
	const looked = await here(words);
	assert.match(
		looked.out,
		/4,810 of 4,812 accounts would change.*3 of them capped.*Nothing is changed yet; --yes does it/s,
	);
	assert.equal(asked().length - before, 1);
	const done = await here(`${words} --yes`);
	assert.match(done.out, /4,810 accounts changed\..*account change-limits undo 7d3c/s);
	const until = new Date(nowMs + 3 * 86_400_000).toISOString();
	const body = {
		target: { matching: { plan: 'Basic', near: true } },
		rule: 'hour.recipients',
		value: 200,
		mode: 'enforce',
		until,
	};
	assert.deepEqual(asked().slice(-2), [
		{ ...body, preview: true },
		{ ...body, preview: false, expected: 4812 },
	]);
	await here('account change-limits --account acme --account calm --rule day.recipients --value inherit --yes');
	assert.deepEqual((asked().at(-1) as { target: object; value: unknown }).target, { accounts: ['acme', 'calm'] });
	assert.equal((asked().at(-1) as { value: unknown }).value, null);
	const total = asked().length;
	for (const wrong of ['--preview', '--plan Basic --account acme', '--all --value 5x', '--all --rule day.rubbish']) {
		const ran = await here(`account change-limits --rule hour.recipients --value 5 ${wrong}`.trim());
		assert.equal(ran.code, 2, wrong);
	}
	assert.equal((await here('account change-limits --all --value 5')).code, 2);
	assert.equal(asked().length, total, 'wrong use asks nothing');
});
