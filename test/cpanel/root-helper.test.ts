/**
 * The verbs of the root helper: each done and taken back, refused to whom it is not for, switched off, written down. Its socket, and lines that
 * nobody should send: root-helper-socket.test.ts.
 */
import assert from 'node:assert/strict';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { helperVerbs } from '@sluice/shared/contract/helper.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { given } from '../scenarios/acts.ts';
import { admin, codeOf, rita, startHelper } from './helper-ground.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

test('the panel’s own hold and suspension: on and off, of an account and of a mailbox', async (context) => {
	const { cpanel, helper, lines } = await startHelper(context, { internet });
	const account = () => cpanel.state().accounts.alice ?? assert.fail();
	const args = { user: 'alice', reason: 'spam' };
	const held = given(await helper.call('panel-hold', admin, { ...args, on: true }));
	assert.equal(held.text, 'The panel holds outgoing mail of account alice.');
	assert.deepEqual([account().isHeld, account().isOutgoingSuspended], [true, false]);
	given(await helper.call('panel-hold', admin, { ...args, on: false }));
	assert.equal(account().isHeld, false);
	given(await helper.call('panel-suspend', admin, { ...args, on: true }));
	assert.equal(account().isOutgoingSuspended, true);
	given(await helper.call('panel-suspend', admin, { ...args, on: false }));
	assert.equal(account().isOutgoingSuspended, false);
	const box = { ...args, mailbox: 'Mary@alice.test' };
	given(await helper.call('panel-hold', rita, { ...box, on: true }));
	assert.deepEqual([account().heldMailboxes, account().isHeld], [['mary@alice.test'], false]);
	given(await helper.call('panel-hold', rita, { ...box, on: false }));
	assert.deepEqual(account().heldMailboxes, []);
	given(await helper.call('panel-suspend', rita, { ...box, on: true }));
	given(await helper.call('panel-suspend', rita, { ...box, on: false }));
	assert.deepEqual(account().suspendedMailboxes, []);
	// Another's mailbox is not there.
	assert.equal(
		codeOf(await helper.call('panel-hold', admin, { ...args, mailbox: 'mary@bob.test', on: true })),
		'not-found',
	);
	assert.equal(lines.length, 9);
	assert.ok(
		lines.every(
			({ actor, verb, ms }) => typeof actor === 'string' && typeof verb === 'string' && typeof ms === 'number',
		),
	);
	assert.equal(lines[4]?.actor, 'reseller rita; as=root');
});

test('who may not: resellers about others’ accounts, accounts about anything, live and whatever the pages think', async (context) => {
	const { cpanel, helper, lines } = await startHelper(context, { internet });
	const args = { on: true, reason: 'x' };
	const before = JSON.stringify(cpanel.state().accounts);
	assert.equal(codeOf(await helper.call('panel-hold', rita, { user: 'bob', ...args })), 'not-found');
	assert.equal(codeOf(await helper.call('panel-suspend', rita, { user: 'bob', ...args })), 'not-found');
	assert.deepEqual(given(await helper.call('account-owner', rita, { user: 'bob' })), { owner: null });
	assert.deepEqual(given(await helper.call('account-owner', rita, { user: 'alice' })), { owner: 'rita' });
	assert.deepEqual(given(await helper.call('account-owner', admin, { user: 'bob' })), { owner: 'root' });
	assert.deepEqual(given(await helper.call('account-owner', admin, { user: 'nobody1' })), { owner: null });
	const users = ['alice', 'bob', 'nobody1', 'alice'];
	assert.deepEqual(given(await helper.call('accounts-owned', rita, { users })), { owned: ['alice'] });
	assert.deepEqual(given(await helper.call('accounts-owned', admin, { users })), { owned: ['alice', 'bob'] });
	const calls = cpanel.state().calls.length;
	for (const role of ['account', 'customer'] as const)
		for (const verb of Object.keys(helperVerbs) as (keyof typeof helperVerbs)[]) {
			const all = { user: 'alice', act: 'show' as const, ...args };
			const picked = {
				'panel-hold': { user: 'alice', ...args },
				'panel-suspend': { user: 'alice', ...args },
				'account-owner': { user: 'alice' },
				'accounts-owned': { users: ['alice'] },
				'panel-limits': { act: all.act },
			} as { [verb: string]: object };
			assert.equal(
				codeOf(await helper.call(verb, { role, id: 'alice' }, (picked[verb] ?? {}) as never)),
				'forbidden',
				verb,
			);
		}
	for (const verb of ['reconcile', 'mta-ensure', 'mta-bypass', 'queue-kick'] as const)
		assert.equal(codeOf(await helper.call(verb, rita, {})), 'forbidden', verb);
	assert.equal(codeOf(await helper.call('panel-limits', rita, { act: 'show' })), 'forbidden');
	assert.equal(cpanel.state().calls.length, calls, 'the panel was not even asked');
	assert.equal(JSON.stringify(cpanel.state().accounts), before);
	assert.ok(lines.filter(({ outcome }) => outcome === 'forbidden').length === 23);
	// Moved away in this moment: the reseller has lost it.
	await cpanel.whm('modifyacct', 'user=alice', 'owner=root');
	assert.equal(codeOf(await helper.call('panel-hold', rita, { user: 'alice', ...args })), 'not-found');
	assert.deepEqual(given(await helper.call('account-owner', rita, { user: 'alice' })), { owner: null });
	// A panel that fails is no account that is gone, and no leave to go on; nor is a list of owners that others may write.
	chmodSync(join(cpanel.root, 'etc/trueuserowners'), 0o666);
	cpanel.change((state) => {
		state.faults = { accountsummary: { garbage: 'no' } };
	});
	assert.equal(codeOf(await helper.call('account-owner', rita, { user: 'alice' })), 'panel-failed');
	assert.equal(codeOf(await helper.call('panel-hold', admin, { user: 'alice', ...args })), 'panel-failed');
});

