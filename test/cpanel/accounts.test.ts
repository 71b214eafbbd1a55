/**
 * Accounts of cPanel kept true in a real agent: made, changed, renamed, suspended, moved, removed, made again, restored; each time told by a
 * hook and found by the reconcile alone. cPanel's programs are stand-ins that are really spawned. Counted at both ends after each act.
 */
import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { systemCpanelApi } from '@sluice/panel-cpanel/api/cpanel-api.ts';
import { systemCpanelFiles } from '@sluice/panel-cpanel/api/files.ts';
import { dryRun, dryRunSentence } from '@sluice/panel-cpanel/reconcile/dry-run.ts';
import { type ReconcilePorts, type ReconcileReport, reconcile } from '@sluice/panel-cpanel/reconcile/reconcile.ts';
import { reportSentence } from '@sluice/panel-cpanel/reconcile/sentence.ts';
import { createClient } from '@sluice/shared/client/client.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { given, states, takenBy } from '../scenarios/acts.ts';
import { type Rig, startRig } from '../scenarios/rig.ts';
import { mailbox } from '../scenarios/senders.ts';
import { installStandIn, type StandIn, standInAccount } from './api/install.ts';
import type { Fault } from './api/state.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

type Server = {
	readonly rig: Rig;
	readonly cpanel: StandIn;
	readonly ports: ReconcilePorts;
	/** A reconcile that has to succeed. */
	run(): Promise<ReconcileReport>;
	/** Both ends say the same. */
	agree(what: string): Promise<void>;
	keys(): Promise<readonly string[]>;
};

async function startServer(context: TestContext): Promise<Server> {
	const rig = await startRig(context, { internet, isWired: true });
	const cpanel = installStandIn();
	context.after(() => cpanel.clear());
	const ports: ReconcilePorts = {
		api: systemCpanelApi(cpanel.programs),
		files: systemCpanelFiles(cpanel.root),
		client: createClient(rig.agent.socketPath, { role: 'admin', id: 'cpanel' }),
		place: { folder: join(cpanel.root, 'var/lib/sluice-cpanel'), spool: cpanel.spool },
		now: Date.now,
	};
	const living = async () => {
		const { items } = given(await rig.client.call('listAccounts', { query: { sort: 'name', limit: '1000' } }));
		return items.filter(({ state, isKnown }) => isKnown && state !== 'gone');
	};
	return {
		rig,
		cpanel,
		ports,
		run: async () => given(await reconcile(ports)),
		async agree(what) {
			const here = Object.entries(cpanel.state().accounts).map(([user, account]) => ({
				id: user,
				reseller: account.owner === 'root' ? undefined : account.owner,
				plan: account.plan,
				state: account.suspended ? 'suspended' : 'active',
				uid: account.uid,
				domains: [account.domain, ...account.domains.map(({ domain }) => domain)].sort(),
				mailboxes: account.mailboxes.toSorted(),
				contact: account.email === '' ? undefined : account.email,
			}));
			const there = (await living()).map((account) => ({
				id: account.id,
				reseller: account.reseller ?? undefined,
				plan: account.plan ?? undefined,
				state: account.state,
				uid: account.unixUsers[0]?.uid,
				domains: account.domains.toSorted(),
				mailboxes: account.mailboxes.toSorted(),
				contact: account.contact ?? undefined,
			}));
			const byId = (one: { id: string }, other: { id: string }): number => (one.id < other.id ? -1 : 1);
			assert.deepEqual(there.sort(byId), here.sort(byId), what);
		},
		keys: async () => (await living()).map(({ key }) => key).sort(),
	};
}

const create = (cpanel: StandIn, user: string, ...more: string[]) =>
	cpanel.whm(
		'createacct',
		`username=${user}`,
		`domain=${user}.test`,
		`contactemail=owner@${user}.test`,
		'password=Hunter2!',
		...more,
	);

