/**
 * Why an agent takes no mail: how each begins and how it ends, on a server that is watched. For the long run, where each is tried whole.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { WatchedServer } from './watched-server.ts';

export type Cause = readonly [
	cause: string,
	begin: (on: WatchedServer) => Promise<void>,
	end: (on: WatchedServer) => Promise<void>,
];

const room = (on: WatchedServer, minFreeBytes: number): Promise<void> => {
	on.configure((config) => ({ ...config, spool: { ...(config.spool as object), minFreeBytes } }));
	const { pid, lines, until } = on.agent();
	const event = minFreeBytes === 0 ? 'health.recovered' : 'health.degraded';
	const before = lines.filter((line) => line.event === event).length;
	process.kill(pid, 'SIGHUP');
	return until(() => lines.filter((line) => line.event === event).length > before);
};
const signalled = async (on: WatchedServer, signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> => {
	process.kill(on.agent().pid, signal);
};
let stranger: Server | undefined;

export const causes: readonly Cause[] = [
	['it was killed', (on) => on.killAgent(), (on) => on.startAgent()],
	['it was stopped', (on) => signalled(on, 'SIGSTOP'), (on) => signalled(on, 'SIGCONT')],
	['it has no room', (on) => room(on, 2 ** 40), (on) => room(on, 0)],
	[
		'a web server has its port',
		async (on) => {
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
		async (on) => {
			await new Promise((resolve) => stranger?.close(resolve));
			await on.startAgent();
		},
	],
];
