/**
 * Who imports whom: reads the import statements of every source file in the tree.
 *
 * By text, not by compiler: it must see what the compiler would forgive. Strings in code that look like imports do not occur.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export type Import = {
	/** Importing file, from the root. */
	readonly from: string;
	/** Imported file from the root, or the name of a package (`node:fs`, `zod`). */
	readonly to: string;
	readonly isPackage: boolean;
};

const folders = ['shared/src', 'agent/src', 'panel-cpanel/src', 'panel-plesk/src', 'installers/src', 'test'];
const statement =
	/(?:^|\n)\s*(?:import|export)\b[^'"`;]*?from\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;
const workspace = /^@sluice\/([a-z-]+)\/(.+)$/;

export function sourceFiles(): readonly string[] {
	// A workspace that has no file yet has no folder in a clone.
	return folders
		.filter((folder) => existsSync(join(root, folder)))
		.flatMap((folder) =>
			readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
				.filter(
					(entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name) && !entry.parentPath.includes('node_modules'),
				)
				.map((entry) => relative(root, join(entry.parentPath, entry.name))),
		);
}

function target(from: string, specifier: string): Pick<Import, 'to' | 'isPackage'> {
	if (specifier.startsWith('.'))
		return { to: relative(root, resolve(root, dirname(from), specifier)), isPackage: false };
	const [, name, path] = workspace.exec(specifier) ?? [];
	if (name === undefined)
		return { to: specifier.startsWith('node:') ? specifier : packageName(specifier), isPackage: true };
	return { to: name === 'test' ? `test/${path}` : `${name}/src/${path}`, isPackage: false };
}

const packageName = (specifier: string): string =>
	specifier
		.split('/')
		.slice(0, specifier.startsWith('@') ? 2 : 1)
		.join('/');

export function importsOf(file: string): readonly Import[] {
	const text = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
	return [...text.matchAll(statement)].map((found) => ({
		from: file,
		...target(file, (found[1] ?? found[2] ?? found[3]) as string),
	}));
}

export function allImports(): readonly Import[] {
	return sourceFiles().flatMap(importsOf);
}