for (const way of ['by hook', 'by reconcile alone'] as const) {
	test(`the life of accounts, ${way}`, { timeout: 120_000 }, async (context) => {
		const { rig, cpanel, run, agree, keys } = await startServer(context);
		if (way === 'by hook') cpanel.hook();
		/** The act, what the hooks noted, the run, both ends. */
		const step = async (what: string, act: () => Promise<unknown>, quick = 1): Promise<ReconcileReport> => {
			await act();
			const notes = readdirSync(cpanel.spool);
			assert.equal(notes.length > 0, way === 'by hook', `${what}: ${notes.length} notes`);
			const report = await run();
			await agree(what);
			assert.equal(report.quick, way === 'by hook' ? quick : 0, `${what}: ${reportSentence(report)}`);
			assert.deepEqual(readdirSync(cpanel.spool), [], 'notes are done');
			return report;
		};
		cpanel.change((state) => {
			state.packages.gold = { MAX_EMAIL_PER_HOUR: '500', MAX_DEFER_FAIL_PERCENTAGE: '25' };
		});
		await step('made', () => create(cpanel, 'alice', 'plan=default'));
		await step(
			'two made',
			async () => {
				await create(cpanel, 'bob', 'owner=rita');
				await create(cpanel, 'carol');
			},
			2,
		);
		await step('another owner and contact', () =>
			cpanel.whm('modifyacct', 'user=bob', 'owner=root', 'contactemail=new@bob.test'),
		);
		await step('a mailbox and a domain', async () => {
			await cpanel.uapi('alice', 'Email', 'add_pop', 'email=mary', 'domain=alice.test', 'password=S3cret');
			await cpanel.whm(
				'create_parked_domain_for_user',
				'username=alice',
				'domain=alice-shop.test',
				'web_vhost_domain=alice.test',
			);
		});
		const id = await rig.send({ to: ['first@ok.test'], sender: mailbox('mary@alice.test') });
		assert.equal((await rig.trace(id)).from.account, 'alice');

		await step('renamed', () => cpanel.whm('modifyacct', 'user=carol', 'newuser=caroline'), 2);
		assert.deepEqual(await keys(), ['alice', 'bob', 'carol'], 'a renamed account keeps its key');

		await step('suspended', () => cpanel.whm('suspendacct', 'user=alice', 'reason=unpaid'));
		const to = `held-${way.replaceAll(' ', '-')}@ok.test`;
		const held = await rig.send({ to: [to], sender: mailbox('mary@alice.test') });
		assert.deepEqual(await states(rig, held), { [to]: 'held' });
		await step('active again', () => cpanel.whm('unsuspendacct', 'user=alice'));
		await rig.until(() => takenBy(internet, to) === 1);

		await step('another package', () => cpanel.whm('changepackage', 'user=alice', 'pkg=gold'));
		const { panelHourMessages, panelFailPercent } = given(
			await rig.client.call('getAccount', { params: { id: 'alice' } }),
		);
		assert.deepEqual([panelHourMessages, panelFailPercent], [500, 25]);

		await step('a mailbox removed', () => cpanel.uapi('alice', 'Email', 'delete_pop', 'email=mary@alice.test'));
		const { start, uid } = cpanel.state().accounts.bob ?? assert.fail();
		await step('removed', () => cpanel.whm('removeacct', 'username=bob'));
		assert.deepEqual(await keys(), ['alice', 'carol']);

		await step('made again', () => create(cpanel, 'bob', 'owner=rita'));
		assert.deepEqual(await keys(), ['alice', 'bob~2', 'carol'], 'it inherits nothing');

		const madeAgain = cpanel.state().accounts.bob?.start ?? 0;
		await step('removed and made again between two looks', async () => {
			await cpanel.whm('removeacct', 'username=bob');
			// cPanel keeps the start of an account in whole seconds.
			await rig.until(() => Date.now() / 1000 > madeAgain + 1);
			await create(cpanel, 'bob');
		});
		assert.deepEqual(await keys(), ['alice', 'bob~3', 'carol']);

		// A restored account has the start that it had; nobody told of it but the transfer.
		await cpanel.whm('removeacct', 'username=bob');
		await run();
		cpanel.change((state) => {
			state.accounts.bob = standInAccount('bob', { start, uid });
		});
		await run();
		await agree('restored');
		assert.deepEqual(await keys(), ['alice', 'bob~4', 'carol']);
		const last = await run();
		assert.deepEqual([last.added, last.changed, last.gone, last.processes], [0, 0, 0, 3], reportSentence(last));
	});
}

