/**
 * The pages inside WHM and cPanel, for tests: the small cPanel server with the plugin, the panel server behind it, an agent and a root helper
 * that are made up. Reseller nordweb owns rosenca and velofix, bergdigital schulekl and wpagentu; `plain` has no right, `second` all.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ownerKeptMs } from '@sluice/panel-cpanel/adapter/owners.ts';
import { startCpanelPanel } from '@sluice/panel-cpanel/server/start.ts';
import { type Cpsrvd, startCpsrvd } from '../cpanel/whm/cpsrvd.ts';
import { type FakeHelper, startFakeHelper } from '../cpanel/whm/fake-helper.ts';
import { type ServerBox, startServerBox } from '../cpanel/whm/server-box.ts';
import { type FakeAgent, startFakeAgent } from './agent.ts';
import { nowMs } from './world.ts';
import { mailWorld } from './world-mail.ts';

export type CpanelSite = {
	readonly agent: FakeAgent;
	readonly server: ServerBox;
	readonly cpsrvd: Cpsrvd;
	/** The one that runs now. */
	helper(): FakeHelper;
	/** While that runs there is no root helper, and what it said before is too old. */
	withoutHelper(body: () => Promise<void>): Promise<void>;
	/** While that runs there is no panel server; its socket's place is free. */
	withoutPanel(body: (socketPath: string) => Promise<void>): Promise<void>;
	/** Asserts that nothing was logged as a fault, here or in cPanel's error log. */
	stop(): Promise<void>;
};

const users = ['shopmoda', 'rosenca', 'velofix'];
const resellers = [
	'nordweb:list-accts,software-Sluice',
	'bergdigital:software-Sluice',
	'plain:list-accts',
	'second:all',
];

async function helperAt(path: string): Promise<FakeHelper> {
	const helper = await startFakeHelper(path);
	for (const user of ['rosenca', 'velofix']) helper.owners.set(user, 'nordweb');
	for (const user of ['schulekl', 'wpagentu']) helper.owners.set(user, 'bergdigital');
	return helper;
}

export async function startCpanelSite(): Promise<CpanelSite> {
	const faults: string[] = [];
	let clockMs = nowMs;
	const agent = await startFakeAgent(mailWorld());
	const server = await startServerBox(users);
	await server.setResellers(resellers);
	await server.setFeatures(['shopmoda:sluice', 'rosenca:other,sluice', 'velofix:other']);
	const cpsrvd = await startCpsrvd(server, users);
	const [panelSocket, helperSocket] = [join(server.runFolder, 'panel.sock'), join(server.runFolder, 'helper.sock')];
	let helper = await helperAt(helperSocket);
	const startPanel = () =>
		startCpanelPanel({
			listen: panelSocket,
			agentSocket: agent.socketPath,
			helperSocket,
			secretFile: join(server.runFolder, 'secret'),
			version: '0.1.0',
			host: 'web17.northhost.example',
			zone: 'Europe/Berlin',
			now: () => clockMs,
			failed: (where, error) => faults.push(`${where}: ${String((error as Error).stack ?? error)}`),
		});
	let panel = await startPanel();
	return {
		agent,
		server,
		cpsrvd,
		helper: () => helper,
		async withoutHelper(body) {
			await helper.stop();
			clockMs += ownerKeptMs;
			try {
				await body();
			} finally {
				helper = await helperAt(helperSocket);
			}
		},
		async withoutPanel(body) {
			await panel.stop();
			try {
				await body(panelSocket);
			} finally {
				panel = await startPanel();
			}
		},
		async stop() {
			await panel.stop();
			await cpsrvd.stop();
			await helper.stop();
			await server.stop();
			await agent.stop();
			assert.deepEqual(faults, []);
			// What the stand-in of the Admin server says of an account without the feature; nothing else goes to cPanel's error log.
			const others = cpsrvd.complaints.filter((line) => line !== 'no feature sluice\n');
			assert.deepEqual(others, []);
		},
	};
}
