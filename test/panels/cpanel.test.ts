/**
 * The pages inside WHM and cPanel in a real Chromium: root sets a limit, a customer sends its own held mail, each within the panel's own
 * header and footer. The plugin's Perl and PHP are run by real interpreters where the install map puts them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slug } from '@sluice/shared/panel/model/cell.ts';
import type { Side } from '../cpanel/whm/cpsrvd.ts';
import { person } from '../cpanel/whm/person.ts';
import { serverBoxUnavailable } from '../cpanel/whm/server-box.ts';
import { type CpanelSite, startCpanelSite } from './cpanel-site.ts';
import { browserTests } from './in-browser.ts';
import { fieldOf } from './visit.ts';

let site: CpanelSite;
const { skip, open } = browserTests({
	unavailable: await serverBoxUnavailable(),
	async start() {
		site = await startCpanelSite();
	},
	stop: () => site.stop(),
});

/** A browser that is logged in, at the top-level page. */
async function sitting(side: Side, user: string, query = '') {
	const { home, cookie } = site.cpsrvd.logIn(side, user);
	const { context, page, complaints } = await open();
	const [name, value] = cookie.split('=') as [string, string];
	await context.addCookies([{ name, value, url: home, httpOnly: true }]);
	await page.goto(`${home}${query}`);
	return { context, page, frame: page.frameLocator('iframe[data-sluice]'), complaints };
}

test('root sees the accounts within WHM, sets a limit and takes it back', { skip }, async () => {
	const { context, page, frame, complaints } = await sitting('whm', 'root', '?to=/accounts');
	assert.equal(await page.locator('#whm').textContent(), 'WebHost Manager');
	await frame.locator('#list').waitFor();
	const cell = `#limit-${slug('rosenca')}`;
	await frame.locator(`${cell} .sl-edit`).click();
	await frame.locator('.sl-editor [name=value]').fill('150');
	await frame.locator('.sl-editor [value=save]').click();
	await frame.getByText('rosenca may send 150 recipients an hour').waitFor();
	assert.equal(site.agent.world.limits.get('account:rosenca')?.exception?.hour?.recipients, 150);
	assert.equal(site.agent.world.limits.get('account:rosenca')?.exception?.author, 'admin root');
	await frame.getByRole('button', { name: 'Undo' }).click();
	await frame.getByText('As before for rosenca').waitFor();
	assert.equal(site.agent.world.limits.get('account:rosenca'), undefined);
	assert.match(await page.title(), /Accounts/, 'frame.js of the files beside the script has run');
	assert.deepEqual(complaints, []);
	await context.close();
});

test('a customer sees own mail inside cPanel, and only own', { skip }, async () => {
	const { context, page, frame, complaints } = await sitting('cpanel', 'shopmoda');
	assert.equal(await page.locator('#cpanel').textContent(), 'cPanel Outgoing mail');
	await frame.locator('main').waitFor();
	assert.deepEqual(complaints, []);
	await context.close();
	const shopmoda = person(site.cpsrvd, 'cpanel', 'shopmoda');
	assert.equal((await shopmoda.ask('/accounts/shopmoda')).status, 200);
	for (const path of ['/accounts/velofix', '/accounts/rosenca'])
		assert.equal((await shopmoda.ask(path)).status, 404, path);
	const smuggled = await shopmoda.ask('/accounts/velofix', {
		headers: { 'Sluice-Panel-User': 'velofix', 'Sluice-Panel-Role': 'admin', 'X-Remote-User': 'velofix' },
	});
	assert.equal(smuggled.status, 404);
	const csrf = fieldOf((await shopmoda.ask('/accounts/shopmoda')).text, 'csrf');
	const large = await shopmoda.ask('/limits/undo', { body: `csrf=${csrf}&x=${'a'.repeat(70_000)}` });
	assert.equal(large.status, 413);
});

test('a customer sends its own held mail from within cPanel', { skip }, async () => {
	const { context, frame, complaints } = await sitting('cpanel', 'rosenca');
	await frame.getByText('2 messages wait for your OK').waitFor();
	await frame.getByRole('link', { name: 'Yes, send it' }).click();
	const dialog = frame.locator('dialog[open]');
	await dialog.waitFor();
	await dialog.getByRole('button', { name: 'Send it' }).click();
	await frame.getByText(/is being sent/).waitFor();
	const act = site.agent.asked.findLast(({ id }) => id === 'act');
	assert.deepEqual(act?.actor, { role: 'account', id: 'rosenca' });
	assert.equal(await frame.getByText('wait for your OK').count(), 0);
	assert.deepEqual(complaints, []);
	await context.close();
});
