/**
 * The meter after a start equals a recount of the whole log, whatever the kill or the power failure left of the files.
 */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { limitRules, type ScopeKey, type Window, windowSeconds } from '@sluice/shared/words/limits.ts';
import type { MessageRecord, Transition } from '@sluice/shared/words/message.ts';
import { logStart } from '../core/log/position.ts';
import { createMeter } from '../core/metering/meter.ts';
import { recipientKeyOf } from '../core/metering/recipient-key.ts';
import { readEntries } from '../io/spool/reader.ts';
import { openSpool as openLog } from '../io/spool/spool.ts';
import { openFollower } from '../io/store/follower.ts';
import { databaseFiles } from '../io/store/sqlite.ts';
import { delivered, exampleMs, exampleRecord, seededRandom } from '../io/store/testing.ts';
import type { LogEntry, LogPosition } from '../ports/spool.ts';
import { type OpenedSpool, openSpool } from './open-spool.ts';

type Charged = {
	readonly scopes: readonly ScopeKey[];
	readonly second: number;
	readonly messages: number;
	readonly keys: readonly number[];
};

/** Who was charged when, by the entries of the log alone. */
function chargesOf(entry: LogEntry): Charged[] {
	if (entry.kind === 'transitions')
		return entry.transitions.flatMap(({ atMs, charge }) =>
			charge === undefined
				? []
				: [{ scopes: charge.scopes, second: Math.floor(atMs / 1000), messages: charge.messages, keys: [charge.key] }],
		);
	const { record, statuses } = entry;
	if (record.scopes === undefined || statuses !== undefined || record.initial !== 'queued') return [];
	const keys = record.envelope.recipients.map(({ address }) => recipientKeyOf(address));
	return [{ scopes: record.scopes, second: Math.floor(record.acceptedMs / 1000), messages: 1, keys }];
}

function recount(
	charges: readonly Charged[],
	scope: ScopeKey,
	rule: (typeof limitRules)[number],
	nowMs: number,
): number {
	const [window, unit] = rule.split('.') as [Window | 'message', string];
	if (window === 'message') return 0;
	const now = Math.floor(nowMs / 1000);
	const isWithin = ({ second }: Charged): boolean =>
		window === 'day' ? Math.floor(second / 60) > Math.floor(now / 60) - 1440 : second > now - windowSeconds[window];
	const counted = charges.filter((charge) => charge.scopes.includes(scope) && isWithin(charge));
	if (unit === 'messages') return counted.reduce((sum, { messages }) => sum + messages, 0);
	const keys = counted.flatMap((charge) => charge.keys);
	return unit === 'recipients' ? keys.length : new Set(keys).size;
}

function assertRecount(store: OpenedSpool, charges: readonly Charged[], nowMs: number): void {
	const meter = createMeter({ tracksKeys: () => true });
	store.usage.fill(meter, nowMs);
	const scopes = new Set(charges.flatMap((charge) => charge.scopes));
	assert.ok(scopes.size > 5);
	for (const scope of scopes)
		for (const rule of limitRules)
			assert.equal(meter.used(scope, rule, nowMs), recount(charges, scope, rule, nowMs), `${scope} ${rule}`);
}

function paths(dataDir: string) {
	return {
		logDirectory: join(dataDir, 'spool'),
		queuePath: join(dataDir, 'queue.db'),
		historyDirectory: join(dataDir, 'history'),
		usagePath: join(dataDir, 'usage.db'),
		statsPath: join(dataDir, 'stats.db'),
	};
}

const copyName = (path: string): string => `${path}.kept`;

function keep(path: string): void {
	for (const file of databaseFiles(path).slice(0, 2)) {
		rmSync(copyName(file), { force: true });
		if (existsSync(file)) copyFileSync(file, copyName(file));
	}
}

function putBack(path: string): void {
	for (const file of databaseFiles(path)) rmSync(file, { force: true });
	for (const file of databaseFiles(path).slice(0, 2))
		if (existsSync(copyName(file))) copyFileSync(copyName(file), file);
}

function remove(path: string): void {
	for (const file of databaseFiles(path)) rmSync(file, { force: true });
}

/** The spool refuses nothing here: bodies do not matter. */
const body = [Buffer.from('Hello\r\n')];
const stepMs = 40_000;

