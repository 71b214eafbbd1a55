/**
 * The pages on a free port before an agent's socket, for tests; and a person who logs in.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@sluice/shared/client/client.ts';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import { type NoPanel, startNoPanel } from '@sluice/shared/panel/none/start.ts';
import type { Page } from 'playwright-core';
import { nowMs } from './world.ts';

export type TestPages = {
	readonly panel: NoPanel;
	readonly password: string;
	readonly faults: unknown[];
	stop(): Promise<void>;
};

export async function startPages(
	socketPath: string,
	{ now = () => nowMs, actor }: { readonly now?: () => number; readonly actor?: Actor } = {},
): Promise<TestPages> {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-pages-'));
	const faults: unknown[] = [];
	const panel = await startNoPanel({
		port: 0,
		passwordFile: join(folder, 'panel-password'),
		clientFor: (visitor) => createClient(socketPath, actor ?? visitor),
		version: '0.1.0',
		host: 'web17.northhost.example',
		zone: 'Europe/Berlin',
		mta: 'Exim',
		now,
		failed: (where, error) => faults.push(`${where}: ${String((error as Error).stack ?? error)}`),
	});
	return {
		panel,
		password: panel.password as string,
		faults,
		async stop() {
			await panel.stop();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

export async function logIn(page: Page, pages: TestPages, isList = true): Promise<void> {
	await page.goto(pages.panel.url);
	await page.getByLabel('Password').fill(pages.password);
	await page.getByRole('button', { name: 'Log in' }).click();
	if (isList) await page.locator('#list').waitFor();
}
