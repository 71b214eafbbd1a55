/** A reseller's client: what is another's now is not there, what cannot be asked is not done, and root is never asked about. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallInput, Client } from '@sluice/shared/client/client.ts';
import type { HelperClient } from '@sluice/shared/client/helper-client.ts';
import type { OperationId } from '@sluice/shared/contract/operations.ts';
import { failed, ok } from '@sluice/shared/words/result.ts';
import { checkedClient } from './checked-client.ts';
import { createOwners, ownerKeptMs } from './owners.ts';

const nordweb = { role: 'reseller', id: 'nordweb' } as const;

/** The agent's list says that all of them are nordweb's. */
const accounts = [
	{ key: 'velofix', domains: ['velofix.test'], unixUsers: [{ name: 'velofix', uid: 7002 }] },
	{ key: 'moved~2', domains: ['moved.test'], unixUsers: [{ name: 'moved', uid: 7003 }] },
];
const answers: { readonly [id: string]: (input: CallInput<OperationId>) => unknown } = {
	listAccounts: () => ({ items: accounts, total: accounts.length }),
	getMessage: ({ params }) => ({ account: (params as { id: string }).id === '0000000000001' ? 'velofix' : 'moved~2' }),
	listCredentials: () => ({ items: [{ id: 'c1', account: 'moved~2' }] }),
	listHolds: () => ({ items: [{ id: 'h1', selector: { kind: 'identity', id: 'unix:7003' }, reason: 'x' }] }),
};

function world() {
	const asked: string[] = [];
	const passed: OperationId[] = [];
	const owners = new Map([
		['velofix', 'nordweb'],
		['moved', 'bergdigital'],
	]);
	const state = { isAway: false, nowMs: 0 };
	const helper: HelperClient = {
		async call(verb, actor, args) {
			const { user, users = [] } = args as { readonly user?: string; readonly users?: readonly string[] };
			asked.push(user ?? users.join(' '));
			if (state.isAway) return failed({ code: 'unreachable', text: 'The root helper is not there.' });
			// The helper tells each reseller of its own accounts alone.
			const isOwn = (one: string): boolean => owners.get(one) === actor.id;
			if (verb === 'accounts-owned') return ok({ owned: users.filter(isOwn) }) as never;
			assert.equal(verb, 'account-owner');
			return ok({ owner: user !== undefined && isOwn(user) ? actor.id : null }) as never;
		},
	};
	const agent: Client = {
		call: async (id, input = {}) => {
			passed.push(id);
			return ok((answers[id]?.(input) ?? {}) as never);
		},
		text: async (path) => ok(path),
	};
	const kept = createOwners(helper, () => state.nowMs);
	const clientOf = (id: string): Client => checkedClient(agent, { role: 'reseller', id }, kept);
	return { client: clientOf(nordweb.id), clientOf, asked, passed, owners, state };
}

type Call = readonly [id: OperationId, input: CallInput<OperationId>];
const reason = 'why';
const hold = (kind: 'account' | 'identity' | 'message' | 'destination', id: string): Call => [
	'putHold',
	{ body: { selector: { kind, id }, reason } } as CallInput<OperationId>,
];
const limits = (level: string, id: string): Call => ['getLimits', { params: { level, id } } as CallInput<OperationId>];
const message = (id: string): Call => [
	'releaseMessage',
	{ params: { id }, body: { reason } } as CallInput<OperationId>,
];

