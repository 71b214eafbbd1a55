/**
 * Stand-in of `whmapi1 --output=json FUNCTION key=value …`. State and faults: state.ts. The root folder is in STAND_IN_ROOT.
 *
 * Functions that change accounts fire the hooks that cPanel documents for them, with passwords in the payload as cPanel has them.
 */
import { faultOf, kept, speak, wordsOf } from './answer.ts';
import { fireHooks, type HookEvent } from './hooks.ts';
import {
	deriveFiles,
	emptyState,
	locked,
	readState,
	removeFiles,
	type StandInAccount,
	type StandInState,
	writeState,
} from './state.ts';

const root = process.env.STAND_IN_ROOT ?? '';
const { names, values } = wordsOf(process.argv.slice(2));
const [name = ''] = names;
const value = (key: string): string => values.get(key) ?? '';

type Done = { readonly data?: object; readonly events?: readonly HookEvent[]; readonly touched?: readonly string[] };

class Refused extends Error {}

const state = locked(root, () => {
	const found = readState(root);
	found.calls.push(name);
	writeState(root, found);
	return found;
});
const fault = faultOf(state, name);

const whmEvent = (event: string, data: HookEvent['data']): HookEvent => ({ category: 'Whostmgr', event, data });

const rowOf = (user: string, account: StandInAccount) => ({
	user,
	domain: account.domain,
	owner: account.owner,
	plan: account.plan,
	email: account.email === '' ? '*unknown*' : account.email,
	uid: account.uid,
	ip: '192.0.2.10',
	ipv6: [],
	suspended: account.suspended ? 1 : 0,
	suspendreason: account.suspended ? 'Unknown' : 'not suspended',
	outgoing_mail_suspended: account.isOutgoingSuspended ? 1 : 0,
	outgoing_mail_hold: account.isHeld ? 1 : 0,
	max_email_per_hour: /^\d+$/.test(account.hourMessages) ? Number(account.hourMessages) : account.hourMessages,
	max_defer_fail_percentage: /^\d+$/.test(account.failPercent) ? Number(account.failPercent) : account.failPercent,
	startdate: '13 May 22 16:03',
	unix_startdate: account.start,
	partition: 'home',
	theme: 'jupiter',
	child_nodes: [],
});

const accountOf = (found: StandInState, user: string): StandInAccount => {
	const account = found.accounts[user];
	if (account === undefined) throw new Refused('Account does not exist');
	return account;
};

const domainRows = (found: StandInState) =>
	Object.entries(found.accounts).flatMap(([user, account]) =>
		[{ domain: account.domain, kind: 'main' as string }, ...account.domains].map(({ domain, kind }) => ({
			domain,
			user,
			user_owner: account.owner,
			domain_type: kind,
			parent_domain: account.domain,
			docroot: `/home/${user}/public_html`,
			ipv4: '192.0.2.10',
			port: 80,
		})),
	);

const packageValues = (found: StandInState, plan: string): { readonly [key: string]: string } =>
	found.packages[plan] ?? {};

function created(found: StandInState): Done {
	const user = value('username');
	if (found.accounts[user] !== undefined) throw new Refused('Sorry, that username is reserved or already exists.');
	const plan = value('plan') || 'default';
	const of = packageValues(found, plan);
	found.accounts[user] = {
		domain: value('domain'),
		owner: value('owner') || 'root',
		plan,
		email: value('contactemail'),
		uid: found.nextUid,
		suspended: false,
		start: Math.floor(Date.now() / 1000),
		hourMessages: value('max_email_per_hour') || (of.MAX_EMAIL_PER_HOUR ?? 'unlimited'),
		failPercent: of.MAX_DEFER_FAIL_PERCENTAGE ?? 'unlimited',
		isHeld: false,
		isOutgoingSuspended: false,
		domains: [],
		mailboxes: [],
		heldMailboxes: [],
		suspendedMailboxes: [],
	};
	found.nextUid += 1;
	const data = {
		user,
		domain: value('domain'),
		plan,
		pass: value('password') || 'Hunter2!',
		contactemail: value('contactemail'),
	};
	return { events: [whmEvent('Accounts::Create', data)], touched: [user] };
}

function modified(found: StandInState): Done {
	const user = value('user');
	const account = accountOf(found, user);
	const fresh = values.get('newuser') ?? user;
	if (values.has('owner')) account.owner = value('owner');
	if (values.has('domain')) account.domain = value('domain');
	if (values.has('contactemail')) account.email = value('contactemail');
	if (values.has('MAX_EMAIL_PER_HOUR')) account.hourMessages = value('MAX_EMAIL_PER_HOUR');
	if (fresh !== user) {
		delete found.accounts[user];
		found.accounts[fresh] = account;
		removeFiles(root, user);
	}
	const data = { user, domain: account.domain, ...(fresh === user ? {} : { newuser: fresh }) };
	return { events: [whmEvent('Accounts::Modify', data)], touched: [fresh] };
}

