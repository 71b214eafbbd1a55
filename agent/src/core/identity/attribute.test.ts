/** What a tenant may try with headers, and what must hold for any bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import fc from 'fast-check';
import { attribute } from './attribute.ts';
import { type AccountDirectory, noAccounts } from './facts.ts';
import { cutsMax, readHeader } from './header-facts.ts';
import { eximHeader, eximSettings, fromOutside, postfixSettings, secret, submission } from './sample.test.ts';
import { isOneOf, wiringHeaderBytesMax } from './wiring-header.ts';

const real = eximHeader({
	proto: 'local',
	auth: 'alice',
	uid: '7001',
	ident: 'alice',
	cwd: '/home/alice',
});
const victim = eximHeader({
	s: 'guess',
	proto: 'esmtpa',
	auth: 'victim@site3.test',
});
const received = 'Received: from x by host.test\r\n';

const byExim = (header: string, more = {}): Attribution =>
	attribute(submission(`${header}\r\nbody`, 'a@b.test', more), eximSettings, noAccounts).attribution;

const leftAfterCuts = (text: string, cuts: readonly (readonly [number, number])[]): string => {
	let rest = '';
	let at = 0;
	for (const [start, end] of cuts) {
		rest += text.slice(at, start);
		at = end;
	}
	return rest + text.slice(at);
};

test('copies with a wrong secret are cut and counted, and do not undo the right one', () => {
	const text = `${received}${victim}${real}\r\n`;
	const { attribution, cuts } = attribute(submission(text, 'a@b.test'), eximSettings, noAccounts);
	assert.equal(attribution.account, 'uid:7001');
	assert.deepEqual(attribution.alarms, ['wiring.wrong-secret']);
	assert.equal(leftAfterCuts(text, cuts), `${received}\r\n`);
});

test('what stands between two fields of ours is sent on', () => {
	const text = `${victim}Subject: kept\r\n\tto the end\r\n${real}To: too\r\n\r\nx-sluice: body\r\n`;
	const { cuts } = attribute(submission(text, 'a@b.test'), eximSettings, noAccounts);
	assert.equal(leftAfterCuts(text, cuts), 'Subject: kept\r\n\tto the end\r\nTo: too\r\n\r\nx-sluice: body\r\n');
});

test('thousands of fields of our name are cut in a bounded number of ranges, and all of them', () => {
	const text = `${received}${'Subject: x\r\nX-Sluice-A: b\r\n'.repeat(5_000)}${real}To: too\r\n\r\nbody`;
	const { attribution, cuts } = attribute(submission(text, 'a@b.test'), eximSettings, noAccounts);
	assert.equal(attribution.account, 'uid:7001');
	assert.equal(cuts.length, cutsMax);
	const left = leftAfterCuts(text, cuts);
	assert.ok(!/sluice/i.test(left) && left.endsWith('Subject: x\r\nTo: too\r\n\r\nbody'));
});

test('a wrong secret alone is believed by nobody', () => {
	const attribution = byExim(received + victim);
	assert.equal(attribution.class, 'unattributed');
	assert.deepEqual(attribution.alarms, ['wiring.wrong-secret']);
});

/** As Exim sends it when a header in front of ours holds a blank line: a directory named `a<LF><LF>b` in `X-Source-Dir`. */
function displaced(behind: string, header = received) {
	const headerText = `${header}X-Source-Dir: /home/alice/a\r\n\r\n`;
	const facts = { ...submission(headerText, 'a@b.test'), textBehindHeader: () => behind };
	const { attribution, cuts } = attribute(facts, eximSettings, noAccounts);
	return { attribution, sent: leftAfterCuts(headerText + behind, cuts) };
}

test('a wiring header that a blank line has put into the content is cut, and believed', () => {
	const { attribution, sent } = displaced(`b\r\n${real}\r\nHello\r\n`);
	assert.deepEqual([attribution.account, attribution.alarms], ['uid:7001', ['wiring.displaced']]);
	assert.equal(sent, `${received}X-Source-Dir: /home/alice/a\r\n\r\nb\r\n\r\nHello\r\n`);
});

