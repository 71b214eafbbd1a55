/**
 * What people do to mail that is here: hold, release, discard, requeue, by message, account, identity and destination; what of
 * it shows in trace and audit, and that a restart changes nothing.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createClient } from '@sluice/shared/client/client.ts';
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import type { Selector } from '@sluice/shared/words/selector.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { act, given, patient, setHold, states, takenBy, twoDeferred } from './acts.ts';
import { type Rig, startRig } from './rig.ts';
import { mailbox } from './senders.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

const selectors: readonly [name: string, of: (id: string, name: string) => Selector][] = [
	['message', (id) => ({ kind: 'message', id })],
	['account', (_, name) => ({ kind: 'account', id: `domain:${name}-account.test` })],
	['identity', (_, name) => ({ kind: 'identity', id: `mailbox:${name}@${name}-account.test` })],
	['destination', (_, name) => ({ kind: 'destination', id: `${name}.test` })],
];

test('hold and release by message, account, identity and destination reach what they name and nothing else', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	for (const way of ['REST', 'review'] as const) {
		for (const [kind, selectorOf] of selectors) {
			const name = `${kind}-${way.toLowerCase()}`;
			const [met, other] = await twoDeferred(rig, name);
			const selector = selectorOf(met, name);
			assert.deepEqual(await act(rig, way, 'hold', selector), { recipients: 1, messages: 1 }, name);
			const [address, neighbour] = [`greylist-1-${name}@${name}.test`, `greylist-1-${name}@${name}-other.test`];
			assert.deepEqual(await states(rig, met), { [address]: 'held' });
			assert.deepEqual(await states(rig, other), { [neighbour]: 'queued' });

			// Held mail is not requeued; the neighbour's is.
			assert.equal((await act(rig, way, 'requeue', selector)).recipients, 0);
			await act(rig, way, 'requeue', { kind: 'message', id: other });
			await rig.until(() => rig.count('recipient.delivered', { message: other }) === 1);
			assert.equal(takenBy(internet, address), 0);

			assert.deepEqual(await act(rig, way, 'release', selector), { recipients: 1, messages: 1 });
			await rig.until(() => rig.count('recipient.delivered', { message: met }) === 1);
			assert.equal(takenBy(internet, address), 1);
			assert.deepEqual(
				(await rig.trace(met)).steps.map(({ event, actor, text }) => [event, actor, actor === undefined ? '' : text]),
				[
					['message.accepted', undefined, ''],
					['recipient.deferred', undefined, ''],
					['message.held', 'admin scenario', 'Held by admin scenario: hold for a test.'],
					['message.released', 'admin scenario', 'Released by admin scenario: release for a test.'],
					['recipient.delivered', undefined, ''],
				],
			);
		}
	}
	assert.deepEqual(
		rig.summary('message.accepted', 'recipient.delivered', 'message.held', 'message.released', 'dsn.sent'),
		{
			'message.accepted': 16,
			'recipient.delivered': 16,
			'message.held': 8,
			'message.released': 8,
			'dsn.sent': 0,
		},
	);
});

test('discard by each selector ends the mail, tells nobody, and stays discarded', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	for (const way of ['REST', 'review'] as const) {
		for (const [kind, selectorOf] of selectors) {
			const name = `discard-${kind}-${way.toLowerCase()}`;
			const [met, other] = await twoDeferred(rig, name);
			assert.deepEqual(await act(rig, way, 'discard', selectorOf(met, name)), { recipients: 1, messages: 1 });
			assert.deepEqual(await states(rig, met), { [`greylist-1-${name}@${name}.test`]: 'discarded' });
			assert.deepEqual(await states(rig, other), { [`greylist-1-${name}@${name}-other.test`]: 'queued' });
			assert.equal(takenBy(internet, `greylist-1-${name}@${name}.test`), 0);
		}
	}
	assert.equal(rig.count('recipient.discarded'), 8);
	assert.equal(rig.count('message.finished'), 8);
	assert.equal(rig.count('dsn.sent'), 0);
	const again = await rig.restart();
	assert.equal(again.agent.flow.scheduler.messages, 8);
	assert.equal(again.count('dsn.sent'), 0);
});

test('a message by its own address: held, released and discarded with a reason, refused without', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	const [met, other] = await twoDeferred(rig, 'by-id');
	await act(rig, 'REST', 'hold', { kind: 'message', id: met });
	const body = { reason: 'seen and found good' };
	assert.deepEqual(given(await rig.client.call('releaseMessage', { params: { id: met }, body })), {
		recipients: 1,
		messages: 1,
	});
	await rig.until(() => rig.count('recipient.delivered', { message: met }) === 1);
	assert.deepEqual(given(await rig.client.call('discardMessage', { params: { id: other }, body })), {
		recipients: 1,
		messages: 1,
	});
	const gone = await rig.client.call('discardMessage', { params: { id: other }, body });
	assert.ok(!gone.ok && gone.error.kind === 'problem' && gone.error.problem.status === 404);
});

test('requeue makes a deferral due now and probes the closed lane', async (context) => {
	const closing = { lane: { windowInitial: 1, failedCohortsMax: 1, reopenSeconds: 3600, reopenMaxSeconds: 3600 } };
	const rig = await startRig(context, { internet, delivery: { ...patient, ...closing } });
	internet.dns.set('later.test', [{ type: 'MX', preference: 10, exchange: 'dead.sink.test' }]);
	const id = await rig.send({ from: '', to: ['x@later.test'] });
	await rig.until(() => rig.count('lane.closed') === 1);
	// Long after: somebody has mended the server, and does not want to wait for an hour.
	await act(rig, 'REST', 'requeue', { kind: 'destination', id: 'later.test' });
	await rig.until(() => rig.count('recipient.deferred', { message: id }) === 2);
	const { items } = given(await rig.client.call('lanes'));
	assert.equal(items.find(({ destination }) => destination === 'later.test')?.state, 'closed');
	assert.equal((await rig.trace(id)).steps.filter(({ event }) => event === 'message.requeued').length, 1);
});

test('an act meets a recipient under way after its attempt: taken stays taken, deferred is held or discarded', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	for (const [kind, state] of [
		['hold', 'held'],
		['discard', 'discarded'],
	] as const) {
		const [slow, deferred] = [`slow-600-${kind}@ok.test`, `451-${kind}@ok.test`];
		const id = await rig.send({ to: [slow, deferred] });
		await rig.until(() => rig.agent.flow.scheduler.busy === 1);
		assert.deepEqual(await act(rig, 'REST', kind, { kind: 'message', id }), { recipients: 2, messages: 0 });
		await rig.until(() => rig.count('recipient.delivered', { message: id }) === 1);
		await rig.until(() => rig.count(kind === 'hold' ? 'message.held' : 'recipient.discarded', { message: id }) === 1);
		assert.deepEqual(await states(rig, id), { [slow]: 'delivered', [deferred]: state });
		const own = (await rig.trace(id)).steps.filter(({ recipient }) => recipient === deferred);
		assert.deepEqual(
			own.map(({ event, actor }) => [event, actor]),
			[
				['recipient.deferred', undefined],
				[kind === 'hold' ? 'message.held' : 'recipient.discarded', 'admin scenario'],
			],
		);
	}
	assert.equal(rig.count('dsn.sent'), 0);
});

test('a release while the attempt runs takes the hold back', async (context) => {
	const rig = await startRig(context, { internet, delivery: patient });
	const id = await rig.send({ to: ['slow-500-x@ok.test', '451-back@ok.test'] });
	await rig.until(() => rig.agent.flow.scheduler.busy === 1);
	await act(rig, 'REST', 'hold', { kind: 'message', id });
	await act(rig, 'REST', 'release', { kind: 'message', id });
	await rig.until(() => rig.count('recipient.deferred', { message: id }) === 1);
	assert.deepEqual(await states(rig, id), { 'slow-500-x@ok.test': 'delivered', '451-back@ok.test': 'queued' });
});

test('everything survives a restart: holds, held, queued and ended mail, and what is known of each', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	const { hold } = await setHold(rig, { kind: 'account', id: 'domain:survivor.test' });
	const heldAtOnce = (await rig.submit({ to: ['at-once@ok.test'], sender: mailbox('m@survivor.test') })).end;
	const [held, queued] = await twoDeferred(rig, 'restart');
	await act(rig, 'REST', 'hold', { kind: 'message', id: held });
	const [discarded] = await twoDeferred(rig, 'restart-gone');
	await act(rig, 'REST', 'discard', { kind: 'message', id: discarded });
	const mixed = await rig.send({ to: ['taken@ok.test', '451-later@ok.test', 'x@two.test'] });
	await rig.until(() => rig.count('recipient.delivered', { message: mixed }) === 2);
	await rig.until(() => rig.count('recipient.deferred', { message: mixed }) === 1);
	const everything = async (of: Rig) => ({
		messages: given(await of.client.call('listMessages')).items,
		holds: given(await of.client.call('listHolds')).items,
		audit: given(await of.client.call('audit')).items,
		queue: given(await of.client.call('queue', { query: { by: 'account' } })),
		states: given(await of.client.call('queue', { query: { by: 'state' } })),
		trace: await of.trace(held),
	});
	const before = await everything(rig);
	const taken = internet.accepted().length;
	const again = await rig.restart();
	assert.deepEqual(await everything(again), before);
	assert.equal(internet.accepted().length, taken, 'nothing is sent again');
	assert.equal(before.states.items.find(({ key }) => key === 'held')?.recipients, 2);

	// And all of it still works: the hold takes new mail, what is held can go, what is queued can be hurried.
	const late = await again.submit({ to: ['late@ok.test'], sender: mailbox('m@survivor.test') });
	assert.match(late.end?.text ?? '', / held;/);
	await act(again, 'REST', 'release', { kind: 'message', id: held });
	await act(again, 'REST', 'requeue', { kind: 'message', id: queued });
	await again.client.call('deleteHold', { params: { id: hold.id }, query: { release: 'true' } });
	const ids = [held, queued, heldAtOnce?.text.split(' ')[2], late.end?.text.split(' ')[2]];
	await again.until(() =>
		ids.every((message) => again.count('recipient.delivered', { message: String(message) }) === 1),
	);
});

test('the audit has every act with who and why, newest first, in pages', async (context) => {
	const rig = await startRig(context, { internet, delivery: patient });
	const asAlice = createClient(rig.agent.socketPath, { role: 'admin', id: 'root', as: 'alice' });
	for (let number = 1; number <= 7; number++) {
		const body = { selector: { kind: 'account', id: `a${number}` } as const, reason: `round ${number}` };
		given(await asAlice.call('act', { params: { act: 'hold' }, body }));
	}
	const seen: string[] = [];
	let cursor: string | undefined;
	let pages = 0;
	do {
		const page: OperationOutput<'audit'> = given(
			await rig.client.call('audit', { query: { limit: 3, ...(cursor === undefined ? {} : { cursor }) } }),
		);
		pages++;
		cursor = page.next;
		for (const { actor, act, subject, detail } of page.items) {
			assert.equal(actor, 'admin root as alice');
			assert.equal(act, 'queue.hold');
			seen.push(`${subject}: ${detail}`);
		}
	} while (cursor !== undefined);
	assert.equal(pages, 3);
	assert.deepEqual(
		seen,
		[7, 6, 5, 4, 3, 2, 1].map((number) => `account a${number}: round ${number} (0 recipients)`),
	);
});
