/**
 * The scheduler against a model that is too simple to be wrong: a flat list of recipients, looked through each time.
 *
 * Random acts in random order, with a clock that also goes backwards. After each: nobody is lost, doubled or in two
 * transactions, no bound is exceeded, nobody who could go is left waiting, and the counts are what a recount says.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transition } from '@sluice/shared/words/message.ts';
import { isFinal, openStates, type RecipientState } from '@sluice/shared/words/recipient.ts';
import fc from 'fast-check';
import { mayTake } from '../delivery/lifecycle.ts';
import { feedbackDefaults, type LaneSignal } from './feedback.ts';
import { fixtureStartMs, queuedFixture } from './queued.fixture.ts';
import type { QueuedMessage, QueuedRecipient } from './queued.ts';
import { type Act, type ActKind, createScheduler, type Job, type Scheduler } from './scheduler.ts';
import { abandonedRetryMs, type SchedulerSettings, schedulerDefaults } from './settings.ts';

const settings: SchedulerSettings = {
	...schedulerDefaults,
	deliveriesMax: 6,
	accountShare: 1,
	recipientsPerTransactionMax: 3,
	feedback: { ...feedbackDefaults, windowInitial: 2, windowMax: 3, reopenMs: 5000, reopenMaxMs: 20_000 },
	idleLanesMax: 4,
};

const destinations = ['one.test', 'two.test', 'three.test', 'four.test', 'five.test'];
const accounts = ['a', 'b', ''];
const startStates = ['queued', 'queued', 'queued', 'held', 'waiting', 'delivered', 'sending'] as const;

type Modelled = {
	readonly message: QueuedMessage;
	readonly recipient: QueuedRecipient;
	state: RecipientState;
	dueMs: number;
	/** In the middle of an act. */
	isReserved: boolean;
	/** Waits for its attempt to end. */
	pending: ActKind | undefined;
};

type World = {
	readonly scheduler: Scheduler;
	readonly recipients: Map<QueuedRecipient, Modelled>;
	readonly jobs: Job[];
	readonly acts: Act[];
	nowMs: number;
	/** The latest the clock has ever been: what came due then stays due. */
	latestMs: number;
	sequence: number;
};

const pick = <T>(list: readonly T[], choice: number): T => list[choice % list.length] as T;
const laneOf = (job: Job): string => `${job.lane.peerAddress} ${job.lane.destination}`;

type Step = (world: World, choose: (below: number) => number) => void;

const addMessage: Step = (world, choose) => {
	const count = 1 + choose(6);
	const account = pick(accounts, choose(3));
	const message = queuedFixture({
		sequence: ++world.sequence,
		account,
		identity: pick(['', 'unix:7001', 'mailbox:u@a.test'], choose(3)),
		hintDomain: account === '' ? pick(['x.test', 'y.test'], choose(2)) : '',
		hintAddress: account === '' ? pick(['u@x.test', 'v@x.test'], choose(2)) : '',
		peerAddress: pick(['127.0.0.1', '192.0.2.5'], choose(2)),
		bodyBytes: 100 + choose(1000),
		recipients: Array.from({ length: count }, () => ({
			destination: pick(destinations, choose(2) === 0 ? 0 : choose(5)),
			state: pick(startStates, choose(7)),
			dueMs: world.nowMs + (choose(3) === 0 ? choose(10_000) : -choose(10)),
		})),
	});
	for (const recipient of message.recipients)
		world.recipients.set(recipient, {
			message,
			recipient,
			state: recipient.state === 'sending' ? 'queued' : recipient.state,
			dueMs: recipient.dueMs,
			isReserved: false,
			pending: undefined,
		});
	world.scheduler.add(message, world.nowMs);
};

function boundOf(world: World): number {
	return Math.max(1, settings.accountShare * (settings.deliveriesMax - world.jobs.length - 1));
}
const busyOf = (world: World, account: string): number =>
	world.jobs.filter((job) => job.message.account === account).length;
const capacityIn = (view: { laneState: string; window: number }): number =>
	view.laneState === 'closed' ? 0 : view.laneState === 'probing' ? 1 : Math.floor(view.window);

