/** Domain ownership on real mail: watched it counts, enforced it refuses, and what an administrator excepts passes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { given } from './acts.ts';
import { putList } from './panel.ts';
import { startRig } from './rig.ts';
import { mailbox } from './senders.ts';

test('only the owner sends as a domain: watched, enforced, excepted', async (context) => {
	const rig = await startRig(context, { isWired: true });
	await putList(rig, [{ id: 'alice', mailboxes: ['info@alice.test'] }, { id: 'bob' }]);
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
	given(await strict.client.call('putMaySendAs', { params: { id: 'alice' }, body: { items: ['boss@bob.test'] } }));
	await strict.send({ ...asBob, message: 'From: <boss@bob.test>\r\nSubject: x\r\n\r\nx\r\n' });
	const other = await strict.submit({ ...asBob, from: 'other@bob.test' });
	assert.equal(other.end?.code, 550);
	assert.equal(strict.count('ownership.breach', { mode: 'enforce' }), 2);
});
