/**
 * What the tests of the pages in a browser look at besides their own matter: rules of axe-core that are broken, complaints of the
 * browser, what is wider than the page.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { BrowserContext, Page } from 'playwright-core';

const axeText = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Rules of axe that are broken, with where. Run through the debugger, which the page's policy does not bind. */
export async function breachesOf(page: Page): Promise<readonly string[]> {
	await page.evaluate(axeText);
	const found = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as {
		readonly id: string;
		readonly nodes: readonly { readonly target: unknown; readonly failureSummary: string }[];
	}[];
	return found.flatMap(({ id, nodes }) =>
		nodes.map(({ target, failureSummary }) => `${id} ${String(target)}: ${failureSummary}`),
	);
}

/** How many pixels the page is wider than its window. */
export const overhangOf = (page: Page): Promise<number> =>
	page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

/** A page whose every complaint is remembered: errors of scripts, of the console, breaches of the policy. */
export async function watchedPage(
	context: BrowserContext,
): Promise<{ readonly page: Page; readonly complaints: readonly string[] }> {
	const page = await context.newPage();
	const complaints: string[] = [];
	page.on('pageerror', (error) => complaints.push(String(error)));
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
