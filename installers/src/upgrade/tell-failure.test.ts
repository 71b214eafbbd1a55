/** Last words of an agent are what it, or who broke into it, has written: a terminal obeys none of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Speaker } from '../mta/speak.ts';
import { tellFailure } from './upgrade-here.ts';

test('last words of an agent come without what a terminal would obey', () => {
	const said: string[] = [];
	const speaker = { say: (text: string) => said.push(text), refuse: () => {} } as unknown as Speaker;
	const failure = { step: 'agent', why: 'no', stuck: [], agentLog: ['a \x1b]0;owned\x07 b'] };
	tellFailure({ speaker }, failure, '0.1.0');
	assert.deepEqual(said, ['  | a \ufffd]0;owned\ufffd b']);
});
