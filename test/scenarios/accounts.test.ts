/**
 * What becomes of mail when a panel suspends, resumes, removes, makes anew, renames or moves an account.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { accept } from '@sluice/agent/flow/accept.ts';
import { takeAccount } from '@sluice/agent/flow/accounts.ts';
import { sweep } from '@sluice/agent/flow/sweep.ts';
import { openState } from '@sluice/agent/io/store/state.ts';
import type { Account } from '@sluice/shared/words/account.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { act, given, patient, setHold, states, takenBy } from './acts.ts';
import { nextRevision, putList, putOne, removed } from './panel.ts';
import { type Rig, type Sending, startRig } from './rig.ts';
import { mailbox, unixUser } from './senders.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

/** Hands a message in; its id, whatever state it starts in. */
async function handIn(rig: Rig, sending: Sending): Promise<string> {
	const text = (await rig.submit(sending)).end?.text ?? '';
	const id = /2\.0\.0 (\w{13}) /.exec(text)?.[1];
	assert.ok(id !== undefined, text);
	return id;
}

/** A message that was deferred once and stays queued. */
async function deferred(rig: Rig, name: string, sender: string, from = 'a@one.test'): Promise<string> {
	const id = await handIn(rig, { from, to: [`greylist-1-${name}@ok.test`], sender });
	await rig.until(() => rig.count('recipient.deferred', { message: id }) === 1);
	return id;
}

const stateOf = async (rig: Rig, id: string): Promise<string | undefined> => Object.values(await states(rig, id))[0];
const isDelivered = (rig: Rig, id: string) => () => rig.count('recipient.delivered', { message: id }) === 1;
const later = ({ agent: { flow } }: Rig, ms: number) => ({
	...flow,
	clock: { ...flow.clock, now: () => Date.now() + ms },
});

test('suspended: queued and new mail is held; active again: that leaves, and nothing that was held for another reason', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	const sender = mailbox('mary@acme.test');
	await putList(rig, [{ id: 'acme' }, { id: 'other' }]);
	const byPerson = await deferred(rig, 'sus-person', sender);
	await act(rig, 'REST', 'hold', { kind: 'message', id: byPerson });
	const queued = await deferred(rig, 'sus-queued', sender);
	const neighbours = await deferred(rig, 'sus-neighbour', mailbox('mary@other.test'));

	const suspended = await putOne(rig, { id: 'acme', state: 'suspended' });
	assert.equal(suspended.state, 'suspended');
	assert.equal(suspended.held, 2);
	assert.equal(rig.count('account.changed', { account: 'acme', change: 'suspended', held: 1 }), 1);
	const reply = (await rig.submit({ to: ['sus-new@ok.test'], sender })).end?.text ?? '';
	assert.match(reply, /held; see Outgoing mail$/);
	const fresh = reply.split(' ')[2] ?? '';
	const { verdict } = await rig.trace(fresh);
	assert.deepEqual([verdict.reasons[0]?.rule, verdict.reasons[0]?.value], ['account.suspended', 'acme']);
	assert.equal(await stateOf(rig, neighbours), 'queued');
	const free = await handIn(rig, { to: ['sus-free@ok.test'], sender: mailbox('mary@other.test') });
	await rig.until(isDelivered(rig, free));

	// What a person lets go meanwhile goes; the sweep does not take it back.
	const letGo = await handIn(rig, { to: ['greylist-1-sus-let-go@ok.test'], sender });
	await act(rig, 'REST', 'release', { kind: 'message', id: letGo });
	await rig.until(() => rig.count('recipient.deferred', { message: letGo }) === 1);
	await sweep(rig.agent.flow);
	assert.equal(await stateOf(rig, letGo), 'queued');

	// What another hold meets waits for that one.
	const placed = await handIn(rig, { to: ['x@sus-place.test'], sender });
	const { hold } = await setHold(rig, { kind: 'destination', id: 'sus-place.test' });
	const active = await putOne(rig, { id: 'acme' });
	assert.deepEqual([active.state, active.held], ['active', 2]);
	await rig.until(() => rig.count('recipient.delivered', { message: fresh }) === 1);
	assert.equal(rig.count('account.changed', { account: 'acme', change: 'resumed', released: 2 }), 1);
	await rig.until(isDelivered(rig, queued));
	assert.deepEqual([await stateOf(rig, byPerson), await stateOf(rig, placed)], ['held', 'held']);
	given(await rig.client.call('deleteHold', { params: { id: hold.id }, query: { release: 'false' } }));
	await sweep(rig.agent.flow);
	await rig.until(isDelivered(rig, placed));
	assert.equal(await stateOf(rig, byPerson), 'held');
});

