/**
 * The pages inside WHM and cPanel: the plugin's own Perl and PHP run by real interpreters where the install map puts them, a small cpsrvd
 * before them, the panel server behind them, and a real browser.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type CpanelPanel, startCpanelPanel } from '@sluice/panel-cpanel/server/start.ts';
import { type Cpsrvd, startCpsrvd } from '../cpanel/whm/cpsrvd.ts';
import { type FakeHelper, startFakeHelper } from '../cpanel/whm/fake-helper.ts';
import { type ServerBox, serverBoxUnavailable, startServerBox } from '../cpanel/whm/server-box.ts';
import { type FakeAgent, startFakeAgent } from './agent.ts';
import { browserUnavailable, startBrowser, type TestBrowser } from './browser.ts';
import { nowMs, smallWorld } from './world.ts';

const unavailable = browserUnavailable() ?? (await serverBoxUnavailable());
const users = ['shopmoda', 'velofix'];

let agent: FakeAgent;
let helper: FakeHelper;
let server: ServerBox;
let cpsrvd: Cpsrvd;
let panel: CpanelPanel;
let browser: TestBrowser;
const faults: unknown[] = [];

const startPanel = (): Promise<CpanelPanel> =>
	startCpanelPanel({
		listen: join(server.runFolder, 'panel.sock'),
		agentSocket: agent.socketPath,
		helperSocket: join(server.runFolder, 'helper.sock'),
		secretFile: join(server.runFolder, 'secret'),
		version: '0.1.0',
		host: 'web17.northhost.example',
		zone: 'Europe/Berlin',
		now: () => nowMs,
		failed: (where, error) => faults.push(`${where}: ${String((error as Error).stack ?? error)}`),
	});

if (unavailable === undefined) {
	before(async () => {
		agent = await startFakeAgent(smallWorld());
		server = await startServerBox(users);
		helper = await startFakeHelper(join(server.runFolder, 'helper.sock'));
		cpsrvd = await startCpsrvd(server, users);
		panel = await startPanel();
		browser = await startBrowser();
	});
	after(async () => {
		await browser?.stop();
		await panel?.stop();
		await cpsrvd?.stop();
		await helper?.stop();
		await server?.stop();
		await agent?.stop();
		assert.deepEqual(faults, []);
	});
}
const skip = unavailable;

test('root sees the accounts within WHM and sets a limit', { skip }, async () => {
	const { home, cookie } = cpsrvd.logIn('whm', 'root');
	const context = await browser.open();
	const [name, value] = cookie.split('=') as [string, string];
	await context.addCookies([{ name, value, url: home, httpOnly: true }]);
	const page = await context.newPage();
	const said: string[] = [];
	page.on('console', (message) => said.push(message.text()));
	await page.goto(`${home}?to=/accounts`);
	assert.equal(await page.locator('#whm').textContent(), 'WebHost Manager');
	const frame = page.frameLocator('iframe[title="Sluice"]');
	await frame.locator('#list').waitFor();
	console.log(said);
	await page.screenshot({ path: '/tmp/f-whm.png' });
	await context.close();
});
