import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transition } from '@sluice/shared/words/message.ts';
import { feedbackDefaults, type LaneSignal } from './feedback.ts';
import { type MessageFixture, queuedFixture, fixtureStartMs as start } from './queued.fixture.ts';
import { createScheduler, type Job, type Scheduler } from './scheduler.ts';
import { type SchedulerSettings, schedulerDefaults } from './settings.ts';

const wide: SchedulerSettings = {
	...schedulerDefaults,
	deliveriesMax: 1000,
	feedback: { ...feedbackDefaults, windowInitial: 4, windowMax: 4 },
};

let sequence = 0;
const message = (given: Omit<MessageFixture, 'sequence'>) => queuedFixture({ sequence: ++sequence, ...given });

function answer(job: Job, to: Transition['to'], more: Partial<Transition> = {}): Transition[] {
	return job.recipients.map((recipient) => ({
		message: job.message.id,
		recipient: recipient.index,
		atMs: start,
		to,
		attempts: recipient.attempts + 1,
		...more,
	}));
}

function settle(
	scheduler: Scheduler,
	job: Job,
	to: Transition['to'],
	more: Partial<Transition> & { signal?: LaneSignal; nowMs?: number } = {},
) {
	const { signal = { kind: 'success' }, nowMs = start, ...transition } = more;
	return scheduler.settle({ job, transitions: answer(job, to, transition), signal, nowMs, random: () => 0 });
}

function take(scheduler: Scheduler, nowMs = start): Job {
	const job = scheduler.next(nowMs);
	assert.ok(job !== undefined, 'a job was expected');
	return job;
}

function takeAll(scheduler: Scheduler, nowMs = start): Job[] {
	const jobs: Job[] = [];
	for (let job = scheduler.next(nowMs); job !== undefined; job = scheduler.next(nowMs)) jobs.push(job);
	return jobs;
}

const failure: LaneSignal = { kind: 'failure', reason: 'connect ECONNREFUSED' };

test('recipients of one destination go together, others apart, at most a hundred at once', () => {
	const scheduler = createScheduler(wide);
	const recipients = [
		...Array.from({ length: 250 }, () => ({ destination: 'one.test' })),
		{ destination: 'two.test' },
		{ destination: 'one.test' },
	];
	scheduler.add(message({ recipients }), start);
	const jobs = takeAll(scheduler);
	assert.deepEqual(jobs.map((job) => `${job.lane.destination} ${job.recipients.length}`).sort(), [
		'one.test 100',
		'one.test 100',
		'one.test 51',
		'two.test 1',
	]);
	assert.equal(new Set(jobs.flatMap((job) => job.recipients)).size, 252);
	assert.ok(jobs.every((job) => job.recipients.every((recipient) => recipient.state === 'sending')));
});

test('a lane takes as many as its window, and goes on as they end', () => {
	const scheduler = createScheduler(wide);
	for (let count = 0; count < 10; count++) scheduler.add(message({ recipients: [{}] }), start);
	const first = takeAll(scheduler);
	assert.equal(first.length, 4);
	settle(scheduler, first[0] as Job, 'delivered');
	assert.equal(takeAll(scheduler).length, 1);
});

test('a deferral is tried again when it is due, and the scheduler knows when to wake', () => {
	const scheduler = createScheduler(wide);
	const deferred = message({ recipients: [{}] });
	scheduler.add(deferred, start);
	assert.equal(scheduler.nextWakeMs(start), undefined);
	settle(scheduler, take(scheduler), 'queued', { dueMs: start + 5000 });
	assert.equal(scheduler.next(start + 4999), undefined);
	assert.equal(scheduler.nextWakeMs(start), start + 5000);
	assert.equal(take(scheduler, start + 5000).message, deferred);
	assert.equal(scheduler.nextWakeMs(start), undefined);
});

test('a clock set back does not take back what was due', () => {
	const scheduler = createScheduler(wide);
	for (let count = 0; count < 6; count++) scheduler.add(message({ recipients: [{}] }), start);
	assert.equal(takeAll(scheduler, start).length, 4);
	assert.equal(scheduler.next(start - 3_600_000), undefined, 'the window is full');
	const other = createScheduler(wide);
	other.add(message({ recipients: [{ destination: 'one.test' }, { destination: 'one.test' }] }), start);
	assert.equal(take(other, start - 3_600_000).recipients.length, 2);
});

