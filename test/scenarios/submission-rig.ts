/**
 * A rig that takes submission: two listeners over TLS, an account with a domain, a credential of it, and nodemailer as its application.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ConfigInput } from '@sluice/shared/contract/config.ts';
import { createTransport } from 'nodemailer';
import { type Rig, type RigOptions, startRig } from './rig.ts';

const file = (name: string): string => fileURLToPath(new URL(`../internet/certs/${name}`, import.meta.url));
const tls = { certFile: file('good.crt'), keyFile: file('good.key') };
const ca = readFileSync(file('ca.crt'));

export type Login = { readonly user: string; readonly pass: string };

export type Application = {
	sendMail(mail: object): Promise<{ readonly messageId: string; readonly response: string }>;
	verify(): Promise<true>;
	close(): void;
};

/** Host and port as a `submission.listening` event says. */
export function submissionAt(rig: Rig, kind: 'starttls' | 'implicit'): { host: string; port: number } {
	const address = String(
		rig.events.findLast((event) => event.event === 'submission.listening' && event.tls === kind)?.address,
	);
	const colon = address.lastIndexOf(':');
	return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

export const submissionConfig = (more: ConfigInput['submission'] = {}): NonNullable<ConfigInput['submission']> => ({
	listen: ['127.0.0.1:0'],
	listenTls: ['127.0.0.1:0'],
	tls,
	...more,
});

export async function submissionRig(context: TestContext, options: RigOptions = {}): Promise<Rig> {
	const { submission, ...config } = options.config ?? {};
	const rig = await startRig(context, { ...options, config: { ...config, submission: submissionConfig(submission) } });
	await putAccount(rig, 'shop', ['shop.test', 'tienda.test']);
	return rig;
}

let revision = Date.UTC(2026, 0, 1);

export async function putAccount(
	rig: Rig,
	id: string,
	domains: string[],
	state: 'active' | 'suspended' = 'active',
): Promise<void> {
	revision += 1;
	const done = await rig.client.call('putAccount', {
		params: { id },
		body: {
			revision,
			panel: 'none',
			name: id,
			unixUsers: [],
			domains,
			mailboxes: [],
			state,
			since: '2020-01-01T00:00:00Z',
		},
	});
	assert.ok(done.ok, JSON.stringify(done));
}

export async function credentialOf(rig: Rig, account: string, senderDomains: string[] = []): Promise<Login> {
	const made = await rig.client.call('createCredential', { body: { account, name: 'web shop', senderDomains } });
	assert.ok(made.ok, JSON.stringify(made));
	return { user: made.value.credential.id, pass: made.value.password };
}

export type ApplicationOptions = {
	readonly kind?: 'starttls' | 'implicit';
	readonly method?: 'PLAIN' | 'LOGIN';
	readonly name?: string;
	readonly localAddress?: string;
};

export function application(
	context: TestContext,
	rig: Rig,
	login: Login,
	{ kind = 'starttls', method = 'PLAIN', name = 'app.elsewhere.test', localAddress }: ApplicationOptions = {},
): Application {
	const transport = createTransport({
		...submissionAt(rig, kind),
		secure: kind === 'implicit',
		requireTLS: true,
		tls: { ca, servername: 'localhost' },
		auth: login,
		authMethod: method,
		name,
		localAddress,
	} as object) as unknown as Application;
	context.after(() => transport.close());
	return transport;
}

export const mail = (changes: object = {}): object => ({
	from: 'Shop <orders@shop.test>',
	to: 'b@ok.test',
	subject: 'Your order',
	text: 'Thank you.',
	...changes,
});
