/**
 * Layers: Debian's own Exim, Postfix and PHP, unpacked but never installed.
 *
 * `unpackedLayer('exim')` answers with a folder that holds `usr/` and `etc/` of the package and of every library that this
 * machine lacks. apt itself says which those are (`apt-get -s install`), `apt-get download` fetches them, `dpkg -x` unpacks
 * them; no package database is written, no maintainer script runs, so Exim and Postfix, which exclude each other as
 * installed packages, lie side by side. Only the unpacked files are used, by `box.ts`, as lower layers of a private root.
 *
 * The cache is `$SLUICE_TEST_CACHE`, else /var/cache/sluice-test, else var/test-cache of the checkout. Work is done in a
 * folder of its own and renamed into place, so two test processes that start at once may both download but never meet a
 * half-made layer, and there is no lock that a killed process could leave behind.
 *
 * Not here: users, configuration, anything running (box.ts, exim.ts, postfix.ts).
 */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
	access,
	chmod,
	constants,
	cp,
	lstat,
	mkdir,
	mkdtemp,
	readdir,
	readFile,
	rename,
	rm,
	writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The packages of one layer; apt adds what they need and this machine has not. */
const packagesOf = {
	exim: ['exim4-daemon-heavy', 'exim4-base'],
	postfix: ['postfix'],
	php: ['php8.2-cli'],
	'php-cgi': ['php8.2-cgi', 'php8.2-cli'],
	/** What a server has and a build machine may lack: units, firewall, and what a release is checked and unpacked with. */
	server: ['systemd', 'nftables', 'openssl', 'xz-utils'],
	/** Rules as hosting servers have them. */
	iptables: ['iptables'],
	chromium: ['chromium', 'fonts-dejavu-core', 'fontconfig-config'],
	shellcheck: ['shellcheck'],
} as const;

export type LayerName = keyof typeof packagesOf;

/** Raise when the way of unpacking changes, so that older layers are not taken for new ones. */
const LAYOUT_VERSION = 1;
const COMMAND_TIMEOUT_MS = 300_000;
const COMMAND_OUTPUT_BYTES_MAX = 16 << 20;
const LOCK_RETRY_MS = 500;
const DPKG_STATUS = '/var/lib/dpkg/status';

type Package = { readonly name: string; readonly version: string };

/** Why layers cannot be had here at all, or undefined. A failed download is an error, not such a reason. */
export function layersUnavailable(): string | undefined {
	if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`;
	for (const tool of ['/usr/bin/apt-get', '/usr/bin/dpkg', DPKG_STATUS])
		if (!existsSync(tool)) return `needs Debian's packages, ${tool} is missing`;
	return undefined;
}

/**
 * The folder of an unpacked layer; made on first use (seconds to minutes, by the network), at once from then on.
 * Throws when apt cannot resolve or download it.
 */
export async function unpackedLayer(name: LayerName): Promise<string> {
	const cache = await cacheDirectory();
	const resolved = join(cache, `resolved-${name}-${await machineKey(name)}.json`);
	const known = await readFile(resolved, 'utf8').catch(() => undefined);
	if (known !== undefined) {
		const layer = join(cache, JSON.parse(known) as string);
		if (existsSync(layer)) return layer;
	}
	const work = await mkdtemp(join(cache, 'making-'));
	try {
		const debs = await downloaded(name, cache, work);
		const layer = layerName(name, debs);
		await unpack(debs, join(work, 'root'));
		await moveUnlessThere(join(work, 'root'), join(cache, layer));
		await writeFile(join(work, 'resolved'), JSON.stringify(layer));
		await rename(join(work, 'resolved'), resolved);
		return join(cache, layer);
	} finally {
		await rm(work, { recursive: true, force: true });
	}
}

async function cacheDirectory(): Promise<string> {
	const checkout = join(import.meta.dirname, '../../var/test-cache');
	const wanted = process.env.SLUICE_TEST_CACHE;
	for (const directory of wanted ? [wanted] : ['/var/cache/sluice-test', checkout]) {
		try {
			await mkdir(directory, { recursive: true });
			await access(directory, constants.W_OK);
			return directory;
		} catch (error) {
			if (directory === wanted) throw error;
		}
	}
	throw new Error(`no writable cache: tried /var/cache/sluice-test and ${checkout}; set SLUICE_TEST_CACHE`);
}

/** What a layer depends on besides the archive: the packages this machine has, for those are not downloaded. */
async function machineKey(name: LayerName): Promise<string> {
	const status = await readFile(DPKG_STATUS);
	const recipe = JSON.stringify([LAYOUT_VERSION, packagesOf[name], process.arch]);
	return createHash('sha256').update(recipe).update(status).digest('hex').slice(0, 16);
}

