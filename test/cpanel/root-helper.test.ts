/**
 * The root helper behind its socket, with the client that the pages use, cPanel's programs as stand-ins and a real agent: each verb done and taken
 * back, refused to whom it is not for, switched off, written down; and lines that nobody should send.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { actorOf, type Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { type AnswerPorts, answerLine } from '@sluice/installers/helper/answer.ts';
import { limitsMemory } from '@sluice/installers/helper/limits-memory.ts';
import { queueKicker } from '@sluice/installers/helper/mta-act.ts';
import { helperPorts } from '@sluice/installers/helper/run.ts';
import { rateOf, type ServeBounds, serveBounds, serveHelper } from '@sluice/installers/helper/serve.ts';
import { createHelperClient, type HelperClient } from '@sluice/shared/client/helper-client.ts';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import { helperLineBytesMax, helperVerbs } from '@sluice/shared/contract/helper.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { until } from '../mta/until.ts';
import { given } from '../scenarios/acts.ts';
import { type Rig, startRig } from '../scenarios/rig.ts';
import { installStandIn, type StandIn, standInAccount } from './api/install.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

const admin: Actor = { role: 'admin', id: 'root' };
const rita: Actor = { role: 'reseller', id: 'rita', as: 'root' };

type Helped = {
	readonly rig: Rig;
	readonly cpanel: StandIn;
	readonly helper: HelperClient;
	readonly socketPath: string;
	readonly lines: { readonly [name: string]: unknown }[];
	readonly mta: string[];
	settings(text: string): void;
};

async function startHelper(
	context: TestContext,
	more: Partial<AnswerPorts> = {},
	bounds?: ServeBounds,
): Promise<Helped> {
	const rig = await startRig(context, { internet });
	const cpanel = installStandIn();
	const folder = mkdtempSync(join(tmpdir(), 'sluice-helper-'));
	context.after(() => {
		cpanel.clear();
		rmSync(folder, { recursive: true, force: true });
	});
	cpanel.change((state) => {
		state.accounts.alice = standInAccount('alice', { owner: 'rita' });
		state.accounts.bob = standInAccount('bob', { uid: 1002, hourMessages: '50' });
		state.tweaks.maxemailsperhour = '200';
		state.packages.gold = { MAX_EMAIL_PER_HOUR: '500' };
	});
	const config = join(folder, 'agent.yaml');
	const settings = (text: string): void => writeFileSync(config, `dataDir: ${folder}\n${text}`);
	settings('panel: { kind: cpanel, acts: { hold: true, suspend: true } }\n');
	const lines: { readonly [name: string]: unknown }[] = [];
	const mta: string[] = [];
	const terminal = {
		environment: {},
		now: Date.now,
		exists: () => false,
		actor: actorOf('root', 0, undefined),
		writeOut: (text: string) => void lines.push(JSON.parse(text)),
	} as unknown as Terminal;
	const ports = helperPorts(terminal, {
		socket: rig.agent.socketPath,
		listen: '',
		group: '',
		config,
		root: cpanel.root,
		state: join(cpanel.root, 'var/lib/sluice-cpanel'),
		memory: join(folder, 'memory'),
		wiring: join(folder, 'wiring'),
	});
	const whole: AnswerPorts = {
		...ports,
		async mta(act, actor) {
			mta.push(`${act} ${actor.role} ${actor.id}`);
			return { ok: true, value: `${act} done.` };
		},
		kickQueue: async () => ({ ok: true, value: 'A queue run was begun.' }),
		...more,
	};
	const socketPath = join(folder, 'helper.sock');
	const serving = await serveHelper({
		at: { path: socketPath, mode: 0o660 },
		answer: (line) => answerLine(line, whole),
		now: Date.now,
		onBusy: (count) => void lines.push({ outcome: 'busy', lines: count }),
		...(bounds === undefined ? {} : { bounds }),
	});
	context.after(() => serving.stop());
	assert.equal(statSync(socketPath).mode & 0o777, 0o660);
	return { rig, cpanel, helper: createHelperClient(socketPath), socketPath, lines, mta, settings };
}

const codeOf = (result: { ok: true } | { ok: false; error: { code: string } }): string =>
	result.ok ? 'done' : result.error.code;

test('the panel’s own hold and suspension: on and off, of an account and of a mailbox', async (context) => {
	const { cpanel, helper, lines } = await startHelper(context);
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
	const { cpanel, helper, lines } = await startHelper(context);
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
	const { cpanel, helper } = await startHelper(context);
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
	const { cpanel, helper, settings } = await startHelper(context);
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
	const { cpanel, helper, lines } = await startHelper(context);
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
	const { rig, helper, mta, lines } = await startHelper(context);
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
	const { cpanel, helper, socketPath, lines } = await startHelper(context, {}, { ...serveBounds, lineTimeoutMs: 300 });
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
		answerMsMax: 50,
		async mta(act) {
			await gate.promise;
			return { ok: true, value: `${act} ended.` };
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
		writeLine(line) {
			if (line.includes('mta-bypass')) throw new Error('bug');
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
	const { helper, lines } = await startHelper(
		context,
		{
			async kickQueue() {
				await gate;
				return { ok: true, value: 'begun' };
			},
		},
		bounds,
	);
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

test('rate, memory and queue runs by themselves', async () => {
	let now = 0;
	const mayGo = rateOf({ perMinute: 60, burst: 2 }, () => now);
	assert.deepEqual([mayGo(), mayGo(), mayGo()], [true, true, false]);
	now = 1000;
	assert.deepEqual([mayGo(), mayGo()], [true, false]);
	now = 500;
	assert.equal(mayGo(), false, 'a clock that goes back gives nothing');

	const folder = mkdtempSync(join(tmpdir(), 'sluice-memory-'));
	try {
		const memory = limitsMemory(join(folder, 'new/limits.json'));
		assert.equal(await memory.read(), undefined);
		const lifted = {
			version: 1 as const,
			at: 'now',
			settings: { maxemailsperhour: { former: '1', ours: 'unlimited' } },
		};
		await memory.write(lifted);
		assert.deepEqual(await memory.read(), lifted);
		assert.equal(statSync(join(folder, 'new/limits.json')).mode & 0o777, 0o600);
		writeFileSync(join(folder, 'new/limits.json'), '{}');
		await assert.rejects(memory.read(), 'what cannot be understood is not taken for nothing');
	} finally {
		rmSync(folder, { recursive: true });
	}

	const ran: string[] = [];
	const machine = (program: string) =>
		({
			exists: async (path: string) => path === program,
			async run(command: readonly string[], options: object) {
				ran.push(`${command.join(' ')} ${JSON.stringify(options)}`);
				return { exitCode: 0, output: '' };
			},
		}) as unknown as Parameters<typeof queueKicker>[0];
	now = 100_000;
	const kick = queueKicker(machine('/usr/sbin/exim'), () => now);
	assert.equal((await kick()).ok, true);
	now += 10_000;
	assert.equal((await kick()).ok, false, 'not one behind the other');
	now += 30_000;
	assert.equal((await kick()).ok, true);
	assert.equal((await queueKicker(machine('/usr/sbin/postqueue'), () => now)()).ok, true);
	assert.equal((await queueKicker(machine('/none'), () => now)()).ok, false);
	assert.deepEqual(ran, [
		'/usr/sbin/exim -qf {"isDetached":true}',
		'/usr/sbin/exim -qf {"isDetached":true}',
		'/usr/sbin/postqueue -f {"isDetached":true}',
	]);
});
