/**
 * Which packages of npm a release is made of, and their licences. The list is what esbuild put into the bundles plus what was copied;
 * the lock file says which bytes they were.
 *
 * A package that states no licence, or brings no text of one, ends the build: what is given away must be given away lawfully.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

export type Part = {
	/** Folder in the checkout: `node_modules/NAME`, or deeper where two versions are installed. */
	readonly folder: string;
	readonly name: string;
	readonly version: string;
	/** As SPDX writes it. */
	readonly license: string;
	readonly licenseText: string;
	/** Subresource integrity of the package's archive, from the lock file. */
	readonly integrity: string | undefined;
};

const packageFolder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const licenseFile = /^(?:licen[sc]e|copying|notice)(?:[.-].*)?$/i;

/** Names that packages use and SPDX does not. */
const spdxOf: { readonly [name: string]: string } = { 'BSD-0-Clause': '0BSD' };

type PackageFile = { readonly name: string; readonly version: string; readonly license?: unknown };
type LockFile = { readonly packages: { readonly [folder: string]: { readonly integrity?: string } } };

/** Folders of the packages that gave at least a byte to a bundle. */
export function bundledFolders(metafile: Metafile): readonly string[] {
	const folders = new Set<string>();
	for (const { inputs } of Object.values(metafile.outputs))
		for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
			const folder = packageFolder.exec(path)?.[1];
			if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
		}
	return [...folders];
}

/** The parts in these folders of the checkout at `root`, sorted by name and version. Throws for one without a licence. */
export function partsOf(root: string, folders: Iterable<string>): readonly Part[] {
	const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as LockFile;
	const order = ({ name, version }: Part): string => `${name} ${version}`;
	return [...new Set(folders)]
		.map((folder) => partOf(root, folder, lock))
		.sort((one, other) => (order(one) < order(other) ? -1 : 1));
}

function partOf(root: string, folder: string, lock: LockFile): Part {
	const { name, version, license } = JSON.parse(
		readFileSync(join(root, folder, 'package.json'), 'utf8'),
	) as PackageFile;
	if (typeof license !== 'string' || license === '' || license === 'UNLICENSED')
		throw new Error(`${name} ${version} (${folder}) states no licence`);
	const texts = readdirSync(join(root, folder))
		.filter((file) => licenseFile.test(file))
		.sort()
		.map((file) => readFileSync(join(root, folder, file), 'utf8').trimEnd());
	if (texts.length === 0) throw new Error(`${name} ${version} (${folder}) brings no text of its licence ${license}`);
	return {
		folder,
		name,
		version,
		license: spdxOf[license] ?? license,
		licenseText: `${texts.join('\n\n')}\n`,
		integrity: lock.packages[folder]?.integrity,
	};
}

/** Files of the folder `LICENSES`: one for each part, ours, and an index of them all. */
export function licenseFiles(parts: readonly Part[], own: { readonly version: string; readonly text: string }) {
	const files = new Map<string, string>([[`sluice-${own.version}.txt`, own.text]]);
	const lines = [`sluice ${own.version}: Apache-2.0 (sluice-${own.version}.txt)`];
	for (const { name, version, license, licenseText } of parts) {
		const file = `${name.replace('/', '+')}-${version}.txt`;
		files.set(file, licenseText);
		lines.push(`${name} ${version}: ${license} (${file})`);
	}
	files.set('INDEX.txt', `What this release is made of, and under which licence.\n\n${lines.join('\n')}\n`);
	return files;
}
