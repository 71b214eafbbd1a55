/**
 * The REST contract, both ways: every route is in openapi.json and every operation there is answered as its schema says; events
 * can be followed, and resumed after a break.
 */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { createEventStream } from '@sluice/agent/io/http/event-stream.ts';
import { createApp } from '@sluice/agent/io/http/server.ts';
import { type FollowedEvent, followEvents } from '@sluice/shared/client/follow.ts';
import {
	type OperationHandlers,
	type OperationId,
	operations,
	otherResources,
} from '@sluice/shared/contract/operations.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { given, patient } from './acts.ts';
import { type Asked, ask } from './http.ts';
import { type Rig, startRig } from './rig.ts';
import { mailbox } from './senders.ts';

let internet: Internet;
let rig: Rig;
/** Delivered, deferred, held, and to be discarded. */
const ids = { delivered: '', deferred: '', held: '', bounced: '', unwanted: '' };
before(async () => {
	internet = await startInternet();
	rig = await startRig(undefined, { internet, isWired: true, delivery: patient });
	const hold = { selector: { kind: 'destination', id: 'held.test' }, reason: 'to have one', seconds: 600 } as const;
	given(await rig.client.call('putHold', { body: hold }));
	const send = async (to: string): Promise<string> => {
		const { end } = await rig.submit({ to: [to], sender: mailbox('me@mine.test') });
		return end?.text.split(' ')[2] ?? '';
	};
	ids.delivered = await send('a@ok.test');
	ids.deferred = await send('451-a@ok.test');
	ids.held = await send('a@held.test');
	ids.bounced = await send('550-a@ok.test');
	ids.unwanted = await send('b@held.test');
	await rig.until(() => rig.count('message.finished') >= 2 && rig.count('recipient.deferred') === 1);
	internet.dns.set('dead.test', [{ type: 'MX', preference: 1, exchange: 'dead.sink.test' }]);
	await rig.send({ from: '', to: Array.from({ length: 3 }, (_, at) => `${at}@dead.test`) });
	await rig.until(() => rig.count('recipient.deferred') === 4);
});
after(async () => {
	await rig.stop();
	await internet.stop();
});

type Route = { readonly path: string; readonly methods: { readonly [method: string]: boolean } };
type Stack = { readonly stack: readonly { readonly route?: Route }[] };

/** `get /v1/messages/{id}` of everything mounted, from Express itself. */
function mounted(): readonly string[] {
	const app = createApp(
		{ socketPath: '', mode: 0, version: '0' },
		{
			handlers: {} as OperationHandlers,
			metricsText: async () => '',
			events: createEventStream(),
			failed: () => {},
		},
	);
	return (app.router as unknown as Stack).stack.flatMap(({ route }) =>
		route === undefined
			? []
			: Object.keys(route.methods).map((method) => `${method} ${route.path.replace(/:(\w+)/g, '{$1}')}`),
	);
}

test('what is mounted and what openapi.json describes are the same', async () => {
	const answer = await ask(rig.agent.socketPath, { path: '/openapi.json', actor: null });
	const { paths, openapi } = answer.json as { openapi: string; paths: { [path: string]: object } };
	assert.equal(openapi, '3.1.0');
	const described = Object.entries(paths).flatMap(([path, methods]) =>
		Object.keys(methods).map((method) => `${method} ${path}`),
	);
	assert.deepEqual(described.toSorted(), mounted().toSorted());
	const ofTable = [...Object.values(operations), ...otherResources].map(({ method, path }) => `${method} ${path}`);
	assert.deepEqual(described.toSorted(), ofTable.toSorted());
});

const reason = JSON.stringify({ reason: 'tried' });
const select = (kind: string, id: string): string => JSON.stringify({ selector: { kind, id }, reason: 'tried' });

const json = (method: string, path: string, body: object): Asked => ({ method, path, body: JSON.stringify(body) });