test('A with 50,000 in a lane: mail of B goes with the second job of that lane, other lanes are not delayed', () => {
	const scheduler = createScheduler({ ...wide, feedback: { ...feedbackDefaults, windowInitial: 1, windowMax: 1 } });
	for (let count = 0; count < 50_000; count++) scheduler.add(message({ recipients: [{}] }), start);
	const running = take(scheduler);
	scheduler.add(message({ account: 'b', recipients: [{}] }), start);
	scheduler.add(message({ account: 'c', recipients: [{ destination: 'other.test' }] }), start);
	assert.equal(take(scheduler).message.account, 'c', 'a free lane waits for nobody');
	settle(scheduler, running, 'delivered');
	const next = take(scheduler);
	settle(scheduler, next, 'delivered');
	const afterNext = take(scheduler);
	assert.ok([next, afterNext].some((job) => job.message.account === 'b'));
});

test('unattributed mail: a hint domain with 20,000 does not hold up another, nor an address its neighbour', () => {
	const scheduler = createScheduler({ ...wide, feedback: { ...feedbackDefaults, windowInitial: 1, windowMax: 1 } });
	const unattributed = (hintDomain: string, hintAddress: string) =>
		scheduler.add(message({ account: '', hintDomain, hintAddress, recipients: [{}] }), start);
	for (let count = 0; count < 20_000; count++) unattributed('loud.test', `x@loud.test`);
	let job = take(scheduler);
	unattributed('calm.test', 'y@calm.test');
	unattributed('loud.test', 'z@loud.test');
	scheduler.add(message({ account: 'known', recipients: [{}] }), start);
	const order: string[] = [];
	for (let count = 0; count < 6; count++) {
		settle(scheduler, job, 'delivered');
		job = take(scheduler);
		order.push(job.message.account || job.message.hintAddress);
	}
	assert.ok(order.indexOf('known') < 2, `known is an account like the unattributed: ${order}`);
	assert.ok(order.indexOf('y@calm.test') < 4, `calm shares with loud: ${order}`);
	assert.ok(order.indexOf('z@loud.test') < 6, `z shares with x: ${order}`);
});

test('a transaction of 100 recipients costs as much as 100 of one', () => {
	const scheduler = createScheduler({ ...wide, feedback: { ...feedbackDefaults, windowInitial: 1, windowMax: 1 } });
	const hundred = Array.from({ length: 100 }, () => ({}));
	for (let count = 0; count < 20; count++) scheduler.add(message({ account: 'bulk', recipients: hundred }), start);
	for (let count = 0; count < 1000; count++) scheduler.add(message({ account: 'single', recipients: [{}] }), start);
	const sent = { bulk: 0, single: 0 };
	while (sent.single < 500) {
		const job = take(scheduler);
		sent[job.message.account as 'bulk' | 'single'] += job.recipients.length;
		settle(scheduler, job, 'delivered');
	}
	assert.ok(Math.abs(sent.bulk - sent.single) <= 200, JSON.stringify(sent));
});

test('a stream of newcomers does not starve who has been waiting', () => {
	const scheduler = createScheduler({ ...wide, feedback: { ...feedbackDefaults, windowInitial: 1, windowMax: 1 } });
	scheduler.add(message({ account: 'old', recipients: [{}] }), start);
	scheduler.add(message({ account: 'old', recipients: [{}] }), start);
	let oldSent = 0;
	for (let count = 0; count < 20; count++) {
		scheduler.add(message({ account: `new${count}a`, recipients: [{}] }), start);
		scheduler.add(message({ account: `new${count}b`, recipients: [{}] }), start);
		const job = take(scheduler);
		if (job.message.account === 'old') oldSent++;
		settle(scheduler, job, 'delivered');
	}
	assert.equal(oldSent, 2);
});

test('mail of one account to 5,000 destinations leaves room for others', () => {
	const scheduler = createScheduler({ ...wide, deliveriesMax: 100, accountShare: 4 });
	for (let count = 0; count < 5000; count++)
		scheduler.add(message({ account: 'loud', recipients: [{ destination: `d${count}.test` }] }), start);
	const running = takeAll(scheduler);
	assert.equal(running.length, 80, 'four fifths');
	for (const account of ['b', 'c']) scheduler.add(message({ account, recipients: [{}] }), start);
	assert.deepEqual(
		takeAll(scheduler).map((job) => job.message.account),
		['b', 'c'],
	);
	for (const job of running) settle(scheduler, job, 'delivered');
	let left = 4920;
	while (left > 0) {
		const jobs = takeAll(scheduler);
		assert.ok(jobs.length > 0, `${left} were left behind`);
		left -= jobs.length;
		for (const job of jobs) settle(scheduler, job, 'delivered');
	}
});

