/**
 * The pages before the real agent with the demonstration's accounts, and whoever is logged in to them. Nothing may have failed in a page.
 */
import assert from 'node:assert/strict';
import { after, before, type TestContext } from 'node:test';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import { seedDemo } from '../internet/demo.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { type Rig, type RigOptions, startRig } from '../scenarios/rig.ts';
import { startPages } from './pages.ts';
import { logInTo, type Visit } from './visit.ts';

/** One internet for the tests of a file; an agent for each test, ended with it. */
export function seededAgent(): (context: TestContext, config?: RigOptions['config']) => Promise<Rig> {
	let internet: Internet;
	before(async () => {
		internet = await startInternet();
	});
	after(() => internet.stop());
	return async (context, config = {}) => {
		const rig = await startRig(context, { internet, isWired: true, config });
		await seedDemo(rig.client);
		return rig;
	};
}

/** Somebody at pages of its own before the agent; an administrator unless it says who. */
export async function visitAs(context: TestContext, rig: Rig, actor?: Actor): Promise<Visit> {
	const pages = await startPages(rig.agent.socketPath, { now: Date.now, ...(actor === undefined ? {} : { actor }) });
	context.after(async () => {
		await pages.stop();
		assert.deepEqual(pages.faults, []);
	});
	return logInTo(pages);
}
