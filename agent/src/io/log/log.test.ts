/**
 * Log lines with strangers' words in them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, maskAddress } from './log.ts';

test('local parts are masked, wherever an address stands', () => {
	assert.equal(maskAddress('jane@site1.test'), 'j***@site1.test');
	assert.equal(
		maskAddress('550 5.1.1 <jane.doe@site1.test>: no such user'),
		'550 5.1.1 <j***@site1.test>: no such user',
	);
	assert.equal(
		maskAddress('mailbox:jane@site1.test auth=bob@site2.test'),
		'mailbox:j***@site1.test auth=b***@site2.test',
	);
	assert.equal(maskAddress('no address here'), 'no address here');
});

test('an answer of one endless word costs a log line, not seconds', () => {
	const lines: string[] = [];
	const log = createLog({ level: 'info', maskAddresses: true }, { write: (line) => void lines.push(line) });
	const began = performance.now();
	log.write({ event: 'recipient.deferred', atMs: 0, reply: `450 ${'a'.repeat(1_000_000)}` });
	maskAddress('a'.repeat(100_000));
	assert.ok(performance.now() - began < 1_000);
	assert.ok((lines[0]?.length ?? 0) < 700);
});
