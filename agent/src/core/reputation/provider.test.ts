import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isKnownProvider, providerOf } from './provider.ts';

const hosts: readonly (readonly [host: string, provider: string])[] = [
	['gmail-smtp-in.l.google.com [142.250.27.26]', 'Google'],
	['aspmx.l.google.com', 'Google'],
	['alt1.aspmx.l.google.com [192.0.2.1]', 'Google'],
	['ASPMX2.GOOGLEMAIL.COM.', 'Google'],
	['smtp.google.com', 'Google'],
	['outlook-com.olc.protection.outlook.com [52.101.8.47]', 'Microsoft'],
	['example-com.mail.protection.outlook.com', 'Microsoft'],
	['hotmail-com.olc.protection.outlook.com', 'Microsoft'],
	['example-com.r-v1.mx.microsoft', 'Microsoft'],
	['mta5.am0.yahoodns.net [67.195.204.74]', 'Yahoo and AOL'],
	['mx-aol.mail.gm0.yahoodns.net', 'Yahoo and AOL'],
	['mx01.mail.icloud.com', 'Apple iCloud'],
	['mx00.gmx.net', 'GMX, WEB.DE and mail.com'],
	['mx-ha02.web.de', 'GMX, WEB.DE and mail.com'],
	['mx00.mail.com', 'GMX, WEB.DE and mail.com'],
	['mx01.kundenserver.de', 'IONOS'],
	['mx00.ionos.co.uk', 'IONOS'],
	['mx00.t-online.de', 'Telekom'],
	['mx.freenet.de', 'freenet'],
	['smtp-in.orange.fr', 'Orange'],
	['mx1.mail.ru', 'Mail.ru'],
	['mail.protonmail.ch', 'Proton'],
	['in1-smtp.messagingengine.com', 'Fastmail'],
	['mxa-00.gslb.pphosted.com', 'Proofpoint'],
	['eu-smtp-inbound-1.mimecast.com', 'Mimecast'],
	// Everybody else by what is registered.
	['mail.example.co.uk [203.0.113.5]', 'example.co.uk'],
	['mx1.mail.example.org', 'example.org'],
	['mx.site.github.io', 'github.io'],
	// A name that only ends like one.
	['mx.notgoogle.com', 'notgoogle.com'],
	['google.com.evil.example', 'evil.example'],
	['xyahoodns.net', 'xyahoodns.net'],
	// No domain: what was named.
	['127.0.0.1 [127.0.0.1]', '127.0.0.1'],
	['2001:db8::1 [2001:db8::1]', '2001:db8::1'],
	['localhost [127.0.0.1]', 'localhost'],
	['relay [192.0.2.9]', 'relay'],
	['', ''],
];

for (const [host, provider] of hosts)
	test(`${host || 'nothing'} is run by ${provider || 'nobody'}`, () => {
		assert.equal(providerOf(host), provider);
	});

test('a stranger has no way into the names that are known', () => {
	assert.ok(isKnownProvider('Google'));
	assert.ok(!isKnownProvider('example.org'));
	assert.ok(!isKnownProvider(providerOf('Google')));
});

test('a name of any length is cut', () => {
	assert.ok(providerOf(`${'a'.repeat(10_000)}`).length <= 255);
});