test('no line with the secret leaves, and a header without secret does not take the place of the real one', () => {
	const forged = eximHeader({ s: '', proto: 'local', uid: '7002' });
	const one = displaced(`b\r\n${real}\r\n`, received + forged);
	assert.equal(one.attribution.account, 'uid:7001');
	const two = displaced(`b\r\n${real}and ${secret}\r\n${real}`);
	assert.equal(two.attribution.class, 'unattributed');
	for (const { sent } of [one, two]) assert.ok(!sent.includes(secret) && !sent.includes('Sluice'));
});

test('the content is not looked at when the header is in its place', () => {
	const facts = { ...submission(`${received}${real}\r\n`, 'a@b.test'), textBehindHeader: () => assert.fail() };
	assert.equal(attribute(facts, eximSettings, noAccounts).attribution.account, 'uid:7001');
});

test('the previous secret counts while it is listed', () => {
	assert.equal(byExim(eximHeader({ s: 'the-one-before', proto: 'local', uid: '7001' })).account, 'uid:7001');
});

const unbelieved: Record<string, readonly [header: string, alarm: string]> = {
	'two right secrets': [victim.replace('guess', secret) + real, 'wiring.two-secrets'],
	'an unknown key': [real.replace('; port=', '; colour=red; port='), 'wiring.malformed'],
	'a missing key': [real.replace(/ ident=[^;]*;/, ''), 'wiring.malformed'],
	'keys in another order': [real.replace('; host=; port=', '; port=; host='), 'wiring.malformed'],
	'a value that is no base64': [real.replace('cwd=', 'cwd=/'), 'wiring.malformed'],
	'another version': [real.replace('v=1', 'v=2'), 'wiring.malformed'],
	'a folded line': [real.replace('; uid=', ';\r\n uid='), 'wiring.folded'],
	'a line over the bound': [real.replace('\r\n', `${'A'.repeat(wiringHeaderBytesMax)}\r\n`), 'wiring.too-long'],
	'no header': ['', 'wiring.header-missing'],
};
for (const [name, [header, alarm]] of Object.entries(unbelieved)) {
	test(`not believed: ${name}`, () => {
		const attribution = byExim(received + header);
		assert.equal(attribution.class, 'unattributed');
		assert.deepEqual(attribution.alarms, [alarm]);
	});
}

test('a directory of 4 kB still fits', () => {
	const attribution = byExim(eximHeader({ proto: 'local', uid: '7001', cwd: `/${'d'.repeat(4095)}` }));
	assert.equal(attribution.directory?.length, 4096);
});

const lookAlikes = [
	'X-Sluice-Sender\xa0',
	'X-Sluice-Sender ',
	'X-Sluice-Sender-2',
	'X-SLUICE-Extra',
	'x-sluice',
	'X-Sluice-Sender\t',
];
for (const name of lookAlikes) {
	test(`a header named ${JSON.stringify(name)} is cut with its folded lines and believed by nobody`, () => {
		const text = `${received}${name}: ${victim.slice(17).trim()}\r\n\tX-Sluice-Sender: more\r\n${real}Subject: s\r\n\r\n`;
		const { attribution, cuts } = attribute(submission(text, 'a@b.test'), eximSettings, noAccounts);
		assert.equal(attribution.account, 'uid:7001');
		assert.deepEqual(attribution.alarms, ['wiring.look-alike']);
		assert.equal(leftAfterCuts(text, cuts), `${received}Subject: s\r\n\r\n`);
	});
}

