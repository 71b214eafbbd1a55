/**
 * Debian's Exim 4 in a box, set up like a cPanel server.
 *
 * It listens on two loopback ports (port-25-like without AUTH, submission with), knows the sites of sites.ts, signs with
 * DKIM, and sends remote mail to `direct` until `wire()` puts other text in. What is inside is the package's own binary at
 * its own paths, so `exim.box.runAs('alice', 'sendmail …')` is what a tenant's script would do.
 *
 * Not here: the configuration's text (exim-configuration.ts), the wiring's text (the caller brings it).
 */

import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { type Box, startBox } from './box.ts';
import { unpackedLayer } from './debs.ts';
import { type EximSettings, type EximWiring, eximConfiguration, mailtrapPerl } from './exim-configuration.ts';
import { freePorts } from './ports.ts';
import {
	aliases,
	autoresponder,
	autorespondScript,
	bobForwardsTo,
	defaultSource,
	listPostScript,
	mailboxes,
	mailingList,
	sites,
} from './sites.ts';
import { tenants, type UnixUser } from './unix-users.ts';
import { until } from './until.ts';

export type EximOptions = {
	/** Port at which the stock route delivers: a recorder or sink that plays the internet. */
	readonly directPort: number;
	readonly directHost?: string;
	readonly wiring?: EximWiring;
	readonly name?: string;
	readonly hostname?: string;
	/** Chosen free ones unless told. */
	readonly ports?: { readonly smtp: number; readonly submission: number };
	/** How often the daemon starts a queue run (first at once, and after each `wire`); left out: only `kick()` runs the queue. */
	readonly queueRunSeconds?: number;
	/** Host folder for the spool, for figures on a real disk; else the spool is in memory. */
	readonly spoolDir?: string;
	readonly ttlSeconds?: number;
	/** Lines at the end of Exim's main section. */
	readonly extra?: string;
};

export type EximQueued = {
	readonly id: string;
	/** Empty for the null reverse-path. */
	readonly sender: string;
	readonly recipients: readonly string[];
	readonly isFrozen: boolean;
};

/** The user Exim runs as; its uid is what the kernel shows for connections to the agent. */
export const eximUser = { name: 'Debian-exim', uid: 911, system: true } as const satisfies UnixUser;

const CONFIGURATION_PATH = '/etc/exim4/exim4.conf';
const DAEMON_WAIT_MS = 15_000;
const HANG_UP_AGAIN_MS = 1_000;

/** Starts the box and the daemon; resolves when both ports are open. The caller stops it. */
export async function startExim(options: EximOptions): Promise<Exim> {
	const [layers, ports] = await Promise.all([
		Promise.all([unpackedLayer('exim'), unpackedLayer('php')]),
		options.ports ?? freePorts(2).then(([smtp, submission]) => ({ smtp: smtp!, submission: submission! })),
	]);
	const settings: EximSettings = {
		hostname: options.hostname ?? 'cpanel.example.test',
		smtpPort: ports.smtp,
		submissionPort: ports.submission,
		direct: { host: options.directHost ?? '127.0.0.1', port: options.directPort },
		...(options.extra === undefined ? {} : { extra: options.extra }),
	};
	const box = await startBox({
		name: options.name ?? 'exim',
		layers,
		users: [...tenants, eximUser],
		...(options.spoolDir === undefined ? {} : { binds: [{ host: options.spoolDir, inside: '/var/spool/exim4' }] }),
		...(options.ttlSeconds === undefined ? {} : { ttlSeconds: options.ttlSeconds }),
	});
	try {
		await furnish(box, settings);
		const exim = new Exim(box, settings);
		await exim.start(options.wiring ?? {}, options.queueRunSeconds);
		return exim;
	} catch (error) {
		await box.stop();
		throw error;
	}
}

