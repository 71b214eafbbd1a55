/**
 * Stand-in of `uapi --output=json --user=USER MODULE FUNCTION key=value …`. State and faults: state.ts; the root folder is in STAND_IN_ROOT.
 */
import { faultOf, kept, speak, wordsOf } from './answer.ts';
import { fireHooks, type HookEvent } from './hooks.ts';
import { deriveFiles, locked, readState, type StandInAccount, writeState } from './state.ts';

const root = process.env.STAND_IN_ROOT ?? '';
const { flags, names, values } = wordsOf(process.argv.slice(2));
const [module = '', act = ''] = names;
const name = `${module}::${act}`;
const user = flags.get('user') ?? '';
const value = (key: string): string => values.get(key) ?? '';

class Refused extends Error {}
type Done = { readonly data?: unknown; readonly event?: HookEvent };

const cpanelEvent = (data: HookEvent['data']): HookEvent => ({
	category: 'Cpanel',
	event: `UAPI::${name}`,
	data: { user, ...data },
});

const without = (items: readonly string[], item: string): string[] => items.filter((one) => one !== item);

function own(account: StandInAccount, address: string): string {
	if (!account.mailboxes.includes(address)) throw new Refused(`You do not have an email account named “${address}”.`);
	return address;
}

const acts: { readonly [name: string]: (account: StandInAccount) => Done } = {
	'Email::list_pops': (account) => ({
		data: [
			...(value('skip_main') === '1' ? [] : [{ email: user, login: 'Main Account' }]),
			...kept(account.mailboxes, fault).map((email) => ({
				email,
				login: email,
				suspended_incoming: 0,
				suspended_login: 0,
			})),
		],
	}),
	'Email::add_pop'(account) {
		const address = value('email').includes('@') ? value('email') : `${value('email')}@${value('domain')}`;
		account.mailboxes.push(address);
		const args = { email: value('email'), domain: value('domain'), password: value('password') };
		return { data: address, event: cpanelEvent({ args, result: 1 }) };
	},
	'Email::delete_pop'(account) {
		account.mailboxes = without(account.mailboxes, own(account, value('email')));
		return { event: cpanelEvent({ args: { email: value('email') }, result: 1 }) };
	},
	'SubDomain::addsubdomain'(account) {
		account.domains.push({ domain: `${value('domain')}.${value('rootdomain')}`, kind: 'sub' });
		return { event: cpanelEvent({ args: { domain: value('domain'), rootdomain: value('rootdomain') }, result: 1 }) };
	},
	'Email::hold_outgoing'(account) {
		account.heldMailboxes.push(own(account, value('email')));
		return { data: 1 };
	},
	'Email::release_outgoing'(account) {
		account.heldMailboxes = without(account.heldMailboxes, own(account, value('email')));
		return { data: 1 };
	},
	'Email::suspend_outgoing'(account) {
		account.suspendedMailboxes.push(own(account, value('email')));
		return { data: 1 };
	},
	'Email::unsuspend_outgoing'(account) {
		account.suspendedMailboxes = without(account.suspendedMailboxes, own(account, value('email')));
		return { data: 1 };
	},
};

const fault = faultOf(readState(root), name);

function perform(): Done {
	if (fault.reason !== undefined) throw new Refused(fault.reason);
	return locked(root, () => {
		const state = readState(root);
		state.calls.push(name);
		const account = state.accounts[user];
		const perform_ = acts[name];
		let done: Done | undefined;
		if (account !== undefined && perform_ !== undefined) done = perform_(account);
		writeState(root, state);
		if (account === undefined) throw new Refused(`You do not have a user named “${user}”.`);
		if (done === undefined)
			throw new Refused(`The system could not find the function “${act}” in the module “${module}”.`);
		if (name !== 'Email::list_pops') deriveFiles(root, state, [user]);
		return done;
	});
}

const answerOf = (status: 0 | 1, data: unknown, errors: readonly string[] | null) => ({
	apiversion: 3,
	module,
	func: act,
	result: { status, data: data ?? null, errors, messages: null, metadata: {}, warnings: null },
});

try {
	const { data, event } = perform();
	if (event !== undefined) fireHooks(root, [event]);
	speak(answerOf(1, data, null), fault);
} catch (error) {
	if (!(error instanceof Refused)) throw error;
	speak(answerOf(0, null, [error.message]), fault);
}
