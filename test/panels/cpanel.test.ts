/**
 * The pages inside WHM and cPanel: the plugin's own Perl and PHP run by real interpreters where the install map puts them, a small cpsrvd
 * before them, the panel server behind them, and a real browser. Who gets in, whose accounts one sees, what a post must bring, and what is
 * said when something is away.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ownerKeptMs } from '@sluice/panel-cpanel/adapter/owners.ts';
import { type CpanelPanel, startCpanelPanel } from '@sluice/panel-cpanel/server/start.ts';
import { assetHash } from '@sluice/shared/panel/asset-files.ts';
import { slug } from '@sluice/shared/panel/model/cell.ts';
import { type Cpsrvd, type Side, startCpsrvd } from '../cpanel/whm/cpsrvd.ts';
import { type FakeHelper, startFakeHelper } from '../cpanel/whm/fake-helper.ts';
import { fetchPage, type Page, person } from '../cpanel/whm/person.ts';
import { type ServerBox, serverBoxUnavailable, startServerBox } from '../cpanel/whm/server-box.ts';
import { type FakeAgent, startFakeAgent } from './agent.ts';
import { browserUnavailable, startBrowser, type TestBrowser } from './browser.ts';
import { fieldOf, unescaped } from './visit.ts';
import { nowMs } from './world.ts';
import { mailWorld } from './world-mail.ts';

const skip = browserUnavailable() ?? (await serverBoxUnavailable()) ?? false;
const users = ['shopmoda', 'rosenca', 'velofix'];

let agent: FakeAgent;
let helper: FakeHelper;
let server: ServerBox;
let cpsrvd: Cpsrvd;
let panel: CpanelPanel;
let browser: TestBrowser;
const faults: unknown[] = [];
let clockMs = nowMs;

const startPanel = (): Promise<CpanelPanel> =>
	startCpanelPanel({
		listen: join(server.runFolder, 'panel.sock'),
		agentSocket: agent.socketPath,
		helperSocket: join(server.runFolder, 'helper.sock'),
		secretFile: join(server.runFolder, 'secret'),
		version: '0.1.0',
		host: 'web17.northhost.example',
		zone: 'Europe/Berlin',
		now: () => clockMs,
		failed: (where, error) => faults.push(`${where}: ${String((error as Error).stack ?? error)}`),
	});

async function startHelper(): Promise<FakeHelper> {
	const fresh = await startFakeHelper(join(server.runFolder, 'helper.sock'));
	for (const user of ['rosenca', 'velofix']) fresh.owners.set(user, 'nordweb');
	for (const user of ['schulekl', 'wpagentu']) fresh.owners.set(user, 'bergdigital');
	return fresh;
}

before(async () => {
	if (skip !== false) return;
	agent = await startFakeAgent(mailWorld());
	server = await startServerBox(users);
	await server.setResellers([
		'nordweb:list-accts,software-Sluice',
		'bergdigital:software-Sluice',
		'plain:list-accts',
		'second:all',
	]);
	await server.setFeatures(['shopmoda:sluice', 'rosenca:other,sluice', 'velofix:other']);
	helper = await startHelper();
	cpsrvd = await startCpsrvd(server, users);
	panel = await startPanel();
	browser = await startBrowser();
});
after(async () => {
	if (skip !== false) return;
	await browser?.stop();
	await panel?.stop();
	await cpsrvd?.stop();
	await helper?.stop();
	await server?.stop();
	await agent?.stop();
	assert.deepEqual(faults, []);
	// What the stand-in of the Admin server says of an account without the feature; nothing else goes to cPanel's error log.
	assert.deepEqual(
		cpsrvd.complaints.filter((line) => line !== 'no feature sluice\n'),
		[],
	);
});

/** A browser that is logged in, at the top-level page. */
async function sitting(side: Side, user: string, query = '') {
	const { home, cookie } = cpsrvd.logIn(side, user);
	const context = await browser.open({ viewport: { width: 1280, height: 900 } });
	const [name, value] = cookie.split('=') as [string, string];
	await context.addCookies([{ name, value, url: home, httpOnly: true }]);
	const page = await context.newPage();
	const complaints: string[] = [];
	page.on('pageerror', (error) => complaints.push(String(error)));
	page.on('console', (message) => {
		if (['error', 'warning'].includes(message.type()) && !/Failed to load resource/.test(message.text()))
			complaints.push(message.text());
	});
	await page.goto(`${home}${query}`);
	return { context, page, frame: page.frameLocator('iframe[data-sluice]'), complaints };
}

