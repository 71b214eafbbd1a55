/** Answers of cPanel in every shape that has been seen, and in none; and the program that runs its programs. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ok, type Result } from '@sluice/shared/words/result.ts';
import fc from 'fast-check';
import { systemCpanelApi } from './cpanel-api.ts';
import { boundOf, countOf, flagOf, looseList, textOf } from './loose.ts';
import type { ApiFailure } from './outcome.ts';
import { type Program, runProgram } from './run-program.ts';

const metadata = { version: 1, result: 1, reason: 'OK', command: 'x' };

/** An API whose programs say this, and what was run. */
function saying(answer: unknown) {
	const ran: Program[] = [];
	const api = systemCpanelApi({
		async run(program) {
			ran.push(program);
			return ok(typeof answer === 'string' ? answer : JSON.stringify(answer));
		},
	});
	return { api, ran };
}

const kindOf = (result: Result<unknown, ApiFailure>): string => (result.ok ? 'ok' : result.error.kind);

test('an account as documented, as strings, and with hardly anything', async () => {
	const documented = {
		user: 'username',
		domain: 'Example.com',
		owner: 'root',
		plan: 'packagename',
		email: 'u@example.com',
		uid: 1001,
		suspended: 0,
		outgoing_mail_suspended: 0,
		outgoing_mail_hold: 1,
		max_email_per_hour: 'unlimited',
		max_defer_fail_percentage: 30,
		startdate: '13 May 22 16:03',
		unix_startdate: 1_369_256_589,
	};
	const wanted = {
		user: 'username',
		uid: 1001,
		domain: 'example.com',
		owner: 'root',
		plan: 'packagename',
		email: 'u@example.com',
		isSuspended: false,
		isOutgoingHeld: true,
		isOutgoingSuspended: false,
		hourMessages: 'unlimited',
		failPercent: 30,
		startMs: 1_369_256_589_000,
	};
	const strings = Object.fromEntries(Object.entries(documented).map(([key, value]) => [key, String(value)]));
	for (const row of [documented, strings]) {
		const read = await saying({ data: { acct: [row] }, metadata }).api.accounts();
		assert.deepEqual(read, { ok: true, value: { rows: [wanted], unreadable: 0 } });
	}
	const outer = await saying({ result: { data: { acct: { 0: documented } }, metadata } }).api.accounts();
	assert.deepEqual(outer, { ok: true, value: { rows: [wanted], unreadable: 0 } });
	const bare = await saying({ data: { acct: [{ user: 'a' }] }, metadata: { result: '1' } }).api.accounts();
	assert.ok(bare.ok);
	const [row] = bare.value.rows;
	assert.deepEqual(
		[row?.uid, row?.isSuspended, row?.hourMessages, row?.startMs],
		[undefined, false, undefined, undefined],
	);
	const odd = { user: 'b', max_email_per_hour: '*unknown*', suspended: 'yes', uid: '-1', startdate: '13 May 22 16:03' };
	const strange = await saying({ data: { acct: [odd, {}, null, 'x', { user: '../x' }] }, metadata }).api.accounts();
	assert.ok(strange.ok);
	assert.equal(strange.value.unreadable, 4);
	assert.deepEqual(
		strange.value.rows.map(({ hourMessages, isSuspended, uid, startMs }) => [hourMessages, isSuspended, uid, startMs]),
		[[undefined, true, undefined, Date.UTC(2013, 4, 22, 16, 3)]],
	);
});

test('no list is a failure, never an empty list', async () => {
	const answers: readonly (readonly [unknown, string])[] = [
		['', 'garbage'],
		['<html>', 'garbage'],
		['{"data":{"acct":[', 'garbage'],
		['[]', 'garbage'],
		['null', 'garbage'],
		[{}, 'garbage'],
		[{ data: { acct: [] } }, 'garbage'],
		[{ data: {}, metadata }, 'garbage'],
		[{ data: { acct: null }, metadata }, 'garbage'],
		[{ data: { acct: 'none' }, metadata }, 'garbage'],
		[{ metadata: { result: 0, reason: 'no\nlicense' } }, 'refused'],
		[{ metadata: { result: '0' }, data: { acct: [{ user: 'a' }] } }, 'refused'],
		[{ cpanelresult: { error: 'Access denied' } }, 'refused'],
		[{ data: { acct: [] }, metadata }, 'ok'],
	];
	for (const [answer, kind] of answers)
		assert.equal(kindOf(await saying(answer).api.accounts()), kind, JSON.stringify(answer));
	const refused = await saying({ metadata: { result: 0, reason: 'no\nlicense' } }).api.accounts();
	assert.equal(!refused.ok && refused.error.text, 'listaccts: no license');
});

test('an account is gone only when cPanel says exactly that', async () => {
	const of = (answer: unknown) => saying(answer).api.account('bob');
	const gone = await of({ metadata: { result: 0, reason: 'Account does not exist' } });
	assert.deepEqual(gone, { ok: true, value: undefined });
	assert.equal(kindOf(await of({ metadata: { result: 0, reason: 'Permission denied' } })), 'refused');
	assert.equal(kindOf(await of({ data: { acct: [{ uid: 3 }] }, metadata })), 'garbage');
	assert.deepEqual(await of({ data: { acct: [{ user: 'bobby' }] }, metadata }), { ok: true, value: undefined });
});

