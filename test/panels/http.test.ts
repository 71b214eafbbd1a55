/**
 * The pages without a browser: who gets in, what a post must bring, what headers bind the browser what works without script.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type FakeAgent, startFakeAgent } from './agent.ts';
import { startPages, type TestPages } from './pages.ts';
import { ask, fieldOf, logInTo, unescaped, visitTo } from './visit.ts';
import { emptyWorld, largeWorld, nowMs, smallWorld } from './world.ts';

let agent: FakeAgent;
let pages: TestPages;
let clockMs = nowMs;
before(async () => {
	agent = await startFakeAgent(smallWorld());
	pages = await startPages(agent.socketPath, { now: () => clockMs });
});
after(async () => {
	await pages.stop();
	await agent.stop();
});

test('nobody sees a page without the password; the way goes back to where one wanted', async () => {
	const visit = visitTo(pages);
	const turned = await ask(visit, '/accounts/shopmoda');
	assert.equal(turned.status, 303);
	assert.equal(turned.headers.get('location'), '/login?to=%2Faccounts%2Fshopmoda');
	const form = await ask(visit, turned.headers.get('location') as string);
	const csrf = fieldOf(form.text, 'csrf');
	const fields = { csrf, to: fieldOf(form.text, 'to'), password: pages.password.toUpperCase().replaceAll('-', ' ') };
	const entered = await ask(visit, '/login', fields);
	assert.equal(entered.headers.get('location'), '/accounts/shopmoda');
	assert.match(entered.headers.getSetCookie().join(), /sluice-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict/);
	assert.equal((await ask(visit, '/accounts/shopmoda')).status, 200);
	const fragment = await ask(visitTo(pages), '/accounts', undefined, { 'hx-request': 'true' });
	assert.deepEqual([fragment.status, fragment.headers.get('hx-redirect')], [401, '/login']);
});

test('after the login one stays on this site', async () => {
	for (const to of [
		'https://evil.example/',
		'//evil.example',
		'/\\evil.example',
		'/login',
		'/accounts/../x\nSet-Cookie: a=b',
	]) {
		const visit = visitTo(pages);
		const csrf = fieldOf((await ask(visit, '/login')).text, 'csrf');
		const entered = await ask(visit, '/login', { csrf, to, password: pages.password });
		assert.equal(entered.headers.get('location'), '/', to);
	}
});

test('guessing is slowed down for everybody, and the right password works after the wait', async () => {
	const slow = await startPages(agent.socketPath, { now: () => clockMs });
	const visit = visitTo(slow);
	const csrf = fieldOf((await ask(visit, '/login')).text, 'csrf');
	for (let attempt = 0; attempt < 5; attempt++)
		assert.equal((await ask(visit, '/login', { csrf, password: 'wrong' })).status, 401);
	const stopped = await ask(visit, '/login', { csrf, password: slow.password });
	assert.deepEqual([stopped.status, stopped.headers.get('retry-after')], [429, '1']);
	clockMs += 1_000;
	assert.equal((await ask(visit, '/login', { csrf, password: 'wrong' })).status, 401);
	const later = await ask(visit, '/login', { csrf, password: slow.password });
	assert.deepEqual([later.status, later.headers.get('retry-after')], [429, '2']);
	clockMs += 2_000;
	assert.equal((await ask(visit, '/login', { csrf, password: slow.password })).status, 303);
	clockMs = nowMs;
	await slow.stop();
});

test('a session ends: when idle, after half a day, by logging out', async () => {
	const idle = await logInTo(pages);
	clockMs = nowMs + 31 * 60_000;
	assert.equal((await ask(idle, '/accounts')).status, 303);
	clockMs = nowMs;
	const long = await logInTo(pages);
	for (let minutes = 20; minutes <= 720; minutes += 20) {
		clockMs = nowMs + minutes * 60_000;
		assert.equal((await ask(long, '/accounts')).status, 200, `${minutes} min`);
	}
	clockMs = nowMs + 721 * 60_000;
	assert.equal((await ask(long, '/accounts')).status, 303);
	clockMs = nowMs;
	const refreshing = await logInTo(pages);
	clockMs = nowMs + 29 * 60_000;
	assert.equal((await ask(refreshing, '/accounts?refresh=1')).status, 200);
	clockMs = nowMs + 31 * 60_000;
	assert.equal(
		(await ask(refreshing, '/accounts')).status,
		303,
		'a page that refreshes by itself keeps nobody logged in',
	);
	clockMs = nowMs;
	const leaving = await logInTo(pages);
	const csrf = fieldOf((await ask(leaving, '/accounts')).text, 'csrf');
	const session = new Map(leaving.cookies);
	await ask(leaving, '/logout', { csrf: 'forged' });
	assert.equal((await ask(leaving, '/accounts')).status, 200, 'a forged form logs nobody out');
	await ask(leaving, '/logout', { csrf });
	assert.equal((await ask({ cookies: session, site: pages }, '/accounts')).status, 303);
});

test('a post without our token, with another session’s, or from another site changes nothing', async () => {
	const visit = await logInTo(pages);
	const other = await logInTo(pages);
	const csrf = fieldOf((await ask(visit, '/accounts')).text, 'csrf');
	const otherCsrf = fieldOf((await ask(other, '/accounts')).text, 'csrf');
	assert.notEqual(csrf, otherCsrf);
	agent.asked.length = 0;
	const fields = { value: '1', rule: 'hour.recipients', lasting: 'good', spot: 'list' };
	const path = '/accounts/rosenca/limit';
	assert.equal((await ask(visit, path, fields)).status, 403);
	assert.equal((await ask(visit, path, { ...fields, csrf: otherCsrf })).status, 403);
	assert.equal((await ask(visit, path, { ...fields, csrf }, { 'sec-fetch-site': 'cross-site' })).status, 403);
	assert.equal((await ask(visit, '/limits/mode', { at: 'plan hour.recipients enforce Basic' })).status, 403);
	assert.equal((await ask(visit, '/limits/undo', { note: 'x' })).status, 403);
	assert.deepEqual(agent.asked, []);
});

test('headers: own files only, no frame, nothing kept; another host name is refused', async () => {
	const visit = await logInTo(pages);
	for (const path of ['/login', '/accounts', '/accounts/shopmoda', '/nowhere']) {
		const { headers, text } = await ask(visit, path);
		assert.equal(
			headers.get('content-security-policy'),
			"default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'none'",
		);
		assert.equal(headers.get('x-content-type-options'), 'nosniff');
		assert.equal(headers.get('x-frame-options'), 'DENY');
		assert.equal(headers.get('referrer-policy'), 'no-referrer');
		assert.equal(headers.get('cache-control'), 'no-store');
		assert.equal(headers.get('x-powered-by'), null);
		assert.doesNotMatch(text, /<script(?![^>]+src=)|\sstyle=|\son[a-z]+="/, `${path}: no inline script or style`);
	}
	const { request } = await import('node:http');
	const status = await new Promise((resolve, reject) => {
		const call = request(new URL('/login', pages.panel.url), { headers: { host: 'evil.example' } }, (response) => {
			response.resume();
			resolve(response.statusCode);
		});
		call.on('error', reject);
		call.end();
	});
	assert.equal(status, 421);
});

test('without script: a limit is set by a form, told on the page, and undone by a form', async () => {
	const visit = await logInTo(pages);
	const list = await ask(visit, '/accounts?q=rosen');
	const href = unescaped(/href="([^"]*rosenca\/limit[^"]*)"/.exec(list.text)?.[1] as string);
	const form = await ask(visit, href);
	assert.match(form.text, /<h1>Hourly limit of rosenca<\/h1>/);
	const csrf = fieldOf(form.text, 'csrf');
	const fields = {
		csrf,
		spot: 'list',
		cell: 'hour.recipients',
		rule: 'hour.recipients',
		back: fieldOf(form.text, 'back'),
		lasting: 'tomorrow',
	};
	const path = '/accounts/rosenca/limit';
	const high = await ask(visit, path, { ...fields, value: '900' });
	assert.equal(high.status, 422);
	assert.match(high.text, /Reseller nordweb allows 600 for all its accounts\. Enter 600 or less\./);
	for (const value of ['-5', '1.5', 'viele', ''])
		assert.match((await ask(visit, path, { ...fields, value })).text, /Enter a whole number, 0 or more/);
	assert.equal(agent.world.limits.get('account:rosenca'), undefined);
	const saved = await ask(visit, path, { ...fields, value: '150' });
	assert.equal(saved.status, 303);
	assert.deepEqual(
		{ ...agent.world.limits.get('account:rosenca')?.exception, set: '' },
		{
			mode: 'monitor',
			modes: { 'hour.recipients': 'monitor' },
			hour: { recipients: 150 },
			until: '2026-11-25T08:42:00.000Z',
			author: 'admin root',
			set: '',
		},
	);
	const told = await ask(visit, saved.headers.get('location') as string);
	assert.match(told.text, /rosenca may send 150 recipients an hour until tomorrow, 09:42\./);
	assert.match(told.text, /1 of 13 accounts, most used in 24 h first/, 'the filter is kept');
	const undone = await ask(visit, '/limits/undo', { csrf, note: fieldOf(told.text, 'note') });
	assert.match(
		(await ask(visit, undone.headers.get('location') as string)).text,
		/As before for rosenca: 100 recipients an hour from plan Basic\./,
	);
	assert.equal(agent.world.limits.get('account:rosenca'), undefined);
});

test('undo: not when somebody has changed it since, not in another session, not after its time', async () => {
	const visit = await logInTo(pages);
	const csrf = fieldOf((await ask(visit, '/accounts')).text, 'csrf');
	const save = async (value: string) => {
		const fields = { csrf, spot: 'account', rule: 'day.recipients', lasting: 'good', value };
		return (await ask(visit, (await ask(visit, '/accounts/velofix/limit', fields)).headers.get('location') as string))
			.text;
	};
	const first = fieldOf(await save('300'), 'note');
	const second = fieldOf(await save('350'), 'note');
	const late = await ask(visit, '/limits/undo', { csrf, note: first }, { 'hx-request': 'true' });
	assert.match(late.text, /Not undone: admin root has set 350 recipients a day at 09:42\./);
	const other = await logInTo(pages);
	const otherCsrf = fieldOf((await ask(other, '/accounts')).text, 'csrf');
	const foreign = await ask(other, '/limits/undo', { csrf: otherCsrf, note: second }, { 'hx-request': 'true' });
	assert.match(foreign.text, /Not undone: the time for it is over/);
	clockMs = nowMs + 11 * 60_000;
	const old = await ask(visit, '/limits/undo', { csrf, note: second }, { 'hx-request': 'true' });
	assert.match(old.text, /Not undone: the time for it is over/);
	clockMs = nowMs;
	assert.equal(agent.world.limits.get('account:velofix')?.base?.day?.recipients, 350);
	await ask(visit, '/limits/undo', { csrf, note: second });
	assert.equal(agent.world.limits.get('account:velofix')?.base?.day?.recipients, 300, 'the former number is back');
});

test('states: nothing yet, nothing found, not allowed, not there, a failed act, agent away', async () => {
	const visit = await logInTo(pages);
	assert.match((await ask(visit, '/accounts?q=yogg')).text, /No account matches “yogg”.*13 accounts were searched/s);
	const missing = await ask(visit, '/accounts/nobody');
	assert.deepEqual([missing.status, /No such account, or it is not yours/.test(missing.text)], [404, true]);
	agent.refused.set('listAccounts', { code: 'forbidden' });
	const forbidden = await ask(visit, '/accounts');
	assert.deepEqual([forbidden.status, /You may not see this/.test(forbidden.text)], [403, true]);
	agent.refused.clear();
	agent.refused.set('putLimits', { code: 'conflict', detail: 'Limits are set for 1000 things already.' });
	const csrf = fieldOf((await ask(visit, '/accounts')).text, 'csrf');
	const fields = { csrf, spot: 'list', rule: 'hour.recipients', lasting: 'good', value: '10' };
	const act = await ask(visit, '/accounts/rosenca/limit', fields, { 'hx-request': 'true' });
	assert.equal(act.status, 409);
	assert.match(act.text, /id="toast".*Not done: .*Limits are set for 1000 things already\./s);
	agent.refused.clear();
	const empty = await startFakeAgent(emptyWorld());
	const fresh = await startPages(empty.socketPath);
	const first = await logInTo(fresh);
	assert.match((await ask(first, '/accounts')).text, /No account is known yet/);
	await empty.stop();
	const away = await ask(first, '/accounts');
	assert.equal(away.status, 503);
	assert.match(away.text, /Sluice does not answer\. Mail keeps flowing\..*Nothing is lost/s);
	const refresh = await ask(first, '/accounts?refresh=1', undefined, { 'hx-request': 'true' });
	assert.deepEqual([refresh.status, refresh.headers.get('hx-redirect')], [204, null], 'a refresh leaves what is shown');
	await fresh.stop();
});

test('whoever acts is told to the agent; a reseller sees its accounts, its pool, nothing of the server', async (t) => {
	const site = await startPages(agent.socketPath, { actor: { role: 'reseller', id: 'nordweb' } });
	t.after(() => site.stop());
	const visit = await logInTo(site);
	const list = (await ask(visit, '/accounts')).text;
	assert.match(list, /2 accounts, most used in 24 h first/);
	assert.match((await ask(visit, '/rules')).text, /Your pool.*reseller nordweb.*600 recipients an hour/s);
	assert.doesNotMatch(list, /the whole server|plan Business|role="switch"/);
	const own = (await ask(visit, '/accounts/rosenca')).text;
	assert.doesNotMatch(own, /role="switch"|whole server/);
	assert.match(own, /Hold mail/, 'the agent says that resellers may');
	assert.match(own, /class="sl-edit"/);
	assert.doesNotMatch(list, /shopmoda/);
	assert.equal((await ask(visit, '/accounts/shopmoda')).status, 404);
});

test('paging by key: the first page, the next, none twice', async (t) => {
	const large = await startFakeAgent(largeWorld(500));
	const site = await startPages(large.socketPath);
	t.after(async () => {
		await site.stop();
		await large.stop();
	});
	const visit = await logInTo(site);
	const page = await ask(visit, '/accounts?sort=name');
	const next = unescaped(/href="([^"]*cursor=[^"]*)"/.exec(page.text)?.[1] as string);
	assert.match(page.text, /Shown: 50 of 500/);
	const second = await ask(visit, next);
	const namesOf = (html: string) => [...html.matchAll(/<a class="sl-cell1" href="([^"]*)"/g)].map(([, path]) => path);
	assert.equal(new Set([...namesOf(page.text), ...namesOf(second.text)]).size, 100);
});

test('a list of 50 rows is under 60 kB; where a limit comes from is asked for apart, and without script leads to the account', async (t) => {
	const large = await startFakeAgent(largeWorld(500));
	const site = await startPages(large.socketPath);
	t.after(async () => {
		await site.stop();
		await large.stop();
	});
	const visit = await logInTo(site);
	const { text } = await ask(visit, '/accounts');
	t.diagnostic(`list of 50 rows: ${Buffer.byteLength(text)} bytes`);
	assert.ok(Buffer.byteLength(text) < 60_000, String(Buffer.byteLength(text)));
	assert.doesNotMatch(text, /for all its accounts/);
	const tip = await ask(visit, '/accounts/rosenca/origin', undefined, { 'hx-request': 'true' });
	assert.match(tip.text, /reseller nordweb, for all its accounts/);
	const plain = await ask(visit, '/accounts/rosenca/origin');
	assert.deepEqual([plain.status, plain.headers.get('location')], [303, '/accounts/rosenca']);
});

test('whoever wrote meanwhile is named, nothing is replaced unseen; saving again replaces it', async () => {
	const visit = await logInTo(pages);
	const fragment = { 'hx-request': 'true' };
	const form = (await ask(visit, '/accounts/autohaus/limit', undefined, fragment)).text;
	const fields = { csrf: fieldOf(form, 'csrf'), spot: 'list', rule: 'hour.recipients', lasting: 'good', value: '70' };
	const set = new Date(nowMs - 60_000).toISOString();
	agent.world.limits.set('account:autohaus', {
		base: { mode: 'enforce', hour: { recipients: 90 }, author: 'admin anna', set },
	});
	const path = '/accounts/autohaus/limit';
	const late = await ask(visit, path, { ...fields, seen: fieldOf(form, 'seen') }, fragment);
	assert.equal(late.status, 422);
	assert.match(
		late.text,
		/Not saved: admin anna has set 90 recipients an hour at 09:41\. Save again to replace that\./,
	);
	assert.equal(agent.world.limits.get('account:autohaus')?.base?.hour?.recipients, 90);
	const again = await ask(visit, path, { ...fields, seen: fieldOf(late.text, 'seen') }, fragment);
	assert.match(again.text, /autohaus may send 70 recipients an hour for good/);
	assert.equal(agent.world.limits.get('account:autohaus')?.base?.hour?.recipients, 70);
	agent.world.limits.delete('account:autohaus');
});

test('own limits and waiting are filters with their counts', async () => {
	const visit = await logInTo(pages);
	const waiting = (await ask(visit, '/accounts?show=waiting')).text;
	assert.match(waiting, /1 of 13 accounts.*shopmoda/s);
	const own = (await ask(visit, '/accounts?show=own')).text;
	assert.match(own, /schulekl/);
	assert.doesNotMatch(own, /kanzleim/);
});

test('holding asks first with object, count, effect and way back; without a reason nothing is held; undone and released', async () => {
	const visit = await logInTo(pages);
	const asked = (await ask(visit, '/accounts/shopmoda/hold')).text;
	assert.match(
		asked,
		/Hold all mail of shopmoda\?.*228 recipients that are queued or wait will be held\..*New mail is accepted and held too.*Nothing is lost.*“Release” on this page.*Hold 228/s,
	);
	const csrf = fieldOf(asked, 'csrf');
	const path = '/accounts/shopmoda/hold';
	const silent = await ask(visit, path, { csrf, reason: ' ' });
	assert.deepEqual([silent.status, /Say why: whoever finds the mail held/.test(silent.text)], [422, true]);
	assert.doesNotMatch((await ask(visit, '/accounts/shopmoda')).text, /All its mail is held/);
	const done = await ask(visit, path, { csrf, reason: 'looks hijacked', seconds: '3600' });
	const told = (await ask(visit, done.headers.get('location') as string)).text;
	assert.match(
		told,
		/Mail of shopmoda is held until 10:42; 228 recipients were stopped\..*All its mail is held by admin root since 09:42\..*looks hijacked\. The hold ends 10:42/s,
	);
	const note = fieldOf(told, 'note');
	assert.equal((await ask(visit, '/holds/undo', { note })).status, 403, 'no act without our token');
	const undone = await ask(visit, '/holds/undo', { csrf, note });
	assert.match(
		(await ask(visit, undone.headers.get('location') as string)).text,
		/As before: mail of shopmoda is not held/,
	);
	const late = await ask(visit, '/holds/undo', { csrf, note });
	assert.match((await ask(visit, late.headers.get('location') as string)).text, /Not undone: the hold has been lifted/);
	assert.match(
		(await ask(visit, '/accounts/velofix/release')).text,
		/Release the held mail of velofix\?.*189 recipients go on\./s,
	);
	const released = await ask(visit, '/accounts/velofix/release', { csrf, reason: 'customer called' });
	assert.match((await ask(visit, released.headers.get('location') as string)).text, /189 recipients of velofix go on/);
});

test('a message: what came of it, its life in the words of remote servers as text, who sent it; another’s is not there', async () => {
	const visit = await logInTo(pages);
	const { text } = await ask(visit, '/messages/0000000000004');
	assert.match(
		text,
		/Refused, 09:33:12\..*The sender was told\..*550 5\.1\.1 &lt;script&gt;.*Not taken yet by mx1.*451 4\.7\.1 greylisted, &lt;b&gt;come&lt;\/b&gt; again.*550 5\.1\.1 &lt;script&gt;.*Known by.*logged in to Exim/s,
	);
	assert.match(text, /href="\/messages\/0000000000009"/);
	for (const id of ['0000000000007', '..%2Faccounts', 'x'])
		assert.equal((await ask(visit, `/messages/${id}`)).status, 404);
	const site = await startPages(agent.socketPath, { actor: { role: 'reseller', id: 'nordweb' } });
	assert.equal((await ask(await logInTo(site), '/messages/0000000000004')).status, 404);
	await site.stop();
});

test('no page asks the agent twice for one thing, nor for what it does not show', async (t) => {
	const visit = await logInTo(pages);
	const about = ['', '/limit', '/raise', '/hold', '/origin'].map((what) => `/accounts/shopmoda${what}`);
	const lists = ['/', '/accounts', '/accounts?show=near', '/rules', '/plans', '/resellers', '/open', '/messages'];
	for (const path of [...lists, '/?span=hour', '/plans/Basic/limit', '/health', '/audit', ...about]) {
		agent.asked.length = 0;
		assert.equal((await ask(visit, path, undefined, { 'hx-request': 'true' })).status, 200, path);
		const questions = agent.asked.map(({ id, input }) => `${id} ${JSON.stringify(input)}`);
		assert.ok(questions.length > 0, path);
		assert.deepEqual([...new Set(questions)], questions, path);
	}
	const idsOf = async (site: TestPages, path: string): Promise<readonly string[]> => {
		const owner = await logInTo(site);
		agent.asked.length = 0;
		assert.equal((await ask(owner, path)).status, 200);
		return agent.asked.map(({ id }) => id).sort();
	};
	const own = await startPages(agent.socketPath, { actor: { role: 'account', id: 'shopmoda' } });
	t.after(() => own.stop());
	assert.deepEqual(await idsOf(own, '/'), ['getLimits', 'listAccounts', 'listMessages', 'listOpen', 'listOpen']);
	const counts = (ids: readonly string[]): number => ids.filter((id) => id === 'listAccounts').length;
	assert.equal(counts(await idsOf(pages, '/accounts')), 6, 'the page and a total for each filter');
	assert.equal(counts(await idsOf(pages, '/accounts?q=shop')), 7, 'and the total of all');
});

test('css and script stay small', async () => {
	const visit = visitTo(pages);
	const sizes = await Promise.all(
		['/assets/sluice.css', '/assets/sluice.js', '/assets/charts.js'].map(
			async (path) => (await ask(visit, path)).text.length,
		),
	);
	assert.ok(sizes.reduce((sum, size) => sum + size) < 60_000, String(sizes));
	assert.equal((await ask(visit, '/assets/htmx.js')).status, 200);
	assert.equal((await ask(visit, '/assets/../app.ts')).status, 303, 'nothing but the files of assets');
});

test('nothing failed in the pages', () => assert.deepEqual(pages.faults, []));

test('root sees what a reseller or a customer sees, does nothing more than they may, and comes back', async () => {
	const visit = await logInTo(pages);
	const page = await ask(visit, '/accounts/rosenca');
	const csrf = fieldOf(page.text, 'csrf');
	assert.match(page.text, /See as this customer/);
	const change = await ask(visit, '/view-as', { csrf, role: 'account', id: 'rosenca' });
	assert.equal(change.headers.get('location'), '/');
	const home = await ask(visit, '/');
	assert.match(home.text, /You see what account rosenca sees/);
	assert.equal((await ask(visit, '/accounts/kanzleim')).status, 404);
	assert.equal((await ask(visit, '/audit')).status, 404);
	assert.equal(agent.asked.at(-1)?.actor?.as ?? 'root', 'root');
	// An administrator is nobody that one looks as, and a form of another site changes nothing.
	await ask(visit, '/view-as', { csrf, role: 'admin', id: 'boss' });
	assert.doesNotMatch((await ask(visit, '/accounts/rosenca')).text, /You see what/);
	const foreign = await ask(visit, '/view-as', { csrf: 'x', role: 'reseller', id: 'nordweb' });
	assert.equal(foreign.headers.get('location'), '/login');
	await ask(visit, '/view-as', { csrf, role: 'reseller', id: 'nordweb' });
	assert.match((await ask(visit, '/accounts')).text, /You see what reseller nordweb sees/);
	await ask(visit, '/view-as', { csrf });
	assert.equal((await ask(visit, '/accounts/kanzleim')).status, 200);
});
