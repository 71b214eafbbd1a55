/**
 * Many accounts at once in a real Chromium: ticked and changed in a dialog, undone from the toast; a rule tried and enforced; a plan's
 * number changed in place. axe finds nothing, nothing is wider than the page. Pictures go to a folder that is printed: look at them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slug } from '@sluice/shared/panel/model/cell.ts';
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { type FakeAgent, startFakeAgent } from './agent.ts';
import { startEmbedded } from './embed.ts';
import { assertSound, browserTests, looks, picture, read, type WatchedPage } from './in-browser.ts';
import { logIn, startPages, type TestPages } from './pages.ts';
import { smallWorld } from './world.ts';

/** Rows of the list at 1280 px are no higher. */
const rowPxMax = 44;

let agent: FakeAgent;
let pages: TestPages;
const { skip, open } = browserTests({
	async start() {
		agent = await startFakeAgent(smallWorld());
		pages = await startPages(agent.socketPath);
	},
	async stop() {
		await pages.stop();
		await agent.stop();
	},
});

async function visit(path: string, options?: BrowserContextOptions): Promise<WatchedPage> {
	const watched = await open(options);
	await logIn(watched.page, pages, false);
	await watched.page.goto(new URL(path, pages.panel.url).href);
	return watched;
}

/** Blanks and breaks are one: what is read stands in one line. */
const readLine = async (part: Locator): Promise<string> => (await read(part)).replace(/\s+/g, ' ');
const hourOf = (key: string): number | undefined => agent.world.limits.get(key)?.base?.hour?.recipients ?? undefined;
const dialog = (page: Page): Locator => page.locator('dialog[open]');

test('accounts are ticked, the dialog shows what changes, it is done, the list follows, undo puts it back', {
	skip,
}, async () => {
	const { context, page, complaints } = await visit('/accounts?plan=Basic');
	const bar = page.locator('.sl-bulk');
	assert.equal(await bar.isVisible(), false, 'only with the first tick');
	await page.getByRole('checkbox', { name: 'rosenca' }).check();
	await page.getByRole('checkbox', { name: 'velofix' }).check();
	assert.match(await readLine(bar), /2 selected Set limit of the selected Set limit of all 4 that match/);
	await bar.getByRole('button', { name: 'Set limit of the selected' }).click();
	await dialog(page).waitFor();
	assert.match(await readLine(dialog(page)), /Set a limit of 2 accounts .*(rosenca, velofix|velofix, rosenca)\./);
	assert.equal(await page.locator(':focus').textContent(), 'Cancel');
	await dialog(page).getByLabel('Number').fill('nought');
	await dialog(page).getByRole('button', { name: 'See what it changes' }).click();
	await dialog(page).getByRole('alert').waitFor();
	await dialog(page).getByLabel('Number').fill('80');
	await dialog(page).getByLabel('How long').selectOption('good');
	await dialog(page).getByRole('button', { name: 'See what it changes' }).click();
	await dialog(page).getByText('80 recipients an hour for good for 2 accounts?').waitFor();
	assert.match(await readLine(dialog(page)), /1 has used more already: their next mail waits/);
	assert.equal(hourOf('account:rosenca'), undefined, 'nothing is changed by looking');
	await dialog(page).getByRole('button', { name: 'Change 2' }).click();
	const toast = page.locator('.sl-toast');
	await toast.getByRole('button', { name: 'Undo' }).waitFor();
	assert.match(await readLine(toast), /80 recipients an hour for good for 2 accounts\./);
	assert.equal(await dialog(page).count(), 0);
	const limit = page.locator(`#limit-${slug('rosenca')} .sl-edit`);
	assert.equal(await limit.textContent(), '80 / h');
	assert.equal(await page.locator('#list tbody tr').count(), 4, 'the list is as it was filtered');
	assert.equal(hourOf('account:velofix'), 80);
	await toast.getByRole('button', { name: 'Undo' }).click();
	await page.getByText('As before for 2 accounts.').waitFor();
	assert.equal(await limit.textContent(), '100 / h');
	assert.equal(hourOf('account:rosenca'), undefined);
	assert.deepEqual(complaints, []);
	await context.close();
});