test('a suspension reaches over a restart, in the middle of it too', async (context) => {
	let rig = await startRig(context, { internet, isWired: true, delivery: patient });
	const sender = mailbox('mary@acme.test');
	await putList(rig, [{ id: 'acme' }]);
	const byPerson = await deferred(rig, 'mid-person', sender);
	await act(rig, 'REST', 'hold', { kind: 'message', id: byPerson });
	const queued = await deferred(rig, 'mid-queued', sender);
	/** As a kill leaves it that came between the account and its mail. */
	const killedAfter = async (change: (account: Account) => Account): Promise<void> => {
		await rig.stopped();
		const path = join(rig.dataDir, 'state.db');
		const state = openState({ path, now: Date.now, report: () => {} });
		const [known] = state.documents('account');
		state.putDocuments('account', [{ id: 'acme', value: change(known?.value as Account) }]);
		state.close();
		rig = await rig.restart();
	};
	await killedAfter((account) => ({ ...account, state: 'suspended', stateSinceMs: Date.now() }));
	assert.equal(await stateOf(rig, queued), 'held');
	const fresh = await handIn(rig, { to: ['mid-new@ok.test'], sender });
	assert.equal(await stateOf(rig, fresh), 'held');
	rig = await rig.restart();
	assert.equal(given(await rig.client.call('getAccount', { params: { id: 'acme' } })).held, 3);
	await killedAfter(({ stateSinceMs, ...account }) => ({ ...account, state: 'active' }));
	await rig.until(isDelivered(rig, fresh));
	await rig.until(isDelivered(rig, queued));
	assert.equal(await stateOf(rig, byPerson), 'held');
	await killedAfter((account) => ({ ...account, state: 'gone', stateSinceMs: Date.now() }));
	await rig.until(() => rig.count('message.finished', { message: byPerson }) === 1 || rig.events.length > 0);
	assert.equal(await stateOf(rig, byPerson), 'discarded');
});

test('an account that is suspended while its mail is on its way to the disk keeps that too', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	await putList(rig, [{ id: 'acme' }]);
	const { flow } = rig.agent;
	const known = flow.accounts.find('acme') as Account;
	const spool: typeof flow.spool = {
		...flow.spool,
		async append(...record) {
			const item = { ...known, state: 'suspended' } as const;
			given(await takeAccount(flow, { revision: nextRevision(), item }, { role: 'admin', id: 'scenario' }));
			return flow.spool.append(...record);
		},
	};
	const peer = { address: '127.0.0.1', port: 1, localAddress: '127.0.0.1', localPort: 2, proved: true };
	const headerText = `${mailbox('mary@acme.test')}Subject: race\r\n\r\n`;
	const content = Buffer.from(`${headerText}Hello.\r\n`);
	const reply = await accept(
		{ ...flow, spool },
		{ id: 's', peer, helo: 'client.test', protocol: 'ESMTP', xforward: {} },
		{ reversePath: 'mary@acme.test', recipients: [{ address: 'x@race.test' }], has8bit: false, smtpUtf8: false },
		{ chunks: [content], bytes: content.length, headerText, has8bit: false, newlinesNormalised: 0 },
	);
	assert.match(reply.lines.join(''), /held; see Outgoing mail/);
});

