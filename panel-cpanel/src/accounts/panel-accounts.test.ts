/** Rows of cPanel as accounts of the agent: each rule by a table, and whatever the rows are, a list that the agent takes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { panelAccountSchema } from '@sluice/shared/contract/account-operations.ts';
import fc from 'fast-check';
import { accountShape, type CpanelAccount, domainShape, packageShape } from '../api/shapes.ts';
import { type CpanelWorld, panelAccountsOf } from './panel-accounts.ts';

const row = (fields: object): CpanelAccount => accountShape.parse({ user: 'alice', domain: 'alice.test', ...fields });

const world = (fields: Partial<CpanelWorld>): CpanelWorld => ({
	accounts: [row({})],
	domains: [],
	packages: [],
	mailboxes: new Map(),
	unixUsers: new Map(),
	defaults: { hourMessages: undefined, failPercent: undefined },
	...fields,
});

const one = (fields: Partial<CpanelWorld>) => panelAccountsOf(world(fields))[0] ?? assert.fail();

test('an account with all that cPanel tells of it', () => {
	const account = one({
		accounts: [
			row({
				owner: 'rita',
				plan: 'gold',
				uid: '1001',
				email: 'a@x.test, b@x.test',
				suspended: '1',
				unix_startdate: '1369256589',
				max_email_per_hour: '200',
				max_defer_fail_percentage: '250',
			}),
		],
		domains: ['Shop.alice.test', 'alice.test', '*.alice.test', 'parked.test', 'bad domain', 'a@b.test']
			.map((domain) => ({ domain, user: 'alice', kind: undefined }))
			.concat([{ domain: 'bob.test', user: 'bob', kind: undefined }]),
		mailboxes: new Map([['alice', ['Mary@Alice.test', 'mary@alice.test', 'no-address']]]),
	});
	assert.deepEqual(account, {
		id: 'alice',
		panel: 'cpanel',
		name: 'alice',
		reseller: 'rita',
		plan: 'gold',
		unixUsers: [{ name: 'alice', uid: 1001 }],
		domains: ['alice.test', 'parked.test', 'shop.alice.test'],
		mailboxes: ['mary@alice.test'],
		state: 'suspended',
		since: '2013-05-22T21:03:09.000Z',
		panelHourMessages: 200,
		panelFailPercent: 100,
		contact: 'a@x.test',
	});
});

test('whose it is: root’s is nobody’s, a reseller may own itself', () => {
	const resellers = [{ owner: 'root' }, { owner: 'rita' }, { owner: 'alice' }, {}].map(
		(fields) => one({ accounts: [row(fields)] }).reseller,
	);
	assert.deepEqual(resellers, [undefined, 'rita', 'alice', undefined]);
});

test('domains with numbers of their own: the smallest in force of the account’s domains', () => {
	const domains = ['shop.test', 'news.test'].map((domain) => ({ domain, user: 'alice', kind: undefined }));
	const shown = (own: readonly (readonly [string, number | 'unlimited' | undefined])[], account: unknown = 100) =>
		one({
			accounts: [row({ max_email_per_hour: account })],
			domains,
			domainHourMessages: new Map([['alice', new Map(own)]]),
		}).panelHourMessages;
	assert.equal(shown([]), 100);
	assert.equal(shown([['shop.test', 20]]), 20);
	assert.equal(shown([['shop.test', 500]]), 100, 'the others still have the account’s');
	const all = ['alice.test', 'shop.test', 'news.test'] as const;
	assert.equal(shown(all.map((domain) => [domain, 500])), 500, 'each has another');
	assert.equal(shown([['elsewhere.test', 5]]), 100, 'a domain that it no longer has');
	assert.equal(shown([['shop.test', 20]], 'unlimited'), 20);
	assert.equal(shown([['shop.test', 'unlimited']], 'unlimited'), undefined);
	assert.equal(shown([['shop.test', undefined]]), 100, 'a number that nobody understands');
});

test('the panel’s own number: of the account, of its package, of the server', () => {
	const gold = packageShape.parse({ name: 'gold', MAX_EMAIL_PER_HOUR: '500' });
	const cases: readonly (readonly [
		unknown,
		string | undefined,
		number | 'unlimited' | undefined,
		number | undefined,
	])[] = [
		// of the account, its package, of the server → in force
		[100, 'gold', 300, 100],
		['100', undefined, undefined, 100],
		['unlimited', 'gold', 300, 300],
		['unlimited', 'gold', undefined, undefined],
		[0, 'gold', 300, 300],
		['0', 'gold', 0, undefined],
		['*unknown*', 'gold', 300, 500],
		[undefined, 'gold', undefined, 500],
		[undefined, 'none', 300, 300],
		[undefined, undefined, 'unlimited', undefined],
	];
	for (const [account, plan, server, wanted] of cases) {
		const { panelHourMessages } = one({
			accounts: [row({ max_email_per_hour: account, plan })],
			packages: [gold],
			defaults: { hourMessages: server, failPercent: undefined },
		});
		assert.equal(panelHourMessages, wanted, JSON.stringify([account, plan, server]));
	}
});

test('uid of /etc/passwd where the row has none; never root’s', () => {
	const unixUsers = new Map([['alice', { uid: 1007, home: '/home/alice' }]]);
	assert.deepEqual(one({ unixUsers }).unixUsers, [{ name: 'alice', uid: 1007 }]);
	assert.deepEqual(one({ accounts: [row({ uid: 0 })] }).unixUsers, []);
	assert.deepEqual(panelAccountsOf(world({ accounts: [accountShape.parse({ user: 'root' })] })), []);
});

test('whatever cPanel sends, the agent takes the list, in one order', () => {
	const value = fc.oneof(
		fc.string(),
		fc.integer(),
		fc.double(),
		fc.boolean(),
		fc.constantFrom(null, undefined, '*unknown*', 'unlimited', '0'),
		fc.array(fc.string()),
	);
	const user = fc.oneof(fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/), value);
	const fields = fc.record(
		{
			user,
			domain: fc.oneof(fc.domain(), value),
			owner: value,
			plan: fc.oneof(fc.string({ minLength: 120, maxLength: 300 }), value),
			email: fc.oneof(fc.emailAddress(), value),
			uid: value,
			suspended: value,
			max_email_per_hour: value,
			max_defer_fail_percentage: value,
			unix_startdate: value,
			startdate: value,
		},
		{ requiredKeys: [] },
	);
	const readAll = <T>(
		shape: { safeParse(row: unknown): { success: boolean; data?: T } },
		rows: readonly unknown[],
	): T[] =>
		rows.flatMap((each) => {
			const read = shape.safeParse(each);
			return read.success ? [read.data as T] : [];
		});
	fc.assert(
		fc.property(
			fc.array(fields, { maxLength: 8 }),
			fc.array(fc.record({ domain: value, user }), { maxLength: 8 }),
			fc.array(value),
			(rows, domains, boxes) => {
				const accounts = readAll(accountShape, rows);
				const told = world({
					accounts,
					domains: readAll(domainShape, domains),
					mailboxes: new Map(accounts.map((account) => [account.user, boxes.filter((box) => typeof box === 'string')])),
				});
				const list = panelAccountsOf(told);
				for (const account of list) panelAccountSchema.parse(account);
				assert.equal(new Set(list.map(({ id }) => id)).size, list.length, 'each id once');
				const turned = panelAccountsOf({ ...told, domains: told.domains.toReversed() });
				assert.deepEqual(turned, list, 'the order in which cPanel lists is no change');
			},
		),
		{ numRuns: 300 },
	);
});

test('mailboxes are those of the account’s own domains: the list is read from files of the tenant', () => {
	const { mailboxes } = one({
		domains: [{ domain: 'shop.alice.test', user: 'alice', kind: undefined }],
		mailboxes: new Map([
			[
				'alice',
				['mary@alice.test', 'Eve@Shop.Alice.Test', 'boss@bob.test', 'a@alice.test@bob.test', 'x@evil.alice.test'],
			],
		]),
	});
	assert.deepEqual(mailboxes, ['eve@shop.alice.test', 'mary@alice.test']);
});

test('one tenant’s mailboxes do not make the list too long for the agent', () => {
	const long = Array.from({ length: 50_000 }, (_, n) => `${String(n).padStart(60, 'a')}@alice.test`);
	const { mailboxes } = one({ mailboxes: new Map([['alice', long]]) });
	assert.ok(mailboxes.length > 10_000);
	assert.ok(mailboxes.reduce((sum, mailbox) => sum + mailbox.length, 0) <= 1_000_000);
});
