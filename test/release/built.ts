/**
 * A release of this checkout for tests: built quickly, once for the same sources, and shared by all suites and test processes.
 *
 * `folder` is the unpacked release, `archive` lies beside its checksum, signature and install.sh. Nobody may change them: copy first
 * (`cp -r`; about 110 MB). They are kept below var/test-cache, named by a hash of all that goes into a release; old ones are removed.
 *
 * Different from `npm run release` only in that xz is quick, the key is the development key, and commit and date are fixed.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { buildRelease } from '@sluice/installers/release/release.ts';
import { releaseKey } from '@sluice/installers/release/signature.ts';

export type BuiltRelease = {
	readonly version: string;
	/** Unpacked: `bin/sluice`, `program/`, `release.json` … */
	readonly folder: string;
	/** `sluice-VERSION-linux-x64.tar.xz`; `.sha256` and `.sig` are beside it. */
	readonly archive: string;
	/** Carries the public half of the development key. */
	readonly installScript: string;
};

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const cache = join(root, 'var/test-cache/releases');
export const origin = { commit: 'test', date: '2026-01-01T00:00:00Z' };

/** How many releases stay, and for how long one that others may use stays in any case. */
const keptMax = 6;
const keptMs = 1_200_000;

const buildMsMax = 60_000;
const pollMs = 100;

/** Folders and files that a release is made of. */
const sources = ['agent', 'shared', 'installers', 'panel-cpanel', 'panel-plesk', 'package-lock.json', 'LICENSE'];

/** Programs whose version a release depends on; what is missing is left out of it. */
const tools = ['strip', 'tar', 'xz'];

/** The release of this checkout as `version`; some 3 s for new sources (9 s the first time of all), at once after that. */
export async function builtRelease(version = '0.1.0'): Promise<BuiltRelease> {
	const folder = join(cache, `${version}-${(await sourcesHash()).slice(0, 16)}`);
	if (!existsSync(folder)) {
		await mkdir(cache, { recursive: true });
		await alone(
			`${folder}.lock`,
			() => existsSync(folder),
			() => build(version, folder),
		);
		await removeOld();
	}
	const now = new Date();
	await utimes(folder, now, now);
	return {
		version,
		folder: join(folder, `sluice-${version}`),
		archive: join(folder, `sluice-${version}-linux-x64.tar.xz`),
		installScript: join(folder, 'install.sh'),
	};
}

async function build(version: string, folder: string): Promise<void> {
	const work = await mkdtemp(join(cache, '.making-'));
	try {
		const key = releaseKey(root, undefined);
		await buildRelease({ root, out: work, version, origin, key, isFast: true, keepFolder: true });
		// Another process may have been first all the same: its release is as good.
		await rename(work, folder).catch((error) => {
			if (!existsSync(folder)) throw error;
		});
	} finally {
		await rm(work, { recursive: true, force: true });
	}
}

/** Of several processes one makes it, the others wait; one that was killed is waited for no longer than a build takes. */
async function alone(lock: string, isMade: () => boolean, make: () => Promise<void>): Promise<void> {
	const deadline = performance.now() + buildMsMax;
	for (;;) {
		if (isMade()) return;
		const isOurs = await mkdir(lock).then(
			() => true,
			() => false,
		);
		if (isOurs || performance.now() > deadline) break;
		await pause(pollMs);
	}
	try {
		await make();
	} finally {
		await rm(lock, { recursive: true, force: true });
	}
}

async function sourcesHash(): Promise<string> {
	const hash = createHash('sha256');
	for (const tool of tools) hash.update((await run(tool, ['--version']).catch(() => ({ stdout: '' }))).stdout);
	const add = async (path: string): Promise<void> =>
		hash.update(`${path}\0`).update(await readFile(join(root, path))) as never;
	for (const source of sources) {
		if ((await stat(join(root, source))).isFile()) {
			await add(source);
			continue;
		}
		const entries = await readdir(join(root, source), { recursive: true, withFileTypes: true });
		const files = entries
			.filter(
				(entry) =>
					entry.isFile() && !entry.parentPath.includes('node_modules') && !/\.(?:test|fixture)\.ts$/.test(entry.name),
			)
			.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
		for (const file of files.sort()) await add(file);
	}
	return hash.digest('hex');
}

async function removeOld(): Promise<void> {
	const known = await Promise.all(
		(await readdir(cache)).map(async (name) => {
			const { mtimeMs } = await stat(join(cache, name)).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
			return { name, mtimeMs };
		}),
	);
	const old = known.sort((one, other) => other.mtimeMs - one.mtimeMs).slice(keptMax);
	for (const { name, mtimeMs } of old)
		if (mtimeMs < Date.now() - keptMs) await rm(join(cache, name), { recursive: true, force: true });
}
