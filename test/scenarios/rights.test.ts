/**
 * Who may see and do what: every operation of the contract, for every role, about its own, about another's and about nothing.
 *
 * Made from the table of operations, so that one which is added is tried, or does not compile. What is another's is answered to the
 * letter as what is not there, no answer has a trace of it, and nothing of it changes. Everything of the other is called zebra.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ApiContext } from '@sluice/agent/main/api/context.ts';
import { createLearnedHandlers } from '@sluice/agent/main/api/learned.ts';
import type { Role } from '@sluice/shared/contract/actor.ts';
import type { LearnedDto } from '@sluice/shared/contract/learned-operations.ts';
import type { Operation } from '@sluice/shared/contract/operation.ts';
import { type OperationId, operations } from '@sluice/shared/contract/operations.ts';
import { capabilities, type SelfDto } from '@sluice/shared/contract/view-operations.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { given, patient } from './acts.ts';
import { type Answered, type Asked, ask, problemOf } from './http.ts';
import { type Rig, startRig } from './rig.ts';
import { mailbox } from './senders.ts';

/** What one party has, by name. */
type Things = {
	readonly account: string;
	readonly domain: string;
	readonly mailbox: string;
	readonly script: string;
	readonly reseller: string;
	readonly customer: string;
	readonly plan: string;
	readonly message: string;
	readonly held: string;
	/** Discarded by an administrator. */
	readonly ended: string;
	readonly hold: string;
	readonly credential: string;
	readonly webhook: string;
};

const own: { -readonly [K in keyof Things]: Things[K] } = {
	account: 'acme',
	domain: 'acme.test',
	mailbox: 'me@acme.test',
	script: 'acme:/home/acme/www',
	reseller: 'bob',
	customer: 'carol',
	plan: 'Basic',
	message: '',
	held: '',
	ended: '',
	hold: '',
	credential: 'none-of-acme',
	webhook: 'none-of-acme',
};
const zebra: typeof own = {
	...own,
	account: 'zebra',
	domain: 'zebra.test',
	mailbox: 'boss@zebra.test',
	script: 'zebra:/home/zebra/www',
	reseller: 'zebra-seller',
	customer: 'zebra-owner',
	plan: 'ZebraPlan',
};
const nothing: typeof own = {
	account: 'nobody',
	domain: 'nobody.test',
	mailbox: 'who@nobody.test',
	script: 'nobody:/home/nobody/www',
	reseller: 'nobody-seller',
	customer: 'nobody-owner',
	plan: 'NobodyPlan',
	message: '',
	held: '',
	ended: '',
	hold: 'hnothing',
	credential: 'cnothing',
	webhook: 'wnothing',
};

const limits = JSON.stringify({ mode: 'enforce', hour: { recipients: 77 }, note: 'tried' });
const why = JSON.stringify({ reason: 'tried' });
const panelAccount = (things: Things, more: object = {}) => ({
	panel: 'none',
	name: `The ${things.account} company`,
	reseller: things.reseller,
	customer: things.customer,
	plan: things.plan,
	domains: [things.domain],
	mailboxes: [things.mailbox],
	since: '2020-01-01T00:00:00Z',
	...more,
});

/** Levels and ids that somebody's limits stand under, as paths. */
const scopesOf = (things: Things): readonly string[] =>
	(
		[
			['resellers', things.reseller],
			['plans', things.plan],
			['accounts', things.account],
			['domains', things.domain],
			['mailboxes', things.mailbox],
			['scripts', things.script],
			['credentials', things.credential],
		] as const
	).map(([level, id]) => `/v1/${level}/${encodeURIComponent(id)}`);

const json = (value: object): string => JSON.stringify(value);
const far = 9_000_000_000;

/** What the mail log told of an account and its mailbox before the agent. */
const learnedOf = (...accounts: readonly string[]) => ({
	mta: 'exim',
	from: '2026-11-17T08:00:00Z',
	until: '2026-11-24T08:00:00Z',
	items: accounts.flatMap((account, at) => {
		const row = { account, messages: 70 + at, recipients: 900 + at, peakHour: 80, directories: 1 };
		return [row, { ...row, sender: `mailbox:me@${account}.test` }];
	}),
});