/** Three accounts that the agent knows, and a client that counts what is told. */
async function settled(context: TestContext) {
	const server = await startServer(context);
	server.cpanel.change((state) => {
		for (const [index, user] of ['alice', 'bob', 'carol'].entries())
			state.accounts[user] = standInAccount(user, {
				uid: 1001 + index,
				domains: [{ domain: `shop.${user}.test`, kind: 'sub' }],
			});
	});
	await server.run();
	const told: string[] = [];
	const counting: ReconcilePorts = {
		...server.ports,
		client: {
			...server.ports.client,
			call(id, input) {
				told.push(id);
				return server.ports.client.call(id, input);
			},
		},
	};
	return { ...server, counting, told };
}

test('a panel that fails, hangs or lists nobody: nothing is told, and it is said', async (context) => {
	const { cpanel, counting, told, agree, run } = await settled(context);
	const faults: readonly (readonly [string, Fault, RegExp])[] = [
		['listaccts', { garbage: '<html>Login</html>' }, /listaccts: the answer of cPanel cannot be understood/],
		['listaccts', { isCut: true }, /no whole JSON/],
		['listaccts', { exitCode: 7 }, /ended with 7/],
		['listaccts', { reason: 'License expired' }, /listaccts: License expired/],
		['listaccts', { isEmpty: true }, /WHM lists no account/],
		['listaccts', { slowMs: 5000 }, /did not answer within 1 s/],
		['get_domain_info', { garbage: '' }, /get_domain_info: the answer/],
		['get_domain_info', { exitCode: 1 }, /get_domain_info: .* ended with 1/],
	];
	for (const [name, fault, why] of faults) {
		cpanel.change((state) => {
			state.faults = { [name]: fault };
		});
		const api = systemCpanelApi({ ...cpanel.programs, timeoutMs: fault.slowMs === undefined ? 20_000 : 1000 });
		const done = await reconcile({ ...counting, api });
		assert.ok(!done.ok, `${name} ${JSON.stringify(fault)}`);
		assert.equal(done.error.kind, 'panel');
		assert.match(done.error.text, why);
		assert.deepEqual(told, []);
	}
	cpanel.change((state) => {
		state.faults = {};
	});
	await agree('as before');
	assert.equal((await run()).unchanged, 3);
});

test('half a list takes nothing away; what it has counts', async (context) => {
	const { rig, cpanel, run, agree, keys } = await settled(context);
	cpanel.change((state) => {
		state.faults = { listaccts: { isHalf: true } };
		state.accounts.alice = standInAccount('alice', {
			plan: 'gold',
			domains: [{ domain: 'shop.alice.test', kind: 'sub' }],
		});
	});
	for (let round = 0; round < 3; round += 1) {
		const report = await run();
		assert.equal(report.isComplete, false);
		assert.match(
			reportSentence(report),
			/leaves out bob, .*nothing is taken away|nothing is taken away; .*leaves out bob/,
		);
		assert.deepEqual(await keys(), ['alice', 'bob', 'carol']);
	}
	assert.equal(given(await rig.client.call('getAccount', { params: { id: 'alice' } })).plan, 'gold');
	// Half of the domains: cPanel's own file has the others; without it nothing is told.
	cpanel.change((state) => {
		state.faults = { get_domain_info: { isHalf: true } };
	});
	await run();
	await agree('domains of the file');
	// Numbers and flags as strings are the same list.
	cpanel.change((state) => {
		state.faults = { '*': { asStrings: true } };
	});
	const strings = await run();
	assert.deepEqual([strings.changed, strings.isComplete, strings.notes], [0, true, []]);
});

