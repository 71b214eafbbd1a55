/**
 * A listener of the relay port without an agent behind it: flow is a recorder that takes everything, save where an address says
 * otherwise. `refuse-550@…` is refused where it is first said (MAIL or RCPT), `end-451@…` as a recipient makes the reply to the
 * final dot, `throw@…` is a bug in flow, `late@…` holds the reply back until `releaseLate`. With `needsLogin` the user `app` has the
 * password `right`, the user `throw` is a bug in flow, and a recipient `revoke@…` ends the login.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { listenSmtp } from '@sluice/agent/io/smtp-in/server.ts';
import { defaultSmtpInSettings, type SmtpInSettings } from '@sluice/agent/io/smtp-in/settings.ts';
import { systemClock } from '@sluice/agent/io/system/clock.ts';
import type { Clock } from '@sluice/agent/ports/clock.ts';
import type {
	Peer,
	PeerLookup,
	ReceivedContent,
	ReceptionHandlers,
	SmtpListener,
	SmtpSession,
} from '@sluice/agent/ports/smtp-in.ts';
import type { Envelope } from '@sluice/shared/words/envelope.ts';
import { faults } from '@sluice/shared/words/faults.ts';
import { type Reply, reply } from '@sluice/shared/words/reply.ts';
import type { Address } from './client.ts';

export type Recorded = {
	readonly session: SmtpSession;
	readonly envelope: Envelope;
	readonly content: ReceivedContent;
};

export type Recorder = {
	readonly listener: SmtpListener;
	readonly address: Address;
	readonly messages: Recorded[];
	readonly faults: { readonly fault: string; readonly detail: string }[];
	readonly peers: Peer[];
	/** Answers held back for `late@…`. */
	readonly late: number;
	releaseLate(): void;
};

export type RecorderOptions = {
	readonly settings?: Partial<SmtpInSettings>;
	readonly isProved?: boolean;
	readonly offersTls?: boolean;
	readonly isImplicitTls?: boolean;
	readonly fd?: number;
	readonly peers?: PeerLookup;
	readonly provedUids?: readonly number[];
	readonly handlers?: Partial<ReceptionHandlers>;
	/** Keep only envelope and size of messages. */
	readonly dropsContent?: boolean;
	readonly clock?: Clock;
};

const certificate = (name: string): Buffer =>
	readFileSync(fileURLToPath(new URL(`../internet/certs/${name}`, import.meta.url)));

export async function startRecorder(options: RecorderOptions = {}): Promise<Recorder> {
	const messages: Recorded[] = [];
	const told: { fault: string; detail: string }[] = [];
	const peers: Peer[] = [];
	const held: (() => void)[] = [];
	const uids = new Set(options.provedUids);
	let isRevoked = false;
	const handlers: ReceptionHandlers = {
		connect(peer) {
			peers.push(peer);
			return undefined;
		},
		mail: (_, mail) => magicRefusal(mail.reversePath),
		recipient(_, recipient) {
			isRevoked ||= recipient.address.startsWith('revoke@');
			return magicRefusal(recipient.address);
		},
		async login(_, { user, password }) {
			if (user === 'throw') throw new Error('a bug in flow');
			if (user !== 'app' || password !== 'right') return { ok: false, reply: faults.authFailed.reply };
			return { ok: true, credential: { id: user, account: 'shop' } };
		},
		stillWelcome: () => (isRevoked ? faults.loginEnded.reply : undefined),
		async message(session, envelope, content) {
			const kept = options.dropsContent ? { ...content, chunks: [], headerText: '' } : content;
			messages.push({ session, envelope, content: kept });
			const addresses = envelope.recipients.map((recipient) => recipient.address);
			if (addresses.some((address) => address.startsWith('late@'))) {
				await new Promise<void>((resolve) => held.push(resolve));
			}
			const code = addresses.map((address) => /^end-(\d{3})@/.exec(address)?.[1]).find((found) => found !== undefined);
			if (addresses.some((address) => address.startsWith('throw-at-end@'))) throw new Error('a bug in flow');
			return code === undefined
				? reply(250, '2.0.0', `M${messages.length} queued`)
				: reply(Number(code), `${code[0]}.0.0`, 'As you asked');
		},
		refused: (_, fault, detail) => void told.push({ fault, detail }),
		...options.handlers,
	};
	const listener = await listenSmtp({
		listen: options.fd === undefined ? { host: '127.0.0.1', port: 0 } : { fd: options.fd },
		settings: { hostName: 'relay.test', ...defaultSmtpInSettings, ...options.settings },
		handlers,
		clock: options.clock ?? systemClock,
		peers: options.peers ?? { uidOf: async () => undefined },
		isProved: (uid) => (uid === undefined ? options.isProved === true : uids.has(uid)),
		isImplicitTls: options.isImplicitTls === true,
		...((options.offersTls || options.isImplicitTls) && {
			tls: { key: certificate('good.key'), cert: certificate('good.crt') },
		}),
	});
	const [, host, port] = /^(.*):(\d+)$/.exec(listener.address)!;
	return {
		listener,
		address: { host: host!, port: Number(port) },
		messages,
		faults: told,
		peers,
		get late() {
			return held.length;
		},
		releaseLate() {
			for (const release of held.splice(0)) release();
		},
	};
}

function magicRefusal(address: string): Reply | undefined {
	if (address.startsWith('throw@')) throw new Error('a bug in flow');
	const code = /^refuse-(\d{3})@/.exec(address)?.[1];
	return code === undefined ? undefined : reply(Number(code), `${code[0]}.7.1`, 'Refused', 'as you asked');
}
