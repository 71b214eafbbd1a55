/** Diffs for people. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstDifference, unifiedDiff } from './wiring.ts';

test('a change, a new file and a removed one, as diff -u shows them', () => {
	const diff = unifiedDiff('/f', 'a\nb\nc\n', 'a\nB\nc\n');
	assert.equal(diff, '--- /f\n+++ /f\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n');
	assert.match(unifiedDiff('/f', undefined, 'a\n'), /^--- \/dev\/null\n\+\+\+ \/f\n/);
	assert.match(unifiedDiff('/f', 'a\n', undefined), /^--- \/f\n\+\+\+ \/dev\/null\n/);
	assert.match(unifiedDiff('/f', 'x\n', 'x\n# \xc3\xa4\n'), /\+# ä\n/, 'bytes are shown as the UTF-8 they are');
});

test('the line at which two texts part', () => {
	assert.equal(firstDifference('a\nb\n', 'a\nc\n'), 2);
	assert.equal(firstDifference('a\n', 'a\nb\n'), 2);
	assert.equal(firstDifference('', 'a'), 1);
});