const company = {
	panel: 'cpanel',
	name: 'Mine Ltd',
	reseller: 'bob',
	customer: 'carol',
	plan: 'Basic',
	unixUsers: [{ name: 'mine', uid: 7001 }],
	domains: ['mine.example'],
	mailboxes: ['me@mine.example'],
	since: '2024-01-01T00:00:00Z',
	panelHourMessages: 500,
	contact: 'owner@mine.example',
};
const suspended = { ...company, domains: [], mailboxes: [], unixUsers: [], state: 'suspended' };

/** In an order in which each finds what it needs. */
const accountTries = {
	putAccounts: () => [
		json('PUT', '/v1/accounts', {
			revision: 1,
			complete: true,
			items: [
				{ id: 'mine', ...company },
				{ id: 'gone', ...suspended },
				{ id: 'old', ...suspended },
			],
		}),
	],
	listAccounts: () => [
		{ path: '/v1/accounts' },
		{ path: '/v1/accounts?limit=1' },
		{ path: '/v1/accounts?search=mine&state=active&reseller=bob&plan=Basic&near=false&sort=name&limit=1000' },
		{ path: '/v1/accounts?sort=waiting' },
	],
	getAccount: () => [
		{ path: '/v1/accounts/mine' },
		// Known by its mail alone.
		{ path: '/v1/accounts/domain:mine.test' },
	],
	putAccount: () => [json('PUT', '/v1/accounts/mine', { ...company, revision: 2 })],
	deleteAccount: () => [{ method: 'DELETE', path: '/v1/accounts/gone?revision=3' }],
	renameAccount: () => [json('POST', '/v1/accounts/old/rename', { id: 'new', revision: 4 })],
	forgetAccount: () => [json('POST', '/v1/accounts/gone/forget', { reason: 'tried' })],
	putMaySendAs: () => [json('PUT', '/v1/accounts/mine/may-send-as', { items: ['friend.test', 'a@other.test'] })],
} as const;

/** As `account learn` tells it. */
const learned = {
	mta: 'exim',
	from: '2026-11-17T08:00:00Z',
	until: '2026-11-24T08:00:00Z',
	items: [
		{ account: 'domain:mine.test', messages: 5, recipients: 9, peakHour: 7, directories: 1 },
		{
			account: 'domain:mine.test',
			sender: 'mailbox:me@mine.test',
			messages: 5,
			recipients: 9,
			peakHour: 7,
			directories: 1,
		},
	],
};

/** Levels with an id each; all numbers there are in one of them. */
const limited: readonly (readonly [string, object])[] = [
	['server/server', { mode: 'monitor', hour: { recipients: 100_000 } }],
	['server/each-mailbox', { mode: 'monitor', hour: { recipients: 80 }, split: false }],
	['resellers/bob', { mode: 'enforce', hour: { messages: 900, recipients: 1000 } }],
	['plans/Basic', { mode: 'monitor', day: { recipients: 900, messages: null }, note: null }],
	[
		'accounts/mine',
		{
			mode: 'enforce',
			minute: { messages: 5, recipients: 10 },
			hour: { messages: 50, recipients: 2000 },
			day: { messages: 500, recipients: 10_000 },
			hourUniqueRecipients: 40,
			recipientsPerMessage: 20,
			modes: { 'hour.messages': 'monitor' },
			over: 'defer',
			split: true,
			note: 'ticket',
		},
	],
	['domains/mine.example', { mode: 'enforce', hour: { recipients: 0 } }],
	['mailboxes/me%40mine.example', { mode: 'monitor', hour: { recipients: 5 }, until: '2100-01-01T00:00:00Z' }],
	['scripts/mine%3A%2Fhome%2Fmine%2Fwww', { mode: 'monitor' }],
	['credentials/c1', { mode: 'monitor', hour: { recipients: 7 } }],
];
const limitTries = {
	putLimits: () => limited.map(([path, body]) => json('PUT', `/v1/${path}/limits`, body)),
	getLimits: () => limited.map(([path]) => ({ path: `/v1/${path}/limits` })),
	listLimits: () => [
		{ path: '/v1/limits' },
		{ path: '/v1/limits?limit=1' },
		{ path: '/v1/limits?level=mailbox&limit=1000' },
	],
	getUsage: () => [
		...limited.map(([path]) => ({ path: `/v1/${path}/usage` })),
		{ path: '/v1/accounts/domain%3Amine.test/usage' },
	],
	deleteLimits: () => [
		{ method: 'DELETE', path: '/v1/mailboxes/me%40mine.example/limits?only=exception' },
		...limited.map(([path]) => ({ method: 'DELETE', path: `/v1/${path}/limits` })),
	],
	simulate: () => [
		json('POST', '/v1/simulate', {
			days: 1,
			proposals: [{ level: 'server', id: 'each-account', limits: { mode: 'enforce', hour: { recipients: 1 } } }],
		}),
	],
	getSimulation: () => [{ path: `/v1/simulate/${made.simulation}` }],
} as const;