test('an account over its share goes on as soon as the bound rises, though nobody of its own ended', () => {
	const scheduler = createScheduler({ ...wide, deliveriesMax: 10, accountShare: 1 });
	const add = (account: string, count: number) =>
		scheduler.add(message({ account, recipients: [{ destination: `${account}${count}.test` }] }), start);
	for (let count = 0; count < 20; count++) {
		add('a', count);
		if (count < 3) add('b', count);
	}
	const jobs = takeAll(scheduler);
	const ofB = jobs.filter((job) => job.message.account === 'b');
	assert.equal(ofB.length, 3);
	assert.equal(jobs.length - ofB.length, 3, 'a has as many as are free but one');
	for (const job of ofB) settle(scheduler, job, 'bounced');
	assert.equal(takeAll(scheduler).length, 2, 'half of all');
});

test('when more accounts have mail than there are places, they take turns, newcomers and those over their share alike', () => {
	const scheduler = createScheduler({ ...wide, deliveriesMax: 3 });
	const add = (account: string, count: number) =>
		scheduler.add(message({ account, recipients: [{ destination: `${account}-${count}.test` }] }), start);
	for (let count = 0; count < 200; count++) for (let account = 0; account < 6; account++) add(`a${account}`, count);
	const running: Job[] = [];
	let slow: readonly string[] = [];
	const turn = (): string => {
		const ending = running.findIndex((job) => !slow.includes(job.message.account));
		if (running.length === 3) settle(scheduler, running.splice(ending, 1)[0] as Job, 'delivered');
		const job = take(scheduler);
		running.push(job);
		return job.message.account;
	};
	// Each account is slow for a while, so that its turn comes while it has something under way.
	for (const pair of [['a0', 'a1'], ['a2', 'a3'], ['a4', 'a5'], []]) {
		slow = pair;
		for (let count = 0; count < 30; count++) turn();
	}
	const before = Array.from({ length: 120 }, turn);
	for (let account = 0; account < 6; account++) {
		const share = before.filter((each) => each === `a${account}`).length;
		assert.ok(share >= 10 && share <= 30, `a${account} had ${share} of 120`);
	}
	add('b', 0);
	assert.ok(Array.from({ length: 20 }, turn).includes('b'), 'who comes new is not behind 1,000 of others');
	const old: string[] = [];
	for (let count = 0; count < 100; count++) {
		add(`new${count}x`, 0);
		add(`new${count}y`, 0);
		old.push(turn());
	}
	assert.ok(old.filter((each) => each.startsWith('a')).length >= 20, 'nor are they behind all who come new');
});

test('lanes of one account take turns', () => {
	const scheduler = createScheduler({ ...wide, deliveriesMax: 4, accountShare: 100 });
	for (const destination of ['one.test', 'two.test'])
		for (let count = 0; count < 10; count++) scheduler.add(message({ recipients: [{ destination }] }), start);
	const jobs = [take(scheduler), take(scheduler)];
	assert.equal(new Set(jobs.map((job) => job.lane.destination)).size, 2);
});

test('a lane that fails closes, keeps its mail, and reopens with one probe', () => {
	const scheduler = createScheduler(wide);
	for (let count = 0; count < 10; count++) scheduler.add(message({ recipients: [{}] }), start);
	let turns = 0;
	for (let jobs = takeAll(scheduler); jobs.length > 0; jobs = takeAll(scheduler)) {
		for (const job of jobs) settle(scheduler, job, 'queued', { dueMs: start + 1000, signal: failure });
		turns++;
		assert.ok(turns < 10);
	}
	const [lane] = scheduler.lanes();
	assert.equal(lane?.laneState, 'closed');
	assert.equal(lane?.lastFailure, 'connect ECONNREFUSED');
	assert.equal(scheduler.nextWakeMs(start), start + 1000);
	const reopening = lane?.closedUntilMs as number;
	assert.equal(scheduler.next(reopening - 1), undefined);
	assert.equal(scheduler.nextWakeMs(start), reopening);
	const probes = takeAll(scheduler, reopening);
	assert.equal(probes.length, 1, 'one, to see');
	settle(scheduler, probes[0] as Job, 'delivered', { nowMs: reopening });
	assert.equal(takeAll(scheduler, reopening).length, 4);
});

