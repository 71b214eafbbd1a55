/**
 * Debian's Postfix in a box: like a Plesk server, or a stock relay to measure against.
 *
 * Plesk-like it has a port-25-like port, a submission port with AUTH, the sites of sites.ts, and relays to `directPort` until
 * `set()` changes that. Stock it has one port that relays all mail of the loopback to `stock.relayTo`.
 *
 * Not here: the configuration's text (postfix-configuration.ts). Passwords are checked by this process (sasl-auth.ts).
 */

import { chmod, chown, readdir, stat, utimes } from 'node:fs/promises';
import { type Box, startBox } from './box.ts';
import { unpackedLayer } from './debs.ts';
import { freePorts } from './ports.ts';
import {
	logPath,
	masterCf,
	type PostfixSettings,
	pleskMainCf,
	popuser,
	stockMainCf,
	transportNameOf,
} from './postfix-configuration.ts';
import { type SaslAuth, startSaslAuth } from './sasl-auth.ts';
import {
	aliases,
	autoresponder,
	autorespondScript,
	bobForwardsTo,
	listPostScript,
	mailboxes,
	mailingList,
	sites,
} from './sites.ts';
import { tenants, type UnixUser } from './unix-users.ts';
import { until } from './until.ts';

export type PostfixOptions = {
	readonly name?: string;
	readonly hostname?: string;
	/** Chosen free ones unless told. */
	readonly ports?: { readonly smtp: number; readonly submission: number };
	/** Host folder for the queue, for figures on a real disk; must belong to root. Else the queue is in memory. */
	readonly spoolDir?: string;
	readonly ttlSeconds?: number;
	/** Backoff and queue run of the Plesk-like one. */
	readonly retrySeconds?: number;
	/** Further host folders to show inside. */
	readonly binds?: readonly { readonly host: string; readonly inside: string }[];
	/** Settings on top, say a wiring; the same as `set` after the start, without its reload. */
	readonly settings?: Readonly<Record<string, string>>;
} & (
	| {
			/** Un-wired relayhost: a recorder or sink that plays the internet. */
			readonly directPort: number;
			readonly directHost?: string;
	  }
	| { /** A stock relay to this port of 127.0.0.1, nothing Plesk-like. */ readonly stock: { readonly relayTo: number } }
);

export type PostfixQueued = {
	readonly id: string;
	/** `active`, `deferred`, `hold`, `incoming` or `maildrop`. */
	readonly queue: string;
	/** Empty for the null reverse-path. */
	readonly sender: string;
	readonly recipients: readonly { readonly address: string; readonly reason: string }[];
};

/** The user Postfix's daemons run as; its uid is what the kernel shows for connections to the agent. */
export const postfixUser = { name: 'postfix', uid: 912, system: true } as const satisfies UnixUser;
/** The group of the set-gid programs; it needs no user, but one does no harm. */
export const postdrop = { name: 'postdrop', uid: 913, system: true } as const satisfies UnixUser;

const WAIT_MS = 15_000;
const RETRY_SECONDS_DEFAULT = 10;
const HOT_MS = 10_000;

/** Starts the box and Postfix; resolves when its ports are open. The caller stops it. */
export async function startPostfix(options: PostfixOptions): Promise<Postfix> {
	const isStock = 'stock' in options;
	const [layers, ports, sasl] = await Promise.all([
		Promise.all([unpackedLayer('postfix'), unpackedLayer('php')]),
		options.ports ?? freePorts(2).then(([smtp, submission]) => ({ smtp: smtp!, submission: submission! })),
		startSaslAuth(mailboxes),
	]);
	const settings: PostfixSettings = {
		hostname: options.hostname ?? 'plesk.example.test',
		smtpPort: ports.smtp,
		submissionPort: ports.submission,
		relayTo: isStock
			? { host: '127.0.0.1', port: options.stock.relayTo }
			: { host: options.directHost ?? '127.0.0.1', port: options.directPort },
		saslPort: sasl.port,
		retrySeconds: options.retrySeconds ?? RETRY_SECONDS_DEFAULT,
	};
	const box = await startBox({
		name: options.name ?? 'postfix',
		layers,
		users: [...tenants, postfixUser, postdrop, popuser],
		binds: [
			...(options.binds ?? []),
			...(options.spoolDir === undefined ? [] : [{ host: options.spoolDir, inside: '/var/spool/postfix' }]),
		],
		...(options.ttlSeconds === undefined ? {} : { ttlSeconds: options.ttlSeconds }),
	}).catch(async (error) => {
		await sasl.stop();
		throw error;
	});
	const postfix = new Postfix(box, settings, sasl);
	try {
		await box.writeFile('/etc/postfix/main.cf', isStock ? stockMainCf(settings) : pleskMainCf(settings));
		await box.writeFile('/etc/postfix/master.cf', masterCf(settings, isStock));
		await installPrograms(box);
		if (!isStock) await furnish(box, settings);
		await postfix.start(options.settings ?? {});
		return postfix;
	} catch (error) {
		const log = await postfix.log().catch(() => '');
		await postfix.stop();
		throw new Error(`Postfix did not start: ${log}`, { cause: error });
	}
}

