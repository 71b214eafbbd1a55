/**
 * What a source file finds by its own place (`import.meta`), rewritten so that it is found from the flat bundle as well.
 *
 * In the checkout a file reads `new URL('../../package.json', import.meta.url)`. In a release all code lies flat in `program/`, and what
 * is read at run time lies below it at its path in the checkout: `program/agent/package.json`. So `import.meta.url` of a source becomes
 * the URL that the source itself would have there, and a worker's source becomes its bundle. The texts are matched, not parsed; every
 * form that is not known here is an error of the build, never a file that is missed on somebody's server.
 *
 * The same look collects what has to be copied: files and folders named that way, and packages' files of `require.resolve`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

export type OwnPlaces = {
	/** The source with its `import.meta` rewritten. */
	readonly text: string;
	/** Files and folders below the checkout that the source reads, by their path in it. */
	readonly resources: readonly string[];
	/** Sources of workers, by their path in the checkout. */
	readonly workers: readonly string[];
	/** Names that the source hands to a `require` of its own: packages and files of packages. */
	readonly required: readonly string[];
};

/** Never in a release: kept by running programs beside their own code. */
const madeAtRunTime = /(?:^|\/)node_modules\/\.cache\//;

/** `path` and the result's paths are relative to the checkout. Throws for a use of `import.meta` that is not known. */
export function ownPlaces(root: string, path: string, source: string): OwnPlaces {
	const resources = new Set<string>();
	const workers = new Set<string>();
	const required = new Set<string>();
	const named = (name: string): string => {
		const found = relative(root, join(root, dirname(path), name));
		if (madeAtRunTime.test(found)) return found;
		if (found.startsWith('..') || !existsSync(join(root, found)))
			throw new Error(`${path} reads ${name}, which is not there`);
		resources.add(found);
		return found;
	};

	let text = source.replace(/new URL\(\s*'(\.[^']*-worker)\.ts',\s*import\.meta\.url\s*\)/g, (_, worker: string) => {
		workers.add(join(dirname(path), `${worker}.ts`));
		return `new URL('./${basename(worker)}.js', ${marked('url')})`;
	});
	text = text.replace(
		/new URL\(\s*'(\.[^']*)',\s*import\.meta\.url\s*\)/g,
		(_, name: string) => `new URL('./${named(name)}', ${marked('url')})`,
	);
	text = text.replace(/join\(\s*import\.meta\.dirname,\s*'([^']+)'\s*\)/g, (_, name: string) => {
		return `join(${marked('dirname')}, '${named(name)}')`;
	});
	text = text.replace(
		/createRequire\(\s*import\.meta\.url\s*\)(?:\('(\.[^']*)'\))?/g,
		(_, name: string | undefined) => {
			if (name !== undefined) return `createRequire(${marked('url')})('./${named(name)}')`;
			for (const [, wanted] of source.matchAll(/\brequire(?:\.resolve)?\(\s*'([^'.][^']*)'\s*\)/g))
				required.add(wanted!);
			return `createRequire(${marked('url')})`;
		},
	);
	const left = /^.*\bimport\.meta\b.*$/m.exec(text);
	if (left !== null)
		throw new Error(`${path} uses import.meta in a way that a release cannot follow: ${left[0].trim()}`);
	return {
		text: text.replaceAll(mark, 'import.meta.'),
		resources: [...resources],
		workers: [...workers],
		required: [...required],
	};
}

/** Stands for `import.meta.` in what is done, so that the last look finds only what is not. */
const mark = '__sluiceOwn$';
const marked = (property: 'url' | 'dirname'): string => `${mark}${property}`;

/** The file's text with its places rewritten, as `ownPlaces`. */
export const ownPlacesOf = (root: string, path: string): OwnPlaces =>
	ownPlaces(root, path, readFileSync(join(root, path), 'utf8'));
