/**
 * The pages on a free port before an agent's socket, for tests; and a person who logs in.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@sluice/shared/client/client.ts';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import { createPanelApp } from '@sluice/shared/panel/app.ts';
import { createNoPanelAdapter } from '@sluice/shared/panel/none/adapter.ts';
import { openPassword } from '@sluice/shared/panel/none/password.ts';
import { type NoPanel, type NoPanelSettings, startNoPanel } from '@sluice/shared/panel/none/start.ts';
import type { Page } from 'playwright-core';
import { nowMs } from './world.ts';

export type TestPages = {
	readonly panel: NoPanel;
	readonly password: string;
	readonly faults: unknown[];
	stop(): Promise<void>;
};

/** As in a panel that has resellers: whoever logs in is that actor. */
async function startFor(actor: Actor, settings: NoPanelSettings & { readonly now: () => number }): Promise<NoPanel> {
	const { now, clientFor, failed, version } = settings;
	const password = await openPassword(settings.passwordFile, now);
	const adapter = createNoPanelAdapter({ password, now, mta: 'Exim' });
	const app = createPanelApp({
		adapter: {
			...adapter,
			visitorOf(request) {
				const visitor = adapter.visitorOf(request);
				return visitor === undefined ? undefined : { ...visitor, actor };
			},
		},
		place: { zone: 'Europe/Berlin', host: 'web17.northhost.example', version, now },
		clientFor,
		failed,
	});
	const server = app.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
		...(password.told === undefined ? {} : { password: password.told }),
		passwordMade: password.made,
		async stop() {
			server.closeAllConnections();
			server.close();
			await once(server, 'close');
		},
	};
}

export async function startPages(
	socketPath: string,
	{ now = () => nowMs, actor }: { readonly now?: () => number; readonly actor?: Actor } = {},
): Promise<TestPages> {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-pages-'));
	const faults: unknown[] = [];
	const settings: NoPanelSettings = {
		port: 0,
		passwordFile: join(folder, 'panel-password'),
		clientFor: (visitor) => createClient(socketPath, visitor),
		version: '0.1.0',
		host: 'web17.northhost.example',
		zone: 'Europe/Berlin',
		mta: 'Exim',
		now,
		failed: (where, error) => faults.push(`${where}: ${String((error as Error).stack ?? error)}`),
	};
	const panel = actor === undefined ? await startNoPanel(settings) : await startFor(actor, { ...settings, now });
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
	await page.locator('.sl-nav__list').waitFor({ state: 'attached' });
	if (!isList) return;
	await page.goto(new URL('accounts', pages.panel.url).href);
	await page.locator('#list').waitFor();
}