test('gone: held mail is dropped with one notice, queued mail goes on for its grace and then ends with a report', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	const sender = mailbox('mary@acme.test');
	await putList(rig, [{ id: 'acme' }]);
	const held = [];
	for (const name of ['gone-a', 'gone-b']) held.push(await deferred(rig, name, sender));
	for (const id of held) await act(rig, 'REST', 'hold', { kind: 'message', id });
	const queued = await deferred(rig, 'gone-queued', sender, 'greylist-1-gone-owner@ok.test');

	const gone = await removed(rig, 'acme');
	assert.equal(gone.state, 'gone');
	const notices = rig.events.filter(({ event, change }) => event === 'account.changed' && change === 'gone');
	assert.deepEqual(
		notices.map(({ account, discarded }) => [account, discarded]),
		[['acme', 2]],
	);
	assert.equal(await stateOf(rig, queued), 'queued');
	// Its last mail still comes, as its own.
	const last = await handIn(rig, { to: ['gone-last@ok.test'], sender });
	await rig.until(isDelivered(rig, last));
	assert.equal((await rig.trace(last)).from.account, 'acme');

	const afterGrace = later(rig, 3_601_000);
	const reports = rig.count('dsn.sent');
	await sweep(afterGrace);
	await rig.until(() => rig.count('dsn.sent', { message: queued }) === 1);
	assert.equal(rig.count('dsn.sent'), reports + 1);
	assert.equal(await stateOf(rig, queued), 'expired');
	// The report itself is on its way, whatever its account.
	const report = String(rig.events.find(({ event, message }) => event === 'dsn.sent' && message === queued)?.report);
	await rig.until(() => rig.count('recipient.deferred', { message: report }) === 1);
	await sweep(afterGrace);
	assert.equal(await stateOf(rig, report), 'queued');
	assert.equal(rig.count('account.changed', { account: 'acme', change: 'gone' }), 1);
});

test('after its grace new mail of a gone account is refused; made anew it begins anew', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, config: { accounts: { goneGraceSeconds: 0 } } });
	const sender = mailbox('mary@acme.test');
	await putList(rig, [{ id: 'acme' }]);
	given(await rig.client.call('putMaySendAs', { params: { id: 'acme' }, body: { items: ['friend.test'] } }));
	await removed(rig, 'acme');
	const refused = (await rig.submit({ to: ['after@ok.test'], sender })).end;
	assert.deepEqual([refused?.code, refused?.text], [550, '550 5.7.1 The account of this sender no longer exists']);
	assert.equal(rig.count('message.refused', { fault: 'E_ACCOUNT_GONE', account: 'acme' }), 1);
	const again = await putOne(rig, { id: 'acme' });
	assert.deepEqual([again.id, again.key, again.maySendAs], ['acme', 'acme~2', []]);
	const id = await handIn(rig, { to: ['again@ok.test'], sender });
	await rig.until(isDelivered(rig, id));
	assert.equal((await rig.trace(id)).from.account, 'acme~2');
	assert.equal(takenBy(internet, 'after@ok.test'), 0);
	// Both are there for who may see gone ones.
	const { items, total } = given(await rig.client.call('listAccounts', { query: { sort: 'name' } }));
	assert.deepEqual(
		[items.map(({ key, state }) => [key, state]), total],
		[
			[
				['acme', 'gone'],
				['acme~2', 'active'],
			],
			2,
		],
	);
});

