/**
 * The whole way on a cPanel server, with everything real that can be: root sets a limit in WHM, in Chromium; mail over it, handed to the
 * real Exim behind cPanel's wiring, waits; WHM shows it, Track Delivery's line says it, the customer finds it in cPanel.
 *
 * The panel server runs as on a server: as a user of its own, without network. cPanel itself is a stand-in.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { actorOf, type Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { answerLine } from '@sluice/installers/helper/answer.ts';
import { helperPorts } from '@sluice/installers/helper/run.ts';
import { type Serving, serveHelper } from '@sluice/installers/helper/serve.ts';
import { systemCpanelApi } from '@sluice/panel-cpanel/api/cpanel-api.ts';
import { systemCpanelFiles } from '@sluice/panel-cpanel/api/files.ts';
import { reconcile } from '@sluice/panel-cpanel/reconcile/reconcile.ts';
import { createClient } from '@sluice/shared/client/client.ts';
import { slug } from '@sluice/shared/panel/model/cell.ts';
import { sendersOf } from '../mta/senders.ts';
import { createStops } from '../mta/stops.ts';
import { until } from '../mta/until.ts';
import { browserUnavailable, startBrowser, type TestBrowser } from '../panels/browser.ts';
import { given } from '../scenarios/acts.ts';
import { installStandIn, type StandIn, standInAccount } from './api/install.ts';
import { type CpanelServer, startCpanelServer } from './exim/cpanel-server.ts';
import { type Cpsrvd, startCpsrvd } from './whm/cpsrvd.ts';
import { panelUser, type ServerBox, serverBoxUnavailable, startServerBox } from './whm/server-box.ts';

const skip = browserUnavailable() ?? (await serverBoxUnavailable()) ?? false;

const panelMain = fileURLToPath(new URL('../../panel-cpanel/src/server/main.ts', import.meta.url));
const limit = 3;
const sent = 5;

const stops = createStops();
let exim: CpanelServer;
let cpanel: StandIn;
let whm: ServerBox;
let cpsrvd: Cpsrvd;
let browser: TestBrowser;

/** The panel server in a network namespace of its own, where there is not even loopback. */
async function startPanel(runFolder: string, agentSocket: string): Promise<ChildProcess> {
	chownSync(runFolder, panelUser.uid, panelUser.uid);
	for (const folder of [runFolder, dirname(runFolder), dirname(agentSocket)]) chmodSync(folder, 0o755);
	chownSync(agentSocket, 0, panelUser.uid);
	chmodSync(agentSocket, 0o660);
	const words = [
		'--net',
		'setpriv',
		`--reuid=${panelUser.uid}`,
		`--regid=${panelUser.uid}`,
		'--clear-groups',
		'--no-new-privs',
		'--',
		process.execPath,
		'--disable-warning=ExperimentalWarning',
		panelMain,
		'--socket',
		join(runFolder, 'panel.sock'),
		'--agent',
		agentSocket,
		'--helper',
		join(runFolder, 'helper.sock'),
		'--secret',
		join(runFolder, 'secret'),
	];
	const child = spawn('unshare', words, { stdio: ['ignore', 'inherit', 'inherit'] });
	stops.push(async () => {
		if (child.exitCode !== null) return;
		const ended = once(child, 'exit');
		child.kill('SIGTERM');
		await ended;
	});
	await until(async () => existsSync(join(runFolder, 'panel.sock')), {
		waitMs: 20_000,
		otherwise: () => `no socket of the panel server (it ended with ${child.exitCode})`,
	});
	return child;
}