const takeNext: Step = (world) => {
	const bound = boundOf(world);
	const job = world.scheduler.next(world.nowMs);
	if (job === undefined) {
		assertNobodyCouldGo(world, bound);
		return;
	}
	const { message, recipients } = job;
	assert.ok(world.jobs.length < settings.deliveriesMax, 'all places were taken');
	assert.ok(busyOf(world, message.account) < bound, 'the account had its share');
	assert.ok(recipients.length >= 1 && recipients.length <= settings.recipientsPerTransactionMax);
	assert.equal(new Set(recipients).size, recipients.length);
	for (const recipient of recipients) {
		const modelled = world.recipients.get(recipient) as Modelled;
		assert.equal(modelled.message, message);
		assert.equal(recipient.destination, job.lane.destination);
		assert.equal(modelled.state, 'queued', 'only who is queued goes');
		assert.ok(!modelled.isReserved, 'not in the middle of an act');
		assert.ok(modelled.dueMs <= world.latestMs, 'not before it is due');
		modelled.state = 'sending';
	}
	world.jobs.push(job);
	const busy = world.jobs.filter((other) => laneOf(other) === laneOf(job)).length;
	assert.equal(job.lane.busy, busy);
	assert.ok(busy <= capacityIn(job.lane), 'the window was full');
};

/** With the scheduler saying that there is nothing: everybody who is due is kept by a bound. */
function assertNobodyCouldGo(world: World, bound: number): void {
	if (world.jobs.length >= settings.deliveriesMax) return;
	const lanes = new Map(world.scheduler.lanes().map((lane) => [`${lane.peerAddress} ${lane.destination}`, lane]));
	for (const { message, recipient, state, dueMs, isReserved } of world.recipients.values()) {
		if (state !== 'queued' || isReserved || dueMs > world.nowMs) continue;
		const lane = lanes.get(`${message.peerAddress} ${recipient.destination}`);
		assert.ok(lane !== undefined, 'a lane with mail due exists');
		const isLaneFull = lane.busy >= capacityIn(lane);
		assert.ok(
			isLaneFull || busyOf(world, message.account) >= bound,
			`${message.id} to ${recipient.destination} was left`,
		);
		if (lane.laneState === 'closed') assert.ok(lane.closedUntilMs > world.nowMs, 'its time is not up');
	}
}

const signals: readonly LaneSignal[] = [
	{ kind: 'success' },
	{ kind: 'success' },
	{ kind: 'failure', reason: 'refused' },
	{ kind: 'failure', reason: 'refused' },
	{ kind: 'rate', reason: '421' },
	{ kind: 'none' },
];

const settleOne: Step = (world, choose) => {
	if (world.jobs.length === 0) return;
	const job = world.jobs.splice(choose(world.jobs.length), 1)[0] as Job;
	const transitions: Transition[] = [];
	for (const recipient of job.recipients) {
		const modelled = world.recipients.get(recipient) as Modelled;
		const to = pick(['delivered', 'queued', 'bounced', 'expired', undefined] as const, choose(5));
		modelled.state = to ?? 'queued';
		if (to === undefined) modelled.dueMs = world.nowMs + abandonedRetryMs;
		if (to === undefined) continue;
		const dueMs = world.nowMs + choose(8000);
		if (to === 'queued') modelled.dueMs = dueMs;
		transitions.push({
			message: job.message.id,
			recipient: recipient.index,
			atMs: world.nowMs,
			to,
			attempts: recipient.attempts + 1,
			...(to === 'queued' ? { dueMs } : {}),
		});
	}
	if (choose(2) === 0) transitions.reverse();
	const late = world.scheduler.settle({
		job,
		transitions,
		signal: pick(signals, choose(signals.length)),
		nowMs: world.nowMs,
		random: () => 0.5,
	});
	const expected = job.recipients.filter((recipient) => {
		const modelled = world.recipients.get(recipient) as Modelled;
		const wanted = modelled.pending !== undefined && modelled.state === 'queued';
		modelled.pending = undefined;
		if (wanted) modelled.isReserved = true;
		return wanted;
	});
	assert.deepEqual(
		(late?.transitions ?? []).map((transition) => transition.recipient).sort(),
		expected.map((recipient) => recipient.index).sort(),
	);
	if (late !== undefined) world.acts.push(late);
};

const actKinds = ['hold', 'release', 'discard', 'requeue', 'restore', 'expire', 'budget', 'suppress'] as const;
const reachesSending: readonly ActKind[] = ['hold', 'discard', 'expire', 'suppress'];

