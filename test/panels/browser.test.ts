/**
 * The pages in a real Chromium: a person logs in, searches, edits a limit in place, undoes it, reads where it comes from; with
 * keyboard, on a phone, in the dark. axe-core finds nothing, the console is silent, the content security policy is never broken.
 * Pictures of every state go to a folder that is printed: look at them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slug } from '@sluice/shared/panel/model/cell.ts';
import type { Page } from 'playwright-core';
import { type FakeAgent, startFakeAgent } from './agent.ts';
import { assertSound, browserTests, type Look, looks, picture, read, type WatchedPage } from './in-browser.ts';
import { logIn, startPages, type TestPages } from './pages.ts';
import { largeWorld, smallWorld } from './world.ts';

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

const lookOf = ({ width, colorScheme }: Look) => ({ viewport: { width, height: 900 }, colorScheme });

async function visit(site = pages): Promise<WatchedPage> {
	const watched = await open();
	await logIn(watched.page, site);
	return watched;
}

const cell = (name: string): string => `#limit-${slug(name)}`;
/** Another cell of the same row, by its place behind the tick. */
const part = (name: string, place: number): string => `tr:has(${cell(name)}) > td:nth-child(${place + 1})`;
const limitText = (page: Page, name: string): Promise<string> => read(page.locator(`${cell(name)} .sl-edit`));

test('a limit is edited in place: editor, the parent named in the error, saved with a toast, undone', {
	skip,
}, async () => {
	const { context, page, complaints } = await visit();
	assert.equal(await limitText(page, 'rosenca'), '100 / h');
	await page.locator(`${cell('rosenca')} .sl-edit`).click();
	const field = page.locator(`${cell('rosenca')} [name=value]`);
	await field.waitFor();
	assert.equal(await page.locator(`${cell('rosenca')} [name=value]:focus`).count(), 1, 'the field has the focus');
	await field.fill('900');
	await page.keyboard.press('Enter');
	await page.getByRole('alert').waitFor();
	assert.equal(
		await read(page.getByRole('alert')),
		'Reseller nordweb allows 600 for all its accounts. Enter 600 or less.',
	);
	await field.fill('150');
	await page.locator('.sl-editor [value=save]').click();
	const toast = page.locator('.sl-toast');
	await toast.getByRole('button', { name: 'Undo' }).waitFor();
	assert.match(await read(toast), /rosenca may send 150 recipients an hour until tomorrow, 09:42\./);
	assert.equal(await limitText(page, 'rosenca'), '150 / h');
	assert.match(await read(page.locator(part('rosenca', 2))), /of 150 \/ h\s+59 %/, 'the bar follows');
	assert.equal(agent.world.limits.get('account:rosenca')?.exception?.hour?.recipients, 150);
	assert.equal(await page.locator(`${cell('rosenca')} .sl-edit:focus`).count(), 1, 'the focus is back at the pen');
	await toast.getByRole('button', { name: 'Undo' }).click();
	await page.getByText('As before for rosenca: 100 recipients an hour from plan Basic.').waitFor();
	assert.equal(await limitText(page, 'rosenca'), '100 / h');
	assert.equal(agent.world.limits.get('account:rosenca'), undefined);
	assert.equal(page.url(), `${pages.panel.url}accounts`, 'the page was never left');
	assert.deepEqual(complaints, []);
	await context.close();
});

test('another window is chosen in the editor; for good; taken away again', { skip }, async () => {
	const { context, page, complaints } = await visit();
	await page.locator(`${cell('autohaus')} .sl-edit`).click();
	await page.getByLabel('Counted over').selectOption('day.recipients');
	await page.getByText('Daily limit of autohaus').waitFor();
	assert.equal(await page.locator('.sl-editor [name=value]').inputValue(), '1000');
	await page.locator('.sl-editor [name=value]').fill('1,200');
	await page.getByLabel('How long').selectOption('good');
	await page.locator('.sl-editor [value=save]').click();
	await page.getByText('autohaus may send 1,200 recipients a day for good.').waitFor();
	assert.match(await read(page.locator(part('autohaus', 5))), /611\s+of 1,200/);
	assert.deepEqual(
		agent.world.limits.get('account:autohaus')?.base?.modes,
		{ 'day.recipients': 'enforce' },
		'as enforced as before',
	);
	await page.locator(`${cell('autohaus')} .sl-edit`).click();
	await page.getByLabel('Counted over').selectOption('day.recipients');
	await page.getByRole('button', { name: 'Remove own limit' }).click();
	await page.getByText('autohaus has no own daily limit any more.').waitFor();
	assert.equal(agent.world.limits.get('account:autohaus'), undefined);
	assert.deepEqual(complaints, []);
	await context.close();
});