/** Everything the configuration looks up. */
export async function furnish(box: Box, settings: EximSettings): Promise<void> {
	const lines = (rows: readonly string[]) => rows.map((row) => `${row}\n`).join('');
	const exim = { owner: eximUser.name };
	for (const folder of ['/var/spool/exim4', '/var/log/exim4', '/run/exim4'])
		await box.makeFolder(folder, { ...exim, mode: 0o750 });
	await box.writeFile('/etc/exim.pl.local', mailtrapPerl);
	await box.writeFile(
		'/etc/exim4/passwd',
		lines(mailboxes.map((mailbox) => `${mailbox.address}: ${mailbox.password}:`)),
		{ ...exim, mode: 0o640 },
	);
	await box.writeFile('/etc/localdomains', lines([settings.hostname, ...sites.map((site) => site.domain)]));
	await box.writeFile('/etc/userdomains', lines(sites.map((site) => `${site.domain}: ${site.owner}`)));
	await box.writeFile(
		'/etc/mailips',
		lines([...sites.map((site) => `${site.domain}: ${site.address}`), `*: ${defaultSource.address}`]),
	);
	await box.writeFile('/etc/mailhelo', lines(sites.map((site) => `${site.domain}: ${site.helo}`)));
	await box.writeFile('/etc/aliases', lines(['postmaster: cpuser', 'root: cpuser']));
	const piped = `${autoresponder}: "|/usr/local/bin/autorespond ${autoresponder}"`;
	for (const site of sites) {
		const own = Object.entries(aliases)
			.filter(([address]) => address.endsWith(`@${site.domain}`))
			.map(([address, targets]) => `${address}: ${targets.map((to) => atHost(to, settings)).join(', ')}`);
		const pipes = autoresponder.endsWith(`@${site.domain}`) ? [piped] : [];
		await box.writeFile(`/etc/valiases/${site.domain}`, lines([...own, ...pipes]));
		const local = mailboxes.map(({ address }) => address.split('@')).filter(([, domain]) => domain === site.domain);
		await box.writeFile(`/etc/mailboxes/${site.domain}`, lines(local.map(([name]) => `${name}: ${name}`)));
		const { privateKey } = await dkimKey(site.domain);
		await box.writeFile(`/var/cpanel/domain_keys/private/${site.domain}`, privateKey, { ...exim, mode: 0o640 });
	}
	await box.writeFile('/home/bob/.forward', lines([bobForwardsTo]), { owner: 'bob' });
	await box.writeFile('/etc/mailman/lists', lines([`${mailingList.address}: ${mailingList.name}`]));
	await box.writeFile(`/etc/mailman/${mailingList.name}.members`, lines(mailingList.members));
	await box.writeFile('/usr/local/bin/list-post', listPostScript, { mode: 0o755 });
	await box.writeFile('/usr/local/bin/autorespond', autorespondScript, { mode: 0o755 });
}

function atHost(target: string, settings: EximSettings): string {
	return target.includes('@') ? target : `${target}@${settings.hostname}`;
}

type DkimKey = { readonly privateKey: string; readonly publicKeyBase64: string };
const dkimKeys = new Map<string, Promise<DkimKey>>();

/** One key a domain and process: making one takes a good part of a second. */
function dkimKey(domain: string): Promise<DkimKey> {
	const found = dkimKeys.get(domain);
	if (found !== undefined) return found;
	const made = promisify(generateKeyPair)('rsa', { modulusLength: 2048 }).then(({ privateKey, publicKey }) => ({
		privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
		publicKeyBase64: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
	}));
	dkimKeys.set(domain, made);
	return made;
}

/** A running Exim. */
export class Exim {
	readonly box: Box;
	readonly hostname: string;
	/** As port 25: no AUTH, mail for own domains only. */
	readonly smtpPort: number;
	readonly submissionPort: number;
	readonly #settings: EximSettings;

	constructor(box: Box, settings: EximSettings) {
		this.box = box;
		this.#settings = settings;
		this.hostname = settings.hostname;
		this.smtpPort = settings.smtpPort;
		this.submissionPort = settings.submissionPort;
	}

	/** Used by `startExim`. */
	async start(wiring: EximWiring, queueRunSeconds: number | undefined): Promise<void> {
		await this.#install(wiring);
		await this.run(queueRunSeconds);
	}

	/** Starts the daemon with the configuration as it stands. */
	async run(queueRunSeconds?: number): Promise<void> {
		await this.box.run(['/usr/sbin/exim4', '-bd', ...(queueRunSeconds === undefined ? [] : [`-q${queueRunSeconds}s`])]);
		await this.#daemonStarted(1);
	}

	/**
	 * Puts the blocks in their places, in place of earlier ones, and makes the daemon read them.
	 * Throws when `exim -bV` refuses the configuration; the former one then stays.
	 */
	async wire(wiring: EximWiring): Promise<void> {
		await this.#install(wiring);
		await this.reload();
	}