test('notes that lie, or are many, take nothing away', async (context) => {
	const { cpanel, run, agree, keys } = await settled(context);
	const note = (name: string, fields: object): void =>
		writeFileSync(
			join(cpanel.spool, `${name}.json`),
			JSON.stringify({ v: 1, category: 'Whostmgr', event: 'Accounts::Remove', stage: 'post', ...fields }),
		);
	note('1', { user: 'alice' });
	note('2', { user: 'nobody9' });
	note('3', { event: 'Accounts::Modify', user: 'bob', newUser: 'carol' });
	const lied = await run();
	assert.deepEqual([lied.events, lied.gone, lied.renamed], [3, 0, []]);
	assert.deepEqual(await keys(), ['alice', 'bob', 'carol']);
	// The panel says that bob is gone, and its files do not: an error of the panel.
	cpanel.change((state) => {
		state.faults = { accountsummary: { reason: 'Account does not exist' } };
	});
	note('4', { user: 'bob' });
	assert.equal((await run()).quick, 0);
	assert.deepEqual(await keys(), ['alice', 'bob', 'carol']);
	cpanel.change((state) => {
		state.faults = {};
	});
	// Renamed, and the hook told of an end only: the same unix user is still there.
	await cpanel.whm('modifyacct', 'user=bob', 'newuser=robert');
	note('5', { user: 'bob' });
	assert.equal((await run()).gone, 0);
	assert.deepEqual(await keys(), ['alice', 'bob', 'carol'], 'the key of bob');
	await agree('renamed');
	// Many at once: the list is quicker.
	for (let index = 0; index < 6; index += 1) note(`6${index}`, { user: `user${index}` });
	const many = await run();
	assert.deepEqual([many.events, many.quick, many.processes], [6, 0, 3]);
});

test('two at once are kept apart; a stopped agent is told when it is back; a lost memory costs nothing', async (context) => {
	const { rig, cpanel, ports, run, agree } = await settled(context);
	cpanel.change((state) => {
		state.faults = { listaccts: { slowMs: 400 } };
	});
	const both = await Promise.all([reconcile(ports), reconcile(ports)]);
	const outcomes = both.map((one) => (one.ok ? 'done' : one.error.kind));
	assert.deepEqual(outcomes.sort(), ['busy', 'done']);
	cpanel.change((state) => {
		state.faults = {};
	});

	const away = await reconcile({
		...ports,
		client: createClient('/nowhere/agent.sock', { role: 'admin', id: 'cpanel' }),
	});
	assert.equal(!away.ok && away.error.kind, 'agent');
	await create(cpanel, 'dora');
	assert.equal((await run()).added, 1);

	// Somebody has told a list from the future, and our memory is gone: the next list goes behind it.
	const future = Date.now() + 1_000_000;
	given(await rig.client.call('putAccounts', { body: { revision: future, complete: false, items: [] } }));
	rmSync(join(ports.place.folder, 'reconcile.json'));
	await create(cpanel, 'emil');
	const report = await run();
	assert.deepEqual([report.added, report.isComplete], [1, true]);
	await agree('after the future');
	// A memory that cannot be written is a failure in words, and the lock is given back.
	const full = await reconcile({ ...ports, place: { ...ports.place, folder: join(cpanel.root, 'etc/passwd/below') } });
	assert.equal(!full.ok && full.error.kind, 'machine');
	// A damaged memory is said and begins anew.
	writeFileSync(join(ports.place.folder, 'reconcile.json'), '{"version":1,');
	assert.match(reportSentence(await run()), /memory of the last run was damaged/);
});

test('limits of a package become those of the plan, until a person says otherwise', async (context) => {
	const { rig, cpanel, run } = await settled(context);
	const setPackage = (values: { [key: string]: string }) =>
		cpanel.change((state) => {
			state.packages.gold = { MAX_EMAIL_PER_HOUR: 'unlimited', _PACKAGE_EXTENSIONS: 'sluice', ...values };
		});
	const params = { level: 'plans', id: 'gold' } as const;
	const base = async () => given(await rig.client.call('getLimits', { params })).base;
	setPackage({ sluice_hour_recipients: 'inherit', sluice_day_recipients: 'inherit', sluice_mode: 'monitor' });
	assert.deepEqual([(await run()).plans, await base()], [0, undefined]);
	setPackage({ sluice_hour_recipients: '200', sluice_day_recipients: 'inherit', sluice_mode: 'enforce' });
	assert.equal((await run()).plans, 1);
	const first = await base();
	assert.deepEqual([first?.hour?.recipients, first?.mode, first?.author], [200, 'enforce', 'admin cpanel']);
	assert.equal((await run()).plans, 0, 'put once');
	// A person changes it in our page: it stays.
	given(await rig.client.call('putLimits', { params, body: { mode: 'monitor', hour: { recipients: 300 } } }));
	assert.deepEqual([(await run()).plans, (await base())?.hour?.recipients], [0, 300]);
	// Another key of the package changes: only that.
	setPackage({ sluice_hour_recipients: '200', sluice_day_recipients: '1000', sluice_mode: 'enforce' });
	assert.equal((await run()).plans, 1);
	const second = await base();
	assert.deepEqual([second?.hour?.recipients, second?.day?.recipients, second?.mode], [300, 1000, 'monitor']);
	// A package that is gone says nothing; half a list of packages is no such thing.
	cpanel.change((state) => {
		state.faults = { listpkgs: { isEmpty: true } };
	});
	assert.deepEqual([(await run()).plans, (await base())?.day?.recipients], [0, 1000]);
	cpanel.change((state) => {
		state.faults = {};
		delete state.packages.gold;
	});
	rmSync(join(cpanel.root, 'var/cpanel/packages/gold'));
	await run();
	assert.equal((await base())?.day?.recipients, undefined);
});