/** Ids that answers gave, for the operations behind. */
const made = { simulation: '', credential: '', webhook: '', change: '' };

const senderTries = {
	createCredential: () => [
		json('POST', '/v1/credentials', { account: 'mine', name: 'shop' }),
		json('POST', '/v1/credentials', { account: 'mine', name: 'shop 2', senderDomains: ['mine.example'] }),
	],
	listCredentials: () => [{ path: '/v1/credentials' }, { path: '/v1/credentials?account=mine' }],
	revokeCredential: () => [{ method: 'DELETE', path: `/v1/credentials/${made.credential}` }],
	createWebhook: () => [
		json('POST', '/v1/webhooks', { url: 'https://hooks.example.net/in', events: ['limit.reached', 'limit.set'] }),
	],
	listWebhooks: () => [{ path: '/v1/webhooks' }],
	testWebhook: () => [json('POST', `/v1/webhooks/${made.webhook}/test`, {})],
	deleteWebhook: () => [{ method: 'DELETE', path: `/v1/webhooks/${made.webhook}` }],
	putProbe: () => [json('PUT', '/v1/probes/a.probe.sluice.invalid', { seconds: 60 })],
	listProbes: () => [{ path: '/v1/probes' }],
	deleteProbe: () => [{ method: 'DELETE', path: '/v1/probes/a.probe.sluice.invalid' }],
	putLearned: () => [json('PUT', '/v1/learned', learned)],
	getLearned: () => [
		{ path: '/v1/learned' },
		{ path: '/v1/learned?by=sender&limit=1' },
		{ path: '/v1/learned?account=domain:mine.test' },
	],
} as const;

const viewTries = {
	self: () => [{ path: '/v1/self' }],
	volume: () => [{ path: '/v1/volume' }, { path: '/v1/volume?span=week&account=mine' }],
	providers: () => [{ path: '/v1/providers?span=hour&limit=1' }],
	listGroups: () => [{ path: '/v1/groups/plans' }, { path: '/v1/groups/resellers' }],
	listOpen: () => [{ path: '/v1/open?state=held' }, { path: '/v1/open?state=waiting&account=mine&limit=1' }],
	changeLimits: () => [
		json('POST', '/v1/limits/change', {
			target: { accounts: ['domain:mine.test'] },
			rule: 'hour.recipients',
			value: 40,
			preview: true,
		}),
		json('POST', '/v1/limits/change', {
			target: { matching: { search: 'mine.test', state: 'active' } },
			rule: 'hour.recipients',
			value: 40,
			mode: 'monitor',
			note: 'ticket',
			expected: 1,
		}),
	],
	undoLimitChange: () => [json('POST', `/v1/limits/change/${made.change}/undo`, {})],
} as const;

/** Remembers what is asked about later. */
function remember(id: OperationId, answer: unknown): void {
	const {
		id: own,
		credential,
		webhook,
	} = answer as { id: string; credential: { id: string }; webhook: { id: string } };
	if (id === 'simulate') made.simulation = own;
	if (id === 'changeLimits' && own !== undefined) made.change = own;
	if (id === 'createCredential') made.credential = credential.id;
	if (id === 'createWebhook') made.webhook = webhook.id;
}