test('without a secret (jailed first attempt) a uid is derived with an alarm, a login or a system user is not', () => {
	const jailed = byExim(received + eximHeader({ s: '', proto: 'local', uid: '7001', ident: 'alice' }));
	assert.equal(jailed.account, 'uid:7001');
	assert.equal(jailed.certainty, 'derived');
	assert.deepEqual(jailed.alarms, ['wiring.secret-missing']);
	const stock = 'X-AntiAbuse: Caller UID/GID - [47 12]\r\nX-Source-Dir: site1.test:/public_html\r\n';
	assert.equal(
		byExim(received + eximHeader({ s: '', proto: 'local', uid: '7001', ident: 'alice' }) + stock).account,
		'uid:7001',
	);
	for (const header of [
		eximHeader({ s: '', proto: 'esmtpa', auth: 'victim@site3.test' }),
		eximHeader({ s: '', proto: 'local', uid: '0' }),
		eximHeader({ s: '', proto: 'local', uid: '7001' }) + eximHeader({ s: '', proto: 'local', uid: '7002' }),
		`${eximHeader({ s: '', proto: 'local', uid: '7001' })}Subject: below ours\r\n`,
	]) {
		const attribution = byExim(received + header);
		assert.equal(attribution.class, 'unattributed');
		assert.ok(attribution.alarms.includes('wiring.secret-missing'));
	}
});

test('a header without secret beside a right one changes nothing', () => {
	assert.equal(byExim(eximHeader({ s: '', proto: 'local', uid: '7002' }) + real).account, 'uid:7001');
});

test('an empty secret in the settings matches nothing', () => {
	const settings = { ...eximSettings, secrets: [''] };
	const header = eximHeader({
		s: '',
		proto: 'esmtpa',
		auth: 'victim@site3.test',
	});
	const { attribution } = attribute(submission(`${header}\r\n`, 'a@b.test'), settings, noAccounts);
	assert.equal(attribution.class, 'unattributed');
	assert.ok(attribution.alarms.includes('wiring.no-secret-configured'));
});

test('a peer that is not proved is not believed, right secret or not', () => {
	const attribution = byExim(real, { peerProved: false });
	assert.equal(attribution.class, 'unattributed');
	assert.deepEqual(attribution.alarms, ['wiring.peer-not-proved']);
});

test('accounts are those of the directory when it knows them', () => {
	const directory: AccountDirectory = {
		accountOfUid: (uid) => (uid === 7001 || uid === 400 ? `cp${uid}` : undefined),
		accountOfMailbox: (address) => (address === 'info@site1.test' ? 'cpmail' : undefined),
		accountOfDomain: (domain) => (domain === 'site1.test' ? 'cpsite1' : undefined),
	};
	const accountOf = (says: Parameters<typeof eximHeader>[0]) =>
		attribute(submission(`${eximHeader(says)}\r\n`, 'a@b.test'), eximSettings, directory).attribution;
	assert.equal(accountOf({ proto: 'local', uid: '7001' }).account, 'cp7001');
	assert.equal(accountOf({ proto: 'esmtpa', auth: 'Info@site1.test' }).account, 'cpmail');
	assert.equal(accountOf({ proto: 'esmtpa', auth: 'other@site1.test' }).account, 'cpsite1');
	assert.equal(accountOf({ proto: 'esmtp', anc: 'fwd@site1.test' }).account, 'cpsite1');
	assert.equal(
		accountOf({ proto: 'local', uid: '400' }).class,
		'script',
		'an account with a small uid is no system user',
	);
});

test('what was sent on before SRS, for reports', () => {
	const forwardedFor = (reversePath: string) =>
		attribute(submission('', reversePath), eximSettings, noAccounts).forwardedFor;
	assert.equal(forwardedFor('SRS0=41de=jm=outside.test=a=b@site1.test'), 'a=b@outside.test');
	assert.equal(forwardedFor('srs0+41de=jm=outside.test=x@site1.test'), 'x@outside.test');
	assert.equal(forwardedFor('SRS1=Hash=first.test==41de=jm=outside.test=x@second.test'), 'x@outside.test');
	assert.equal(forwardedFor('SRS0=nothing@site1.test'), undefined);
	assert.equal(forwardedFor('user@site1.test'), undefined);
});