test('--dry-run says what would be told, and tells nothing', async (context) => {
	const { rig, cpanel, ports, counting, told } = await settled(context);
	await create(cpanel, 'dora');
	await cpanel.whm('modifyacct', 'user=bob', 'newuser=robert');
	await cpanel.whm('suspendacct', 'user=alice');
	await cpanel.whm('removeacct', 'username=carol');
	const found = given(await dryRun(counting));
	assert.deepEqual(
		[found.added, found.changed, found.gone, found.renamed],
		[['dora'], [{ id: 'alice', fields: ['state'] }], ['carol'], [{ from: 'bob', to: 'robert' }]],
	);
	assert.match(
		dryRunSentence(found),
		/would tell: 1 new \(dora\), 1 changed \(alice: state\), 1 gone \(carol\), bob is robert now/,
	);
	assert.doesNotMatch(dryRunSentence(found), /comes again/);
	assert.match(
		dryRunSentence({ ...found, gone: ['a', 'b', 'c', 'd'] }),
		/4 gone \(a, b, c, d\).*; the agent may take so many away only when the list comes again/,
	);
	assert.deepEqual([...new Set(told)], ['listAccounts']);
	assert.equal(rig.agent.flow.accounts.living, 3);
	given(await reconcile(ports));
	assert.equal(rig.agent.flow.accounts.living, 3);
});

test('3,000 accounts: three processes a run, mailboxes of few', { timeout: 120_000 }, async (context) => {
	const { rig, cpanel, ports } = await startServer(context);
	cpanel.change((state) => {
		for (let index = 0; index < 3000; index += 1)
			state.accounts[`acc${index}`] = standInAccount(`acc${index}`, {
				uid: 2000 + index,
				owner: index % 3 === 0 ? 'root' : `seller${index % 20}`,
				domains: [{ domain: `shop.acc${index}.test`, kind: 'sub' }],
			});
	});
	const few = { ...ports, mailboxes: { readsMax: 10, budgetMs: 60_000, atOnce: 2 } };
	const first = given(await reconcile(few));
	context.diagnostic(`first: ${reportSentence(first)}`);
	assert.deepEqual([first.added, first.processes, first.mailboxesLeft], [3000, 13, 2990]);
	const second = given(await reconcile({ ...few, mailboxes: { ...few.mailboxes, readsMax: 0 } }));
	context.diagnostic(`second: ${reportSentence(second)}`);
	assert.deepEqual([second.changed, second.unchanged, second.processes], [0, 3000, 3]);
	// One that changed stands before all that are not known yet.
	await cpanel.uapi('acc2', 'Email', 'add_pop', 'email=new', 'domain=acc2.test', 'password=x');
	await cpanel.whm('modifyacct', 'user=acc2999', 'owner=root');
	const third = given(await reconcile({ ...few, mailboxes: { ...few.mailboxes, readsMax: 1 } }));
	context.diagnostic(`third: ${reportSentence(third)}`);
	assert.equal(third.processes, 4);
	assert.equal(rig.agent.flow.accounts.living, 3000);
});
