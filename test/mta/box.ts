/**
 * A box: a private root in which unmodified Debian programs run at their compiled-in paths.
 *
 * A box has its own mount and process namespaces and shares the host's network (loopback, high ports). Its root is a tmpfs:
 * /usr and /etc are overlays of the given layers over the host's folders, all else starts empty. So an MTA finds its
 * configuration in /etc, set-uid bits and unix users are real, and nothing on the host changes: no file, no user, no
 * package. The host's /home, /root, /var, /dev/log and /run are not visible inside.
 *
 * A box cannot be left behind: its process 1 reads a pipe that this process holds and ends at end-of-file, which the kernel
 * gives however this process dies; it also ends after `ttlSeconds`. With process 1 die all processes of the box, with
 * them go the mounts, and with the tmpfs every file.
 *
 * Not here: what runs inside (exim.ts, postfix.ts). Needs root with CAP_SYS_ADMIN; `boxesUnavailable` tells why not.
 * Source: unshare(1), nsenter(1), pid_namespaces(7), the kernel's overlayfs.rst.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { SHELL_SCRIPT, systemdKeeper } from './box-boot.ts';
import { layersUnavailable } from './debs.ts';
import { accountFiles, homeOf, type UnixUser } from './unix-users.ts';

export type BoxOptions = {
	/** For messages. */
	readonly name: string;
	/** Unpacked layers (`unpackedLayer`), the topmost first. */
	readonly layers: readonly string[];
	/** Users the box has beside the host's. A user of the same name or uid takes the place of the host's. */
	readonly users: readonly UnixUser[];
	/** Host folders to show inside, say a mail spool on a real disk. */
	readonly binds?: readonly {
		readonly host: string;
		readonly inside: string;
		readonly isReadOnly?: boolean;
	}[];
	/** The box ends itself after this time, whatever happens to this process. */
	readonly ttlSeconds?: number;
	/** `systemd`: a whole server with units and a network of its own (box-boot.ts). Default `shell`: what is started, runs. */
	readonly init?: 'shell' | 'systemd';
};

export type RunOptions = {
	readonly input?: string | Uint8Array;
	/** Working directory inside the box: `/` for `run`, the user's home for `runAs` unless told. */
	readonly cwd?: string;
	readonly env?: Readonly<Record<string, string>>;
	readonly timeoutMs?: number;
	/** Answer with the exit code instead of throwing when it is not 0. */
	readonly allowFailure?: boolean;
};

export type RunResult = {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
};

export type FileOptions = { readonly mode?: number; readonly owner?: string };

/** Default life of a box: longer than any test run, short enough to forget. */
const TTL_SECONDS_DEFAULT = 3600;
const COMMAND_TIMEOUT_MS = 60_000;
const PATH_INSIDE = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

let unavailable: Promise<string | undefined> | undefined;

/** Why boxes cannot be made here, for `test({ skip })`, or undefined. Asked once per process. */
export function boxesUnavailable(): Promise<string | undefined> {
	unavailable ??= probe();
	return unavailable;
}

async function probe(): Promise<string | undefined> {
	const noLayers = layersUnavailable();
	if (noLayers !== undefined) return noLayers;
	if (process.getuid?.() !== 0) return 'needs root (private mounts and unix users)';
	const directory = await mkdtemp(join(tmpdir(), 'sluice-box-probe-'));
	const script =
		'cd "$1" && mount -t tmpfs t . && cd "$1" && mkdir u w m && mount -t overlay o -o lowerdir=/usr,upperdir=u,workdir=w m';
	try {
		await promisify(execFile)('unshare', [...NAMESPACES, 'bash', '-c', script, 'probe', directory]);
		return undefined;
	} catch (error) {
		return `the kernel does not allow private mounts here: ${String((error as { stderr?: string }).stderr ?? error).trim()}`;
	} finally {
		await rmdir(directory).catch(() => {});
	}
}

const NAMESPACES = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'];

