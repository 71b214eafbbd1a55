/**
 * The machine as an installer sees it: files, folders and programs behind one small port.
 *
 * Everything that looks at or changes a server goes through here, so that tests pass a private root and `--root DIR` means the same
 * to every command. Writing is atomic (a new file beside the old one, synced, renamed) and says mode and owner; text is latin1, so that
 * every byte survives. Below a foreign root no daemon runs that could be told anything: `isLive` is false, programs run by chroot.
 *
 * Not here: what the files mean (exim.ts, postfix.ts), remembering what they were (apply/journal.ts).
 */
import { execFile } from 'node:child_process';
import {
	chmod,
	chown,
	constants,
	lstat,
	mkdir,
	open,
	readdir,
	readFile,
	readlink,
	realpath,
	rm,
	rmdir,
	stat,
} from 'node:fs/promises';
import { join } from 'node:path';
import { processBegan } from '@sluice/shared/client/process-began.ts';
import type { CommandOutcome } from '@sluice/shared/mta/checks.ts';
import {
	codeOf,
	copyWhole,
	createAtomically,
	isMissing,
	linkAtomically,
	orUndefined,
	writeAtomically,
} from './whole-files.ts';

export type FileFact = {
	readonly path: string;
	/** Latin1: a byte a character. */
	readonly content: string;
	/** Permission bits. */
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
};

export type RunOptions = {
	/** Root when left out. */
	readonly user?: { readonly uid: number; readonly gid: number };
	readonly cwd?: string;
	readonly input?: string;
	/** Starts it and does not wait: a queue run may take long. */
	readonly isDetached?: boolean;
};

export type Machine = {
	/** Daemons run here, can be told to reload, and mail flows. */
	readonly isLive: boolean;
	/** Undefined when there is no such file. */
	read(path: string): Promise<FileFact | undefined>;
	/** The same for a folder that is another user's: what a symbolic link leads to is not read. */
	readUnlinked(path: string): Promise<FileFact | undefined>;
	/** Names in order; empty when there is no such folder. */
	list(folder: string): Promise<readonly string[]>;
	exists(path: string): Promise<boolean>;
	/** Replaces the file at once and durably. The folder must be there. */
	write(file: FileFact): Promise<void>;
	/** Makes the file, whole at once, unless one of its name is there; false then: of two at once only one gets true. */
	create(file: FileFact): Promise<boolean>;
	/** No error when it is gone already. */
	remove(path: string): Promise<void>;
	/** True when it was not there. Parents are made too, root's. */
	makeFolder(
		path: string,
		owned?: { readonly mode: number; readonly uid: number; readonly gid: number },
	): Promise<boolean>;
	/** Only an empty one; false when it was not empty. */
	removeFolder(path: string): Promise<boolean>;
	/** Where the symbolic link leads, as it is written; undefined: no link. */
	readLink(path: string): Promise<string | undefined>;
	/** Makes the symbolic link, or leads it elsewhere, at once and durably. */
	link(path: string, target: string): Promise<void>;
	/** Copies a folder with everything in it: `to` is whole or not there. Bytes are shared where the file system can. */
	copyTree(from: string, to: string): Promise<void>;
	/** With everything in it; links are not followed. No error when it is gone already. */
	removeTree(path: string): Promise<void>;
	/** What tells a process from an earlier one with its id; undefined: no such process runs. */
	processMark(pid: number): Promise<string | undefined>;
	/** Ends with 127 when there is no such program. */
	run(command: readonly string[], options?: RunOptions): Promise<CommandOutcome>;
};

const commandTimeoutMs = 60_000;
const outputBytesMax = 32 << 20;
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A link is followed, so that a configuration kept elsewhere stays there; below a foreign root it would lead out of it. */
async function targetOf(path: string, isLive: boolean): Promise<string> {
	const found = await orUndefined(lstat(path));
	if (!found?.isSymbolicLink()) return path;
	if (!isLive) throw new Error(`${path} is a symbolic link; below another root links are not followed`);
	return realpath(path);
}

const leftover = /^\..+\.sluice-(?:new(?:-link)?|[0-9a-f]{12})$/;

/** Removes what a killed command has left behind in these folders: files that never took the place of another. */
export async function sweepLeftovers(machine: Machine, folders: readonly string[]): Promise<void> {
	for (const folder of new Set(folders))
		for (const name of await machine.list(folder)) if (leftover.test(name)) await machine.remove(`${folder}/${name}`);
}