/** What differs from one answer to the next without meaning anything. */
const bare = ({ status, text }: Page): string => `${status} ${text.replace(/name="csrf" value="[^"]*"/g, '')}`;

test('root sees the accounts within WHM, sets a limit and takes it back', { skip }, async () => {
	const { context, page, frame, complaints } = await sitting('whm', 'root', '?to=/accounts');
	assert.equal(await page.locator('#whm').textContent(), 'WebHost Manager');
	await frame.locator('#list').waitFor();
	const cell = `#limit-${slug('rosenca')}`;
	await frame.locator(`${cell} .sl-edit`).click();
	await frame.locator('.sl-editor [name=value]').fill('150');
	await frame.locator('.sl-editor [value=save]').click();
	await frame.getByText('rosenca may send 150 recipients an hour').waitFor();
	assert.equal(agent.world.limits.get('account:rosenca')?.exception?.hour?.recipients, 150);
	assert.equal(agent.world.limits.get('account:rosenca')?.exception?.author, 'admin root');
	await frame.getByRole('button', { name: 'Undo' }).click();
	await frame.getByText('As before for rosenca').waitFor();
	assert.equal(agent.world.limits.get('account:rosenca'), undefined);
	assert.match(await page.title(), /Accounts/, 'frame.js of the files beside the script has run');
	assert.deepEqual(complaints, []);
	await context.close();
});

test('a reseller sees own accounts and sets their limits; another’s is not there by page, form or filter', {
	skip,
}, async () => {
	const nordweb = person(cpsrvd, 'whm', 'nordweb');
	const list = await nordweb.ask('/accounts');
	assert.equal(list.status, 200);
	assert.match(list.text, /rosencafe-hamburg/);
	assert.doesNotMatch(list.text, /moda-luise|grundschule-klee/);
	const csrf = fieldOf((await nordweb.ask('/accounts/rosenca/limit?spot=list')).text, 'csrf');
	assert.notEqual(csrf, '');
	const fields = { csrf, spot: 'list', rule: 'hour.recipients', lasting: 'good', value: '99' };
	const missing = bare(await nordweb.ask('/accounts/nobodyhere'));
	for (const path of [
		'/accounts/shopmoda',
		'/accounts/schulekl',
		'/accounts/shopmoda/limit?spot=list',
		'/accounts/shopmoda/hold',
	]) {
		const page = await nordweb.ask(path);
		assert.equal(page.status, 404, path);
		assert.doesNotMatch(page.text, /moda-luise|grundschule-klee/, path);
	}
	assert.equal(
		bare(await nordweb.ask('/accounts/schulekl')).replaceAll('schulekl', 'nobodyhere'),
		missing,
		'in the same words',
	);
	const refused = await nordweb.ask('/accounts/shopmoda/limit', { fields });
	assert.equal(refused.status, 404);
	assert.equal(agent.world.limits.get('account:shopmoda'), undefined);
	const saved = await nordweb.ask('/accounts/rosenca/limit', { fields });
	assert.equal(saved.status, 303);
	assert.match(String(saved.headers.location), /^\?p=\/accounts/);
	assert.equal(agent.world.limits.get('account:rosenca')?.base?.author, 'reseller nordweb');
	agent.world.limits.delete('account:rosenca');
});

test('an account that has gone to another reseller a moment ago is not there, whatever the agent’s list says', {
	skip,
}, async () => {
	const bergdigital = person(cpsrvd, 'whm', 'bergdigital');
	helper.owners.set('wpagentu', 'nordweb');
	const page = await bergdigital.ask('/accounts/wpagentu');
	const nowhere = await bergdigital.ask('/accounts/nobodyhere');
	assert.equal(page.status, 404);
	assert.equal(bare(page).replaceAll('wpagentu', 'nobodyhere'), bare(nowhere));
	assert.ok(
		helper.asked.some(
			({ actor, args }) => actor === 'reseller bergdigital' && (args as { user: string }).user === 'wpagentu',
		),
	);
});

