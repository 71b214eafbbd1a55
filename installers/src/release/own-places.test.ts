/** What a source finds by its own place, as a release finds it; and what no release could follow ends the build. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { ownPlaces } from './own-places.ts';

const root = mkdtempSync(join(tmpdir(), 'sluice-places-'));
after(() => rmSync(root, { recursive: true, force: true }));
for (const path of ['agent/package.json', 'agent/src/main/x.ts', 'shared/src/views/a.ejs']) {
	mkdirSync(dirname(join(root, path)), { recursive: true });
	writeFileSync(join(root, path), '');
}
const of = (source: string, path = 'agent/src/main/x.ts') => ownPlaces(root, path, source);

test('a file is read at its path in the checkout, below the program, and is copied', () => {
	const found = of(`readFileSync(new URL('../../package.json', import.meta.url))`);
	assert.equal(found.text, `readFileSync(new URL('./agent/package.json', import.meta.url))`);
	assert.deepEqual(found.resources, ['agent/package.json']);
	const folder = of(`const f = join(import.meta.dirname, 'views');`, 'shared/src/pages.ts');
	assert.equal(folder.text, `const f = join(import.meta.dirname, 'shared/src/views');`);
	assert.deepEqual(folder.resources, ['shared/src/views']);
	const required = of(`createRequire(import.meta.url)('../../package.json')`);
	assert.equal(required.text, `createRequire(import.meta.url)('./agent/package.json')`);
});

test('a worker is the bundle of its name', () => {
	const found = of(`new Worker(new URL('./history-worker.ts', import.meta.url), {`);
	assert.equal(found.text, `new Worker(new URL('./history-worker.js', import.meta.url), {`);
	assert.deepEqual(found.workers, ['agent/src/main/history-worker.ts']);
});

test('what a require of its own asks for is told', () => {
	const found = of(`const require = createRequire(import.meta.url); require('sqlite'); require.resolve('a/b.js');`);
	assert.deepEqual(found.required, ['sqlite', 'a/b.js']);
});

test('where compiled code is kept need not be there', () => {
	const found = of(`enableCompileCache(new URL('../../../node_modules/.cache/sluice', import.meta.url))`);
	assert.match(found.text, /'\.\/node_modules\/\.cache\/sluice'/);
	assert.deepEqual(found.resources, []);
});

test('a file that is not there, and a use that is not known, end the build', () => {
	assert.throws(() => of(`new URL('./gone.json', import.meta.url)`), /reads \.\/gone\.json, which is not there/);
	assert.throws(() => of(`new URL('../../../../etc/passwd', import.meta.url)`), /not there/);
	for (const odd of [
		'import.meta.url',
		'import.meta.filename',
		'join(import.meta.dirname, name)',
		'import.meta.resolve("x")',
	])
		assert.throws(() => of(`const a = ${odd};`), /a release cannot follow/);
});