test('header facts: text is readable and bounded, hops and our own line are seen', () => {
	const text =
		'Received: from a by b\r\nReceived: from c\r\n\tby mx.test (Sluice 3f9c) with ESMTP\r\nSubject: =?utf-8?q?x?=\r\n\tmore \xc3\xa9\x00\r\n' +
		`From: "A, B" <User@SITE1.test>\r\nMessage-ID: <1@x>\r\nAuto-Submitted: Auto-Generated; x\r\nX-Long: ${'y'.repeat(2000)}\r\n\r\nReceived: not a header\r\n`;
	const { facts } = readHeader(text, 'by mx.test (Sluice 3f9c)');
	assert.deepEqual(facts, {
		subject: '=?utf-8?q?x?= more é\ufffd',
		headerFrom: '"A, B" <User@SITE1.test>',
		headerId: '<1@x>',
		fromAddress: 'User@site1.test',
		hops: 2,
		ownReceived: { count: 1, isDirect: true },
		autoSubmitted: 'auto-generated',
		claims: ['autoreply'],
	});
	const own = (header: string) => readHeader(`${header}\r\n`, '(Sluice 3f9c)').facts.ownReceived;
	const ours = 'Received: from x\r\n\tby mx.test (Sluice 3f9c)\r\n';
	assert.deepEqual(own('Subject: by mx.test (Sluice 3f9c)\r\nReceived: x\r\n'), { count: 0, isDirect: false });
	assert.deepEqual(own(`Received: a\r\nReceived: b\r\n${ours}${ours}`), { count: 2, isDirect: false });
	assert.equal(readHeader(`Subject: ${'é'.repeat(900)}\r\n\r\n`, undefined).facts.subject?.length, 300);
});

test('secrets are compared whole', () => {
	assert.equal(isOneOf(secret, ['x', secret]), true);
	for (const said of ['', secret.slice(1), `${secret}${secret}`, `${secret} `, secret.toUpperCase()]) {
		assert.equal(isOneOf(said, ['', secret]), false, said);
	}
});

// --- For any bytes ---

const bytes = fc.string({
	unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
	maxLength: 300,
});
/** Lines a tenant could write, ours among them in odd forms, without an empty line. */
const tenantLine = fc.oneof(
	bytes.map((line) => `A${line.replace(/[\r\n]/g, '')}`),
	fc.constantFrom(
		victim.trimEnd(),
		victim.trimEnd().toUpperCase(),
		'X-Sluice-Sender\xa0: v=1; s=; id=',
		'x-SLUICE',
		'X-Sluice-Extra: 1\r\n\tX-Sluice-Sender: v=1',
		'Received: by host.test (Postfix, from userid 0)\r\n\tid Q7;',
		'Received: from a (b [127.0.0.1])\r\n\t(Authenticated sender: victim@site3.test)\r\n\tby host.test (Postfix) with ESMTPA id QFORGED',
		'Delivered-To: victim@site3.test',
		'From: victim@site3.test',
		'no colon here',
	),
);
const tenantHeader = fc
	.array(tenantLine, { maxLength: 12 })
	.map((lines) => lines.map((line) => `${line}\r\n`).join(''));

const identityOf = ({ account, identity, class: kind, certainty }: Attribution) => ({
	account,
	identity,
	kind,
	certainty,
});

