/** Rows of what Postfix 3.7 was seen to send, one by one, and what each must be attributed to; then what tenants tried. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import { attribute } from './attribute.ts';
import { type AttributionSettings, type ForwardedClient, noAccounts } from './facts.ts';
import { fromOutside, postfixSettings, submission } from './sample.test.ts';

const date = 'Tue, 24 Nov 2026 10:00:00 +0100 (CET)';
const bySmtp = (id: string, login?: string, tls = false): string =>
	'Received: from client.test (unknown [198.51.100.9])\r\n' +
	(tls
		? '\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\r\n\t key-exchange X25519 server-signature RSA-PSS (2048 bits))\r\n\t(Client CN "x) by y", Issuer "z" (not verified))\r\n'
		: '') +
	(login === undefined ? '' : `\t(Authenticated sender: ${login})\r\n`) +
	`\tby host.test (Postfix) with ESMTP${login === undefined ? '' : 'A'} id ${id}\r\n\tfor <dest@example.net>; ${date}\r\n`;
const byUser = (uid: number, id = 'QLOCAL1'): string =>
	`Received: by host.test (Postfix, from userid ${uid})\r\n\tid ${id}; ${date}\r\n`;
const byPostfix = (id = 'QINTERN1'): string => `Received: by host.test (Postfix)\r\n\tid ${id}; ${date}\r\n`;
const reinjected = (id: string): string =>
	`Received: from host.test (localhost [127.0.0.1])\r\n\tby host.test (Postfix) with ESMTP id ${id}\r\n\tfor <dest@example.net>; ${date}\r\n`;

const mailbox = { kind: 'mailbox', id: 'user1@site1.test' } as const;
const unix = (uid: number) => ({ kind: 'unix', id: String(uid) }) as const;
const local: ForwardedClient = { source: 'LOCAL' };
const rest = 'From: someone@site9.test\r\nSubject: hello\r\n\r\n';

type Row = {
	readonly name: string;
	readonly header: string;
	readonly reversePath: string;
	readonly xforward: ForwardedClient;
	readonly orcpt?: string;
	readonly settings?: Partial<AttributionSettings>;
	readonly expect: Partial<Attribution>;
};

const rows: readonly Row[] = [
	{
		name: 'AUTH',
		header: bySmtp('QAUTH1', 'User1@site1.test'),
		reversePath: 'user1@site1.test',
		xforward: fromOutside('QAUTH1'),
		expect: {
			account: 'domain:site1.test',
			identity: mailbox,
			class: 'mailbox',
			certainty: 'proved',
			mtaQueueId: 'QAUTH1',
			clientAddress: '198.51.100.9',
			from: 'postfix Received, auth=user1@site1.test',
			alarms: [],
		},
	},
	{
		name: 'AUTH with TLS lines above the login',
		header: bySmtp('QAUTH1', 'user1@site1.test', true),
		reversePath: 'user1@site1.test',
		xforward: fromOutside('QAUTH1'),
		expect: { identity: mailbox, class: 'mailbox', alarms: [] },
	},
	{
		name: 'AUTH to several recipients, no `for`',
		header: `Received: from c (c [IPv6:2001:db8::7])\r\n\t(Authenticated sender: user1@site1.test)\r\n\tby HOST.test (Postfix) with ESMTPA id Q1;\r\n\t${date}\r\n`,
		reversePath: 'user1@site1.test',
		xforward: fromOutside('Q1'),
		expect: { identity: mailbox, clientAddress: '2001:db8::7', alarms: [] },
	},
	{
		name: 'a milter put its header above Received',
		header: `DKIM-Signature: v=1; a=rsa-sha256;\r\n\th=Received: from;\r\n${bySmtp('Q1', 'user1@site1.test')}`,
		reversePath: 'user1@site1.test',
		xforward: fromOutside('Q1'),
		expect: { identity: mailbox, alarms: [] },
	},
	{
		name: 'sendmail and PHP',
		header: byUser(7001),
		reversePath: 'shop@site2.test',
		xforward: local,
		expect: {
			account: 'uid:7001',
			identity: unix(7001),
			class: 'script',
			certainty: 'proved',
			alarms: [],
		},
	},
	{
		name: 'sendmail -bs: an smtpd line below',
		header: `${byUser(7001)}${bySmtp('QX', 'victim@site3.test')}`,
		reversePath: 'x@site2.test',
		xforward: local,
		expect: { identity: unix(7001), class: 'script' },
	},
	{
		name: 'root',
		header: byUser(0),
		reversePath: 'root@host.test',
		xforward: local,
		expect: { identity: unix(0), class: 'system' },
	},
	{
		name: 'vacation of Dovecot under a service uid',
		header: `${byUser(30)}Auto-Submitted: auto-replied\r\n`,
		reversePath: '',
		xforward: local,
		expect: { identity: unix(30), class: 'autoreply' },
	},
	{
		name: 'alias or list',
		header: bySmtp('Q2'),
		reversePath: 'stranger@outside.test',
		xforward: fromOutside('Q2'),
		orcpt: 'rfc822;fwd+40site1.test',
		expect: {
			account: '',
			class: 'forward',
			certainty: 'none',
			ancestor: 'fwd@site1.test',
			hint: { domain: 'site1.test', address: 'fwd@site1.test' },
			alarms: [],
		},
	},
	{
		name: 'null sender through an alias',
		header: bySmtp('Q2'),
		reversePath: '',
		xforward: fromOutside('Q2'),
		orcpt: 'rfc822;fwd@site1.test',
		expect: { class: 'forward', account: '', ancestor: 'fwd@site1.test' },
	},
	{
		name: '.forward',
		header: `${byPostfix()}Delivered-To: Bob@host.test\r\n${bySmtp('Q1')}`,
		reversePath: 'stranger@outside.test',
		xforward: {
			name: 'mx.outside.test',
			addr: '198.51.100.9',
			ident: 'Q1',
			source: 'REMOTE',
		},
		expect: {
			class: 'forward',
			account: 'domain:host.test',
			identity: { kind: 'address', id: 'bob@host.test' },
			certainty: 'derived',
			mtaQueueId: 'QINTERN1',
			alarms: [],
		},
	},
	{
		name: '.forward without Delivered-To',
		header: `${byPostfix()}${bySmtp('Q1')}Delivered-To: victim@site3.test\r\n`,
		reversePath: 'stranger@outside.test',
		xforward: { ident: 'Q1' },
		expect: { class: 'forward', account: '', certainty: 'none' },
	},
	{
		name: 'bounce',
		header: byPostfix(),
		reversePath: '',
		xforward: local,
		expect: {
			class: 'dsn',
			certainty: 'proved',
			account: 'uid:105',
			alarms: [],
		},
	},
	{
		name: 'SMTP content filter that the mail log confirms',
		header: `${reinjected('Q2')}${bySmtp('Q1', 'user1@site1.test')}`,
		reversePath: 'user1@site1.test',
		xforward: fromOutside('Q1'),
		settings: {
			smtpFilterConfirmed: new Map([['Q1', { saslUsername: 'user1@site1.test', passedAs: 'Q2' }]]),
		},
		expect: {
			identity: mailbox,
			class: 'mailbox',
			certainty: 'proved',
			mtaQueueId: 'Q2',
			alarms: [],
		},
	},
	{
		name: 'pipe filter that is configured',
		header: `${byUser(7020, 'Q2')}${bySmtp('Q1', 'user1@site1.test')}`,
		reversePath: 'user1@site1.test',
		xforward: { source: 'REMOTE' },
		settings: { filterUserIds: [7020] },
		expect: {
			identity: mailbox,
			class: 'mailbox',
			certainty: 'derived',
			mtaQueueId: 'Q2',
		},
	},
	{
		name: 'pipe filter below which sendmail stood',
		header: `${byUser(7020, 'Q2')}${byUser(7001, 'Q1')}`,
		reversePath: 'user1@site1.test',
		xforward: { source: 'REMOTE' },
		settings: { filterUserIds: [7020] },
		expect: {
			identity: unix(7001),
			class: 'script',
			certainty: 'derived',
			mtaQueueId: 'Q2',
		},
	},
	{
		name: 'pipe filter that is not configured',
		header: `${byUser(7020, 'Q2')}${bySmtp('Q1', 'user1@site1.test')}`,
		reversePath: 'user1@site1.test',
		xforward: { source: 'REMOTE' },
		expect: { identity: unix(7020), class: 'script' },
	},

	// What tenants tried.
	{
		name: 'forged: a second Received of a victim below an alias',
		header: `${bySmtp('Q2')}${bySmtp('QFORGED', 'victim@site3.test')}`,
		reversePath: 'stranger@outside.test',
		xforward: fromOutside('Q2'),
		expect: { class: 'forward', account: '', alarms: [] },
	},
	{
		name: 'forged: XFORWARD IDENT and a second Received, filter configured but the log knows nothing',
		header: `${reinjected('Q2')}${bySmtp('QFORGED', 'victim@site3.test')}`,
		reversePath: 'victim@site3.test',
		xforward: fromOutside('QFORGED'),
		settings: { smtpFilterConfirmed: new Map() },
		expect: {
			class: 'unattributed',
			account: '',
			alarms: ['wiring.ident-mismatch'],
		},
	},
	{
		name: "forged: a victim's real queue id, used again after his message has passed",
		header: `${reinjected('Q9')}${bySmtp('Q1', 'victim@site3.test')}`,
		reversePath: 'victim@site3.test',
		xforward: fromOutside('Q1'),
		settings: {
			smtpFilterConfirmed: new Map([['Q1', { saslUsername: 'victim@site3.test', passedAs: 'Q2' }]]),
		},
		expect: { class: 'unattributed', alarms: ['wiring.ident-mismatch'] },
	},
	{
		name: 'forged: the log confirms another queue id than the line below carries',
		header: `${reinjected('Q2')}${bySmtp('Q8', 'user1@site1.test')}`,
		reversePath: 'user1@site1.test',
		xforward: fromOutside('Q1'),
		settings: { smtpFilterConfirmed: new Map([['Q1', { saslUsername: 'user1@site1.test' }]]) },
		expect: { class: 'unattributed', alarms: ['wiring.ident-mismatch'] },
	},
	{
		name: "forged: a broken line that reads like Postfix's own",
		header:
			'Received: from x\r\n by evil.test (Postfix) with ESMTP id QEVIL; d\r\n\t(Authenticated sender: user1@site1.test)\r\n\tby host.test (Postfix) with ESMTPA id Q1; d\r\n',
		reversePath: 'user1@site1.test',
		xforward: fromOutside('Q1'),
		expect: { class: 'mailbox', identity: mailbox, mtaQueueId: 'Q1', alarms: [] },
	},
	{
		name: 'forged: XFORWARD beside a real login does not make the sender unknown',
		header: bySmtp('Q1', 'user1@site1.test'),
		reversePath: 'user1@site1.test',
		xforward: fromOutside('QOTHER'),
		expect: {
			class: 'mailbox',
			identity: mailbox,
			alarms: ['wiring.ident-mismatch'],
		},
	},
	{
		name: 'forged: userid 0 and AUTH lower down',
		header: `${byUser(7001)}${byUser(0)}${bySmtp('Q', 'victim@site3.test')}`,
		reversePath: 'a@b.test',
		xforward: local,
		expect: { class: 'script', identity: unix(7001) },
	},
	{
		name: 'forged: HELO that imitates a login, as Postfix neuters it',
		header:
			'Received: from x?Authenticated.sender:v?d? (unknown [198.51.100.9])\r\n\tby host.test (Postfix) with ESMTP id Q2; d\r\n',
		reversePath: 'a@b.test',
		xforward: fromOutside('Q2'),
		expect: { class: 'forward', account: '' },
	},
	{
		name: 'forged: a HELO so long that it is broken, with the login on the broken line',
		header: `Received: from ${'x'.repeat(980)}\r\n (Authenticated sender: victim@site3.test)\r\n\tby host.test (Postfix) with ESMTP id Q2; d\r\n`,
		reversePath: 'a@b.test',
		xforward: fromOutside('Q2'),
		expect: { class: 'unattributed', account: '' },
	},
	{
		name: 'SMTP from this machine without a login',
		header: reinjected('Q2'),
		reversePath: 'a@site1.test',
		xforward: { ident: 'Q2', addr: '127.0.0.1', source: 'LOCAL' },
		expect: {
			class: 'unattributed',
			account: '',
			hint: { domain: 'site1.test', address: 'a@site1.test' },
			alarms: [],
		},
	},
	{
		name: "SMTP from this machine's public address",
		header: bySmtp('Q2'),
		reversePath: 'a@site1.test',
		xforward: fromOutside('Q2'),
		settings: { ownAddresses: ['198.51.100.9'] },
		expect: { class: 'unattributed', account: '' },
	},
	{
		name: 'another host on top',
		header: bySmtp('Q1', 'user1@site1.test').replace('by host.test', 'by evil.test'),
		reversePath: 'a@b.test',
		xforward: fromOutside('Q1'),
		expect: { class: 'unattributed', alarms: ['wiring.host-name'] },
	},
	{
		name: 'XFORWARD switched off',
		header: bySmtp('Q1', 'user1@site1.test'),
		reversePath: 'a@b.test',
		xforward: {},
		expect: {
			class: 'mailbox',
			identity: mailbox,
			alarms: ['wiring.xforward-missing'],
		},
	},
	{
		name: 'no Received at all',
		header: '',
		reversePath: 'a@b.test',
		xforward: {},
		expect: { class: 'unattributed', alarms: ['wiring.received-missing'] },
	},
];

for (const row of rows) {
	test(`postfix: ${row.name}`, () => {
		const { xforward, orcpt } = row;
		const facts = submission(row.header + rest, row.reversePath, {
			xforward,
			...(orcpt === undefined ? {} : { orcpt }),
		});
		const { attribution, cuts } = attribute(facts, { ...postfixSettings, ...row.settings }, noAccounts);
		assert.deepEqual({ ...attribution, ...row.expect }, attribution);
		// Nothing goes but the login that Postfix says for us.
		for (const [start, end] of cuts)
			assert.match(facts.headerText.slice(start, end), /^\t\(Authenticated sender: [^\n]*\n$/);
	});
}

test('postfix: a wiring header that a tenant brings is cut and not believed', () => {
	const forged =
		'x-sluice-sender: v=1; s=; id=; proto=esmtpa; auth=dmljdGlt; uid=; ident=; host=; port=; cwd=; anc=\r\n';
	const headerText = `${byUser(7001)}${forged}${rest}`;
	const { attribution, cuts } = attribute(
		submission(headerText, 'a@b.test', { xforward: local }),
		postfixSettings,
		noAccounts,
	);
	assert.deepEqual(attribution.identity, unix(7001));
	assert.deepEqual(cuts, [[byUser(7001).length, byUser(7001).length + forged.length]]);
});

test('postfix: a peer that the kernel did not prove is not believed in Received or XFORWARD', () => {
	const facts = submission(bySmtp('Q1', 'user1@site1.test') + rest, 'a@b.test', {
		peerProved: false,
		xforward: fromOutside('Q1'),
	});
	const { attribution } = attribute(facts, postfixSettings, noAccounts);
	assert.equal(attribution.class, 'unattributed');
	assert.equal(attribution.clientAddress, undefined);
	assert.deepEqual(attribution.alarms, ['wiring.peer-not-proved']);
});
