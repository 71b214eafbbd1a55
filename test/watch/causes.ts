/** Why an agent takes no mail: how each begins and how it ends, on a server that is watched. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { WatchedServer } from './watched-server.ts';

export type Cause = {
	readonly cause: string;
	readonly begin: (on: WatchedServer) => Promise<void>;
	readonly end: (on: WatchedServer) => Promise<void>;
};

export const killed: Cause = {
	cause: 'it was killed',
	begin: (on) => on.killAgent(),
	end: (on) => on.startAgent(),
};

const signalled = async (on: WatchedServer, signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> => {
	process.kill(on.agent().pid, signal);
};
export const stopped: Cause = {
	cause: 'it was stopped',
	begin: (on) => signalled(on, 'SIGSTOP'),
	end: (on) => signalled(on, 'SIGCONT'),
};

const room = (on: WatchedServer, minFreeBytes: number): Promise<void> => {
	on.configure((config) => ({ ...config, spool: { ...(config.spool as object), minFreeBytes } }));
	const { pid, lines, until } = on.agent();
	const event = minFreeBytes === 0 ? 'health.recovered' : 'health.degraded';
	const before = lines.filter((line) => line.event === event).length;
	process.kill(pid, 'SIGHUP');
	return until(() => lines.filter((line) => line.event === event).length > before);
};
export const full: Cause = {
	cause: 'it has no room',
	begin: (on) => room(on, 2 ** 40),
	end: (on) => room(on, 0),
};

let stranger: Server | undefined;
export const replaced: Cause = {
	cause: 'a web server has its port',
	async begin(on) {
		await on.killAgent();
		stranger = createServer((socket) =>
			socket
				.on('error', () => {})
				.resume()
				.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
		);
		stranger.listen(on.server.ports.agent, '127.0.0.1');
		await once(stranger, 'listening');
	},
	async end(on) {
		await new Promise((resolve) => stranger?.close(resolve));
		await on.startAgent();
	},
};