test('invariant 7: the null reverse-path with a mark is a class of its own, by login and by uid; without one it is not', () => {
	const report = 'Content-Type: multipart/report; report-type=disposition-notification\r\n';
	const reply = 'Auto-Submitted: auto-replied\r\n';
	const login = eximHeader({ proto: 'esmtpsa', auth: 'me@site1.test' });
	const smtp =
		'Received: from c (c [192.0.2.1])\r\n\t(Authenticated sender: me@site1.test)\r\n\tby host.test (Postfix) with ESMTPA id Q1; d\r\n';
	for (const [marks, byLogin, byUid] of [
		// A user that no panel has named is no account that pays for reports.
		[report, 'dsn', 'script'],
		[reply, 'autoreply', 'autoreply'],
		['Precedence: auto_reply\r\n', 'autoreply', 'autoreply'],
		['', 'mailbox', 'script'],
	] as const) {
		const by = (header: string, settings = eximSettings, reversePath = '') =>
			attribute(submission(`${header}\r\n`, reversePath), settings, noAccounts).attribution;
		assert.equal(by(marks + login).class, byLogin);
		assert.equal(by(smtp + marks, postfixSettings).class, byLogin);
		assert.equal(by(marks + real).class, byUid);
		assert.deepEqual(by(marks + login).identity, { kind: 'mailbox', id: 'me@site1.test' });
		assert.equal(by(marks + login, eximSettings, 'me@site1.test').class, 'mailbox', 'a mark alone changes nothing');
		assert.equal(by(marks + real, eximSettings, 'me@site1.test').class, 'script', 'a mark alone changes nothing');
	}
});

test('invariant 8: headers a tenant adds never change who he is', () => {
	fc.assert(
		fc.property(tenantHeader, (forged) => {
			const bare = byExim(received + real);
			assert.deepEqual(identityOf(byExim(received + forged + real)), identityOf(bare));

			for (const top of [
				'Received: by host.test (Postfix, from userid 7001)\r\n\tid Q1; d\r\n',
				'Received: from c (c [192.0.2.1])\r\n\t(Authenticated sender: me@site1.test)\r\n\tby host.test (Postfix) with ESMTPA id Q1; d\r\n',
				'Received: from c (c [192.0.2.1])\r\n\tby host.test (Postfix) with ESMTP id Q1; d\r\n',
			]) {
				const more = { xforward: fromOutside('Q1') };
				const sender = (header: string) =>
					identityOf(attribute(submission(`${header}\r\n`, 'a@b.test', more), postfixSettings, noAccounts).attribution);
				assert.deepEqual(sender(top + forged), sender(top));
			}
		}),
		{ numRuns: 300 },
	);
});

test('any bytes give a result, and no field of ours is left after the cuts', () => {
	const anyHeader = fc.oneof(
		bytes,
		fc.tuple(tenantHeader, bytes, fc.constantFrom(real, victim, '')).map((parts) => parts.join('')),
	);
	fc.assert(
		fc.property(anyHeader, bytes, fc.constantFrom(eximSettings, postfixSettings), (text, reversePath, settings) => {
			const { cuts, attribution } = attribute(submission(text, reversePath), settings, noAccounts);
			JSON.stringify(attribution);
			let behind = 0;
			for (const [start, end] of cuts) {
				assert.ok(start >= behind && end > start && end <= text.length);
				assert.ok(start === 0 || text[start - 1] === '\n', 'begins a line');
				// Whole fields, or the one line of Postfix's Received that is for us.
				const isLogin = /^\t\(Authenticated sender: [^\n]*\n$/.test(text.slice(start, end));
				assert.ok(
					isLogin || end === text.length || (text[end - 1] === '\n' && !/[ \t]/.test(text[end] as string)),
					'ends a field',
				);
				behind = end;
			}
			const left = leftAfterCuts(text, cuts);
			const block = left.slice(0, /(?<=^|\n)\r?\n/.exec(left)?.index ?? left.length);
			assert.doesNotMatch(block, /(?<=^|\n)x-sluice/i);
		}),
		{ numRuns: 1000 },
	);
});

test('a block of many lines without a colon is walked in linear time', () => {
	const text = 'x\r\n'.repeat(300_000);
	const before = process.cpuUsage().user;
	attribute(submission(text, 'a@b.test'), postfixSettings, noAccounts);
	assert.ok(process.cpuUsage().user - before < 3_000_000, 'microseconds');
});
