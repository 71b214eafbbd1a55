/**
 * The root helper's socket: lines that nobody should send, answers that take long, bugs, and more than is bearable.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { type ServeBounds, serveBounds } from '@sluice/installers/helper/serve.ts';
import { helperLineBytesMax } from '@sluice/shared/contract/helper.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { until } from '../mta/until.ts';
import { given } from '../scenarios/acts.ts';
import { admin, codeOf, startHelper } from './helper-ground.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

/** What comes back for raw bytes; empty: closed without an answer. */
const raw = (socketPath: string, bytes: string | Buffer, { half = false } = {}): Promise<string> =>
	new Promise((resolve) => {
		const socket = connect(socketPath);
		let said = '';
		socket.setEncoding('utf8');
		socket.on('data', (text: string) => {
			said += text;
		});
		socket.on('close', () => resolve(said));
		socket.on('error', () => {});
		socket.write(bytes);
		if (half) socket.end();
	});

test('hostile lines: nothing is started, nothing breaks, nothing is repeated', async (context) => {
	const { cpanel, helper, socketPath, lines } = await startHelper(context, {
		internet,
		bounds: { ...serveBounds, lineTimeoutMs: 300 },
	});
	const line = (verb: unknown, args: unknown, actor: unknown = 'admin root') =>
		`${JSON.stringify({ verb, actor, args })}\n`;
	const hold = (more: object) => line('panel-hold', { user: 'alice', on: true, reason: 'x', ...more });
	const hostile: readonly (readonly [string | Buffer, string])[] = [
		['\n', 'invalid'],
		['null\n', 'invalid'],
		['[]\n', 'invalid'],
		[`${'['.repeat(50_000)}\n`, 'invalid'],
		[`"${'x'.repeat(helperLineBytesMax + 1)}"\n`, 'invalid'],
		['x'.repeat(helperLineBytesMax + 1), 'invalid'],
		[Buffer.from(hold({ reason: 'caf\u00e9' }), 'latin1'), 'invalid'],
		[line('toString', {}), 'unknown-verb'],
		[line('__proto__', {}), 'unknown-verb'],
		[line('sh', { command: 'id' }), 'unknown-verb'],
		[line('reconcile', {}, 'root'), 'invalid'],
		[line('reconcile', {}, 'admin root\nadmin root'), 'invalid'],
		[line('reconcile', { extra: 1 }), 'invalid'],
		[`{"verb":"reconcile","actor":"admin root","args":{},"__proto__":{"x":1},"more":1}\n`, 'invalid'],
		[hold({ user: 'alice; id' }), 'invalid'],
		[hold({ user: '../../etc/passwd' }), 'invalid'],
		[hold({ user: '--help' }), 'invalid'],
		[hold({ user: 'root' }), 'invalid'],
		[hold({ user: 'a'.repeat(33) }), 'invalid'],
		[hold({ user: ['alice'] }), 'invalid'],
		[hold({ mailbox: 'x@y.test --user=root' }), 'invalid'],
		[hold({ mailbox: "x'@y.test" }), 'invalid'],
		[hold({ reason: 'r'.repeat(501) }), 'invalid'],
		[hold({ on: 'true' }), 'invalid'],
	];
	for (const [bytes, code] of hostile) {
		const said = await raw(socketPath, bytes);
		assert.equal((JSON.parse(said) as { code: string }).code, code, String(bytes).slice(0, 80));
		assert.ok(said.length < 500 && !said.includes('etc/passwd'), said);
	}
	// Lines that never end, or never begin, cost their connection.
	assert.equal(await raw(socketPath, '{"verb":'), '');
	assert.equal(await raw(socketPath, '', { half: true }), '');
	// One request a connection: what is behind it is not read.
	const twice = await raw(socketPath, `${line('account-owner', { user: 'alice' })}${line('mta-bypass', {})}`);
	assert.deepEqual(JSON.parse(twice), { ok: true, result: { owner: 'rita' } });
	assert.deepEqual(cpanel.state().calls, []);
	assert.ok(lines.length >= hostile.length - 2);
	assert.deepEqual(
		given(await helper.call('account-owner', admin, { user: 'bob' })),
		{ owner: 'root' },
		'it still answers',
	);
});

test('what takes long is answered as under way, goes on, and is written down when it has ended', async (context) => {
	const gate = Promise.withResolvers<void>();
	const { rig, helper, lines } = await startHelper(context, {
		internet,
		more: {
			answerMsMax: 50,
			async mta(act) {
				await gate.promise;
				return { ok: true, value: `${act} ended.` };
			},
		},
	});
	const begun = given(await helper.call('mta-ensure', admin, {}));
	assert.deepEqual([begun.isUnderWay, /goes on/.test(begun.text)], [true, true]);
	assert.deepEqual(
		lines.map(({ verb, outcome }) => [verb, outcome]),
		[['mta-ensure', 'under way']],
	);
	given(await helper.call('account-owner', admin, { user: 'bob' }));
	gate.resolve();
	await until(async () => lines.length === 3, { waitMs: 10_000, otherwise: () => JSON.stringify(lines) });
	assert.deepEqual([lines[2]?.verb, lines[2]?.outcome, lines[2]?.isRecorded], ['mta-ensure', 'done', true]);
	const { items } = given(await rig.client.call('audit', { query: {} }));
	assert.ok(items.some(({ act, detail }) => act === 'mta.ensure' && detail === 'ensure ended.'));
	// What is quick is answered as ever.
	assert.deepEqual(given(await helper.call('mta-bypass', admin, {})), { text: 'bypass ended.' });
});

test('a bug in one answer costs that connection and no other', async (context) => {
	const { helper, socketPath } = await startHelper(context, {
		internet,
		more: {
			writeLine(line) {
				if (line.includes('mta-bypass')) throw new Error('bug');
			},
		},
	});
	assert.equal(await raw(socketPath, '{"verb":"mta-bypass","actor":"admin root","args":{}}\n'), '');
	assert.deepEqual(given(await helper.call('account-owner', admin, { user: 'bob' })), { owner: 'root' });
});

test('too much at once is answered busy', async (context) => {
	const bounds: ServeBounds = { ...serveBounds, atWorkMax: 2, perMinute: 1, burst: 6 };
	let isLet = (): void => {};
	const gate = new Promise<void>((resolve) => {
		isLet = resolve;
	});
	const { helper, lines } = await startHelper(context, {
		internet,
		more: {
			async kickQueue() {
				await gate;
				return { ok: true, value: 'begun' };
			},
		},
		bounds,
	});
	const many = Array.from({ length: 5 }, () => helper.call('queue-kick', admin, {}));
	const busy = await Promise.race(many);
	assert.equal(codeOf(busy), 'busy');
	isLet();
	const outcomes = (await Promise.all(many)).map(codeOf).sort();
	assert.deepEqual(outcomes.filter((code) => code === 'done').length, 3);
	const rest = [];
	for (let turn = 0; turn < 6; turn += 1) rest.push(codeOf(await helper.call('queue-kick', admin, {})));
	assert.deepEqual(rest, ['done', 'done', 'done', 'busy', 'busy', 'busy'], 'six at once, then one a minute');
	// In the journal too, a line for many.
	const told = lines.filter(({ outcome }) => outcome === 'busy').map(({ lines: count }) => Number(count));
	assert.equal(told[0], 1, 'the first at once');
	assert.ok(told.length < 5 && told.reduce((sum, count) => sum + count, 0) <= 5, told.join());
});
