/** Where commands look for the agent when nobody names a place. */
import assert from 'node:assert/strict';
import { chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { socketPathFor } from './options.ts';
import type { Terminal } from './terminal.ts';

const terminal = { environment: {}, exists: () => false } as unknown as Terminal;
const [server, checkout] = ['/run/sluice/agent.sock', './var/agent.sock'];

test('root in a tenant’s folder does not speak to what the tenant has put there', {
	skip: process.getuid?.() !== 0 && 'needs root to give files away',
}, (context) => {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-options-'));
	const before = process.cwd();
	context.after(() => {
		process.chdir(before);
		rmSync(folder, { recursive: true, force: true });
	});
	process.chdir(folder);
	assert.equal(socketPathFor(terminal, {}), checkout, 'named in the message that nobody answers there');
	mkdirSync('var');
	writeFileSync(checkout, '');
	assert.equal(socketPathFor(terminal, {}), checkout);
	chownSync(checkout, 65_534, 65_534);
	assert.equal(socketPathFor(terminal, {}), server);
	rmSync(checkout);
	symlinkSync('/etc/passwd', checkout);
	assert.equal(socketPathFor(terminal, {}), checkout, 'one’s own link');
	assert.equal(socketPathFor(terminal, { socket: checkout }), checkout, 'named, it is what is meant');
});
