import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SluiceEvent } from '@sluice/shared/words/events.ts';
import type { MessageRecord } from '@sluice/shared/words/message.ts';
import { createAccountBook } from '../core/identity/accounts.ts';
import type { NoticeSettings } from '../core/notice/settings.ts';
import type { Letter } from '../ports/composer.ts';
import type { Flow } from './context.ts';
import { handClock } from './hand-clock.fixture.ts';
import { createNotices } from './notices.ts';

const settingsDefault: NoticeSettings = {
	to: ['root@host.test'],
	from: 'mailer-daemon@host.test',
	owners: false,
	senders: true,
	zone: 'Europe/Berlin',
};

const acme = {
	key: 'acme',
	id: 'acme',
	panel: 'none',
	name: 'Acme',
	unixUsers: [],
	domains: ['acme.test'],
	mailboxes: [],
	state: 'active',
	sinceMs: 0,
	maySendAs: [],
	contact: 'owner@elsewhere.test',
} as const;

function world(asked: Partial<NoticeSettings> = {}, contact: string = acme.contact) {
	const clock = handClock(Date.UTC(2026, 10, 24, 8, 0, 0));
	const records: MessageRecord[] = [];
	const letters: Letter[] = [];
	const queued: unknown[] = [];
	let isBroken = false;
	const flow = {
		clock,
		events: { emit: () => {} },
		settings: () => ({ hostName: 'host.test', reportsHaveRoute: true, notices: { ...settingsDefault, ...asked } }),
		accounts: createAccountBook([{ ...acme, contact }]),
		spool: {
			append: async (record: MessageRecord) => {
				if (isBroken) throw new Error('disk full');
				records.push(record);
				return { segment: 1, offset: 0, bytes: 1 };
			},
		},
		scheduler: { add: (message: unknown) => void queued.push(message) },
		wake: () => {},
	} as unknown as Flow;
	const notices = createNotices(flow, {
		compose: async (letter) => {
			letters.push(letter);
			return new Uint8Array(1);
		},
	});
	return {
		notices,
		letters,
		records,
		queued,
		fail() {
			isBroken = true;
		},
		async pass(minutes: number) {
			clock.pass(minutes * 60_000);
			await notices.settled();
		},
	};
}

const warning = (scope: string, more: Partial<SluiceEvent> = {}): SluiceEvent => ({
	event: 'limit.warning',
	atMs: 0,
	scope,
	account: 'acme',
	rule: 'hour.recipients',
	mode: 'enforce',
	value: 50,
	used: 41,
	origin: 'plan Basic',
	...more,
});

const episode = (identity: string, more: Partial<SluiceEvent> = {}): SluiceEvent => ({
	event: 'limit.episode',
	atMs: 0,
	state: 'began',
	account: 'acme',
	identity,
	rule: 'hour.recipients',
	value: 400,
	waiting: 228,
	until: '2026-11-24T09:20:00.000Z',
	...more,
});

test('administrators: what comes together is one letter, the next not before a quarter of an hour', async () => {
	const { notices, letters, pass } = world();
	notices.hear(warning('mailbox:info@acme.test'));
	notices.hear(warning('account:acme', { event: 'limit.reached', used: 50 }));
	notices.hear(warning('account:other', { mode: 'monitor' }));
	await pass(1);
	assert.equal(letters.length, 1);
	assert.equal(letters[0]?.subject, 'host.test: account acme has reached a limit, and 1 more');
	assert.match(
		letters[0]?.text ?? '',
		/^- account acme has used all of its 50 recipients an hour; what is over waits and leaves in pace\. The limit is from plan Basic\.\n- mailbox info@acme\.test of acme has used 41 of its 50 recipients an hour \(82 %\)\./,
	);
	for (let n = 0; n < 200; n++) notices.hear(warning(`account:a${n}`));
	await pass(1);
	assert.equal(letters.length, 1);
	await pass(14);
	assert.equal(letters.length, 2);
	assert.match(letters[1]?.text ?? '', /and 150 more/);
	assert.ok((letters[1]?.text.split('\n').length ?? 0) < 60);
});