test('renamed: what is queued and held stays its own; the old id given anew is somebody else', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	await putList(rig, [{ id: 'acme', unixUsers: [{ name: 'acme', uid: 7001 }] }]);
	const before = await deferred(rig, 'ren-before', unixUser(7001));
	const renamed = given(
		await rig.client.call('renameAccount', {
			params: { id: 'acme' },
			body: { id: 'umbrella', revision: nextRevision() },
		}),
	);
	assert.deepEqual([renamed.id, renamed.key], ['umbrella', 'acme']);
	assert.equal(rig.count('account.changed', { account: 'acme', change: 'renamed', formerId: 'acme' }), 1);
	const after = await handIn(rig, { to: ['ren-after@ok.test'], sender: unixUser(7001) });
	await rig.until(isDelivered(rig, after));
	assert.equal((await rig.trace(after)).from.account, 'acme');
	const newcomer = await putOne(rig, { id: 'acme', domains: ['newcomer.test'], mailboxes: ['m@newcomer.test'] });
	assert.equal(newcomer.key, 'acme~2');
	// A suspension of the newcomer is not the other's.
	await putOne(rig, { id: 'acme', state: 'suspended', domains: ['newcomer.test'], mailboxes: ['m@newcomer.test'] });
	assert.equal(await stateOf(rig, before), 'queued');
	// The panel calls it by its new id from now on: the same account.
	const receipt = await putList(rig, [
		{ id: 'acme', state: 'suspended', domains: ['newcomer.test'], mailboxes: ['m@newcomer.test'] },
		{
			id: 'umbrella',
			name: 'Account acme',
			domains: ['acme.test'],
			mailboxes: ['mary@acme.test'],
			unixUsers: [{ name: 'acme', uid: 7001 }],
		},
	]);
	assert.deepEqual([receipt.added, receipt.changed, receipt.gone, receipt.unchanged], [0, 0, 0, 2]);
	const taken = await rig.client.call('renameAccount', {
		params: { id: 'umbrella' },
		body: { id: 'acme', revision: nextRevision() },
	});
	assert.equal(!taken.ok && taken.error.kind === 'problem' && taken.error.problem.type, 'urn:sluice:conflict');
});

test('moved to another reseller: what waits is paid by that one, after a restart too, and the sender hears nothing of it', async (context) => {
	let rig = await startRig(context, { internet, isWired: true, delivery: patient });
	const sender = mailbox('mary@acme.test');
	const pool = async (id: string, recipients: number) =>
		given(
			await rig.client.call('putLimits', {
				params: { level: 'resellers', id },
				body: { mode: 'enforce', hour: { recipients } },
			}),
		);
	const used = (reseller: string) =>
		rig.agent.flow.meter.used(`reseller:${reseller}`, 'hour.recipients', rig.agent.flow.clock.now());
	const told = [
		{ id: 'acme', reseller: 'bob' },
		{ id: 'other', reseller: 'eve' },
	];
	await putList(rig, told);
	await pool('bob', 1);
	await pool('eve', 1);
	await handIn(rig, { to: ['move-first@ok.test'], sender });
	await handIn(rig, { to: ['move-other@ok.test'], sender: mailbox('mary@other.test') });
	const waits = await handIn(rig, { to: ['move-waits@ok.test'], sender });
	assert.equal(await stateOf(rig, waits), 'waiting');
	assert.equal(rig.count('limit.episode', { state: 'began' }), 1);

	await putOne(rig, { id: 'acme', reseller: 'eve' });
	assert.equal(rig.count('account.changed', { account: 'acme', change: 'moved', formerReseller: 'bob' }), 1);
	// What comes now stands behind it: the same episode, of which the sender knows.
	const behind = await handIn(rig, { to: ['move-behind@ok.test'], sender });
	assert.equal(await stateOf(rig, behind), 'waiting');
	assert.deepEqual(
		[rig.count('limit.episode', { state: 'began' }), rig.count('limit.episode', { state: 'ended' })],
		[1, 0],
	);
	await act(rig, 'REST', 'discard', { kind: 'message', id: behind });
	// Bob's pool is nothing to it any more; Eve's is used up.
	await pool('bob', 100);
	assert.equal(await stateOf(rig, waits), 'waiting');
	assert.deepEqual([used('bob'), used('eve')], [1, 1]);
	assert.equal(rig.agent.flow.waiting.totalsOf('reseller:bob').recipients, 0);
	rig = await rig.restart();
	assert.equal(await stateOf(rig, waits), 'waiting');
	await pool('eve', 2);
	await rig.until(isDelivered(rig, waits));
	assert.deepEqual([used('bob'), used('eve')], [1, 2]);
	assert.deepEqual(
		[rig.count('limit.episode', { state: 'began' }), rig.count('limit.episode', { state: 'ended' })],
		[0, 1],
	);
});

