/** Diffs for people; a file that was there and empty. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyBefore, type Journal, sha256 } from '../apply/journal.ts';
import { bareWiring, firstDifference, keepingEmpty, unifiedDiff } from './wiring.ts';

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

test('a file that was there and empty comes back empty, one that was not there goes', () => {
	const current = (path: string) => ({ path, content: 'ours\n', mode: 0o644, uid: 0, gid: 0 });
	const commands = { reload: [], kick: [], submit: [] };
	const files = ['/empty', '/new'].map((path) => ({ path, current: current(path), bare: undefined }));
	const before = { backup: 'before/0-empty', mode: 0o644, uid: 0, gid: 0, sha256: sha256('') };
	const journal = { files: [{ path: '/empty', before }, { path: '/new' }] } as unknown as Journal;
	const kept = keepingEmpty(bareWiring({ mta: 'exim', agentPort: 926, commands, files }), emptyBefore(journal));
	assert.deepEqual(
		kept.files.map(({ path, bare, wanted }) => [path, bare, wanted]),
		[
			['/empty', '', ''],
			['/new', undefined, undefined],
		],
	);
	assert.equal(emptyBefore(undefined).size, 0);
});
