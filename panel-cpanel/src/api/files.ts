/**
 * Files that cPanel keeps beside its API, only ever read: who has an account, whose a domain is, where homes are, the server's defaults.
 *
 * They say the same as the API from another side, and that is their use: a list of the API that leaves out accounts whose files are there is
 * half a list. Folders of tenants are only asked for times (`stamp`), never read: what a tenant can put there must not be followed by root.
 *
 * Sources: facts that cPanel documents or that have been seen (/etc/userdomains, /etc/trueuserdomains, /var/cpanel/users,
 * /var/cpanel/resellers, cpanel.config).
 */
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bound, boundOf } from './loose.ts';

export type ServerDefaults = { readonly hourMessages: Bound; readonly failPercent: Bound };

export type CpanelFiles = {
	/** Users that have an account; undefined: no file tells. */
	users(): Promise<ReadonlySet<string> | undefined>;
	/** Domain → user; undefined: no file tells. */
	domains(): Promise<ReadonlyMap<string, string> | undefined>;
	/** Users that may own accounts of others, of /var/cpanel/resellers; empty where there is no such file. */
	resellers(): Promise<ReadonlySet<string>>;
	/** User → uid and home, of /etc/passwd. */
	unixUsers(): Promise<ReadonlyMap<string, UnixEntry>>;
	defaults(): Promise<ServerDefaults>;
	/** One Tweak Setting as it stands in cpanel.config; empty when it does not. */
	setting(key: string): Promise<string>;
	/** Of cPanel itself, such as `11.138.0.6`; undefined: no file tells. */
	version(): Promise<string | undefined>;
	/** `key=value` lines of a package; empty when there is no such file. */
	packageLines(name: string): Promise<{ readonly [key: string]: string }>;
	/** Changes when mailboxes of the account come or go. */
	mailboxStamp(home: string | undefined, domains: readonly string[]): Promise<string>;
};

export type UnixEntry = { readonly uid: number; readonly home: string };

/** A missing file tells nothing; a file that cannot be read is broken I/O and thrown. */
async function linesOf(path: string): Promise<readonly string[] | undefined> {
	try {
		return (await readFile(path, 'utf8')).split('\n');
	} catch (error) {
		const code = (error as NodeJS.ErrnoException).code;
		if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
		throw error;
	}
}

function pairsOf(lines: readonly string[], separator: RegExp): Map<string, string> {
	const pairs = new Map<string, string>();
	for (const line of lines) {
		const [key = '', value = ''] = line.split(separator, 2).map((part) => part.trim());
		if (key !== '' && !key.startsWith('#')) pairs.set(key, value);
	}
	return pairs;
}

const versionCharsMax = 64;

/** `root`: below which folder, for tests. */
export function systemCpanelFiles(root = '/'): CpanelFiles {
	const at = (path: string): string => join(root, path);
	return {
		async users() {
			const lines = await linesOf(at('/etc/trueuserdomains'));
			return lines === undefined ? undefined : new Set(pairsOf(lines, /:/).values());
		},
		async domains() {
			const lines = await linesOf(at('/etc/userdomains'));
			if (lines === undefined) return undefined;
			const pairs = new Map([...pairsOf(lines, /:/)].map(([domain, user]) => [domain.toLowerCase(), user]));
			pairs.delete('*');
			return pairs;
		},
		async resellers() {
			const names = new Set(pairsOf((await linesOf(at('/var/cpanel/resellers'))) ?? [], /:/).keys());
			names.delete('root');
			return names;
		},
		async unixUsers() {
			const found = new Map<string, UnixEntry>();
			for (const line of (await linesOf(at('/etc/passwd'))) ?? []) {
				const [name = '', , uid = '', , , home = ''] = line.split(':');
				if (/^\d{1,10}$/.test(uid) && home.startsWith('/')) found.set(name, { uid: Number(uid), home });
			}
			return found;
		},
		async defaults() {
			const pairs = pairsOf((await linesOf(at('/var/cpanel/cpanel.config'))) ?? [], /=/);
			return {
				hourMessages: boundOf(pairs.get('maxemailsperhour')),
				failPercent: boundOf(pairs.get('email_send_limits_max_defer_fail_percentage')),
			};
		},
		async setting(key) {
			return pairsOf((await linesOf(at('/var/cpanel/cpanel.config'))) ?? [], /=/).get(key) ?? '';
		},
		async version() {
			const [line = ''] = (await linesOf(at('/usr/local/cpanel/version'))) ?? [];
			return line.trim().slice(0, versionCharsMax) || undefined;
		},
		async packageLines(name) {
			if (name.startsWith('.') || /[/\0]/.test(name)) return {};
			return Object.fromEntries(pairsOf((await linesOf(at(`/var/cpanel/packages/${name}`))) ?? [], /=/));
		},
		async mailboxStamp(home, domains) {
			if (home === undefined) return 'no home';
			const etc = join(at(home), 'etc');
			const stamps = await Promise.all([etc, ...domains.map((domain) => join(etc, domain, 'passwd'))].map(stampOf));
			return stamps.join(' ');
		},
	};
}

/** Of the thing itself, never of what a link leads to. */
async function stampOf(path: string): Promise<string> {
	try {
		const { mtimeMs, size, ino } = await lstat(path);
		return `${Math.trunc(mtimeMs)}.${size}.${ino}`;
	} catch {
		return '-';
	}
}