/** What can be asked about somebody's things. */
const asking: { readonly [K in OperationId]: (things: Things) => readonly Asked[] } = {
	health: () => [],
	listMessages: ({ account, domain, mailbox: address, held }) =>
		[
			`account=${account}`,
			`identity=mailbox:${address}`,
			`sender=@${domain}`,
			`recipient=to-${account}@ok.test`,
			`subject=${account}`,
			`account=${account}&subject=${held}`,
			'limit=1000',
		].map((query) => ({ path: `/v1/messages?${query}` })),
	getMessage: ({ message, held }) => [message, held].map((id) => ({ path: `/v1/messages/${id}` })),
	traceMessage: ({ message, held }) => [message, held].map((id) => ({ path: `/v1/messages/${id}/trace` })),
	act: ({ account, mailbox: address, domain, held, ended }) =>
		['hold', 'release', 'discard', 'requeue', 'restore'].flatMap((act) =>
			[
				{ selector: { kind: 'account', id: account } },
				{ selector: { kind: 'message', id: held } },
				{ selector: { kind: 'message', id: ended } },
				{ selector: { kind: 'identity', id: `mailbox:${address}` } },
				{ selector: { kind: 'destination', id: domain } },
				{ selector: { kind: 'account', id: account }, now: true },
				{ selector: { kind: 'account', id: account }, where: { state: 'held', rule: 'hold.account' } },
			].map((asked) => ({ method: 'POST', path: `/v1/queue/${act}`, body: json({ ...asked, reason: 'tried' }) })),
		),
	releaseMessage: ({ held }) => [{ method: 'POST', path: `/v1/messages/${held}/release`, body: why }],
	discardMessage: ({ held }) => [{ method: 'POST', path: `/v1/messages/${held}/discard`, body: why }],
	queue: () => ['account', 'identity', 'destination', 'age', 'state'].map((by) => ({ path: `/v1/queue?by=${by}` })),
	lanes: () => [{ path: '/v1/lanes' }],
	listHolds: () => [{ path: '/v1/holds' }],
	putHold: ({ account, mailbox: address, domain }) =>
		[
			{ kind: 'account', id: account },
			{ kind: 'identity', id: `mailbox:${address}` },
			{ kind: 'destination', id: domain },
		].map((selector) => ({
			method: 'POST',
			path: '/v1/holds',
			body: json({ selector, reason: 'tried', ownerMayRelease: true }),
		})),
	deleteHold: ({ hold }) => [{ method: 'DELETE', path: `/v1/holds/${hold}?release=true` }],
	audit: () => [{ path: '/v1/audit' }],
	recordAct: ({ account }) => [
		{
			method: 'POST',
			path: '/v1/audit',
			body: json({ actor: 'admin root', act: 'panel.hold', subject: `account ${account}`, detail: 'tried' }),
		},
	],
	self: () => [{ path: '/v1/self' }],
	volume: ({ account }) => [{ path: `/v1/volume?account=${account}` }, { path: '/v1/volume?span=week' }],
	providers: () => [{ path: '/v1/providers' }],
	listGroups: () => [{ path: '/v1/groups/plans' }, { path: '/v1/groups/resellers' }],
	listOpen: ({ account }) => [
		{ path: `/v1/open?state=held&account=${account}` },
		{ path: '/v1/open?state=held' },
		{ path: '/v1/open?state=waiting' },
	],
	changeLimits: ({ account, plan }) =>
		[{ accounts: [account] }, { matching: { search: account } }, { matching: { plan } }].map((target) => ({
			method: 'POST',
			path: '/v1/limits/change',
			body: json({ target, rule: 'hour.recipients', value: 40, preview: true }),
		})),
	undoLimitChange: () => [{ method: 'POST', path: '/v1/limits/change/nothing/undo', body: '{}' }],
	putAccounts: (things) => [
		{
			method: 'PUT',
			path: '/v1/accounts',
			body: json({ revision: far, complete: true, items: [{ id: things.account, ...panelAccount(things) }] }),
		},
	],
	listAccounts: ({ account, domain, reseller, plan }) =>
		[
			`search=${account}`,
			`search=${domain}`,
			`reseller=${reseller}`,
			`plan=${plan}`,
			'state=gone',
			'near=true',
			'sort=name',
			`sort=name&cursor=name,,${account}`,
			`sort=usage&cursor=usage,5,${account}`,
			'limit=1000',
		].map((query) => ({ path: `/v1/accounts?${query}` })),
	getAccount: ({ account }) => [{ path: `/v1/accounts/${account}` }],
	putAccount: (things) => [
		{
			method: 'PUT',
			path: `/v1/accounts/${things.account}`,
			body: json({ ...panelAccount(things), state: 'suspended', revision: far }),
		},
	],
	deleteAccount: ({ account }) => [{ method: 'DELETE', path: `/v1/accounts/${account}?revision=${far}` }],
	renameAccount: ({ account }) => [
		{ method: 'POST', path: `/v1/accounts/${account}/rename`, body: json({ id: 'taken', revision: far }) },
	],
	forgetAccount: ({ account }) => [{ method: 'POST', path: `/v1/accounts/${account}/forget`, body: why }],
	putMaySendAs: ({ account }) => [
		{ method: 'PUT', path: `/v1/accounts/${account}/may-send-as`, body: json({ items: ['acme.test'] }) },
	],
	listLimits: () =>
		['', '?level=account', '?level=reseller', '?level=mailbox', '?limit=1000'].map((query) => ({
			path: `/v1/limits${query}`,
		})),
	getLimits: (things) => [
		...scopesOf(things).map((path) => ({ path: `${path}/limits` })),
		{ path: '/v1/server/each-mailbox/limits' },
	],
	putLimits: (things) => [
		...scopesOf(things).map((path) => ({ method: 'PUT', path: `${path}/limits`, body: limits })),
		{ method: 'PUT', path: '/v1/server/server/limits', body: limits },
	],
	deleteLimits: (things) => scopesOf(things).map((path) => ({ method: 'DELETE', path: `${path}/limits` })),
	getUsage: (things) => [
		...scopesOf(things).map((path) => ({ path: `${path}/usage` })),
		{ path: '/v1/server/server/usage' },
	],
	simulate: ({ account }) => [
		{
			method: 'POST',
			path: '/v1/simulate',
			body: json({ proposals: [{ level: 'account', id: account, limits: { mode: 'enforce' } }] }),
		},
	],
	getSimulation: () => [{ path: '/v1/simulate/s1' }],
	listCredentials: ({ account }) => [{ path: `/v1/credentials?account=${account}` }, { path: '/v1/credentials' }],
	createCredential: ({ account, domain }) => [
		{ method: 'POST', path: '/v1/credentials', body: json({ account, name: 'tried' }) },
		{ method: 'POST', path: '/v1/credentials', body: json({ account, name: 'tried', senderDomains: [domain] }) },
	],
	revokeCredential: ({ credential }) => [{ method: 'DELETE', path: `/v1/credentials/${credential}` }],
	listWebhooks: () => [{ path: '/v1/webhooks' }],
	createWebhook: () => [
		{ method: 'POST', path: '/v1/webhooks', body: json({ url: 'https://zebra.test/', events: ['limit.set'] }) },
	],
	deleteWebhook: ({ webhook }) => [{ method: 'DELETE', path: `/v1/webhooks/${webhook}` }],
	testWebhook: ({ webhook }) => [{ method: 'POST', path: `/v1/webhooks/${webhook}/test`, body: '{}' }],
	listProbes: () => [{ path: '/v1/probes' }],
	putProbe: () => [{ method: 'PUT', path: '/v1/probes/a.probe.sluice.invalid', body: '{}' }],
	deleteProbe: () => [{ method: 'DELETE', path: '/v1/probes/a.probe.sluice.invalid' }],
	getLearned: ({ account }) => [
		{ path: '/v1/learned' },
		{ path: '/v1/learned?by=sender' },
		{ path: `/v1/learned?account=${account}` },
	],
	putLearned: ({ account }) => [{ method: 'PUT', path: '/v1/learned', body: json(learnedOf(account)) }],
};

