/**
 * Measured, since no rule of the language says it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { detached } from './detached.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Heap that 200 pieces of 200 characters hold, each cut from 200 kB. */
function heldBytes(keep: (text: string) => string): number {
	collect();
	const before = process.memoryUsage().heapUsed;
	const kept = Array.from({ length: 200 }, (_, index) =>
		keep(
			Buffer.alloc(200_000, 97 + (index % 26))
				.toString('latin1')
				.slice(100, 300),
		),
	);
	collect();
	const held = process.memoryUsage().heapUsed - before;
	assert.equal(kept.length, 200);
	return held;
}

test('a detached piece of a text does not hold the text', () => {
	assert.equal(detached('Subject'), 'Subject');
	assert.equal(detached(''), '');
	assert.ok(heldBytes((text) => text) > 30_000_000, 'a plain piece holds it, or this test shows nothing');
	assert.ok(heldBytes(detached) < 3_000_000);
});
