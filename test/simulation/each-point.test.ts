/**
 * One small history, killed at each of its points, and with each of its writes failing: counted at the sink every time.
 *
 * A point is a fired timer of the simulated world: a flush that ends, an answer that arrives, an attempt that is due. Between two points
 * nothing happens, so that killing at each of them is killing everywhere.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recount } from './windows.ts';
import { createWorld, startMs, type World } from './world.ts';

const seed = 7;
const dayMs = 86_400_000;

/** Its account may send two an hour: the first message leaves in parts, the second waits behind it. */
const login = 's@kind.sender.test';

const mails = [
	{ token: 'one', from: 's@kind.sender.test', to: ['a@kind.test', 'b@greylist.test', 'c@kind2.test'], login },
	{ token: 'two', from: 's@kind.sender.test', to: ['d@nodomain.test', 'e@kind.test'], login },
	{ token: 'three', from: '', to: ['f@greylist.test'], login: '' },
] as const;

type Played = { readonly world: World; readonly acknowledged: ReadonlySet<string> };

/** Plays the history; `disturb` is called once the agent runs and before the first message. */
async function play(
	disturb: (world: World) => { readonly until?: () => boolean; readonly afterwards?: () => void },
): Promise<Played> {
	const world = createWorld(seed);
	world.limits.set('account', 'domain:kind.sender.test', {
		base: { values: { 'hour.recipients': 2 }, mode: 'enforce', author: 'admin simulation', setMs: startMs },
	});
	world.start();
	const acknowledged = new Set<string>();
	const { until, afterwards } = disturb(world);
	let isDead = false;
	let answered = 0;
	for (const mail of mails) {
		void world.submit(mail).then((code) => {
			answered += 1;
			if (code === 250 && !isDead) acknowledged.add(mail.token);
		});
	}
	await world.clock.run(
		world.clock.now() + 7 * dayMs,
		until ?? (() => answered === mails.length && world.flow().scheduler.messages === 0),
	);
	if (afterwards !== undefined) {
		isDead = true;
		afterwards();
	}
	await world.clock.run(world.clock.now() + 10 * dayMs, () => world.flow().scheduler.messages === 0);
	return { world, acknowledged };
}

function check({ world, acknowledged }: Played, point: string): number {
	assert.equal(world.flow().scheduler.messages, 0, `${point}: something never ended`);
	let twice = 0;
	for (const { token, from, to } of mails) {
		if (!acknowledged.has(token)) continue;
		for (const address of to) {
			const taken = world.internet.taken.get(`${token} ${address}`) ?? 0;
			const failed = world.internet.reports.get(`${token} ${address} failed`) ?? 0;
			if (address.endsWith('nodomain.test'))
				assert.ok(failed >= 1 || from === '', `${point}: ${address} was not reported`);
			else assert.ok(taken >= 1, `${point}: ${address} was lost`);
			twice += Math.max(0, taken - 1) + Math.max(0, failed - 1);
		}
	}
	const limit = { scope: 'account:domain:kind.sender.test', window: 'hour', unit: 'recipients', value: 2 } as const;
	const { over, twice: chargedTwice } = recount(world.disk.entries(), [limit]);
	assert.deepEqual([over, chargedTwice], [[], []], point);
	assert.ok(twice <= world.inFlightAtKills, `${point}: ${twice} twice, ${world.inFlightAtKills} in flight`);
	return twice;
}

test('killed at each point of a history, every acknowledged recipient still ends, and nothing beyond what was in flight comes twice', async (context) => {
	const undisturbed = await play(() => ({}));
	assert.equal(check(undisturbed, 'undisturbed'), 0);
	assert.equal(undisturbed.acknowledged.size, mails.length);
	const points = undisturbed.world.clock.fired;
	// Sweeps go on after the mail has ended: the first points are the history.
	const last = Math.min(points, process.env.SLUICE_LONG ? 2000 : 320);
	let repeated = 0;
	for (let point = 1; point <= last; point++) {
		const played = await play((world) => ({
			until: () => world.clock.fired >= point,
			afterwards: () => {
				world.kill();
				world.start();
			},
		}));
		repeated += check(played, `killed at point ${point}`);
	}
	context.diagnostic(`${last} points of ${points}, ${repeated} taken or told twice in all`);
});

test('with each write failing in turn nothing acknowledged is lost and nothing stays behind', async (context) => {
	const undisturbed = await play(() => ({}));
	const writes = undisturbed.world.disk.writes;
	for (let nth = 1; nth <= writes; nth++) {
		const played = await play((world) => {
			world.disk.failNth = nth;
			return {};
		});
		check(played, `write ${nth} fails`);
	}
	context.diagnostic(`${writes} writes`);
});