test('mailboxes: both nestings, without the account itself, and no data is a failure', async () => {
	const data = [
		{ email: 'alice', login: 'Main Account' },
		{ email: 'Mary@Alice.test', suspended_login: 0 },
		'john@alice.test',
		{ email: null },
		7,
	];
	const wanted = { ok: true, value: ['mary@alice.test', 'john@alice.test'] };
	const result = { status: 1, data, errors: null };
	for (const answer of [{ apiversion: 3, result }, result, { cpanelresult: { result } }, { ...result, status: '1' }])
		assert.deepEqual(await saying(answer).api.mailboxes('alice'), wanted);
	assert.deepEqual(await saying({ status: 1, data: [] }).api.mailboxes('alice'), { ok: true, value: [] });
	assert.equal(kindOf(await saying({ status: 1 }).api.mailboxes('alice')), 'garbage');
	assert.equal(kindOf(await saying({ data }).api.mailboxes('alice')), 'garbage');
	const refused = await saying({ result: { status: 0, errors: ['You do not', 'have it'] } }).api.mailboxes('alice');
	assert.equal(!refused.ok && refused.error.text, 'Email::list_pops: You do not; have it');
});

test('what is run: words of their own, encoded, and never a shell', async () => {
	const { api, ran } = saying({ data: {}, metadata, status: 1 });
	await api.outgoing('hold', 'alice');
	await api.outgoing('unsuspend', 'alice', "a+b&c=d %$(id)'@alice.test");
	await api.tweak('maxemailsperhour', 'unlimited');
	await api.domains('alice');
	assert.deepEqual(
		ran.map(({ path, words }) => [path, ...words].join(' ')),
		[
			'/usr/local/cpanel/bin/whmapi1 --output=json hold_outgoing_email user=alice',
			"/usr/local/cpanel/bin/uapi --output=json --user=alice Email unsuspend_outgoing email=a%2Bb%26c%3Dd%20%25%24(id)'@alice.test",
			'/usr/local/cpanel/bin/whmapi1 --output=json set_tweaksetting key=maxemailsperhour value=unlimited',
			'/usr/local/cpanel/bin/whmapi1 --output=json get_domain_info api.filter.enable=1 api.filter.a.field=user api.filter.a.type=eq api.filter.a.arg0=alice',
		],
	);
	assert.equal(api.calls(), 4);
	// A server that does not know the filter.
	const rows = ['alice', 'bob'].map((user) => ({ domain: `${user}.test`, user }));
	const own = await saying({ data: { domains: rows }, metadata }).api.domains('alice');
	assert.deepEqual(own.ok && own.value.rows.map(({ domain }) => domain), ['alice.test']);
});

test('no value is too strange to read, whatever cPanel sends', async () => {
	const anything = fc.anything({ withNullPrototype: true, withBigInt: true });
	fc.assert(
		fc.property(anything, (value) => {
			textOf(value);
			flagOf(value);
			const count = countOf(value);
			assert.ok(count === undefined || (Number.isSafeInteger(count) && count >= 0));
			const bound = boundOf(value);
			assert.ok(bound === undefined || bound === 'unlimited' || bound >= 0);
			assert.ok(Array.isArray(looseList.parse(value)));
		}),
	);
	await fc.assert(
		fc.asyncProperty(fc.json(), async (text) => {
			const { api } = saying(text);
			for (const result of [await api.accounts(), await api.domains(), await api.packages(), await api.mailboxes('a')])
				assert.equal(typeof result.ok, 'boolean');
		}),
	);
	assert.deepEqual(
		[boundOf('Unlimited'), boundOf(0), boundOf('0'), boundOf('12.0'), boundOf('1e3'), boundOf(-1)],
		['unlimited', 0, 0, 12, undefined, undefined],
	);
});

const folder = mkdtempSync(join(tmpdir(), 'sluice-run-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('programs that are missing, fail, hang or never end saying something', async () => {
	const program = (name: string, body: string): string => {
		const path = join(folder, name);
		writeFileSync(path, `#!/bin/sh\n${body}\n`);
		chmodSync(path, 0o755);
		return path;
	};
	const run = (path: string, timeoutMs = 20_000) => runProgram({ path, words: ['secret=Hunter2!'], timeoutMs });
	assert.equal(kindOf(await run(join(folder, 'none'))), 'missing');
	const failing = await run(program('fail', 'echo "$1"; echo "$1" >&2; exit 3'));
	assert.deepEqual(failing, { ok: false, error: { kind: 'exit', text: `${folder}/fail ended with 3.` } });
	assert.equal(kindOf(await run(program('hang', 'exec sleep 60'), 200)), 'timeout');
	assert.equal(kindOf(await run(program('endless', 'exec yes 0123456789012345678901234567890123456789'))), 'too-large');
	assert.deepEqual(await run(program('warn', 'echo a warning >&2; echo "{}"')), { ok: true, value: '{}\n' });
	assert.deepEqual(await run(program('told', 'echo "{}"; exit 1')), { ok: true, value: '{}\n' }, 'its answer says why');
	// The environment of who runs us is not handed on, nor is our input.
	assert.deepEqual(await run(program('env', 'cat; env | cut -d= -f1 | sort | tr "\\n" " "')), {
		ok: true,
		value: 'HOME LC_ALL PATH PWD ',
	});
});