test('a sender is told when its mail will have left: at the mailbox it proved, else at the account’s contact', async () => {
	const { notices, letters, records, queued } = world();
	notices.hear(episode('mailbox:info@acme.test'));
	notices.hear(episode('unix:7001', { sender: 'victim@far.test' }));
	notices.hear(episode('unix:7001', { account: 'uid:7001', sender: 'victim@far.test' }));
	notices.hear(episode('mailbox:info@acme.test', { state: 'ended' }));
	await notices.settled();
	assert.deepEqual(
		letters.map(({ to }) => to),
		['info@acme.test', 'owner@elsewhere.test'],
	);
	assert.match(
		letters[0]?.text ?? '',
		/228 recipients of your latest messages wait\..*the last one leaves about Tue 24 Nov 2026, 10:20\./,
	);
	assert.equal(queued.length, 2);
	const [record] = records;
	assert.equal(record?.envelope.reversePath, '');
	assert.deepEqual(record?.envelope.recipients, [{ address: 'info@acme.test', notify: ['NEVER'] }]);
	assert.equal(record?.scopes, undefined, 'nobody pays for a notice');
	assert.equal(new Set(records.map(({ id }) => id)).size, 2);
});

test('switched off, nobody is told; owners only when wanted; a bound on letters an hour', async () => {
	const quiet = world({ to: [], senders: false });
	quiet.notices.hear(warning('account:acme'));
	quiet.notices.hear(episode('mailbox:info@acme.test'));
	await quiet.pass(60);
	assert.deepEqual(quiet.letters, []);
	const { notices, letters, pass } = world({ to: [], owners: true });
	notices.hear(warning('account:acme'));
	await notices.settled();
	assert.deepEqual(
		letters.map(({ to, subject }) => [to, subject]),
		[['owner@elsewhere.test', 'account acme is near its sending limit']],
	);
	notices.hear(warning('reseller:bob'));
	notices.hear(warning('server:server', { event: 'limit.reached' }));
	for (let n = 0; n < 2000; n++) notices.hear(episode(`mailbox:u${n}@acme.test`));
	await notices.settled();
	assert.equal(letters.length, 20, 'of one account');
	assert.doesNotMatch(letters.map(({ text }) => text).join(), /bob/);
	for (let n = 0; n < 2000; n++)
		notices.hear(episode(`mailbox:u${n}@site${n % 100}.test`, { account: `domain:site${n % 100}.test` }));
	await notices.settled();
	assert.equal(letters.length, 500, 'of all');
	await pass(61);
	notices.hear(episode('mailbox:later@acme.test'));
	await notices.settled();
	assert.equal(letters.length, 501);
});

test('held mail of a removed account: the administrator hears how much was discarded; a disk that fails ends nothing', async () => {
	const { notices, letters, fail, queued } = world();
	notices.hear({ event: 'account.changed', atMs: 0, account: 'acme', change: 'gone', discarded: 0 });
	notices.hear({ event: 'account.changed', atMs: 0, account: 'acme', change: 'gone', discarded: 3 });
	await notices.settled();
	assert.deepEqual(
		letters.map(({ subject }) => subject),
		['host.test: held mail of the removed account acme was discarded'],
	);
	fail();
	notices.hear(episode('mailbox:info@acme.test'));
	await notices.settled();
	assert.equal(queued.length, 1);
});

test('a contact or a login that is no plain address is not written to: it would be words to the MTA', async () => {
	for (const contact of [
		'a@b.test>\r\nRCPT TO:<victim@far.test',
		'a@b.test> SIZE=1',
		'a@b.test, c@d.test',
		'<a@b.test>',
		'a b@c.test',
	]) {
		const { notices, letters } = world({ to: [], owners: true }, contact);
		notices.hear(warning('account:acme'));
		notices.hear(episode('unix:7001'));
		notices.hear(episode(`mailbox:${contact}`));
		await notices.settled();
		assert.deepEqual(letters, [], contact);
	}
});
