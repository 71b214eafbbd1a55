/**
 * The files that browsers load: ours and those of the packages, by the name under which pages ask for them. The app serves them; a
 * panel that serves files itself writes them (`assetBytes`) beside its script, in a folder that is named with their hash.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const assetFolder = join(import.meta.dirname, 'assets');

/** Of packages, by our name. */
const packageAssets: { readonly [name: string]: string } = {
	'htmx.js': require.resolve('htmx.org/dist/htmx.min.js'),
	'uplot.js': require.resolve('uplot/dist/uPlot.iife.min.js'),
	'uplot.css': require.resolve('uplot/dist/uPlot.min.css'),
};

/** Comments and indentation out; a sheet also without its line ends and the spaces that mean nothing. No string in our sheets holds `: `. */
export function shrunk(name: string, text: string): string {
	const plain = text.replace(/^[ \t]*\/\*.*?\*\/[ \t]*$/gms, '');
	if (!name.endsWith('.css')) return plain.replace(/^\s*(?:\/\/.*)?\n/gm, '').replace(/^[ \t]+/gm, '');
	return plain
		.replace(/\/\*.*?\*\//gs, '')
		.replace(/\s+/g, ' ')
		.replace(/ ?([{};,>]) ?/g, '$1')
		.replace(/: /g, ':')
		.replaceAll(';}', '}');
}

/** A file as it is served: our own sheet and scripts shrunk, everything else as it is. */
export function assetBytes(name: string): Buffer {
	const path = packageAssets[name] ?? join(assetFolder, name);
	const bytes = readFileSync(path);
	const isOurs = packageAssets[name] === undefined && /\.(?:css|js)$/.test(name);
	return isOurs ? Buffer.from(shrunk(name, bytes.toString('utf8'))) : bytes;
}

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