test('while the root helper is away a reseller’s acts are refused with a page that says why; root’s go on', {
	skip,
}, async () => {
	const nordweb = person(cpsrvd, 'whm', 'nordweb');
	await helper.stop();
	clockMs += ownerKeptMs;
	try {
		const page = await nordweb.ask('/accounts/velofix');
		assert.equal(page.status, 503);
		assert.match(page.text, /cannot be asked of cPanel at the moment, so nothing was done\. Mail goes on\./);
		assert.equal((await person(cpsrvd, 'whm', 'root').ask('/accounts/velofix')).status, 200);
	} finally {
		helper = await startHelper();
	}
});

test('nothing that a browser sends says who it is', { skip }, async () => {
	const nordweb = person(cpsrvd, 'whm', 'nordweb');
	const names = [
		'Sluice-Panel-User',
		'Sluice_Panel_User',
		'Remote-User',
		'Remote_User',
		'X-Remote-User',
		'Sluice-Actor',
	];
	for (const name of names) {
		const headers = {
			[name]: 'root',
			'Sluice-Panel-Role': 'admin',
			Sluice_Panel_Role: 'admin',
			'Sluice-Panel-As': 'root',
		};
		const page = await nordweb.ask('/accounts', { headers });
		assert.doesNotMatch(page.text, /moda-luise/, name);
		assert.equal((await nordweb.ask('/accounts/shopmoda', { headers })).status, 404, name);
	}
	const asked = agent.asked.filter(({ actor }) => actor?.id === 'nordweb' || actor?.as !== undefined);
	assert.ok(asked.every(({ actor }) => actor?.role === 'reseller' && actor.as === undefined));
	for (const query of ['user=root&p=/accounts', 'REMOTE_USER=root&p=/accounts', 'p=/accounts&actor=admin+root'])
		assert.doesNotMatch((await nordweb.askRaw(query)).text, /moda-luise/, query);
});

test('the panel’s own hold goes through root’s helper: root’s does, a reseller’s only where it may', {
	skip,
}, async () => {
	const root = person(cpsrvd, 'whm', 'root');
	const path = '/accounts/velofix/panel/hold';
	const acts = () => helper.asked.filter(({ verb }) => verb !== 'account-owner');
	const csrf = fieldOf((await root.ask(path)).text, 'csrf');
	const done = await root.ask(path, { fields: { csrf, reason: 'complaints' } });
	assert.equal(done.status, 303);
	assert.deepEqual(acts(), [
		{ verb: 'panel-hold', actor: 'admin root', args: { user: 'velofix', on: true, reason: 'complaints' } },
	]);
	const nordweb = person(cpsrvd, 'whm', 'nordweb');
	const own = fieldOf((await nordweb.ask('/accounts/velofix/hold')).text, 'csrf');
	for (const user of ['velofix', 'shopmoda', 'schulekl', 'root'])
		for (const act of ['hold', 'suspend', 'reconcile', 'mta-bypass']) {
			const page = await nordweb.ask(`/accounts/${user}/panel/${act}`, { fields: { csrf: own, reason: 'x' } });
			assert.ok(page.status === 403 || page.status === 404, `${user} ${act} ${page.status}`);
		}
	assert.equal(acts().length, 1, 'the helper was asked for nothing else');
});

test('who has not the right gets a page that says so; all rights are root’s', { skip }, async () => {
	for (const user of ['plain', 'nobodyhere']) {
		const page = await person(cpsrvd, 'whm', user).ask('/accounts');
		assert.equal(page.status, 403, user);
		assert.match(page.text, /was given the right to them/);
		assert.equal((await person(cpsrvd, 'whm', user).askRaw('')).status, 403, 'nor WHM’s frame');
	}
	assert.match((await person(cpsrvd, 'whm', 'second').ask('/accounts')).text, /moda-luise/);
});

test('without the session’s token there is no page, nor without a session in the script itself', { skip }, async () => {
	const root = person(cpsrvd, 'whm', 'root');
	const other = person(cpsrvd, 'whm', 'nordweb');
	const bareHome = root.home.replace(root.token, '');
	for (const home of [bareHome, root.home.replace(root.token, other.token), root.home.replace(root.token, '/cpsess1')])
		assert.equal((await fetchPage(`${home}?p=/accounts`, { headers: { cookie: root.cookie } })).status, 401, home);
	const run = await server.box.run(['/usr/local/cpanel/whostmgr/docroot/cgi/sluice/index.cgi'], {
		env: { REMOTE_USER: 'root', REQUEST_METHOD: 'GET', QUERY_STRING: 'p=/accounts' },
	});
	assert.match(run.stdout, /^Status: 403\r\n/, 'an API token’s call has no session');
	const hostile = await server.box.run(['/usr/local/cpanel/whostmgr/docroot/cgi/sluice/index.cgi'], {
		env: { REMOTE_USER: 'root\nx', REQUEST_METHOD: 'GET', QUERY_STRING: 'p=/accounts', cp_security_token: '/cpsess1' },
	});
	assert.match(hostile.stdout, /^Status: 403\r\n/);
});

