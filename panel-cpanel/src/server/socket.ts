/**
 * Listening on a unix socket of a path: one that nobody answers on is removed first, one that somebody answers on is left alone.
 */
import { once } from 'node:events';
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { createConnection } from 'node:net';

/** Owner and group. What others get by the umask until then is no right to connect (unix(7): that needs write). */
const socketMode = 0o660;
const answerMs = 2_000;

function isAnswered(path: string): Promise<boolean> {
	return new Promise((resolve, reject) => {
		const socket = createConnection(path);
		const end = (isThere: boolean): void => {
			socket.destroy();
			resolve(isThere);
		};
		socket.setTimeout(answerMs, () => end(true));
		socket.once('connect', () => end(true));
		socket.once('error', (error: NodeJS.ErrnoException) => {
			if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') end(false);
			else reject(error);
		});
	});
}

const isSocket = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true;

/** Rejects when another process answers there, or something else than a socket stands in the way. */
export async function listenOn(server: Server, path: string): Promise<void> {
	if (isSocket(path)) {
		if (await isAnswered(path)) throw new Error(`another panel server answers on ${path}`);
		unlinkSync(path);
	}
	server.listen(path);
	await once(server, 'listening');
	chmodSync(path, socketMode);
}

/** A socket that the service manager holds (sd_listen_fds(3)); undefined: it passed none to this process. */
export const passedSocket = (environment: NodeJS.ProcessEnv, pid: number): number | undefined =>
	Number(environment.LISTEN_PID) === pid && Number(environment.LISTEN_FDS) >= 1 ? 3 : undefined;
