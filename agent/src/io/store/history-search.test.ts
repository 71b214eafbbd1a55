import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { domainOf } from '@sluice/shared/words/address.ts';
import { recipientStates } from '@sluice/shared/words/recipient.ts';
import { identityText } from '../../core/policy/judge.ts';
import type { MessageQuery } from '../../ports/store.ts';
import { createWriter, exampleAccounts, replayNaively, type ToldMessage } from './example-history.ts';
import { type HistoryDays, historyDays } from './history-days.ts';
import { InvalidCursor, recipientsShownMax, search } from './history-search.ts';
import { exampleMs, exampleRecord, memoryLog, openExample, runAll, seededRandom, temporaryFolder } from './testing.ts';

const noClock = (): number => 0;

function idsOfAll(days: HistoryDays, query: Omit<MessageQuery, 'limit'>, limit: number): string[] {
	const ids: string[] = [];
	let cursor: string | undefined;
	do {
		const page = search(days, { ...query, limit, ...(cursor === undefined ? {} : { cursor }) }, noClock);
		ids.push(...page.items.map(({ id }) => id));
		assert.ok(page.items.length === limit || page.next === undefined);
		cursor = page.next;
	} while (cursor !== undefined);
	return ids;
}

const alike = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

function matches({ record, recipients }: ToldMessage, query: Omit<MessageQuery, 'limit'>): boolean {
	const { attribution, envelope, subject = '', acceptedMs } = record;
	const isOf = (address: string, asked: string): boolean =>
		asked.startsWith('@') ? alike(domainOf(address), asked.slice(1)) : alike(address, asked);
	const recipientMatches = recipients.some(
		({ state }, index) =>
			(query.state === undefined || state === query.state) &&
			(query.recipient === undefined || isOf(envelope.recipients[index]?.address ?? '', query.recipient)),
	);
	return (
		recipientMatches &&
		(query.accounts === undefined || query.accounts.includes(attribution.account)) &&
		(query.identity === undefined || identityText(attribution) === query.identity) &&
		(query.sender === undefined || isOf(envelope.reversePath, query.sender)) &&
		(query.subject === undefined || subject.toLowerCase().includes(query.subject.toLowerCase())) &&
		(query.sinceMs === undefined || acceptedMs >= query.sinceMs) &&
		(query.untilMs === undefined || acceptedMs < query.untilMs)
	);
}

/** None, one, some, and more than are looked up one by one. */
const accountSets: readonly (readonly string[])[] = [
	...exampleAccounts.map((account) => [account]),
	['shop', 'blog'],
	['nobody'],
	[],
	['club', ...Array.from({ length: 200 }, (_, at) => `other${at}`)],
	['shop', ...Array.from({ length: 4500 }, (_, at) => `other${at}`)],
];

/** Three days of random mail, in chunks of a few recipients so that a day has many. */
function filled(context: TestContext, count = 700) {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	createWriter(log, seededRandom(42))(count);
	const { follower } = openExample(folder, log, { batchWeightMax: 100, chunkRecipientsMax: 20 });
	runAll(follower, log);
	follower.close();
	const days = historyDays(folder);
	context.after(() => days.close());
	return { folder, days, told: [...replayNaively(log.entries).history.values()] };
}

test('every combination of filters finds what a look at each message finds, newest first, page by page', (context) => {
	const { days, told } = filled(context);
	const random = seededRandom(7);
	const maybe = <Value>(values: readonly Value[]): Value | undefined =>
		random() < 0.7 ? undefined : values[Math.floor(random() * values.length)];
	let found = 0;
	for (let round = 0; round < 300; round++) {
		const times = [0, 6, 24, 25, 48, 60].map((hours) => exampleMs + hours * 3_600_000 + 500_000);
		const query = Object.fromEntries(
			Object.entries({
				accounts: maybe(accountSets),
				identity: maybe(['mailbox:orders@shop.test', 'mailbox:me@blog.test', 'mailbox:nobody@nowhere.test']),
				sender: maybe(['ORDERS@shop.test', 'news@club.test', '@shop.test', '@Blog.test']),
				recipient: maybe(['anna@example.test', 'bea@gmail.test', '@slow.test', '@GMAIL.test', 'x@nowhere.test']),
				subject: maybe(['order', '100%', 'k_m', '%', 'letter', '']),
				state: maybe(recipientStates),
				sinceMs: maybe(times),
				untilMs: maybe(times),
			}).filter(([, value]) => value !== undefined),
		) as Omit<MessageQuery, 'limit'>;
		const expected = told.filter((message) => matches(message, query)).map(({ record }) => record.id);
		const ids = idsOfAll(days, query, 1 + Math.floor(random() * 40));
		assert.deepEqual(ids, expected.sort().reverse(), JSON.stringify(query));
		found += ids.length;
	}
	assert.ok(found > 500, `${found} found in all`);
});