/** Each role as the owner of acme; and names that mean something else in another role. */
const actors = [
	['reseller', 'bob'],
	['customer', 'carol'],
	['account', 'acme'],
	['reseller', 'acme'],
	['customer', 'bob'],
	['account', 'carol'],
	['account', 'unattributed'],
] as const satisfies readonly (readonly [Role, string])[];

let internet: Internet;
let rig: Rig;
const admin = async (asked: Asked): Promise<Answered> => ask(rig.agent.socketPath, asked);
const put = async (path: string, body: object): Promise<void> => {
	const { status, text } = await admin({ method: 'PUT', path, body: json(body) });
	assert.equal(status, 200, `${path}: ${text}`);
};

before(async () => {
	internet = await startInternet();
	// Everybody may all that can be allowed: what is refused then is another's.
	const rights = { owners: { release: true, discard: true } };
	rig = await startRig(undefined, { internet, isWired: true, delivery: patient, config: { rights } });
	await put('/v1/accounts', {
		revision: 1,
		complete: true,
		items: [
			{ id: 'acme', ...panelAccount(own) },
			{ id: 'zebra', ...panelAccount(zebra, { contact: 'zebra@zebra.test' }) },
			// The reseller's and the customer's until it was removed: the name may be somebody else's by now.
			{ id: 'zebra-gone', ...panelAccount({ ...own, domain: 'zebra-gone.test', mailbox: 'a@zebra-gone.test' }) },
		],
	});
	given(await rig.client.call('deleteAccount', { params: { id: 'zebra-gone' }, query: { revision: 2 } }));
	for (const things of [own, zebra]) {
		const send = (to: string): Promise<string> =>
			rig.send({
				from: things.mailbox,
				to: [to],
				sender: mailbox(things.mailbox),
				message: `From: ${things.mailbox}\r\nSubject: ${things.account} news\r\n\r\nHello.\r\n`,
			});
		things.message = await send(`to-${things.account}@ok.test`);
		const selector = { kind: 'account', id: things.account } as const;
		const hold = { selector, reason: `${things.account} held`, seconds: 600 };
		things.hold = given(await rig.client.call('putHold', { body: hold })).hold.id;
		things.held = await send(`held-${things.account}@ok.test`);
		things.ended = await send(`ended-${things.account}@ok.test`);
		given(await rig.client.call('discardMessage', { params: { id: things.ended }, body: { reason: 'dropped' } }));
		for (const path of scopesOf(things))
			if (!path.startsWith('/v1/credentials'))
				await put(`${path}/limits`, { mode: 'monitor', hour: { recipients: 500 }, note: `${things.account} note` });
		const made = await rig.client.call('createCredential', { body: { account: things.account, name: things.account } });
		if (made.ok) things.credential = made.value.credential.id;
	}
	await put('/v1/accounts/zebra/may-send-as', { items: ['zebra-partner.test'] });
	await put('/v1/learned', learnedOf('acme', 'zebra', '(without login)'));
	await put('/v1/server/server/limits', { mode: 'monitor', hour: { recipients: 9999 }, note: 'zebra server' });
	await put('/v1/server/each-mailbox/limits', { mode: 'monitor', hour: { recipients: 99 }, note: 'zebra default' });
	await rig.until(() => rig.count('message.finished') === 4);
	// Ids of the same time: what is older than the history is told so.
	nothing.message = `${zebra.message.slice(0, -1)}z`;
	nothing.held = `${zebra.held.slice(0, -1)}z`;
	nothing.ended = `${zebra.ended.slice(0, -1)}z`;
});
after(async () => {
	await rig.stop();
	await internet.stop();
});

