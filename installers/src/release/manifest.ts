/**
 * `release.json`: what a release is, in its own root. Written by the build; read by install, upgrade, doctor and watch.
 *
 * It names every file with its SHA-256, so that a release on a server can be checked file by file long after the archive's signature
 * was. It does not name itself, nor what running programs keep beside their code (`program/node_modules/.cache`).
 */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { z } from 'zod';

export const manifestName = 'release.json';
/** Raised when a reader of an older version could not make sense of it. */
export const manifestFormat = 1;
/** Where running programs keep compiled code; never part of a release. */
export const compileCache = 'program/node_modules/.cache';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const releaseManifest = z.object({
	format: z.literal(manifestFormat),
	name: z.literal('sluice'),
	version: z.string(),
	platform: z.literal('linux-x64'),
	/** The commit it was built from; `+changed` behind it when the checkout held more than that, `unknown` outside of git. */
	commit: z.string(),
	/** Of the commit, not of the build. */
	date: z.iso.datetime(),
	/** `development`: signed with a key that was made for the occasion. Never for somebody else's server. */
	key: z.enum(['release', 'development']),
	/** The least that the server's C and C++ libraries must offer. */
	needs: z.object({ glibc: z.string(), glibcxx: z.string() }),
	runtime: z.object({ node: z.string(), isStripped: z.boolean() }),
	/** better-sqlite3 where the libraries are at least these; else `node:sqlite` of the runtime behind the same store. */
	sqlite: z.object({
		betterSqlite3: z.string(),
		glibc: z.string(),
		glibcxx: z.string(),
		otherwise: z.literal('node:sqlite'),
	}),
	/** Formats of what is stored on disk, by name. */
	formats: z.record(z.string(), z.number().int()).optional(),
	files: z.array(z.object({ path: z.string(), sha256, mode: z.number().int(), bytes: z.number().int() })),
});

export type ReleaseManifest = z.infer<typeof releaseManifest>;
export type ReleaseFile = ReleaseManifest['files'][number];

/** Of an unpacked or installed release. Throws when there is none, or none that this version understands. */
export const readManifest = (folder: string): ReleaseManifest =>
	releaseManifest.parse(JSON.parse(readFileSync(join(folder, manifestName), 'utf8')));

/** Every file of a release, sorted by its path. Throws for what a release never holds: links, devices, sockets. */
export function releaseFiles(folder: string): readonly ReleaseFile[] {
	return readdirSync(folder, { recursive: true, withFileTypes: true })
		.map((entry) => ({ entry, path: relative(folder, join(entry.parentPath, entry.name)) }))
		.filter(({ path }) => path !== manifestName && path !== compileCache && !path.startsWith(`${compileCache}/`))
		.filter(({ entry, path }) => {
			if (!entry.isFile() && !entry.isDirectory()) throw new Error(`${path} is neither a file nor a folder`);
			return entry.isFile();
		})
		.map(({ path }) => {
			const content = readFileSync(join(folder, path));
			const { mode } = lstatSync(join(folder, path));
			const hash = createHash('sha256').update(content).digest('hex');
			return { path, sha256: hash, mode: mode & 0o777, bytes: content.length };
		})
		.sort((one, other) => (one.path < other.path ? -1 : 1));
}

export type FileDifference = { readonly path: string; readonly is: 'missing' | 'changed' | 'added' };

/** How the files of an unpacked or installed release differ from what its manifest says; empty when they are as released. */
export function differencesFromManifest(folder: string, manifest: ReleaseManifest): readonly FileDifference[] {
	const present = new Map(releaseFiles(folder).map((file) => [file.path, file]));
	const differences: FileDifference[] = [];
	for (const file of manifest.files) {
		const found = present.get(file.path);
		present.delete(file.path);
		if (found === undefined) differences.push({ path: file.path, is: 'missing' });
		else if (found.sha256 !== file.sha256 || found.mode !== file.mode)
			differences.push({ path: file.path, is: 'changed' });
	}
	return [...differences, ...[...present.keys()].map((path): FileDifference => ({ path, is: 'added' }))];
}
