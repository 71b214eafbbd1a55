import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attribute } from './attribute.ts';
import { type AttributionSettings, noAccounts } from './facts.ts';

const header = [
	'X-Sluice-Forged: above',
	'Received: from client.test (unknown [192.0.2.1])',
	'\t(Authenticated sender: user1@site1.test)',
	'\tby plesk.example.test (Postfix) with ESMTPA id 4abc',
	'\tfor <friend@remote.test>; Tue, 24 Nov 2026 07:00:00 +0000 (UTC)',
	'X-Sluice-Forged: below',
	'Received: from elsewhere (unknown [192.0.2.9])',
	'\t(Authenticated sender: other@else.test)',
	'\tby elsewhere (Postfix) with ESMTPA id 9xyz; Tue, 24 Nov 2026 06:00:00 +0000 (UTC)',
	'Subject: a',
	'',
	'',
].join('\r\n');

function sent(settings: Pick<AttributionSettings, 'mta'>, peerProved: boolean): string {
	const envelope = {
		reversePath: 'user1@site1.test',
		recipients: [{ address: 'friend@remote.test' }],
		has8bit: false,
		smtpUtf8: false,
	};
	const { cuts } = attribute(
		{
			headerText: header,
			envelope,
			helo: 'plesk.example.test',
			peerAddress: '127.0.0.1',
			peerProved,
			xforward: { ident: '4abc' },
		},
		{ secrets: [], hostNames: ['plesk.example.test'], ...settings },
		noAccounts,
	);
	let text = '';
	let from = 0;
	for (const [start, end] of cuts) {
		assert.ok(start >= from, 'ordered and apart');
		text += header.slice(from, start);
		from = end;
	}
	return text + header.slice(from);
}

test('the login that Postfix writes for us goes no further; a line that somebody else wrote stays', () => {
	const text = sent({ mta: 'postfix' }, true);
	assert.ok(!text.includes('user1@site1.test)'));
	assert.ok(text.includes('(unknown [192.0.2.1])\r\n\tby plesk.example.test (Postfix) with ESMTPA id 4abc\r\n'));
	assert.ok(text.includes('(Authenticated sender: other@else.test)'));
	assert.ok(!/x-sluice/i.test(text));
});

test('of a peer that is not believed, or another MTA, no such line is cut', () => {
	assert.ok(sent({ mta: 'postfix' }, false).includes('(Authenticated sender: user1@site1.test)'));
	assert.ok(sent({ mta: 'exim' }, true).includes('(Authenticated sender: user1@site1.test)'));
});
