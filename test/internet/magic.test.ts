import assert from 'node:assert/strict';
import { test } from 'node:test';
import { magicOf, magicWords } from './magic.ts';
import { parsePath } from './path.ts';

/** Stage, kind, and the number that matters, of what a local part asks for. */
function asked(localPart: string): string {
	const magic = magicOf(localPart);
	if (magic === undefined) return 'ordinary';
	const { stage, fault } = magic;
	switch (fault.kind) {
		case 'reply':
		case 'bye':
			return `${stage} ${fault.kind} ${fault.reply.code}`;
		case 'delay':
			return `${stage} delay ${fault.delayMs}`;
		case 'first-tries':
			return `${stage} first ${fault.tries} ${fault.bySender ? 'by sender' : 'by all'}`;
		default:
			return `${stage} ${fault.kind}`;
	}
}

test('local parts ask for what the list says', () => {
	const table: { readonly [localPart: string]: string } = {
		'451-x': 'rcpt reply 451',
		'599': 'rcpt reply 599',
		'421-x': 'rcpt bye 421',
		'MULTI-550-x': 'rcpt reply 550',
		'mail-554-x': 'mail reply 554',
		'data-451': 'data reply 451',
		'End-554-x': 'end reply 554',
		'full-x': 'rcpt reply 452',
		'spam-x': 'end reply 550',
		greylist: 'rcpt first 1 by sender',
		'greylist-3-x': 'rcpt first 3 by sender',
		'tempfirst-x': 'rcpt first 1 by all',
		'slow-x': 'rcpt delay 1000',
		'slow-20-x': 'rcpt delay 20',
		'slow-end-20-x': 'end delay 20',
		'drop-x': 'rcpt drop',
		'drop-data-x': 'content drop',
		'drop-end-x': 'end drop',
		'timeout-x': 'rcpt silence',
		'timeout-end-x': 'end silence',
	};
	for (const [localPart, expected] of Object.entries(table)) assert.equal(asked(localPart), expected, localPart);
});

test('addresses that only resemble magic ones are ordinary', () => {
	for (const localPart of [
		'x',
		'451x',
		'250-x',
		'600-x',
		'x-451-y',
		'dropping',
		'slowly',
		'fullname',
		'spammer',
		'4512-x',
	]) {
		assert.equal(asked(localPart), 'ordinary', localPart);
	}
});

test('every example shown to people is magic', () => {
	for (const [example] of magicWords) assert.notEqual(asked(example.split('@')[0]!), 'ordinary', example);
});

test('paths are read with quotes, parameters, routes and UTF-8', () => {
	assert.deepEqual(parsePath('<a@b.test> SIZE=10 body=8BITMIME SMTPUTF8'), {
		address: 'a@b.test',
		localPart: 'a',
		domain: 'b.test',
		parameters: { SIZE: '10', BODY: '8BITMIME', SMTPUTF8: true },
	});
	assert.equal(parsePath('<>')?.address, '');
	assert.equal(parsePath('<postmaster>')?.localPart, 'postmaster');
	assert.equal(parsePath('<"a b@c"@d.test>')?.localPart, '"a b@c"');
	assert.equal(parsePath('<@r.test,@s.test:a@b.test>')?.address, 'a@b.test');
	assert.equal(parsePath(' <bücher@bücher.test>')?.domain, 'bücher.test');
	for (const wrong of ['a@b.test', '<a@b.test', '<a b@c.test>', '<a@b@c>', '<a@b.test>SIZE=1']) {
		assert.equal(parsePath(wrong), undefined, wrong);
	}
});
