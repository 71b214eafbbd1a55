/**
 * Many accounts at once, rules, plans and resellers on the pages by forms without script; what a reseller and a customer get.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type FakeAgent, startFakeAgent } from './agent.ts';
import { startPages, type TestPages } from './pages.ts';
import { type Answer, ask, fieldOf, logInTo, unescaped } from './visit.ts';
import { nowMs, smallWorld } from './world.ts';

let agent: FakeAgent;
let pages: TestPages;
before(async () => {
	agent = await startFakeAgent(smallWorld());
	pages = await startPages(agent.socketPath, { now: () => nowMs });
});
after(async () => {
	await pages.stop();
	await agent.stop();
});

/** All hidden fields of a form, repeated ones too. */
const hiddenOf = ({ text }: Answer): [string, string][] =>
	[...text.slice(text.indexOf('<main')).matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)].map(
		([, name, value]) => [name, unescaped(value ?? '')] as [string, string],
	);
const plain = (text: string): string => unescaped(text.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' '));
const hourOf = (key: string): number | undefined =>
	agent.world.limits.get(`account:${key}`)?.base?.hour?.recipients ?? undefined;

test('without script: accounts are ticked, looked at, changed and put back, each step a page', async () => {
	const visit = await logInTo(pages);
	const list = await ask(visit, '/accounts?plan=Basic');
	assert.match(list.text, /<input type="checkbox" name="a" value="rosenca" form="bulk"/);
	const form = await ask(visit, '/changes?back=%3Fplan%3DBasic&a=rosenca&a=velofix');
	assert.match(plain(form.text), /Set a limit of 2 accounts rosenca, velofix\./);
	const wrong = await ask(visit, '/changes', [...hiddenOf(form), ['rule', 'hour.recipients'], ['value', 'ten']]);
	assert.equal(wrong.status, 422);
	assert.match(plain(wrong.text), /Enter a whole number/);
	const looked = await ask(visit, '/changes', [
		...hiddenOf(wrong),
		...Object.entries({ rule: 'hour.recipients', value: '80', lasting: 'good', mode: 'enforce', step: 'preview' }),
	]);
	const shown = plain(looked.text);
	assert.match(shown, /80 recipients an hour for good for 2 accounts\? 2 accounts change\. 1 has used more already/);
	assert.match(shown, /rosenca 100 recipients an hour from plan Basic 80 recipients an hour from account rosenca 88/);
	assert.equal(hourOf('rosenca'), undefined, 'looking changes nothing');
	const done = await ask(visit, '/changes', [...hiddenOf(looked), ['step', 'apply']]);
	assert.equal(done.status, 303);
	const place = done.headers.get('location') ?? '';
	assert.match(place, /^\/accounts\?plan=Basic&said=/);
	assert.deepEqual([hourOf('rosenca'), hourOf('velofix'), hourOf('teehandl')], [80, 80, undefined]);
	const after = await ask(visit, place);
	assert.match(plain(after.text), /80 recipients an hour for good for 2 accounts\./);
	assert.match(after.text, /action="\/changes\/undo"/);
	const csrf = fieldOf(after.text, 'csrf');
	const undone = await ask(visit, '/changes/undo', { csrf, note: fieldOf(after.text, 'note') });
	assert.match(plain((await ask(visit, undone.headers.get('location') ?? '')).text), /As before for 2 accounts\./);
	assert.equal(hourOf('rosenca'), undefined);
});