/** One request of each operation, some with all that can be asked. */
const tries: { readonly [K in OperationId]: () => readonly Asked[] } = {
	health: () => [{ path: '/v1/health', actor: null }],
	listMessages: () => [
		{ path: '/v1/messages' },
		{ path: '/v1/messages?limit=1' },
		{
			path: '/v1/messages?account=domain:mine.test&identity=mailbox:me@mine.test&sender=@one.test&recipient=@ok.test&subject=scen&state=bounced&since=2020-01-01T00:00:00Z&until=2100-01-01T00:00:00Z&limit=1000',
		},
	],
	getMessage: () => Object.values(ids).map((id) => ({ path: `/v1/messages/${id}` })),
	traceMessage: () => Object.values(ids).map((id) => ({ path: `/v1/messages/${id}/trace` })),
	act: () =>
		['hold', 'requeue', 'release', 'discard'].map((act) => ({
			method: 'POST',
			path: `/v1/queue/${act}`,
			body: select('message', ids.deferred),
		})),
	releaseMessage: () => [{ method: 'POST', path: `/v1/messages/${ids.held}/release`, body: reason }],
	discardMessage: () => [{ method: 'POST', path: `/v1/messages/${ids.unwanted}/discard`, body: reason }],
	queue: () =>
		['account', 'identity', 'destination', 'age', 'state'].map((by) => ({ path: `/v1/queue?by=${by}&limit=10` })),
	lanes: () => [{ path: '/v1/lanes' }],
	listHolds: () => [{ path: '/v1/holds' }],
	putHold: () => [{ method: 'POST', path: '/v1/holds', body: select('identity', 'unix:7001') }],
	deleteHold: () =>
		[...rig.agent.flow.holds.keys()].map((id) => ({ method: 'DELETE', path: `/v1/holds/${id}?release=true` })),
	audit: () => [
		{ path: '/v1/audit' },
		{ path: '/v1/audit?limit=1' },
		{ path: '/v1/audit?actor=admin&subject=account&act=hold' },
	],
	recordAct: () => [
		json('POST', '/v1/audit', { actor: 'admin root', act: 'panel.hold', subject: 'account mine', detail: 'ticket' }),
	],
	...viewTries,
	...accountTries,
	...limitTries,
	...senderTries,
};

test('every operation is answered in the shape of the contract, with nothing beside it', async () => {
	for (const [id, requests] of Object.entries(tries) as [OperationId, () => readonly Asked[]][]) {
		const asked = requests();
		assert.ok(asked.length > 0, id);
		for (const one of asked) {
			const answer = await ask(rig.agent.socketPath, one);
			assert.equal(answer.status, 200, `${id} ${one.path}: ${answer.text}`);
			assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
			const parsed = operations[id].response.safeParse(answer.json);
			assert.ok(parsed.success, `${id} ${one.path}: ${parsed.error}`);
			// What a schema does not name is left out by parsing: then it was more than the contract says.
			assert.deepEqual(parsed.data, answer.json, id);
			remember(id, answer.json);
		}
	}
	for (const { path } of otherResources.filter(({ mediaType }) => mediaType !== 'text/event-stream'))
		assert.equal((await ask(rig.agent.socketPath, { path, actor: null })).status, 200);
});

type Heard = { readonly events: FollowedEvent[]; isConnected: boolean; stop(): void };

function follow(): Heard {
	const heard: Heard = { events: [], isConnected: false, stop: () => following.stop() };
	const admin = { role: 'admin', id: 'scenario' } as const;
	const following = followEvents(rig.agent.socketPath, admin, {
		event: (event) => heard.events.push(event),
		gap: () => assert.fail('nothing was missed'),
		connected: () => {
			heard.isConnected = true;
		},
	});
	return heard;
}

const lifeIn = (events: readonly FollowedEvent[], id: string): readonly string[] =>
	events.filter(({ message }) => message === id).map(({ event }) => event);