/** All that is zebra's, as an administrator sees it. */
async function allOf(things: Things): Promise<string> {
	const looks = [
		'/v1/accounts?search=zebra',
		`/v1/messages/${things.message}/trace`,
		`/v1/messages/${things.held}/trace`,
		`/v1/messages/${things.ended}/trace`,
		`/v1/credentials?account=${things.account}`,
		...scopesOf(things).map((path) => `${path}/limits`),
		'/v1/server/server/limits',
		'/v1/server/each-mailbox/limits',
		'/v1/learned?by=sender',
	];
	const texts = await Promise.all(looks.map(async (path) => (await admin({ path })).text));
	// Others set holds of their own meanwhile.
	const { items } = given(await rig.client.call('listHolds'));
	const holds = items.filter(({ selector }) => !selector.id.includes(own.account));
	return [JSON.stringify(holds), ...texts].join('\n');
}

test('nobody sees or changes anything of another’s, and cannot tell it from what is not there', async () => {
	const before = await allOf(zebra);
	assert.match(before, /zebra note/);
	let tried = 0;
	for (const [role, id] of actors) {
		const actor = `${role} ${id}`;
		for (const [name, asked] of Object.entries(asking) as [OperationId, (typeof asking)[OperationId]][]) {
			const isOpen = (operations[name] as Operation).roles.includes(role);
			const absent = asked(nothing);
			for (const [at, one] of asked(zebra).entries()) {
				const [foreign, none] = [
					await ask(rig.agent.socketPath, { ...one, actor }),
					await ask(rig.agent.socketPath, { ...(absent[at] as Asked), actor }),
				];
				const what = `${actor}: ${name} ${one.method ?? 'GET'} ${one.path}`;
				assert.doesNotMatch(foreign.text, /zebra/i, what);
				if (isOpen) assert.deepEqual([foreign.status, foreign.text], [none.status, none.text], what);
				else assert.equal(problemOf(foreign), '403 forbidden', what);
				if (isOpen && one.method !== undefined) assert.notEqual(foreign.status, 200, what);
				tried += 1;
			}
			for (const one of asked(own)) {
				const answer = await ask(rig.agent.socketPath, { ...one, actor });
				assert.doesNotMatch(answer.text, /zebra/i, `${actor}: ${name} ${one.path}`);
				tried += 1;
			}
		}
	}
	assert.ok(tried > 1000, `${tried} requests`);
	assert.equal(await allOf(zebra), before, 'nothing of it has changed');
});