test('all that match are another button; escape closes the question; ticking all ticks the page', {
	skip,
}, async () => {
	const { context, page, complaints } = await visit('/accounts?plan=Basic');
	await page.getByRole('checkbox', { name: 'Select all accounts on this page' }).check();
	assert.match(await readLine(page.locator('.sl-bulk')), /4 selected/);
	await page.getByRole('checkbox', { name: 'rosenca' }).uncheck();
	assert.match(await readLine(page.locator('.sl-bulk')), /3 selected/);
	await page.getByRole('button', { name: 'Set limit of all 4 that match' }).click();
	await dialog(page).getByText('All 4 accounts that match: plan Basic').waitFor();
	await page.keyboard.press('Escape');
	assert.equal(await dialog(page).count(), 0);
	await page.getByRole('button', { name: 'Set limit of all 4 that match' }).click();
	await dialog(page).getByRole('button', { name: 'Take own numbers away' }).click();
	await dialog(page).getByText('No own hourly limit for 4 accounts?').waitFor();
	assert.deepEqual(complaints, []);
	await context.close();
});

test('a rule is tried with progress, then enforced as it was tried; its switch and the headline follow; undone', {
	skip,
}, async () => {
	const { context, page, complaints } = await visit('/rules');
	assert.equal(await page.locator('h1').textContent(), '6 of 12 rules are enforced, 6 only watch');
	assert.match(await page.getByLabel('Rule', { exact: true }).inputValue(), /^server hour.recipients each-account$/);
	await page.getByLabel('With this number').fill('80');
	await page.getByRole('button', { name: 'Simulate' }).click();
	await page.getByRole('progressbar').waitFor();
	await page.getByText('80 recipients an hour, each account: 214 messages of 3 accounts would have waited.').waitFor();
	assert.equal(page.url(), `${pages.panel.url}rules`, 'the page was never left');
	assert.equal(hourOf('server:each-account'), 100, 'nothing changes by trying');
	await page.getByRole('button', { name: 'Enforce 80 recipients an hour for each account' }).click();
	await page.getByText('80 recipients an hour for each account is enforced').waitFor();
	assert.equal(hourOf('server:each-account'), 80);
	const rule = page.getByRole('switch', { name: /Enforce the hourly limit of each account/ });
	assert.equal(await rule.getAttribute('aria-checked'), 'true');
	await page.getByRole('button', { name: 'Undo' }).first().click();
	await page.locator('h1', { hasText: '6 of 12' }).waitFor();
	assert.equal(hourOf('server:each-account'), 100);
	await rule.click();
	await page.locator('h1', { hasText: '7 of 12 rules are enforced, 5 only watch' }).waitFor();
	await rule.click();
	await page.locator('h1', { hasText: '6 of 12' }).waitFor();
	assert.deepEqual(complaints, []);
	await context.close();
});

test('the number of a plan is changed in place and put back; its accounts are a click away', { skip }, async () => {
	const { context, page, complaints } = await visit('/plans');
	const cell = `#limit-${slug('plans:Shop')}`;
	await page.locator(`${cell} .sl-edit`).click();
	const field = page.locator(`${cell} [name=value]`);
	await field.waitFor();
	assert.equal(await page.locator(`${cell} [name=value]:focus`).count(), 1);
	await field.fill('450');
	await page.locator('.sl-editor [value=save]').click();
	await page.getByText('Each account of plan Shop may send 450 recipients an hour for good.').waitFor();
	assert.equal(await page.locator(`${cell} .sl-edit`).textContent(), '450 / h');
	await page.locator('.sl-toast').getByRole('button', { name: 'Undo' }).click();
	await page.getByText('As before for plan Shop: 400 recipients an hour').waitFor();
	assert.equal(await page.locator(`${cell} .sl-edit`).textContent(), '400 / h');
	await page
		.locator('tr', { has: page.locator(cell) })
		.getByRole('link', { name: /2 accounts/ })
		.click();
	await page.locator('#list').waitFor();
	assert.equal(await page.locator('#list tbody tr').count(), 2);
	assert.deepEqual(complaints, []);
	await context.close();
});