/** Starts a box; resolves when its root is mounted and its users exist. */
export async function startBox(options: BoxOptions): Promise<Box> {
	// Mounts are private, so all boxes may use one mount point, and no folder is left when a box is killed.
	const root = join(dirname(options.layers[0]!), 'mountpoint');
	await mkdir(root, { recursive: true });
	const ttlSeconds = options.ttlSeconds ?? TTL_SECONDS_DEFAULT;
	const binds = (options.binds ?? []).flatMap(({ host, inside, isReadOnly }) => [
		host,
		inside,
		isReadOnly === true ? 'ro' : 'rw',
	]);
	const isWhole = options.init === 'systemd';
	const keeper = systemdKeeper();
	const boot = isWhole ? keeper.command : ['unshare', ...NAMESPACES, 'bash', '-c', SHELL_SCRIPT, 'box'];
	const [program, ...words] = [...boot, root, String(ttlSeconds), options.layers.join(':'), ...binds];
	const child = spawn(program!, words, {
		stdio: ['pipe', 'pipe', 'pipe'],
		detached: true,
		...(isWhole ? { env: { ...process.env, ...keeper.env } } : {}),
	});
	try {
		const pid = await firstPid(child, options.name);
		const box = new Box({
			name: options.name,
			pid,
			child,
			users: options.users,
			isWhole,
		});
		await writeAccounts(box, options.users);
		return box;
	} catch (error) {
		child.stdin?.destroy();
		throw error;
	}
}

/** Process 1 prints its number as the host counts it once the root stands. */
async function firstPid(child: ChildProcess, name: string): Promise<number> {
	let stderr = '';
	child.stderr!.setEncoding('utf8').on('data', (text: string) => {
		stderr += text;
	});
	const ended = once(child, 'close').then(([code]) => {
		throw new Error(`box ${name} did not start (${code}): ${stderr.trim()}`);
	});
	const [line] = (await Promise.race([once(child.stdout!.setEncoding('utf8'), 'data'), ended])) as [string];
	ended.catch(() => {}); // from now on its end is no news
	return Number(line);
}

async function writeAccounts(box: Box, users: readonly UnixUser[]): Promise<void> {
	const names = ['passwd', 'group', 'shadow'] as const;
	const [passwd, group, shadow] = await Promise.all(names.map((name) => box.readFile(`/etc/${name}`)));
	const files = accountFiles({ passwd: passwd!, group: group!, shadow: shadow! }, users);
	for (const name of names)
		await box.writeFile(`/etc/${name}`, files[name], {
			mode: name === 'shadow' ? 0o600 : 0o644,
		});
	for (const user of users) {
		if (user.system) continue;
		await box.makeFolder(homeOf(user), { mode: 0o711, owner: user.name });
	}
}

/** A running box. The owner calls `stop()`; it also stops when the owner's process ends. */
export class Box {
	readonly name: string;
	/** Process 1 of the box, as the host numbers it. */
	readonly pid: number;
	readonly #child: ChildProcess;
	readonly #users: readonly UnixUser[];
	readonly #namespaces: readonly string[];

	constructor(parts: {
		name: string;
		pid: number;
		child: ChildProcess;
		users: readonly UnixUser[];
		/** Has namespaces for network, host name, IPC and cgroups too. */
		isWhole: boolean;
	}) {
		this.name = parts.name;
		this.pid = parts.pid;
		this.#child = parts.child;
		this.#users = parts.users;
		this.#namespaces = ['-m', '-p', ...(parts.isWhole ? ['-n', '-u', '-i', '-C'] : [])];
		// A box left open must not keep a test process alive: its end is what ends the box.
		for (const handle of [parts.child, parts.child.stdin, parts.child.stdout, parts.child.stderr])
			(handle as { unref?: () => void } | null)?.unref?.();
	}

