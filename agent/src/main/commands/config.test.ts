/** `sluice config check`: what reading the file shows, and what only looking at the machine shows. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from './commands.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-config-check-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, text: string): string {
	const path = join(folder, name);
	writeFileSync(path, text);
	return path;
}

const checked = (text: string) => run(['config', 'check', '--config', fileOf('agent.yaml', text)]);

test('files and users that the configuration names are looked at', async () => {
	const empty = fileOf('empty', '\n');
	const cases: readonly (readonly [text: string, says: RegExp])[] = [
		[`wiring: { mta: exim, secretFile: ${folder}/none }`, /wiring\.secretFile: .*none cannot be read \(ENOENT/],
		[`wiring: { mta: exim, secretFile: ${folder} }`, /wiring\.secretFile: .* cannot be read \(EISDIR/],
		[`wiring: { mta: exim, secretFile: ${empty} }`, /wiring\.secretFile: .*empty is empty; without a secret/],
		['smtp: { mtaUsers: [no-such-user] }', /smtp\.mtaUsers: this machine has no user no-such-user/],
		[`smtp: { tls: { certFile: ${folder}/none, keyFile: ${empty} } }`, /smtp\.tls\.certFile: .* cannot be read/],
		[`smtp: { tls: { certFile: ${empty}, keyFile: ${empty} } }`, /smtp\.tls: certificate and key cannot be used/],
	];
	for (const [text, says] of cases) {
		const { code, out, err } = await checked(`dataDir: ${folder}\n${text}\n`);
		assert.deepEqual([text, code, out], [text, 1, '']);
		assert.match(err, says);
		assert.match(err, /\n1 mistake; an agent would not start with this\.\n$/);
	}
	const secret = fileOf('secret', 'a-secret\n');
	const right = await checked(`dataDir: ${folder}\nwiring: { mta: exim, secretFile: ${secret} }\n`);
	assert.deepEqual([right.code, right.err], [0, '']);
});

test('no file named and none where one is looked for: not a mistake in a file, but what to do', async () => {
	const { code, err } = await run(['config', 'check']);
	assert.deepEqual([code, err], [1, 'No ./agent.yaml here. Name a file with --config FILE.\n']);
});
