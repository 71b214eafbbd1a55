/**
 * Listening on a unix socket of ours: one that the service manager passes, or one at a path.
 *
 * At a path, a socket on which nobody answers was left behind and is removed; one that somebody answers on, and whatever else lies
 * there, is left alone. It is born with its mode and group: changed afterwards by its path, a link that somebody put there meanwhile
 * would give away another file.
 * Not here: the agent's own socket (agent/io/http), which imports nothing of the client's side.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import { createConnection, type Server } from 'node:net';

const firstPassedFd = 3;

type Environment = { readonly [name: string]: string | undefined };

/** A listening socket of the service manager's. `name`: `FileDescriptorName=` of its unit, empty where none was told. */
export type PassedSocket = { readonly fd: number; readonly name: string };

/** More than any part of ours takes; a count that is made up costs no more than this. */
const passedMax = 16;

/** Sockets that were passed to this very process, in their order. sd_listen_fds_with_names(3). */
export function passedSockets(environment: Environment, pid: number): readonly PassedSocket[] {
	const count = Number(environment.LISTEN_FDS);
	if (Number(environment.LISTEN_PID) !== pid || !Number.isInteger(count) || count < 1) return [];
	const names = (environment.LISTEN_FDNAMES ?? '').split(':');
	return Array.from({ length: Math.min(count, passedMax) }, (_, at) => ({
		fd: firstPassedFd + at,
		name: names[at] ?? '',
	}));
}

/** File descriptor of the first one, for a process that has one socket. */
export const passedSocket = (environment: Environment, pid: number): number | undefined =>
	passedSockets(environment, pid)[0]?.fd;

export type SocketPlace = {
	readonly path: string;
	readonly mode: number;
	/** Absent: the process's own group. */
	readonly gid?: number;
};

/** `who` would answer there: `another panel server`. Rejects when it does, or when something else than a socket is in the way. */
export async function listenAtPath(server: Server, { path, mode, gid }: SocketPlace, who: string): Promise<void> {
	await removeDead(path, who);
	const [mask, group] = [process.umask(0o777 & ~mode), process.getegid?.()];
	if (gid !== undefined) process.setegid?.(gid);
	let begun: Promise<void>;
	try {
		begun = listening(server, { path });
	} finally {
		if (gid !== undefined && group !== undefined) process.setegid?.(group);
		process.umask(mask);
	}
	await begun;
}

export const listening = (server: Server, where: { readonly path: string } | { readonly fd: number }): Promise<void> =>
	new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen(where, () => {
			server.off('error', reject);
			resolve();
		});
	});

async function removeDead(path: string, who: string): Promise<void> {
	const found = lstatSync(path, { throwIfNoEntry: false });
	if (found === undefined) return;
	if (!found.isSocket()) throw new Error(`EADDRINUSE: ${path} is there and is no socket`);
	if (await isAnswered(path)) throw new Error(`${who} answers on ${path} already`);
	unlinkSync(path);
}

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
