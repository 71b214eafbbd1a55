import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMail, parseRecipient } from './parser.ts';

/** As the connection reads it: one char a byte. */
const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const mail = (text: string) => parseMail(bytes(`MAIL FROM:${text}`));
const rcpt = (text: string, smtpUtf8 = false) => parseRecipient(bytes(`RCPT TO:${text}`), smtpUtf8);
const reversePath = (text: string): string => {
	const parsed = mail(text);
	return typeof parsed === 'string' ? `fault ${parsed}` : parsed.reversePath;
};

test('addresses are kept as they are written', () => {
	for (const address of [
		'',
		'a@one.test',
		'Case.Kept@ONE.test',
		'a..b.@one.test',
		'a+tag=x{y}|z/~@one.test',
		'"a b"@one.test',
		'"a@b>c"@one.test',
		'"say \\"hi\\" \\\\"@one.test',
		'a@[192.0.2.1]',
		'a@[IPv6:2001:db8::1]',
		'a@xn--bcher-kva.test',
		'SRS0=HHH=TT=orig.test=user@fwd.test',
		'prvs=1234567890=a@one.test',
		'a@under_score.test',
		'a@localhost',
	]) {
		assert.equal(reversePath(`<${address}>`), address);
	}
});

test('a source route is dropped, blanks before the path are not held against it', () => {
	assert.equal(reversePath('<@one.test,@two.test:a@three.test>'), 'a@three.test');
	assert.equal(reversePath('  <a@one.test>'), 'a@one.test');
});

test('what is no address is refused with its own fault', () => {
	for (const text of [
		'',
		'a@one.test',
		'<a@one.test',
		'<a>',
		'<@one.test>',
		'<a@>',
		'<@>',
		'<a b@one.test>',
		'<a@b@one.test>',
		'<a@one..test>',
		'<a@.test>',
		'<a@one test>',
		'<a@[192.0.2.1>',
		'<"a@one.test>',
		'<"a"b@one.test>',
		'<<a@one.test>>',
		`<${'x'.repeat(1_020)}@one.test>`,
	]) {
		assert.equal(mail(text), 'senderSyntax', text);
		assert.equal(rcpt(text), 'recipientSyntax', text);
	}
	assert.equal(rcpt('<>'), 'recipientSyntax');
	assert.deepEqual(rcpt('<Postmaster>'), { address: 'Postmaster' });
});

test('parameters of MAIL', () => {
	assert.deepEqual(mail('<a@one.test> SIZE=1234 BODY=8bitmime RET=hdrs ENVID=QQ+2B314 AUTH=<>'), {
		reversePath: 'a@one.test',
		sizeBytes: 1234,
		body: '8BITMIME',
		smtpUtf8: false,
		ret: 'HDRS',
		envid: 'QQ+2B314',
	});
	assert.deepEqual(mail('<> body=7BIT'), { reversePath: '', body: '7BIT', smtpUtf8: false });
	assert.deepEqual(mail('<a@one.test>  SIZE=0 '), { reversePath: 'a@one.test', sizeBytes: 0, smtpUtf8: false });
	const faults = {
		'SIZE=': 'argument',
		'SIZE=-1': 'argument',
		'SIZE=1 SIZE=1': 'argument',
		SIZE: 'argument',
		'BODY=BINARYMIME': 'parameter',
		'RET=ALL': 'argument',
		'ENVID=': 'argument',
		'ENVID=a+2b': 'argument',
		[`ENVID=${'x'.repeat(101)}`]: 'argument',
		'SMTPUTF8=1': 'argument',
		AUTH: 'argument',
		REQUIRETLS: 'parameter',
		'MT-PRIORITY=3': 'parameter',
		'NOTIFY=NEVER': 'parameter',
	};
	for (const [parameters, fault] of Object.entries(faults)) {
		assert.equal(mail(`<a@one.test> ${parameters}`), fault, parameters);
	}
	assert.equal(mail('<a@one.test>SIZE=1'), 'argument');
});

test('parameters of RCPT', () => {
	assert.deepEqual(rcpt('<b@two.test> NOTIFY=success,DELAY ORCPT=rfc822;B+40two.test'), {
		address: 'b@two.test',
		notify: ['SUCCESS', 'DELAY'],
		orcpt: 'rfc822;B+40two.test',
	});
	assert.deepEqual(rcpt('<b@two.test> NOTIFY=NEVER'), { address: 'b@two.test', notify: ['NEVER'] });
	const faults = {
		'NOTIFY=': 'argument',
		'NOTIFY=NEVER,DELAY': 'argument',
		'NOTIFY=DELAY,DELAY': 'argument',
		'NOTIFY=ALWAYS': 'argument',
		'NOTIFY=DELAY NOTIFY=DELAY': 'argument',
		'ORCPT=b@two.test': 'argument',
		'ORCPT=rfc822;': 'argument',
		[`ORCPT=rfc822;${'x'.repeat(500)}`]: 'argument',
		'SIZE=1': 'parameter',
		RRVS: 'parameter',
	};
	for (const [parameters, fault] of Object.entries(faults)) {
		assert.equal(rcpt(`<b@two.test> ${parameters}`), fault, parameters);
	}
});

test('bytes above ASCII need SMTPUTF8 and must be UTF-8', () => {
	assert.equal(mail('<jörg@one.test>'), 'utf8Required');
	assert.equal(mail('<jörg@one.test> BODY=8BITMIME'), 'utf8Required');
	assert.deepEqual(mail('<jörg@bücher.test> BODY=8BITMIME SMTPUTF8'), {
		reversePath: 'jörg@bücher.test',
		body: '8BITMIME',
		smtpUtf8: true,
	});
	assert.equal(rcpt('<用户@例え.test>'), 'utf8Required');
	assert.deepEqual(rcpt('<用户@例え.test> ORCPT=utf-8;用户@例え.test', true), {
		address: '用户@例え.test',
		orcpt: 'utf-8;用户@例え.test',
	});
	assert.equal(parseMail('MAIL FROM:<j\xf6rg@one.test> SMTPUTF8'), 'argument', 'Latin-1 is not UTF-8');
	// An address that only names the parameter has not said it.
	assert.equal(mail('<jörg@one.test> ENVID=SMTPUTF8'), 'utf8Required');
});

test('control characters never pass', () => {
	for (const control of ['\0', '\r', '\t', '\x1b', '\x7f']) {
		assert.equal(mail(`<a${control}@one.test>`), 'argument', JSON.stringify(control));
		assert.equal(rcpt(`<"a${control}"@one.test>`, true), 'argument', JSON.stringify(control));
	}
});
