/**
 * A password server that speaks Dovecot's authentication protocol, for Postfix's `smtpd_sasl_type = dovecot`.
 *
 * Knows PLAIN only, which is what tests use. One line in, one line out, fields parted by tabs.
 * Source: Dovecot's "Authentication Protocol v1.2".
 */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export type SaslAuth = { readonly port: number; readonly stop: () => Promise<void> };

type Account = { readonly address: string; readonly password: string };

/** Listens on a free port of 127.0.0.1. */
export async function startSaslAuth(accounts: readonly Account[]): Promise<SaslAuth> {
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket)).on('error', () => {});
		socket.write(
			[
				'VERSION\t1\t2',
				'MECH\tPLAIN\tplaintext',
				`SPID\t${process.pid}`,
				'CUID\t1',
				`COOKIE\t${'0'.repeat(32)}`,
				'DONE',
			]
				.map((line) => `${line}\n`)
				.join(''),
		);
		let pending = '';
		socket.setEncoding('utf8').on('data', (text: string) => {
			const lines = (pending + text).split('\n');
			pending = lines.pop()!;
			for (const line of lines) {
				const answer = answerTo(line.split('\t'), accounts);
				if (answer !== undefined) socket.write(`${answer}\n`);
			}
		});
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	// It serves a box; it must not keep a test process alive that forgot the box.
	server.unref();
	return {
		port: (server.address() as AddressInfo).port,
		stop: async () => {
			for (const socket of sockets) socket.destroy();
			server.close();
			await once(server, 'close');
		},
	};
}

/** `AUTH id mech … resp=base64` or `CONT id base64` → OK or FAIL; an AUTH without a response is asked for one. */
function answerTo(fields: readonly string[], accounts: readonly Account[]): string | undefined {
	const [verb, id] = fields;
	if (verb !== 'AUTH' && verb !== 'CONT') return undefined;
	const response =
		verb === 'CONT' ? fields[2] : fields.find((field) => field.startsWith('resp='))?.slice('resp='.length);
	if (response === undefined) return `CONT\t${id}\t`;
	const [, user = '', password] = Buffer.from(response, 'base64').toString('utf8').split('\0');
	const isKnown = accounts.some((account) => account.address === user && account.password === password);
	return `${isKnown ? 'OK' : 'FAIL'}\t${id}\tuser=${user}`;
}
