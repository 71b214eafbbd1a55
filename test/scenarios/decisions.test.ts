/**
 * Who decides about mail: an owner about what is left to it, a reseller about what no administrator keeps, each by REST and after a
 * restart. And the list of what is held or waits, which says so.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { OpenGroupDto } from '@sluice/shared/contract/view-operations.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { given, patient, states, takenBy } from './acts.ts';
import { type Answered, ask, problemOf } from './http.ts';
import { putList } from './panel.ts';
import { type Rig, type RigOptions, startRig } from './rig.ts';
import { mailbox } from './senders.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

const owners = { rights: { owners: { release: true, discard: true } } } as const;
const asAdmin = 'admin root';
const asBob = 'reseller bob';
const asAcme = 'account acme';

async function start(context: Parameters<typeof startRig>[0], more: RigOptions = {}): Promise<Rig> {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient, ...more });
	await putList(rig, [
		{ id: 'acme', reseller: 'bob' },
		{ id: 'zebra', reseller: 'ann' },
	]);
	return rig;
}

const send = async (rig: Rig, to: string, account = 'acme'): Promise<string> => {
	const login = `mary@${account}.test`;
	const { end } = await rig.submit({ from: login, to: [to], sender: mailbox(login) });
	return end?.text.split(' ')[2] ?? '';
};

const post = (rig: Rig, path: string, actor: string, body: object): Promise<Answered> =>
	ask(rig.agent.socketPath, { method: 'POST', path, actor, body: JSON.stringify({ reason: 'tried', ...body }) });
const act = (rig: Rig, kind: string, actor: string, selector: object, more: object = {}): Promise<Answered> =>
	post(rig, `/v1/queue/${kind}`, actor, { selector, ...more });
const release = (rig: Rig, actor: string, id: string, more: object = {}): Promise<Answered> =>
	post(rig, `/v1/messages/${id}/release`, actor, more);
const account = { kind: 'account', id: 'acme' } as const;

async function setHold(rig: Rig, actor: string, more: object = {}): Promise<string> {
	const answer = await post(rig, '/v1/holds', actor, { selector: account, seconds: 3600, ...more });
	assert.equal(answer.status, 200, answer.text);
	return (answer.json as { hold: { id: string } }).hold.id;
}
const lift = (rig: Rig, actor: string, id: string, isReleased = false): Promise<Answered> =>
	ask(rig.agent.socketPath, { method: 'DELETE', path: `/v1/holds/${id}?release=${isReleased}`, actor });

async function open(rig: Rig, actor: string, state: 'held' | 'waiting' = 'held'): Promise<readonly OpenGroupDto[]> {
	const answer = await ask(rig.agent.socketPath, { path: `/v1/open?state=${state}`, actor });
	assert.equal(answer.status, 200, answer.text);
	return (answer.json as { items: OpenGroupDto[] }).items;
}

test('an owner releases and discards what a hold leaves to it, where the setting allows that', async (context) => {
	let rig = await start(context);
	const kept = await setHold(rig, asAdmin);
	const first = await send(rig, 'kept@ok.test');
	assert.equal(problemOf(await release(rig, asAcme, first)), '403 forbidden', 'the setting is off');
	assert.equal((await open(rig, asAcme))[0]?.ownerMayRelease, false);

	rig = await rig.restart({ config: owners });
	assert.equal(problemOf(await release(rig, asAcme, first)), '403 forbidden', 'nobody has left it to the owner');
	assert.equal((await lift(rig, asAdmin, kept)).status, 200);
	await setHold(rig, asBob, { ownerMayRelease: true });
	const [second, third] = [await send(rig, 'left@ok.test'), await send(rig, 'dropped@ok.test')];
	// As after a restart: why it is held comes from the log.
	rig = await rig.restart({ config: owners });
	const groups = await open(rig, asAcme);
	assert.deepEqual(
		groups.map(({ by, messages, ownerMayRelease, ownerMayDiscard }) => [
			by,
			messages,
			ownerMayRelease,
			ownerMayDiscard,
		]),
		[
			['reseller', 2, true, true],
			['admin', 1, false, true],
		],
	);
	assert.deepEqual(groups[0]?.first.map(({ recipient }) => recipient).sort(), ['dropped@ok.test', 'left@ok.test']);
	assert.ok(groups.every(({ hold }) => hold === undefined));
	assert.equal(problemOf(await release(rig, asAcme, second, { now: true })), '403 forbidden');
	assert.equal((await release(rig, asAcme, second)).status, 200);
	await rig.until(() => takenBy(internet, 'left@ok.test') === 1);
	assert.equal((await post(rig, `/v1/messages/${third}/discard`, asAcme, {})).status, 200);
	assert.deepEqual(await states(rig, third), { 'dropped@ok.test': 'discarded' });
	// All of the account's: what an administrator holds is left, and said so.
	const all = await act(rig, 'release', asAcme, account);
	assert.equal(problemOf(all), '403 forbidden');
	assert.deepEqual(await states(rig, first), { 'kept@ok.test': 'held' });
	// Its own name stands in audit and trace.
	const { items } = given(await rig.client.call('audit', { query: { actor: 'account acme' } }));
	assert.ok(items.some(({ act: kind, subject }) => kind === 'queue.discard' && subject === `message ${third}`));
});

test('a reseller lets go what it holds and not what an administrator holds, after a restart too', async (context) => {
	let rig = await start(context);
	const adminHold = await setHold(rig, asAdmin);
	const ofHold = await send(rig, 'admin-hold@ok.test');
	await lift(rig, asAdmin, adminHold);
	const ofAct = await send(rig, 'greylist-1-act@act.test');
	const ofReseller = await send(rig, 'greylist-1-own@own.test');
	await rig.until(() => rig.count('recipient.deferred') === 2);
	assert.equal((await act(rig, 'hold', asAdmin, { kind: 'message', id: ofAct })).status, 200);
	assert.equal((await act(rig, 'hold', asBob, { kind: 'message', id: ofReseller })).status, 200);
	rig = await rig.restart();
	for (const id of [ofHold, ofAct]) {
		const refused = await release(rig, asBob, id);
		assert.equal(problemOf(refused), '403 forbidden');
		assert.doesNotMatch(refused.text, /root/);
	}
	// A mixed selection: what it may is done, the rest is left and counted.
	const mixed = await act(rig, 'release', asBob, account);
	assert.deepEqual(mixed.json, {
		recipients: 1,
		messages: 1,
		left: 2,
		why: 'An administrator, or a rule of the server, holds it.',
	});
	await rig.until(() => takenBy(internet, 'greylist-1-own@own.test') === 1);
	assert.deepEqual(await states(rig, ofHold), { 'admin-hold@ok.test': 'held' });
	// One group alone of two.
	const one = await act(rig, 'release', asAdmin, account, { where: { state: 'held', rule: 'hold.act' } });
	assert.deepEqual(one.json, { recipients: 1, messages: 1 });
	assert.deepEqual(await states(rig, ofHold), { 'admin-hold@ok.test': 'held' });
});

test('a hold of an administrator is seen and not lifted by a reseller; it takes over what others hold', async (context) => {
	const rig = await start(context);
	const own = await setHold(rig, asBob, { ownerMayRelease: true });
	const held = await send(rig, 'x@ok.test');
	const hold = await setHold(rig, asAdmin);
	const seen = await ask(rig.agent.socketPath, { path: '/v1/holds', actor: asBob });
	assert.deepEqual(
		(seen.json as { items: { id: string; author: string }[] }).items.map(({ id, author }) => [id, author]),
		[
			[own, 'reseller bob'],
			[hold, 'admin'],
		],
	);
	assert.equal(problemOf(await lift(rig, asBob, hold)), '403 forbidden');
	const nothing = await lift(rig, 'reseller ann', hold);
	assert.equal(problemOf(nothing), '404 not-found');
	assert.equal(nothing.text, (await lift(rig, 'reseller ann', 'hnothing')).text);
	assert.equal(problemOf(await release(rig, asBob, held)), '403 forbidden', 'its own hold does not stand alone');
	assert.equal((await lift(rig, asBob, own, true)).status, 200);
	assert.deepEqual(await states(rig, held), { 'x@ok.test': 'held' });
	assert.equal((await lift(rig, asAdmin, hold, true)).status, 200);
	await rig.until(() => takenBy(internet, 'x@ok.test') === 1);
	// By hand too: what the reseller holds, an administrator holds from now on.
	const deferred = await send(rig, 'greylist-1-over@over.test');
	await rig.until(() => rig.count('recipient.deferred') === 1);
	const message = { kind: 'message', id: deferred };
	for (const [actor, recipients] of [
		[asBob, 1],
		[asAdmin, 1],
		[asAdmin, 0],
		[asBob, 0],
	] as const)
		assert.deepEqual((await act(rig, 'hold', actor, message)).json, { recipients, messages: recipients }, actor);
	assert.equal(problemOf(await release(rig, asBob, deferred)), '403 forbidden');
});

test('a reseller holds an identity of its own accounts and nobody else’s mail with it', async (context) => {
	const rig = await start(context);
	const identity = (id: string): object => ({ selector: { kind: 'identity', id }, seconds: 3600 });
	for (const other of ['mailbox:mary@zebra.test', 'mailbox:mary@nobody.test', 'unix:4711']) {
		const refused = await post(rig, '/v1/holds', asBob, identity(other));
		assert.equal(problemOf(refused), '404 not-found', other);
	}
	const destination = { selector: { kind: 'destination', id: 'ok.test' } };
	assert.equal(problemOf(await post(rig, '/v1/holds', asBob, destination)), '403 forbidden');
	assert.equal((await post(rig, '/v1/holds', asBob, identity('mailbox:Mary@acme.test'))).status, 200);
	// The domain goes to another customer: the hold does not go with it.
	const own = await send(rig, 'own@ok.test');
	await putList(rig, [
		{ id: 'acme', reseller: 'bob', domains: ['other.test'], mailboxes: [] },
		{ id: 'zebra', reseller: 'ann', domains: ['zebra.test', 'acme.test'], mailboxes: ['mary@acme.test'] },
	]);
	await send(rig, 'moved@ok.test');
	await rig.until(() => takenBy(internet, 'moved@ok.test') === 1);
	assert.deepEqual(await states(rig, own), { 'own@ok.test': 'held' });
});

test('a reseller sees the numbers of its own queue, and lets nothing go past a limit', async (context) => {
	const rig = await start(context);
	given(
		await rig.client.call('putLimits', {
			params: { level: 'accounts', id: 'acme' },
			body: { mode: 'enforce', hour: { recipients: 1 } },
		}),
	);
	await send(rig, 'greylist-1-a@a.test');
	const waits = await send(rig, 'b@b.test');
	const other = await send(rig, 'greylist-1-z@z.test', 'zebra');
	await rig.until(() => rig.count('recipient.deferred') === 2);
	const queueBy = async (by: string): Promise<unknown> => {
		const answer = await ask(rig.agent.socketPath, { path: `/v1/queue?by=${by}`, actor: asBob });
		const { items } = answer.json as { items: { key: string; queued: number; waiting: number }[] };
		return items
			.filter(({ queued, waiting }) => queued + waiting > 0)
			.map(({ key, queued, waiting }) => [key, queued, waiting]);
	};
	assert.deepEqual(await queueBy('account'), [['acme', 1, 1]]);
	assert.deepEqual(await queueBy('destination'), [
		['a.test', 1, 0],
		['b.test', 0, 1],
	]);
	assert.deepEqual(await queueBy('identity'), [['mailbox:mary@acme.test', 1, 1]]);
	assert.deepEqual(await queueBy('age'), [['0', 1, 1]]);
	assert.deepEqual(await queueBy('state'), [
		['queued', 1, 0],
		['waiting', 0, 1],
	]);
	const [group] = await open(rig, asBob, 'waiting');
	assert.equal(group?.rule, 'limit.hour.recipients');
	assert.match(group?.text ?? '', /^This account has a limit of 1 recipient an hour \(.*\)\.$/);
	assert.ok(Date.parse(group?.until ?? '') > Date.now() + 3_000_000, group?.until);
	assert.deepEqual([group?.identity, group?.first.length], ['mailbox:mary@acme.test', 1]);
	assert.equal(problemOf(await release(rig, asBob, waits)), '403 forbidden');
	assert.equal(problemOf(await release(rig, asBob, other)), '404 not-found');
	assert.equal(problemOf(await act(rig, 'requeue', asAcme, account)), '403 forbidden');
	// Made due now: a second attempt takes it.
	assert.equal((await act(rig, 'requeue', asBob, account)).status, 200);
	await rig.until(() => takenBy(internet, 'greylist-1-a@a.test') === 1);
	assert.equal(takenBy(internet, 'greylist-1-z@z.test'), 0);
});

test('an act outside the agent is written down by administrators, and found by who, what and to what', async (context) => {
	const rig = await start(context);
	const done = {
		actor: 'reseller bob as root',
		act: 'panel.hold',
		subject: 'account acme',
		detail: 'outgoing mail held',
	};
	const { id, at, ...kept } = given(await rig.client.call('recordAct', { body: done }));
	assert.deepEqual(kept, done);
	assert.equal(rig.count('admin.act', { act: 'panel.hold', actor: 'reseller bob as root' }), 1);
	const found = async (query: object): Promise<readonly number[]> =>
		given(await rig.client.call('audit', { query })).items.map((entry) => entry.id);
	assert.deepEqual(await found({ act: 'panel' }), [id]);
	assert.deepEqual(await found({ actor: 'bob', subject: 'ACME' }), [id]);
	assert.deepEqual(await found({ actor: 'bob', act: 'mta' }), []);
	assert.ok(Date.parse(at) <= Date.now());
	assert.equal(problemOf(await post(rig, '/v1/audit', asBob, done)), '403 forbidden');
});
