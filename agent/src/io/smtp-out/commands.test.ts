import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Envelope, EnvelopeRecipient } from '@sluice/shared/words/envelope.ts';
import type { Extensions, OutboundMessage } from '../../ports/smtp-out.ts';
import { mailCommand, pathsAreSafe, rcptCommand } from './commands.ts';
import { nothingOffered, offerOf } from './extensions.ts';

const everything: Extensions = { pipelining: true, eightBitMime: true, smtpUtf8: true, dsn: true, sizeMax: 0 };
const recipient: EnvelopeRecipient = { address: 'you@two.test' };

function message(envelope: Partial<Envelope> = {}, has8bit = false): OutboundMessage {
	const recipients = envelope.recipients ?? [recipient];
	return {
		envelope: { reversePath: 'me@one.test', recipients, has8bit, smtpUtf8: false, ...envelope },
		recipients,
		chunks: [],
		bytes: 1234,
		has8bit,
	};
}

test('nothing that was not offered is said', () => {
	const wantsAll = message({ smtpUtf8: true, ret: 'HDRS', envid: 'x+20y' }, true);
	assert.equal(mailCommand(wantsAll, nothingOffered), 'MAIL FROM:<me@one.test>\r\n');
	assert.equal(
		rcptCommand({ ...recipient, notify: ['NEVER'], orcpt: 'rfc822;you@two.test' }, nothingOffered),
		'RCPT TO:<you@two.test>\r\n',
	);
});

test('what is offered is said where the envelope asks for it', () => {
	assert.equal(mailCommand(message({ reversePath: '' }), everything), 'MAIL FROM:<> SIZE=1234\r\n');
	assert.equal(
		mailCommand(message({ smtpUtf8: true, ret: 'HDRS', envid: 'x+20y' }, true), everything),
		'MAIL FROM:<me@one.test> SIZE=1234 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=x+20y\r\n',
	);
	assert.equal(
		mailCommand(message({ recipients: [{ address: 'mü@two.test' }] }), everything),
		'MAIL FROM:<me@one.test> SIZE=1234 SMTPUTF8\r\n',
	);
	assert.equal(
		rcptCommand({ ...recipient, notify: ['SUCCESS', 'DELAY'], orcpt: 'rfc822;you@two.test' }, everything),
		'RCPT TO:<you@two.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;you@two.test\r\n',
	);
});

test('an envelope cannot write a command of its own', () => {
	assert.equal(pathsAreSafe(message()), true);
	assert.equal(pathsAreSafe(message({ reversePath: 'a@b>\r\nRCPT TO:<c@d' })), false);
	assert.equal(pathsAreSafe(message({ recipients: [{ address: 'a@b\nDATA' }] })), false);
	assert.equal(pathsAreSafe(message({ reversePath: 'a\0@b' })), false);
	assert.equal(rcptCommand({ ...recipient, orcpt: 'rfc822;a b' }, everything), 'RCPT TO:<you@two.test>\r\n');
	assert.doesNotMatch(mailCommand(message({ envid: 'a\r\nDATA' }), everything), /DATA/);
});

test('an offer is keywords at the beginning of lines, without case, after the first line', () => {
	const lines = [
		'mx.test DSN SMTPUTF8',
		'pipelining',
		'SIZE 35882577',
		'XFOO DSN',
		'8BITMIME ',
		'AUTH=LOGIN',
		'AUTH PLAIN login',
	];
	assert.deepEqual(offerOf({ code: 250, lines }), {
		pipelining: true,
		eightBitMime: true,
		smtpUtf8: false,
		dsn: false,
		sizeMax: 35882577,
		startTls: false,
		authMechanisms: ['PLAIN', 'LOGIN'],
	});
	assert.equal(offerOf({ code: 250, lines: ['mx', 'SIZE'] }).sizeMax, 0);
	assert.equal(offerOf({ code: 250, lines: ['mx', 'SIZE many'] }).sizeMax, 0);
	assert.equal(offerOf({ code: 250, lines: ['mx'] }).sizeMax, undefined);
});