test('events are followed as they happen', async (context) => {
	const heard = follow();
	context.after(() => heard.stop());
	await rig.until(() => heard.isConnected);
	const id = await rig.send({ to: ['followed@ok.test'], sender: mailbox('me@mine.test') });
	await rig.until(() => lifeIn(heard.events, id).length === 3);
	assert.deepEqual(lifeIn(heard.events, id), ['message.accepted', 'recipient.delivered', 'message.finished']);
	const ours = rig.events.filter(({ message }) => message === id);
	for (const [at, { time, ...event }] of heard.events.filter(({ message }) => message === id).entries()) {
		const { atMs, ...fields } = ours[at] ?? { atMs: 0 };
		assert.equal(time, new Date(atMs).toISOString());
		assert.deepEqual(event, JSON.parse(JSON.stringify(fields)));
	}
});

/** What a follower that was last told `lastId` is told at once. */
async function resume(lastId: string, until: (text: string, part: string) => boolean): Promise<string> {
	return new Promise((resolve, reject) => {
		let text = '';
		const headers = { 'sluice-actor': 'admin scenario', ...(lastId === '' ? {} : { 'last-event-id': lastId }) };
		const call = request({ socketPath: rig.agent.socketPath, path: '/v1/events', headers }, (response) => {
			response.setEncoding('utf8').on('data', (part: string) => {
				text += part;
				if (!until(text, part)) return;
				resolve(text);
				call.destroy();
			});
			response.on('error', () => {});
			response.on('end', () => reject(new Error(`ended after ${text}`)));
		});
		call.on('error', reject);
		call.end();
	});
}

const idsIn = (text: string): readonly string[] => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id ?? '');

test('Last-Event-ID resumes: nothing twice, nothing left out; what is forgotten is told as a gap', async () => {
	const all = await resume('1', (text) => idsIn(text).length >= rig.events.length);
	assert.match(all, /^event: gap\ndata: \{"from":2,"to":\d+\}\n\n/, 'older than all that is remembered');
	const known = idsIn(all);
	const middle = known[Math.floor(known.length / 2)] ?? '';
	const id = await rig.send({ to: ['resumed@ok.test'] });
	await rig.until(() => rig.count('message.finished', { message: id }) === 1);
	const rest = await resume(
		middle,
		(text) => text.includes('message.finished') && text.includes(id) && idsIn(text).length >= 3,
	);
	assert.ok(!rest.includes('event: gap'));
	assert.deepEqual(
		idsIn(rest).slice(0, known.length - known.indexOf(middle) - 1),
		known.slice(known.indexOf(middle) + 1),
	);
	assert.equal(new Set(idsIn(rest)).size, idsIn(rest).length);
	// Without an id: from now on.
	const fresh = await resume('', (text) => text.length > 0);
	assert.equal(fresh, ': following\n\n');
});

test('a follower from long ago is told all that is remembered, though it is more than is kept back for one', async () => {
	const [first = ''] = idsIn(await resume('1', (text) => idsIn(text).length > 0));
	const detail = 'x'.repeat(400);
	for (let at = 0; at < 6000; at++)
		rig.agent.flow.events.emit({ event: 'admin.act', atMs: Date.now(), act: `${at}`, detail });
	let tail = '';
	const told = await resume(first, (_, part) => {
		// Looking at all of it each time would take longer than all else here.
		tail = (tail + part).slice(-1000);
		return tail.includes('"act":"5999"');
	});
	const ids = idsIn(told).map(Number);
	assert.ok(told.length > 2 * 1024 * 1024);
	assert.ok(
		ids.every((id, at) => id === Number(first) + 1 + at),
		'each once, in order',
	);
});

test('HEAD is answered and ended, also where GET would go on', async () => {
	for (const path of ['/v1/events', '/v1/health', '/metrics', '/openapi.json']) {
		const { status, text } = await ask(rig.agent.socketPath, { method: 'HEAD', path });
		assert.deepEqual({ path, status, text }, { path, status: 200, text: '' });
	}
});
