/**
 * The pages before the real agent: what is set on a page makes real mail wait and leave, and is undone; 5,000 accounts in time.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDemoAddress } from '../internet/demo.ts';
import { mailbox } from '../scenarios/senders.ts';
import { addThousands, assertInTime, seededAgent, visitAs } from './seeded-agent.ts';
import { ask, fieldOf, unescaped } from './visit.ts';

const seeded = seededAgent();

const encodedMessage = [
	'From: info@kanzlei-meerbusch.test',
	'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=',
	'',
	'text',
	'',
].join('\r\n');

const htmx = { 'hx-request': 'true' };

test('a limit that is set on the page makes mail wait; raised, it leaves; undone, the former stands', async (context) => {
	const rig = await seeded(context);
	const visit = await visitAs(context, rig);
	assert.match((await ask(visit, '/accounts')).text, /15 accounts, most used in 24 h first/);
	const csrf = fieldOf((await ask(visit, '/accounts/kanzleim')).text, 'csrf');
	const save = (value: string) =>
		ask(
			visit,
			'/accounts/kanzleim/limit',
			{ csrf, spot: 'list', rule: 'hour.recipients', lasting: 'good', value },
			htmx,
		);
	assert.match((await save('5')).text, /kanzleim may send 5 recipients an hour for good\./);
	const from = 'info@kanzlei-meerbusch.test';
	assert.ok(isDemoAddress(from));
	for (let n = 0; n < 8; n++) await rig.send({ from, sender: mailbox(from), to: [`client${n}@ok.test`] });
	await rig.until(() => rig.count('recipient.delivered', { account: 'kanzleim' }) === 5);
	const over = (await ask(visit, '/accounts/kanzleim')).text;
	assert.match(over, /All 5 recipients an hour are used\. 3 more wait and leave in pace; nothing is lost\./);
	assert.match(over, /5 of 5 recipients in the last 60 minutes, 3 more wait/);
	const raised = await save('20');
	assert.match(raised.text, /<b>[58]<\/b> <i>of 20 \/ h/);
	await rig.until(() => rig.count('recipient.delivered', { account: 'kanzleim' }) === 8);
	const undone = await ask(visit, '/limits/undo', { csrf, note: fieldOf(raised.text, 'note') }, htmx);
	assert.match(undone.text, /As before for kanzleim: 5 recipients an hour/);
});

test('a default that nobody has set is enforced by its switch, with the number that it had, and undone', async (context) => {
	const rig = await seeded(context);
	const visit = await visitAs(context, rig);
	const page = (await ask(visit, '/rules')).text;
	assert.match(page, /Enforce the limit a minute of each account/);
	const csrf = fieldOf(page, 'csrf');
	const fields = { csrf, at: 'server minute.recipients enforce each-account' };
	const switched = await ask(visit, '/limits/mode', fields, htmx);
	assert.match(switched.text, /The limit a minute of each account is enforced/);
	const modeOf = async () => {
		const view = await rig.client.call('getLimits', { params: { level: 'accounts', id: 'praxisdr' } });
		assert.ok(view.ok);
		const { value, mode } = view.value.effective.find(({ rule }) => rule === 'minute.recipients') ?? {};
		return `${value} ${mode}`;
	};
	assert.equal(await modeOf(), '30 enforce');
	await ask(visit, '/limits/undo', { csrf, note: fieldOf(switched.text, 'note') }, htmx);
	assert.equal(await modeOf(), '30 monitor');
});

test('held on the page, real mail stays; released, it leaves; its subject is read decoded and kept as it came', async (context) => {
	const rig = await seeded(context);
	const visit = await visitAs(context, rig);
	const from = 'info@kanzlei-meerbusch.test';
	const csrf = fieldOf((await ask(visit, '/accounts')).text, 'csrf');
	await ask(visit, '/accounts/kanzleim/hold', { csrf, reason: 'a look first' });
	await rig.send({ from, sender: mailbox(from), to: ['client@ok.test'], message: encodedMessage });
	await rig.until(() => rig.agent.flow.scheduler.accountOpen('kanzleim').recipients === 1);
	const page = (await ask(visit, '/accounts/kanzleim')).text;
	assert.match(page, /All its mail is held by admin root.*Grüße aus Köln/s);
	const path = /href="(\/messages\/\w+)"/.exec(page)?.[1] as string;
	const message = (await ask(visit, path)).text;
	assert.match(message, /<h1>Grüße aus Köln.*Held, .*A person decides: release or discard/s);
	const life = await rig.agent.flow.history.life(path.slice('/messages/'.length) as never);
	assert.equal(life?.record.subject, '=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=');
	await ask(visit, '/accounts/kanzleim/release', { csrf, reason: 'is fine' });
	await rig.until(() => rig.count('recipient.delivered', { account: 'kanzleim' }) === 1);
});

test('a reseller before the real agent: its accounts and its pool, nothing of the server', async (context) => {
	const visit = await visitAs(context, await seeded(context), { role: 'reseller', id: 'nordweb' });
	const list = (await ask(visit, '/accounts')).text;
	assert.doesNotMatch(list, /kanzleim|the whole server|each account|role="switch"/);
	assert.match((await ask(visit, '/rules')).text, /Your pool/);
	assert.equal((await ask(visit, '/accounts/kanzleim')).status, 404);
	assert.equal((await ask(visit, '/accounts/kanzleim/hold')).status, 404);
	const own = /href="(\/accounts\/[^"/]+)"/.exec(list)?.[1] as string;
	const account = (await ask(visit, own)).text;
	assert.doesNotMatch(account, /role="switch"/);
	assert.match(account, /Hold mail/, 'rights.resellers.hold');
});

test('many accounts from the page, a rule tried on real usage, plans as they are; all before the real agent', async (context) => {
	const rig = await seeded(context);
	const visit = await visitAs(context, rig);
	const from = 'info@kanzlei-meerbusch.test';
	for (let n = 0; n < 3; n++) await rig.send({ from, sender: mailbox(from), to: [`client${n}@ok.test`] });
	await rig.until(() => rig.count('recipient.delivered', { account: 'kanzleim' }) === 3);
	const form = await ask(visit, '/changes?back=%3Fplan%3DBusiness&all=1');
	const csrf = fieldOf(form.text, 'csrf');
	const total = Number(/Set a limit of (\d+) accounts/.exec(form.text)?.[1]);
	assert.ok(total > 1, form.text);
	const fields = { csrf, all: '1', back: '?plan=Business', rule: 'hour.recipients', value: '2', lasting: 'good' };
	const looked = (await ask(visit, '/changes', fields)).text;
	assert.match(looked, /1 has used more already.*2 recipients an hour from account kanzleim/s);
	const done = await ask(visit, '/changes', { ...fields, expected: String(total), step: 'apply' });
	const page = (await ask(visit, done.headers.get('location') ?? '')).text;
	assert.match(page, new RegExp(`2 recipients an hour for good for ${total} accounts\\.`));
	const own = () => [...rig.agent.flow.limits.entries()].filter(({ level }) => level === 'account').length;
	assert.ok(own() >= total);
	assert.match((await ask(visit, '/plans')).text, /Business<\/span>.*3 recipients/s);
	const undone = await ask(visit, '/changes/undo', { csrf, note: fieldOf(page, 'note') }, htmx);
	assert.match(undone.text, new RegExp(`As before for ${total} accounts\\.`));
	const at = 'server hour.recipients each-account';
	const started = await ask(visit, '/rules/simulate', { csrf, at, value: '2', days: '1' });
	let shown = '';
	const deadlineMs = Date.now() + 10_000;
	while (!/would have waited/.test(shown) && Date.now() < deadlineMs)
		shown = (await ask(visit, started.headers.get('location') ?? '')).text;
	assert.match(shown, /2 recipients an hour, each account: (1 message of 1 account|no mail) would have waited/);
});

test('5,000 accounts: list, next page, search and filters in time', async (context) => {
	const rig = await seeded(context);
	const visit = await visitAs(context, rig);
	await addThousands(rig);
	const first = (await ask(visit, '/accounts')).text;
	const next = unescaped(/href="([^"]*cursor=[^"]*)"/.exec(first)?.[1] as string);
	const asked = [
		['list', '/accounts', /5,015 accounts/],
		['next page', next, /Shown: 50 of 5,015/],
		['search', '/accounts?q=kunde49', /111 of 5,015 accounts/],
		['near a limit', '/accounts?show=near', /of 5,015 accounts/],
		['by name, of a reseller', '/accounts?sort=name&reseller=nordweb', /of 5,015 accounts, by name/],
	] as const;
	for (const [what, path, wanted] of asked)
		await assertInTime(context, visit, { path, rounds: 7, check: ({ text }) => assert.match(text, wanted, what) });
});
