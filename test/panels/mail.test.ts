/**
 * The pages of mail in a real Chromium: search, release with its question, discard and undo, a customer with its own held mail; stored
 * hostile text that must stay text; axe-core in light and dark, no complaint of the console, no breach of the policy.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import { type FakeAgent, startFakeAgent } from './agent.ts';
import { startEmbedded } from './embed.ts';
import { assertSound, browserTests, looks, read, type WatchedPage } from './in-browser.ts';
import { logIn, startPages, type TestPages } from './pages.ts';
import { hostile, mail, mailWorld } from './world-mail.ts';

const admin: Actor = { role: 'admin', id: 'root' };
const rosenca: Actor = { role: 'account', id: 'rosenca' };

const { skip, open } = browserTests();

type Look = { readonly width?: number; readonly colorScheme?: 'light' | 'dark'; readonly hasScript?: boolean };
type Site = { readonly agent: FakeAgent; readonly pages: TestPages };

/** Ends with the test, however that ends. */
async function siteFor(t: TestContext, actor: Actor): Promise<Site> {
	const agent = await startFakeAgent(mailWorld());
	const pages = await startPages(agent.socketPath, { actor });
	t.after(async () => {
		await pages.stop();
		await agent.stop();
		assert.deepEqual(pages.faults, []);
	});
	return { agent, pages };
}

async function visit(
	{ pages }: Site,
	{ width = 1280, colorScheme = 'light', hasScript = true }: Look = {},
): Promise<WatchedPage> {
	const watched = await open({ viewport: { width, height: 900 }, colorScheme, javaScriptEnabled: hasScript });
	await logIn(watched.page, pages, false);
	await watched.page.getByRole('heading', { level: 1 }).waitFor();
	return watched;
}

const at = (site: Site, path: string): string => new URL(path, site.pages.panel.url).href;

test('search changes list and address, chips keep it, back goes back; an id goes to its message', {
	skip,
}, async (t) => {
	const site = await siteFor(t, admin);
	const { context, page, complaints } = await visit(site);
	await page.goto(at(site, '/messages'));
	await page.getByLabel('Subject').fill('brunch');
	await page.keyboard.press('Enter');
	await page.getByText('5 messages, that is all · subject with “brunch”').waitFor();
	await page.getByRole('link', { name: 'Refused', exact: true }).click();
	await page.getByText('2 messages, that is all · subject with “brunch” · with a recipient refused').waitFor();
	assert.match(page.url(), /\/messages\?.*subject=brunch/);
	assert.match(page.url(), /state=bounced/);
	assert.equal(await page.getByLabel('Subject').inputValue(), 'brunch', 'the search still stands');
	await page.getByLabel('Subject').fill('');
	await page.keyboard.press('Enter');
	await page.getByText(/4 messages, that is all · with a recipient refused/).waitFor();
	await page.goBack();
	await page.getByText('2 messages, that is all · subject with “brunch” · with a recipient refused').waitFor();
	assert.equal(await page.getByLabel('First day').isVisible(), false);
	await page.getByLabel('Time').selectOption('between');
	await page.getByLabel('First day').waitFor();
	await page.getByLabel('To', { exact: true }).fill(mail.vouchers.id);
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { level: 1, name: /Gutscheinliste/ }).waitFor();
	assert.deepEqual(complaints, []);
	await context.close();
});

test('release asks in a dialog with the focus on Cancel, Escape leaves all as it is, then it goes', {
	skip,
}, async (t) => {
	const site = await siteFor(t, admin);
	const { context, page, complaints } = await visit(site);
	await page.goto(at(site, '/open'));
	const release = page.getByRole('link', { name: 'Release' });
	const before = await release.count();
	await release.first().click();
	const dialog = page.locator('dialog[open]');
	await dialog.waitFor();
	assert.match(
		await read(dialog),
		/Release “3 messages of velofix”\?\s+3 recipients are held and go on\..*cannot be called back/s,
	);
	assert.equal(await read(dialog.locator(':focus')), 'Cancel');
	await assertSound(page, 'release');
	await page.keyboard.press('Escape');
	assert.equal(await dialog.count(), 0);
	assert.ok(site.agent.asked.every(({ id }) => id !== 'act'));
	await release.first().click();
	await dialog.getByRole('button', { name: 'Release 3' }).click();
	await page.getByText('“3 messages of velofix”: 3 recipients go on. What has left cannot be called back.').waitFor();
	assert.equal(await page.getByRole('button', { name: 'Undo' }).count(), 0);
	assert.equal(await release.count(), before - 1);
	assert.deepEqual(complaints, []);
	await context.close();
});