test('a post needs a token of the same person’s same session, and comes from our own page', { skip }, async () => {
	const root = person(cpsrvd, 'whm', 'root');
	const again = person(cpsrvd, 'whm', 'root');
	const nordweb = person(cpsrvd, 'whm', 'nordweb');
	const tokenOf = async (one: typeof root): Promise<string> =>
		fieldOf((await one.ask('/accounts/rosenca')).text, 'csrf');
	const fields = { spot: 'list', rule: 'hour.recipients', lasting: 'good', value: '77' };
	const post = (one: typeof root, csrf: string | undefined, headers = {}): Promise<Page> =>
		one.ask('/accounts/rosenca/limit', { fields: { ...fields, ...(csrf === undefined ? {} : { csrf }) }, headers });
	for (const csrf of [undefined, '', 'x', await tokenOf(again), await tokenOf(nordweb)])
		assert.equal((await post(root, csrf)).status, 403, String(csrf));
	const own = await tokenOf(root);
	assert.equal(
		(await post(root, own, { 'sec-fetch-site': 'cross-site' })).status,
		403,
		'another site made the browser do it',
	);
	assert.equal(agent.world.limits.get('account:rosenca'), undefined);
	assert.equal((await post(root, own, { 'sec-fetch-site': 'same-origin' })).status, 303);
	agent.world.limits.delete('account:rosenca');
});

test('hostile addresses name no page and get into no header', { skip }, async () => {
	const root = person(cpsrvd, 'whm', 'root');
	const queries = [
		'p=//evil.example/',
		'p=/accounts%0d%0aSluice-Panel-User:%20x',
		'p=/accounts%00',
		'p=/../../etc/passwd',
		'p=/accounts/%2e%2e/%2e%2e/etc/passwd',
		'p=%252Faccounts',
		'p=/accounts/<script>alert(1)</script>',
		"p=/accounts/';DROP",
		'p=/%ff%fe',
		'p=/v1/accounts',
		'p=/accounts/$(id)`id`|id',
		`p=/${'a'.repeat(3000)}`,
	];
	for (const query of queries) {
		const page = await root.askRaw(query);
		assert.equal(page.status, 404, query);
		assert.doesNotMatch(page.text, /<script>alert|root:x:0/, query);
	}
	assert.equal((await root.askRaw(`p=/accounts?search=${'a'.repeat(9000)}`)).status, 414);
	for (const to of [
		'//evil.example/',
		'/\\evil.example',
		'https://evil.example/',
		'/"><script>alert(1)</script>',
		'/a\r\nb',
	])
		assert.match((await root.askRaw(`to=${encodeURIComponent(to)}`)).text, /src="\?p=\/"/, to);
	assert.match(
		(await root.askRaw('to=%2Faccounts%3Fshow%3Dnear%26sort%3Dname')).text,
		/src="\?p=\/accounts\?show=near&amp;sort=name"/,
	);
});

test('too large, without a length, cut short, another method: said so, and nothing is done', { skip }, async () => {
	const root = person(cpsrvd, 'whm', 'root');
	const large = await root.ask('/limits/undo', { body: `csrf=${'a'.repeat(70_000)}` });
	assert.equal(large.status, 413);
	assert.match(large.text, /Nothing was done/);
	for (const method of ['PUT', 'DELETE', 'OPTIONS'])
		assert.equal((await root.ask('/accounts', { method })).status, 405, method);
	const post = (env: { readonly [name: string]: string }, input: string) =>
		server.box.run(['/usr/local/cpanel/whostmgr/docroot/cgi/sluice/index.cgi'], {
			env: {
				REMOTE_USER: 'root',
				REQUEST_METHOD: 'POST',
				QUERY_STRING: 'p=/limits/undo',
				cp_security_token: '/cpsess1',
				...env,
			},
			input,
		});
	assert.match((await post({}, 'a=b')).stdout, /^Status: 411/);
	assert.match((await post({ CONTENT_LENGTH: '-1' }, 'a=b')).stdout, /^Status: 411/);
	assert.match((await post({ CONTENT_LENGTH: '100' }, 'a=b')).stdout, /^Status: 400/);
	assert.match((await post({ CONTENT_LENGTH: '99999999' }, 'a=b')).stdout, /^Status: 413/);
	const head = await root.ask('/accounts', { method: 'HEAD' });
	assert.deepEqual([head.status, head.text], [200, '']);
});

