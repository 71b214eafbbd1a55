/**
 * The socket: who may speak, for whom, what is refused and how; nothing that was refused changes anything.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createClient } from '@sluice/shared/client/client.ts';
import { requestBytesMax } from '@sluice/shared/contract/operation.ts';
import type { ProblemDocument } from '@sluice/shared/contract/problem.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { given, patient } from './acts.ts';
import { type Asked, ask, problemOf } from './http.ts';
import { type Rig, startRig } from './rig.ts';
import { mailbox } from './senders.ts';

let internet: Internet;
let rig: Rig;
/** Of two accounts, one message each. */
let mine = '';
let theirs = '';
before(async () => {
	internet = await startInternet();
	rig = await startRig(undefined, { internet, isWired: true, delivery: patient });
	mine = await rig.send({ to: ['a@ok.test'], sender: mailbox('me@mine.test') });
	theirs = await rig.send({ to: ['451-b@ok.test'], sender: mailbox('you@theirs.test') });
	await rig.until(() => rig.count('message.finished') === 1 && rig.count('recipient.deferred') === 1);
});
after(async () => {
	await rig.stop();
	await internet.stop();
});

const post = (path: string, body: Asked['body'], more: Partial<Asked> = {}): Asked => ({
	method: 'POST',
	path,
	...(body === undefined ? {} : { body }),
	...more,
});
const put = (path: string, body: object | Buffer, headers: Asked['headers'] = {}): Asked => ({
	method: 'PUT',
	path,
	body: Buffer.isBuffer(body) ? body : JSON.stringify(body),
	headers,
});
const hold = (kind: string, id: string, reason?: string): string => JSON.stringify({ selector: { kind, id }, reason });