/** Status of PUT and GET of limits at each level of its own. */
async function rightsOf(actor: string): Promise<{ readonly [level: string]: string }> {
	const rights: { [level: string]: string } = {};
	for (const path of scopesOf(own)) {
		const level = path.split('/')[2] as string;
		if (level === 'credentials') continue;
		const [seen, used, set] = [
			await ask(rig.agent.socketPath, { path: `${path}/limits`, actor }),
			await ask(rig.agent.socketPath, { path: `${path}/usage`, actor }),
			await ask(rig.agent.socketPath, { method: 'PUT', path: `${path}/limits`, body: limits, actor }),
		];
		const cleared = await ask(rig.agent.socketPath, { method: 'DELETE', path: `${path}/limits`, actor });
		rights[level] = `${seen.status} ${used.status} ${set.status} ${cleared.status}`;
	}
	return rights;
}

test('each role has its rights over its own', async () => {
	const all = '200 200 200 200';
	const see = '200 200 403 403';
	const none = '404 404 404 404';
	const inner = { domains: all, mailboxes: all, scripts: all };
	assert.deepEqual(await rightsOf('admin root'), { resellers: all, plans: all, accounts: all, ...inner });
	assert.deepEqual(await rightsOf('reseller bob'), { resellers: see, plans: none, accounts: all, ...inner });
	assert.deepEqual(await rightsOf('customer carol'), { resellers: none, plans: none, accounts: see, ...inner });
	assert.deepEqual(await rightsOf('account acme'), { resellers: none, plans: none, accounts: see, ...inner });
	for (const stranger of ['reseller carol', 'customer acme', 'account bob', 'account zebra-gone']) {
		const each = { resellers: none, plans: none, accounts: none, domains: none, mailboxes: none, scripts: none };
		assert.deepEqual(await rightsOf(stranger), each, stranger);
	}
});