	/** SIGHUP; for a test that wrote the configuration itself. Resolves when the daemon listens again. */
	async reload(): Promise<void> {
		const starts = await this.#starts();
		let hungUpMs = Number.NEGATIVE_INFINITY;
		const hasStarted = async () => {
			if ((await this.#starts()) > starts) return true;
			// Exim ignores the signal for a moment after it says that it has started.
			if (performance.now() - hungUpMs > HANG_UP_AGAIN_MS) {
				hungUpMs = performance.now();
				await this.box.run(['/bin/sh', '-c', 'kill -HUP "$(cat /run/exim4/exim.pid)"']);
			}
			return false;
		};
		await until(hasStarted, { waitMs: DAEMON_WAIT_MS, otherwise: () => this.log() });
	}

	/** Back to the stock route, and to the stock configuration byte for byte. */
	unwire(): Promise<void> {
		return this.wire({});
	}

	/** The configuration as it stands in the box. */
	configuration(): Promise<string> {
		return this.box.readFile(CONFIGURATION_PATH);
	}

	/** A forced queue run that spares frozen messages; resolves when it is over. */
	async kick(): Promise<void> {
		await this.box.run(['/usr/sbin/exim4', '-qf'], { timeoutMs: 120_000 });
	}

	async queue(): Promise<readonly EximQueued[]> {
		return parseQueue((await this.box.run(['/usr/sbin/exim4', '-bp'])).stdout);
	}

	/** Resolves when nothing is queued, not even what is being delivered. Throws after `waitMs` with the queue. */
	async queueEmpty(waitMs = 15_000): Promise<void> {
		await until(async () => (await this.queue()).length === 0, {
			waitMs,
			otherwise: async () => `still queued: ${JSON.stringify(await this.queue())}`,
		});
	}

	/** The whole main log. */
	log(): Promise<string> {
		return this.box.readFile('/var/log/exim4/mainlog');
	}

	/** The panic log; empty on a good day. */
	panicLog(): Promise<string> {
		return this.box.readFile('/var/log/exim4/paniclog').catch(() => '');
	}

	/** What was delivered to a mailbox of a site or to a unix user; empty if nothing yet. */
	mailbox(address: string): Promise<string> {
		const [local, domain] = address.split('@') as [string, string | undefined];
		const site = sites.find((each) => each.domain === domain);
		const path = site === undefined ? `/var/mail/${local}` : `/home/${site.owner}/mail/${site.domain}/${local}`;
		return this.box.readFile(path).catch(() => '');
	}

	/** The TXT record `default._domainkey.DOMAIN` that fits the key Exim signs with. */
	async dkimRecord(domain: string): Promise<string> {
		return `v=DKIM1; k=rsa; p=${(await dkimKey(domain)).publicKeyBase64}`;
	}

	stop(): Promise<void> {
		return this.box.stop();
	}

	async #install(wiring: EximWiring): Promise<void> {
		const fresh = `${CONFIGURATION_PATH}.new`;
		await this.box.writeFile(fresh, eximConfiguration(this.#settings, wiring));
		await this.box.run(['/usr/sbin/exim4', '-C', fresh, '-bV']);
		await this.box.run(['/bin/mv', fresh, CONFIGURATION_PATH]);
	}

	async #starts(): Promise<number> {
		return (await this.log().catch(() => '')).split(' daemon started: ').length - 1;
	}

	/** The line is written when the sockets are open, at the start and after every SIGHUP. */
	async #daemonStarted(times: number): Promise<void> {
		await until(async () => (await this.#starts()) >= times, {
			waitMs: DAEMON_WAIT_MS,
			otherwise: async () => `Exim did not start: ${await this.log().catch(String)} ${await this.panicLog()}`,
		});
	}
}

/** `exim -bp`: a line `AGE SIZE ID <SENDER> [*** frozen ***]`, then one indented line a recipient; `D` marks those done. */
export function parseQueue(text: string): readonly EximQueued[] {
	return text
		.split('\n\n')
		.filter((entry) => entry.trim() !== '')
		.map((entry) => {
			const [first, ...rest] = entry.replace(/^\n+/, '').split('\n');
			const fields = first!.trim().split(/\s+/);
			return {
				id: fields[2]!,
				sender: fields[3]!.slice(1, -1),
				recipients: rest.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('D ')),
				isFrozen: first!.includes('*** frozen ***'),
			};
		});
}