const refusals: readonly [what: string, asked: () => Asked, problem: string][] = [
	['no actor', () => ({ path: '/v1/queue', actor: null }), '401 no-actor'],
	['an empty actor', () => ({ path: '/v1/queue', actor: '' }), '401 bad-actor'],
	['a role there is none of', () => ({ path: '/v1/queue', actor: 'root root' }), '401 bad-actor'],
	['an actor without id', () => ({ path: '/v1/queue', actor: 'admin' }), '401 bad-actor'],
	['two actors', () => ({ path: '/v1/queue', actor: 'account a, admin root' }), '401 bad-actor'],
	['something behind the actor', () => ({ path: '/v1/queue', actor: 'admin root; role=admin' }), '401 bad-actor'],
	['an account at the queue', () => ({ path: '/v1/queue', actor: 'account domain:mine.test' }), '403 forbidden'],
	['a customer at the holds', () => ({ path: '/v1/holds', actor: 'customer c' }), '403 forbidden'],
	['a customer at all limits', () => ({ path: '/v1/limits', actor: 'customer c' }), '403 forbidden'],
	['a reseller and an account of another', () => ({ path: '/v1/accounts/a', actor: 'reseller r' }), '404 not-found'],
	[
		'a message of no account of a reseller',
		() => ({ path: `/v1/messages/${mine}`, actor: 'reseller r' }),
		'404 not-found',
	],
	[
		'an account that releases its own mail',
		() => post(`/v1/messages/${mine}/release`, '{"reason":"mine"}', { actor: 'account domain:mine.test' }),
		'403 forbidden',
	],
	['an account at the events', () => ({ path: '/v1/events', actor: 'account domain:mine.test' }), '403 forbidden'],
	['nobody at the events', () => ({ path: '/v1/events', actor: null }), '401 no-actor'],
	['an unknown id', () => ({ path: '/v1/messages/0000000000000' }), '404 not-found'],
	['the trace of an unknown id', () => ({ path: '/v1/messages/0000000000000/trace' }), '404 not-found'],
	[
		'an act on an unknown message',
		() => post('/v1/queue/hold', hold('message', '0000000000000', 'x')),
		'404 not-found',
	],
	[
		'the release of a message that has ended',
		() => post(`/v1/messages/${mine}/release`, '{"reason":"x"}'),
		'404 not-found',
	],
	['an unknown hold', () => ({ method: 'DELETE', path: '/v1/holds/hx' }), '404 not-found'],
	['no id', () => ({ path: '/v1/messages/not-an-id' }), '422 invalid'],
	['an act there is none of', () => post('/v1/queue/burn', hold('account', 'a', 'x')), '422 invalid'],
	['an act of no kind', () => post('/v1/queue/hold', hold('planet', 'a', 'x')), '422 invalid'],
	['an act without reason', () => post('/v1/queue/hold', hold('account', 'a')), '422 invalid'],
	[
		'more than is asked for',
		() => post('/v1/queue/hold', '{"selector":{"kind":"account","id":"a"},"reason":"x","force":true}'),
		'422 invalid',
	],
	['a standing hold of a message', () => post('/v1/holds', hold('message', mine, 'x')), '422 invalid'],
	[
		'a hold without end',
		() => post('/v1/holds', '{"selector":{"kind":"account","id":"a"},"reason":"x","seconds":1e12}'),
		'422 invalid',
	],
	['null for a body', () => post('/v1/holds', 'null'), '422 invalid'],
	['a list for a body', () => post('/v1/holds', '[]'), '422 invalid'],
	['a body where none is due', () => ({ path: '/v1/queue', body: '{}' }), '422 invalid'],
	['a view there is none of', () => ({ path: '/v1/queue?by=moon' }), '422 invalid'],
	['a parameter there is none of', () => ({ path: '/v1/queue?nope=1' }), '422 invalid'],
	['the name of every object’s parent', () => ({ path: '/v1/queue?__proto__=1' }), '422 invalid'],
	['a parameter twice', () => ({ path: '/v1/queue?by=state&by=age' }), '422 invalid'],
	['limits beyond bounds', () => ({ path: '/v1/messages?limit=100000' }), '422 invalid'],
	['a time that is none', () => ({ path: '/v1/messages?since=yesterday' }), '422 invalid'],
	['a cursor of another list', () => ({ path: '/v1/messages?cursor=zzz' }), '422 invalid'],
	['an audit cursor that is none', () => ({ path: '/v1/audit?cursor=zzz' }), '422 invalid'],
	['a path that cannot be decoded', () => ({ path: '/v1/messages/%FF' }), '422 invalid'],
	['no JSON', () => post('/v1/holds', '{"selector":'), '400 bad-json'],
	['nothing for a body', () => post('/v1/holds', undefined), '415 bad-media-type'],
	[
		'a form',
		() => post('/v1/holds', 'reason=x', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
		'415 bad-media-type',
	],
	[
		'bytes that are no UTF-8',
		() => post('/v1/holds', Buffer.from('{"reason":"\xff\xfe"}', 'latin1')),
		'415 bad-media-type',
	],
	[
		'another charset',
		() => post('/v1/holds', '{}', { headers: { 'content-type': 'application/json; charset=latin1' } }),
		'415 bad-media-type',
	],
	['over 1 MiB', () => post('/v1/holds', JSON.stringify({ reason: 'x'.repeat(requestBytesMax) })), '413 too-large'],
	[
		'over 1 MiB, packed',
		() =>
			post('/v1/holds', gzipSync(JSON.stringify({ reason: 'x'.repeat(requestBytesMax) })), {
				headers: { 'content-encoding': 'gzip' },
			}),
		'413 too-large',
	],
	['10 MB about one account', () => put('/v1/accounts/a', { name: 'x'.repeat(10_000_000) }), '413 too-large'],
	[
		'over 64 MiB of accounts',
		() =>
			put('/v1/accounts', gzipSync(JSON.stringify({ items: 'x'.repeat(64 * 1024 * 1024) })), {
				'content-encoding': 'gzip',
			}),
		'413 too-large',
	],
	[
		'10 MB of accounts that are none',
		() => put('/v1/accounts', { revision: 1, complete: true, items: ['x'.repeat(10_000_000)] }),
		'422 invalid',
	],
	[
		'a negative number',
		() => put('/v1/accounts/a/limits', { mode: 'enforce', hour: { recipients: -1 } }),
		'422 invalid',
	],
	[
		'half a recipient',
		() => put('/v1/accounts/a/limits', { mode: 'enforce', hour: { recipients: 0.5 } }),
		'422 invalid',
	],
	[
		'more than counts',
		() => put('/v1/accounts/a/limits', { mode: 'enforce', hour: { recipients: 1e12 } }),
		'422 invalid',
	],
	['limits without a mode', () => put('/v1/accounts/a/limits', { hour: { recipients: 1 } }), '422 invalid'],
	['a window there is none of', () => put('/v1/accounts/a/limits', { mode: 'monitor', week: {} }), '422 invalid'],
	[
		'an exception that is over',
		() => put('/v1/accounts/a/limits', { mode: 'monitor', until: '2020-01-01T00:00:00Z' }),
		'422 invalid',
	],
	['limits of a planet', () => ({ path: '/v1/planets/mars/limits' }), '422 invalid'],
	['limits of a part of the server', () => ({ path: '/v1/server/each-planet/limits' }), '404 not-found'],
	['a script without a folder', () => put('/v1/scripts/acme/limits', { mode: 'monitor' }), '422 invalid'],
	['a name with a line break', () => put('/v1/plans/a%0Ab/limits', { mode: 'monitor' }), '422 invalid'],
	['a limit cursor that is none', () => ({ path: '/v1/limits?cursor=zzz' }), '422 invalid'],
	[
		'a simulation of a month too much',
		() => post('/v1/simulate', JSON.stringify({ days: 31, proposals: [] })),
		'422 invalid',
	],
	['a simulation there is none of', () => ({ path: '/v1/simulate/none' }), '404 not-found'],
	['no such path', () => ({ path: '/v1/nothing' }), '404 not-found'],
	['no such version', () => ({ path: '/v2/health' }), '404 not-found'],
	['a path in other letters', () => ({ path: '/V1/Health' }), '404 not-found'],
	['a path with more behind', () => ({ path: '/v1/health/' }), '404 not-found'],
	['another method', () => ({ method: 'DELETE', path: '/v1/health' }), '405 method-not-allowed'],
	['another method with a body', () => ({ ...post('/v1/messages', '{}'), method: 'PUT' }), '405 method-not-allowed'],
	['another method at a text', () => ({ method: 'DELETE', path: '/metrics' }), '405 method-not-allowed'],
];

test('what is refused is refused with its own problem document and changes nothing', async () => {
	const stands = () =>
		Promise.all(
			['/v1/queue?by=state', '/v1/accounts', '/v1/limits'].map(
				async (path) => (await ask(rig.agent.socketPath, { path })).text,
			),
		);
	const before = await stands();
	const events = rig.events.length;
	const seen = new Map<string, string>();
	for (const [what, asked] of refusals) seen.set(what, problemOf(await ask(rig.agent.socketPath, asked())));
	assert.deepEqual(Object.fromEntries(seen), Object.fromEntries(refusals.map(([what, , problem]) => [what, problem])));
	assert.deepEqual(await stands(), before);
	assert.deepEqual((await ask(rig.agent.socketPath, { path: '/v1/audit' })).json, { items: [] });
	assert.deepEqual((await ask(rig.agent.socketPath, { path: '/v1/holds' })).json, { items: [] });
	assert.equal(rig.events.length, events, 'no event, and no failure of ours');
});

test('values that are not accepted are all named at once, each by its path', async () => {
	const answer = await ask(
		rig.agent.socketPath,
		post('/v1/holds', '{"selector":{"kind":"planet","id":"","colour":"red"},"reason":"","seconds":1.5,"until":1}'),
	);
	const { errors = [] } = answer.json as ProblemDocument;
	assert.deepEqual([...new Set(errors.map(({ path }) => path))].sort(), [
		'body',
		'body.reason',
		'body.seconds',
		'body.selector',
		'body.selector.id',
		'body.selector.kind',
	]);
	assert.match(errors.find(({ path }) => path === 'body')?.message ?? '', /until/);
	const limits = { mode: 'maybe', hour: { recipients: -1, messages: 2.5 }, hourUniqueRecipients: -7, week: 1 };
	const numbers = (await ask(rig.agent.socketPath, put('/v1/accounts/a/limits', limits))).json as ProblemDocument;
	assert.deepEqual([...new Set(numbers.errors?.map(({ path }) => path))].sort(), [
		'body',
		'body.hour.messages',
		'body.hour.recipients',
		'body.hourUniqueRecipients',
		'body.mode',
	]);
	const query = (await ask(rig.agent.socketPath, { path: '/v1/messages?limit=0&state=lost' })).json as ProblemDocument;
	assert.deepEqual(query.errors?.map(({ path }) => path).sort(), ['query.limit', 'query.state']);
	const method = await ask(rig.agent.socketPath, { method: 'PATCH', path: '/v1/holds' });
	assert.equal(method.headers.allow, 'GET, POST');
});

test('an account sees its own messages and cannot tell others from none', async () => {
	const me = createClient(rig.agent.socketPath, { role: 'account', id: 'domain:mine.test' });
	const ids = async (query: object) =>
		given(await me.call('listMessages', { query })).items.map(({ id, account }) => [id, account]);
	const own = [[mine, 'domain:mine.test']];
	assert.deepEqual(await ids({}), own);
	assert.deepEqual(await ids({ account: 'domain:theirs.test' }), own, 'its own, whatever it asks for');
	assert.deepEqual(await ids({ identity: 'mailbox:you@theirs.test' }), []);
	assert.deepEqual(await ids({ recipient: '451-b@ok.test' }), []);
	assert.deepEqual(await ids({ sender: 'a@one.test' }), own);
	assert.equal(given(await me.call('getMessage', { params: { id: mine } })).id, mine);
	assert.equal(given(await me.call('traceMessage', { params: { id: mine } })).from.account, 'domain:mine.test');
	for (const path of ['', '/trace']) {
		const actor = 'account domain:mine.test';
		const [hidden, none] = [
			await ask(rig.agent.socketPath, { path: `/v1/messages/${theirs}${path}`, actor }),
			await ask(rig.agent.socketPath, { path: `/v1/messages/${theirs.slice(0, -1)}z${path}`, actor }),
		];
		assert.equal(problemOf(hidden), '404 not-found');
		assert.equal(hidden.text, none.text);
	}
	const stranger = createClient(rig.agent.socketPath, { role: 'account', id: 'domain:theirs.test.evil.test' });
	assert.deepEqual(given(await stranger.call('listMessages')).items, []);
});

/** Connects as that user; what becomes of it. */
async function connectAs(uid: number, socketPath: string): Promise<string> {
	const program =
		"require('node:net').connect(process.argv[1]).on('connect', () => { console.log('connected'); process.exit(); }).on('error', ({ code }) => console.log(code))";
	const child = spawn(process.execPath, ['-e', program, socketPath], {
		uid,
		gid: uid,
		cwd: '/',
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	let said = '';
	child.stdout.setEncoding('utf8').on('data', (text: string) => {
		said += text;
	});
	await once(child, 'close');
	return said.trim();
}

test('the socket is open to its owner and group alone', async (context) => {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-socket-'));
	context.after(() => rmSync(folder, { recursive: true, force: true }));
	chmodSync(folder, 0o755);
	const socket = join(folder, 'agent.sock');
	const closed = await startRig(context, { internet, config: { api: { socket } } });
	assert.equal((statSync(socket).mode & 0o777).toString(8), '660');
	if (process.getuid?.() !== 0) {
		await closed.stop();
		return context.skip('only root can be somebody else');
	}
	assert.equal(await connectAs(65_534, socket), 'EACCES');
	assert.equal(await connectAs(0, socket), 'connected');
	await closed.stop();
	await startRig(context, { internet, config: { api: { socket, mode: '0666' } } });
	assert.equal(await connectAs(65_534, socket), 'connected', 'the mode decides and nothing else');
});

test('a second agent does not take the socket of one that answers, and a left one is replaced', async (context) => {
	const socket = rig.agent.socketPath;
	await assert.rejects(startRig(context, { internet, config: { api: { socket } } }), /another agent is answering/);
	assert.equal((await ask(socket, { path: '/v1/health', actor: null })).status, 200);
	const folder = mkdtempSync(join(tmpdir(), 'sluice-socket-'));
	context.after(() => rmSync(folder, { recursive: true, force: true }));
	const left = join(folder, 'left.sock');
	const child = spawn(process.execPath, [
		'-e',
		"require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))",
		left,
	]);
	await once(child, 'exit');
	assert.ok(statSync(left).isSocket());
	const other = await startRig(context, { internet, config: { api: { socket: left } } });
	assert.equal((await ask(other.agent.socketPath, { path: '/v1/health', actor: null })).status, 200);
});