test('discard wants a reason, undo puts it back as it was', { skip }, async (t) => {
	const site = await siteFor(t, admin);
	const { context, page, complaints } = await visit(site);
	await page.goto(at(site, `/messages/${mail.invoice.id}`));
	await page.getByRole('link', { name: 'Discard' }).click();
	const dialog = page.locator('dialog[open]');
	await dialog.getByLabel('Why').fill('fraud');
	await dialog.getByRole('button', { name: 'Discard 1' }).click();
	await page.getByText(/discarded for 1 recipient\. It can be brought back until/).waitFor();
	assert.match(await read(page.getByRole('heading', { level: 1 })), /Discarded/);
	await page.getByRole('button', { name: 'Undo' }).click();
	await page.getByText('As before: “Rechnung 2026-1187” is back for 1 recipient.').waitFor();
	assert.match(await read(page.getByRole('heading', { level: 1 })), /Held/);
	// What is harmless asks nothing.
	await page.goto(at(site, `/messages/${mail.rosens[3]?.id}`));
	await page.getByRole('button', { name: 'Try now' }).click();
	await page.getByText('1 recipient is tried now.').waitFor();
	assert.deepEqual(complaints, []);
	await context.close();
});

test('a customer sends its own held mail, by script and without; sees nobody else’s', { skip }, async (t) => {
	for (const hasScript of [true, false]) {
		const site = await siteFor(t, rosenca);
		const { context, page, complaints } = await visit(site, { hasScript });
		await page.goto(at(site, '/'));
		await page.getByRole('heading', { name: '2 messages wait for your OK' }).waitFor();
		await page.getByRole('link', { name: 'Yes, send it' }).click();
		await page.getByRole('button', { name: 'Send it' }).click();
		await page.getByText('is being sent.').waitFor();
		assert.equal(await page.getByRole('heading', { name: /wait for your OK/ }).count(), 0);
		await page.getByPlaceholder('Who should have got it?').fill('gmail.example');
		await page.getByRole('button', { name: 'Search' }).click();
		await page.getByText('1 message, that is all · to gmail.example').waitFor();
		assert.doesNotMatch(await read(page.locator('main')), /shopmoda|velofix|boese/);
		await page.goto(at(site, `/messages/${mail.invoice.id}`));
		await page.getByRole('heading', { name: 'No such message, or it is not yours' }).waitFor();
		assert.deepEqual(complaints, []);
		await context.close();
	}
});

test('stored hostile text is text: no script runs, the policy is never asked', { skip }, async (t) => {
	const [refused, held] = mail.boeses.map(({ id }) => id);
	const site = await siteFor(t, admin);
	const { context, page, complaints } = await visit(site);
	const isTaken = (): Promise<boolean> => page.evaluate(() => 'taken' in globalThis);
	for (const path of [
		'/messages',
		'/open',
		'/accounts',
		'/accounts/boese',
		`/messages/${refused}`,
		`/messages/${held}`,
	]) {
		await page.goto(at(site, path));
		await page.getByRole('heading', { level: 1 }).waitFor();
		assert.equal(await isTaken(), false, path);
		assert.equal(await page.locator('main img, main iframe').count(), 0, path);
	}
	await page.goto(at(site, `/messages/${refused}`));
	assert.equal((await read(page.locator('h1'))).includes(hostile.subject), true);
	const main = await read(page.locator('main'));
	for (const text of [hostile.sender, hostile.recipient, hostile.directory, hostile.reply])
		assert.ok(main.includes(text), text);
	assert.equal(await read(page.locator('.sl-note .sl-reply')), hostile.reply);
	await page.goto(at(site, `/messages/${held}`));
	await page.getByRole('link', { name: 'Discard' }).click();
	await page.locator('dialog[open]').waitFor();
	assert.ok((await read(page.locator('dialog[open] h2'))).includes(hostile.subject), 'swapped in as text');
	await page.locator('dialog[open]').getByLabel('Why').fill(hostile.text);
	await page.locator('dialog[open]').getByRole('button', { name: 'Discard 1' }).click();
	await page.getByRole('button', { name: 'Undo' }).waitFor();
	assert.equal(await isTaken(), false);
	// Typed into the search by somebody who was sent a link.
	await page.goto(
		at(
			site,
			`/messages?subject=${encodeURIComponent(hostile.subject)}&to=${encodeURIComponent('"><script>taken=1</script>')}`,
		),
	);
	await page.getByRole('heading', { level: 1 }).waitFor();
	assert.equal(await isTaken(), false);
	assert.deepEqual(complaints, []);
	await context.close();

	const own = await siteFor(t, { role: 'account', id: 'boese' });
	const theirs = await visit(own);
	for (const path of ['/', '/messages', `/messages/${refused}`]) {
		await theirs.page.goto(at(own, path));
		assert.equal(await theirs.page.evaluate(() => 'taken' in globalThis), false, path);
	}
	assert.ok((await read(theirs.page.locator('main'))).includes(hostile.reply), 'the other side in its own words');
	assert.deepEqual(theirs.complaints, []);
	await theirs.context.close();
});