test('hold: what is queued at once, what is under way if it comes back, what is delivered not', () => {
	const scheduler = createScheduler(wide);
	const held = message({
		recipients: [{ destination: 'one.test' }, { destination: 'two.test' }, { destination: 'three.test' }],
	});
	scheduler.add(held, start);
	const [first, second] = [take(scheduler), take(scheduler)];
	const act = scheduler.plan({
		kind: 'hold',
		selector: { kind: 'account', id: 'a' },
		nowMs: start,
		why: 'doubtful',
		actor: 'admin root',
	});
	assert.equal(act.transitions.length, 1);
	assert.equal(act.pending, 2);
	assert.deepEqual(act.transitions[0], {
		message: held.id,
		recipient: 2,
		atMs: start,
		to: 'held',
		attempts: 0,
		why: 'doubtful',
		actor: 'admin root',
	});
	assert.equal(scheduler.next(start), undefined, 'out of reach while it is being logged');
	scheduler.commit(act, start);
	assert.equal(settle(scheduler, first, 'delivered'), undefined);
	const late = settle(scheduler, second, 'queued', { dueMs: start + 1 });
	assert.deepEqual(
		late?.transitions.map(({ recipient, to, attempts, why }) => ({ recipient, to, attempts, why })),
		[{ recipient: 1, to: 'held', attempts: 1, why: 'doubtful' }],
	);
	assert.equal(scheduler.next(start + 10), undefined);
	scheduler.commit(late as NonNullable<typeof late>, start);
	assert.deepEqual(
		held.recipients.map((recipient) => recipient.state),
		['delivered', 'held', 'held'],
	);

	const release = scheduler.plan({ kind: 'release', selector: { kind: 'message', id: held.id }, nowMs: start });
	scheduler.commit(release, start);
	const again = takeAll(scheduler);
	assert.equal(again.length, 2);
	for (const job of again) assert.equal(settle(scheduler, job, 'queued'), undefined, 'the hold has been done with');
});

test('a release takes back a hold that waits for an attempt to end', () => {
	const scheduler = createScheduler(wide);
	const one = message({ recipients: [{}] });
	scheduler.add(one, start);
	const job = take(scheduler);
	for (const kind of ['hold', 'release'] as const)
		scheduler.commit(scheduler.plan({ kind, selector: { kind: 'message', id: one.id }, nowMs: start }), start);
	assert.equal(settle(scheduler, job, 'queued', { dueMs: start }), undefined);
	assert.equal(one.recipients[0]?.state, 'queued');
});

test('an act that could not be logged leaves everything as it was', () => {
	const scheduler = createScheduler(wide);
	scheduler.add(message({ recipients: [{}] }), start);
	const act = scheduler.plan({ kind: 'discard', selector: { kind: 'destination', id: 'example.test' }, nowMs: start });
	assert.equal(act.transitions.length, 1);
	const second = scheduler.plan({ kind: 'hold', selector: { kind: 'account', id: 'a' }, nowMs: start });
	assert.deepEqual([second.transitions.length, second.skipped], [0, 1]);
	scheduler.abandon(act, start);
	assert.throws(() => scheduler.commit(act, start), /before/);
	assert.equal(takeAll(scheduler).length, 1);
});

test('acts select by message, account, identity, destination and predicate, and stop at a bound', () => {
	const scheduler = createScheduler(wide);
	const add = (account: string, identity: string, destination: string) => {
		const added = message({ account, identity, recipients: [{ destination, reply: `451 ${destination}` }] });
		scheduler.add(added, start);
		return added.id;
	};
	const first = add('a', 'mailbox:u@a.test', 'one.test');
	add('a', 'unix:7001', 'two.test');
	add('b', 'unix:7002', 'two.test');
	const hits = (request: Partial<Parameters<Scheduler['plan']>[0]>) => {
		const act = scheduler.plan({ kind: 'hold', selector: { kind: 'account', id: 'a' }, nowMs: start, ...request });
		scheduler.abandon(act, start);
		return act.transitions.length;
	};
	assert.equal(hits({}), 2);
	assert.equal(hits({ selector: { kind: 'message', id: first } }), 1);
	assert.equal(hits({ selector: { kind: 'message', id: 'unknown' } }), 0);
	assert.equal(hits({ selector: { kind: 'identity', id: 'unix:7002' } }), 1);
	assert.equal(hits({ selector: { kind: 'destination', id: 'two.test' } }), 2);
	assert.equal(hits({ where: (recipient) => recipient.reply.includes('two') }), 1);
	assert.equal(hits({ recipientsMax: 1 }), 1);
	assert.equal(hits({ kind: 'release' }), 0, 'none is held');
});

