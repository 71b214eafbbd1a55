/** Domain ownership on real mail: watched it counts, enforced it refuses, and what an administrator excepts passes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRig } from './rig.ts';
import { mailbox } from './senders.ts';

const account = (id: string) => ({
	id,
	panel: 'none',
	name: id,
	domains: [`${id}.test`],
	mailboxes: [`info@${id}.test`],
	since: '2020-01-01T00:00:00.000Z',
});

test('only the owner sends as a domain: watched, enforced, excepted', async (context) => {
	const rig = await startRig(context, { isWired: true });
	const listed = await rig.client.call('putAccounts', {
		body: { revision: 1, complete: true, items: [account('alice'), account('bob')] },
	});
	assert.ok(listed.ok, JSON.stringify(listed));
	const asBob = { from: 'boss@bob.test', to: ['r@ok.test'], sender: mailbox('info@alice.test') };
	const own = { from: 'info@alice.test', to: ['r@ok.test'], sender: mailbox('info@alice.test') };

	const watched = await rig.send(asBob);
	const { verdict } = await rig.trace(watched);
	assert.equal(verdict.action, 'accept');
	assert.ok(verdict.reasons.some(({ rule }) => rule === 'ownership.mail-from.monitor'));
	assert.equal(rig.count('ownership.breach', { account: 'alice', domain: 'bob.test', mode: 'monitor' }), 1);

	const strict = await rig.restart({ config: { ownership: { mode: 'enforce' } } });
	context.after(() => strict.stop());
	const refused = await strict.submit(asBob);
	assert.deepEqual([refused.end?.code, refused.end?.text], [550, '550 5.7.1 This account may not send as that domain']);
	await strict.send(own);
	const excepted = await strict.client.call('putMaySendAs', {
		params: { id: 'alice' },
		body: { items: ['boss@bob.test'] },
	});
	assert.ok(excepted.ok, JSON.stringify(excepted));
	await strict.send({ ...asBob, message: 'From: <boss@bob.test>\r\nSubject: x\r\n\r\nx\r\n' });
	const other = await strict.submit({ ...asBob, from: 'other@bob.test' });
	assert.equal(other.end?.code, 550);
	assert.equal(strict.count('ownership.breach', { mode: 'enforce' }), 2);
});
