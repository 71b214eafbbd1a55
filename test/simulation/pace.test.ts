/**
 * A steady flow above the limit drains at exactly the limit's pace: while anything waits, every window is full and none is over; what
 * leaves, leaves in the order in which it came; and the time that was told for the last one is when it left.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recount } from './windows.ts';
import { createWorld, startMs } from './world.ts';

const minuteMs = 60_000;
const login = 's@kind.sender.test';
const account = 'domain:kind.sender.test';

for (const { window, value, everyMs, messages } of [
	{ window: 'hour', value: 60, everyMs: 20_000, messages: 300 },
	{ window: 'minute', value: 7, everyMs: 4000, messages: 200 },
] as const)
	test(`${messages} messages, one every ${everyMs / 1000} s, at ${value} a ${window}`, async (context) => {
		const world = createWorld(11);
		const { clock } = world;
		world.limits.set('account', account, {
			base: {
				values: { [`${window}.recipients`]: value },
				mode: 'enforce',
				author: 'admin simulation',
				setMs: startMs,
			},
		});
		world.start();
		for (let number = 0; number < messages; number++) {
			const to = [`r${number}@kind${number % 2 === 0 ? '' : '2'}.test`];
			assert.equal((await settled(world, world.submit({ token: `t${number}`, from: login, to, login }))) ?? 0, 250);
			await clock.run(clock.now() + everyMs);
		}
		const { flow } = world;
		const waiting = flow().waiting.recipients;
		const chain = [...flow().waiting.messages()][0]?.chain;
		assert.ok(chain !== undefined && waiting > 0);
		const nowMs = clock.now();
		const rules = flow().ruleSets.of(chain, nowMs);
		const toldMs = flow().waiting.lastLeavesMs(chain, { rules, meter: flow().meter, nowMs });
		await clock.run(nowMs + 12 * 60 * minuteMs, () => flow().scheduler.messages === 0);

		const entries = world.disk.entries();
		const limit = { scope: `account:${account}`, window, unit: 'recipients', value } as const;
		assert.deepEqual(recount(entries, [limit]).over, []);
		const left: { readonly id: string; readonly atMs: number }[] = [];
		for (const entry of entries) {
			if (entry.kind === 'message' && entry.record.initial === 'queued' && entry.record.about === undefined)
				left.push({ id: entry.record.id, atMs: entry.record.acceptedMs });
			else if (entry.kind === 'transitions')
				for (const { message, atMs, charge } of entry.transitions)
					if (charge !== undefined) left.push({ id: message, atMs });
		}
		assert.equal(left.length, messages);
		assert.deepEqual(
			left.map(({ id }) => id),
			left.map(({ id }) => id).sort(),
			'oldest first',
		);
		// From the first that had to wait on, each leaves in the second in which the one a window before it is free.
		const windowMs = window === 'hour' ? 3_600_000 : 60_000;
		const late = left.slice(value).map(({ atMs }, index) => {
			const freeMs = Math.floor((left[index]?.atMs ?? 0) / 1000) * 1000 + windowMs;
			return atMs - freeMs;
		});
		const waited = late.filter((ms) => ms < 1000).length;
		assert.ok(late.every((ms) => ms >= 0));
		assert.equal(waited, late.length, 'no room was left unused');
		assert.ok(Math.abs((toldMs ?? 0) - (left.at(-1)?.atMs ?? 0)) < 1000, 'the time that senders are told');
		context.diagnostic(
			`${waiting} waited at the end of the flow, the last left ${Math.round(((left.at(-1)?.atMs ?? 0) - nowMs) / 1000)} s later`,
		);
	});

/** The reply, with the clock going on until it is there. */
async function settled({ clock }: ReturnType<typeof createWorld>, reply: Promise<number>): Promise<number | undefined> {
	let code: number | undefined;
	void reply.then((answer) => {
		code = answer;
	});
	await clock.run(clock.now() + 1000, () => code !== undefined);
	return code;
}