/** Asked and read by one handle, so that nobody can put a link there in between. */
async function readUnlinked(place: string, path: string): Promise<FileFact | undefined> {
	try {
		const handle = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
		try {
			const found = await handle.stat();
			if (!found.isFile()) return undefined;
			const content = await handle.readFile('latin1');
			return { path, content, mode: found.mode & 0o7777, uid: found.uid, gid: found.gid };
		} finally {
			await handle.close();
		}
	} catch (error) {
		if (isMissing(error) || codeOf(error) === 'ELOOP') return undefined;
		throw error;
	}
}

type Run = Machine['run'];

function runSystem(root: string): Run {
	return (command, { user, cwd = '/', input = '', isDetached = false } = {}) =>
		new Promise((resolve) => {
			const userspec = user === undefined ? [] : [`--userspec=${user.uid}:${user.gid}`, '--groups='];
			// Away from the administrator's terminal, into whose input its user could write: what others of that user do to it is not ours.
			const apart = user === undefined ? [] : ['setsid', '--wait'];
			const words = [...apart, ...(root === '/' ? command : ['chroot', ...userspec, root, ...command])];
			const [program = '', ...rest] = words;
			const child = execFile(
				program,
				rest,
				{
					cwd: root === '/' ? cwd : '/',
					env: { PATH: searchPath, LC_ALL: 'C', HOME: '/root' },
					encoding: 'latin1',
					maxBuffer: outputBytesMax,
					...(isDetached ? {} : { timeout: commandTimeoutMs }),
					...(user === undefined || root !== '/' ? {} : user),
				},
				(error, stdout, stderr) => {
					const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 127;
					const why = code === 127 && error !== null ? error.message : '';
					if (!isDetached) resolve({ exitCode: code, output: `${stdout}${stderr}${why}` });
				},
			);
			child.stdin?.on('error', () => {});
			child.stdin?.end(input, 'latin1');
			if (!isDetached) return;
			child.unref();
			for (const stream of [child.stdout, child.stderr, child.stdin])
				(stream as unknown as { unref?: () => void } | null)?.unref?.();
			resolve({ exitCode: 0, output: '' });
		});
}

/** The machine below `root`, `/` for this one. Tests of boxes bring their own way to run programs. */
export function systemMachine(root = '/', run: Run = runSystem(root), isLive = root === '/'): Machine {
	const at = (path: string): string => (root === '/' ? path : join(root, path));
	return {
		isLive,
		async read(path) {
			const target = await targetOf(at(path), isLive);
			const found = await orUndefined(stat(target));
			if (found === undefined || !found.isFile()) return undefined;
			const content = await readFile(target, 'latin1');
			return { path, content, mode: found.mode & 0o7777, uid: found.uid, gid: found.gid };
		},
		readUnlinked: (path) => readUnlinked(at(path), path),
		async list(folder) {
			return ((await orUndefined(readdir(at(folder)))) ?? []).toSorted();
		},
		exists: async (path) => (await orUndefined(stat(at(path)))) !== undefined,
		async write(file) {
			await writeAtomically(await targetOf(at(file.path), isLive), file);
		},
		create: (file) => createAtomically(at(file.path), file),
		remove: (path) => rm(at(path), { force: true }),
		async makeFolder(path, owned) {
			const isNew = (await orUndefined(stat(at(path)))) === undefined;
			await mkdir(at(path), { recursive: true });
			if (owned !== undefined) {
				await chown(at(path), owned.uid, owned.gid);
				await chmod(at(path), owned.mode);
			}
			return isNew;
		},
		async removeFolder(path) {
			try {
				await rmdir(at(path));
				return true;
			} catch (error) {
				if (codeOf(error) === 'ENOTEMPTY') return false;
				if (isMissing(error)) return true;
				throw error;
			}
		},
		async readLink(path) {
			const found = await orUndefined(lstat(at(path)));
			return found?.isSymbolicLink() ? readlink(at(path)) : undefined;
		},
		async link(path, target) {
			await linkAtomically(at(path), target);
		},
		copyTree: (from, to) => copyWhole(at(from), at(to)),
		removeTree: (path) => rm(at(path), { recursive: true, force: true }),
		// Whatever the root: commands are processes of this machine.
		processMark: async (pid) => processBegan(pid),
		run,
	};
}
