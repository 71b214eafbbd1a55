/**
 * Submission for remote applications: its listeners, from the configuration. Off unless an address is named.
 *
 * Nothing that is wrong with them stops the agent, whose first work is the MTA's mail: a port that somebody has, a certificate that cannot be
 * read are health problems, and are tried again every minute. A renewed certificate is taken over within the hour, or at SIGHUP.
 *
 * Not here: what is said there (io/smtp-in, flow/submit.ts), ports and their owners (submission-ports.ts).
 */
import type { Config } from '@sluice/shared/contract/config.ts';
import type { Flow } from '../flow/context.ts';
import type { Credentials } from '../flow/credentials.ts';
import { createLogins } from '../flow/login.ts';
import { submissionHandlers } from '../flow/submit.ts';
import { listenSmtp } from '../io/smtp-in/server.ts';
import type { SmtpInSettings } from '../io/smtp-in/settings.ts';
import type { Timer } from '../ports/clock.ts';
import type { Passwords } from '../ports/passwords.ts';
import type { ReceptionHandlers, SmtpListener, TlsPair } from '../ports/smtp-in.ts';
import type { Events } from './events.ts';
import { smtpInSettingsOf } from './part-settings.ts';
import { firewallLines, type SubmissionPort, submissionPorts, submissionTls, takenBy } from './submission-ports.ts';

export type Submission = {
	readonly connections: number;
	stop(graceMs: number): Promise<void>;
};

export type SubmissionOptions = {
	readonly config: Config;
	readonly flow: Flow;
	readonly events: Events;
	readonly credentials: Credentials;
	readonly passwords: Passwords;
	/** What the relay port is driven by. */
	readonly relay: ReceptionHandlers;
};

const againMs = 60_000;
const renewMs = 3_600_000;
const certificateProblem = 'submission-certificate';
const portProblem = ({ address }: SubmissionPort): string => `submission-port-${address}`;

export async function openSubmission(options: SubmissionOptions): Promise<Submission> {
	const { config, flow, events, credentials, passwords, relay } = options;
	const { clock, health } = flow;
	const { authFailuresMax, blockSeconds } = config.submission;
	const bounds = { failuresMax: authFailuresMax, spanMs: blockSeconds * 1_000 };
	const logins = createLogins({ clock, events: flow.events, credentials, passwords, bounds: () => bounds });
	const handlers = submissionHandlers({ flow, credentials, logins }, relay);
	const settings = submissionSettingsOf(config, flow.settings().hostName);
	const listeners = new Map<SubmissionPort, SmtpListener>();
	let isStopped = false;
	let retry: Timer | undefined;
	let renewal: Timer | undefined;

	function certificate(): TlsPair | undefined {
		try {
			const pair = submissionTls(config);
			health.clear(certificateProblem);
			return pair;
		} catch (error) {
			trouble(certificateProblem, (error as Error).message, 'Correct it; it is looked at again every minute.');
			return undefined;
		}
	}

	function trouble(code: string, text: string, hint: string): void {
		health.raise({ code, text: `Submission: ${text}`, hint, stops: 'nothing' });
	}

	async function open(port: SubmissionPort, tls: TlsPair): Promise<void> {
		const { host, isImplicitTls } = port;
		const hint = '`ss -ltnp` as root shows who has it. It is tried again every minute.';
		const taken = await takenBy(port, false);
		if (taken !== undefined) return trouble(portProblem(port), taken, hint);
		try {
			const listener = await listenSmtp({
				listen: { host, port: port.port },
				settings,
				handlers,
				clock,
				peers: { uidOf: async () => undefined },
				isProved: () => false,
				tls,
				isImplicitTls,
			});
			if (isStopped) return await listener.stop(0);
			listeners.set(port, listener);
			health.clear(portProblem(port));
			announce(port, listener);
		} catch (error) {
			const text = await refusedText(port, error as NodeJS.ErrnoException);
			trouble(portProblem(port), text, hint);
		}
	}

	function announce({ host, isImplicitTls }: SubmissionPort, { address }: SmtpListener): void {
		const lines = firewallLines(host, Number(address.slice(address.lastIndexOf(':') + 1)));
		const tls = isImplicitTls ? 'implicit' : 'starttls';
		flow.events.emit({ event: 'submission.listening', atMs: clock.now(), address, tls, ...lines });
	}

	async function openAll(ports: readonly SubmissionPort[]): Promise<void> {
		const missing = ports.filter((port) => !listeners.has(port));
		if (missing.length === 0 || isStopped) return;
		const tls = certificate();
		if (tls !== undefined) for (const port of missing) await open(port, tls);
		if (!isStopped && ports.some((port) => !listeners.has(port)))
			retry = clock.after(againMs, () => void openAll(ports));
	}

	function renew(): void {
		const tls = listeners.size === 0 ? undefined : certificate();
		if (tls !== undefined) for (const listener of listeners.values()) listener.renew(tls);
	}

	function renewLater(): void {
		renewal = clock.after(renewMs, () => {
			renew();
			renewLater();
		});
	}

	let ports: readonly SubmissionPort[] = [];
	try {
		ports = submissionPorts(config);
	} catch (error) {
		trouble('submission-address', (error as Error).message, 'Correct the address and restart.');
	}
	if (ports.length > 0) {
		await openAll(ports);
		renewLater();
		events.listen((event) => {
			if (event.event === 'agent.reloaded' && !isStopped) renew();
		});
	}
	return {
		get connections() {
			return [...listeners.values()].reduce((sum, listener) => sum + listener.connections, 0);
		},
		async stop(graceMs) {
			isStopped = true;
			retry?.cancel();
			renewal?.cancel();
			logins.stop();
			await Promise.all([...listeners.values()].map((listener) => listener.stop(graceMs)));
		},
	};
}

async function refusedText(port: SubmissionPort, error: NodeJS.ErrnoException): Promise<string> {
	if (error.code === 'EADDRINUSE') return (await takenBy(port, true)) as string;
	if (error.code === 'EACCES')
		return `${port.key}: ${port.address} needs more rights than this user has. Choose a port from 1024 on.`;
	if (error.code === 'EADDRNOTAVAIL') return `${port.key}: this machine has no address ${port.host}.`;
	return `${port.key}: ${port.address} cannot be had (${error.message})`;
}

/** As the relay port's but for what strangers may do. */
function submissionSettingsOf(config: Config, hostName: string): SmtpInSettings {
	const { connectionsMax } = config.submission;
	return {
		...smtpInSettingsOf(config, hostName),
		peerLookup: false,
		needsLogin: true,
		connectionsMax,
		// Half: one client may be a large application, and must not be all.
		connectionsPerAddressMax: Math.max(1, Math.ceil(connectionsMax / 2)),
	};
}
