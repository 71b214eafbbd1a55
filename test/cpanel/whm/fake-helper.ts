/**
 * A root helper for tests: owners of accounts from a map, everything else as the test says; what it was asked is kept.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type HelperVerb, helperRequestSchema, helperVerbs } from '@sluice/shared/contract/helper.ts';

export type FakeHelper = {
	readonly owners: Map<string, string>;
	readonly asked: { readonly verb: HelperVerb; readonly actor: string; readonly args: unknown }[];
	stop(): Promise<void>;
};

export async function startFakeHelper(path: string): Promise<FakeHelper> {
	const owners = new Map<string, string>();
	const asked: { verb: HelperVerb; actor: string; args: unknown }[] = [];
	const sockets = new Set<Socket>();

	function answer(line: string): object {
		const request = helperRequestSchema.safeParse(JSON.parse(line));
		if (!request.success) return { ok: false, code: 'invalid', text: 'not a request' };
		const { verb, actor, args } = request.data;
		asked.push({ verb, actor, args });
		if (verb === 'accounts-owned') {
			const reseller = actor.split(' ')[1]?.replace(';', '');
			const { users } = helperVerbs['accounts-owned'].args.parse(args);
			return { ok: true, result: { owned: users.filter((user) => owners.get(user) === reseller) } };
		}
		if (verb !== 'account-owner') return { ok: true, result: { text: 'Done.' } };
		const { user } = helperVerbs['account-owner'].args.parse(args);
		return { ok: true, result: { owner: owners.get(user) ?? null } };
	}

	const server = createServer((socket) => {
		sockets.add(socket);
		let read = '';
		socket.setEncoding('utf8').on('error', () => {});
		socket.on('close', () => sockets.delete(socket));
		socket.on('data', (text: string) => {
			read += text;
			if (read.endsWith('\n')) socket.end(`${JSON.stringify(answer(read))}\n`);
		});
	}).listen(path);
	await once(server, 'listening');
	return {
		owners,
		asked,
		async stop() {
			for (const socket of sockets) socket.destroy();
			server.close();
			await once(server, 'close');
		},
	};
}
