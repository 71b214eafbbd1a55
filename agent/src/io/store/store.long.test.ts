/**
 * The store at the size it is meant for: figures for docs, run with SLUICE_LONG=1.
 *
 * Half a million open messages of two recipients each are read at start; ten days with a million recipients each are searched.
 * Needs about 8 GB beside the system's temporary folder and some minutes. The bounds asserted are three times the goals: they
 * are to catch a lost index on a busy machine, the printed figures are what counts.
 */
import assert from 'node:assert/strict';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { QueuedMessage } from '../../core/scheduling/queued.ts';
import type { MessageQuery } from '../../ports/store.ts';
import { addMessage, addStep, emptyBatch } from './day-batch.ts';
import { openDayFile } from './day-file.ts';
import { historyDays } from './history-days.ts';
import { lifeOf } from './history-life.ts';
import { search } from './history-search.ts';
import { createIndexProjection } from './index-projection.ts';
import { dayMs, dayOfTime, keyOfId, nameOfDay } from './message-key.ts';
import { openQueueDatabase } from './queue-database.ts';
import { openQueueIndex } from './queue-index.ts';
import { delivered, exampleMs, exampleRecord, seededRandom, temporaryFolder } from './testing.ts';

const isLong = process.env.SLUICE_LONG === '1';
const skip = isLong ? false : 'long: SLUICE_LONG=1';

/** Runs work and tells how long it took, in milliseconds of time and of this process's CPU. */
function timed<Value>(work: () => Value): { readonly value: Value; readonly ms: number; readonly cpuMs: number } {
	const began = performance.now();
	const cpu = process.cpuUsage();
	const value = work();
	const { user, system } = process.cpuUsage(cpu);
	return { value, ms: performance.now() - began, cpuMs: (user + system) / 1000 };
}

const tell = (what: string, { ms, cpuMs }: { ms: number; cpuMs: number }, more = ''): void =>
	console.log(`${what}: ${ms.toFixed(1)} ms (CPU ${cpuMs.toFixed(1)} ms) ${more}`);

for (const recipientsEach of [1, 2])
	test(`a million open recipients are read at start, ${recipientsEach} a message`, { skip }, (context) => {
		const path = join(temporaryFolder(context), 'queue.db');
		const opened = openQueueDatabase(path);
		assert.ok('database' in opened);
		const index = createIndexProjection(opened.database);
		const count = 1_000_000 / recipientsEach;
		const random = seededRandom(1);
		for (let sequence = 0; sequence < count; sequence++) {
			const site = Math.floor(random() * 5000);
			const record = exampleRecord(sequence % 2 ** 20, {
				atMs: exampleMs + Math.floor(sequence / 10),
				account: `acct${site}`,
				mailbox: `user${Math.floor(random() * 3)}@site${site}.test`,
				recipients: Array.from({ length: recipientsEach }, () => `a@example${Math.floor(random() * 20_000)}.test`),
			});
			const place = { segment: 1 + (sequence >> 14), offset: sequence };
			index.take({ kind: 'message', record, ref: { ...place, bytes: 2900 } }, { ...place, segment: place.segment + 9 });
			if (random() < 0.5) {
				const transition = { message: record.id, recipient: 0, atMs: exampleMs, to: 'queued', attempts: 1 } as const;
				const reply = {
					code: 451,
					status: '4.7.1',
					lines: [`Greylisted, try again in ${Math.floor(random() * 300)} s`],
				};
				const steps = { kind: 'transitions', transitions: [{ ...transition, reply }] } as const;
				index.take(steps, { segment: 1000 + sequence, offset: 0 });
			}
			if (sequence % 20_000 === 19_999) index.commit({ segment: place.segment, offset: 0 }, 'lazy');
		}
		index.commit({ segment: 9999, offset: 0 }, 'synced');
		index.close();
		const messages: QueuedMessage[] = [];
		const load = timed(() => {
			const queue = openQueueIndex(path, true);
			queue.load((message) => void messages.push(message));
			queue.close();
		});
		const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;
		const more = `file ${megabytes(statSync(path).size)}, process ${megabytes(process.memoryUsage().rss)}`;
		tell(`load of ${count} messages with ${count * recipientsEach} recipients`, load, more);
		assert.equal(messages.length, count);
		assert.ok(load.ms < 9000);
	});

const daysOfHistory = 10;
const recipientsADay = 1_000_000;