test('whose it is: of cPanel’s list of owners, which is as young as the change; of the API where the list does not tell', async (context) => {
	const { cpanel, helper } = await startHelper(context, { internet });
	const owners = join(cpanel.root, 'etc/trueuserowners');
	const asked = () => cpanel.state().calls.length;
	const owner = async (user: string, actor = rita) => given(await helper.call('account-owner', actor, { user })).owner;
	const owned = async (...users: string[]) => given(await helper.call('accounts-owned', rita, { users })).owned;
	assert.deepEqual([await owner('alice'), await owner('bob'), await owned('alice', 'bob')], ['rita', null, ['alice']]);
	assert.equal(asked(), 0, 'no process of cPanel');
	await cpanel.whm('modifyacct', 'user=bob', 'owner=rita');
	await cpanel.whm('modifyacct', 'user=alice', 'owner=root');
	const before = asked();
	assert.deepEqual([await owner('alice'), await owner('bob'), await owned('alice', 'bob')], [null, 'rita', ['bob']]);
	assert.equal(asked(), before, 'the moment after');
	// Somebody who is not in it, a line that tells nothing, a file that is not root’s alone.
	writeFileSync(owners, 'bob: root\nalice rita\n');
	assert.deepEqual([await owner('bob'), await owner('alice', admin), await owned('alice', 'bob')], [null, 'root', []]);
	assert.equal(asked() - before, 2);
	rmSync(owners);
	assert.deepEqual([await owner('bob'), await owned('alice', 'bob', 'nobody1')], ['rita', ['bob']]);
	assert.equal(asked() - before, 4);
});

test('switched off: nothing is done, for administrators either; read anew for each act', async (context) => {
	const { cpanel, helper, settings } = await startHelper(context, { internet });
	const act = () => helper.call('panel-hold', admin, { user: 'alice', on: true, reason: 'x' });
	settings('panel: { kind: cpanel, acts: { hold: false, suspend: true } }\n');
	assert.equal(codeOf(await act()), 'switched-off');
	settings('panel: { kind: cpanel }\n');
	assert.equal(
		codeOf(await helper.call('panel-suspend', admin, { user: 'alice', on: true, reason: 'x' })),
		'switched-off',
	);
	settings('panel: { acts: yes please }\n');
	assert.equal(codeOf(await act()), 'switched-off', 'a configuration that cannot be read switches nothing on');
	assert.deepEqual(cpanel.state().calls, []);
	settings('panel: { kind: cpanel, acts: { hold: true } }\n');
	assert.equal(codeOf(await act()), 'done');
});

