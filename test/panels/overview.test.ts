/**
 * Overview, account, health and audit in a real Chromium, inside a panel's frame and alone: decisions, charts under the policy, the
 * table of numbers, a refresh that moves nothing under the pointer, an agent that stops in the middle; axe finds nothing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { LearnedDto } from '@sluice/shared/contract/learned-operations.ts';
import type { PanelActs } from '@sluice/shared/panel/adapter.ts';
import { ok } from '@sluice/shared/words/result.ts';
import type { BrowserContextOptions } from 'playwright-core';
import { type FakeAgent, startFakeAgent } from './agent.ts';
import { auditOf, nobody, overviewWorldOf } from './answers-overview.ts';
import { type Embedded, startEmbedded } from './embed.ts';
import { assertSound, browserTests, looks, picture, read, type WatchedPage } from './in-browser.ts';
import { emptyWorld, smallWorld } from './world.ts';

type Site = { readonly agent: FakeAgent; readonly panel: Embedded; stop(): Promise<void> };

const asked: Parameters<PanelActs['set']>[1][] = [];
const acts: PanelActs = {
	async set(_visitor, act) {
		asked.push(act);
		return ok(`cPanel ${act.on ? 'holds' : 'lets go'} mail of ${act.mailbox ?? act.user}.`);
	},
};

async function startSite(world = smallWorld(), actor?: Actor): Promise<Site> {
	const mine = overviewWorldOf(world);
	mine.audit = auditOf(120, world.now());
	const agent = await startFakeAgent(world);
	const panel = await startEmbedded(agent.socketPath, { acts, ...(actor === undefined ? {} : { actor }) });
	return {
		agent,
		panel,
		async stop() {
			await panel.stop();
			await agent.stop();
		},
	};
}

let site: Site;
const { skip, open } = browserTests({
	async start() {
		const world = smallWorld();
		const mine = overviewWorldOf(world);
		mine.unattributed = nobody(41);
		mine.problems.push({
			code: 'disk-low',
			text: 'Only 3 GB are free on the disk of dataDir',
			hint: 'Free space on the disk of dataDir, or lower spool.minFreeBytes.',
			since: new Date(world.now() - 3_600_000).toISOString(),
		});
		site = await startSite(world);
	},
	stop: () => site.stop(),
});

async function visit(path: string, { panel } = site, options: BrowserContextOptions = {}): Promise<WatchedPage> {
	const watched = await open(options);
	await watched.page.goto(`${panel.url}?p=${path}`);
	return watched;
}

const drawn = "document.querySelectorAll('[data-chart] canvas').length";

test('decisions first, charts under the policy, their numbers as a table, the span in the address', {
	skip,
}, async () => {
	const { context, page, complaints } = await visit('/');
	assert.match(await read(page.getByRole('heading', { level: 1 })), /^\d things need a decision$/);
	assert.ok((await page.locator('.sl-dec').first().locator('li').count()) <= 4, 'above four the rest is folded');
	await page.waitForFunction(`${drawn} === 2`);
	const top = (selector: string) => page.locator(selector).first().boundingBox();
	assert.ok(((await top('.sl-dec'))?.y ?? 0) < ((await top('.sl-kpis'))?.y ?? 0));
	await page.getByText('Show the numbers').click();
	assert.equal(await page.locator('.sl-numbers tbody tr').count(), 25, '24 hours and their sum');
	await page
		.locator('[data-chart]')
		.first()
		.hover({ position: { x: 400, y: 80 } });
	assert.match(await read(page.locator('[data-at]')), /^\d\d:00$/, 'pointing says when');
	await page.getByRole('link', { name: '7 d' }).click();
	await page.getByText('Handed in, 7 days', { exact: true }).waitFor();
	assert.match(page.url(), /\?p=\/\?span=week$/);
	await page.waitForFunction(`${drawn} === 2`);
	assert.deepEqual(complaints, []);
	await context.close();
});

test('a limit is raised for a day from the overview, and undone', { skip }, async () => {
	const { context, page, complaints } = await visit('/');
	await page.getByRole('link', { name: /^Raise for a day/ }).click();
	await page.locator('dialog[open]').waitFor();
	assert.equal(await read(page.locator('dialog :focus')), 'Cancel');
	const number = page.getByLabel('Number of recipients an hour');
	assert.equal(await number.inputValue(), '800');
	await number.fill('2000');
	await page.locator('dialog').getByRole('button', { name: 'Raise for a day' }).click();
	await page.getByText('The server allows 1,000 for all accounts. Enter 1,000 or less.').waitFor();
	await page.getByLabel('Number of recipients an hour').fill('900');
	await page.getByRole('button', { name: 'Raise for a day' }).click();
	await page.getByText(/shopmoda may send 900 recipients an hour until tomorrow/).waitFor();
	assert.equal(site.agent.world.limits.get('account:shopmoda')?.exception?.hour?.recipients, 900);
	await page.getByRole('button', { name: 'Undo' }).click();
	await page.getByText(/As before for shopmoda/).waitFor();
	assert.equal(site.agent.world.limits.get('account:shopmoda'), undefined);
	assert.deepEqual(complaints, []);
	await context.close();
});

test('the panel’s own hold: question, reason, act for a mailbox, undone', { skip }, async () => {
	const { context, page, complaints } = await visit('/accounts/shopmoda');
	await page.waitForFunction(`${drawn} === 1`);
	await page.getByText('In cPanel', { exact: true }).click();
	assert.equal(
		await page.getByRole('link', { name: /^Suspend in cPanel/ }).count(),
		0,
		'the agent’s settings do not allow it',
	);
	await page.getByRole('link', { name: /^Hold in cPanel/ }).click();
	await page.locator('dialog[open]').waitFor();
	await page.getByLabel('For whom').selectOption('luise@moda-luise.example');
	await page.getByLabel('Why').fill('looks hijacked');
	await page.getByRole('button', { name: 'Hold', exact: true }).click();
	await page.getByText('cPanel holds mail of luise@moda-luise.example.').waitFor();
	await page.getByRole('button', { name: 'Undo' }).click();
	await page.getByText('As before: cPanel lets go mail of luise@moda-luise.example.').waitFor();
	assert.deepEqual(
		asked.map(({ what, user, mailbox, on }) => [what, user, mailbox, on]),
		[
			['hold', 'shopmoda', 'luise@moda-luise.example', true],
			['hold', 'shopmoda', 'luise@moda-luise.example', false],
		],
	);
	await page.goto(`${site.panel.url}?p=/accounts/shopmoda/panel/suspend`);
	await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
	assert.deepEqual(complaints, []);
	await context.close();
});

test('a refresh waits while somebody points at the page, and comes when nobody does', { skip }, async () => {
	const { context, page } = await open();
	await page.clock.install();
	await page.goto(`${site.panel.url}?p=/`);
	const refreshes: string[] = [];
	page.on('request', (request) => {
		if (request.url().includes('refresh=1')) refreshes.push(request.url());
	});
	/** Half a minute of the page's clock, and whatever it asked for is known. */
	const halfMinute = async (): Promise<number> => {
		await page.clock.runFor(31_000);
		await page.evaluate("fetch('assets-0123456789ab/check.svg').then((answer) => answer.text())");
		return refreshes.length;
	};
	await page.locator('.sl-dec').first().hover();
	assert.equal(await halfMinute(), 0, 'under the pointer nothing moves');
	await page.mouse.move(640, 880);
	const answered = page.waitForResponse((response) => response.url().includes('refresh=1'));
	assert.equal(await halfMinute(), 1);
	assert.equal((await answered).status(), 200);
	await page.waitForFunction("document.querySelectorAll('#now').length === 1");
	await page.getByRole('link', { name: /^Raise for a day/ }).click();
	await page.locator('dialog[open]').waitFor();
	await page.mouse.move(640, 880);
	assert.equal(await halfMinute(), 1, 'nor while a question is open');
	await page.keyboard.press('Escape');
	await page.locator('main h2').last().click();
	await page.mouse.move(640, 880);
	assert.equal(await halfMinute(), 2, 'and again when it is closed');
	await context.close();
});

