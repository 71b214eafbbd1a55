/**
 * `node test/panels/look.ts [FOLDER]`: pictures of the pages with made-up accounts, to be looked at. `--serve` leaves them standing.
 */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { slug } from '@sluice/shared/panel/model/cell.ts';
import { startFakeAgent } from './agent.ts';
import { startBrowser } from './browser.ts';
import { logIn, startPages } from './pages.ts';
import { mailWorld } from './world-mail.ts';

const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'sluice-look-'));
mkdirSync(folder, { recursive: true });
const agent = await startFakeAgent(mailWorld());
const pages = await startPages(agent.socketPath);
const browser = await startBrowser();
for (const width of [1280, 390])
	for (const colorScheme of ['light', 'dark'] as const) {
		const context = await browser.open({ viewport: { width, height: width < 700 ? 1500 : 900 }, colorScheme });
		const page = await context.newPage();
		const shot = (name: string) =>
			page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: width > 700 });
		await page.goto(pages.panel.url);
		await shot('login');
		await logIn(page, pages);
		await shot('accounts');
		await page.locator(`#limit-${slug('rosenca')} .sl-origin > a`).focus();
		await page.locator(`#limit-${slug('rosenca')} .sl-chain`).waitFor();
		await shot('tip');
		await page.keyboard.press('Escape');
		await page.locator(`#limit-${slug('rosenca')} .sl-edit`).click();
		await page.locator('.sl-editor [name=value]').fill('900');
		await page.locator('.sl-editor [value=save]').click();
		await page.locator('.sl-fault').waitFor();
		await shot('editor');
		await page.locator('.sl-editor [name=value]').fill('150');
		await page.locator('.sl-editor [value=save]').click();
		await page.locator('.sl-toast button').first().waitFor();
		await shot('toast');
		await page.goto(`${pages.panel.url}accounts/shopmoda`);
		await shot('account');
		await page.getByRole('link', { name: 'Hold mail' }).click();
		await page.locator('dialog[open]').waitFor();
		await shot('hold');
		await page.keyboard.press('Escape');
		await page.goto(`${pages.panel.url}messages/0000000000004`);
		await shot('message');
		for (const name of ['messages', 'open']) {
			await page.goto(`${pages.panel.url}${name}`);
			await shot(name);
		}
		await page.goto(`${pages.panel.url}accounts/uid:7001`);
		await shot('unknown');
		await page.goto(`${pages.panel.url}accounts/velofix/release`);
		await shot('release');
		await page.goto(`${pages.panel.url}accounts?q=yogg`);
		await shot('empty');
		await context.close();
	}
await agent.stop();
const context = await browser.open({ viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
await page.goto(pages.panel.url);
await logIn(page, pages, false);
await page.screenshot({ path: join(folder, 'down-1280-light.png'), fullPage: true });
await browser.stop();
await pages.stop();
console.log(folder);
