/** What is remembered of lifted limits: whole, root's own, and never mistaken for nothing. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { limitsMemory } from './limits-memory.ts';

test('written, read back, and refused where it cannot be understood', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-memory-'));
	try {
		const memory = limitsMemory(join(folder, 'new/limits.json'));
		assert.equal(await memory.read(), undefined);
		const lifted = {
			version: 1 as const,
			at: 'now',
			settings: { maxemailsperhour: { former: '1', ours: 'unlimited' } },
		};
		await memory.write(lifted);
		assert.deepEqual(await memory.read(), lifted);
		assert.equal(statSync(join(folder, 'new/limits.json')).mode & 0o777, 0o600);
		writeFileSync(join(folder, 'new/limits.json'), '{}');
		await assert.rejects(memory.read(), 'what cannot be understood is not taken for nothing');
	} finally {
		rmSync(folder, { recursive: true });
	}
});
