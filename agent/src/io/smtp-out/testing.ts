/**
 * Values that the tests of this folder share: a target, a message, a dialer that is stopped with its test.
 */
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Dialer, DialTarget, OutboundConnection, OutboundMessage } from '../../ports/smtp-out.ts';
import { createDialer } from './dialer.ts';
import { type Peer, ScriptedServer } from './scripted-server.ts';
import { type DialerSettings, dialerDefaults, type StageTimeouts } from './settings.ts';

export const contentText = 'Subject: test\r\n\r\n..dot\r\nend\r\n';

/** A message to these recipients, with the content given or a small one. */
export function messageTo(
	addresses: readonly string[],
	content: Uint8Array = Buffer.from(contentText),
): OutboundMessage {
	const recipients = addresses.map((address) => ({ address }));
	return {
		envelope: { reversePath: 'me@one.test', recipients, has8bit: false, smtpUtf8: false },
		recipients,
		chunks: [content.subarray(0, 5), content.subarray(5)],
		bytes: content.length,
		has8bit: false,
	};
}

export function targetAt(port: number, more: Partial<DialTarget> = {}): DialTarget {
	return { address: '127.0.0.1', port, host: 'mx.sink.test', helo: 'client.test', tls: 'none', ...more };
}

type Lab = {
	readonly server: ScriptedServer;
	readonly dialer: Dialer;
	readonly target: DialTarget;
	/** Connects or fails the test. */
	readonly connect: () => Promise<OutboundConnection>;
	/** Stops both sides; throws when the script failed. */
	readonly stop: () => Promise<void>;
};

/** A scripted server and a dialer; short time-outs where given, the others long enough never to ring. */
export async function lab(
	script: (peer: Peer, index: number) => Promise<void>,
	given: { target?: Partial<DialTarget>; timeouts?: Partial<StageTimeouts>; settings?: Partial<DialerSettings> } = {},
): Promise<Lab> {
	const server = await ScriptedServer.start(script);
	const dialer = createDialer({
		...given.settings,
		timeouts: { ...dialerDefaults.timeouts, quitMs: 200, ...given.timeouts },
	});
	const target = targetAt(server.port, given.target);
	return {
		server,
		dialer,
		target,
		connect: async () => {
			const connected = await dialer.connect(target);
			if (!connected.ok) throw new Error(`no connection: ${JSON.stringify(connected.error)}`);
			return connected.value;
		},
		stop: async () => {
			await dialer.stop();
			await server.stop();
		},
	};
}

/** Waits until the claim is true, at most two seconds. */
export async function until(claim: () => boolean): Promise<void> {
	const deadline = Date.now() + 2_000;
	while (!claim()) {
		if (Date.now() > deadline) throw new Error(`never true: ${claim}`);
		await new Promise((resolve) => setTimeout(resolve, 2));
	}
}

const certificate = (name: string): Buffer =>
	readFileSync(new URL(`../../../../test/internet/certs/${name}`, import.meta.url));

/** The authority that signed the `good` certificate of the fake internet. */
export const testAuthority = (): Buffer => certificate('ca.crt');

export const serverCertificate = (kind: 'good' | 'bad'): SecureContext =>
	createSecureContext({ key: certificate(`${kind}.key`), cert: certificate(`${kind}.crt`) });