test('the panel’s own limits: shown, lifted, put back; packages and accounts keep theirs', async (context) => {
	const { cpanel, helper, lines } = await startHelper(context, { internet });
	const limits = async (act: 'show' | 'lift' | 'restore') => given(await helper.call('panel-limits', admin, { act }));
	const tweaks = () => cpanel.state().tweaks;
	const shown = await limits('show');
	assert.deepEqual([shown.isLifted, shown.hourMessages, shown.deferFailPercent, shown.accounts], [false, 200, null, 2]);
	assert.match(shown.text, /2 have numbers of their own, which stay: account bob, package gold\./);
	const rest = JSON.stringify([cpanel.state().accounts, cpanel.state().packages]);
	const lifted = await limits('lift');
	assert.deepEqual([lifted.isLifted, lifted.hourMessages, tweaks().maxemailsperhour], [true, null, 'unlimited']);
	assert.match(lifted.text, /maxemailsperhour was 200/);
	// Lifting twice does not forget what it was.
	assert.match((await limits('lift')).text, /nothing to lift/i);
	const back = await limits('restore');
	assert.deepEqual([back.isLifted, back.hourMessages, tweaks().maxemailsperhour], [false, 200, '200']);
	assert.match((await limits('restore')).text, /Nothing was lifted/);
	const written = lines.filter(({ isRecorded }) => isRecorded === true).map(({ args }) => args);
	assert.deepEqual(
		written,
		[{ act: 'lift' }, { act: 'restore' }],
		'where there was nothing to do, no act is written down',
	);
	assert.equal(JSON.stringify([cpanel.state().accounts, cpanel.state().packages]), rest);
	// Somebody sets another number meanwhile: it stays.
	await limits('lift');
	await cpanel.whm('set_tweaksetting', 'key=maxemailsperhour', 'value=70');
	assert.match((await limits('restore')).text, /another number since, which stays: maxemailsperhour is 70/);
	assert.equal(tweaks().maxemailsperhour, '70');
	// A panel that fails in the middle: what was remembered is still there.
	cpanel.change((state) => {
		state.faults = { set_tweaksetting: { reason: 'disk full' } };
	});
	assert.equal(codeOf(await helper.call('panel-limits', admin, { act: 'lift' })), 'panel-failed');
	cpanel.change((state) => {
		state.faults = {};
		state.tweaks.maxemailsperhour = 'unlimited';
	});
	assert.equal((await limits('restore')).hourMessages, 70);
});

test('reconcile, wiring and queue; each act stands in the agent’s audit', async (context) => {
	const { rig, helper, mta, lines } = await startHelper(context, { internet });
	assert.match(given(await helper.call('reconcile', admin, {})).text, /^2 accounts: 2 new/);
	assert.equal(rig.agent.flow.accounts.living, 2);
	given(await helper.call('mta-bypass', admin, {}));
	given(await helper.call('mta-ensure', { ...admin, as: 'alex' }, {}));
	given(await helper.call('queue-kick', admin, {}));
	assert.deepEqual(mta, ['bypass admin root', 'ensure admin root']);
	given(await helper.call('panel-hold', rita, { user: 'alice', on: true, reason: 'hijacked' }));
	given(await helper.call('account-owner', rita, { user: 'alice' }));
	assert.equal(lines.length, 6);
	// Until the agent takes acts of others down, the journal alone has them, and says so.
	const isTaken = lines[0]?.isRecorded === true;
	assert.deepEqual(
		lines.map(({ verb, isRecorded }) => [verb, isRecorded]),
		[
			['reconcile', isTaken],
			['mta-bypass', isTaken],
			['mta-ensure', isTaken],
			['queue-kick', isTaken],
			['panel-hold', isTaken],
			['account-owner', undefined],
		],
	);
	if (!isTaken) return context.diagnostic('the agent does not take acts down yet');
	const { items } = given(await rig.client.call('audit', { query: {} }));
	const acts = items.filter(({ act }) => /^(panel|mta)\./.test(act));
	assert.deepEqual(
		acts.map(({ act, subject }) => `${act} ${subject}`),
		[
			'panel.hold account alice',
			'mta.queue-kick server',
			'mta.ensure server',
			'mta.bypass server',
			'panel.reconcile server',
		],
	);
});
