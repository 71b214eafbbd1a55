/**
 * Commands against an API with made-up answers: what a person reads, what a script gets, how each ends.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type OperationId, operations } from '@sluice/shared/contract/operations.ts';
import { failed } from '@sluice/shared/words/result.ts';
import { assertGolden, type FakeAgent, run, startFakeAgent, type TerminalWishes } from './commands.fixture.ts';
import { health, messages, trace } from './values.fixture.ts';

let agent: FakeAgent;
before(async () => {
	agent = await startFakeAgent();
});
after(() => agent.stop());

const id = '1kf3wz9m40000';
const here = (words: string, wishes: TerminalWishes = {}, more: readonly string[] = []) =>
	run([...words.split(' '), ...more, '--socket', agent.socketPath], wishes);
const why = ['--reason', 'ticket 4711'];

/** Every command that asks the agent, with the operation it asks. */
const asking: readonly (readonly [name: string, words: string, operation: OperationId])[] = [
	['status', 'status', 'health'],
	['volume', 'volume', 'volume'],
	['message-list', 'message list', 'listMessages'],
	['message-trace', `message trace ${id}`, 'traceMessage'],
	['message-hold', `message hold ${id}`, 'act'],
	['message-discard', `message discard ${id}`, 'act'],
	['queue', 'queue', 'queue'],
	['queue-state', 'queue --by state', 'queue'],
	['queue-release', 'queue release --account shop', 'act'],
	['hold-list', 'hold list', 'listHolds'],
	['hold-set', 'hold set --destination slow.test --for 12h', 'putHold'],
	['hold-lift', 'hold lift h7k2 --release', 'deleteHold'],
	['lane-list', 'lane list', 'lanes'],
	['audit', 'audit', 'audit'],
	['account-list', 'account list', 'listAccounts'],
	['account-set-limit', 'account set-limit acme --hour 400', 'putLimits'],
	['account-change-limits', 'account change-limits --plan Basic --rule hour.recipients --value 200', 'changeLimits'],
	['account-change-limits-undo', 'account change-limits undo 7d3c', 'undoLimitChange'],
	['account-hold', 'account hold acme --for 12h', 'putHold'],
	['account-release', 'account release acme', 'act'],
	['account-may-send-as', 'account may-send-as acme --allow Friend.test --forbid partner.test', 'putMaySendAs'],
	['account-forget', 'account forget acme', 'forgetAccount'],
	['account-simulate', 'account simulate acme --hour 50', 'getSimulation'],
	['limit-list', 'limit list', 'listLimits'],
	['limit-show', 'limit show --account acme', 'getLimits'],
	['limit-clear', 'limit clear --mailbox me@acme.test --exception', 'deleteLimits'],
	['credential-list', 'credential list', 'listCredentials'],
	['credential-add', 'credential add --account acme --name shop', 'createCredential'],
	['credential-revoke', 'credential revoke c7h2k9', 'revokeCredential'],
	['webhook-list', 'webhook list', 'listWebhooks'],
	['webhook-add', 'webhook add https://ops.example.net/hooks/mail --event limit', 'createWebhook'],
	['webhook-remove', 'webhook remove w3', 'deleteWebhook'],
];
const isAct = (words: string): boolean =>
	/hold set|(hold|discard|release) (1|--)|account (hold|release|forget)/.test(words);

for (const [name, words] of asking) {
	test(`sluice ${words}: read by a person`, async () => {
		const ran = await here(words, { width: 80 }, isAct(words) ? why : []);
		assert.deepEqual([ran.err, ran.code], ['', 0]);
		assertGolden(name, ran.out);
		const tooWide = ran.out.split('\n').filter((line) => line.length > 80 && /\s/.test(line.trim().slice(0, 60)));
		assert.deepEqual(tooWide, [], 'fits 80 columns');
	});
}

for (const [, words, operation] of asking) {
	test(`sluice ${words} --json: one document of the contract`, async () => {
		const ran = await here(words, {}, [...(isAct(words) ? why : []), '--json']);
		assert.deepEqual([ran.err, ran.code], ['', 0]);
		const document: unknown = JSON.parse(ran.out);
		const parsed = operations[operation].response.safeParse(document);
		assert.ok(parsed.success, JSON.stringify(parsed.error?.issues));
		assert.deepEqual(document, parsed.data, 'nothing is added to what the contract says');
	});
}