/** What the package's maintainer script would have done: set-gid programs and owners. */
export async function installPrograms(box: Box): Promise<void> {
	for (const program of ['postdrop', 'postqueue']) {
		const path = box.hostPath(`/usr/sbin/${program}`);
		await chown(path, 0, postdrop.uid);
		await chmod(path, 0o2555); // after chown, which clears the bit
	}
	await box.makeFolder('/var/spool/postfix');
	await box.makeFolder('/var/lib/postfix', { owner: postfixUser.name });
}

/** Everything the Plesk-like configuration looks up. */
async function furnish(box: Box, settings: PostfixSettings): Promise<void> {
	const lines = (rows: readonly string[]) => rows.map((row) => `${row}\n`).join('');
	const atHost = (local: string) => (local.includes('@') ? local : `${local}@${settings.hostname}`);
	const away = autoresponder.split('@')[0]!;
	await box.writeFile('/etc/postfix/aliases', lines(['postmaster cpuser', 'root cpuser']));
	// A pipe runs as the owner of the alias file that names it: local(8).
	const owned = {
		mailman: `"|/usr/local/bin/list-post ${mailingList.name}"`,
		alice: `"|/usr/local/bin/autorespond ${autoresponder}"`,
	};
	await box.writeFile('/etc/postfix/mailman-aliases', `${mailingList.name} ${owned.mailman}\n`, { owner: 'mailman' });
	await box.writeFile('/etc/postfix/alice-aliases', `${away} ${owned.alice}\n`, { owner: 'alice' });
	await box.writeFile(
		'/etc/postfix/virtual',
		lines([
			...Object.entries(aliases).map(([address, targets]) => `${address} ${targets.map(atHost).join(', ')}`),
			`${mailingList.address} ${atHost(mailingList.name)}`,
			`${autoresponder} ${atHost(away)}`,
		]),
	);
	const split = mailboxes.map(({ address }) => ({ address, path: address.split('@').reverse().join('/') }));
	await box.writeFile('/etc/postfix/vmailbox', lines(split.map(({ address, path }) => `${address} ${path}`)));
	await box.writeFile(
		'/etc/postfix/sdd_transport',
		lines(sites.map((site) => `@${site.domain} ${transportNameOf(site)}:`)),
	);
	for (const site of sites) await box.makeFolder(`/var/mail/virtual/${site.domain}`, { owner: popuser.name });
	await box.writeFile('/home/bob/.forward', `${bobForwardsTo}\n`, { owner: 'bob' });
	await box.writeFile(`/etc/mailman/${mailingList.name}.members`, lines(mailingList.members));
	await box.writeFile('/usr/local/bin/list-post', listPostScript, { mode: 0o755 });
	await box.writeFile('/usr/local/bin/autorespond', autorespondScript, { mode: 0o755 });
}

/**
 * Makes configuration files that were just written look older: Postfix waits up to two seconds until a file that it reads has not
 * changed for one (`dict_load_file_xt`, texthash), and so would every start, check and reload.
 */
export async function cool(box: Box): Promise<void> {
	const folder = box.hostPath('/etc/postfix');
	const nowMs = Date.now();
	const past = new Date(nowMs - 60_000);
	for (const file of await readdir(folder, { withFileTypes: true })) {
		const path = `${folder}/${file.name}`;
		if (file.isFile() && (await stat(path)).mtimeMs > nowMs - HOT_MS) await utimes(path, past, past);
	}
}

/** A running Postfix. */
export class Postfix {
	readonly box: Box;
	readonly hostname: string;
	/** Plesk-like: as port 25, mail for own domains only. Stock: relays all mail of the loopback. */
	readonly smtpPort: number;
	/** AUTH needed; not open in a stock Postfix. */
	readonly submissionPort: number;
	readonly #sasl: SaslAuth;

	constructor(box: Box, settings: PostfixSettings, sasl: SaslAuth) {
		this.box = box;
		this.hostname = settings.hostname;
		this.smtpPort = settings.smtpPort;
		this.submissionPort = settings.submissionPort;
		this.#sasl = sasl;
	}

