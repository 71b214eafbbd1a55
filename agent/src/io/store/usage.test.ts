import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Transition } from '@sluice/shared/words/message.ts';
import type { Usage } from '../../ports/usage.ts';
import { dayMs } from './message-key.ts';
import { DamagedFile, isDamage } from './own-database.ts';
import { databaseFiles, openDatabase } from './sqlite.ts';
import {
	damages,
	delivered,
	edit,
	exampleMs,
	exampleRecord,
	memoryLog,
	openExample,
	runAll,
	runDamaged,
	seededRandom,
	temporaryFolder,
} from './testing.ts';
import { usageOfEntry } from './usage-of-entry.ts';
import { unpackUsage, usagePacker } from './usage-pack.ts';
import { openUsageReader } from './usage-reader.ts';
import { retainUsage } from './usage-retention.ts';

const shop = ['server:server', 'account:shop', 'mailbox:orders@shop.test'];
const club = ['server:server', 'account:club'];
const exampleSecond = exampleMs / 1000;

type Kept = Usage & { readonly scopes?: readonly string[] };
const copyOf = (usage: Usage): Usage => ({ ...usage, keys: [...usage.keys] });

function usageIn(path: string, fromSecond = 0): Kept[] {
	const kept: Kept[] = [];
	const reader = openUsageReader(path);
	assert.ok(reader !== undefined);
	reader.read(fromSecond, (scopes, usage) => kept.push({ scopes, ...copyOf(usage) }));
	reader.close();
	return kept;
}

const recipientsIn = (path: string, fromSecond = 0): number =>
	usageIn(path, fromSecond).reduce((sum, usage) => sum + usage.recipients, 0);

test('packed usage comes back as it went in, also where the clock stepped', () => {
	const random = seededRandom(7);
	const whole = (below: number): number => Math.floor(random() * below);
	const packer = usagePacker();
	const packed: { chain: number; usage: Usage }[] = [];
	let second = exampleSecond;
	packer.restart(second);
	for (let count = 0; count < 3000; count++) {
		second = Math.max(0, second + (random() < 0.02 ? whole(2e9) - 1e9 : whole(3) - 1));
		const isAccepted = random() < 0.7;
		const recipients = isAccepted ? whole(4) : 1 + whole(300);
		const waiting = isAccepted && random() < 0.3 ? whole(3) : 0;
		const usage: Usage = {
			kind: isAccepted ? 'accepted' : 'charged',
			second,
			messages: isAccepted ? Math.min(1, recipients) : whole(2),
			recipients,
			waiting,
			held: isAccepted && random() < 0.3 ? whole(1000) : 0,
			keys: Array.from({ length: recipients + waiting }, () => whole(2 ** 30)),
		};
		const chain = whole(random() < 0.1 ? 2 ** 32 : 200);
		packer.add(chain, usage);
		packed.push({ chain, usage });
	}
	const found: typeof packed = [];
	unpackUsage(packer.bytes(), exampleSecond, (chain, usage) => found.push({ chain, usage: copyOf(usage) }));
	assert.deepEqual(found, packed);
	assert.throws(() => unpackUsage(packer.bytes().subarray(0, packer.size - 1), exampleSecond, () => {}), DamagedFile);
});

const released = (
	record: ReturnType<typeof exampleRecord>,
	recipient: number,
	atMs: number,
	messages: 0 | 1,
): Transition => ({
	message: record.id,
	recipient,
	atMs,
	to: 'queued',
	attempts: 0,
	charge: { scopes: shop, messages, key: 100 + recipient },
});

test('a message counts with what may leave, and what waits or is held beside it', () => {
	const found: Kept[] = [];
	const record = exampleRecord(1, {
		recipients: ['a@one.test', 'b@one.test', 'c@one.test', 'd@one.test'],
		initials: ['waiting', 'queued', 'held', 'queued'],
		scopes: shop,
	});
	const ref = { segment: 1, offset: 0, bytes: 1 };
	const visit = (scopes: readonly string[], usage: Usage): void => void found.push({ scopes, ...copyOf(usage) });
	usageOfEntry({ kind: 'message', record, ref }, visit);
	usageOfEntry({ kind: 'message', record: exampleRecord(2), ref }, visit);
	const [accepted] = found;
	assert.equal(found.length, 1, 'without scopes nobody pays');
	assert.deepEqual(
		{ ...accepted, keys: accepted?.keys.length },
		{
			kind: 'accepted',
			scopes: shop,
			second: exampleSecond,
			messages: 1,
			recipients: 2,
			waiting: 1,
			held: 1,
			keys: 3,
		},
	);
});

test('recipients of one message let go together are one entry, of others another', () => {
	const found: Kept[] = [];
	const [one, two] = [exampleRecord(1), exampleRecord(2)];
	const transitions = [
		released(one, 0, exampleMs + 5000, 1),
		released(one, 1, exampleMs + 5999, 0),
		released(two, 0, exampleMs + 5000, 1),
		delivered(two),
		released(two, 1, exampleMs + 6000, 0),
	];
	usageOfEntry({ kind: 'transitions', transitions }, (scopes, usage) => found.push({ scopes, ...copyOf(usage) }));
	const told = found.map(({ second, messages, recipients, keys }) => [
		second - exampleSecond,
		messages,
		recipients,
		keys,
	]);
	assert.deepEqual(told, [
		[5, 1, 2, [100, 101]],
		[5, 1, 1, [100]],
		[6, 0, 1, [101]],
	]);
});

