/**
 * The program as flat bundles: a file for each way in, and chunks for what they share or load late.
 *
 * esbuild with ESM splitting keeps each lazy `import()` a file of its own, so that a command still loads only what it needs. Packages
 * are bundled, except better-sqlite3 (a binary) and what browsers load, which are copied (runtime.ts). Same input, same bytes:
 * esbuild names chunks by their content and puts no time or path of the machine into them.
 *
 * Not here: what is copied beside the code (release.ts).
 */
import { existsSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { ownPlacesOf } from './own-places.ts';

/** Ways into the program: name of the bundle, source. Workers are found where they are started. */
const entries = {
	cli: 'installers/src/cli.ts',
	panel: 'panel-cpanel/src/server/main.ts',
	watch: 'installers/src/watch/main.ts',
} as const;

/** Loaded from `node_modules` of the release at run time. */
const external = ['better-sqlite3'];

const ownSource = /\/(?:agent|shared|installers|panel-cpanel|panel-plesk)\/src\/.*\.ts$/;

export type Bundle = {
	/** What esbuild read and wrote, by paths relative to the checkout and to the out folder. */
	readonly metafile: Metafile;
	/** Files and folders of the checkout that the code reads at run time. */
	readonly resources: readonly string[];
	/** Packages, or files of packages, that the code asks a `require` for. */
	readonly required: readonly string[];
};

/**
 * A CommonJS package inside a bundle asks for Node's own modules by `require`, which a module has not. One line in each file, before
 * everything else.
 */
const banner = `import { createRequire as sluiceCreateRequire } from 'node:module';const require = sluiceCreateRequire(import.meta.url);`;

/** Writes the bundles of the checkout at `root` into `out`. Throws with esbuild's words where the sources do not hold together. */
export async function bundleProgram(root: string, out: string): Promise<Bundle> {
	const resources = new Set<string>();
	const required = new Set<string>();
	const workers = new Set<string>();
	const places: Plugin = {
		name: 'own places',
		setup(esbuild) {
			esbuild.onLoad({ filter: ownSource }, ({ path }) => {
				const found = ownPlacesOf(root, relative(root, path));
				for (const resource of found.resources) resources.add(resource);
				for (const name of found.required) required.add(name);
				for (const worker of found.workers) workers.add(worker);
				return { contents: found.text, loader: 'ts' };
			});
		},
	};
	const bundled = async (entryPoints: { readonly [name: string]: string }, write: boolean): Promise<Metafile> => {
		const { metafile } = await build({
			absWorkingDir: root,
			entryPoints: { ...entryPoints },
			outdir: out,
			bundle: true,
			splitting: true,
			format: 'esm',
			platform: 'node',
			target: 'node24',
			chunkNames: '[name]-[hash]',
			entryNames: '[name]',
			// Nothing is made smaller: a stack in a report must say where it was, and an administrator may read what runs.
			legalComments: 'inline',
			external,
			mainFields: ['module', 'main'],
			banner: { js: banner },
			plugins: [places],
			metafile: true,
			write,
			logLevel: 'silent',
		});
		return metafile;
	};
	const present = Object.fromEntries(Object.entries(entries).filter(([, source]) => existsSync(join(root, source))));
	// A worker is started by its file's name, and is known only when the code that starts it has been read.
	await bundled(present, false);
	const ofWorkers = Object.fromEntries([...workers].sort().map((source) => [basename(source, '.ts'), source]));
	const metafile = await bundled({ ...present, ...ofWorkers }, true);
	return { metafile, resources: [...resources].sort(), required: [...required].sort() };
}
