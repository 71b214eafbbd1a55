/**
 * Who is whom inside WHM and cPanel: rights and live ownership of resellers, customers, whoever has none; and that nothing a browser or
 * a user's own process sends says who asks.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Page, person } from '../cpanel/whm/person.ts';
import { serverBoxUnavailable } from '../cpanel/whm/server-box.ts';
import { type CpanelSite, startCpanelSite } from './cpanel-site.ts';
import { fieldOf } from './visit.ts';

const skip = (await serverBoxUnavailable()) ?? false;
let site: CpanelSite;
before(async () => {
	if (skip === false) site = await startCpanelSite();
});
after(() => site?.stop());

/** What differs from one answer to the next without meaning anything. */
const bare = ({ status, text }: Page): string => `${status} ${text.replace(/name="csrf" value="[^"]*"/g, '')}`;

test('a reseller sees own accounts and sets their limits; another’s is not there by page, form or filter', {
	skip,
}, async () => {
	const nordweb = person(site.cpsrvd, 'whm', 'nordweb');
	const list = await nordweb.ask('/accounts');
	assert.equal(list.status, 200);
	assert.match(list.text, /rosencafe-hamburg/);
	assert.deepEqual(
		site.helper().asked.map(({ verb }) => verb),
		['accounts-owned'],
		'the panel is asked once for all rows',
	);
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
	assert.equal(site.agent.world.limits.get('account:shopmoda'), undefined);
	const saved = await nordweb.ask('/accounts/rosenca/limit', { fields });
	assert.equal(saved.status, 303);
	assert.match(String(saved.headers.location), /^\?p=\/accounts/);
	assert.equal(site.agent.world.limits.get('account:rosenca')?.base?.author, 'reseller nordweb');
	site.agent.world.limits.delete('account:rosenca');
});

test('an account that has gone to another reseller a moment ago is not there, whatever the agent’s list says', {
	skip,
}, async () => {
	const bergdigital = person(site.cpsrvd, 'whm', 'bergdigital');
	site.helper().owners.set('wpagentu', 'nordweb');
	const page = await bergdigital.ask('/accounts/wpagentu');
	const nowhere = await bergdigital.ask('/accounts/nobodyhere');
	assert.equal(page.status, 404);
	assert.equal(bare(page).replaceAll('wpagentu', 'nobodyhere'), bare(nowhere));
	assert.ok(
		site
			.helper()
			.asked.some(
				({ actor, args }) => actor === 'reseller bergdigital' && (args as { user: string }).user === 'wpagentu',
			),
	);
});

test('while the root helper is away a reseller’s acts are refused with a page that says why; root’s go on', {
	skip,
}, async () => {
	const nordweb = person(site.cpsrvd, 'whm', 'nordweb');
	await site.withoutHelper(async () => {
		const page = await nordweb.ask('/accounts/velofix');
		assert.equal(page.status, 503);
		assert.match(page.text, /cannot be asked of cPanel at the moment, so nothing was done\. Mail goes on\./);
		assert.equal((await person(site.cpsrvd, 'whm', 'root').ask('/accounts/velofix')).status, 200);
	});
});

test('nothing that a browser sends says who it is', { skip }, async () => {
	const nordweb = person(site.cpsrvd, 'whm', 'nordweb');
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
	const asked = site.agent.asked.filter(({ actor }) => actor?.id === 'nordweb' || actor?.as !== undefined);
	assert.ok(asked.every(({ actor }) => actor?.role === 'reseller' && actor.as === undefined));
	for (const query of ['user=root&p=/accounts', 'REMOTE_USER=root&p=/accounts', 'p=/accounts&actor=admin+root'])
		assert.doesNotMatch((await nordweb.askRaw(query)).text, /moda-luise/, query);
});

test('the panel’s own hold goes through root’s helper: root’s does, a reseller’s only where it may', {
	skip,
}, async () => {
	const root = person(site.cpsrvd, 'whm', 'root');
	const path = '/accounts/velofix/panel/hold';
	const acts = () => site.helper().asked.filter(({ verb }) => !verb.startsWith('account'));
	const csrf = fieldOf((await root.ask(path)).text, 'csrf');
	const done = await root.ask(path, { fields: { csrf, reason: 'complaints' } });
	assert.equal(done.status, 303);
	assert.deepEqual(acts(), [
		{ verb: 'panel-hold', actor: 'admin root', args: { user: 'velofix', on: true, reason: 'complaints' } },
	]);
	const nordweb = person(site.cpsrvd, 'whm', 'nordweb');
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
		const page = await person(site.cpsrvd, 'whm', user).ask('/accounts');
		assert.equal(page.status, 403, user);
		assert.match(page.text, /was given the right to them/);
		assert.equal((await person(site.cpsrvd, 'whm', user).askRaw('')).status, 403, 'nor WHM’s frame');
	}
	assert.match((await person(site.cpsrvd, 'whm', 'second').ask('/accounts')).text, /moda-luise/);
});

test('the UAPI function takes nobody’s word for who asks; without the feature there is no page', { skip }, async () => {
	const shopmoda = person(site.cpsrvd, 'cpanel', 'shopmoda');
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
	const velofix = await person(site.cpsrvd, 'cpanel', 'velofix').ask('/');
	assert.equal(velofix.status, 403, 'the feature is switched off for this account');
	assert.match(velofix.text, /cannot be shown for this account/);
	assert.ok(site.agent.asked.every(({ actor }) => actor?.id !== 'velofix'));
});

test('whoever reads a mailbox in Webmail is not the account, though it runs as its user', { skip }, async () => {
	const { server } = site;
	const call = async (remoteUser: string) => {
		const asked = { method: 'GET', query: Buffer.from('p=/').toString('base64'), headers: '', body: '' };
		const run = await server.box.runAs('shopmoda', 'exec /usr/local/cpanel/standin/uapi', {
			env: { STANDIN_SOCKETS: server.socketsOf('shopmoda').inside, REMOTE_USER: remoteUser },
			input: `${JSON.stringify({ module: 'Sluice', function: 'request', arguments: { ...asked, token: 'a'.repeat(64) } })}\n`,
		});
		const { result } = (JSON.parse(run.stdout) as { cpanelresult: { result: { status: number; data: unknown } } })
			.cpanelresult;
		return [result.status, result.data !== null];
	};
	assert.deepEqual(await call('shopmoda'), [1, true]);
	assert.deepEqual(await call('mary@moda-luise.test'), [0, false]);
});
