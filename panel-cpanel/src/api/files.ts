/**
 * Files that cPanel keeps beside its API, only ever read: who has an account, whose a domain is, where homes are, the server's defaults.
 *
 * They say the same as the API from another side, and that is their use: a list of the API that leaves out accounts whose files are there is
 * half a list. Folders of tenants are only asked for times (`stamp`), never read: what a tenant can put there must not be followed by root.
 *
 * Sources: facts that cPanel documents or that have been seen (/etc/userdomains, /etc/trueuserdomains, /etc/trueuserowners, /var/cpanel/users,
 * /var/cpanel/resellers, cpanel.config).
 */
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bound, boundOf } from './loose.ts';
import { rootsOwnText } from './roots-own.ts';
import { userShape } from './shapes.ts';

/** Tweak Settings: all of them stand in this file. */
export const tweakSettingsFile = '/var/cpanel/cpanel.config';

/** Those of the server's two defaults beyond which the panel discards mail: messages an hour of a domain; percent that fail or are deferred. */
export const limitSettings = {
	hourMessages: 'maxemailsperhour',
	failPercent: 'email_send_limits_max_defer_fail_percentage',
} as const;

export type ServerDefaults = { readonly hourMessages: Bound; readonly failPercent: Bound };

export type CpanelFiles = {
	/** Users that have an account; undefined: no file tells. */
	users(): Promise<ReadonlySet<string> | undefined>;
	/** Domain → user; undefined: no file tells. */
	domains(): Promise<ReadonlyMap<string, string> | undefined>;
	/**
	 * User → owner, of /etc/trueuserowners, which cPanel rewrites with each change. Empty where the file is not there or others than root might
	 * have written it; without the users of lines that are not as documented. Who is not in it is to be asked of the API.
	 */
	owners(): Promise<ReadonlyMap<string, string>>;
	/** Users that may own accounts of others, of /var/cpanel/resellers; empty where there is no such file. */
	resellers(): Promise<ReadonlySet<string>>;
	/** User → uid and home, of /etc/passwd. */
	unixUsers(): Promise<ReadonlyMap<string, UnixEntry>>;
	defaults(): Promise<ServerDefaults>;
	/** One Tweak Setting as it stands in cpanel.config; empty when it does not. */
	setting(key: string): Promise<string>;
	/** Of cPanel itself, such as `11.138.0.6`; undefined: no file tells. */
	version(): Promise<string | undefined>;
	/** Domain → its own hourly number, where an administrator has set one for it (`MAX_EMAIL_PER_HOUR-DOMAIN` of the user's file). */
	domainHourMessages(user: string): Promise<ReadonlyMap<string, Bound>>;
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
const ownersBytesMax = 16 << 20;
const userFileBytesMax = 1 << 20;

const ownerLine = /^([^\s:]{1,64}):[ \t]*(\S{1,64})[ \t]*$/;

/** A line that came without its end was perhaps cut: it tells nothing. Nor does a user that has two owners. */
export function ownersIn(text: string): ReadonlyMap<string, string> {
	const owners = new Map<string, string>();
	const doubtful = new Set<string>();
	for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
		const [, user = '', owner = ''] = ownerLine.exec(line) ?? [];
		if (!userShape.test(user) || !userShape.test(owner)) continue;
		if ((owners.get(user) ?? owner) !== owner) doubtful.add(user);
		owners.set(user, owner);
	}
	for (const user of doubtful) owners.delete(user);
	return owners;
}

/** What the file of the Tweak Settings says, by name. */
export const tweakSettingsIn = (text: string): ReadonlyMap<string, string> => pairsOf(text.split('\n'), /=/);

const domainKey = 'MAX_EMAIL_PER_HOUR-';

function domainNumbersIn(text: string): ReadonlyMap<string, Bound> {
	const own = [...pairsOf(text.split('\n'), /=/)].filter(([key]) => key.startsWith(domainKey));
	return new Map(own.map(([key, value]) => [key.slice(domainKey.length).toLowerCase(), boundOf(value)]));
}

/** `root`: below which folder, for tests. */
export function systemCpanelFiles(root = '/'): CpanelFiles {
	const at = (path: string): string => join(root, path);
	const tweakSettings = async () => pairsOf((await linesOf(at(tweakSettingsFile))) ?? [], /=/);
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
		async owners() {
			const text = await rootsOwnText(at('/etc/trueuserowners'), ownersBytesMax);
			return text === undefined ? new Map() : ownersIn(text);
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
			const settings = await tweakSettings();
			return {
				hourMessages: boundOf(settings.get(limitSettings.hourMessages)),
				failPercent: boundOf(settings.get(limitSettings.failPercent)),
			};
		},
		async setting(key) {
			return (await tweakSettings()).get(key) ?? '';
		},
		async version() {
			const [line = ''] = (await linesOf(at('/usr/local/cpanel/version'))) ?? [];
			return line.trim().slice(0, versionCharsMax) || undefined;
		},
		async domainHourMessages(user) {
			if (!userShape.test(user)) return new Map();
			const text = await rootsOwnText(at(`/var/cpanel/users/${user}`), userFileBytesMax);
			return text?.includes(domainKey) === true ? domainNumbersIn(text) : new Map();
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