function layerName(name: LayerName, debs: readonly string[]): string {
	const key = createHash('sha256').update(JSON.stringify([LAYOUT_VERSION, debs.map((deb) => deb.split('/').at(-1))]));
	return `layer-${name}-${key.digest('hex').slice(0, 16)}`;
}

/** Paths of all .debs of the layer. Lists that are missing or out of date are fetched once. */
async function downloaded(name: LayerName, cache: string, work: string): Promise<readonly string[]> {
	try {
		return await download(await missingPackages(name), cache, work);
	} catch {
		await updateLists();
		return download(await missingPackages(name), cache, work);
	}
}

/** `apt-get update`; waits while another process does the same, since apt does not wait for the lock of its lists. */
async function updateLists(): Promise<void> {
	const deadline = performance.now() + COMMAND_TIMEOUT_MS;
	const env = { ...process.env, LC_ALL: 'C' };
	for (;;) {
		try {
			const limits = { timeout: COMMAND_TIMEOUT_MS, maxBuffer: COMMAND_OUTPUT_BYTES_MAX };
			await run('apt-get', ['-q', 'update'], { env, ...limits });
			return;
		} catch (error) {
			const isLocked = /Could not get lock/.test((error as { stderr?: string }).stderr ?? '');
			if (!isLocked || performance.now() > deadline) throw error;
			await pause(LOCK_RETRY_MS);
		}
	}
}

/** apt's own answer to "what would you install?"; `--reinstall` names the package even where the machine has it. */
async function missingPackages(name: LayerName): Promise<readonly Package[]> {
	const flags = ['-s', '-q', '--no-install-recommends', '--reinstall', 'install'];
	const env = { ...process.env, LC_ALL: 'C' };
	const { stdout } = await run('apt-get', [...flags, ...packagesOf[name]], {
		env,
		maxBuffer: COMMAND_OUTPUT_BYTES_MAX,
	});
	const found = [...stdout.matchAll(/^Inst (\S+) (?:\[[^\]]*\] )?\((\S+)/gm)];
	if (found.length === 0)
		throw new Error(`apt-get -s install ${packagesOf[name].join(' ')} names no package:\n${stdout}`);
	return found.map(([, packageName, version]) => ({
		name: packageName!,
		version: version!,
	}));
}

async function download(packages: readonly Package[], cache: string, work: string): Promise<readonly string[]> {
	const store = join(cache, 'debs');
	await mkdir(store, { recursive: true });
	// apt writes the epoch's colon as %3a in file names.
	const inStore = async (wanted: Package) => {
		const prefix = `${wanted.name.replace(/:.*/, '')}_${wanted.version.replace(':', '%3a')}_`;
		return (await readdir(store)).find((file) => file.startsWith(prefix) && file.endsWith('.deb'));
	};
	const absent: Package[] = [];
	for (const wanted of packages) if ((await inStore(wanted)) === undefined) absent.push(wanted);
	if (absent.length > 0) {
		// The download user `_apt` may not write into our folder, and we are root already.
		const flags = ['-q', '-o', 'APT::Sandbox::User=root', 'download'];
		const arguments_ = [...flags, ...absent.map((wanted) => `${wanted.name}=${wanted.version}`)];
		await run('apt-get', arguments_, {
			cwd: work,
			timeout: COMMAND_TIMEOUT_MS,
			maxBuffer: COMMAND_OUTPUT_BYTES_MAX,
		});
		for (const file of await readdir(work))
			if (file.endsWith('.deb')) await rename(join(work, file), join(store, file));
	}
	const debs: string[] = [];
	for (const wanted of packages) {
		const file = await inStore(wanted);
		if (file === undefined) throw new Error(`apt-get download left no file for ${wanted.name} ${wanted.version}`);
		debs.push(join(store, file));
	}
	return debs.sort();
}

async function unpack(debs: readonly string[], root: string): Promise<void> {
	await mkdir(root);
	for (const deb of debs) await run('dpkg', ['-x', deb, root]);
	// Debian 12 has /lib as a link to usr/lib, its packages still carry files in a real /lib.
	for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
		const real = join(root, name);
		const found = await lstat(real).catch(() => undefined);
		if (!found?.isDirectory()) continue;
		await cp(real, join(root, 'usr', name), {
			recursive: true,
			verbatimSymlinks: true,
			preserveTimestamps: true,
		});
		await rm(real, { recursive: true });
	}
	for (const name of ['usr', 'etc']) await mkdir(join(root, name), { recursive: true });
	for (const folder of [root, join(root, 'usr'), join(root, 'etc')]) await chmod(folder, 0o755);
}

/** rename(2) onto a folder with files in it fails: another process was first, and its layer is as good as ours. */
async function moveUnlessThere(from: string, to: string): Promise<void> {
	try {
		await rename(from, to);
	} catch (error) {
		if (!existsSync(to)) throw error;
	}
}
