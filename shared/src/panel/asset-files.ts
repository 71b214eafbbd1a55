/**
 * The files that browsers load: ours and those of the packages, by the name under which pages ask for them. The app serves them; a
 * panel that serves files itself copies them beside its script, in a folder that is named with their hash.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
export const assetFolder = join(import.meta.dirname, 'assets');

/** Of packages, by our name. */
export const packageAssets: { readonly [name: string]: string } = {
	'htmx.js': require.resolve('htmx.org/dist/htmx.min.js'),
	'uplot.js': require.resolve('uplot/dist/uPlot.iife.min.js'),
	'uplot.css': require.resolve('uplot/dist/uPlot.min.css'),
};

/** Name and place of every file. */
export const assetFiles = (): ReadonlyMap<string, string> =>
	new Map([
		...readdirSync(assetFolder)
			.sort()
			.map((name): [string, string] => [name, join(assetFolder, name)]),
		...Object.entries(packageAssets),
	]);

/** Twelve letters that change whenever a file does. */
export function assetHash(): string {
	const hash = createHash('sha256');
	for (const [name, path] of assetFiles()) hash.update(`${name}\0`).update(readFileSync(path)).update('\0');
	return hash.digest('hex').slice(0, 12);
}