test('in a panel’s frame: a customer deletes, brings back, sends and searches, below the token, by script and without', {
	skip,
}, async (t) => {
	for (const javaScriptEnabled of [true, false]) {
		const agent = await startFakeAgent(mailWorld());
		const panel = await startEmbedded(agent.socketPath, { actor: rosenca });
		const { context, page, complaints } = await open({ javaScriptEnabled });
		t.after(async () => {
			await context.close();
			await panel.stop();
			await agent.stop();
		});
		await page.goto(panel.url);
		const frame = page.frameLocator('iframe');
		await frame.getByRole('heading', { name: '2 messages wait for your OK' }).waitFor();
		await frame.getByRole('link', { name: 'Delete it' }).click();
		await frame.getByRole('button', { name: 'Delete it' }).click();
		await frame.getByText('is deleted.').waitFor();
		await frame.getByRole('button', { name: 'Undo' }).click();
		await frame.getByText('is back as it was.').waitFor();
		await frame.getByRole('link', { name: 'Yes, send it' }).click();
		await frame.getByRole('button', { name: 'Send it' }).click();
		await frame.getByText('is being sent.').waitFor();
		await frame.getByPlaceholder('Who should have got it?').fill('gmail.example');
		await frame.getByRole('button', { name: 'Search' }).click();
		await frame.getByText('1 message, that is all · to gmail.example').waitFor();
		await frame.getByLabel('To', { exact: true }).fill('');
		await frame.getByLabel('Subject').fill('Croissants');
		await frame.getByRole('button', { name: 'Search' }).click();
		await frame.getByText('1 message, that is all · subject with “Croissants”').waitFor();
		await frame.getByRole('link', { name: 'bestellung@baeckerei-rohde.example' }).click();
		await frame.getByRole('heading', { level: 1, name: /Croissants/ }).waitFor();
		assert.deepEqual([panel.strays, panel.faults, complaints], [[], [], []]);
	}
});

test('axe-core finds nothing, light and dark, wide and on a phone, and nothing is wider than the screen', {
	skip,
}, async (t) => {
	const [refused] = mail.boeses.map(({ id }) => id);
	const discarded = mail.rosens.at(-1)?.id;
	const views: readonly (readonly [Actor, readonly string[]])[] = [
		[
			admin,
			[
				'/messages',
				'/messages?subject=nothing',
				'/open',
				`/messages/${refused}`,
				`/messages/${discarded}`,
				`/messages/${mail.menu.id}/discard`,
			],
		],
		[rosenca, ['/', '/messages', `/messages/${mail.rosens[2]?.id}`, `/messages/${mail.menu.id}/release`]],
	];
	for (const [actor, paths] of views) {
		const site = await siteFor(t, actor);
		for (const { width, colorScheme } of looks) {
			const { context, page, complaints } = await visit(site, { width, colorScheme });
			for (const path of paths) {
				await page.goto(at(site, path));
				await page.getByRole('heading', { level: 1 }).waitFor();
				await assertSound(page, `${path} ${width} ${colorScheme}`);
			}
			assert.deepEqual(complaints, []);
			await context.close();
		}
	}
});
