/** Rows of what Exim 4.96 was seen to send, one by one, and what each must be attributed to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import { attribute } from './attribute.ts';
import { noAccounts } from './facts.ts';
import { base64, eximHeader, eximSettings, submission } from './sample.test.ts';

type Row = {
	readonly name: string;
	readonly reversePath: string;
	readonly says: Parameters<typeof eximHeader>[0];
	readonly header?: string;
	readonly expect: Partial<Attribution>;
};

const mailbox = { kind: 'mailbox', id: 'user1@site1.test' } as const;
const unix = (uid: number) => ({ kind: 'unix', id: String(uid) }) as const;

const rows: readonly Row[] = [
	{
		name: 'AUTH submission',
		reversePath: 'user1@site1.test',
		says: {
			proto: 'esmtpa',
			auth: 'user1@site1.test',
			uid: '999',
			host: '192.0.2.7',
			port: '12587',
		},
		expect: {
			account: 'domain:site1.test',
			identity: mailbox,
			class: 'mailbox',
			certainty: 'proved',
			clientAddress: '192.0.2.7',
			mtaQueueId: '1rAbcD-000001-aa',
			from: 'exim header, auth=user1@site1.test',
		},
	},
	{
		name: 'AUTH over TLS with SMTPUTF8, login in capitals',
		reversePath: 'user1@site1.test',
		says: {
			proto: 'utf8esmtpsa',
			auth: 'User1@SITE1.test',
			uid: '999',
			host: '2001:db8::7',
		},
		expect: {
			identity: mailbox,
			class: 'mailbox',
			clientAddress: '2001:db8::7',
		},
	},
	{
		name: 'AUTH with the cPanel spelling of a login',
		reversePath: 'user1@site1.test',
		says: { proto: 'esmtpsa', auth: 'user1+site1.test', uid: '999' },
		expect: { identity: mailbox, account: 'domain:site1.test' },
	},
	{
		name: 'AUTH as a login without domain',
		reversePath: 'x@site1.test',
		says: { proto: 'esmtpsa', auth: 'cpuser', uid: '999' },
		expect: {
			identity: { kind: 'mailbox', id: 'cpuser' },
			account: 'login:cpuser',
			class: 'mailbox',
		},
	},
	{
		name: 'sendmail -t by alice: the login name in auth is no mailbox',
		reversePath: 'alice@host.test',
		says: {
			proto: 'local',
			auth: 'alice',
			uid: '7001',
			ident: 'alice',
			cwd: '/home/alice',
		},
		expect: {
			account: 'uid:7001',
			identity: unix(7001),
			class: 'script',
			certainty: 'proved',
			directory: '/home/alice',
			from: 'exim header, local by alice, uid=7001',
		},
	},
	{
		name: 'PHP mail()',
		reversePath: 'webuser@host.test',
		says: {
			proto: 'local',
			auth: 'webuser',
			uid: '7003',
			ident: 'webuser',
			cwd: '/home/webuser/public_html/blog',
		},
		header: 'X-PHP-Originating-Script: 7003:form.php\r\n',
		expect: {
			class: 'script',
			identity: unix(7003),
			directory: '/home/webuser/public_html/blog',
			hint: {
				domain: 'host.test',
				address: 'webuser@host.test',
				script: '7003:form.php',
			},
		},
	},
	...['local-esmtp', 'local-bsmtp', 'utf8local-esmtp', 'local-esmtpa'].map((proto) => ({
		name: `exim -bs and -bS by alice (${proto})`,
		reversePath: 'ceo@victim.test',
		says: {
			proto,
			auth: 'alice',
			uid: '7001',
			ident: 'alice',
			port: '0',
			cwd: '/tmp',
		},
		expect: {
			class: 'script',
			identity: unix(7001),
			account: 'uid:7001',
			certainty: 'proved',
		} as const,
	})),
	{
		name: 'cron of a user: his own mark does not make it another class',
		reversePath: 'cpuser@host.test',
		says: {
			proto: 'local',
			auth: 'cpuser',
			uid: '7011',
			ident: 'cpuser',
			cwd: '/home/cpuser',
		},
		header:
			'From: "(Cron Daemon)" <cpuser@host.test>\r\nSubject: Cron <cpuser@host> ls\r\nX-Cron-Env: <SHELL=/bin/sh>\r\n',
		expect: { class: 'script', identity: unix(7011), certainty: 'proved' },
	},
	{
		name: 'cron of root',
		reversePath: 'root@host.test',
		says: { proto: 'local', uid: '0', ident: 'root', cwd: '/' },
		header: 'From: root@host.test (Cron Daemon)\r\nSubject: Cron <root@host> run-parts\r\n',
		expect: {
			class: 'cron',
			identity: unix(0),
			account: 'uid:0',
			certainty: 'proved',
		},
	},
	{
		name: 'root without cron marks',
		reversePath: 'root@host.test',
		says: { proto: 'local', uid: '0', ident: 'root', cwd: '/' },
		expect: { class: 'system', identity: unix(0), certainty: 'proved' },
	},
	{
		name: 'alias from outside',
		reversePath: 'SRS0=41de=jm=outside.test=stranger@site1.test',
		says: {
			proto: 'esmtp',
			uid: '999',
			host: '198.51.100.9',
			port: '12025',
			anc: 'Fwd@site1.test',
		},
		expect: {
			account: 'domain:site1.test',
			identity: { kind: 'address', id: 'fwd@site1.test' },
			class: 'forward',
			certainty: 'derived',
			ancestor: 'Fwd@site1.test',
			hint: { domain: 'site1.test', address: 'Fwd@site1.test' },
		},
	},
	{
		name: '.forward',
		reversePath: 'SRS0=41de=jm=outside.test=stranger@host.test',
		says: {
			proto: 'esmtps',
			uid: '999',
			host: '198.51.100.9',
			port: '12025',
			anc: 'bob@host.test',
		},
		expect: {
			class: 'forward',
			identity: { kind: 'address', id: 'bob@host.test' },
			account: 'domain:host.test',
		},
	},
	{
		name: 'null sender through an alias',
		reversePath: '',
		says: {
			proto: 'esmtp',
			uid: '999',
			host: '198.51.100.9',
			anc: 'fwd@site1.test',
		},
		expect: {
			class: 'forward',
			account: 'domain:site1.test',
			certainty: 'derived',
		},
	},
	{
		name: 'AUTH user writes to his own alias: he is the sender',
		reversePath: 'SRS0=41de=jm=site1.test=user1@site1.test',
		says: {
			proto: 'esmtpa',
			auth: 'user1@site1.test',
			uid: '999',
			anc: 'fwd@site1.test',
		},
		expect: {
			class: 'mailbox',
			identity: mailbox,
			certainty: 'proved',
			ancestor: 'fwd@site1.test',
		},
	},
	{
		name: 'autoreply by a pipe or transport',
		reversePath: '',
		says: {
			proto: 'local',
			auth: 'alice',
			uid: '7001',
			ident: 'alice',
			cwd: '/',
		},
		header: 'From: alice@site1.test\r\nAuto-Submitted: auto-replied (vacation)\r\n',
		expect: {
			class: 'autoreply',
			account: 'uid:7001',
			identity: unix(7001),
			certainty: 'proved',
			hint: { domain: 'site1.test', address: 'alice@site1.test', script: '/' },
		},
	},
	{
		name: 'a mark without the null sender is not an autoreply',
		reversePath: 'alice@site1.test',
		says: { proto: 'local', auth: 'alice', uid: '7001', ident: 'alice' },
		header: 'Auto-Submitted: auto-replied\r\n',
		expect: { class: 'script' },
	},
	{
		name: 'list resend',
		reversePath: 'mlist-bounces+dest=example.net@site1.test',
		says: {
			proto: 'local',
			auth: 'mailman',
			uid: '7010',
			ident: 'mailman',
			cwd: '/',
		},
		header: 'List-Id: <mlist.site1.test>\r\n',
		expect: {
			class: 'list',
			account: 'domain:site1.test',
			identity: { kind: 'address', id: 'mlist-bounces@site1.test' },
			certainty: 'derived',
		},
	},
	{
		name: "a tenant's own List-Id",
		reversePath: 'alice@site1.test',
		says: { proto: 'local', auth: 'alice', uid: '7001', ident: 'alice' },
		header: 'List-Id: <news.site1.test>\r\nPrecedence: list\r\n',
		expect: { class: 'script' },
	},
	{
		name: "Exim's bounce",
		reversePath: '',
		says: {
			proto: 'local',
			uid: '999',
			ident: 'Debian-exim',
			cwd: '/var/spool/exim4',
		},
		header: 'Auto-Submitted: auto-replied\r\nContent-Type: multipart/report; report-type=delivery-status\r\n',
		expect: {
			class: 'dsn',
			identity: unix(999),
			certainty: 'proved',
			account: 'uid:999',
		},
	},
	{
		name: 'SMTP without AUTH and without an ancestor',
		reversePath: 'SRS0=41de=jm=outside.test=stranger@site1.test',
		says: { proto: 'esmtp', uid: '999', host: '198.51.100.9' },
		expect: {
			class: 'unattributed',
			account: '',
			certainty: 'none',
			clientAddress: '198.51.100.9',
		},
	},
	{
		name: 'authenticated as nobody',
		reversePath: 'user1@site1.test',
		says: { proto: 'esmtpa', uid: '999' },
		expect: { class: 'unattributed', alarms: ['wiring.auth-empty'] },
	},
	{
		name: "the web server's own user runs tenants' code",
		reversePath: 'www-data@host.test',
		says: { proto: 'local', auth: 'www-data', uid: '33', ident: 'www-data' },
		expect: { class: 'script', account: 'uid:33' },
	},
];

for (const row of rows) {
	test(`exim: ${row.name}`, () => {
		const headerText = `Received: from x by host.test\r\n${row.header ?? ''}${eximHeader(row.says)}\r\n`;
		const { attribution, cuts } = attribute(submission(headerText, row.reversePath), eximSettings, noAccounts);
		assert.deepEqual({ ...attribution, ...row.expect }, attribution);
		assert.equal(cuts.length, 1);
		if (row.expect.alarms === undefined) assert.deepEqual(attribution.alarms, []);
	});
}

test('exim: a directory of any bytes comes through and is safe to show', () => {
	const cwd = '/home/alice/a\nX-Evil: 1\r;s=x;\\\xff\xfe/\xc3\xa9\xe2\x80\xae';
	const says = eximHeader({ proto: 'local', uid: '7001', cwd });
	assert.ok(says.includes(base64(cwd)));
	const { attribution } = attribute(submission(`${says}\r\n`, 'a@b.test'), eximSettings, noAccounts);
	assert.equal(attribution.directory, '/home/alice/a\\x0aX-Evil: 1\\x0d;s=x;\\\\\\xff\\xfe/é\\xe2\\x80\\xae');
});