test('a reseller and a customer see the mail of all their accounts, page by page, and no other', async () => {
	await put('/v1/accounts/annex', {
		...panelAccount({ ...own, account: 'annex', domain: 'annex.test', mailbox: 'me@annex.test' }),
		customer: 'dora',
		revision: 10,
	});
	const more: string[] = [];
	for (let sent = 0; sent < 3; sent++)
		more.push(await rig.send({ from: 'me@annex.test', to: [`${sent}@ok.test`], sender: mailbox('me@annex.test') }));
	await rig.until(() => more.every((message) => rig.count('message.finished', { message }) === 1));
	const seenBy = async (actor: string, query: string): Promise<readonly string[]> => {
		const ids: string[] = [];
		let next: string | undefined = '';
		while (next !== undefined) {
			const cursor = next === '' ? '' : `&cursor=${next}`;
			const answer = await ask(rig.agent.socketPath, { path: `/v1/messages?limit=2${query}${cursor}`, actor });
			const page = answer.json as { items: { id: string }[]; next?: string };
			ids.push(...page.items.map(({ id }) => id));
			next = page.next;
		}
		return ids.sort();
	};
	const acme = [own.message, own.held, own.ended].sort();
	assert.deepEqual(await seenBy('reseller bob', ''), [...acme, ...more].sort());
	assert.deepEqual(await seenBy('customer carol', ''), acme);
	assert.deepEqual(await seenBy('customer dora', ''), more.toSorted());
	assert.deepEqual(await seenBy('account annex', ''), more.toSorted());
	assert.deepEqual(await seenBy('reseller bob', '&account=annex'), more.toSorted());
	assert.deepEqual(await seenBy('customer carol', '&account=annex'), []);
	assert.deepEqual(await seenBy('reseller zebra-seller', '&account=acme'), []);
	assert.equal((await seenBy('admin root', '')).length, 9);
});

test('what the mail log told of the time before: each sees its own accounts and their sums', async () => {
	const seenBy = async (actor: string, query = ''): Promise<string> => {
		const { json: answer } = await ask(rig.agent.socketPath, { path: `/v1/learned${query}`, actor });
		const { log, accounts, recipients, items } = answer as LearnedDto;
		const rows = items.map(({ account, sender = '', isKnown }) => `${account} ${sender} ${isKnown}`.replace('  ', ' '));
		return `${log?.mta} ${accounts} ${recipients}: ${rows.join(', ')}`;
	};
	assert.equal(await seenBy('admin root'), 'exim 3 2703: (without login) false, zebra true, acme true');
	assert.equal(await seenBy('admin root', '?account=zebra'), 'exim 1 901: zebra true');
	for (const actor of ['reseller bob', 'customer carol', 'account acme']) {
		assert.equal(await seenBy(actor), 'exim 1 900: acme true', actor);
		assert.equal(await seenBy(actor, '?by=sender'), 'exim 1 900: acme mailbox:me@acme.test true', actor);
	}
	assert.equal(await seenBy('account nobody'), 'exim 0 0: ');
	// A second time in place of the first; more than is kept is refused.
	await put('/v1/learned', learnedOf('acme'));
	assert.equal(await seenBy('admin root'), 'exim 1 900: acme true');
	const many = learnedOf(...Array.from({ length: 5001 }, (_, at) => `a${at}`));
	for (const items of [many.items, many.items.filter((row) => !('sender' in row))]) {
		const body = json({ ...many, items });
		const answer = await ask(rig.agent.socketPath, { method: 'PUT', path: '/v1/learned', body });
		assert.equal(problemOf(answer), '422 invalid');
	}
	assert.equal(await seenBy('admin root'), 'exim 1 900: acme true');
	// An agent that starts anew finds it on the disk.
	const { getLearned } = createLearnedHandlers({ flow: rig.agent.flow } as ApiContext);
	const kept = await getLearned(
		{ params: {}, query: { by: 'account', limit: 5 }, body: undefined },
		{ role: 'admin', id: 'root' },
	);
	assert.deepEqual(kept.ok && [kept.value.log?.from, kept.value.senders], ['2026-11-17T08:00:00Z', 1]);
});

test('a credential of one’s own does not send as another’s domain, whether or not there is such a domain here', async () => {
	const refusedFor = async (domain: string, actor: string): Promise<string> => {
		const body = json({ account: 'acme', name: 'tried', senderDomains: [domain] });
		const answer = await ask(rig.agent.socketPath, { method: 'POST', path: '/v1/credentials', body, actor });
		assert.equal(problemOf(answer), '422 invalid');
		return answer.text.replaceAll(domain, 'DOMAIN');
	};
	for (const actor of ['reseller bob', 'customer carol', 'account acme'])
		assert.equal(await refusedFor('zebra.test', actor), await refusedFor('nobody.test', actor));
});