test('ten million recipients are searched', { skip, timeout: 3_600_000 }, (context) => {
	const folder = join(temporaryFolder(context), 'history');
	mkdirSync(folder);
	const random = seededRandom(2);
	const some: string[] = [];
	const filling = timed(() => {
		for (let day = 0; day < daysOfHistory; day++)
			fillDay(folder, exampleMs - (exampleMs % dayMs) - day * dayMs, random, some);
	});
	const each = (1000 * filling.cpuMs) / (daysOfHistory * recipientsADay);
	tell('filled', filling, `${each.toFixed(1)} µs CPU a message`);
	const days = historyDays(folder);
	const asked: readonly [what: string, query: Omit<MessageQuery, 'limit'>][] = [
		['newest', {}],
		['one recipient, rare', { recipient: 'customer123456@example77.test' }],
		['one recipient, absent', { recipient: 'nobody@nowhere.test' }],
		['recipient domain', { recipient: '@example77.test' }],
		['large recipient domain, one account', { recipient: '@example1.test', accounts: ['acct4999'] }],
		['sender, absent', { sender: 'nobody@nowhere.test' }],
		['sender domain', { sender: '@site77.test' }],
		['account', { accounts: ['acct77'] }],
		['accounts of a customer', { accounts: Array.from({ length: 20 }, (_, at) => `acct${at * 7}`) }],
		['quiet accounts of a reseller', { accounts: Array.from({ length: 400 }, (_, at) => `quiet${at}`) }],
		['accounts of a reseller', { accounts: Array.from({ length: 400 }, (_, at) => `acct${at}`), state: 'bounced' }],
		['account, one day', { accounts: ['acct77'], sinceMs: exampleMs - 5 * dayMs, untilMs: exampleMs - 4 * dayMs }],
		['account and subject', { accounts: ['acct77'], subject: 'number 1234' }],
		['state bounced, absent account', { state: 'bounced', accounts: ['no such account'] }],
		['state held, absent', { state: 'held' }],
		['subject, frequent', { subject: 'order' }],
		['subject, absent', { subject: 'no subject is like this' }],
	];
	for (const [what, query] of asked) {
		const cold = timed(() => search(days, { ...query, limit: 50 }, () => performance.now()));
		const warm = timed(() => search(days, { ...query, limit: 50 }, () => performance.now()));
		const { items, next } = warm.value;
		const more = `first time ${cold.ms.toFixed(1)} ms; ${items.length} found, ${next === undefined ? 'all' : 'goes on'}`;
		tell(`search ${what}`, warm, more);
		assert.ok(warm.ms < 3000, what);
	}
	const whole = timed(() => {
		let pages = 0;
		let cursor: string | undefined;
		do {
			const query = { subject: 'no subject is like this', limit: 50, ...(cursor === undefined ? {} : { cursor }) };
			cursor = search(days, query, () => performance.now()).next;
			pages++;
		} while (cursor !== undefined);
		return pages;
	});
	tell('subject nobody has, to the end', whole, `${whole.value} pages`);
	const lives = timed(() => some.map((id) => lifeOf(days, id)));
	tell(`lives of ${some.length} messages`, lives);
	assert.ok(lives.value.every((life) => life?.steps.length === 1));
	days.close();
});

function fillDay(folder: string, startMs: number, random: () => number, some: string[]): void {
	const day = openDayFile(join(folder, `${nameOfDay(dayOfTime(startMs))}.db`));
	let batch = emptyBatch();
	for (let sequence = 0; sequence < recipientsADay; sequence++) {
		const site = Math.floor(random() ** 3 * 5000);
		const record = exampleRecord(sequence % 2 ** 20, {
			atMs: startMs + Math.floor((sequence * dayMs) / recipientsADay),
			account: `acct${site}`,
			mailbox: `user${Math.floor(random() * 3)}@site${site}.test`,
			recipients: [`customer${Math.floor(random() * 1e6)}@example${Math.floor(random() ** 4 * 20_000)}.test`],
			subject: `Your order number ${Math.floor(random() * 1e6)} is on its way`,
		});
		const key = keyOfId(record.id)?.key as number;
		addMessage(batch, key, record);
		const step = delivered(record);
		const at = { segment: 1, offset: sequence };
		addStep(batch, key, random() < 0.02 ? { ...step, to: 'bounced' } : step, at);
		if (random() < 0.0001) some.push(record.id);
		if (sequence % 4000 === 3999) {
			day.commit(batch, at, 'lazy');
			batch = emptyBatch();
		}
	}
	day.commit(batch, { segment: 2, offset: 0 }, 'synced');
	day.close();
}
