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
import { type Answer, ask, logInTo, type Visit } from './visit.ts';

/** Server side, for pages before 5,000 accounts; the least of some rounds, since others use the machine too. */
const pageMsMax = 300;

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

/** As many accounts as a large server has beside the demonstration's: every third a reseller's. */
export async function addThousands({ client }: Rig): Promise<void> {
	const items = Array.from({ length: 5000 }, (_, n) => ({
		id: `kunde${n}`,
		panel: 'none',
		name: `kunde${n}`,
		plan: 'Basic',
		domains: [`kunde${n}.test`],
		since: '2025-01-01T00:00:00.000Z',
		...(n % 3 === 0 ? { reseller: 'nordweb' } : {}),
	}));
	const told = await client.call('putAccounts', { body: { revision: Date.now() + 1, complete: false, items } });
	assert.ok(told.ok);
}

/** Asks for a page again and again; how long that took is told, and the quickest is in time. */
export async function assertInTime(
	context: TestContext,
	visit: Visit,
	{ path, rounds, check }: { readonly path: string; readonly rounds: number; check(answer: Answer): void },
): Promise<void> {
	const tookMs: number[] = [];
	let bytes = 0;
	for (let round = 0; round < rounds; round++) {
		const beganMs = performance.now();
		const answer = await ask(visit, path);
		tookMs.push(performance.now() - beganMs);
		check(answer);
		bytes = answer.text.length;
	}
	tookMs.sort((a, b) => a - b);
	const [least = 0] = tookMs;
	const median = tookMs[Math.floor(rounds / 2)] ?? 0;
	context.diagnostic(
		`5,000 accounts more, ${path}: ${least.toFixed(0)} ms least, ${median.toFixed(0)} ms median of ${rounds}, ${bytes} bytes`,
	);
	assert.ok(least < pageMsMax, `${path}: ${tookMs}`);
}