function suspended(found: StandInState, isSuspended: boolean): Done {
	const user = value('user');
	accountOf(found, user).suspended = isSuspended;
	const event = isSuspended ? 'Accounts::suspendacct' : 'Accounts::unsuspendacct';
	return { events: [whmEvent(event, { user, reason: value('reason') })], touched: [user] };
}

const outgoing = (found: StandInState, edit: (account: StandInAccount) => void): Done => {
	if (value('user') === 'root') throw new Refused('You cannot do this to root.');
	edit(accountOf(found, value('user')));
	return { touched: [value('user')] };
};

const changes: { readonly [name: string]: (found: StandInState) => Done } = {
	createacct: created,
	modifyacct: modified,
	removeacct(found) {
		const user = value('username') || value('user');
		accountOf(found, user);
		delete found.accounts[user];
		removeFiles(root, user);
		return { events: [whmEvent('Accounts::Remove', { user, killdns: 1 })], touched: [] };
	},
	suspendacct: (found) => suspended(found, true),
	unsuspendacct: (found) => suspended(found, false),
	changepackage(found) {
		const user = value('user');
		const account = accountOf(found, user);
		const of = packageValues(found, value('pkg'));
		const data = { user, cur_pkg: account.plan, new_pkg: value('pkg') };
		account.plan = value('pkg');
		account.hourMessages = of.MAX_EMAIL_PER_HOUR ?? 'unlimited';
		account.failPercent = of.MAX_DEFER_FAIL_PERCENTAGE ?? 'unlimited';
		return { events: [whmEvent('Accounts::change_package', data)], touched: [user] };
	},
	addpkg(found) {
		found.packages[value('name')] = {
			MAX_EMAIL_PER_HOUR: 'unlimited',
			MAX_DEFER_FAIL_PERCENTAGE: 'unlimited',
			...pairs(),
		};
		return { touched: [] };
	},
	editpkg(found) {
		found.packages[value('name')] = { ...found.packages[value('name')], ...pairs() };
		return { touched: [] };
	},
	create_parked_domain_for_user(found) {
		const user = value('username');
		accountOf(found, user).domains.push({ domain: value('domain'), kind: 'parked' });
		const data = { user, target_domain: value('web_vhost_domain'), new_domain: value('domain') };
		return { events: [whmEvent('Domain::park', data)], touched: [user] };
	},
	hold_outgoing_email: (found) => outgoing(found, (account) => (account.isHeld = true)),
	release_outgoing_email: (found) => outgoing(found, (account) => (account.isHeld = false)),
	suspend_outgoing_email: (found) => outgoing(found, (account) => (account.isOutgoingSuspended = true)),
	unsuspend_outgoing_email: (found) => outgoing(found, (account) => (account.isOutgoingSuspended = false)),
	set_tweaksetting(found) {
		if (!Object.hasOwn(found.tweaks, value('key'))) throw new Refused(`Invalid Tweak Setting: ${value('key')}`);
		found.tweaks[value('key')] = value('value');
		return { touched: [] };
	},
};

function pairs(): { [key: string]: string } {
	return Object.fromEntries([...values].filter(([key]) => key !== 'name' && !key.startsWith('api.')));
}

const questions: { readonly [name: string]: () => object } = {
	listaccts: () => ({
		acct: kept(Object.entries(state.accounts), fault).map(([user, account]) => rowOf(user, account)),
	}),
	accountsummary: () => ({ acct: [rowOf(value('user'), accountOf(state, value('user')))] }),
	get_domain_info() {
		const of = value('api.filter.a.field') === 'user' ? value('api.filter.a.arg0') : undefined;
		const rows = domainRows(state).filter(({ user }) => of === undefined || user === of);
		return { domains: kept(rows, fault) };
	},
	listpkgs: () => ({
		pkg: kept(Object.entries(state.packages), fault).map(([packageName, fields]) => ({ name: packageName, ...fields })),
	}),
	get_tweaksetting: () => ({ tweaksetting: { key: value('key'), value: state.tweaks[value('key')] ?? null } }),
	version: () => ({ version: '11.138.0.6' }),
};

function act(): Done {
	const question = questions[name];
	if (question !== undefined) return { data: question() };
	const edit = changes[name];
	if (edit === undefined) throw new Refused(`Unknown app (“${name}”) requested for this version (1) of the API.`);
	return locked(root, () => {
		const found = readState(root) ?? emptyState();
		const done = edit(found);
		writeState(root, found);
		deriveFiles(root, found, done.touched);
		return done;
	});
}

const metadata = (result: number, reason: string) => ({ version: 1, result, reason, command: name });

try {
	if (fault.reason !== undefined) throw new Refused(fault.reason);
	const { data, events = [] } = act();
	fireHooks(root, events);
	speak({ ...(data === undefined ? {} : { data }), metadata: metadata(1, 'OK') }, fault);
} catch (error) {
	if (!(error instanceof Refused)) throw error;
	speak({ metadata: metadata(0, error.message) }, fault);
}