test('all that match are an explicit choice, by the filters and not by the page; others than were seen are not changed', async () => {
	const visit = await logInTo(pages);
	assert.match(plain((await ask(visit, '/accounts?plan=Basic')).text), /Set limit of all 4 that match/);
	const form = await ask(visit, '/changes?back=%3Fplan%3DBasic&all=1&a=kanzleim');
	assert.match(plain(form.text), /Set a limit of 4 accounts All 4 accounts that match: plan Basic, also those/);
	const fields = [...hiddenOf(form), ...Object.entries({ rule: 'hour.recipients', value: '70', lasting: 'week' })];
	const looked = await ask(visit, '/changes', fields as [string, string][]);
	assert.match(plain(looked.text), /70 recipients an hour until Tue 1 Dec, 09:42 for 4 accounts\?/);
	const hidden = hiddenOf(looked).map(([name, value]) => [name, name === 'expected' ? '3' : value] as [string, string]);
	const moved = await ask(visit, '/changes', [...hidden, ['step', 'apply']]);
	assert.equal(moved.status, 409);
	assert.match(plain(moved.text), /Since you looked, others match: it is about 4 accounts now\. Nothing was changed/);
	const asked = agent.asked.findLast(({ id }) => id === 'changeLimits')?.input as { body: { target: unknown } };
	assert.deepEqual(asked.body.target, { matching: { plan: 'Basic' } });
	const nobody = await ask(visit, '/changes', [
		['csrf', fieldOf(looked.text, 'csrf')],
		['value', '5'],
	]);
	assert.match(plain(nobody.text), /Select at least one account/);
});

