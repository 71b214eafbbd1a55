/**
 * The listeners of submission: opened, tried again every minute while one is missing, given renewed certificates.
 *
 * A renewed certificate is taken over within the hour, or when asked for. Not here: which ports, and who has them (submission-ports.ts).
 */
import type { Flow } from '../flow/context.ts';
import { listenSmtp } from '../io/smtp-in/server.ts';
import type { SmtpInSettings } from '../io/smtp-in/settings.ts';
import type { Timer } from '../ports/clock.ts';
import type { ReceptionHandlers, SmtpListener, TlsPair } from '../ports/smtp-in.ts';
import { firewallLines, type SubmissionPort, takenBy } from './submission-ports.ts';

export type ListenersInput = {
	readonly flow: Flow;
	readonly settings: SmtpInSettings;
	readonly handlers: ReceptionHandlers;
	/** Throws, in words, when the certificate cannot be read. */
	readonly tls: () => TlsPair;
};

export type Listeners = {
	/** Once. Never rejects: what is wrong is a health problem. */
	open(ports: readonly SubmissionPort[]): Promise<void>;
	/** Reads the certificate anew. */
	renew(): void;
	readonly connections: number;
	stop(graceMs: number): Promise<void>;
};

const againMs = 60_000;
const renewMs = 3_600_000;
const certificateProblem = 'submission-certificate';
const portProblem = ({ address }: SubmissionPort): string => `submission-port-${address}`;
const portHint = '`ss -ltnp` as root shows who has it. It is tried again every minute.';

export function createListeners(input: ListenersInput): Listeners {
	const { clock } = input.flow;
	const listeners = new Map<SubmissionPort, SmtpListener>();
	let isStopped = false;
	let retry: Timer | undefined;
	let renewal: Timer | undefined;

	async function openOne(port: SubmissionPort, tls: TlsPair): Promise<void> {
		const listener = await listen(input, port, tls);
		if (listener === undefined) return;
		if (isStopped) return await listener.stop(0);
		listeners.set(port, listener);
		announce(input.flow, port, listener);
	}

	async function openMissing(ports: readonly SubmissionPort[]): Promise<void> {
		const missing = ports.filter((port) => !listeners.has(port));
		if (missing.length === 0 || isStopped) return;
		const tls = certificate(input);
		if (tls !== undefined) for (const port of missing) await openOne(port, tls);
		if (!isStopped && ports.some((port) => !listeners.has(port)))
			retry = clock.after(againMs, () => void openMissing(ports));
	}

	function renew(): void {
		const tls = listeners.size === 0 || isStopped ? undefined : certificate(input);
		if (tls !== undefined) for (const listener of listeners.values()) listener.renew(tls);
	}

	function renewLater(): void {
		renewal = clock.after(renewMs, () => {
			renew();
			renewLater();
		});
	}

	return {
		async open(ports) {
			await openMissing(ports);
			renewLater();
		},
		renew,
		get connections() {
			return [...listeners.values()].reduce((sum, listener) => sum + listener.connections, 0);
		},
		async stop(graceMs) {
			isStopped = true;
			retry?.cancel();
			renewal?.cancel();
			await Promise.all([...listeners.values()].map((listener) => listener.stop(graceMs)));
		},
	};
}

export function trouble({ health }: Flow, code: string, text: string, hint: string): void {
	health.raise({ code, text: `Submission: ${text}`, hint, stops: 'nothing' });
}

function certificate({ flow, tls }: ListenersInput): TlsPair | undefined {
	try {
		const pair = tls();
		flow.health.clear(certificateProblem);
		return pair;
	} catch (error) {
		trouble(flow, certificateProblem, (error as Error).message, 'Correct it; it is looked at again every minute.');
		return undefined;
	}
}

/** undefined: it cannot be had now. */
async function listen(input: ListenersInput, port: SubmissionPort, tls: TlsPair): Promise<SmtpListener | undefined> {
	const { flow, settings, handlers } = input;
	const { host, isImplicitTls } = port;
	const taken = await takenBy(port, false);
	if (taken !== undefined) {
		trouble(flow, portProblem(port), taken, portHint);
		return undefined;
	}
	try {
		return await listenSmtp({
			listen: { host, port: port.port },
			settings,
			handlers,
			clock: flow.clock,
			peers: { uidOf: async () => undefined },
			isProved: () => false,
			tls,
			isImplicitTls,
		});
	} catch (error) {
		const text = await refusedText(port, error as NodeJS.ErrnoException);
		trouble(flow, portProblem(port), text, portHint);
		return undefined;
	}
}

/** It is there, and how to let clients reach it. */
function announce({ clock, events, health }: Flow, port: SubmissionPort, { address }: SmtpListener): void {
	health.clear(portProblem(port));
	const lines = firewallLines(port.host, Number(address.slice(address.lastIndexOf(':') + 1)));
	const tls = port.isImplicitTls ? 'implicit' : 'starttls';
	events.emit({ event: 'submission.listening', atMs: clock.now(), address, tls, ...lines });
}

async function refusedText(port: SubmissionPort, error: NodeJS.ErrnoException): Promise<string> {
	if (error.code === 'EADDRINUSE') return (await takenBy(port, true)) as string;
	if (error.code === 'EACCES')
		return `${port.key}: ${port.address} needs more rights than this user has. Choose a port from 1024 on.`;
	if (error.code === 'EADDRNOTAVAIL') return `${port.key}: this machine has no address ${port.host}.`;
	return `${port.key}: ${port.address} cannot be had (${error.message})`;
}
