/**
 * Restore: what was discarded or has expired comes back within its time, over restarts and compaction, charged once, within limits.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sweep } from '@sluice/agent/flow/sweep.ts';
import type { ProblemDocument } from '@sluice/shared/contract/problem.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { given, patient, states, takenBy } from './acts.ts';
import { type Answered, ask, problemOf } from './http.ts';
import { putList } from './panel.ts';
import { type Rig, startRig } from './rig.ts';
import { mailbox } from './senders.ts';
import { steeredClock } from './steered-clock.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

const hourMs = 3_600_000;

const post = (rig: Rig, path: string, actor: string, body: object): Promise<Answered> =>
	ask(rig.agent.socketPath, { method: 'POST', path, actor, body: JSON.stringify({ reason: 'tried', ...body }) });
const restore = (rig: Rig, id: string, actor = 'admin root', more: object = {}): Promise<Answered> =>
	post(rig, '/v1/queue/restore', actor, { selector: { kind: 'message', id }, ...more });
const discard = async (rig: Rig, id: string, actor = 'admin root'): Promise<void> => {
	const answer = await post(rig, `/v1/messages/${id}/discard`, actor, {});
	assert.equal(answer.status, 200, answer.text);
};

test('discarded mail comes back whole, after a restart, from the log alone, and once', async (context) => {
	let rig = await startRig(context, { internet, delivery: patient });
	const message = 'Subject: back\r\n\r\nAll of it.\r\n';
	const to = ['greylist-1-back@back.test', 'gone@ok.test'];
	const id = await rig.send({ from: '', to, message });
	await rig.until(() => rig.count('recipient.deferred') === 1 && rig.count('recipient.delivered') === 1);
	await discard(rig, id);
	assert.equal(rig.agent.flow.scheduler.find(id), undefined);
	assert.equal(rig.agent.flow.spool.stats().openMessages, 1, 'its record stays');
	const noIndex = async (): Promise<void> => {
		await rig.stopped();
		for (const end of ['', '-wal', '-shm']) rmSync(join(rig.dataDir, `queue.db${end}`), { force: true });
	};
	rig = await rig.restart();
	await noIndex();
	rig = await rig.restart();
	assert.equal(rig.agent.flow.scheduler.find(id), undefined, 'what was discarded is not open again');
	const done = await restore(rig, id);
	assert.deepEqual(done.json, { recipients: 1, messages: 1 });
	await rig.until(() => rig.count('message.finished', { message: id }) === 1);
	assert.deepEqual(await states(rig, id), { 'greylist-1-back@back.test': 'delivered', 'gone@ok.test': 'delivered' });
	assert.deepEqual(
		to.map((address) => takenBy(internet, address)),
		[1, 1],
	);
	const [taken] = internet.accepted().filter(({ acceptedRecipients }) => acceptedRecipients.includes(to[0] as string));
	assert.match(taken?.content.toString() ?? '', /Subject: back\r\n\r\nAll of it\.\r\n/);
	const { steps } = await rig.trace(id);
	assert.match(
		steps.find(({ event }) => event === 'message.restored')?.text ?? '',
		/^Brought back by admin root: tried\.$/,
	);
	const again = await restore(rig, id);
	assert.equal(problemOf(again), '409 conflict');
	assert.equal(rig.agent.flow.spool.stats().openMessages, 0);
	const { items } = given(await rig.client.call('audit', { query: { act: 'queue.restore' } }));
	assert.equal(items.length, 1);
	await noIndex();
	rig = await rig.restart();
	assert.deepEqual(takenBy(internet, to[0] as string), 1);
	assert.equal(rig.agent.flow.scheduler.openRecipients, 0);
});

test('what has expired comes back with a lifetime of its own, and the trace knows of the report', async (context) => {
	const clock = steeredClock();
	const rig = await startRig(context, {
		internet,
		isWired: true,
		clock,
		delivery: { retry: { ...patient.retry, expireSeconds: 600 } },
	});
	const sender = mailbox('mary@one.test');
	const id = await rig.send({ from: 'mary@one.test', to: ['greylist-2-late@late.test'], sender });
	await rig.until(() => rig.count('recipient.deferred', { message: id }) === 1);
	clock.advance(2 * hourMs);
	await rig.until(
		() => rig.count('recipient.expired', { message: id }) === 1 && rig.count('dsn.sent', { message: id }) === 1,
	);
	assert.deepEqual((await restore(rig, id)).json, { recipients: 1, messages: 1 });
	await rig.until(
		() =>
			rig.count('message.finished', { message: id }) === 2 || rig.count('recipient.deferred', { message: id }) === 2,
	);
	assert.notEqual((await states(rig, id))['greylist-2-late@late.test'], 'expired');
	const { steps } = await rig.trace(id);
	assert.match(
		steps.find(({ event }) => event === 'message.restored')?.text ?? '',
		/^Brought back by admin root: tried\. Its sender had a report about it before\.$/,
	);
});

test('it is kept over compaction, and no longer than its time', async (context) => {
	const clock = steeredClock();
	const rig = await startRig(context, {
		internet,
		clock,
		delivery: patient,
		config: { queue: { restoreSeconds: 7200 } },
	});
	const { flow } = rig.agent;
	const [early, late] = await Promise.all(
		['early', 'late'].map((name) => rig.send({ from: '', to: [`greylist-1-${name}@${name}.test`] })),
	);
	await rig.until(() => rig.count('recipient.deferred') === 2);
	for (const id of [early, late]) await discard(rig, id as string);
	const bulk = `Subject: bulk\r\n\r\n${`${'y'.repeat(70)}\r\n`.repeat(1400)}`;
	for (let sent = 0; sent < 80; sent += 8)
		await Promise.all(Array.from({ length: 8 }, () => rig.send({ from: '', to: ['x@ok.test'], message: bulk })));
	await rig.until(() => rig.count('recipient.delivered') === 80);
	await rig.until(() => rig.count('message.finished') === 82);
	assert.ok(flow.spool.stats().segments >= 8);
	await sweep(flow);
	await rig.until(() => flow.spool.stats().segments <= 2);
	assert.equal((await restore(rig, early as string)).status, 200);
	await rig.until(() => takenBy(internet, 'greylist-1-early@early.test') === 1);
	clock.advance(2 * hourMs + 1000);
	const tooLate = await restore(rig, late as string);
	assert.equal(problemOf(tooLate), '409 conflict');
	assert.match((tooLate.json as ProblemDocument).detail ?? '', /too late: .* kept for 2 hours/);
	await sweep(flow);
	assert.deepEqual([flow.ended.messages, flow.spool.stats().openMessages], [0, 0]);
	const again = await rig.restart();
	assert.deepEqual([again.agent.flow.ended.messages, again.agent.flow.scheduler.messages], [0, 0]);
	assert.equal(problemOf(await restore(again, late as string)), '409 conflict');
	assert.equal(problemOf(await restore(again, '0000000000000')), '404 not-found');
});

test('while the disk is short of space, what could be brought back gives way to mail', async (context) => {
	const rig = await startRig(context, { internet, delivery: patient });
	const { flow } = rig.agent;
	const id = await rig.send({ from: '', to: ['greylist-1-short@short.test'] });
	await rig.until(() => rig.count('recipient.deferred') === 1);
	await discard(rig, id);
	flow.health.raise({ code: 'disk-low', text: 'x', hint: 'x', stops: 'accepting' });
	await sweep(flow);
	assert.equal(rig.count('restore.dropped', { messages: 1 }), 1);
	assert.equal(flow.spool.stats().openMessages, 0);
	const refused = await restore(rig, id);
	assert.match((refused.json as ProblemDocument).detail ?? '', /less when the disk is short of space/);
});

test('it is charged once, and waits where it is over a limit', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	await putList(rig, [{ id: 'acme', reseller: 'bob' }]);
	const limit = (recipients: number) =>
		rig.client.call('putLimits', {
			params: { level: 'accounts', id: 'acme' },
			body: { mode: 'enforce', hour: { recipients } },
		});
	given(await limit(1));
	const used = async (): Promise<unknown> => {
		const { items } = given(await rig.client.call('getUsage', { params: { level: 'accounts', id: 'acme' } }));
		return items.find(({ rule }) => rule === 'hour.recipients')?.used;
	};
	const send = (to: string): Promise<string> =>
		rig.send({ from: 'mary@acme.test', to: [to], sender: mailbox('mary@acme.test') });
	const paid = await send('greylist-1-paid@paid.test');
	const waits = await send('waits@waits.test');
	await rig.until(() => rig.count('recipient.deferred') === 1);
	await discard(rig, paid);
	await discard(rig, waits);
	assert.equal(await used(), 1);
	// Paid for before: it goes.
	assert.deepEqual((await restore(rig, paid)).json, { recipients: 1, messages: 1 });
	await rig.until(() => takenBy(internet, 'greylist-1-paid@paid.test') === 1);
	assert.equal(await used(), 1);
	// Never paid for: over the limit it waits again, in its line.
	assert.deepEqual((await restore(rig, waits)).json, { recipients: 1, messages: 1, waiting: 1 });
	assert.deepEqual(await states(rig, waits), { 'waits@waits.test': 'waiting' });
	assert.equal(await used(), 1);
	given(await limit(2));
	await rig.until(() => takenBy(internet, 'waits@waits.test') === 1);
	assert.equal(await used(), 2);
});

test('to discard and restore is no way around an administrator’s hold, nor is another’s mail there', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	await putList(rig, [
		{ id: 'acme', reseller: 'bob' },
		{ id: 'zebra', reseller: 'ann' },
	]);
	const hold = { selector: { kind: 'account', id: 'acme' } as const, reason: 'hijacked', seconds: 600 };
	given(await rig.client.call('putHold', { body: hold }));
	const send = async (login: string, to: string): Promise<string> =>
		(await rig.submit({ from: login, to: [to], sender: mailbox(login) })).end?.text.split(' ')[2] ?? '';
	const held = await send('mary@acme.test', 'held@ok.test');
	const foreign = await send('mary@zebra.test', 'greylist-1-z@z.test');
	await rig.until(() => rig.count('recipient.deferred') === 1);
	await discard(rig, held, 'reseller bob');
	await discard(rig, foreign);
	const refused = await restore(rig, held, 'reseller bob');
	assert.equal(problemOf(refused), '403 forbidden');
	assert.equal(
		(await restore(rig, foreign, 'reseller bob')).text,
		(await restore(rig, '0000000000000', 'reseller bob')).text,
	);
	assert.equal(problemOf(await restore(rig, foreign, 'reseller bob')), '404 not-found');
	assert.equal(
		problemOf(await restore(rig, foreign, 'reseller ann')),
		'403 forbidden',
		'an administrator discarded it',
	);
	assert.equal(problemOf(await restore(rig, foreign, 'account zebra')), '403 forbidden');
	assert.deepEqual(
		[await states(rig, held), await states(rig, foreign)],
		[{ 'held@ok.test': 'discarded' }, { 'greylist-1-z@z.test': 'discarded' }],
	);
	assert.equal((await restore(rig, held)).status, 200, 'an administrator decides otherwise');
	await rig.until(() => takenBy(internet, 'held@ok.test') === 1);
});

test('the undo of one discard brings back what it dropped, and nothing that was dropped before', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	const sender = mailbox('mary@acme.test');
	const send = (name: string): Promise<string> =>
		rig.send({ from: 'mary@acme.test', to: [`greylist-1-${name}@${name}.test`], sender });
	const before = await send('before');
	const ids = [await send('undo-a'), await send('undo-b')];
	await rig.until(() => rig.count('recipient.deferred') === 3);
	await discard(rig, before);
	const droppedMs = Date.now();
	await rig.until(() => Date.now() > droppedMs);
	const since = new Date().toISOString();
	const selector = { kind: 'account', id: 'domain:acme.test' };
	const dropped = await post(rig, '/v1/queue/discard', 'admin root', { selector });
	assert.deepEqual(dropped.json, { recipients: 2, messages: 2 });
	const undone = await post(rig, '/v1/queue/restore', 'admin root', { selector, where: { since } });
	assert.deepEqual(undone.json, { recipients: 2, messages: 2 });
	await rig.until(() => ids.every((message) => rig.count('message.finished', { message }) === 2));
	assert.deepEqual(await states(rig, before), { 'greylist-1-before@before.test': 'discarded' });
});

test('an undo puts back what was held, held for its reason, also after a restart; only what one act ended; nothing is sent', async (context) => {
	let rig = await startRig(context, { internet, isWired: true, delivery: patient });
	const sender = mailbox('mary@one.test');
	const act = (name: string, body: object): Promise<Answered> => post(rig, `/v1/queue/${name}`, 'admin root', body);
	const ids = await Promise.all(
		['greylist-1-a@a.test', 'greylist-1-b@b.test', 'greylist-1-c@c.test'].map((to) =>
			rig.send({ from: 'mary@one.test', to: [to], sender }),
		),
	);
	await rig.until(() => rig.count('recipient.deferred') === 3);
	const [spam, letter, other] = ids as [string, string, string];
	const hold = (id: string, reason: string) => act('hold', { selector: { kind: 'message', id }, reason });
	for (const [id, reason] of [
		[spam, 'spam'],
		[letter, 'asked'],
	] as const)
		assert.equal((await hold(id, reason)).status, 200);
	const stateOf = async (id: string): Promise<string | undefined> => Object.values(await states(rig, id))[0];
	const selector = { kind: 'account', id: rig.agent.flow.scheduler.find(spam)?.account };
	const where = { state: 'held', rule: 'hold.act', text: 'spam' };
	const since = new Date(rig.agent.flow.clock.now()).toISOString();
	assert.deepEqual((await act('discard', { selector, where })).json, { recipients: 1, messages: 1 });
	const until = new Date(rig.agent.flow.clock.now()).toISOString();
	assert.deepEqual([await stateOf(spam), await stateOf(letter), await stateOf(other)], ['discarded', 'held', 'queued']);
	const back = await act('restore', { selector, where: { since, until }, asBefore: true });
	assert.deepEqual(back.json, { recipients: 1, messages: 1 });
	assert.equal(await stateOf(spam), 'held');
	rig = await rig.restart();
	assert.equal(await stateOf(spam), 'held');
	const { items } = given(await rig.client.call('listOpen', { query: { state: 'held' } }));
	assert.deepEqual(items.map(({ rule, text }) => `${rule} ${text}`).sort(), ['hold.act asked', 'hold.act spam']);
	await discard(rig, other);
	assert.deepEqual((await restore(rig, other, 'admin root', { asBefore: true })).json, { recipients: 1, messages: 1 });
	assert.notEqual(await stateOf(other), 'held', 'what was not held goes on');
	assert.equal(takenBy(internet, 'greylist-1-a@a.test'), 0);
});
