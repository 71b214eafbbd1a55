/**
 * A day of history outlives the program that wrote it: another schema is another version, or the next start cannot write to it, the
 * log grows and searches end in errors.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { daySchema, dayVersion } from './day-schema.ts';
import { storedStates } from './stored-states.ts';

test('who changes the schema of a day raises its version', () => {
	const text = JSON.stringify([daySchema.replace(/--.*|\s+/g, ' ').replace(/\s+/g, ' '), storedStates]);
	const seen = { version: dayVersion, schema: createHash('sha256').update(text).digest('hex').slice(0, 16) };
	assert.deepEqual(seen, { version: 2, schema: '0c1451a917e3412e' }, 'raise dayVersion, then write both here');
});
