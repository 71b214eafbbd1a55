import assert from 'node:assert/strict';
import { test } from 'node:test';
import PostalMime from 'postal-mime';
import { createComposer } from './composer.ts';

test('a letter as the spool stores it: CRLF, dots doubled, any language, marked as a program’s', async () => {
	const content = await createComposer().compose({
		from: 'mailer-daemon@host.test',
		to: 'info@site1.test',
		subject: 'Grüße: 3 warten',
		text: '.first\n..second\n\nÜbermorgen um 10:20.\n.',
		id: 'abc.notice@host.test',
		atMs: Date.UTC(2026, 10, 24, 9, 0, 0),
	});
	const raw = Buffer.from(content).toString('latin1');
	assert.doesNotMatch(raw, /(?<!\r)\n|\r(?!\n)/);
	assert.ok(raw.endsWith('\r\n'));
	assert.doesNotMatch(raw, /^\.(?!\.)/m, 'a line that begins with one dot would end or change the message');
	assert.ok(raw.split('\r\n').every((line) => line.length <= 998));
	const parsed = await PostalMime.parse(raw.replace(/^\.\./gm, '.'));
	assert.equal(parsed.subject, 'Grüße: 3 warten');
	assert.equal(parsed.text?.trim(), '.first\n..second\n\nÜbermorgen um 10:20.\n.');
	assert.equal(parsed.messageId, '<abc.notice@host.test>');
	assert.equal(parsed.date, '2026-11-24T09:00:00.000Z');
	const header = (name: string) => parsed.headers.find(({ key }) => key === name)?.value;
	assert.equal(header('auto-submitted'), 'auto-generated');
});

test('no header can be added by what stands in a field', async () => {
	const content = await createComposer().compose({
		from: 'mailer-daemon@host.test',
		to: 'info@site1.test',
		subject: 'a\r\nBcc: victim@far.test\r\n\r\nbody',
		text: 'x',
		id: 'abc@host.test',
		atMs: 0,
	});
	assert.doesNotMatch(Buffer.from(content).toString('latin1'), /^Bcc:/m);
});