const planAct: Step = (world, choose) => {
	const kind = pick(actKinds, choose(actKinds.length));
	const all = [...world.recipients.values()];
	const some = all.length === 0 ? undefined : pick(all, choose(all.length));
	const selector = pick(
		[
			{ kind: 'account', id: pick(accounts, choose(3)) },
			{ kind: 'identity', id: 'unix:7001' },
			{ kind: 'destination', id: pick(destinations, choose(5)) },
			{ kind: 'message', id: some?.message.id ?? 'none' },
		] as const,
		choose(4),
	);
	const isNarrow = choose(2) === 0;
	const where = (recipient: QueuedRecipient): boolean => !isNarrow || recipient.index % 2 === 0;
	const isSelected = ({ message, recipient }: Modelled): boolean =>
		(selector.kind === 'account' && message.account === selector.id) ||
		(selector.kind === 'identity' && message.identity === selector.id) ||
		(selector.kind === 'destination' && recipient.destination === selector.id) ||
		(selector.kind === 'message' && message.id === selector.id);
	const act = world.scheduler.plan({
		kind,
		selector,
		nowMs: world.nowMs,
		where,
		why: pick(['', 'spam', 'late'], choose(3)),
	});
	const matches = (modelled: Modelled): boolean => isSelected(modelled) && where(modelled.recipient);
	const hit = new Set(act.transitions.map((transition) => `${transition.message}/${transition.recipient}`));
	for (const modelled of all) {
		const { message, recipient, state, isReserved } = modelled;
		const isHit = hit.has(`${message.id}/${recipient.index}`);
		const isWanted =
			matches(modelled) &&
			!isReserved &&
			isFinal(state) === (kind === 'restore') &&
			state !== 'sending' &&
			mayTake(kind, state) &&
			!(kind === 'hold' && state === 'held') &&
			!(kind === 'requeue' && modelled.dueMs <= world.nowMs);
		assert.equal(isHit, isWanted, `${kind} ${selector.kind} of a recipient that is ${state}`);
		if (isHit) modelled.isReserved = true;
		if (!matches(modelled) || state !== 'sending') continue;
		if (reachesSending.includes(kind)) modelled.pending = kind;
		else if (kind === 'release') modelled.pending = undefined;
	}
	world.acts.push(act);
};

const endAct: Step = (world, choose) => {
	if (world.acts.length === 0) return;
	const act = world.acts.splice(choose(world.acts.length), 1)[0] as Act;
	const isCommitted = choose(4) > 0;
	for (const transition of act.transitions) {
		const recipient = world.scheduler.find(transition.message)?.recipients[transition.recipient];
		const modelled = world.recipients.get(recipient as QueuedRecipient) as Modelled;
		modelled.isReserved = false;
		if (!isCommitted) continue;
		modelled.state = transition.to;
		if (transition.dueMs !== undefined) modelled.dueMs = transition.dueMs;
	}
	if (isCommitted) world.scheduler.commit(act, world.nowMs);
	else world.scheduler.abandon(act, world.nowMs);
};

const retireSome: Step = (world, choose) => {
	const all = [...world.recipients.values()];
	if (all.length === 0) return;
	const { message } = pick(all, choose(all.length));
	const isOver = message.recipients.every((recipient) => {
		const { state, isReserved } = world.recipients.get(recipient) as Modelled;
		return isFinal(state) && !isReserved;
	});
	assert.equal(world.scheduler.retire(message.id), isOver);
	if (isOver) for (const recipient of message.recipients) world.recipients.delete(recipient);
};

const moveClock: Step = (world, choose) => {
	world.nowMs += pick([1, 100, 1000, 30_000, 120_000, -50, -5000, -100_000], choose(8));
	world.latestMs = Math.max(world.latestMs, world.nowMs);
};

function assertSame(world: World): void {
	const { scheduler } = world;
	assert.equal(scheduler.busy, world.jobs.length);
	const counted = new Map<string, number>();
	let open = 0;
	for (const { message, recipient, state, dueMs } of world.recipients.values()) {
		assert.equal(recipient.state, state);
		if (state === 'queued') assert.equal(recipient.dueMs, dueMs);
		if (isFinal(state)) continue;
		open++;
		for (const key of [
			`account ${message.account}`,
			`destination ${recipient.destination}`,
			`identity ${message.identity}`,
			`state ${state}`,
		])
			counted.set(`${key} ${state}`, (counted.get(`${key} ${state}`) ?? 0) + 1);
	}
	assert.equal(scheduler.openRecipients, open);
	for (const key of ['account', 'destination', 'identity', 'state'] as const)
		for (const row of scheduler.countsBy(key, world.nowMs))
			for (const state of openStates) {
				assert.equal(row[state], counted.get(`${key} ${row.key} ${state}`) ?? 0, `${key} ${row.key} ${state}`);
				counted.delete(`${key} ${row.key} ${state}`);
			}
	assert.deepEqual([...counted.keys()], [], 'every key is counted');
	assertSameGroups(world);
	for (const account of accounts) {
		const messages = new Set<QueuedMessage>();
		for (const { message, state } of world.recipients.values())
			if (message.account === account && !isFinal(state)) messages.add(message);
		const bytes = [...messages].reduce((sum, message) => sum + message.bodyBytes, 0);
		assert.equal(scheduler.accountOpen(account).bytes, bytes);
	}
}

