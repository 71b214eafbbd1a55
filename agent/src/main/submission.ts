/**
 * Submission for remote applications: its listeners, from the configuration. Off unless an address is named.
 *
 * Nothing that is wrong with them stops the agent, whose first work is the MTA's mail: a port that somebody has, a certificate that cannot be
 * read are health problems, and are tried again every minute. A renewed certificate is taken over within the hour, or at SIGHUP.
 *
 * Not here: what is said there (io/smtp-in, flow/submit.ts), listeners that are opened (submission-listeners.ts), ports and their
 * owners (submission-ports.ts).
 */
import type { Config } from '@sluice/shared/contract/config.ts';
import type { Flow } from '../flow/context.ts';
import type { Credentials } from '../flow/credentials.ts';
import { createLogins } from '../flow/login.ts';
import { submissionHandlers } from '../flow/submit.ts';
import type { SmtpInSettings } from '../io/smtp-in/settings.ts';
import type { Passwords } from '../ports/passwords.ts';
import type { ReceptionHandlers } from '../ports/smtp-in.ts';
import type { Events } from './events.ts';
import { smtpInSettingsOf } from './part-settings.ts';
import { createListeners, trouble } from './submission-listeners.ts';
import { type SubmissionPort, submissionPorts, submissionTls } from './submission-ports.ts';

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

export async function openSubmission(options: SubmissionOptions): Promise<Submission> {
	const { config, flow, events, credentials, passwords, relay } = options;
	const { clock } = flow;
	const { authFailuresMax, blockSeconds } = config.submission;
	const bounds = { failuresMax: authFailuresMax, spanMs: blockSeconds * 1_000 };
	const logins = createLogins({ clock, events: flow.events, credentials, passwords, bounds: () => bounds });
	const listeners = createListeners({
		flow,
		settings: submissionSettingsOf(config, flow.settings().hostName),
		handlers: submissionHandlers({ flow, credentials, logins }, relay),
		tls: () => submissionTls(config),
	});
	let ports: readonly SubmissionPort[] = [];
	try {
		ports = submissionPorts(config);
	} catch (error) {
		trouble(flow, 'submission-address', (error as Error).message, 'Correct the address and restart.');
	}
	if (ports.length > 0) {
		await listeners.open(ports);
		events.listen((event) => {
			if (event.event === 'agent.reloaded') listeners.renew();
		});
	}
	return {
		get connections() {
			return listeners.connections;
		},
		async stop(graceMs) {
			logins.stop();
			await listeners.stop(graceMs);
		},
	};
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