	/** Runs a program as root, without a shell. Throws with its output when it fails, unless `allowFailure`. */
	run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
		return this.#enter({
			ids: [],
			env: { HOME: '/root', USER: 'root', LOGNAME: 'root' },
			cwd: '/',
			command,
			options,
		});
	}

	/** Runs a shell script as a unix user, in the user's home, as a login or cron would. */
	runAs(user: string, script: string, options: RunOptions = {}): Promise<RunResult> {
		const found = this.user(user);
		return this.#enter({
			ids: ['-S', String(found.uid), '-G', String(found.gid ?? found.uid)],
			env: {
				HOME: homeOf(found),
				USER: found.name,
				LOGNAME: found.name,
				SHELL: '/bin/bash',
			},
			cwd: found.system ? '/' : homeOf(found),
			command: ['/bin/bash', '-c', script],
			options,
		});
	}

	/** Writes a file from outside. Parents are made, 0755 root; `owner` is a name of the box. */
	async writeFile(path: string, content: string | Uint8Array, options: FileOptions = {}): Promise<void> {
		const host = this.hostPath(path);
		await mkdir(dirname(host), { recursive: true });
		await writeFile(host, content);
		await this.#claim(path, { mode: 0o644, ...options });
	}

	/** Makes a folder (and its parents) and sets mode and owner. */
	async makeFolder(path: string, options: FileOptions = {}): Promise<void> {
		await mkdir(this.hostPath(path), { recursive: true });
		await this.#claim(path, { mode: 0o755, ...options });
	}

	/** The file as latin1 text, so that every byte survives. */
	async readFile(path: string): Promise<string> {
		return readFile(this.hostPath(path), 'latin1');
	}

	async removeFile(path: string): Promise<void> {
		await rm(this.hostPath(path), { recursive: true, force: true });
	}

	/** The same file as seen by the host. An absolute symbolic link inside would lead out of the box. */
	hostPath(path: string): string {
		return `/proc/${this.pid}/root${path}`;
	}

	/** A user given at the start; throws for an unknown name. */
	user(name: string): UnixUser {
		const found = this.#users.find((user) => user.name === name);
		if (found === undefined) throw new Error(`box ${this.name} has no user ${name}`);
		return found;
	}

	/** Ends every process of the box; its files go with it. Does nothing the second time. */
	async stop(): Promise<void> {
		this.#child.stdin?.destroy();
		if (this.#child.exitCode === null && this.#child.signalCode === null) {
			this.#child.ref();
			await once(this.#child, 'exit');
		}
	}

	async #claim(path: string, options: FileOptions & { readonly mode: number }): Promise<void> {
		const host = this.hostPath(path);
		if (options.owner !== undefined && options.owner !== 'root') {
			const owner = this.user(options.owner);
			await chown(host, owner.uid, owner.gid ?? owner.uid);
		}
		await chmod(host, options.mode);
	}

	async #enter(call: {
		ids: readonly string[];
		env: Readonly<Record<string, string>>;
		cwd: string;
		command: readonly string[];
		options: RunOptions;
	}): Promise<RunResult> {
		const { options } = call;
		// nsenter --wd means the target's own folder; a shell changes into the wanted one.
		const cd = ['/bin/bash', '-c', 'cd "$0" && exec "$@"', options.cwd ?? call.cwd, ...call.command];
		const enter = ['-t', String(this.pid), ...this.#namespaces, '-r', '-w', ...call.ids, '--', ...cd];
		const env = {
			PATH: PATH_INSIDE,
			LANG: 'C.UTF-8',
			...call.env,
			...options.env,
		};
		const child = spawn('nsenter', enter, {
			env,
			timeout: options.timeoutMs ?? COMMAND_TIMEOUT_MS,
		});
		let stdout = '';
		let stderr = '';
		child.stdout.setEncoding('utf8').on('data', (text: string) => {
			stdout += text;
		});
		child.stderr.setEncoding('utf8').on('data', (text: string) => {
			stderr += text;
		});
		child.stdin.on('error', () => {}); // a program need not read its input
		child.stdin.end(options.input ?? '');
		const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
		const result = { code: code ?? 128, stdout, stderr };
		if (result.code !== 0 && options.allowFailure !== true)
			throw new Error(`${this.name}: ${call.command.join(' ')} failed (${code ?? signal}): ${stderr}${stdout}`.trim());
		return result;
	}
}