async function startHelper(runFolder: string): Promise<Serving> {
	const terminal = {
		environment: {},
		now: Date.now,
		exists: () => false,
		actor: actorOf('root', 0, undefined),
		writeOut: () => {},
	} as unknown as Terminal;
	const ports = helperPorts(terminal, {
		socket: exim.rig.agent.socketPath,
		listen: '',
		group: '',
		config: exim.config,
		root: cpanel.root,
		state: join(cpanel.root, 'var/lib/sluice-cpanel'),
		memory: join(cpanel.root, 'memory'),
		wiring: join(cpanel.root, 'wiring'),
	});
	return serveHelper({
		at: { path: join(runFolder, 'helper.sock'), mode: 0o660, gid: panelUser.uid },
		answer: (line) => answerLine(line, ports),
		now: Date.now,
	});
}

/** cPanel's own list of the server's accounts, brought to the agent. */
async function tellAccounts(): Promise<void> {
	cpanel.change((state) => {
		state.accounts.alice = standInAccount('alice', {
			domain: 'site1.test',
			uid: 7001,
			owner: 'rita',
			mailboxes: ['user1@site1.test'],
		});
		state.accounts.webuser = standInAccount('webuser', {
			domain: 'site2.test',
			uid: 7003,
			mailboxes: ['user2@site2.test'],
		});
	});
	given(
		await reconcile({
			api: systemCpanelApi(cpanel.programs),
			files: systemCpanelFiles(cpanel.root),
			client: createClient(exim.rig.agent.socketPath, { role: 'admin', id: 'cpanel' }),
			place: { folder: join(cpanel.root, 'var/lib/sluice-cpanel'), spool: cpanel.spool },
			now: Date.now,
		}),
	);
}

before(async () => {
	if (skip !== false) return;
	exim = await startCpanelServer({
		name: 'whole',
		options: ['srs=1'],
		config: (config) => ({ ...config, rights: { owners: { release: true } } }),
	});
	stops.push(() => exim.stop());
	const wired = await exim.mta(['wire', '--yes']);
	assert.equal(wired.code, 0, wired.err);
	cpanel = installStandIn();
	stops.push(async () => cpanel.clear());
	await tellAccounts();
	whm = await startServerBox(['alice', 'webuser']);
	stops.push(() => whm.stop());
	await whm.setResellers(['rita:list-accts,software-Sluice', 'otto:list-accts,software-Sluice']);
	await whm.setFeatures(['alice:sluice', 'webuser:sluice']);
	const helper = await startHelper(whm.runFolder);
	stops.push(() => helper.stop());
	await startPanel(whm.runFolder, exim.rig.agent.socketPath);
	cpsrvd = await startCpsrvd(whm, ['alice', 'webuser']);
	stops.push(() => cpsrvd.stop());
	browser = await startBrowser();
	stops.push(() => browser.stop());
});
after(() => stops.all());

async function sitting(side: 'whm' | 'cpanel', user: string, to: string) {
	const { home, cookie } = cpsrvd.logIn(side, user);
	const context = await browser.open({ viewport: { width: 1280, height: 900 } });
	const [name, value] = cookie.split('=') as [string, string];
	await context.addCookies([{ name, value, url: home, httpOnly: true }]);
	const page = await context.newPage();
	await page.goto(`${home}?to=${encodeURIComponent(to)}`);
	return { page, frame: page.frameLocator('iframe[data-sluice]'), end: () => context.close() };
}