/** Held and waiting mail by account and reason, recounted. */
function assertSameGroups({ scheduler, recipients }: World): void {
	const groups = new Map<string, { recipients: number; readonly messages: Set<string> }>();
	for (const { message, recipient, state } of recipients.values()) {
		if (state !== 'held' && state !== 'waiting') continue;
		const key = [message.account, state, recipient.standing?.rule, recipient.standing?.text].join(' ');
		const group = groups.get(key) ?? { recipients: 0, messages: new Set() };
		group.recipients += 1;
		group.messages.add(message.id);
		groups.set(key, group);
	}
	const kept = [...scheduler.groups('held', () => true), ...scheduler.groups('waiting', () => true)];
	for (const { account, state, standing, recipients: count, messages, identities } of kept) {
		const key = [account, state, standing.rule || undefined, standing.text || undefined].join(' ');
		const group = groups.get(key);
		assert.deepEqual([count, [...messages].sort()], [group?.recipients, [...(group?.messages ?? [])].sort()], key);
		assert.equal(
			[...identities.values()].reduce((sum, one) => sum + one, 0),
			messages.size,
		);
		groups.delete(key);
	}
	assert.deepEqual([...groups.keys()], [], 'every group is kept');
}

/** Commits what is planned and delivers all that is queued: each goes exactly once more, and then nothing is left. */
function drain(world: World): void {
	while (world.acts.length > 0) endAct(world, () => 1 % Math.max(1, world.acts.length));
	const left = new Set(
		[...world.recipients.values()].filter((each) => each.state === 'queued' || each.state === 'sending'),
	);
	for (let round = 0; left.size > 0 || world.jobs.length > 0; round++) {
		assert.ok(round < 2000, `${left.size} recipients never went`);
		for (let before = -1; before !== world.jobs.length; ) {
			before = world.jobs.length;
			takeNext(world, () => 0);
		}
		for (const job of world.jobs.splice(0)) {
			const transitions = job.recipients.map((recipient): Transition => {
				const modelled = world.recipients.get(recipient) as Modelled;
				assert.ok(left.delete(modelled), 'twice');
				modelled.state = 'delivered';
				modelled.pending = undefined;
				return {
					message: job.message.id,
					recipient: recipient.index,
					atMs: world.nowMs,
					to: 'delivered',
					attempts: 99,
				};
			});
			world.scheduler.settle({ job, transitions, signal: { kind: 'success' }, nowMs: world.nowMs, random: () => 0 });
		}
		const wakeMs = world.scheduler.nextWakeMs(world.nowMs);
		if (wakeMs !== undefined && wakeMs > world.nowMs) world.nowMs = wakeMs;
		world.latestMs = Math.max(world.latestMs, world.nowMs);
	}
	assertSame(world);
	assert.equal(world.scheduler.next(world.nowMs + 10 ** 9), undefined);
	assert.ok(world.scheduler.lanes().length <= settings.idleLanesMax, 'lanes without mail are few');
}

const steps: readonly Step[] = [
	addMessage,
	addMessage,
	takeNext,
	takeNext,
	takeNext,
	settleOne,
	settleOne,
	moveClock,
	planAct,
	endAct,
	endAct,
	retireSome,
];

test('no recipient is lost or doubled, no bound exceeded, whatever happens in whatever order', () => {
	fc.assert(
		fc.property(fc.array(fc.nat(), { minLength: 20, maxLength: 600, size: 'max' }), (numbers) => {
			const world: World = {
				scheduler: createScheduler(settings),
				recipients: new Map(),
				jobs: [],
				acts: [],
				nowMs: fixtureStartMs,
				latestMs: fixtureStartMs,
				sequence: 0,
			};
			let at = 0;
			const choose = (below: number): number => ((numbers[at++ % numbers.length] as number) + at) % below;
			while (at < numbers.length) {
				pick(steps, choose(steps.length))(world, choose);
				assertSame(world);
			}
			drain(world);
		}),
		{ numRuns: 300, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true },
	);
});