test('headers that bind the browser arrive; files lie beside the script', { skip }, async () => {
	const root = person(cpsrvd, 'whm', 'root');
	const { headers, text } = await root.ask('/accounts');
	assert.match(String(headers['content-security-policy']), /default-src 'none'.*frame-ancestors 'self'/);
	assert.equal(headers['x-frame-options'], 'SAMEORIGIN');
	assert.equal(headers['cache-control'], 'no-store');
	const folder = `assets-${assetHash()}`;
	assert.ok(text.includes(`href="${folder}/sluice.css`));
	assert.equal((await root.askAt(`/cgi/sluice/${folder}/sluice.css`)).status, 200);
	assert.equal((await root.askAt(`/cgi/sluice/${folder}/htmx.js`)).status, 200);
});

/** Something else on the panel server's socket: it answers that, or never. */
async function standIn(path: string, answer: string | undefined, body: () => Promise<void>): Promise<void> {
	const sockets = new Set<Socket>();
	const other = createServer({ allowHalfOpen: true }, (socket) => {
		sockets.add(socket);
		socket.on('error', () => {}).resume();
		if (answer !== undefined) socket.end(answer);
	}).listen(path);
	await once(other, 'listening');
	try {
		await body();
	} finally {
		for (const socket of sockets) socket.destroy();
		other.close();
		await once(other, 'close');
	}
}

test('panel server away, silent or broken: WHM’s frame stands, and the page says that mail goes on', {
	skip,
}, async () => {
	const root = person(cpsrvd, 'whm', 'root');
	const path = join(server.runFolder, 'panel.sock');
	await panel.stop();
	try {
		const away = await root.ask('/accounts');
		assert.equal(away.status, 503);
		assert.match(
			away.text,
			/does not answer\..*Mail goes on: it is sent by another program.*systemctl status sluice-panel/s,
		);
		assert.doesNotMatch((await person(cpsrvd, 'whm', 'nordweb').ask('/accounts')).text, /systemctl/);
		assert.match((await root.askRaw('')).text, /WebHost Manager.*<iframe/s);
		const customer = await person(cpsrvd, 'cpanel', 'shopmoda').ask('/');
		assert.equal(customer.status, 503);
		assert.match(customer.text, /Mail goes on/);
		await standIn(path, 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut', async () => {
			assert.equal((await root.ask('/accounts')).status, 502);
		});
		await standIn(path, undefined, async () => {
			const wire = '/var/cpanel/perl/Sluice/Wire.pm';
			const text = await server.box.readFile(wire);
			await server.box.writeFile(wire, text.replace(/(\$SECONDS_MAX\s*= )35/, '$11'));
			const late = await root.ask('/accounts');
			await server.box.writeFile(wire, text);
			assert.equal(late.status, 504);
			assert.match(late.text, /look whether it was done before doing it again/);
		});
	} finally {
		panel = await startPanel();
	}
	assert.equal((await root.ask('/accounts')).status, 200);
});

test('a customer sees own mail inside cPanel, and only own', { skip }, async () => {
	const { context, page, frame, complaints } = await sitting('cpanel', 'shopmoda');
	assert.equal(await page.locator('#cpanel').textContent(), 'cPanel Outgoing mail');
	await frame.locator('main').waitFor();
	assert.deepEqual(complaints, []);
	await context.close();
	const shopmoda = person(cpsrvd, 'cpanel', 'shopmoda');
	assert.equal((await shopmoda.ask('/accounts/shopmoda')).status, 200);
	for (const path of ['/accounts/velofix', '/accounts/rosenca'])
		assert.equal((await shopmoda.ask(path)).status, 404, path);
	const smuggled = await shopmoda.ask('/accounts/velofix', {
		headers: { 'Sluice-Panel-User': 'velofix', 'Sluice-Panel-Role': 'admin', 'X-Remote-User': 'velofix' },
	});
	assert.equal(smuggled.status, 404);
	const csrf = fieldOf((await shopmoda.ask('/accounts/shopmoda')).text, 'csrf');
	const large = await shopmoda.ask('/limits/undo', { body: `csrf=${csrf}&x=${'a'.repeat(70_000)}` });
	assert.equal(large.status, 413);
});

