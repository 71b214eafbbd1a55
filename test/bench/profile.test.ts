/** The reading of a profile: self and total time, what is native told apart by who called it, nothing outside the span. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type CpuProfile, functionTimes, partTimes } from './profile.ts';

const ours = (file: string) => pathToFileURL(join(import.meta.dirname, '../..', file)).href;
const frame = (functionName: string, url = '', lineNumber = 0) => ({ functionName, url, lineNumber });

const profile: CpuProfile = {
	nodes: [
		{ id: 1, callFrame: frame('(root)'), children: [2, 4] },
		{ id: 2, callFrame: frame('accept', ours('agent/src/flow/accept.ts'), 9), children: [3, 5] },
		{ id: 3, callFrame: frame('write'), children: [] },
		{ id: 4, callFrame: frame('(idle)') },
		{ id: 5, callFrame: frame('accept', ours('agent/src/flow/accept.ts'), 9), children: [6] },
		{ id: 6, callFrame: frame('write') },
	],
	startTime: 1000,
	samples: [4, 2, 3, 5, 6, 3],
	timeDeltas: [50, 10, 20, 30, 40, 500],
};

test('self and total of each function within the span, recursion counted once', () => {
	const times = functionTimes(profile, { fromUs: 1001, toUs: 1200 });
	const shown = times.filter(({ selfUs }) => selfUs > 0).map(({ name, selfUs, totalUs }) => [name, selfUs, totalUs]);
	assert.deepEqual(shown, [
		['write ← accept agent/src/flow/accept.ts:10', 60, 60],
		['(idle)', 50, 50],
		['accept', 40, 100],
	]);
	assert.deepEqual(
		partTimes(times).filter(({ selfUs }) => selfUs > 0),
		[
			{ part: 'agent flow', selfUs: 100 },
			{ part: '(idle)', selfUs: 50 },
		],
	);
});