test('search as one types, chips, order and paging change the list and the address; back goes back', {
	skip,
}, async (running) => {
	const large = await startFakeAgent(largeWorld(300));
	const site = await startPages(large.socketPath);
	const { context, page, complaints } = await visit(site);
	running.after(async () => {
		await context.close();
		await site.stop();
		await large.stop();
	});
	// As a whole: `1 of 300 accounts` has the words too.
	const total = (text: string) => page.getByText(text, { exact: true }).waitFor();
	await page.getByRole('link', { name: 'Next 50' }).click();
	await page.waitForURL(/cursor=/);
	await page.getByLabel('Search accounts').pressSequentially('moda');
	await total('1 of 300 accounts, most used in 24 h first');
	await page.waitForURL(/q=moda/);
	assert.deepEqual(await page.locator('.sl-cell1').allInnerTexts(), ['shopmoda']);
	assert.doesNotMatch(page.url(), /cursor/, 'a new search begins at its first page');
	assert.equal(await page.locator('#q:focus').count(), 1);
	await page.getByLabel('Search accounts').fill('');
	await total('300 accounts, most used in 24 h first');
	await page.getByRole('link', { name: /^Suspended/ }).click();
	await page.getByText('1 of 300 accounts').waitFor();
	assert.equal(await page.getByRole('link', { name: /^Suspended/ }).getAttribute('aria-current'), 'true');
	await page.getByRole('link', { name: /^Suspended/ }).click();
	await total('300 accounts, most used in 24 h first');
	await page.getByRole('link', { name: 'Account', exact: true }).click();
	await total('300 accounts, by name');
	assert.equal(await page.locator('th[aria-sort]').getAttribute('aria-sort'), 'ascending');
	await page.goBack();
	await total('300 accounts, most used in 24 h first');
	assert.deepEqual(complaints, []);
});

test('the origin of a limit: by hover, by focus, by tap; Escape closes it, and an editor too', { skip }, async () => {
	const { context, page, complaints } = await visit();
	const tip = page.locator(`${cell('rosenca')} [role=tooltip]`);
	const opener = page.locator(`${cell('rosenca')} .sl-origin > a`);
	const isSeen = () => tip.isVisible();
	assert.equal(await tip.count(), 0, 'asked for when somebody points at it');
	await opener.hover();
	await tip.getByText('reseller nordweb, for all its accounts').waitFor();
	assert.equal(await isSeen(), true);
	assert.match(await read(tip), /whole server\s+1,000 \/ h\s+reseller nordweb, for all its accounts\s+600 \/ h/);
	await page.keyboard.press('Escape');
	assert.equal(await isSeen(), false, 'Escape closes it under the pointer');
	await page.mouse.move(0, 0);
	await opener.focus();
	assert.equal(await isSeen(), true);
	await page.keyboard.press('Escape');
	assert.equal(await isSeen(), false);
	await page.locator(`${cell('rosenca')} .sl-edit`).press('Enter');
	await page.locator('.sl-editor').waitFor();
	await page.keyboard.press('Escape');
	await page.locator('.sl-editor').waitFor({ state: 'detached' });
	assert.equal(await limitText(page, 'rosenca'), '100 / h');
	assert.deepEqual(complaints, []);
	await context.close();
});

test('a rule is enforced by a switch, for many and on the page of one, and undone', { skip }, async () => {
	const { context, page, complaints } = await visit();
	await page.goto(`${pages.panel.url}rules`);
	const rule = page.getByRole('switch', { name: /Enforce the hourly limit of plan Basic/ });
	assert.equal(await rule.getAttribute('aria-checked'), 'false');
	await rule.click();
	await page
		.getByText('The hourly limit of plan Basic is enforced: what is over it waits and leaves in pace.')
		.waitFor();
	assert.equal(await rule.getAttribute('aria-checked'), 'true');
	assert.equal(agent.world.limits.get('plan:Basic')?.base?.modes?.['hour.recipients'], 'enforce');
	await page.locator('.sl-toast').getByRole('button', { name: 'Undo' }).click();
	await page.getByText('As before: hourly limit of plan Basic is monitor-only.').waitFor();
	assert.equal(await rule.getAttribute('aria-checked'), 'false');
	await page.goto(`${pages.panel.url}accounts/shopmoda`);
	assert.match(
		await read(page.locator('.sl-note')),
		/All 400 recipients an hour are used. 228 more wait.*about 10:20/s,
	);
	const minute = page.getByRole('switch', { name: /Enforce the limit a minute of each account/ });
	await minute.click();
	await page.getByText('The limit a minute of each account is enforced').waitFor();
	assert.equal(await minute.getAttribute('aria-checked'), 'true');
	await page.locator('.sl-toast').getByRole('button', { name: 'Undo' }).click();
	await page.getByText('As before: limit a minute of each account is monitor-only.').waitFor();
	assert.deepEqual(complaints, []);
	await context.close();
});

test('what tenants write is text: no script of theirs runs', { skip }, async () => {
	const { context, page, complaints } = await visit();
	assert.ok((await page.locator('.sl-cell1').allInnerTexts()).includes('<img src=x onerror=alert(1)>'));
	await page.goto(`${pages.panel.url}messages/0000000000004`);
	assert.match(await read(page.locator('main')), /550 5\.1\.1 <script>alert\(1\)<\/script> no such user/);
	assert.doesNotMatch(await page.title(), /taken/);
	assert.deepEqual(complaints, []);
	await context.close();
});