test('what belongs to another reseller in the panel now is not there, however it is named', async () => {
	const { client, passed } = world();
	const calls: readonly Call[] = [
		['getAccount', { params: { id: 'moved~2' } } as CallInput<OperationId>],
		['getAccount', { params: { id: 'nobody' } } as CallInput<OperationId>],
		['getAccount', { params: { id: 'uid:7001' } } as CallInput<OperationId>],
		limits('accounts', 'moved~2'),
		limits('domains', 'moved.test'),
		limits('mailboxes', 'info@moved.test'),
		limits('mailboxes', 'info@unknown.test'),
		limits('scripts', 'moved~2:/home/moved/www'),
		limits('credentials', 'c1'),
		limits('credentials', 'c9'),
		message('0000000000002'),
		hold('account', 'moved~2'),
		hold('identity', 'unix:7003'),
		hold('identity', 'unix:9999'),
		hold('identity', 'mailbox:info@moved.test'),
		hold('message', '0000000000002'),
		['deleteHold', { params: { id: 'h1' } } as CallInput<OperationId>],
		['revokeCredential', { params: { id: 'c1' } } as CallInput<OperationId>],
		['volume', { query: { account: 'moved~2' } } as CallInput<OperationId>],
		['listMessages', { query: { account: 'moved~2' } } as CallInput<OperationId>],
		['createCredential', { body: { account: 'moved~2', name: 'x' } } as CallInput<OperationId>],
		[
			'changeLimits',
			{
				body: { target: { accounts: ['velofix', 'moved~2'] }, rule: 'hour.recipients', value: 1 },
			} as CallInput<OperationId>,
		],
	];
	for (const [id, input] of calls) {
		passed.length = 0;
		const answer = await client.call(id, input);
		const what = `${id} ${JSON.stringify(input)}`;
		assert.equal(answer.ok ? 'done' : answer.error.kind === 'problem' && answer.error.problem.status, 404, what);
		assert.ok(!passed.includes(id), `${what} reached the agent`);
	}
	assert.equal((await client.text('/v1/accounts/moved')).ok, false);
});

test('own accounts, lists and whole destinations are passed on', async () => {
	const { client, passed, asked } = world();
	const calls: readonly Call[] = [
		['getAccount', { params: { id: 'velofix' } } as CallInput<OperationId>],
		limits('mailboxes', 'info@velofix.test'),
		message('0000000000001'),
		hold('identity', 'unix:7002'),
	];
	for (const [id, input] of calls) {
		assert.ok((await client.call(id, input)).ok, id);
		assert.equal(passed.at(-1), id);
	}
	assert.deepEqual(asked, ['velofix'], 'asked once in ten seconds');
	for (const [id, input] of [
		['listAccounts', {}],
		['self', {}],
		limits('plans', 'Basic'),
		hold('destination', 'x.test'),
	] as Call[])
		assert.ok((await client.call(id, input)).ok, id);
	assert.deepEqual(asked, ['velofix']);
});

test('the answer is kept for ten seconds; while nobody can say, nothing is done, and it is asked again', async () => {
	const { client, asked, owners, state, passed } = world();
	const get = () => client.call('getAccount', { params: { id: 'velofix' } });
	assert.ok((await get()).ok);
	owners.set('velofix', 'bergdigital');
	state.nowMs = ownerKeptMs - 1;
	assert.ok((await get()).ok);
	state.nowMs = ownerKeptMs;
	assert.equal((await get()).ok, false);
	state.nowMs *= 3;
	state.isAway = true;
	passed.length = 0;
	for (let time = 0; time < 2; time++) {
		const answer = await get();
		assert.ok(!answer.ok && answer.error.kind === 'problem');
		assert.equal(answer.error.problem.status, 503);
		assert.match(answer.error.problem.detail ?? '', /cannot be asked of cPanel .* nothing was done\. Mail goes on\./);
	}
	assert.deepEqual(passed, []);
	assert.equal(asked.length, 4, 'a failure is not kept');
	owners.set('velofix', 'nordweb');
	state.isAway = false;
	assert.ok((await get()).ok);
});

test('the rows of a list are one question; who asks besides has one of its own', async () => {
	const { client, clientOf, asked } = world();
	const get = (who: Client, id: string) => who.call('getAccount', { params: { id } });
	const answers = await Promise.all([
		get(client, 'velofix'),
		get(client, 'moved'),
		get(client, 'nobody'),
		get(clientOf('bergdigital'), 'moved'),
	]);
	assert.deepEqual(
		answers.map((answer) => answer.ok),
		[true, false, false, true],
	);
	assert.deepEqual(asked, ['velofix moved nobody', 'moved']);
});

test('what one reseller was told says nothing about another', async () => {
	const { client, clientOf } = world();
	const get = (who: Client) => who.call('getAccount', { params: { id: 'moved' } });
	// Asking for another's account again and again does not shut its owner out.
	for (const [who, isThere] of [
		[client, false],
		[clientOf('bergdigital'), true],
		[client, false],
	] as const)
		assert.equal((await get(who)).ok, isThere);
});
