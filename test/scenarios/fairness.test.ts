/**
 * Fair turns: a backlog of one sender delays nobody else by more than a second and one slot, and other lanes not at all.
 *
 * Every transaction takes the same time at the receiver, so the backlog stays, and what a message waits beyond that time is what the
 * backlog cost it.
 */
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { type Internet, startInternet } from '../internet/internet.ts';
import { inject } from './inject.ts';
import { type Rig, startRig } from './rig.ts';
import { mailbox } from './senders.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet({ messagesMax: 1000 });
});
after(() => internet.stop());

const backlog = 50_000;
/** Inside unattributed mail the turns are the same on a lower level: fewer show it. */
const unattributedBacklog = process.env.SLUICE_LONG === '1' ? 50_000 : 10_000;
/** How long a transaction takes: one place of the lane for so long. */
const slotMs = 100;
/** What a neighbour may wait for its turn. */
const turnMsMax = 1_000;
/** What is lost to two busy cores and a busy disk, with or without a backlog. */
const elsewhereMsMax = 500;

type Probe = { readonly from?: string; readonly lane: string; readonly sender?: string };

let probes = 0;

/** From acceptance to the receiver's answer, milliseconds. */
async function delayOf(rig: Rig, { lane, ...probe }: Probe): Promise<number> {
	// With a backlog there are many events: each is looked at once.
	let looked = rig.events.length;
	const message = await rig.send({ ...probe, to: [`slow-${slotMs}-probe${++probes}@${lane}`] });
	const atMs = { 'message.accepted': 0, 'recipient.delivered': 0 };
	await rig.until(() => {
		for (; looked < rig.events.length; looked++) {
			const event = rig.events[looked];
			if (event?.message === message && event.event in atMs) atMs[event.event as keyof typeof atMs] = event.atMs;
		}
		return atMs['recipient.delivered'] > 0;
	});
	return atMs['recipient.delivered'] - atMs['message.accepted'];
}

/** Sorted; the worst is what is bounded: one message may be lucky. */
async function delaysOf(rig: Rig, probe: Probe): Promise<readonly number[]> {
	const delays: number[] = [];
	for (let times = 0; times < 5; times++) delays.push(await delayOf(rig, probe));
	return delays.toSorted((one, other) => one - other);
}

/** The worst delay of each; all of them are told. */
async function measure<What extends string>(
	context: TestContext,
	rig: Rig,
	cases: { readonly [what in What]: Probe },
): Promise<{ readonly [what in What]: number }> {
	const worst = {} as { [what in What]: number };
	for (const what of Object.keys(cases) as What[]) {
		const delays = await delaysOf(rig, cases[what]);
		context.diagnostic(`${what}: ${delays.join(', ')} ms`);
		worst[what] = delays.at(-1) ?? Number.NaN;
	}
	return worst;
}

const start = (context: TestContext): Promise<Rig> =>
	startRig(context, { internet, isWired: true, config: { spool: { minFreeBytes: 0, minFreeRatio: 0 } } });

const slow = (lane: string) => (number: number) => `slow-${slotMs}-${number}@${lane}`;

test(`${backlog.toLocaleString('en')} messages of one account in a lane`, async (context) => {
	const rig = await start(context);
	const neighbour = mailbox('n@neighbour.test');
	const flood = mailbox('f@flood.test');
	const alone = await measure(context, rig, { 'without backlog': { lane: 'lane.test', sender: neighbour } });
	const beganMs = performance.now();
	await inject(rig, { count: backlog, from: 'f@flood.test', to: slow('lane.test'), sender: flood });
	context.diagnostic(`injected in ${Math.round(performance.now() - beganMs)} ms`);
	const delays = await measure(context, rig, {
		'same lane, another account': { lane: 'lane.test', sender: neighbour },
		'another lane, another account': { lane: 'other-lane.test', sender: neighbour },
		'another lane, the same account': { lane: 'third-lane.test', sender: flood },
	});
	const left = rig.agent.flow.scheduler.countsBy('destination', Date.now()).find(({ key }) => key === 'lane.test');
	assert.ok((left?.queued ?? 0) > backlog * 0.8, 'the backlog is still there');
	assert.ok(delays['same lane, another account'] <= turnMsMax + slotMs);
	for (const what of ['another lane, another account', 'another lane, the same account'] as const)
		assert.ok(delays[what] <= alone['without backlog'] + elsewhereMsMax, what);
});

test(`${unattributedBacklog.toLocaleString('en')} unattributed messages of one address in a lane`, async (context) => {
	const rig = await start(context);
	await inject(rig, { count: unattributedBacklog, from: 'noisy@shared.test', to: slow('lane.test') });
	const delays = await measure(context, rig, {
		'same domain, another address': { lane: 'lane.test', from: 'quiet@shared.test' },
		'another domain': { lane: 'lane.test', from: 'quiet@other.test' },
		'an account': { lane: 'lane.test', sender: mailbox('n@neighbour.test') },
		'another lane': { lane: 'other-lane.test', from: 'noisy@shared.test' },
	});
	const account = rig.agent.flow.scheduler.countsBy('account', Date.now()).find(({ key }) => key === '');
	assert.ok((account?.queued ?? 0) > unattributedBacklog * 0.5, 'the backlog is still there');
	for (const what of ['same domain, another address', 'another domain', 'an account'] as const)
		assert.ok(delays[what] <= turnMsMax + slotMs, what);
	assert.ok(delays['another lane'] <= slotMs + elsewhereMsMax);
});

test('thirty busy accounts in a lane: a newcomer is served after one round', async (context) => {
	const rig = await start(context);
	const accounts = Array.from({ length: 30 }, (_, at) => at);
	await Promise.all(
		accounts.map((at) =>
			inject(rig, { count: 300, from: `a@busy${at}.test`, to: slow('lane.test'), sender: mailbox(`a@busy${at}.test`) }),
		),
	);
	const { 'one of thirty-one': worst } = await measure(context, rig, {
		'one of thirty-one': { lane: 'lane.test', sender: mailbox('n@neighbour.test') },
	});
	// A round of all over the five places that a lane has at first, and its own slot.
	assert.ok(worst <= (accounts.length / 5) * slotMs + slotMs + elsewhereMsMax);
});