test('who acts as another stands in the audit, and the customer does not read the administrator’s name', async () => {
	const actor = 'reseller bob; as=operator-7';
	const path = '/v1/mailboxes/me%40acme.test/limits';
	assert.equal((await ask(rig.agent.socketPath, { method: 'PUT', path, body: limits, actor })).status, 200);
	const { items } = given(await rig.client.call('audit', { query: { limit: 1 } }));
	assert.deepEqual(
		items.map(({ id: _, at: __, ...entry }) => entry),
		[
			{
				actor: 'reseller bob as operator-7',
				act: 'limit.set',
				subject: 'mailbox me@acme.test',
				detail: '77 recipients an hour (enforce), note: tried',
			},
		],
	);
	const seen = (await ask(rig.agent.socketPath, { path, actor: 'customer carol' })).text;
	assert.doesNotMatch(seen, /operator-7|bob/);
	assert.match(seen, /"author":"reseller"/);
	assert.equal((await ask(rig.agent.socketPath, { method: 'DELETE', path, actor })).status, 200);
});

test('what was set from above is not replaced, lifted or cleared from below', async () => {
	const path = '/v1/mailboxes/me%40acme.test/limits';
	const below = ['account acme', 'customer carol', 'reseller bob', 'admin root'];
	const lift = json({ mode: 'monitor', hour: { recipients: 1_000_000 } });
	const until = new Date(Date.now() + 3_600_000).toISOString();
	const exception = json({ mode: 'monitor', hour: { recipients: 1_000_000 }, until });
	const tries = [{ method: 'PUT', body: lift }, { method: 'PUT', body: exception }, { method: 'DELETE' }];
	for (const [rank, author] of below.entries()) {
		assert.equal(
			(await ask(rig.agent.socketPath, { method: 'PUT', path, body: limits, actor: author })).status,
			200,
			author,
		);
		for (const actor of below.slice(0, rank))
			for (const tried of tries) {
				const answer = await ask(rig.agent.socketPath, { ...tried, path, actor });
				assert.equal(problemOf(answer), '403 forbidden', `${actor} over ${author}`);
				assert.doesNotMatch(answer.text, /bob|root|carol/);
			}
		const stored = rig.agent.flow.limits.get('mailbox', 'me@acme.test');
		assert.deepEqual(
			[stored?.base?.author, stored?.base?.values, stored?.exception],
			[author, { 'hour.recipients': 77 }, undefined],
		);
	}
	assert.equal((await ask(rig.agent.socketPath, { method: 'DELETE', path })).status, 200);
});

test('what a tenant sets is bounded in number, and by what it was given', async () => {
	await put('/v1/server/each-mailbox/limits', { mode: 'enforce', hour: { recipients: 99 } });
	const body = json({ mode: 'monitor', hour: { recipients: 1_000_000 } });
	const path = '/v1/mailboxes/me%40acme.test/limits';
	const answer = await ask(rig.agent.socketPath, { method: 'PUT', path, body, actor: 'customer carol' });
	assert.equal(answer.status, 200, 'stored, and of no use');
	assert.match(answer.text, /"99 recipients an hour from default for each mailbox"/);
	const { limits: book } = rig.agent.flow;
	const set = { values: { 'hour.recipients': 1 }, mode: 'monitor', author: 'account acme', setMs: 0 } as const;
	for (let at = 0; at < 998; at++) book.set('script', `acme:/home/acme/${at}`, { base: set });
	const putScript = async (name: string, actor: string): Promise<number> => {
		const script = `/v1/scripts/${encodeURIComponent(`acme:/home/acme/${name}`)}/limits`;
		return (await ask(rig.agent.socketPath, { method: 'PUT', path: script, body, actor })).status;
	};
	const statuses: number[] = [];
	for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) statuses.push(await putScript(name, 'account acme'));
	assert.ok(statuses.includes(200) && statuses.at(-1) === 409, `${statuses}`);
	assert.equal(await putScript('5', 'account acme'), 200, 'what is there can still be changed');
	assert.equal(await putScript('admin', 'admin root'), 200);
	// Nor can many of them together: what an administrator sets always has room.
	const others = Array.from({ length: 81_000 }, (_, at) => `nobody:/home/${at}`);
	for (const id of others) book.set('script', id, { base: set });
	const domain = '/v1/domains/zebra.test/limits';
	const putDomain = async (actor: string): Promise<number> => {
		await ask(rig.agent.socketPath, { method: 'DELETE', path: domain });
		return (await ask(rig.agent.socketPath, { method: 'PUT', path: domain, body, actor })).status;
	};
	assert.deepEqual([await putDomain('reseller zebra-seller'), await putDomain('admin root')], [409, 200]);
	for (const id of others) book.set('script', id, undefined);
	assert.equal(await putDomain('reseller zebra-seller'), 200);
});

