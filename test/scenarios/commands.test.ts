/**
 * The command line against a real agent: what an administrator does on a bad morning, and what is to be read at each step.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Ran, run, type TerminalWishes } from '@sluice/agent/main/commands/commands.fixture.ts';
import { given } from './acts.ts';
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

test('an account over its limit: set, seen, allowed more, let go, taken back', async (context) => {
	const rig = await startRig(context, { isWired: true });
	const sluice = (words: string, more: readonly string[] = [], wishes: TerminalWishes = {}): Promise<Ran> =>
		run([...words.split(' '), ...more, '--socket', rig.agent.socketPath], { now: Date.now, ...wishes });
	const out = async (words: string, ...more: string[]): Promise<string> => {
		const ran = await sluice(words, more);
		assert.deepEqual([words, ran.err, ran.code], [words, '', 0]);
		return ran.out;
	};
	const since = '2020-01-01T00:00:00Z';
	const items = ['acme', 'calm'].map((id) => ({
		...{ id, panel: 'none', name: `${id} company`, plan: 'Basic', reseller: 'bob', since },
		...{ domains: [`${id}.test`], mailboxes: [`me@${id}.test`] },
	}));
	const told = await rig.client.call('putAccounts', { body: { revision: 1, complete: true, items } });
	assert.ok(told.ok);
	const send = (to: string) => rig.send({ from: 'me@acme.test', to: [to], sender: mailbox('me@acme.test') });

	assert.match(await out('limit list'), /^each account +built in: 30 recipients a minute, 200 recipients /m);
	assert.match(
		await out('limit set --plan Basic --hour 3'),
		/Set for plan Basic.*\n {2}.*\n? {2}3 recipients an hour from plan Basic \(enforced\)/,
	);
	for (const to of ['1', '2', '3']) await send(`${to}@ok.test`);
	const late = await send('late@ok.test');
	assert.match(await out('account list'), /^acme +active +3\/3 +3\/1,000 +██████████ +1 +- /m);
	const shown = await out('account show acme');
	assert.match(shown, /^Account acme \(acme company\): active$/m);
	assert.match(shown, /^1 recipient over a limit, waiting\. The last of it will have left in 60 min/m);
	assert.match(shown, /^recipients an hour +3 +3 +█{10} +1 +in 60 min +enforced$/m);
	assert.match(shown, /^ {2}3 recipients an hour from plan Basic$/m);
	assert.match(shown, new RegExp(`${late} +waiting`));
	assert.match(await out('limit show --mailbox me@acme.test'), /^3 recipients an hour +enforced +plan Basic/m);

	// More for a while: it leaves by itself.
	assert.match(
		await out('account set-limit acme --hour 4 --until 1h', '--note', 'ticket 4711'),
		/Take it away: .* --exception/,
	);
	await rig.until(() => rig.count('recipient.delivered', { message: late }) === 1);
	assert.match(
		await out('account show acme'),
		/^Exception: 4 recipients an hour \(enforced\)\. Until .*“ticket 4711”/ms,
	);
	const next = await send('next@ok.test');
	assert.match(await out('account hold acme', '--reason', 'looks odd'), /Held now: 1 recipient in 1 message/);
	assert.match(await out('account show acme'), /^Held by admin root until .*: looks odd \[h\w+\]\.$/m);
	assert.match(
		await out('account release acme --now', '--reason', 'it is theirs'),
		/^Released: 1 recipient in 1 message\. Lifted: 1 hold; new mail passes\.$/m,
	);
	await rig.until(() => rig.count('recipient.delivered', { message: next }) === 1);
	assert.match(await out('limit clear --account acme --exception'), /3 recipients an hour from plan Basic/);
	assert.match(await out('limit clear --plan Basic'), /^Nothing is set for plan Basic any more\./);

	const simulated = await out('account simulate acme --hour 2');
	assert.match(simulated, /^Would have held 3 messages of 1 account/m);
	assert.match(simulated, /^acme +account acme +recipients an hour +3 +3 /m);
	assert.match(await out('account may-send-as acme --allow friend.test'), /may also send as friend\.test/);
	const made = await out('credential add --account acme --name shop');
	const credential = /^User name {2}(\S+)$/m.exec(made)?.[1] ?? '';
	assert.match(await out('credential list'), new RegExp(`^${credential} +acme +shop `, 'm'));
	assert.match(await out(`credential revoke ${credential}`), /^Revoked: /);
	const folder = mkdtempSync(join(tmpdir(), 'sluice-learn-'));
	context.after(() => rmSync(folder, { recursive: true, force: true }));
	const log = join(folder, 'exim_mainlog');
	const day = new Date().toLocaleDateString('sv');
	writeFileSync(
		log,
		[
			'<= me@old.test H=pc [203.0.113.9] P=esmtpsa A=dovecot_login:me@old.test S=400',
			'=> a@far.test R=dnslookup T=remote_smtp H=mx [203.0.113.7]',
			'Completed',
		]
			.map((text) => `${day} 00:00:01 1abcDE-000001-Ab ${text}\n`)
			.join(''),
	);
	assert.match(
		await out(`account learn --keep --log ${log}`),
		/^domain:old\.test +1 +1 .*\n\nThe agent keeps it: 1 account, 1 sender\./ms,
	);
	const learned = given(await rig.client.call('getLearned', { query: { by: 'sender' } }));
	assert.deepEqual(
		learned.items.map(({ sender, recipients }) => [sender, recipients]),
		[['mailbox:me@old.test', 1]],
	);
	const refused = await sluice('account forget acme', ['--reason', 'gone']);
	assert.deepEqual([refused.code, refused.out], [1, ''], 'an account that is there is not forgotten');
	const audit = await out('audit');
	for (const act of [
		'limit.set',
		'limit.clear',
		'hold.set',
		'hold.lift',
		'credential.made',
		'credential.revoked',
		'learned.put',
	])
		assert.match(audit, new RegExp(`admin root +${act.replace('.', '\\.')} `));
});
