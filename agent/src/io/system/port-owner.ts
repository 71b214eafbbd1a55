/**
 * Who listens on a TCP port of this machine already, as /proc tells it: for a sentence to the administrator, never for a decision on mail.
 *
 * The socket tables name the uid; which process it is can be seen only of our own user's processes, or as root. Without that right the names of
 * well-known mail servers that run here are a good guess, and said as one. Not Linux, or /proc hidden: undefined.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';

export type PortOwner = {
	readonly uid: number;
	/** `exim4 (pid 812)`, as far as it could be seen. */
	readonly process?: string;
};

const LISTEN = '0A';
const processesMax = 5_000;
const mailServers: ReadonlySet<string> = new Set(['exim', 'exim4', 'master', 'sendmail', 'smtpd', 'opensmtpd']);

/** `directory` stands for /proc in tests. */
export async function ownerOfPort(port: number, directory = '/proc'): Promise<PortOwner | undefined> {
	const row = await listeningRow(port, directory);
	if (row === undefined) return undefined;
	const process =
		(await processOf(row.inode, directory)) ?? (row.uid === 0 ? await mailServerOf(directory) : undefined);
	return { uid: row.uid, ...(process === undefined ? {} : { process }) };
}

async function listeningRow(port: number, directory: string): Promise<{ uid: number; inode: string } | undefined> {
	const hex = port.toString(16).toUpperCase().padStart(4, '0');
	for (const table of ['tcp', 'tcp6']) {
		const text = await readFile(`${directory}/net/${table}`, 'latin1').catch(() => '');
		for (const line of text.split('\n')) {
			// `sl local remote st tx:rx tr:when retrnsmt uid timeout inode …` (proc_pid_net(5))
			const [, local = '', , state, , , , uid, , inode = ''] = line.trim().split(/\s+/);
			if (state === LISTEN && local.endsWith(`:${hex}`)) return { uid: Number(uid), inode };
		}
	}
	return undefined;
}

async function pids(directory: string): Promise<readonly string[]> {
	const names = await readdir(directory).catch(() => []);
	return names.filter((name) => /^\d+$/.test(name)).slice(0, processesMax);
}

const nameOf = async (directory: string, pid: string): Promise<string> =>
	(await readFile(`${directory}/${pid}/comm`, 'latin1').catch(() => '')).trim();

async function processOf(inode: string, directory: string): Promise<string | undefined> {
	for (const pid of await pids(directory)) {
		const folder = `${directory}/${pid}/fd`;
		for (const fd of await readdir(folder).catch(() => [])) {
			const target = await readlink(`${folder}/${fd}`).catch(() => '');
			if (target === `socket:[${inode}]`) return `${await nameOf(directory, pid)} (pid ${pid})`;
		}
	}
	return undefined;
}

async function mailServerOf(directory: string): Promise<string | undefined> {
	for (const pid of await pids(directory)) {
		const name = await nameOf(directory, pid);
		if (mailServers.has(name)) return `probably ${name} (pid ${pid})`;
	}
	return undefined;
}