test('requeue makes deferrals due now and probes their closed lane', () => {
	const scheduler = createScheduler(wide);
	scheduler.add(message({ recipients: [{}] }), start);
	for (let count = 0; count < 20; count++) {
		const job = scheduler.next(start);
		if (job === undefined) break;
		settle(scheduler, job, 'queued', { dueMs: start, signal: failure });
	}
	assert.equal(scheduler.lanes()[0]?.laneState, 'closed');
	scheduler.add(message({ recipients: [{ dueMs: start + 9_000_000 }] }), start);
	assert.equal(scheduler.next(start), undefined);
	const act = scheduler.plan({ kind: 'requeue', selector: { kind: 'destination', id: 'example.test' }, nowMs: start });
	assert.equal(act.transitions.length, 1, 'the one that is due needs no step');
	scheduler.commit(act, start);
	const probes = takeAll(scheduler);
	assert.equal(probes.length, 1);
	settle(scheduler, probes[0] as Job, 'delivered');
	assert.equal(takeAll(scheduler).length, 1);
});

test('a recipient without an answer is queued again in a minute', () => {
	const scheduler = createScheduler(wide);
	const one = message({ recipients: [{}] });
	scheduler.add(one, start);
	scheduler.settle({ job: take(scheduler), transitions: [], signal: { kind: 'none' }, nowMs: start, random: () => 0 });
	assert.deepEqual([one.recipients[0]?.state, one.recipients[0]?.dueMs], ['queued', start + 60_000]);
	assert.equal(scheduler.next(start), undefined);
	assert.equal(takeAll(scheduler, start + 60_000).length, 1);
});

test('an answer that the table forbids is an exception, and the place is free all the same', () => {
	const scheduler = createScheduler(wide);
	scheduler.add(message({ recipients: [{}] }), start);
	const job = take(scheduler);
	assert.throws(() => settle(scheduler, job, 'waiting'), /illegal step/);
	assert.equal(scheduler.busy, 0);
	assert.throws(() => settle(scheduler, job, 'delivered'), /settled twice/);
	assert.equal(takeAll(scheduler, start + 60_000).length, 1);
});

test('counts follow every step, and a message is retired once nothing of it is open', () => {
	const scheduler = createScheduler(wide);
	const one = message({
		identity: 'unix:7001',
		bodyBytes: 500,
		recipients: [{ destination: 'one.test' }, { destination: 'two.test', state: 'held' }],
	});
	scheduler.add(one, start);
	scheduler.add(message({ account: 'b', acceptedMs: start - 7_200_000, recipients: [{ state: 'waiting' }] }), start);
	assert.deepEqual(scheduler.accountOpen('a'), { recipients: 2, bytes: 500 });
	const row = (key: Parameters<Scheduler['countsBy']>[0], name: string) =>
		scheduler.countsBy(key, start).find((each) => each.key === name);
	assert.deepEqual(row('account', 'a'), { key: 'a', recipients: 2, queued: 1, waiting: 0, held: 1, sending: 0 });
	assert.deepEqual(row('identity', 'unix:7001')?.recipients, 2);
	assert.deepEqual(row('destination', 'two.test')?.held, 1);
	assert.deepEqual(row('age', '3600')?.waiting, 1);
	assert.deepEqual(row('age', '0')?.recipients, 2);
	assert.deepEqual(row('state', 'waiting')?.waiting, 1);
	assert.equal(scheduler.oldestDueMs(start), start);
	const job = take(scheduler);
	assert.deepEqual(row('account', 'a')?.sending, 1);
	assert.equal(scheduler.oldestDueMs(start), undefined);
	assert.equal(scheduler.retire(one.id), false);
	settle(scheduler, job, 'delivered');
	scheduler.commit(scheduler.plan({ kind: 'discard', selector: { kind: 'message', id: one.id }, nowMs: start }), start);
	assert.deepEqual(scheduler.accountOpen('a'), { recipients: 0, bytes: 0 });
	assert.equal(row('account', 'a'), undefined, 'nothing is kept of a key with nothing open');
	assert.equal(scheduler.retire(one.id), true);
	assert.equal(scheduler.retire(one.id), false);
	assert.equal(scheduler.find(one.id), undefined);
	assert.equal(scheduler.messages, 1);
	assert.equal(scheduler.openRecipients, 1);
});