test('rules: what is watched has its count; tried with another number, enforced as tried, undone; without script', async () => {
	const visit = await logInTo(pages);
	const page = await ask(visit, '/rules');
	assert.match(plain(page.text), /6 of 12 rules are enforced, 6 only watch/);
	assert.match(
		plain(page.text),
		/each account 100 recipients an hour .* would have made 214 messages of 9 senders wait since/,
	);
	assert.match(plain(page.text), /Who may send as whom .* Monitor-only Only counted: nothing is refused/);
	const csrf = fieldOf(page.text, 'csrf');
	const at = 'server hour.recipients each-account';
	assert.equal((await ask(visit, '/rules/simulate', { csrf, at, value: 'x' })).status, 422);
	const started = await ask(visit, '/rules/simulate', { csrf, at, value: '80', days: '7' });
	const place = started.headers.get('location') ?? '';
	assert.match(place, /^\/rules\?at=server\+hour.recipients\+each-account&value=80&days=7&sim=sim0#simulation$/);
	const proposed = agent.asked.findLast(({ id }) => id === 'simulate')?.input as { body: object };
	assert.deepEqual(proposed.body, {
		days: 7,
		proposals: [{ level: 'server', id: 'each-account', limits: { mode: 'enforce', hour: { recipients: 80 } } }],
	});
	const runs = await ask(visit, place);
	assert.match(plain(runs.text), /Replaying the mail of the last 7 days: 60 % Reload/);
	assert.equal(agent.world.limits.get('server:each-account')?.base?.hour?.recipients, 100, 'nothing changes by trying');
	const ready = await ask(visit, place);
	const shown = plain(ready.text);
	assert.match(shown, /80 recipients an hour, each account: 214 messages of 3 accounts would have waited\./);
	assert.match(shown, /Of 1 account among them receivers refused mail/);
	assert.match(shown, /shopmoda 158 632 recipients 1 h 50 min none/);
	assert.match(shown, /Enforce 80 recipients an hour for each account/);
	const applied = await ask(visit, '/rules/apply', { csrf, at, value: '80' });
	const base = () => agent.world.limits.get('server:each-account')?.base;
	assert.deepEqual(
		[base()?.hour?.recipients, base()?.modes, base()?.minute?.recipients],
		[80, { 'hour.recipients': 'enforce' }, 60],
	);
	const after = await ask(visit, applied.headers.get('location') ?? '');
	assert.match(plain(after.text), /80 recipients an hour for each account is enforced/);
	assert.match(plain(after.text), /7 of 12 rules are enforced/);
	await ask(visit, '/limits/undo', { csrf, note: fieldOf(after.text, 'note') });
	assert.deepEqual([base()?.hour?.recipients, base()?.modes], [100, undefined]);
	assert.match(
		plain((await ask(visit, '/rules?at=plan+hour.recipients+Basic&sim=long-ago')).text),
		/This result is too long ago/,
	);
});

test('the panel’s own limit: that it discards, for each domain, and comes first; in the list, at the origin, on the page', async () => {
	const visit = await logInTo(pages);
	const said =
		/own system itself allows 60 messages an hour for each domain, before us\. What is over is discarded and lost.* less than the 200 an hour here, so it comes first\./i;
	const list = plain((await ask(visit, '/accounts')).text);
	assert.match(list, /autohaus discards Your own system discards beyond 60 messages an hour and domain/);
	assert.equal(list.match(/discards beyond/g)?.length, 1);
	const tip = plain((await ask(visit, '/accounts/autohaus/origin', undefined, { 'hx-request': 'true' })).text);
	assert.match(tip, /Your own system itself, each domain discards 60 messages \/ h/);
	assert.match(tip, said);
	assert.match(plain((await ask(visit, '/accounts/autohaus')).text), /discards Your own system itself allows 60/);
	assert.doesNotMatch((await ask(visit, '/accounts/kanzleim')).text, /discards/);
});

test('plans and resellers: what their accounts use, the pool measured, the number changed and put back', async () => {
	const visit = await logInTo(pages);
	const plans = await ask(visit, '/plans');
	assert.match(
		plain(plans.text),
		/3 plans A plan gives each of its accounts a number; it is no pool\..* 2 accounts have no plan\./,
	);
	assert.match(
		plain(plans.text),
		/Shop 2 accounts · 1 suspended 400 recipients 400 \/ h own .* also 3,000 recipients a day/,
	);
	assert.match(unescaped(plans.text), /href="\/accounts\?plan=Shop&show=waiting"/);
	const resellers = await ask(visit, '/resellers');
	assert.match(
		plain(resellers.text),
		/2 resellers .* nordweb .*2 accounts See as this reseller 92 of 600 \/ h 15 % 600 \/ h own/,
	);
	const editor = await ask(visit, '/plans/Shop/limit');
	assert.match(plain(editor.text), /Hourly limit of plan Shop/);
	const fields = { csrf: fieldOf(editor.text, 'csrf'), seen: fieldOf(editor.text, 'seen'), rule: 'hour.recipients' };
	const above = await ask(visit, '/plans/Shop/limit', { ...fields, value: '5000', lasting: 'good', act: 'save' });
	assert.match(plain(above.text), /The server allows 1,000 for all accounts/);
	const saved = await ask(visit, '/plans/Shop/limit', { ...fields, value: '450', lasting: 'good', act: 'save' });
	const hour = () => agent.world.limits.get('plan:Shop')?.base?.hour?.recipients;
	assert.equal(hour(), 450);
	const after = await ask(visit, saved.headers.get('location') ?? '');
	assert.match(plain(after.text), /Each account of plan Shop may send 450 recipients an hour for good\./);
	const stale = await ask(visit, '/plans/Shop/limit', { ...fields, value: '460', lasting: 'good', act: 'save' });
	assert.match(plain(stale.text), /Not saved: admin root has set 450 recipients an hour/);
	await ask(visit, '/limits/undo', { csrf: fields.csrf, note: fieldOf(after.text, 'note') });
	assert.equal(hour(), 400);
});

test('a reseller: its accounts and its pool, no simulation; a customer: none of these pages', async (t) => {
	const reseller = await startPages(agent.socketPath, { now: () => nowMs, actor: { role: 'reseller', id: 'nordweb' } });
	t.after(() => reseller.stop());
	const visit = await logInTo(reseller);
	const rules = await ask(visit, '/rules');
	assert.match(plain(rules.text), /Your pool .* reseller nordweb 600 recipients an hour Enforced/);
	assert.doesNotMatch(rules.text, /role="switch"|Simulate|each account|ownership/);
	assert.match((await ask(visit, '/accounts')).text, /Set limit of all 2/);
	const customer = await startPages(agent.socketPath, { now: () => nowMs, actor: { role: 'account', id: 'rosenca' } });
	t.after(() => customer.stop());
	const own = await logInTo(customer);
	for (const path of ['/rules', '/changes', '/plans', '/resellers'])
		assert.equal((await ask(own, path)).status, 404, path);
});

test('nothing failed in the pages', () => assert.deepEqual(pages.faults, []));
