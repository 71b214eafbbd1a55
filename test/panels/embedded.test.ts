/**
 * The pages in a panel's frame, in a real Chromium: relative links under a token, the path of a page in the query. A person goes
 * through list, filter, editing, undo, account and back; with script and without. Nothing ever leaves the folder of the panel's script.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slug } from '@sluice/shared/panel/model/cell.ts';
import type { BrowserContextOptions } from 'playwright-core';
import { type FakeAgent, startFakeAgent } from './agent.ts';
import { type Embedded, startEmbedded } from './embed.ts';
import { browserTests } from './in-browser.ts';
import { smallWorld } from './world.ts';

let agent: FakeAgent;
let panel: Embedded;
const { skip, open } = browserTests({
	async start() {
		agent = await startFakeAgent(smallWorld());
		panel = await startEmbedded(agent.socketPath);
	},
	async stop() {
		await panel.stop();
		await agent.stop();
	},
});

async function visit(to = '/accounts', options: BrowserContextOptions = {}) {
	const watched = await open({ viewport: { width: 1280, height: 800 }, ...options });
	await watched.page.goto(`${panel.url}?to=${to}`);
	return { ...watched, frame: watched.page.frameLocator('iframe') };
}

const cell = (name: string): string => `#limit-${slug(name)}`;

test('list, filter, limit edited and undone, account and back, all below the token', { skip }, async () => {
	const { context, page, frame, complaints } = await visit();
	await frame.locator('#list').waitFor();
	assert.equal(await frame.locator('.sl-brand').count(), 0, 'the panel has a title of its own');
	await frame.getByLabel('Search accounts').fill('rosen');
	await frame.getByText('1 of 13 accounts').waitFor();
	const inner = (): string => page.frames()[1]?.url() ?? '';
	assert.match(inner(), /index\.cgi\?p=\/accounts\?q=rosen/, 'the filter is in the address');
	await frame.locator(`${cell('rosenca')} .sl-edit`).click();
	await frame.locator('.sl-editor [name=value]').fill('150');
	await frame.locator('.sl-editor [value=save]').click();
	await frame.getByText('rosenca may send 150 recipients an hour').waitFor();
	await frame.getByRole('button', { name: 'Undo' }).click();
	await frame.getByText('As before for rosenca').waitFor();
	await frame.locator(`${cell('rosenca')} .sl-origin > a`).hover();
	await frame.locator(`${cell('rosenca')} .sl-chain`).waitFor();
	await frame.getByRole('link', { name: 'rosenca', exact: true }).click();
	await frame.getByRole('heading', { level: 1, name: 'rosenca' }).waitFor();
	await page.waitForFunction("document.title.startsWith('rosenca')");
	assert.match(page.url(), /to=%2Faccounts%2Frosenca/, 'the address of the panel leads back here');
	await page.goBack();
	await frame.getByText('1 of 13 accounts').waitFor();
	assert.deepEqual(panel.strays, []);
	assert.deepEqual(complaints, []);
	await context.close();
});

test('another window is chosen in the editor, from the account page; the question stands where one looks', {
	skip,
}, async () => {
	const { context, page, frame, complaints } = await visit('/accounts/shopmoda', {
		viewport: { width: 1280, height: 500 },
	});
	await frame.locator('#limits .sl-edit').first().click();
	await frame.getByLabel('Counted over').selectOption('day.recipients');
	await frame.getByText('Daily limit of shopmoda').waitFor();
	await frame.locator('[data-cancel]').click();
	const box = async () => (await page.locator('iframe').boundingBox()) ?? { y: 0, height: 0 };
	await page.waitForFunction("document.querySelector('iframe').clientHeight > 800");
	assert.ok((await box()).height > 800, 'as high as its content');
	await frame.getByRole('link', { name: /^Hold mail/ }).click();
	const dialog = frame.locator('dialog[open]');
	await dialog.waitFor();
	const shown = await dialog.boundingBox();
	assert.ok(
		shown !== null && shown.y >= 0 && shown.y + shown.height <= 500,
		`within what is seen: ${JSON.stringify(shown)}`,
	);
	assert.deepEqual(complaints, []);
	assert.deepEqual(panel.strays, []);
	await context.close();
});

test('far down in a long page a question and a toast stand within what is seen', { skip }, async () => {
	const { context, page, frame, complaints } = await visit('/accounts', { viewport: { width: 1280, height: 500 } });
	await page.waitForFunction("document.querySelector('iframe').clientHeight > 700");
	const pen = frame.locator('.sl-edit').last();
	await pen.scrollIntoViewIfNeeded();
	assert.ok(Number(await page.evaluate('scrollY')) > 100, 'the panel’s page has scrolled');
	await pen.click();
	await frame.locator('.sl-editor [name=value]').fill('77');
	await frame.locator('.sl-editor [value=save]').click();
	const toast = frame.locator('.sl-toast');
	await toast.getByRole('button', { name: 'Undo' }).waitFor();
	const shown = await toast.boundingBox();
	assert.ok(shown !== null && shown.y >= 0 && shown.y + shown.height <= 500, JSON.stringify(shown));
	await page.evaluate('scrollTo(0, 0)');
	await page.waitForFunction('scrollY === 0');
	const then = await toast.boundingBox();
	assert.ok(then !== null && then.y >= 0 && then.y + then.height <= 500, `it follows: ${JSON.stringify(then)}`);
	await toast.getByRole('button', { name: 'Undo' }).click();
	await frame.getByText(/As before for/).waitFor();
	assert.deepEqual(complaints, []);
	await context.close();
});

test('without script: filter, edit, undo', { skip }, async () => {
	const { context, page } = await visit('/accounts', { javaScriptEnabled: false });
	await page.goto(`${panel.url}?p=/accounts`);
	await page.getByLabel('Search accounts').fill('rosen');
	await page.getByRole('button', { name: 'Search' }).click();
	await page.getByText('1 of 13 accounts').waitFor();
	await page.locator(`${cell('rosenca')} .sl-edit`).click();
	await page.getByLabel('Number of recipients an hour').fill('150');
	await page.getByRole('button', { name: 'Save' }).click();
	await page.getByText('rosenca may send 150 recipients an hour').waitFor();
	assert.match(page.url(), /index\.cgi\?p=\/accounts\?q=rosen/, 'back to the list as it was');
	await page.getByRole('button', { name: 'Undo' }).click();
	await page.getByText('As before for rosenca').waitFor();
	await page.getByRole('link', { name: 'Overview' }).click();
	await page.getByRole('heading', { level: 1 }).waitFor();
	assert.deepEqual(panel.strays, []);
	await context.close();
});

test('a page that is not offered is not in the menu, and its address says so', { skip }, async () => {
	const { context, page } = await visit('/accounts');
	const answer = await page.goto(`${panel.url}?p=/incidents`);
	assert.equal(answer?.status(), 404);
	await page.getByRole('heading', { name: 'Incidents: not on this server' }).waitFor();
	assert.equal(await page.getByRole('link', { name: 'Incidents' }).count(), 0);
	assert.equal((await page.goto(`${panel.url}?p=//evil.example`))?.status(), 404);
	await context.close();
});

test('nothing failed in the pages', { skip }, () => assert.deepEqual(panel.faults, []));