test('at start, what was under way is queued, and what is held or final stays', () => {
	const scheduler = createScheduler(wide);
	const one = message({
		recipients: [
			{ state: 'sending', destination: 'one.test' },
			{ state: 'held' },
			{ state: 'delivered' },
			{ state: 'waiting' },
		],
	});
	scheduler.add(one, start);
	assert.deepEqual(
		takeAll(scheduler).flatMap((job) => job.recipients.map((recipient) => recipient.index)),
		[0],
	);
	assert.equal(scheduler.openRecipients, 3);
	assert.throws(() => scheduler.add(one, start), /already/);
});

test('idle lanes are remembered for what they taught, the oldest are forgotten', () => {
	const scheduler = createScheduler({ ...wide, feedback: feedbackDefaults, idleLanesMax: 3 });
	for (let count = 0; count < 10; count++) {
		scheduler.add(message({ recipients: [{ destination: `d${count}.test` }] }), start);
		settle(scheduler, take(scheduler), 'delivered');
	}
	assert.deepEqual(
		scheduler.lanes().map((lane) => lane.destination),
		['d7.test', 'd8.test', 'd9.test'],
	);
});

test('100,000 that come due at once are moved in steps, none is lost', () => {
	const scheduler = createScheduler({
		...wide,
		deliveriesMax: 10_000,
		feedback: { ...feedbackDefaults, windowInitial: 1, windowMax: 1 },
	});
	const many = 100_000;
	for (let count = 0; count < many; count++)
		scheduler.add(
			message({ account: `a${count % 7}`, recipients: [{ destination: `d${count % 3}.test`, dueMs: start + 1000 }] }),
			start,
		);
	const jobs = takeAll(scheduler, start + 1000);
	assert.equal(jobs.length, 3, 'one a lane');
	let calls = 0;
	while ((scheduler.nextWakeMs(start + 1000) ?? Number.POSITIVE_INFINITY) <= start + 1000) {
		assert.equal(scheduler.next(start + 1000), undefined);
		calls++;
	}
	assert.ok(calls > 50, `${calls} calls: each is short`);
	assert.equal(
		scheduler.lanes().reduce((sum, lane) => sum + lane.todo, 0),
		many - 3,
	);
});

test('behind a smarthost all destinations share a lane and a transaction, and an act still reaches one destination alone', () => {
	const scheduler = createScheduler({ ...wide, laneOf: () => 'smarthost' });
	const both = message({ recipients: [{ destination: 'one.test' }, { destination: 'two.test' }] });
	scheduler.add(both, start);
	const act = scheduler.plan({ kind: 'hold', selector: { kind: 'destination', id: 'two.test' }, nowMs: start });
	assert.deepEqual(
		act.transitions.map((step) => step.recipient),
		[1],
	);
	scheduler.commit(act, start);
	assert.deepEqual(
		take(scheduler).recipients.map((recipient) => recipient.destination),
		['one.test'],
	);
	scheduler.add(message({ recipients: [{ destination: 'one.test' }, { destination: 'two.test' }] }), start);
	const job = take(scheduler);
	assert.equal(job.lane.destination, 'smarthost');
	assert.equal(job.recipients.length, 2);
	assert.equal(scheduler.lanes().length, 1);
});

test('what is being restored is not forgotten meanwhile, and goes when it is', () => {
	const scheduler = createScheduler();
	const message = queuedFixture({ sequence: 77, recipients: [{ state: 'discarded' }, { state: 'delivered' }] });
	scheduler.add(message, start);
	assert.equal(scheduler.openRecipients, 0);
	const selector = { kind: 'message', id: message.id } as const;
	const act = scheduler.plan({ kind: 'restore', selector, nowMs: start });
	assert.deepEqual(
		act.transitions.map(({ recipient, to }) => [recipient, to]),
		[[0, 'queued']],
	);
	assert.equal(scheduler.retire(message.id), false);
	assert.equal(scheduler.next(start), undefined, 'not before the log has it');
	scheduler.commit(act, start);
	assert.deepEqual(scheduler.next(start)?.recipients, [message.recipients[0]]);
});