test('a failed act says what was not done; the toast goes by itself after 10 s; a lost session leads to the login', {
	skip,
}, async () => {
	const { context, page, complaints } = await visit();
	await page.clock.install();
	await page.reload();
	agent.refused.set('putLimits', { code: 'forbidden', detail: 'admin only' });
	await page.locator(`${cell('rosenca')} .sl-edit`).click();
	await page.locator('.sl-editor [value=save]').click();
	await page.getByText('Not done: Not allowed for this actor: admin only').waitFor();
	agent.refused.clear();
	await page.mouse.move(0, 0);
	await page.clock.fastForward(9_000);
	assert.equal(await page.locator('.sl-toast').isVisible(), true);
	await page.clock.fastForward(2_000);
	assert.equal(await page.locator('.sl-toast').isVisible(), false);
	await context.clearCookies();
	await page.locator('.sl-editor [value=save]').click();
	await page.waitForURL(/\/login/);
	assert.deepEqual(complaints, []);
	await context.close();
});

test('the list refreshes by itself every 30 s, never under a pointer or an editor; it says when it is old', {
	skip,
}, async () => {
	const { context, page } = await visit();
	await page.clock.install();
	await page.reload();
	const lists = () =>
		agent.asked.filter(
			({ id, input }) => id === 'listAccounts' && (input as { query: { limit: number } }).query.limit === 50,
		).length;
	await page.mouse.move(0, 0);
	let before = lists();
	const refreshed = page.waitForResponse(/refresh=1/);
	await page.clock.fastForward(30_000);
	await refreshed;
	assert.equal(lists(), before + 1);
	await page.locator('#list tbody tr').first().hover();
	before = lists();
	await page.clock.fastForward(30_000);
	await page.mouse.move(0, 0);
	await page.locator(`${cell('rosenca')} .sl-edit`).click();
	await page.locator('.sl-editor').waitFor();
	await page.mouse.move(0, 0);
	await page.clock.fastForward(125_000);
	await page.locator('[data-old]').waitFor();
	assert.match(await read(page.locator('#asof')), /old: the page could not be refreshed/);
	assert.equal(lists(), before);
	await context.close();
});

for (const look of looks)
	test(`axe finds nothing, nothing is cut off: ${look.width} px, ${look.colorScheme}`, { skip }, async () => {
		const { context, page, complaints } = await open(lookOf(look));
		const name = `${look.width}-${look.colorScheme}`;
		const check = async (state: string) => {
			await picture(page, `${state}-${name}`);
			await assertSound(page, `${state}, ${name}`);
		};
		await page.goto(pages.panel.url);
		await check('login');
		await logIn(page, pages);
		await check('accounts');
		await page.locator(`${cell('rosenca')} .sl-origin > a`).focus();
		await page.locator(`${cell('rosenca')} .sl-chain`).waitFor();
		await check('origin');
		await page.locator(`${cell('rosenca')} .sl-edit`).click();
		await page.locator('.sl-editor [name=value]').fill('900');
		await page.locator('.sl-editor [value=save]').click();
		await page.getByRole('alert').waitFor();
		await check('editor');
		await page.locator('.sl-editor [name=value]').fill('150');
		await page.locator('.sl-editor [value=save]').click();
		await page.locator('.sl-toast').getByRole('button', { name: 'Undo' }).waitFor();
		await check('toast');
		await page.locator('.sl-toast').getByRole('button', { name: 'Undo' }).click();
		await page.getByText('As before for rosenca').waitFor();
		await page.goto(`${pages.panel.url}accounts/shopmoda`);
		await check('account');
		await page.getByRole('link', { name: 'Hold mail' }).click();
		await page.locator('dialog[open]').waitFor();
		assert.equal(await page.locator('[data-do="close-dialog"]:focus').count(), 1, 'Cancel has the focus');
		await check('hold');
		await page.keyboard.press('Escape');
		assert.equal(await page.locator('dialog[open]').count(), 0);
		await page.goto(`${pages.panel.url}messages/0000000000004`);
		await check('message');
		await page.goto(`${pages.panel.url}accounts/velofix/release`);
		await check('release');
		await page.goto(`${pages.panel.url}accounts?q=yogg`);
		await check('empty');
		await page.goto(`${pages.panel.url}accounts/nobody`);
		await check('missing');
		agent.refused.set('listAccounts', { code: 'forbidden' });
		await page.goto(`${pages.panel.url}accounts`);
		await check('forbidden');
		agent.refused.clear();
		assert.deepEqual(complaints, []);
		await context.close();
	});

test('agent away: mail keeps flowing, and what to do', { skip }, async () => {
	const gone = await startFakeAgent(smallWorld());
	const site = await startPages(gone.socketPath);
	const { context, page, complaints } = await visit(site);
	await gone.stop();
	await page.reload();
	await page.getByRole('heading', { name: 'Sluice does not answer. Mail keeps flowing.' }).waitFor();
	await assertSound(page, 'down');
	await picture(page, 'down-1280-light');
	assert.deepEqual(complaints, []);
	await context.close();
	await site.stop();
});

test('nothing failed in the pages', { skip }, () => assert.deepEqual(pages.faults, []));