test('an agent that stops: what stood stays, the next page says what works, and comes back by itself', {
	skip,
}, async () => {
	const own = await startSite();
	const { context, page, complaints } = await visit('/', own);
	own.agent.refused.set('providers', { code: 'unavailable', detail: 'counts are made anew' });
	await page.reload();
	await page
		.getByText(/This cannot be shown now: .*counts are made anew\. The rest of the page is as it should be\./)
		.waitFor();
	await page.getByText('Mail by what became of it').waitFor();
	await own.agent.stop();
	await page.reload();
	await page.getByRole('heading', { name: 'Sluice does not answer. Mail keeps flowing.' }).waitFor();
	await page.getByText('Asked again every 5 s').waitFor();
	assert.equal(await page.getByRole('link', { name: 'Overview' }).count(), 1);
	await assertSound(page, 'down');
	await picture(page, 'down-1280');
	assert.deepEqual(complaints, []);
	await context.close();
	await own.panel.stop();
});

test('a reseller sees its own, its share and nothing of the server', { skip }, async () => {
	const own = await startSite(smallWorld(), { role: 'reseller', id: 'nordweb' });
	const { context, page, complaints } = await visit('/', own);
	await page.getByRole('heading', { name: 'Your share' }).waitFor();
	await page.getByText('Your 2 accounts on').waitFor();
	const text = await page.locator('main').textContent();
	assert.doesNotMatch(text ?? '', /shopmoda|Taken by provider|Health/);
	for (const path of ['/health', '/audit', '/resellers'])
		assert.equal((await page.goto(`${own.panel.url}?p=${path}`))?.status(), 404, path);
	assert.deepEqual(complaints, []);
	await context.close();
	await own.stop();
});

