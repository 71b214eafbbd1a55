/**
 * `node test/panels/pictures.ts`: the pictures of docs/pictures, drawn anew from made-up accounts, so that the same code gives the same ones.
 *
 * Look at them before you commit them. Not here: every state of every page (look.ts).
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import { startFakeAgent } from './agent.ts';
import type { World } from './agent-world.ts';
import { startBrowser } from './browser.ts';
import { logIn, startPages } from './pages.ts';
import { mail, mailWorld } from './world-mail.ts';

type Picture = {
	readonly name: string;
	readonly path: string;
	readonly actor?: Actor;
	readonly width?: number;
	readonly height?: number;
	readonly dark?: boolean;
};

const customer: Actor = { role: 'account', id: 'shopmoda' };
const pictures: readonly Picture[] = [
	{ name: 'overview', path: '', height: 1100 },
	{ name: 'accounts', path: 'accounts', height: 860 },
	{ name: 'account', path: 'accounts/shopmoda', height: 1000, dark: true },
	{ name: 'held', path: 'open', height: 860 },
	{ name: 'message', path: `messages/${mail.invoice.id}`, height: 860 },
	{ name: 'rules', path: 'rules', height: 900 },
	{ name: 'customer', path: '', actor: customer, height: 860 },
	{ name: 'customer-phone', path: '', actor: customer, width: 390, height: 860 },
];

/** Without what is only there to be hostile. */
function friendlyWorld(): World {
	const world = mailWorld();
	const plain = (text: string): string => text.replace(/<[^>]*>/g, '');
	return {
		...world,
		accounts: world.accounts.filter(({ key }) => key !== 'boese'),
		messages: world.messages
			.filter(({ account }) => account !== 'boese')
			.map((message) => ({ ...message, subject: plain(message.subject) })),
	};
}

const folder = join(import.meta.dirname, '../../docs/pictures');
mkdirSync(folder, { recursive: true });
const agent = await startFakeAgent(friendlyWorld());
const browser = await startBrowser();
for (const { name, path, actor, width = 1280, height = 900, dark = false } of pictures) {
	const pages = await startPages(agent.socketPath, actor === undefined ? {} : { actor });
	const context = await browser.open({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light' });
	const page = await context.newPage();
	await page.goto(pages.panel.url);
	await logIn(page, pages);
	await page.goto(`${pages.panel.url}${path}`, { waitUntil: 'networkidle' });
	await page.screenshot({ path: join(folder, `${name}.png`) });
	await context.close();
	await pages.stop();
}
await browser.stop();
await agent.stop();
