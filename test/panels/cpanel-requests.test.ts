/**
 * What a request inside WHM and cPanel must bring, and what becomes of one that is hostile, too large, or meets a panel server that is
 * away, silent or broken.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { after, before, test } from 'node:test';
import { assetHash } from '@sluice/shared/panel/asset-files.ts';
import { fetchPage, type Page, person } from '../cpanel/whm/person.ts';
import { serverBoxUnavailable } from '../cpanel/whm/server-box.ts';
import { type CpanelSite, startCpanelSite } from './cpanel-site.ts';
import { fieldOf, unescaped } from './visit.ts';

const skip = (await serverBoxUnavailable()) ?? false;
let site: CpanelSite;
before(async () => {
	if (skip === false) site = await startCpanelSite();
});
after(() => site?.stop());

test('without the session’s token there is no page, nor without a session in the script itself', { skip }, async () => {
	const root = person(site.cpsrvd, 'whm', 'root');
	const other = person(site.cpsrvd, 'whm', 'nordweb');
	const bareHome = root.home.replace(root.token, '');
	for (const home of [bareHome, root.home.replace(root.token, other.token), root.home.replace(root.token, '/cpsess1')])
		assert.equal((await fetchPage(`${home}?p=/accounts`, { headers: { cookie: root.cookie } })).status, 401, home);
	const run = await site.server.box.run(['/usr/local/cpanel/whostmgr/docroot/cgi/sluice/index.cgi'], {
		env: { REMOTE_USER: 'root', REQUEST_METHOD: 'GET', QUERY_STRING: 'p=/accounts' },
	});
	assert.match(run.stdout, /^Status: 403\r\n/, 'an API token’s call has no session');
	const token = await site.server.box.run(['/usr/local/cpanel/whostmgr/docroot/cgi/sluice/index.cgi'], {
		env: {
			REMOTE_USER: 'root',
			REQUEST_METHOD: 'GET',
			QUERY_STRING: 'p=/accounts',
			REQUEST_URI: '/cpsess1234567890/cgi/sluice/index.cgi?p=/accounts',
			HTTP_COOKIE: 'whostmgrsession=made-up-by-the-caller',
			HTTP_AUTHORIZATION: 'whm root:TOKENTHATMAYONLYLISTACCOUNTS',
		},
	});
	assert.match(token.stdout, /^Status: 403\r\n/, 'nor has one that makes up the signs of a session');
	const hostile = await site.server.box.run(['/usr/local/cpanel/whostmgr/docroot/cgi/sluice/index.cgi'], {
		env: { REMOTE_USER: 'root\nx', REQUEST_METHOD: 'GET', QUERY_STRING: 'p=/accounts', cp_security_token: '/cpsess1' },
	});
	assert.match(hostile.stdout, /^Status: 403\r\n/);
});

test('a post needs a token of the same person’s same session, and comes from our own page', { skip }, async () => {
	const root = person(site.cpsrvd, 'whm', 'root');
	const again = person(site.cpsrvd, 'whm', 'root');
	const nordweb = person(site.cpsrvd, 'whm', 'nordweb');
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
	assert.equal(site.agent.world.limits.get('account:rosenca'), undefined);
	assert.equal((await post(root, own, { 'sec-fetch-site': 'same-origin' })).status, 303);
	site.agent.world.limits.delete('account:rosenca');
});

test('a customer’s form is bound to the customer and the session', { skip }, async () => {
	const rosenca = person(site.cpsrvd, 'cpanel', 'rosenca');
	const home = (await rosenca.ask('/')).text;
	const release = unescaped(/href="\?p=(\/mail\/release[^"]*)"/.exec(home)?.[1] ?? '');
	const csrfOf = async (one: typeof rosenca, path: string): Promise<string> => {
		const csrf = fieldOf((await one.ask(path)).text, 'csrf');
		assert.notEqual(csrf, '');
		return csrf;
	};
	const others = [
		undefined,
		await csrfOf(person(site.cpsrvd, 'cpanel', 'rosenca'), release),
		await csrfOf(person(site.cpsrvd, 'whm', 'root'), '/accounts/rosenca/hold'),
	];
	site.agent.asked.length = 0;
	for (const csrf of others) {
		const page = await rosenca.ask(release, { fields: csrf === undefined ? {} : { csrf } });
		assert.equal(page.status, 403, String(csrf));
	}
	assert.ok(site.agent.asked.every(({ id }) => id !== 'act'));
	assert.notEqual(await csrfOf(rosenca, release), others[1]);
	const mixed = rosenca.home.replace(rosenca.token, person(site.cpsrvd, 'cpanel', 'shopmoda').token);
	assert.equal((await fetchPage(`${mixed}?p=/`, { headers: { cookie: rosenca.cookie } })).status, 401);
});

test('hostile addresses name no page and get into no header', { skip }, async () => {
	const root = person(site.cpsrvd, 'whm', 'root');
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
	const root = person(site.cpsrvd, 'whm', 'root');
	const large = await root.ask('/limits/undo', { body: `csrf=${'a'.repeat(70_000)}` });
	assert.equal(large.status, 413);
	assert.match(large.text, /Nothing was done/);
	for (const method of ['PUT', 'DELETE', 'OPTIONS'])
		assert.equal((await root.ask('/accounts', { method })).status, 405, method);
	const post = (env: { readonly [name: string]: string }, input: string) =>
		site.server.box.run(['/usr/local/cpanel/whostmgr/docroot/cgi/sluice/index.cgi'], {
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
	const root = person(site.cpsrvd, 'whm', 'root');
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
	const root = person(site.cpsrvd, 'whm', 'root');
	await site.withoutPanel(async (path) => {
		const away = await root.ask('/accounts');
		assert.equal(away.status, 503);
		assert.match(
			away.text,
			/does not answer\..*Mail goes on: it is sent by another program.*systemctl status sluice-panel/s,
		);
		assert.doesNotMatch((await person(site.cpsrvd, 'whm', 'nordweb').ask('/accounts')).text, /systemctl/);
		assert.match((await root.askRaw('')).text, /WebHost Manager.*<iframe/s);
		const customer = await person(site.cpsrvd, 'cpanel', 'shopmoda').ask('/');
		assert.equal(customer.status, 503);
		assert.match(customer.text, /Mail goes on/);
		await standIn(path, 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut', async () => {
			assert.equal((await root.ask('/accounts')).status, 502);
		});
		await standIn(path, undefined, async () => {
			const wire = '/var/cpanel/perl/Sluice/Wire.pm';
			const text = await site.server.box.readFile(wire);
			await site.server.box.writeFile(wire, text.replace(/(\$SECONDS_MAX\s*= )35/, '$11'));
			const late = await root.ask('/accounts');
			await site.server.box.writeFile(wire, text);
			assert.equal(late.status, 504);
			assert.match(late.text, /look whether it was done before doing it again/);
		});
	});
	assert.equal((await root.ask('/accounts')).status, 200);
});

test('the panel server learns no session: neither token nor cookie', { skip }, async () => {
	const people = [person(site.cpsrvd, 'whm', 'root'), person(site.cpsrvd, 'cpanel', 'shopmoda')];
	await site.withoutPanel(async (path) => {
		let heard = '';
		const other = createServer({ allowHalfOpen: true }, (socket) => {
			socket
				.on('error', () => {})
				.on('data', (text) => {
					heard += text;
				});
			socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
		}).listen(path);
		await once(other, 'listening');
		try {
			for (const one of people) {
				const headers = { 'hx-request': 'true', 'hx-current-url': `${one.home}?p=/`, referer: one.home };
				assert.equal((await one.ask('/accounts', { headers })).status, 200);
				assert.match(heard, /hx-request: true/i);
				for (const secret of [one.token.slice(1), one.cookie.replace(/^\w+=/, '')])
					assert.ok(!heard.includes(secret), heard);
			}
		} finally {
			other.close();
			await once(other, 'close');
		}
	});
});

test('another program of this server at the socket’s place is not believed', { skip }, async () => {
	const root = person(site.cpsrvd, 'whm', 'root');
	const nobody = 65_534;
	await site.withoutPanel(async (path) => {
		chmodSync(dirname(dirname(path)), 0o711);
		chmodSync(dirname(path), 0o777);
		let asked = 0;
		const other = createServer({ allowHalfOpen: true }, (socket) => {
			asked += 1;
			socket.on('error', () => {}).resume();
			socket.end('HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<script>steal()</script>');
		});
		// The kernel keeps who listened (unix(7), SO_PEERCRED).
		process.seteuid?.(nobody);
		try {
			other.listen(path);
		} finally {
			process.seteuid?.(0);
		}
		await once(other, 'listening');
		try {
			const page = await root.ask('/accounts');
			assert.equal(page.status, 503);
			assert.doesNotMatch(page.text, /steal/);
			assert.ok(asked <= 1);
		} finally {
			other.close();
			await once(other, 'close');
		}
	});
	assert.equal((await root.ask('/accounts')).status, 200);
});