test('holds of a reseller are bounded in number: each is looked at for every message of the server', async () => {
	const { holds } = rig.agent.flow;
	const sinceMs = Date.now();
	for (let at = 0; at < 497; at++)
		holds.set(`hfull${at}`, {
			id: `hfull${at}`,
			selector: { kind: 'account', id: 'acme' },
			account: 'acme',
			reason: 'full',
			author: `reseller bob${at % 2 === 0 ? '' : ' as root'}`,
			sinceMs,
			untilMs: sinceMs + 60_000,
		});
	const hold = async (actor: string, id = 'acme'): Promise<string> => {
		const body = json({ selector: { kind: 'account', id }, reason: 'one more', seconds: 60 });
		const answer = await ask(rig.agent.socketPath, { method: 'POST', path: '/v1/holds', body, actor });
		return answer.status === 200 ? 'set' : problemOf(answer);
	};
	const tried: string[] = [];
	for (let at = 0; at < 5; at++) tried.push(await hold('reseller bob'));
	assert.ok(tried.includes('set') && tried.at(-1) === '409 conflict', tried.join());
	assert.equal(await hold('reseller zebra-seller', 'zebra'), 'set', 'another’s are not counted');
	assert.equal(await hold('admin root'), 'set');
	for (const [id, { reason }] of [...holds]) if (/^(full|one more)$/.test(reason)) holds.delete(id);
});

test('each role is offered what it may do, and no more', async () => {
	const selfOf = async (actor: string): Promise<SelfDto> =>
		(await ask(rig.agent.socketPath, { path: '/v1/self', actor })).json as SelfDto;
	const all = await selfOf('admin root');
	assert.deepEqual(
		all.offers,
		capabilities.filter((one) => one !== 'incidents' && one !== 'responses' && one !== 'sources'),
	);
	const reseller = await selfOf('reseller bob');
	assert.deepEqual(
		all.offers.filter((one) => !reseller.offers.includes(one)),
		['simulate', 'ownership', 'providers', 'health', 'audit'],
	);
	for (const actor of ['customer carol', 'account acme']) {
		const { offers, may, panelActs } = await selfOf(actor);
		assert.deepEqual(offers, ['overview', 'accounts', 'messages', 'open', 'limits', 'restore']);
		assert.deepEqual([may.release, may.discard, may.hold, may.requeue], ['owner', 'owner', false, false]);
		assert.deepEqual(panelActs, { hold: false, suspend: false });
	}
	assert.deepEqual([all.mta, all.ownership, all.restoreSeconds, all.historyDays], ['exim', 'monitor', 259_200, 30]);
	// What a page is made of that is offered may be asked; what is not, may not.
	for (const [capability, path] of [
		['audit', '/v1/audit'],
		['providers', '/v1/providers'],
		['groups', '/v1/groups/plans'],
		['holds', '/v1/holds'],
		['open', '/v1/open?state=held'],
	] as const)
		for (const actor of ['admin root', 'reseller bob', 'customer carol']) {
			const isOffered = (await selfOf(actor)).offers.includes(capability);
			const isForbidden = (await ask(rig.agent.socketPath, { path, actor })).status === 403;
			assert.equal(isForbidden, !isOffered, `${actor}: ${capability}`);
		}
});
