/** Tokens and notes: only whole, only for their session, only in their time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csrfToken, isCsrfToken, opened, sealed } from './signed.ts';

const secret = 'a'.repeat(44);

test('a token of one session is none of another, nor of another key', () => {
	const token = csrfToken(secret, 's1');
	assert.equal(isCsrfToken(secret, 's1', token), true);
	for (const [key, session, given] of [
		[secret, 's2', token],
		['b'.repeat(44), 's1', token],
		[secret, 's1', `${token}A`],
		[secret, 's1', ''],
		[secret, 's1', undefined],
		[secret, 's1', [token]],
	] as const)
		assert.equal(isCsrfToken(key, session, given), false);
});

test('a note comes back as it was, or not at all', () => {
	const note = sealed(secret, 's1', { value: 7 }, 1000);
	assert.deepEqual(opened(secret, 's1', note, 1000), { value: 7 });
	assert.equal(opened(secret, 's1', note, 1001), undefined, 'past its time');
	assert.equal(opened(secret, 's2', note, 0), undefined);
	const [text = '', mac] = note.split('.');
	const other = Buffer.from(JSON.stringify({ value: { value: 8 }, untilMs: 9e15 })).toString('base64url');
	for (const forged of [`${other}.${mac}`, text, `${text}.`, '.', '', `${text}.${csrfToken(secret, `s1\0${text}`)}`])
		assert.equal(opened(secret, 's1', forged, 0), undefined, forged);
});
