import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readEximLine } from './exim.ts';
import { createLearning } from './learned.ts';
import { createPassages, type Passage } from './passages.ts';
import { readPostfixLine } from './postfix.ts';

const passagesOf = (lines: readonly string[], mta: 'exim' | 'postfix'): readonly Passage[] => {
	const found: Passage[] = [];
	const passages = createPassages((passage) => void found.push(passage));
	for (const line of lines) {
		const event = mta === 'exim' ? readEximLine(line) : readPostfixLine(line, new Date(2026, 10, 24, 12).getTime());
		if (typeof event === 'object') passages.take(event);
	}
	passages.end();
	return found;
};

test('Exim: recipients elsewhere once each, local ones not at all, the directory of the script', () => {
	const id = '1abcDE-000123-Ab';
	const [one, ...others] = passagesOf(
		[
			'2026-11-24 09:00:00 cwd=/home/alice/www 3 args: sendmail -t -i',
			`2026-11-24 09:00:01 ${id} <= alice@host.test U=alice P=local S=1`,
			`2026-11-24 09:00:02 ${id} == a@far.test R=dnslookup T=remote_smtp defer (-1): later`,
			`2026-11-24 09:00:02 ${id} => b@far.test R=dnslookup T=remote_smtp H=mx [203.0.113.7]`,
			`2026-11-24 09:00:02 ${id} => info <info@site1.test> R=virtual_user T=dovecot C="250"`,
			`2026-11-24 09:05:02 ${id} ** a@far.test R=dnslookup T=remote_smtp H=mx [203.0.113.7]: 550 no`,
			`2026-11-24 09:05:02 ${id} Completed`,
			// Local alone: nobody's limit.
			'2026-11-24 09:06:01 1abcDE-000124-Ab <= x@far.test H=mx [203.0.113.7] P=esmtp S=1',
			'2026-11-24 09:06:01 1abcDE-000124-Ab => info <info@site1.test> R=virtual_user T=dovecot',
			// The arrival is not in this log.
			'2026-11-24 09:06:01 1abcDE-000125-Ab => z@far.test R=dnslookup T=remote_smtp H=mx [203.0.113.7]',
		],
		'exim',
	);
	assert.deepEqual(others, []);
	assert.deepEqual(one, {
		atMs: new Date(2026, 10, 24, 9, 0, 1).getTime(),
		sender: { kind: 'unix', user: 'alice' },
		reversePath: 'alice@host.test',
		directory: '/home/alice/www',
		recipients: ['a@far.test', 'b@far.test'],
		failed: 1,
	});
});

test('Exim: a directory is named only where it is sure, and never the one of a delivery', () => {
	const begun = (directory: string, args = 'sendmail -t -i'): string =>
		`2026-11-24 09:00:00 cwd=${directory} 3 args: /usr/sbin/${args}`;
	let number = 100;
	const sent = (user: string): string[] => {
		const id = `1abcDE-000${number++}-Ab`;
		return [
			`2026-11-24 09:00:01 ${id} <= ${user}@host.test U=${user} P=local S=1`,
			`2026-11-24 09:00:02 ${id} => a@far.test R=dnslookup T=remote_smtp H=mx [203.0.113.7]`,
		];
	};
	const directoriesOf = (...lines: readonly string[]): readonly unknown[] =>
		passagesOf(lines, 'exim').map(({ sender, directory }) => [sender.kind === 'unix' ? sender.user : '', directory]);
	assert.deepEqual(
		directoriesOf(begun('/home/alice/www'), begun('/var/spool/exim4', 'exim4 -Mc 1abcDE-000001-Ab'), ...sent('alice')),
		[['alice', '/home/alice/www']],
	);
	// Two at once: each has the one that bears the name.
	assert.deepEqual(directoriesOf(begun('/home/alice/www'), begun('/home/bob'), ...sent('bob'), ...sent('alice')), [
		['bob', '/home/bob'],
		['alice', '/home/alice/www'],
	]);
	assert.deepEqual(directoriesOf(begun('/tmp'), begun('/'), ...sent('alice')), [['alice', undefined]]);
});

