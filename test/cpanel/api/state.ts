/**
 * A cPanel server for tests: its accounts, packages and settings in one JSON file, and the files that cPanel keeps beside them.
 *
 * `whmapi1.ts`, `uapi.ts` and `manage-hooks.ts` are real programs that are really spawned; each reads this state, answers in the documented
 * shapes, writes it back and derives the files anew (/etc/userdomains, /var/cpanel/users, homes). Who stands in for another part of cPanel
 * (cpsrvd, Exim) reads and writes the same file through here. Nothing is copied from cPanel.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type Fault = {
	/** Waits so long before it answers. */
	readonly slowMs?: number;
	/** Answers this instead of JSON. */
	readonly garbage?: string;
	/** Ends with this code, silently. */
	readonly exitCode?: number;
	/** Leaves out every other row. */
	readonly isHalf?: boolean;
	readonly isEmpty?: boolean;
	/** Cuts the answer in the middle. */
	readonly isCut?: boolean;
	/** Refuses with this reason. */
	readonly reason?: string;
	/** Numbers and flags as strings. */
	readonly asStrings?: boolean;
};

export type StandInAccount = {
	domain: string;
	owner: string;
	plan: string;
	email: string;
	uid: number;
	suspended: boolean;
	/** Epoch seconds. */
	start: number;
	hourMessages: string;
	failPercent: string;
	isHeld: boolean;
	isOutgoingSuspended: boolean;
	domains: { domain: string; kind: 'addon' | 'sub' | 'parked' }[];
	mailboxes: string[];
	heldMailboxes: string[];
	suspendedMailboxes: string[];
};

export type StandInState = {
	accounts: { [user: string]: StandInAccount };
	packages: { [name: string]: { [key: string]: string } };
	tweaks: { [key: string]: string };
	hooks: { script: string; category: string; event: string; stage: string }[];
	/** By function, `*` for all. */
	faults: { [name: string]: Fault };
	/** Functions in the order in which they were called. */
	calls: string[];
	nextUid: number;
};

export const emptyState = (): StandInState => ({
	accounts: {},
	packages: { default: { MAX_EMAIL_PER_HOUR: 'unlimited', MAX_DEFER_FAIL_PERCENTAGE: 'unlimited' } },
	tweaks: { maxemailsperhour: '', email_send_limits_max_defer_fail_percentage: '' },
	hooks: [],
	faults: {},
	calls: [],
	nextUid: 1001,
});

export const statePath = (root: string): string => join(root, 'cpanel-stand-in.json');

export const readState = (root: string): StandInState =>
	JSON.parse(readFileSync(statePath(root), 'utf8')) as StandInState;

function put(path: string, text: string, mode = 0o644): void {
	mkdirSync(dirname(path), { recursive: true });
	const fresh = `${path}.${process.pid}.new`;
	writeFileSync(fresh, text, { mode });
	chmodSync(fresh, mode);
	renameSync(fresh, path);
}

/** Keeps the time of a file that says what it said: a time is how changes are seen. */
function putChanged(path: string, text: string): void {
	try {
		if (readFileSync(path, 'utf8') === text) return;
	} catch {
		// Not there yet.
	}
	put(path, text);
}

export function writeState(root: string, state: StandInState): void {
	put(statePath(root), JSON.stringify(state));
}

const pairLines = (pairs: { readonly [key: string]: string }): string =>
	Object.entries(pairs)
		.map(([key, value]) => `${key}=${value}\n`)
		.join('');

/** The files beside the API. `only`: homes and user files of these; the small lists are always whole. */
export function deriveFiles(root: string, state: StandInState, only?: readonly string[]): void {
	const users = Object.entries(state.accounts);
	const domainsOf = ({ domain, domains }: StandInAccount) => [domain, ...domains.map((one) => one.domain)];
	const each = (lineOf: (user: string, account: StandInAccount) => string): string =>
		users.map(([user, account]) => lineOf(user, account)).join('');
	putChanged(
		join(root, 'etc/userdomains'),
		`*: nobody\n${each((user, account) =>
			domainsOf(account)
				.map((domain) => `${domain}: ${user}\n`)
				.join(''),
		)}`,
	);
	putChanged(
		join(root, 'etc/trueuserdomains'),
		each((user, { domain }) => `${domain}: ${user}\n`),
	);
	putChanged(
		join(root, 'etc/trueuserowners'),
		each((user, { owner }) => `${user}: ${owner}\n`),
	);
	putChanged(
		join(root, 'etc/passwd'),
		`root:x:0:0:root:/root:/bin/sh\n${each((user, { uid }) => `${user}:x:${uid}:${uid}::/home/${user}:/bin/sh\n`)}`,
	);
	putChanged(join(root, 'var/cpanel/cpanel.config'), pairLines(state.tweaks));
	for (const [name, values] of Object.entries(state.packages))
		putChanged(join(root, 'var/cpanel/packages', name), pairLines(values));
	for (const [user, account] of users) {
		if (only !== undefined && !only.includes(user)) continue;
		putChanged(
			join(root, 'var/cpanel/users', user),
			pairLines({
				DNS: account.domain,
				OWNER: account.owner,
				PLAN: account.plan,
				MAX_EMAIL_PER_HOUR: account.hourMessages,
				STARTDATE: String(account.start),
			}),
		);
		for (const domain of domainsOf(account)) {
			const boxes = account.mailboxes.filter((box) => box.endsWith(`@${domain}`));
			const path = join(root, 'home', user, 'etc', domain, 'passwd');
			putChanged(
				path,
				boxes.map((box) => `${box.split('@')[0]}:x:${account.uid}:${account.uid}::/home/${user}\n`).join(''),
			);
		}
	}
}

/** Removes what an account has left behind. */
export function removeFiles(root: string, user: string): void {
	rmSync(join(root, 'var/cpanel/users', user), { force: true });
	rmSync(join(root, 'home', user), { recursive: true, force: true });
}

const lockWaitMs = 10_000;

/** Programs of one server change its state one after the other. */
export function locked<T>(root: string, work: () => T): T {
	const folder = `${statePath(root)}.lock`;
	const deadline = Date.now() + lockWaitMs;
	for (;;) {
		try {
			mkdirSync(folder);
			break;
		} catch (error) {
			if (Date.now() > deadline) throw error;
			// Left behind by a program that was killed.
			const age = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
			if (age > lockWaitMs / 2) rmSync(folder, { recursive: true, force: true });
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
		}
	}
	try {
		return work();
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** Changes the state as if somebody had done it by hand: no hook tells of it. */
export const change = (root: string, edit: (state: StandInState) => void): void =>
	locked(root, () => {
		const state = readState(root);
		edit(state);
		writeState(root, state);
		deriveFiles(root, state);
	});