test('root sets a limit in WHM, and real Exim mail over it waits; everybody concerned can see why', {
	skip,
}, async () => {
	const send = sendersOf(() => exim.exim);
	const root = await sitting('whm', 'root', '/accounts');
	await root.frame.locator(`#limit-${slug('alice')} .sl-edit`).click();
	await root.frame.locator('.sl-editor [name=value]').fill(String(limit));
	await root.frame.locator('.sl-editor [value=save]').click();
	await root.frame.getByText(`alice may send ${limit} recipients an hour`).waitFor();
	// What is set only watches until somebody says otherwise.
	await root.frame.getByRole('link', { name: 'alice', exact: true }).click();
	await root.frame
		.getByRole('switch', { name: /recipients an hour|Hour/i })
		.first()
		.click();
	await root.frame.getByText('enforced', { exact: false }).first().waitFor();

	for (let number = 0; number < sent; number++)
		await send.sendmail('alice', `to${number}@ok.test`, { cwd: '/home/alice/www' })(`whole ${number}`);
	await send.sendmail('webuser', 'neighbour@ok.test')('a neighbour');

	const client = exim.rig.client;
	const alice = async () => given(await client.call('getAccount', { params: { id: 'alice' } }));
	await until(async () => (await alice()).waiting === sent - limit, {
		waitMs: 20_000,
		otherwise: async () => JSON.stringify(await alice()),
	});
	await exim.internet.waitFor(() => exim.internet.counts().recipients >= limit + 1, 20_000);
	assert.equal((await alice()).usage.find(({ rule }) => rule === 'hour.recipients')?.used, limit);

	// Track Delivery shows Exim's log line, which ends with our answer. Exim writes it after it has handed over.
	const told = async (state: string): Promise<number> => {
		const lines = (await exim.exim.log()).split('\n').filter((line) => line.includes('@ok.test'));
		return lines.filter((line) => new RegExp(`C="250 2\\.0\\.0 \\w{13} ${state}; see Outgoing mail"`).test(line))
			.length;
	};
	await until(async () => (await told('waiting')) === sent - limit && (await told('queued')) === limit + 1, {
		waitMs: 10_000,
		otherwise: () => exim.exim.log(),
	});

	await root.page.goto(root.page.url().replace(/\?.*$/, '?to=/open'));
	await root.frame.getByText(`${sent - limit} messages of alice wait`).waitFor();
	await root.end();

	const customer = await sitting('cpanel', 'alice', '/');
	await customer.frame.getByRole('heading', { level: 1 }).waitFor();
	const said = await customer.frame.locator('main').textContent();
	assert.match(said ?? '', new RegExp(`${sent - limit} wait`));
	assert.doesNotMatch(said ?? '', /webuser|site2\.test|SMTP|127\.0\.0\.1/);
	await customer.end();

	const owner = await sitting('whm', 'rita', '/accounts');
	await owner.frame.getByRole('link', { name: 'alice', exact: true }).first().waitFor();
	await owner.end();
	const stranger = await sitting('whm', 'otto', '/accounts/alice');
	await stranger.frame.getByText('No such account, or it is not yours').first().waitFor();
	await stranger.end();
	assert.deepEqual(cpsrvd.complaints, []);
});

test('root holds what a customer sends and leaves it to him; he finds it in cPanel and lets it go', {
	skip,
}, async () => {
	const root = await sitting('whm', 'root', '/accounts/webuser');
	await root.frame.getByRole('link', { name: 'Hold mail' }).click();
	await root.frame.locator('dialog [name=reason]').fill('Newsletter to be confirmed');
	await root.frame.getByLabel(/customer may release/i).check();
	await root.frame.locator('dialog .sl-btn--main').click();
	await root.frame.getByText('Mail of webuser is held').first().waitFor();

	const send = sendersOf(() => exim.exim);
	const before = exim.internet.counts().recipients;
	await send.sendmail('webuser', 'reader@ok.test')('a newsletter');
	const client = exim.rig.client;
	const held = async () => given(await client.call('getAccount', { params: { id: 'webuser' } })).held;
	await until(async () => (await held()) === 1, { waitMs: 15_000, otherwise: async () => String(await held()) });
	assert.match(await exim.exim.log(), /reader@ok\.test .*C="250 2\.0\.0 \w{13} held; see Outgoing mail"/);

	const customer = await sitting('cpanel', 'webuser', '/');
	await customer.frame.getByText('Newsletter to be confirmed').first().waitFor();
	await customer.frame.getByRole('link', { name: 'Yes, send it' }).click();
	await customer.frame.locator('dialog .sl-btn--main').click();
	await exim.internet.waitFor(() => exim.internet.counts().recipients > before, 15_000);
	assert.equal(await held(), 0);
	await customer.end();
	await root.end();
});