test('Postfix: through a content filter the sender stays; an id used again is another message', () => {
	const at = (second: number, text: string): string =>
		`Nov 24 09:00:${String(second).padStart(2, '0')} host postfix/${text}`;
	const sent = (id: string, to: string, relay: string, text: string): string =>
		`smtp[9]: ${id}: to=<${to}>, relay=${relay}, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (${text})`;
	const found = passagesOf(
		[
			at(1, 'smtpd[1]: AAAAAA01: client=pc[203.0.113.9], sasl_method=PLAIN, sasl_username=info@site1.test'),
			at(1, 'qmgr[1]: AAAAAA01: from=<info@site1.test>, size=1, nrcpt=2 (queue active)'),
			at(2, 'smtpd[2]: BBBBBB02: client=localhost[127.0.0.1]'),
			at(2, 'qmgr[1]: BBBBBB02: from=<info@site1.test>, size=1, nrcpt=2 (queue active)'),
			at(2, sent('AAAAAA01', 'r@far.test', '127.0.0.1[127.0.0.1]:10024', '250 Ok: queued as BBBBBB02')),
			at(2, 'qmgr[1]: AAAAAA01: removed'),
			at(3, sent('BBBBBB02', 'r@far.test', 'mx[203.0.113.7]:25', '250 ok')),
			at(3, sent('BBBBBB02', 's@far.test', 'mx[203.0.113.7]:25', '250 ok')),
			at(3, 'qmgr[1]: BBBBBB02: removed'),
			at(4, 'pickup[1]: AAAAAA01: uid=10001 from=<alice>'),
			at(4, sent('AAAAAA01', 't@far.test', 'mx[203.0.113.7]:25', '250 ok')),
			at(5, 'bounce[1]: AAAAAA01: sender non-delivery notification: CCCCCC03'),
			at(5, 'qmgr[1]: AAAAAA01: removed'),
		],
		'postfix',
	);
	assert.deepEqual(
		found.map(({ sender, recipients }) => [sender, recipients]),
		[
			[{ kind: 'mailbox', login: 'info@site1.test' }, ['r@far.test', 's@far.test']],
			[{ kind: 'unix', uid: 10001 }, ['t@far.test']],
		],
	);
});

/** The most in any window that ends with a message, counted the slow way. */
function naivePeak(passages: readonly Passage[], seconds: number, grain: number): number {
	const grainOf = (passage: Passage): number => Math.floor(passage.atMs / 1000 / grain);
	return Math.max(
		0,
		...passages.map((last) =>
			passages
				.filter((one) => grainOf(one) <= grainOf(last) && grainOf(one) > grainOf(last) - seconds / grain)
				.reduce((sum, one) => sum + one.recipients.length, 0),
		),
	);
}

test('peaks equal a naive recount, in whatever order messages end', () => {
	const passage = fc.record({
		second: fc.integer({ min: 0, max: 200_000 }),
		recipients: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
	});
	fc.assert(
		fc.property(fc.array(passage, { minLength: 1, maxLength: 40 }), (drawn) => {
			const passages = drawn.map(
				({ second, recipients }): Passage => ({
					atMs: second * 1000 + 1.7e12,
					sender: { kind: 'mailbox', login: 'a@b.test' },
					reversePath: 'a@b.test',
					recipients: recipients.map((n) => `r${n}@far.test`),
					failed: 0,
				}),
			);
			const learning = createLearning();
			for (const one of passages) learning.add(one);
			const [row] = learning.result().accounts;
			assert.equal(row?.peakMinute, naivePeak(passages, 60, 1));
			assert.equal(row?.peakHour, naivePeak(passages, 3600, 1));
			assert.equal(row?.peakDay, naivePeak(passages, 86_400, 60));
			const different = Math.max(
				...passages.map(
					(last) =>
						new Set(
							passages
								.filter((one) => one.atMs <= last.atMs && one.atMs > last.atMs - 3_600_000)
								.flatMap((one) => one.recipients),
						).size,
				),
			);
			assert.equal(row?.peakHourDifferent, different);
		}),
		{ numRuns: 300 },
	);
});

test('accounts: cPanel’s own line, its table of domains, the table of users, else provisional names', () => {
	const names = {
		ofDomain: (domain: string) => (domain === 'site1.test' ? 'alice' : undefined),
		nameOfUid: (uid: number) => (uid === 7 ? 'bob' : undefined),
	};
	const learning = createLearning(names);
	const send = (sender: Passage['sender'], account?: string): void =>
		learning.add({
			atMs: 1.7e12,
			sender,
			reversePath: '',
			recipients: ['r@far.test'],
			failed: 0,
			...(account === undefined ? {} : { account }),
		});
	send({ kind: 'mailbox', login: 'info@site1.test' });
	send({ kind: 'mailbox', login: 'info@site2.test' });
	send({ kind: 'mailbox', login: 'info@site2.test' }, 'carol');
	send({ kind: 'unix', uid: 7 });
	send({ kind: 'unix', uid: 8 });
	send({ kind: 'relay', client: '' });
	assert.deepEqual(
		learning
			.result()
			.accounts.map(({ account }) => account)
			.toSorted(),
		['(without login)', 'alice', 'bob', 'carol', 'domain:site2.test', 'uid:8'],
	);
});
