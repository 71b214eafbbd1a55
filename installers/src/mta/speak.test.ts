/** What stands on a terminal while a step is done, and that a pipe and a program see nothing of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { showRemoval } from './show-removal.ts';
import { speakerFor } from './speak.ts';

function written(act: (speaker: ReturnType<typeof speakerFor>) => void, more: Partial<Terminal> = {}, isJson = false) {
	let out = '';
	const terminal = {
		writeOut: (text: string) => {
			out += text;
		},
		writeErr: () => {},
		isTerminal: true,
		width: 30,
		hasColour: false,
		zone: 'UTC',
		environment: {},
		now: () => 0,
		endWith: () => {},
		...more,
	} as unknown as Terminal;
	act(speakerFor(terminal, isJson));
	return out;
}

const work = (speaker: ReturnType<typeof speakerFor>): void => {
	speaker.begin('Read the mail log of the last seven days.');
	speaker.say('a note');
	speaker.step('Read the mail log of the last seven days.');
	speaker.end(0, {}, ['Done.']);
};

test('the running step stands on the terminal in one row, below what is said meanwhile, and gives way to its end', () => {
	assert.deepEqual(written(work).split('\r\x1b[K'), [
		'  ....  Read the mail log of ',
		'a note\n  ....  Read the mail log of ',
		'  done  Read the mail log of the last seven days.\nDone.\n',
	]);
});

test('who does not read along at a terminal sees what was done alone', () => {
	const plain = 'a note\n  done  Read the mail log of the last seven days.\nDone.\n';
	assert.equal(written(work, { isTerminal: false }), plain);
	assert.equal(written(work, { environment: { TERM: 'dumb' } }), plain);
	assert.equal(written(work, {}, true), '{}\n');
});

test('of files that go, people see the names; of those that stay, what is taken out; programs get all of it', () => {
	const shown: string[] = [];
	const files = [
		{ path: '/etc/exim.conf', before: 'theirs\nours\n', after: 'theirs\n' },
		{ path: '/etc/ours.conf', before: 'all of it ours\n', after: undefined },
	];
	const whole = showRemoval({ diff: (text) => void shown.push(text) }, files);
	assert.match(shown.join('\n'), /^-ours$/m);
	assert.doesNotMatch(shown.join('\n'), /all of it ours/);
	assert.match(shown.at(-1) ?? '', /^Files that go:\n {2}\/etc\/ours\.conf$/);
	assert.match(whole, /^-all of it ours$/m);
});