/** A random life of some hours, followed now and then, and ended without a word. Returns what the log says was charged. */
async function live(dataDir: string, seed: number): Promise<readonly Charged[]> {
	const random = seededRandom(seed);
	const { logDirectory, queuePath, historyDirectory, usagePath } = paths(dataDir);
	for (const folder of [logDirectory, historyDirectory]) mkdirSync(folder, { recursive: true });
	const { spool } = await openLog({
		directory: logDirectory,
		visit: () => {},
		settings: { cacheBytesMax: 0 },
	});
	const follow = () =>
		openFollower({
			readEntries,
			...paths(dataDir),
			logEnd: spool.durable(),
			report: ({ kind }) => assert.fail(kind),
			now: () => exampleMs,
			batchWeightMax: 7,
		});
	let follower = follow();
	const waiting: MessageRecord[] = [];
	for (let sequence = 0; sequence < 300; sequence++) {
		// 50 hours in all: the last day's windows do not have everything.
		const atMs = exampleMs + sequence * 15 * stepMs;
		const site = Math.floor(random() * 4);
		const scopes = ['server:server', `account:acct${site}`, `mailbox:user${Math.floor(random() * 2)}@site${site}.test`];
		const record = exampleRecord(sequence, {
			atMs,
			recipients: Array.from({ length: 1 + Math.floor(random() * 3) }, () => `r${Math.floor(random() * 9)}@one.test`),
			initial: random() < 0.3 ? 'waiting' : 'queued',
			...(random() < 0.9 ? { scopes } : {}),
		});
		await spool.append(record, body);
		if (record.initial === 'waiting') waiting.push(record);
		else await spool.record([delivered(record)]);
		if (random() < 0.3) {
			const leaving = waiting.shift();
			if (leaving !== undefined) await spool.record(leavingSteps(leaving, atMs));
		}
		if (random() < 0.05 && waiting[0] !== undefined) {
			// Compaction.
			const status = { state: 'waiting', attempts: 0, dueMs: atMs, delayNoticed: false, reported: false } as const;
			const [first] = waiting;
			await spool.append(first, body, { statuses: first.envelope.recipients.map(() => status) });
		}
		if (random() < 0.4) follower.run(spool.durable(), random() < 0.5 ? 'synced' : 'lazy');
		if (sequence === 220) {
			follower.close();
			for (const path of [queuePath, usagePath]) keep(path);
			follower = follow();
		}
	}
	follower.close();
	await spool.stop();
	const charges: Charged[] = [];
	readEntries(logDirectory, logStart, spool.durable() as LogPosition, (entry) => charges.push(...chargesOf(entry)));
	return charges;
}

const leavingSteps = ({ id, envelope, scopes }: MessageRecord, atMs: number): Transition[] =>
	envelope.recipients.map(({ address }, index) => ({
		message: id,
		recipient: index,
		atMs,
		to: 'queued',
		attempts: 0,
		...(scopes === undefined
			? {}
			: { charge: { scopes, messages: index === 0 ? (1 as const) : (0 as const), key: recipientKeyOf(address) } }),
	}));

const endMs = exampleMs + 299 * 15 * stepMs + 1234;

async function start(context: TestContext, dataDir: string, nowMs = endMs) {
	const troubles: string[] = [];
	const store = await openSpool({
		dataDir,
		reportsHaveRoute: false,
		settings: {},
		events: { emit: () => {} },
		now: () => nowMs,
		spoolTrouble: ({ kind }) => void troubles.push(kind),
		storeTrouble: ({ kind }) => void troubles.push(kind),
	});
	let isStopped = false;
	const stop = async (): Promise<void> => {
		if (isStopped) return;
		isStopped = true;
		await store.spool.stop();
		await store.projector.stop();
	};
	context.after(stop);
	return { store, troubles, stop };
}

function temporaryFolder(context: TestContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-usage-'));
	context.after(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

type Fault = readonly [name: string, damage: (at: ReturnType<typeof paths>) => void, troubles: readonly string[]];

const faults: readonly Fault[] = [
	['a kill', () => {}, []],
	['usage.db deleted', ({ usagePath }) => remove(usagePath), []],
	['usage.db set back by a power failure', ({ usagePath }) => putBack(usagePath), []],
	['queue.db set back by a power failure', ({ queuePath }) => putBack(queuePath), []],
	['both set back', ({ usagePath, queuePath }) => [usagePath, queuePath].forEach(putBack), []],
	['queue.db deleted', ({ queuePath }) => remove(queuePath), []],
	[
		'usage.db overwritten',
		({ usagePath }) => {
			remove(usagePath);
			writeFileSync(usagePath, 'not ours '.repeat(2000));
		},
		['usage-set-aside'],
	],
	['usage.db cut', ({ usagePath }) => truncateSync(usagePath, 20_000), ['usage-set-aside']],
];

for (const [index, [name, damage, expected]] of faults.entries())
	for (const seed of [10 + index, 50 + index])
		test(`windows equal a recount after ${name} (seed ${seed})`, async (context) => {
			const dataDir = temporaryFolder(context);
			const charges = await live(dataDir, seed);
			damage(paths(dataDir));
			const first = await start(context, dataDir);
			assertRecount(first.store, charges, endMs);
			assert.deepEqual(first.troubles, expected);
			// And the follower counts nothing twice either: a start after it has caught up reads usage.db alone.
			await first.store.projector.reached(first.store.spool.durable());
			await first.stop();
			const second = await start(context, dataDir, endMs + 7_200_000);
			assertRecount(second.store, charges, endMs + 7_200_000);
			assert.deepEqual(second.troubles, []);
		});
