/** The release in use: whole, and the one that runs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileOf } from '../facts/memory-machine.fixture.ts';
import { currentRelease } from '../facts/places.ts';
import { manifestWith } from '../release/manifest.fixture.ts';
import { codes, groundWith } from './ground.fixture.ts';
import { versionFindings } from './versions.ts';

const sum = 'a'.repeat(64);
const manifest = manifestWith({
	files: ['bin/node', 'program/cli.js'].map((path) => ({ path, sha256: sum, mode: 0o755, bytes: 1 })),
});
const lines = ['bin/node', 'program/cli.js'].map((path) => `${sum}  ${currentRelease}/${path}`);
const found = async (content: object | undefined, output = lines.join('\n'), more: string[] = []) =>
	codes(
		await versionFindings(
			groundWith({
				files: [
					...(content === undefined ? [] : [fileOf(`${currentRelease}/release.json`, JSON.stringify(content))]),
					...more.map((path) => fileOf(path, '')),
				],
				answers: { sha256sum: output },
			}),
		),
	);

test('whole and running, or what is not so', async () => {
	assert.deepEqual(await found(manifest), []);
	assert.deepEqual(await found(undefined), ['version.none']);
	assert.deepEqual(await found({ format: 9 }), ['version.none']);
	assert.deepEqual(await found({ ...manifest, version: '1.1.0' }), ['version.running']);
	assert.deepEqual(await found(manifest, lines[0]), ['version.files'], 'one is gone');
	assert.deepEqual(await found(manifest, lines.join('\n').replace('aaaa', 'bbbb')), ['version.files']);
	assert.deepEqual(await found({ ...manifest, key: 'development' }), ['version.development']);
	assert.deepEqual(await found(manifest, undefined, ['/opt/.sluice-unpack.Ab3']), ['version.leftover']);
});