test('on a wide terminal the list shows time and account, and colours', async () => {
	const ran = await here('message list', { width: 120, isTerminal: true, hasColour: true });
	assertGolden('message-list-wide', ran.out.replaceAll('\x1b', '␛'));
});

test('into a pipe nothing is cut', async () => {
	const ran = await here('message list', { width: Number.POSITIVE_INFINITY });
	assert.match(ran.out, /someone\.with\.a\.long\.name@far-away\.example/);
	assert.match(ran.out, /with the corrected hours$/m);
});

test('what strangers write cannot command the terminal, as text or as JSON', async () => {
	for (const more of [[], ['--json']]) {
		const ran = await here('message list', {}, more);
		assert.match(ran.out, /owned/);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
		assert.doesNotMatch(ran.out, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
	}
	const json = JSON.parse((await here('message list --json')).out) as { items: { subject: string }[] };
	assert.equal(json.items[1]?.subject, messages[1]?.subject);
});

test('the agent is asked what was said, in the name of who asks', async () => {
	agent.asked.length = 0;
	await here('message list --state held --sender @shop.test --since 2h --limit 7');
	await here('queue hold --identity unix:7001', {}, why);
	await here(`message requeue ${id.toUpperCase()}`, {}, why);
	await here('hold set --account shop --for 90m --owner-may-release', {}, why);
	await here(`message restore ${id} --now --as-before`, {}, why);
	await here('audit --by bob --subject shop --act limit --limit 3');
	await here('hold lift h7k2');
	assert.deepEqual(
		agent.asked.map(({ id: operation, input }) => [operation, input]),
		[
			[
				'listMessages',
				{
					params: {},
					query: { sender: '@shop.test', state: 'held', since: '2026-11-24T05:30:00.000Z', limit: 7 },
					body: undefined,
				},
			],
			[
				'act',
				{
					params: { act: 'hold' },
					query: {},
					body: { selector: { kind: 'identity', id: 'unix:7001' }, reason: 'ticket 4711', now: false, asBefore: false },
				},
			],
			[
				'act',
				{
					params: { act: 'requeue' },
					query: {},
					body: { selector: { kind: 'message', id }, reason: 'ticket 4711', now: false, asBefore: false },
				},
			],
			[
				'putHold',
				{
					params: {},
					query: {},
					body: {
						selector: { kind: 'account', id: 'shop' },
						reason: 'ticket 4711',
						seconds: 5400,
						ownerMayRelease: true,
					},
				},
			],
			[
				'act',
				{
					params: { act: 'restore' },
					query: {},
					body: { selector: { kind: 'message', id }, reason: 'ticket 4711', now: true, asBefore: true },
				},
			],
			['audit', { params: {}, query: { limit: 3, actor: 'bob', subject: 'shop', act: 'limit' }, body: undefined }],
			['deleteHold', { params: { id: 'h7k2' }, query: { release: false }, body: undefined }],
		],
	);
	assert.deepEqual(agent.asked[0]?.actor, { role: 'admin', id: 'root' });
});

test('dropping mail is asked about where somebody can answer, and only yes is yes', async () => {
	agent.asked.length = 0;
	const questions: string[] = [];
	const answering = (reply: string): TerminalWishes => ({
		canAsk: true,
		ask: async (question) => {
			questions.push(question);
			return reply;
		},
	});
	const refused = await here('queue discard --account shop', answering('y'), why);
	assert.deepEqual(refused, { out: '', err: 'Nothing was dropped.\n', code: 1 });
	assert.deepEqual(agent.asked, []);
	assert.match(questions[0] ?? '', /all open mail of account shop, without a report/);
	assert.equal((await here('queue discard --account shop', answering('yes'), why)).code, 0);
	assert.equal((await here('queue discard --account shop --yes', { canAsk: true }, why)).code, 0);
	assert.equal((await here('queue release --account shop', { canAsk: true }, why)).code, 0);
	assert.equal(agent.asked.length, 3);
});

test('wrong use ends with 2 and says what is allowed; nothing is asked of the agent', async () => {
	agent.asked.length = 0;
	const cases: readonly (readonly [words: string, says: RegExp])[] = [
		['mesage list', /^Unknown command 'mesage' \(Did you mean message\?\)/],
		['message', /^Usage: sluice message/],
		['message trace', /^Missing required argument 'id'/],
		['message trace 12345', /A message id has 13 characters/],
		['message list --state open', /Allowed choices are queued, waiting, held/],
		['message list --limit 0', /A whole number, 1 to 1000/],
		['message list --since yesterday', /A time such as/],
		['message list extra', /^Too many arguments/],
		[`message hold ${id}`, /^Required option '--reason <text>' not specified/],
		['queue --by colour', /Allowed choices are account/],
		['queue hold --reason x', /^Name exactly one of --account, --identity, --destination/],
		['queue hold --account a --destination b --reason x', /^Name exactly one of/],
		['hold set --account a --reason x --for 5s', /From 60s to 365d/],
		['status --jsn', /^Unknown option '--jsn' \(Did you mean --json\?\)/],
		['config explain smtp.lisen', /^Unknown key smtp\.lisen; did you mean smtp\.listen\?/],
	];
	for (const [words, says] of cases) {
		const ran = await run(words.split(' '));
		assert.deepEqual([words, ran.code, ran.out], [words, 2, '']);
		assert.match(ran.err, says);
	}
	assert.deepEqual(agent.asked, []);
});

test('help and version that were asked for are no mistake', async () => {
	const version = await run(['--version']);
	assert.deepEqual([version.code, version.err], [0, '']);
	assert.match(version.out, /^\d+\.\d+\.\d+\n$/);
	for (const words of [['--help'], ['message', '--help'], ['queue', 'hold', '--help']]) {
		const ran = await run(words);
		assert.deepEqual([ran.code, ran.err], [0, '']);
		assert.match(ran.out, /^Usage: sluice/);
	}
});

test('an agent that accepts or delivers nothing ends status with 1 and says what to do', async () => {
	agent.answer('health', async () => ({
		ok: true,
		value: {
			...health,
			ready: false,
			problems: [
				{
					code: 'disk-full',
					text: 'The disk of /var/lib/sluice is full.',
					hint: 'Free space; it clears by itself.',
					since: '2026-11-24T07:25:00Z',
				},
			],
		},
	}));
	const ran = await here('status', { width: 80 });
	assert.equal(ran.code, 1);
	assertGolden('status-full', ran.out);
	agent.answer('health', async () => ({ ok: true, value: health }));
});

test('a refusal is a sentence and a hint on standard error, or a problem document', async () => {
	agent.answer('traceMessage', async () => failed({ code: 'not-found', detail: 'No message with this id.' }));
	const ran = await here(`message trace ${id}`);
	assert.deepEqual(ran, {
		out: '',
		err: 'No such thing: No message with this id.\nWhat there is: `sluice account list`, `message list`, `credential list`, `hold list`, `webhook list`, `sluice queue`.\n',
		code: 1,
	});
	const json = await here(`message trace ${id} --json`);
	assert.deepEqual([json.out, json.code], ['', 1]);
	assert.equal((JSON.parse(json.err) as { type: string }).type, 'urn:sluice:not-found');
	agent.answer('traceMessage', async () => ({ ok: true, value: trace }));
});

test('nothing there says what to do next', async () => {
	agent.answer('listMessages', async () => ({ ok: true, value: { items: [] } }));
	agent.answer('queue', async ({ query }) => ({
		ok: true,
		value: {
			items: query.by === 'state' ? [{ key: 'held', recipients: 0, queued: 0, waiting: 0, held: 0, sending: 0 }] : [],
			total: 0,
		},
	}));
	agent.answer('lanes', async () => ({ ok: true, value: { items: [], total: 0 } }));
	agent.answer('listHolds', async () => ({ ok: true, value: { items: [] } }));
	agent.answer('audit', async () => ({ ok: true, value: { items: [] } }));
	agent.answer('act', async () => ({ ok: true, value: { recipients: 0, messages: 0 } }));
	const lines: string[] = [];
	const all = [
		'message list',
		'message list --state held',
		'queue',
		'queue --by state',
		'lane list',
		'hold list',
		'audit',
	];
	for (const words of all) lines.push(`$ sluice ${words}\n${(await here(words)).out}`);
	lines.push(`$ sluice message release\n${(await here(`message release ${id}`, {}, why)).out}`);
	assertGolden('empty', lines.join('\n'));
});