test('rows of the list are dense, and dense with a reason under the mode too', { skip }, async () => {
	const { context, page } = await visit('/accounts');
	const heights = await page
		.locator('#list tbody tr')
		.evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
	assert.ok(Math.max(...heights) <= rowPxMax, `${heights}`);
	await context.close();
});

for (const hasScript of [true, false])
	test(`in a panel’s frame, ${hasScript ? 'with' : 'without'} script: many accounts, a trial, all below the token`, {
		skip,
	}, async (t) => {
		const panel = await startEmbedded(agent.socketPath);
		t.after(() => panel.stop());
		const { context, page, complaints } = await open({ javaScriptEnabled: hasScript });
		await page.goto(`${panel.url}?p=/accounts?plan=Basic`);
		await page.getByRole('checkbox', { name: 'rosenca' }).check();
		await page.getByRole('checkbox', { name: 'velofix' }).check();
		await page.getByRole('button', { name: 'Set limit of the selected' }).click();
		await page.getByText('Set a limit of 2 accounts').waitFor();
		await page.getByLabel('Number').fill('70');
		await page.getByRole('button', { name: 'See what it changes' }).click();
		await page.getByRole('button', { name: 'Change 2' }).click();
		await page.getByRole('button', { name: 'Undo' }).first().waitFor();
		assert.equal(hourOf('account:velofix'), 70);
		assert.equal(await page.locator('#list tbody tr').count(), 4, 'the filter has come along');
		await page.getByRole('button', { name: 'Undo' }).first().click();
		await page.getByText('As before for 2 accounts.').first().waitFor();
		await page.goto(`${panel.url}?p=/rules`);
		await page.getByRole('link', { name: /Try the hourly limit of each account/ }).click();
		await page.getByRole('button', { name: 'Simulate' }).click();
		if (!hasScript) await page.getByRole('link', { name: 'Reload' }).click();
		await page.getByText('214 messages of 3 accounts would have waited.').waitFor();
		assert.deepEqual([panel.strays, panel.faults, complaints], [[], [], []]);
		await context.close();
	});

type State = { readonly name: string; readonly path: string; readonly act?: (page: Page) => Promise<void> };
const states: readonly State[] = [
	{
		name: 'ticked',
		path: '/accounts',
		act: async (page) => {
			await page.getByRole('checkbox', { name: 'rosenca' }).check();
			await page.locator('.sl-bulk').waitFor();
		},
	},
	{
		name: 'preview',
		path: '/accounts',
		act: async (page) => {
			await page.getByRole('checkbox', { name: 'rosenca' }).check();
			await page.getByRole('button', { name: /Set limit of all/ }).click();
			await dialog(page).getByLabel('Number').fill('90');
			await dialog(page).getByRole('button', { name: 'See what it changes' }).click();
			await dialog(page).locator('.sl-said').waitFor();
		},
	},
	{ name: 'form', path: '/changes?a=rosenca&a=velofix' },
	{
		name: 'rules',
		path: '/rules',
		act: async (page) => {
			await page.getByRole('button', { name: 'Simulate' }).click();
			await page.locator('#simulation table').waitFor();
		},
	},
	{ name: 'plans', path: '/plans' },
	{ name: 'resellers', path: '/resellers' },
	{ name: 'discards', path: '/accounts/autohaus' },
];

for (const { width, colorScheme } of looks)
	test(`axe finds nothing, nothing is wider than the page: ${width} px, ${colorScheme}`, { skip }, async () => {
		const { context, page, complaints } = await visit('/accounts', { viewport: { width, height: 900 }, colorScheme });
		for (const { name, path, act } of states) {
			await page.goto(new URL(path, pages.panel.url).href);
			await act?.(page);
			await picture(page, `${name}-${width}-${colorScheme}`, name !== 'preview');
			await assertSound(page, name);
		}
		assert.deepEqual(complaints, []);
		await context.close();
	});

test('nothing failed in the pages', { skip }, () => assert.deepEqual(pages.faults, []));