test('a customer’s form is bound to the customer and the session', { skip }, async () => {
	const rosenca = person(cpsrvd, 'cpanel', 'rosenca');
	const home = (await rosenca.ask('/')).text;
	const release = unescaped(/href="\?p=(\/mail\/release[^"]*)"/.exec(home)?.[1] ?? '');
	const csrfOf = async (one: typeof rosenca, path: string): Promise<string> => {
		const csrf = fieldOf((await one.ask(path)).text, 'csrf');
		assert.notEqual(csrf, '');
		return csrf;
	};
	const others = [
		undefined,
		await csrfOf(person(cpsrvd, 'cpanel', 'rosenca'), release),
		await csrfOf(person(cpsrvd, 'whm', 'root'), '/accounts/rosenca/hold'),
	];
	agent.asked.length = 0;
	for (const csrf of others) {
		const page = await rosenca.ask(release, { fields: csrf === undefined ? {} : { csrf } });
		assert.equal(page.status, 403, String(csrf));
	}
	assert.ok(agent.asked.every(({ id }) => id !== 'act'));
	assert.notEqual(await csrfOf(rosenca, release), others[1]);
	const mixed = rosenca.home.replace(rosenca.token, person(cpsrvd, 'cpanel', 'shopmoda').token);
	assert.equal((await fetchPage(`${mixed}?p=/`, { headers: { cookie: rosenca.cookie } })).status, 401);
});

test('a customer sends its own held mail from within cPanel', { skip }, async () => {
	const { context, frame, complaints } = await sitting('cpanel', 'rosenca');
	await frame.getByText('2 messages wait for your OK').waitFor();
	await frame.getByRole('link', { name: 'Yes, send it' }).click();
	const dialog = frame.locator('dialog[open]');
	await dialog.waitFor();
	await dialog.getByRole('button', { name: 'Send it' }).click();
	await frame.getByText(/is being sent/).waitFor();
	const act = agent.asked.findLast(({ id }) => id === 'act');
	assert.deepEqual(act?.actor, { role: 'account', id: 'rosenca' });
	assert.equal(await frame.getByText('wait for your OK').count(), 0);
	assert.deepEqual(complaints, []);
	await context.close();
});

test('the UAPI function takes nobody’s word for who asks; without the feature there is no page', { skip }, async () => {
	const shopmoda = person(cpsrvd, 'cpanel', 'shopmoda');
	const base64 = (text: string): string => Buffer.from(text).toString('base64');
	const token = 'a'.repeat(64);
	const call = async (more: { readonly [name: string]: string }) => {
		const fields = { method: 'GET', query: base64('p=/accounts/velofix'), headers: '', body: '', token, ...more };
		const page = await shopmoda.askAt('/execute/Sluice/request', { fields });
		return JSON.parse(page.text) as { status: number; data: { status: number; body: string } | null };
	};
	for (const more of [
		{},
		{ user: 'velofix', role: 'admin' },
		{ headers: base64('Sluice-Panel-User: velofix\nSluice-Panel-Role: admin') },
		{ headers: base64('Accept: x\r\nSluice-Panel-User: velofix') },
		{ query: base64('p=/accounts/velofix HTTP/1.0\r\nSluice-Panel-User: velofix\r\n\r\n') },
	])
		assert.equal((await call(more)).data?.status, 404, JSON.stringify(more));
	assert.equal((await call({ query: base64('p=/accounts/shopmoda') })).data?.status, 200);
	assert.equal((await call({ token: 'x\r\nSluice-Panel-User: velofix' })).data?.status, 403);
	assert.equal((await call({ method: 'GET / HTTP/1.0\r\nSluice-Panel-User: velofix\r\n\r\nGET' })).data?.status, 405);
	assert.equal((await call({ body: 'a'.repeat(200_000), method: 'POST' })).data?.status, 413);
	const velofix = await person(cpsrvd, 'cpanel', 'velofix').ask('/');
	assert.equal(velofix.status, 403, 'the feature is switched off for this account');
	assert.match(velofix.text, /cannot be shown for this account/);
	assert.ok(agent.asked.every(({ actor }) => actor?.id !== 'velofix'));
});