/** A folder with the usage of two messages, closed again. */
function lived(context: TestContext) {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	log.message(exampleRecord(1, { scopes: shop }));
	log.message(exampleRecord(2, { scopes: club, recipients: ['a@one.test', 'b@one.test'] }));
	const opened = openExample(folder, log);
	runAll(opened.follower, log);
	opened.follower.run(log.end, 'synced');
	opened.follower.close();
	return { folder, log, path: opened.usagePath };
}

for (const [name, damage] of damages)
	test(`usage.db that ${name} is set aside, told, and made anew from the log`, (context) => {
		const { folder, log, path } = lived(context);
		damage(path);
		log.message(exampleRecord(3, { scopes: shop }));
		assert.deepEqual(runDamaged(folder, log), ['usage-set-aside']);
		assert.equal(recipientsIn(path), 4);
		assert.ok(readdirSync(folder).includes(`usage.damaged-${exampleMs}`));
	});

for (const [name, damage] of [
	['is cut off', "UPDATE usage SET data = CAST(x'00' AS BLOB)"],
	['is text', "UPDATE usage SET data = 'text'"],
	['has unreadable scopes', "UPDATE chains SET scopes = '[' || chain"],
] as const)
	test(`a reader does not take for the truth what ${name}`, (context) => {
		const { path } = lived(context);
		edit(path, damage);
		const reader = openUsageReader(path);
		assert.throws(() => reader?.read(0, () => {}), isDamage);
		reader?.close();
	});

test('usage.db that is missing is made without a word, from all that the log has', (context) => {
	const { folder, log, path } = lived(context);
	for (const file of databaseFiles(path)) rmSync(file, { force: true });
	const { follower, troubles } = openExample(folder, log);
	runAll(follower, log);
	follower.close();
	assert.deepEqual(troubles, []);
	assert.equal(recipientsIn(path), 3);
});

test('usage of another log is kept, and counting goes on behind the end of this one', (context) => {
	const { folder, path } = lived(context);
	const other = memoryLog();
	other.message(exampleRecord(7, { scopes: shop }));
	const { follower } = openExample(folder, other);
	other.message(exampleRecord(8, { scopes: shop }));
	runAll(follower, other);
	follower.close();
	assert.equal(recipientsIn(path), 4);
});

test('a large row is left behind, and a reading from a moment on passes over rows before it', (context) => {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	const opened = openExample(folder, log);
	for (let hour = 0; hour < 6; hour++) {
		for (let count = 0; count < 3; count++)
			log.message(
				exampleRecord(hour * 10 + count, { scopes: shop, atMs: exampleMs + hour * 3_600_000 + count * 1_250_000 }),
			);
		runAll(opened.follower, log);
	}
	opened.follower.close();
	assert.equal(recipientsIn(opened.usagePath), 18);
	// At most a row too much.
	const late = usageIn(opened.usagePath, exampleSecond + 4.5 * 3600);
	assert.ok(late.length >= 5 && late.length <= 9, `${late.length}`);
});

test('many small commits fill one row', (context) => {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	const opened = openExample(folder, log);
	for (let count = 0; count < 50; count++) {
		log.message(exampleRecord(count, { scopes: shop }));
		runAll(opened.follower, log);
	}
	opened.follower.close();
	const database = openDatabase(opened.usagePath, { readOnly: true });
	assert.deepEqual(database.prepare('SELECT count(*), sum(length(data)) < 50 * 10 FROM usage').get(), [1, 1]);
	database.close();
	assert.equal(recipientsIn(opened.usagePath), 50);
});

test('usage older than the days kept goes, with chains nobody has used since and files set aside', (context) => {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	const opened = openExample(folder, log);
	log.message(exampleRecord(1, { scopes: club, atMs: exampleMs - 5 * dayMs }));
	runAll(opened.follower, log);
	log.message(exampleRecord(2, { scopes: shop, atMs: exampleMs }));
	runAll(opened.follower, log);
	const aside = join(folder, 'usage.damaged-1');
	writeFileSync(aside, 'old');
	utimesSync(aside, 1, 1);
	// The writer has it open, as always.
	retainUsage(opened.usagePath, { days: 3, nowMs: exampleMs });
	assert.ok(!existsSync(aside));
	assert.deepEqual(
		usageIn(opened.usagePath).map(({ scopes }) => scopes),
		[shop],
	);
	// The writer still knows the chain's number.
	log.message(exampleRecord(3, { scopes: club, atMs: exampleMs }));
	runAll(opened.follower, log);
	opened.follower.close();
	assert.deepEqual(
		usageIn(opened.usagePath).map(({ scopes }) => scopes),
		[shop, club],
	);
});
