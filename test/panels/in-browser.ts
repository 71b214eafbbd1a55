/**
 * What the tests of the pages in a browser stand on: one Chromium a file, pages whose every complaint is remembered, and what no page
 * may have: rules of axe-core that are broken, anything wider than the window.
 *
 * Not here: the browser itself (browser.ts), the sites it visits (pages.ts, embed.ts, cpanel-site.ts).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { browserUnavailable, startBrowser, type TestBrowser } from './browser.ts';

const axeText = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export type WatchedPage = {
	readonly context: BrowserContext;
	readonly page: Page;
	/** Errors of scripts and of the console, breaches of the policy, questions of scripts. */
	readonly complaints: readonly string[];
};

export type Look = { readonly width: number; readonly colorScheme: 'light' | 'dark' };

const allLooks: readonly Look[] = [
	...[1280, 390].flatMap((width) => (['light', 'dark'] as const).map((colorScheme) => ({ width, colorScheme }))),
	{ width: 360, colorScheme: 'light' },
	{ width: 1600, colorScheme: 'light' },
];
/** How every page is looked at: in the short run a screen by day and a phone by night, in the long one all. */
export const looks: readonly Look[] =
	process.env.SLUICE_LONG === '1' ? allLooks : [allLooks[0], allLooks[3]].filter((look) => look !== undefined);

const pictures = process.env.SLUICE_PICTURES;
/** A picture for the eye, kept where SLUICE_PICTURES names a folder. */
export async function picture(page: Page, name: string, fullPage = true): Promise<void> {
	if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage });
}

export type BrowserTests = {
	/** Why the tests of the file are skipped, or false: for `test(title, { skip }, …)`. */
	readonly skip: string | false;
	/** A page in a context of its own: no cookie of another test. */
	open(options?: BrowserContextOptions): Promise<WatchedPage>;
};

type Site = {
	/** Why there can be none here, or undefined. */
	readonly unavailable?: string | undefined;
	start(): Promise<void>;
	stop(): Promise<void>;
};

/** The browser and the site of a file of tests: started before its first test, stopped after its last. */
export function browserTests(site?: Site): BrowserTests {
	const skip = browserUnavailable() ?? site?.unavailable ?? false;
	let browser: TestBrowser;
	before(async () => {
		if (skip !== false) return;
		await site?.start();
		browser = await startBrowser();
	});
	after(async () => {
		if (skip !== false) return;
		await browser.stop();
		await site?.stop();
	});
	return {
		skip,
		async open(options) {
			const context = await browser.open({ viewport: { width: 1280, height: 900 }, ...options });
			return { context, ...(await watched(context)) };
		},
	};
}

async function watched(context: BrowserContext): Promise<Omit<WatchedPage, 'context'>> {
	const page = await context.newPage();
	const complaints: string[] = [];
	page.on('pageerror', (error) => complaints.push(String(error)));
	page.on('dialog', (dialog) => {
		complaints.push(`a script asked: ${dialog.message()}`);
		void dialog.dismiss();
	});
	page.on('console', (message) => {
		// What a page answers with is no complaint of the browser's; the tests look at it themselves.
		if (['error', 'warning'].includes(message.type()) && !/Failed to load resource/.test(message.text()))
			complaints.push(message.text());
	});
	await page.addInitScript(
		`document.addEventListener('securitypolicyviolation', (event) => console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))`,
	);
	return { page, complaints };
}

/** As a person reads it: what is hidden is left out. */
export const read = async (part: Locator): Promise<string> => (await part.allInnerTexts()).join('\n');

/** Rules of axe that are broken, with where. Run through the debugger, which the page's policy does not bind. */
async function breachesOf(page: Page): Promise<readonly string[]> {
	await page.evaluate(axeText);
	const found = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as {
		readonly id: string;
		readonly nodes: readonly { readonly target: unknown; readonly failureSummary: string }[];
	}[];
	return found.flatMap(({ id, nodes }) =>
		nodes.map(({ target, failureSummary }) => `${id} ${String(target)}: ${failureSummary}`),
	);
}

/** axe finds nothing, and nothing is wider than the window. */
export async function assertSound(page: Page, state: string): Promise<void> {
	assert.deepEqual(await breachesOf(page), [], state);
	const overhangPx = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
	assert.equal(overhangPx, 0, `${state}: pixels wider than the window`);
}
