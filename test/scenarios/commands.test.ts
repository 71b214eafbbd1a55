/**
 * The command line against a real agent: what an administrator does on a bad morning, and what is to be read at each step.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Ran, run, type TerminalWishes } from '@sluice/agent/main/commands/commands.fixture.ts';
import { startRig } from './rig.ts';
import { mailbox, unixUser } from './senders.ts';

test('find, understand, stop, let go, and look who did what', async (context) => {
	const rig = await startRig(context, { isWired: true });
	const sluice = (words: string, more: readonly string[] = [], wishes: TerminalWishes = {}): Promise<Ran> =>
		run([...words.split(' '), ...more, '--socket', rig.agent.socketPath], { now: Date.now, ...wishes });
	const out = async (words: string, ...more: string[]): Promise<string> => {
		const ran = await sluice(words, more);
		assert.deepEqual([words, ran.err, ran.code], [words, '', 0]);
		return ran.out;
	};
	const why = ['--reason', 'ticket 4711'];
	assert.match(await out('message list'), /^No message yet/);

	let interrupt = (): void => {};
	const heard: string[] = [];
	const following = sluice('events --event recipient', [], {
		onInterrupt: (listener) => {
			interrupt = listener;
		},
		onOut: (text) => void heard.push(text),
	});
	// The follower hears what comes after it has connected: mail goes out until it does.
	const good = await rig.send({ to: ['friend@ok.test'], sender: mailbox('alice@one.test'), from: 'alice@one.test' });
	for (let sent = 0; heard.length === 0; sent++) {
		assert.ok(sent < 50, 'the follower hears');
		await rig.send({ to: ['another@ok.test'], sender: mailbox('alice@one.test'), from: 'alice@one.test' });
		await rig.until(() => rig.count('message.finished') >= sent + 2);
	}
	assert.match(heard[0] ?? '', /recipient\.delivered {2}\w{13} /);
	interrupt();
	assert.equal((await following).code, 0);

	const traced = await out(`message trace ${good}`);
	assert.match(traced, /Account domain:one\.test, identity mailbox:alice@one\.test: a mailbox that logged in\./);
	assert.match(traced, /This is proved/);
	assert.match(traced, /friend@ok\.test: Taken by .*\n +» 250 /);
	assert.match(traced, /friend@ok\.test: delivered; nothing more to come\./);

	// A script is found out: what it has queued and what it sends from now on is held.
	const script = { sender: unixUser(7001), from: 'www@shop.test' };
	const slow = await rig.send({ ...script, to: ['451-later@ok.test'] });
	await rig.until(() => rig.count('recipient.deferred', { message: slow }) > 0);
	const set = await out('hold set --account uid:7001', ...why);
	assert.match(
		set,
		/^Mail of account uid:7001 is held until .*\nHeld now: 1 recipient in 1 message\. Undo: `sluice hold lift (\S+) --release`/,
	);
	const held = await rig.send({ ...script, to: ['friend@ok.test'] });
	assert.match(await out('queue --by account'), /^uid:7001 +2 +- +- +2 +-$/m);
	assert.match(await out('message list --state held'), new RegExp(`${held} +held[^]*${slow} +held`));
	assert.match(await out(`message trace ${held}`), /Accepted and held for a decision, because:\n {2}- .*ticket 4711/);
	assert.match(await out('hold list'), /account uid:7001 .* ticket 4711/);
	assert.match(await out('status'), /2 held/);

	assert.match(await out(`message discard ${slow}`, ...why), /^Discarded: 1 recipient of message/);
	assert.equal((await sluice(`message discard ${slow}`, why)).code, 1, 'nothing of it is open any more');
	const hold = /\n(\S+) +account uid:7001/.exec(await out('hold list'))?.[1] ?? '';
	assert.match(await out(`hold lift ${hold} --release`), /Released: 1 recipient in 1 message\./);
	await rig.until(() => rig.count('recipient.delivered', { message: held }) === 1);
	assert.match(await out('queue'), /^The queue is empty/);

	const audit = await out('audit');
	for (const act of ['hold.set', 'queue.discard'])
		assert.match(audit, new RegExp(`admin root +${act.replace('.', '\\.')} `));
	assert.match(audit, /ticket 4711/);
});
