/** Notes of hooks as events: by the table, and whatever else lies in the folder. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { hookCommand, hooks } from '../hooks.ts';
import { accountEventOf } from './event.ts';
import { readSpool } from './spool.ts';

const note = (fields: object) => ({ v: 1, category: 'Whostmgr', event: 'Accounts::Modify', stage: 'post', ...fields });

test('what happened to whom', () => {
	const of = (event: string, fields: object = { user: 'alice' }, category = 'Whostmgr') =>
		accountEventOf(note({ event, category, ...fields }));
	assert.deepEqual(of('Accounts::Create'), { kind: 'changed', user: 'alice' });
	assert.deepEqual(of('Accounts::Modify', { user: 'alice', newUser: 'alicia' }), {
		kind: 'renamed',
		user: 'alice',
		to: 'alicia',
	});
	assert.deepEqual(of('Accounts::Modify', { user: 'alice', newUser: 'alice' }), { kind: 'changed', user: 'alice' });
	assert.deepEqual(of('Accounts::Remove'), { kind: 'removed', user: 'alice' });
	assert.deepEqual(of('UAPI::Email::add_pop', { user: 'alice' }, 'Cpanel'), { kind: 'changed', user: 'alice' });
	assert.deepEqual(of('Restore', { user: 'alice' }, 'PkgAcct'), { kind: 'all' });
	assert.deepEqual(of('upcp', {}, 'System'), { kind: 'upgraded' });
	assert.deepEqual(of('upcp', { user: 'alice' }, 'System'), { kind: 'upgraded' });
	assert.deepEqual(of('Accounts::Create', {}), { kind: 'all' });
	assert.deepEqual(of('Something::New'), { kind: 'all' });
	assert.deepEqual(of('Accounts::Remove', { user: 'root' }), { kind: 'all' });
});

test('what is no note of ours is none', () => {
	const wrong = [
		null,
		7,
		'',
		[],
		{},
		note({ v: 2 }),
		note({ user: '../x' }),
		note({ user: 'a b' }),
		note({ pass: 'Hunter2!' }),
		note({ user: ['alice'] }),
	];
	for (const each of wrong) assert.equal(accountEventOf(each), undefined, JSON.stringify(each));
	fc.assert(fc.property(fc.anything(), (value) => void accountEventOf(value)));
});

test('the folder: in order, once, rubbish counted and cleared, what comes meanwhile stays', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-events-'));
	try {
		assert.deepEqual((await readSpool(join(folder, 'none'))).events, []);
		const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);
		put('0002.5-1.json', JSON.stringify(note({ user: 'bob' })));
		put('0001.5-9.json', JSON.stringify(note({ user: 'alice' })));
		put('0003.json', '{"v":1');
		put('0004.json', ' '.repeat(5000));
		mkdirSync(join(folder, '0005.json'));
		put('0006.json.new', 'half');
		utimesSync(join(folder, '0006.json.new'), 1, 1);
		put('0007.json.new', 'being written');
		const spool = await readSpool(folder);
		assert.deepEqual(spool.events, [
			{ kind: 'changed', user: 'alice' },
			{ kind: 'changed', user: 'bob' },
		]);
		assert.equal(spool.unreadable, 3);
		put('0008.json', JSON.stringify(note({ user: 'late' })));
		await spool.clear();
		// A folder is nothing that a hook makes; it is left to whoever made it.
		assert.deepEqual(readdirSync(folder), ['0005.json', '0007.json.new', '0008.json']);
	} finally {
		rmSync(folder, { recursive: true });
	}
});

test('hooks to register: each once, after the fact, none that blocks', () => {
	const commands = hooks.map((hook) => hookCommand('add', hook, '/x/hook'));
	assert.equal(commands.length, hooks.length);
	assert.equal(new Set(commands.map((words) => words.join(' '))).size, commands.length);
	for (const words of commands) {
		assert.deepEqual(words.slice(0, 5), ['add', 'script', '/x/hook', '--manual', '1']);
		assert.equal(words[words.indexOf('--stage') + 1], 'post');
		assert.ok(!words.includes('--blocking'));
		assert.equal(words.includes('--escalateprivs'), words.includes('Cpanel'));
	}
});