	/** Used by `startPostfix`. */
	async start(settings: Readonly<Record<string, string>>): Promise<void> {
		await this.#edit(settings);
		await cool(this.box);
		await this.box.run(['/usr/sbin/postfix', 'start']);
		await until(async () => (await this.log().catch(() => '')).includes('daemon started --'), {
			waitMs: WAIT_MS,
			otherwise: () => this.log(),
		});
	}

	/** `postconf -e` for each, then a reload; resolves when no process with the former settings routes mail any more. */
	async set(settings: Readonly<Record<string, string>>): Promise<void> {
		await this.#edit(settings);
		await this.reload();
	}

	/** `postconf -X`: takes the settings out of main.cf, so that Postfix's own defaults hold; then a reload. */
	async remove(names: readonly string[]): Promise<void> {
		await this.box.run(['/usr/sbin/postconf', '-X', ...names]);
		await this.reload();
	}

	/** A setting as main.cf says it, undefined where it says nothing (`postconf -n`). */
	async get(name: string): Promise<string | undefined> {
		const { stdout } = await this.box.run(['/usr/sbin/postconf', '-n', name]);
		return stdout.includes('=') ? stdout.slice(stdout.indexOf('=') + 1).trim() : undefined;
	}

	/** As `set` without a setting, for a test that wrote main.cf itself. */
	async reload(): Promise<void> {
		await cool(this.box);
		const former = await this.#routers();
		await this.box.run(['/usr/sbin/postfix', 'reload']);
		await until(async () => (await this.#routers()).every((pid) => !former.includes(pid)), {
			waitMs: WAIT_MS,
			otherwise: () => 'Postfix still routes with the former settings',
		});
	}

	/** `postqueue -f`: tries deferred mail now, spares held mail. Returns before it has been tried. */
	async kick(): Promise<void> {
		await this.box.run(['/usr/sbin/postqueue', '-f']);
	}

	async queue(): Promise<readonly PostfixQueued[]> {
		return parseQueue((await this.box.run(['/usr/sbin/postqueue', '-j'])).stdout);
	}

	/** Resolves when nothing is queued, not even what is being delivered. Throws after `waitMs` with the queue. */
	async queueEmpty(waitMs = WAIT_MS): Promise<void> {
		await until(async () => (await this.queue()).length === 0, {
			waitMs,
			otherwise: async () => `still queued: ${JSON.stringify(await this.queue())}`,
		});
	}

	/** The whole mail log. */
	log(): Promise<string> {
		return this.box.readFile(logPath);
	}

	/** What was delivered to a mailbox of a site or to a unix user; empty if nothing yet. */
	mailbox(address: string): Promise<string> {
		const [local, domain] = address.split('@') as [string, string | undefined];
		const isSite = sites.some((site) => site.domain === domain);
		return this.box.readFile(isSite ? `/var/mail/virtual/${domain}/${local}` : `/var/mail/${local}`).catch(() => '');
	}

	async stop(): Promise<void> {
		await this.box.stop();
		await this.#sasl.stop();
	}

	async #edit(settings: Readonly<Record<string, string>>): Promise<void> {
		const pairs = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
		if (pairs.length > 0) await this.box.run(['/usr/sbin/postconf', '-e', ...pairs]);
	}

	/** Processes that decide where mail goes; each carries the settings it was started with. */
	async #routers(): Promise<readonly string[]> {
		const names = new Set(['qmgr', 'trivial-rewrite']);
		const pids = (await readdir(this.box.hostPath('/proc'))).filter((name) => /^\d+$/.test(name));
		const commands = await Promise.all(
			pids.map((pid) =>
				this.box.readFile(`/proc/${pid}/comm`).then(
					(comm) => comm.trim(),
					() => '',
				),
			),
		);
		return pids.filter((_, at) => names.has(commands[at]!));
	}
}

/** `postqueue -j`: one JSON object a line. */
export function parseQueue(text: string): readonly PostfixQueued[] {
	type Row = {
		queue_name: string;
		queue_id: string;
		sender: string;
		recipients: { address: string; delay_reason?: string }[];
	};
	return text
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => {
			const row = JSON.parse(line) as Row;
			return {
				id: row.queue_id,
				queue: row.queue_name,
				sender: row.sender === 'MAILER-DAEMON' ? '' : row.sender,
				recipients: row.recipients.map((each) => ({ address: each.address, reason: each.delay_reason ?? '' })),
			};
		});
}
