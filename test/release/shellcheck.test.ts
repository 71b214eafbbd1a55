/** Every shell script of ours is clean by shellcheck, whatever shell its first line names. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { layersUnavailable, unpackedLayer } from '../mta/debs.ts';

const root = join(import.meta.dirname, '../..');
const folders = ['.ci', 'agent', 'installers', 'panel-cpanel', 'panel-plesk', 'shared', 'test'];

function firstLine(path: string): string {
	const file = openSync(path, 'r');
	try {
		const start = Buffer.alloc(64);
		return start.toString('latin1', 0, readSync(file, start)).split('\n')[0]!;
	} finally {
		closeSync(file);
	}
}

const scripts = folders
	.flatMap((folder) =>
		readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
			.filter(
				(entry) =>
					entry.isFile() && !/node_modules/.test(entry.parentPath) && !/\.(?:ts|mjs|md|json)$/.test(entry.name),
			)
			.map((entry) => join(entry.parentPath, entry.name)),
	)
	.filter((path) => /^#!.*\b(?:ba|da)?sh\b/.test(firstLine(path)))
	.map((path) => path.slice(root.length + 1))
	.sort();

const unavailable = layersUnavailable();

test('shell scripts are clean', {
	skip: unavailable !== undefined && `no shellcheck here: ${unavailable}`,
}, async () => {
	for (const script of [
		'.ci/run',
		'installers/scripts/install.sh',
		'installers/scripts/uninstall.sh',
		'installers/scripts/sluice',
	])
		assert.ok(scripts.includes(script), `${script} is looked at`);
	const layer = await unpackedLayer('shellcheck');
	const env = { ...process.env, LD_LIBRARY_PATH: join(layer, 'usr/lib/x86_64-linux-gnu') };
	const found = await new Promise<string>((resolve) => {
		execFile(
			join(layer, 'usr/bin/shellcheck'),
			['--format=gcc', ...scripts],
			{ cwd: root, env },
			(error, stdout, stderr) => resolve(error === null ? '' : `${stdout}${stderr}${error.message}`),
		);
	});
	assert.equal(found, '');
});