test('the null sender can be asked for', (context) => {
	const { days, told } = filled(context);
	const expected = told.filter(({ record }) => record.envelope.reversePath === '');
	assert.ok(expected.length > 0);
	assert.equal(idsOfAll(days, { sender: '<>' }, 50).length, expected.length);
});

test('a search that takes too long ends its page early and goes on from there', (context) => {
	const { days, told } = filled(context);
	let clockMs = 0;
	// Each look at the clock takes a second: one chunk a page.
	const slow = (): number => {
		clockMs += 1000;
		return clockMs;
	};
	const query = { subject: 'order', state: 'delivered' } as const;
	const expected = told.filter((message) => matches(message, query)).map(({ record }) => record.id);
	const ids: string[] = [];
	let pages = 0;
	let cursor: string | undefined;
	do {
		const page = search(days, { ...query, limit: 500, ...(cursor === undefined ? {} : { cursor }) }, slow);
		ids.push(...page.items.map(({ id }) => id));
		cursor = page.next;
		pages++;
		assert.ok(pages < 10_000, 'it comes to an end');
	} while (cursor !== undefined);
	assert.deepEqual(ids, expected.sort().reverse());
	assert.ok(pages > 10, `${pages} pages`);
});

test('a cursor of somebody else is refused', (context) => {
	const { days } = filled(context, 5);
	for (const cursor of ['', 'x', '../..', '5.'.repeat(90)])
		assert.throws(() => search(days, { limit: 1, cursor }, noClock), InvalidCursor);
});

test('of a message with many recipients those that were asked for stand first', (context) => {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	const recipients = Array.from({ length: 300 }, (_, index) => `r${index}@example.test`);
	log.message(exampleRecord(1, { recipients }));
	const { follower } = openExample(folder, log);
	runAll(follower, log);
	follower.close();
	const days = historyDays(folder);
	const [message] = search(days, { limit: 1, recipient: 'R250@example.test' }, noClock).items;
	days.close();
	assert.equal(message?.recipientCount, 300);
	assert.equal(message?.recipients.length, recipientsShownMax);
	assert.deepEqual(
		message?.recipients.slice(0, 3).map(({ address }) => address),
		['r250@example.test', 'r0@example.test', 'r1@example.test'],
	);
});

test('a day that cannot be read is passed over', (context) => {
	const { folder, days, told } = filled(context, 50);
	writeFileSync(join(folder, '2026-11-01.db'), 'nothing of ours');
	writeFileSync(join(folder, '2026-11-02.db'), '');
	assert.equal(idsOfAll(days, {}, 100).length, told.length);
});

test('new mail shows at once, also to a reader who has the day open', (context) => {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	const { follower } = openExample(folder, log);
	log.message(exampleRecord(1));
	follower.run(log.end, 'lazy');
	const days = historyDays(folder);
	assert.equal(search(days, { limit: 10 }, noClock).items.length, 1);
	log.message(exampleRecord(2));
	follower.run(log.end, 'lazy');
	assert.equal(search(days, { limit: 10 }, noClock).items.length, 2);
	days.close();
	follower.close();
});

test('a message is found by its Message-ID and by the queue id of the mail server, by nothing that only looks like it', (context) => {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	const queueId = '1wQ2xY-000000001Ab-1234';
	const told = exampleRecord(1);
	const named = { ...told, headerId: '<a1@shop.test>', attribution: { ...told.attribution, mtaQueueId: queueId } };
	log.message(named);
	log.message({ ...exampleRecord(2), subject: `"mtaQueueId":"${queueId}"` });
	log.message({ ...exampleRecord(3, { account: 'blog' }), headerId: '<a11@shop.test>' });
	const { follower } = openExample(folder, log);
	runAll(follower, log);
	follower.close();
	const days = historyDays(folder);
	context.after(() => days.close());
	for (const reference of [queueId, '<a1@shop.test>']) assert.deepEqual(idsOfAll(days, { reference }, 10), [named.id]);
	assert.deepEqual(idsOfAll(days, { reference: queueId, accounts: ['blog'] }, 10), []);
	assert.deepEqual(idsOfAll(days, { reference: '<a@shop.test>' }, 10), []);
});
