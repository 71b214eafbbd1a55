import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queuedMessageOf } from '../../core/scheduling/queued-message.ts';
import { DamagedIndex, type IndexedMessage, packRow, type QueueRow, unpackRow, visitWords } from './queue-rows.ts';
import { exampleRecord } from './testing.ts';

function dictionary() {
	const texts: string[] = [];
	const wordOf = (text: string): number => {
		const at = texts.indexOf(text);
		return at >= 0 ? at : texts.push(text) - 1;
	};
	return { texts, wordOf, textOf: (word: number): string | undefined => texts[word] };
}

const intern = (text: string): string => text;

function example(): IndexedMessage {
	const record = {
		...exampleRecord(1, { recipients: ['anna@example.test', 'Bea@Other.test', 'c@d'] }),
		// A directory may be named anything.
		scopes: ['server:server', 'account:shop', 'script:shop:/home/shop/a\nb "c" 1'],
	};
	const ref = { segment: 7, offset: 4096, bytes: 2900 };
	const message = queuedMessageOf(record, ref, false);
	const [anna, bea, cara] = message.recipients;
	assert.ok(anna && bea && cara);
	Object.assign(anna, { state: 'delivered', attempts: 1, reported: true, reply: '250 2.0.0 "ok" größer' });
	Object.assign(bea, { state: 'queued', attempts: 12, dueMs: 1_790_000_300_000, delayNoticed: true });
	const standing = {
		rule: 'hold.account',
		text: 'a "b"',
		by: 'admin root',
		hold: 'h1',
		ownerMayRelease: true,
	} as const;
	Object.assign(cara, { state: 'held', isCharged: false, standing });
	return { message, isReport: false };
}

test('a row gives the message back', () => {
	const { wordOf, textOf } = dictionary();
	const indexed = example();
	const row = packRow(indexed, wordOf);
	const back = unpackRow({ id: indexed.message.id, row, textOf, reportsHaveRoute: true, intern });
	assert.deepEqual(back, indexed);
});

test('times with fractions are never due early', () => {
	const { wordOf, textOf } = dictionary();
	const indexed = example();
	Object.assign(indexed.message.recipients[1] as object, { dueMs: 1_790_000_300_000.25 });
	const row = packRow(indexed, wordOf);
	const back = unpackRow({ id: indexed.message.id, row, textOf, reportsHaveRoute: false, intern });
	assert.equal(back.message.recipients[1]?.dueMs, 1_790_000_300_001);
});

test('our own reports take the route that is set when the row is read', () => {
	const { wordOf, textOf } = dictionary();
	const record = exampleRecord(1, { about: exampleRecord(0).id });
	const message = queuedMessageOf(record, { segment: 1, offset: 0, bytes: 10 }, false);
	const row = packRow({ message, isReport: true }, wordOf);
	const destination = (reportsHaveRoute: boolean): string | undefined =>
		unpackRow({ id: record.id, row, textOf, reportsHaveRoute, intern }).message.recipients[0]?.destination;
	assert.equal(destination(true), '!dsn');
	assert.equal(destination(false), 'example.test');
});

test('every word of a row is named, so that none is removed while it is in use', () => {
	const { wordOf, texts } = dictionary();
	const row = packRow(example(), wordOf);
	const named = new Set<number>();
	visitWords(row.data, (word) => named.add(word));
	assert.deepEqual(
		[...named].sort((one, other) => one - other),
		texts.map((_text, word) => word),
	);
});

test('a damaged row is refused', () => {
	const { wordOf, textOf } = dictionary();
	const row = packRow(example(), wordOf);
	const refused = (damaged: QueueRow): void =>
		assert.throws(
			() => unpackRow({ id: 'x', row: damaged, textOf, reportsHaveRoute: false, intern }),
			DamagedIndex,
			damaged.data,
		);
	refused({ ...row, data: row.data.slice(0, row.data.lastIndexOf(' ')) });
	refused({ ...row, data: row.data.replace(' ', ' x') });
	refused({ ...row, data: row.data.replace(/ \d+ \d+ \d+ \d+ \d+ \d+ \d+ \d+$/, ' 9999 0 0 0 0 0 0 0') });
	refused({ ...row, data: row.data.replace(/ \d+ \d+ \d+ \d+ \d+ \d+$/, ' 77 0 0 0 0 0') });
});