test('without a panel nothing is special: accounts are what attribution finds, seen but not known', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	const id = await deferred(rig, 'none-uid', unixUser(7009));
	const sent = await handIn(rig, { to: ['none-mail@ok.test'], sender: mailbox('x@nopanel.test') });
	await rig.until(isDelivered(rig, sent));
	await act(rig, 'REST', 'hold', { kind: 'message', id });
	const { items } = given(await rig.client.call('listAccounts', { query: { sort: 'waiting' } }));
	assert.deepEqual(items.map(({ key, isKnown, held, state }) => [key, isKnown, held, state]).sort(), [
		['domain:nopanel.test', false, 0, 'active'],
		['uid:7009', false, 1, 'active'],
	]);
	assert.equal(rig.count('account.unknown'), 0);
	await sweep(later(rig, 86_400_000));
	assert.equal(rig.agent.flow.health.has('accounts.stale'), false);
	// A panel speaks for the first time: from now on such mail is told of, once a day each.
	await putList(rig, [{ id: 'acme' }]);
	for (const _ of [1, 2]) await handIn(rig, { to: ['none-told@ok.test'], sender: mailbox('x@stray.test') });
	assert.equal(rig.count('account.unknown', { account: 'domain:stray.test' }), 1);
	await handIn(rig, { to: ['none-told@ok.test'], sender: mailbox('mary@acme.test') });
	assert.equal(rig.count('account.unknown'), 1);
	// And its list may grow old.
	await sweep(later(rig, 3_700_000));
	assert.equal(rig.agent.flow.health.has('accounts.stale'), true);
	assert.equal(rig.count('accounts.stale', { reason: 'old' }), 1);
	await putList(rig, [{ id: 'acme' }]);
	assert.equal(rig.agent.flow.health.has('accounts.stale'), false);
});

test('forgotten: limits, exceptions and the account are gone, its key is spent; a living account is not forgotten', async (context) => {
	let rig = await startRig(context, { internet, isWired: true, delivery: patient });
	await putList(rig, [{ id: 'acme' }, { id: 'other' }]);
	const limits = { mode: 'monitor', hour: { recipients: 10 } } as const;
	for (const [level, id] of [
		['accounts', 'acme'],
		['domains', 'acme.test'],
		['mailboxes', 'mary@acme.test'],
		['scripts', 'acme:/home/acme/www'],
		['accounts', 'other'],
		['mailboxes', 'mary@other.test'],
	] as const)
		given(await rig.client.call('putLimits', { params: { level, id }, body: limits }));
	const forget = () => rig.client.call('forgetAccount', { params: { id: 'acme' }, body: { reason: 'left us' } });
	const living = await forget();
	assert.equal(!living.ok && living.error.kind === 'problem' && living.error.problem.type, 'urn:sluice:conflict');
	const queued = await deferred(rig, 'forget', mailbox('mary@acme.test'));
	await removed(rig, 'acme');
	assert.equal((await forget()).ok, false);
	await act(rig, 'REST', 'discard', { kind: 'message', id: queued });
	assert.deepEqual(given(await forget()), { forgotten: 5 });
	const left = given(await rig.client.call('listLimits', {})).items.map(({ id }) => id);
	assert.deepEqual(left.filter((id) => !id.startsWith('each-')).sort(), ['mary@other.test', 'other']);
	assert.equal((await rig.client.call('getAccount', { params: { id: 'acme' } })).ok, false);
	rig = await rig.restart();
	assert.equal((await putOne(rig, { id: 'acme' })).key, 'acme~2');
	const { items } = given(await rig.client.call('audit'));
	assert.deepEqual(
		items.filter(({ act: done }) => done === 'account.forget').map(({ subject, detail }) => [subject, detail]),
		[['account acme', 'left us']],
	);
});
