/**
 * The hook script that cPanel runs, as a real process: it answers at once whatever happens, and no secret of a payload ever leaves it.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { accountEventOf } from '@sluice/panel-cpanel/events/event.ts';
import { hookCommand, hooks } from '@sluice/panel-cpanel/hooks.ts';
import { installHook, installStandIn } from './api/install.ts';

function startHook(context: TestContext) {
	const root = mkdtempSync(join(tmpdir(), 'sluice-hook-'));
	context.after(() => rmSync(root, { recursive: true, force: true }));
	const spool = join(root, 'events');
	const script = installHook(root, spool);
	const notes = (): string[] =>
		existsSync(spool)
			? readdirSync(spool)
					.sort()
					.map((name) => readFileSync(join(spool, name), 'utf8'))
			: [];
	const run = (input: string | Buffer) => {
		const beganMs = performance.now();
		const { stdout, stderr, status } = spawnSync(script, [], { input, encoding: 'utf8', timeout: 10_000 });
		return { stdout, stderr, status, ms: performance.now() - beganMs };
	};
	return { root, spool, script, notes, run };
}

const secrets = ['Hunter2!', 'S3cret', 'AKIA-token'];
const context_ = { category: 'Whostmgr', event: 'Accounts::Create', stage: 'post' };
const payload = (fields: object) =>
	JSON.stringify({ context: context_, data: { user: 'alice', pass: 'Hunter2!' }, ...fields });

test('a payload as cPanel has it: who and what, and no password', (context) => {
	const { run, notes } = startHook(context);
	const { stdout, stderr, status } = run(payload({ hook: { id: 'x' } }));
	assert.deepEqual([stdout, stderr, status], ['1 ok\n', '', 0]);
	assert.deepEqual(
		notes().map((text) => JSON.parse(text)),
		[{ v: 1, ...context_, user: 'alice' }],
	);
	assert.deepEqual(accountEventOf(JSON.parse(notes()[0] ?? '')), { kind: 'changed', user: 'alice' });
});

test('hostile payloads: always `1 ok`, never a secret, never more than names', { timeout: 60_000 }, (context) => {
	const { run, notes, spool } = startHook(context);
	const deep = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;
	const hostile: readonly (string | Buffer)[] = [
		'',
		'null',
		'[]',
		'"Hunter2!"',
		'{"data":',
		deep,
		Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
		`${payload({})}Hunter2!`,
		payload({ data: { user: 'Hunter2!', password: 'S3cret' } }),
		payload({ data: { user: ['Hunter2!'], username: { x: 'S3cret' } } }),
		payload({ data: { user: 'alice\nHunter2!' } }),
		payload({ data: { user: '../../../etc/cron.d/x', pass: 'Hunter2!' } }),
		payload({ data: { user: 'a'.repeat(100_000), pass: 'Hunter2!' } }),
		payload({ data: { user: 'alice', args: { password: 'S3cret', 'Hunter2!': 1 }, token: 'AKIA-token' } }),
		payload({ data: 'Hunter2!' }),
		payload({ context: { category: 'Hunter2!', event: 'S3cret x', stage: ['AKIA-token'] } }),
		payload({ context: 'Hunter2!', hook: 'S3cret' }),
		payload({ 'Hunter2!': 'S3cret', context: null }),
		payload({ data: { user: 'alice', newuser: 'S3cret $(id)' } }),
		`{"context":{"event":"Accounts::Create"},"data":{"user":"alice","pass":"${'Hunter2!'.repeat(700_000)}"}}`,
	];
	for (const bytes of hostile) {
		const { stdout, stderr, status } = run(bytes);
		assert.deepEqual([stdout, stderr, status], ['1 ok\n', '', 0], String(bytes).slice(0, 80));
	}
	const written = notes();
	assert.equal(written.length, hostile.length, 'each calls for a look, whatever it was');
	for (const text of written) {
		assert.ok(text.length < 500, text);
		for (const secret of secrets) assert.ok(!text.includes(secret), text);
		assert.ok(accountEventOf(JSON.parse(text)) !== undefined, text);
	}
	assert.ok(readdirSync(spool).every((name) => /^\d+\.\d+-\d+\.json$/.test(name)));
});

test('it never keeps WHM waiting: input that does not end, a folder that is not there or not ours, too many notes', {
	timeout: 60_000,
}, async (context) => {
	const { run, notes, script, spool, root } = startHook(context);
	// An input that stays open: answered at once, and gone within the second.
	const child = spawn(script, [], { stdio: ['pipe', 'pipe', 'ignore'] });
	child.stdin.on('error', () => {});
	child.stdin.write('{"context":');
	const beganMs = performance.now();
	let firstMs = 0;
	child.stdout.once('data', () => {
		firstMs = performance.now() - beganMs;
	});
	const code = await new Promise((resolve) => child.on('close', resolve));
	assert.equal(code, 0);
	assert.ok(performance.now() - beganMs < 3000);
	context.diagnostic(
		`answered after ${firstMs.toFixed(0)} ms, ended after ${(performance.now() - beganMs).toFixed(0)} ms`,
	);
	child.stdin.destroy();
	// Somebody else may write there: nothing is written.
	mkdirSync(spool, { recursive: true });
	chmodSync(spool, 0o777);
	assert.equal(run(payload({})).stdout, '1 ok\n');
	assert.deepEqual(notes(), []);
	rmSync(spool, { recursive: true });
	const elsewhere = join(root, 'elsewhere');
	mkdirSync(elsewhere);
	symlinkSync(elsewhere, spool);
	assert.equal(run(payload({})).stdout, '1 ok\n');
	assert.deepEqual(readdirSync(elsewhere), []);
	rmSync(spool);
	writeFileSync(spool, 'a file');
	assert.equal(run(payload({})).stdout, '1 ok\n');
	rmSync(spool);
	// Bounded.
	mkdirSync(spool, { mode: 0o700 });
	for (let index = 0; index < 500; index += 1) writeFileSync(join(spool, `${index}.json`), '{}');
	assert.equal(run(payload({})).stdout, '1 ok\n');
	assert.equal(readdirSync(spool).length, 500);
	// Without the module that reads JSON.
	rmSync(spool, { recursive: true });
	writeFileSync(script, readFileSync(script, 'utf8').replaceAll('JSON::PP', 'JSON::NotThere'));
	assert.equal(run(payload({})).stdout, '1 ok\n');
});

test('registered and taken out by cPanel’s own program', { timeout: 60_000 }, (context) => {
	const cpanel = installStandIn();
	context.after(() => cpanel.clear());
	const register = (act: 'add' | 'delete'): void => {
		for (const hook of hooks.slice(0, 4)) {
			const words = hookCommand(act, hook, '/x/sluice-hook');
			const { status, stderr } = spawnSync(cpanel.programs.manageHooks, words, { encoding: 'utf8' });
			assert.equal(status, 0, stderr);
		}
	};
	register('add');
	register('add');
	assert.deepEqual(
		cpanel.state().hooks.map(({ event, stage }) => `${event} ${stage}`),
		hooks.slice(0, 4).map(({ event }) => `${event} post`),
	);
	register('delete');
	assert.deepEqual(cpanel.state().hooks, []);
});