test('audit: filtered, paged by key, back to the first', { skip }, async () => {
	const { context, page } = await visit('/audit');
	await page.getByLabel('By whom').fill('nordweb');
	await page.getByRole('button', { name: 'Filter' }).click();
	await page.getByText('Shown: 40, newest first').waitFor();
	assert.match(page.url(), /actor=nordweb/);
	await page.goto(`${site.panel.url}?p=/audit`);
	await page.getByRole('link', { name: 'Next 50' }).click();
	await page.waitForURL(/cursor=/);
	assert.equal(await page.locator('tbody tr').count(), 50);
	await page.getByRole('link', { name: 'First' }).click();
	await page.waitForURL((url) => !url.search.includes('cursor'));
	assert.equal(await page.locator('b').count(), 0, 'what stands in an entry is text');
	await context.close();
});

/** What a mail log told, with names that are text whatever stands in them. */
const learnedOf = (nowMs: number): LearnedDto => {
	const row = (account: string, recipients: number, peakHour: number, isKnown = true) => ({
		account,
		messages: recipients,
		recipients,
		peakHour,
		directories: 0,
		isKnown,
	});
	const items = [
		row('shopmoda', 12_480, 2310),
		row('kanzleim', 3911, 240),
		row('domain:ein-sehr-langer-name-einer-domain-im-alten-protokoll.example', 733, 55, false),
		row('<img src=x onerror=alert(1)>', 92, 9, false),
		row('(without login)', 12, 3, false),
	];
	const log = {
		mta: 'exim' as const,
		from: new Date(nowMs - 7 * 86_400_000).toISOString(),
		until: new Date(nowMs).toISOString(),
	};
	return { log, accounts: 31, senders: 118, messages: 17_228, recipients: 17_228, items };
};

test('the first day says what happens next', { skip }, async () => {
	const world = emptyWorld();
	overviewWorldOf(world).sinceMs = world.now() - 360_000;
	const own = await startSite(world);
	const { context, page, complaints } = await visit('/', own);
	await page.getByRole('heading', { name: 'Your first days' }).waitFor();
	await page.getByText('No message has come yet.').waitFor();
	assert.equal(await page.getByText('Before Sluice').count(), 0, 'no log was there');
	assert.deepEqual(complaints, []);
	await context.close();
	await own.stop();
});

test('in the first week the mail log speaks of the time before; later nobody does', { skip }, async () => {
	const { world } = site.agent;
	const mine = overviewWorldOf(world);
	mine.learned = learnedOf(world.now());
	const { context, page, complaints } = await visit('/');
	assert.equal(await page.getByText('Before Sluice').count(), 0, 'counts of months say more');
	mine.sinceMs = world.now() - 360_000;
	await page.reload();
	await page.getByRole('heading', { name: 'Before Sluice: from the mail log, last 7 days' }).waitFor();
	await assertSound(page, 'first week');
	await picture(page, 'week-1280');
	await page.setViewportSize({ width: 360, height: 740 });
	await assertSound(page, 'first week on a phone');
	await picture(page, 'week-360');
	await page.locator('[aria-labelledby=before-h]').getByRole('link', { name: 'shopmoda' }).click();
	await page.getByText('From the mail log before: 12,480 recipients in 7 days, at most 2,310 in an hour.').waitFor();
	await picture(page, 'week-account-360');
	assert.deepEqual(complaints, []);
	await context.close();
	delete mine.sinceMs;
});

const paths = {
	overview: '/',
	account: '/accounts/shopmoda',
	health: '/health',
	audit: '/audit',
	raise: '/accounts/shopmoda/raise',
};
for (const { width, colorScheme: theme } of looks)
	test(`axe finds nothing, nothing is wider than the page: ${width} px, ${theme}`, { skip }, async () => {
		for (const [name, path] of Object.entries(paths)) {
			const { context, page, complaints } = await visit(path, site, { viewport: { width, height: 900 } });
			if (theme === 'dark')
				await page.evaluate(
					"document.querySelectorAll('[data-theme]').forEach((one) => { one.dataset.theme = 'dark' })",
				);
			await page.waitForLoadState('networkidle');
			await assertSound(page, name);
			await picture(page, `${name}-${width}-${theme}`);
			assert.deepEqual(complaints, [], name);
			await context.close();
		}
	});

test('on a phone the menu opens from its button', { skip }, async () => {
	const { context, page, complaints } = await visit('/health', site, { viewport: { width: 360, height: 740 } });
	assert.equal(await page.getByRole('link', { name: 'Audit' }).isVisible(), false);
	const button = page.getByRole('button', { name: 'Health' });
	await button.click();
	assert.equal(await button.getAttribute('aria-expanded'), 'true');
	await page.getByRole('link', { name: 'Audit' }).click();
	await page.getByRole('heading', { name: 'Who changed what' }).waitFor();
	assert.deepEqual(complaints, []);
	await context.close();
});

test('nothing failed in the pages', { skip }, () => {
	assert.deepEqual(site.panel.faults, []);
});
