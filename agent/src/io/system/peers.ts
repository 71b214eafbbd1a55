/**
 * Who owns the socket at the other end of a loopback connection, as the kernel tells it in /proc/net/tcp and tcp6.
 *
 * The table has a row for either end; the peer's is the one whose local address is the peer's. Its uid is the effective uid of
 * the process at the time it made the socket. Only a row that is ESTABLISHED and has an inode counts: once a process has
 * closed its socket the kernel shows uid 0 and inode 0 for what is left of it, so that a tenant who connects, says everything and
 * closes at once would pass for root.
 *
 * The table is read anew for each question, since ports are reused; those that ask while a read is under way share the next one, so
 * that a burst of connections costs two reads and not one each. Not Linux, or /proc hidden: undefined, never an error.
 */
import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import type { PeerLookup } from '../../ports/smtp-in.ts';

type Ends = Parameters<PeerLookup['uidOf']>[0];
/** Both tables, as text. */
type Tables = string;

/** `directory` is where `tcp` and `tcp6` are; another one only in tests. */
export function openPeerLookup(directory = '/proc/net'): PeerLookup {
	let running: Promise<Tables> | undefined;
	let next: Promise<Tables> | undefined;

	/** The tables as they are at some time after this call. */
	function freshTables(): Promise<Tables> {
		next ??= (running ?? Promise.resolve()).then(() => {
			next = undefined;
			const read = readTables(directory);
			running = read;
			// Not kept: the tables of a busy server are large.
			void read.then(() => {
				if (running === read) running = undefined;
			});
			return read;
		});
		return next;
	}

	return {
		async uidOf(connection) {
			const keys = rowKeys(connection);
			// The kernel may skip a row when others of its hash bucket come and go during the read: look twice.
			return uidIn(await freshTables(), keys) ?? uidIn(await freshTables(), keys);
		},
	};
}

async function readTables(directory: string): Promise<Tables> {
	const tables = await Promise.all(
		['tcp', 'tcp6'].map((name) => readFile(`${directory}/${name}`, 'latin1').catch(() => '')),
	);
	return tables.join('');
}

const ESTABLISHED = '01';

/** Row: `sl local remote st tx:rx tr:when retrnsmt uid timeout inode …` (proc_pid_net(5)). */
function uidIn(tables: Tables, keys: readonly string[]): number | undefined {
	for (const key of keys) {
		const at = tables.indexOf(key);
		if (at < 0) continue;
		const end = tables.indexOf('\n', at);
		const fields = tables
			.slice(at, end < 0 ? undefined : end)
			.trim()
			.split(/\s+/);
		const [, , state, , , , uid, , inode] = fields;
		if (state !== ESTABLISHED || inode === undefined || inode === '0') return undefined;
		return Number(uid);
	}
	return undefined;
}

/** How the row of the peer's socket begins: as IPv4, and as IPv4 in an IPv6 socket. */
function rowKeys({ address, port, localAddress, localPort }: Ends): readonly string[] {
	const remote = addressForms(address);
	const local = addressForms(localAddress);
	return remote.map((form, index) => ` ${form}:${hexPort(port)} ${local[index]}:${hexPort(localPort)} `);
}

const hexPort = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');

/** The address as the kernel prints it: 32-bit words in its own byte order. An IPv4 address has two forms. */
function addressForms(address: string): readonly string[] {
	if (!address.includes(':')) {
		const word = kernelWord(address.split('.').map(Number));
		return [word, `0000000000000000${kernelWord([0, 0, 0xff, 0xff])}${word}`];
	}
	const bytes = ipv6Bytes(address);
	return [[0, 4, 8, 12].map((at) => kernelWord(bytes.slice(at, at + 4))).join('')];
}

function kernelWord(bytes: readonly number[]): string {
	const ordered = endianness() === 'LE' ? bytes.toReversed() : bytes;
	return ordered.map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join('');
}

function ipv6Bytes(address: string): readonly number[] {
	const [head = '', tail] = address.split('::');
	const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
	const first = groups(head);
	const last = tail === undefined ? [] : groups(tail);
	const zeros = Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0');
	return [...first, ...zeros, ...last].flatMap((group) => {
		const value = Number.parseInt(group, 16);
		return [value >> 8, value & 0xff];
	});
}
