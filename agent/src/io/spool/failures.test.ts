/**
 * The disk fails at every call in turn, once, a few times, or for good; then it heals, or the power goes. What was acknowledged
 * must come back, what was refused must not, nothing comes back in part, and a healed disk takes mail again.
 *
 * After SQLite's anomaly tests: fail the Nth call, N = 1, 2, … until a run goes through without meeting it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Spool } from '../../ports/spool.ts';
import { exampleBody, exampleRecord, exampleTransition, idsOf, openExample } from './example.ts';
import type { SpoolFiles } from './files.ts';
import type { Failure, ModelDisk } from './model-disk.ts';
import { modelDisk, seeded } from './model-disk.ts';

const isLong = process.env.SLUICE_LONG === '1';
const bodyBytes = 1500;
const settings = { segmentBytes: 12 * 1024, reserveBytes: 8 * 1024, sparesMax: 1, recoverEveryMs: 2 };

type Answers = {
	/** Ids of messages. */
	readonly acknowledged: Set<string>;
	readonly refused: Set<string>;
	/** Ids of the messages whose transition it was. */
	readonly recorded: Set<string>;
	readonly recordsRefused: Set<string>;
	/** Let go in the middle of the run: they may come back or not. */
	readonly released: Set<string>;
};

const noAnswers = (): Answers => ({
	acknowledged: new Set(),
	refused: new Set(),
	recorded: new Set(),
	recordsRefused: new Set(),
	released: new Set(),
});

/** A little of everything: messages together and alone, transitions, segments that fill. */
async function work(spool: Spool, answers: Answers, first: number): Promise<void> {
	const append = (sequence: number) => {
		const record = exampleRecord(sequence, bodyBytes);
		return spool.append(record, exampleBody(sequence, bodyBytes)).then(
			() => answers.acknowledged.add(record.id),
			() => answers.refused.add(record.id),
		);
	};
	const settle = (sequence: number) => {
		const transition = exampleTransition(sequence);
		return spool.record([transition]).then(
			() => answers.recorded.add(transition.message),
			() => answers.recordsRefused.add(transition.message),
		);
	};
	for (let round = first; round < first + 3; round++) {
		const base = round * 10;
		const transitions = round % 2 === 0 ? [settle(base + 2)] : [];
		await Promise.all([append(base), append(base + 1), ...transitions, append(base + 3)]);
		await append(base + 4);
		await settle(base + 5);
	}
}

/** Fills segments, lets them go and come back as spares, fills them again. */
async function longWork(spool: Spool, answers: Answers): Promise<void> {
	spool.kept();
	const refs: [string, Awaited<ReturnType<Spool['append']>>][] = [];
	for (let sequence = 1; sequence <= 8; sequence++) {
		const record = exampleRecord(sequence, bodyBytes);
		await spool.append(record, exampleBody(sequence, bodyBytes)).then(
			(ref) => refs.push([record.id, ref]),
			() => answers.refused.add(record.id),
		);
		answers.released.add(record.id);
	}
	for (const [id, ref] of refs) spool.release(id, ref);
	for (const projection of ['index', 'history']) spool.projected(projection, spool.durable());
	await work(spool, answers, 10);
	await work(spool, answers, 20);
}

async function openHealing(disk: { files: SpoolFiles; heal(): void }, folder: string, trail: string[]) {
	const open = () =>
		openExample(folder, { settings, files: disk.files, report: (trouble) => void trail.push(trouble.kind) });
	try {
		return await open();
	} catch (error) {
		assert.match(String((error as NodeJS.ErrnoException).code), /EIO|ENOSPC/);
		disk.heal();
		return open();
	}
}

async function untilWell(spool: Spool): Promise<void> {
	await until(() => spool.stats().failing === undefined);
}

async function verify(folder: string, files: SpoolFiles, answers: Answers, isRefusalFinal: boolean): Promise<void> {
	const { spool, seen, recovery } = await openExample(folder, { settings, files });
	const ids = idsOf(seen);
	const replayed = new Set(ids);
	for (const id of answers.acknowledged) assert.ok(replayed.has(id), `${id} was acknowledged`);
	if (isRefusalFinal) for (const id of answers.refused) assert.ok(!replayed.has(id), `${id} was refused`);
	assert.equal(replayed.size, ids.length, 'nothing comes twice');
	assert.deepEqual([...ids].sort(), ids, 'in the order of arrival');
	const transitions = new Set(
		seen.flatMap(({ entry }) => (entry.kind === 'transitions' ? entry.transitions.map(({ message }) => message) : [])),
	);
	for (const id of answers.recorded) assert.ok(transitions.has(id), `the transition of ${id} was recorded`);
	if (isRefusalFinal) for (const id of answers.recordsRefused) assert.ok(!transitions.has(id));
	for (const { entry } of seen) {
		if (entry.kind !== 'message') continue;
		const message = await spool.read(entry.ref);
		assert.equal(message.record.id, entry.record.id);
		assert.equal(message.body.length, bodyBytes);
	}
	assert.equal(recovery.corruptRecords, 0, 'a failed write is no damage');
	await spool.stop();
}

/** Fails, heals, works on, stops, and is opened again. */
async function healed(disk: ModelDisk, folder: string, isRefusalFinal: boolean, trail: string[]): Promise<void> {
	const answers = noAnswers();
	const { spool } = await openHealing(disk, folder, trail);
	await longWork(spool, answers);
	disk.heal();
	await untilWell(spool);
	const refused = answers.refused.size + answers.recordsRefused.size;
	await work(spool, answers, 30);
	assert.equal(answers.refused.size + answers.recordsRefused.size, refused, 'a healed disk takes everything');
	await spool.stop();
	await verify(folder, disk.files, answers, isRefusalFinal);
}

/** Fails, and then the process is killed or the power goes, and perhaps goes again soon. */
async function crashed(disk: ModelDisk, folder: string, input: CrashInput, trail: string[]): Promise<void> {
	const answers = noAnswers();
	const { spool } = await openHealing(disk, folder, trail);
	await longWork(spool, answers);
	await spool.stop();
	const random = seeded(input.seed);
	let after = input.isKillOnly || random() < 0.5 ? disk.kill() : disk.powerLoss(random);
	if (random() < 0.3) {
		const again = await openExample(folder, { settings, files: after.files });
		// What a start has told is acted upon, acknowledged or not.
		for (const id of idsOf(again.seen)) answers.acknowledged.add(id);
		if (random() < 0.5) await work(again.spool, answers, 40);
		await again.spool.stop();
		after = after.powerLoss(random);
	}
	await verify(folder, after.files, answers, input.isRefusalFinal);
}

type CrashInput = { readonly seed: number; readonly isRefusalFinal: boolean; readonly isKillOnly?: boolean };

/** Runs with the failure at each call in turn, until a run does not meet it. Returns the number of calls. */
async function everyCall(
	failure: Omit<Failure, 'at'>,
	run: (disk: ModelDisk, folder: string, trail: string[], at: number) => Promise<void>,
	step = 1,
): Promise<number> {
	for (let at = 1; ; at += step) {
		const disk = modelDisk({ ...failure, at });
		const trail: string[] = [];
		try {
			await run(disk, '/spool', trail, at);
		} catch (error) {
			throw new Error(`${failure.code} at call ${at}, ${failure.calls} calls: ${trail.join(' ')}`, { cause: error });
		}
		if (disk.failed === 0) return at;
	}
}

const anyCall = () => true;
const roomCalls: ReadonlySet<keyof SpoolFiles> = new Set(['open', 'write', 'rename']);
const needsRoom = (call: keyof SpoolFiles) => roomCalls.has(call);
const flush = (call: keyof SpoolFiles) => call === 'fdatasync';
const cut = (call: keyof SpoolFiles) => call === 'truncate';
const opening = (call: keyof SpoolFiles) => call === 'open';
const forGood = Number.POSITIVE_INFINITY;
const seeds = isLong ? 40 : 1;

test('spool: one call fails, whichever it is, and work goes on', async () => {
	for (const code of ['EIO', 'ENOSPC']) {
		const calls = await everyCall({ calls: 1, code, isMet: anyCall }, (disk, folder, trail) =>
			healed(disk, folder, true, trail),
		);
		assert.ok(calls > 100, `${calls} calls were tried`);
	}
});

test('spool: one call fails, and then the power goes', async () => {
	for (const code of ['EIO', 'ENOSPC'])
		for (let seed = 0; seed < seeds; seed++)
			await everyCall({ calls: 1, code, isMet: anyCall }, (disk, folder, trail, at) =>
				crashed(disk, folder, { seed: seed * 1000 + at, isRefusalFinal: true }, trail),
			);
});

test('spool: the disk is full from any call on', async () => {
	const failure = { calls: forGood, code: 'ENOSPC', isMet: needsRoom };
	await everyCall(failure, (disk, folder, trail) => healed(disk, folder, true, trail));
	for (let seed = 0; seed < seeds; seed++)
		await everyCall(failure, (disk, folder, trail, at) =>
			crashed(disk, folder, { seed: seed * 1000 + at, isRefusalFinal: true }, trail),
		);
});

test('spool: everything stops at any call, and then the power goes', async () => {
	for (let seed = 0; seed < seeds; seed++)
		await everyCall({ calls: forGood, code: 'EIO', isMet: anyCall }, (disk, folder, trail, at) =>
			crashed(disk, folder, { seed: seed * 1000 + at, isRefusalFinal: false }, trail),
		);
});

test('spool: a flush fails, and nothing can be cut off', async () => {
	const failure = { calls: 1, code: 'EIO', isMet: flush, afterwards: cut };
	await everyCall(failure, (disk, folder, trail) => healed(disk, folder, true, trail));
	for (let seed = 0; seed < seeds; seed++)
		await everyCall(failure, (disk, folder, trail, at) =>
			crashed(disk, folder, { seed: seed * 1000 + at, isRefusalFinal: true }, trail),
		);
});

test('spool: a flush fails, and no other segment can be begun', async () => {
	const failure = { calls: 1, code: 'EIO', isMet: flush, afterwards: opening };
	await everyCall(failure, (disk, folder, trail) => healed(disk, folder, true, trail));
	await everyCall(failure, (disk, folder, trail, at) =>
		crashed(disk, folder, { seed: at, isRefusalFinal: true, isKillOnly: true }, trail),
	);
});

test('spool: several calls in a row fail', async () => {
	for (const calls of isLong ? [2, 3, 4, 5, 7, 9, 20] : [3])
		for (const code of isLong ? ['EIO', 'ENOSPC'] : ['EIO']) {
			await everyCall({ calls, code, isMet: anyCall }, (disk, folder, trail) => healed(disk, folder, false, trail));
			await everyCall({ calls, code, isMet: anyCall }, (disk, folder, trail, at) =>
				crashed(disk, folder, { seed: at, isRefusalFinal: false }, trail),
			);
		}
});

test('spool: what a start has told after a kill survives a power loss', async () => {
	const disk = modelDisk();
	let isHanging = false;
	let reached = () => {};
	const hanging = new Promise<void>((resolve) => {
		reached = resolve;
	});
	const files: SpoolFiles = {
		...disk.files,
		fdatasync: (fd) => {
			if (!isHanging) return disk.files.fdatasync(fd);
			reached();
			return new Promise(() => {});
		},
	};
	const first = await openExample('/spool', { settings, files });
	await first.spool.append(exampleRecord(1, bodyBytes), exampleBody(1, bodyBytes));
	isHanging = true;
	void first.spool.append(exampleRecord(2, bodyBytes), exampleBody(2, bodyBytes));
	await hanging;
	const killed = disk.kill();
	const second = await openExample('/spool', { settings, files: killed.files });
	assert.equal(second.seen.length, 2, 'written, not flushed, not lost');
	for (let seed = 0; seed < 10; seed++) {
		const third = await openExample('/spool', { settings, files: killed.powerLoss(seeded(seed)).files });
		assert.deepEqual(idsOf(third.seen), idsOf(second.seen));
	}
});

test('spool: on a full disk outcomes are still recorded, mail is refused, and it recovers by itself', async () => {
	const disk = modelDisk();
	let isFull = false;
	/** Room is needed only for bytes that the file does not have yet. */
	const files: SpoolFiles = {
		...disk.files,
		async write(fd, buffers, position) {
			const bytes = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
			if (isFull && position + bytes > disk.files.sizeOf(fd))
				throw Object.assign(new Error('full'), { code: 'ENOSPC' });
			return disk.files.write(fd, buffers, position);
		},
		freeBytes: async () => (isFull ? 0 : 2 ** 40),
	};
	const trail: string[] = [];
	const report = (trouble: { kind: string }) => void trail.push(trouble.kind);
	const { spool } = await openExample('/spool', { settings, files, report });
	await spool.append(exampleRecord(1, bodyBytes), exampleBody(1, bodyBytes));
	isFull = true;
	const results = await Promise.allSettled([
		spool.append(exampleRecord(2, bodyBytes), exampleBody(2, bodyBytes)),
		spool.record([exampleTransition(1)]),
	]);
	assert.deepEqual(
		results.map(({ status }) => status),
		['rejected', 'fulfilled'],
	);
	assert.equal(spool.stats().failing?.isFull, true);
	assert.ok(trail.includes('reserve-used'));
	await assert.rejects(spool.append(exampleRecord(3, 10), exampleBody(3, 10)), { code: 'ENOSPC' });
	let recorded = 1;
	await assert.rejects(
		async () => {
			for (; recorded < 1000; recorded++) await spool.record([exampleTransition(recorded)]);
		},
		{ code: 'ENOSPC' },
	);
	assert.ok(recorded > 5, `${recorded} outcomes fit into the reserve`);
	isFull = false;
	await until(() => spool.stats().failing === undefined);
	assert.ok(disk.files.list('/spool').includes('reserve'), 'there is a reserve again');
	await spool.append(exampleRecord(4, bodyBytes), exampleBody(4, bodyBytes));
	await spool.stop();
	const { seen } = await openExample('/spool', { settings, files: disk.files });
	assert.deepEqual(idsOf(seen), [exampleRecord(1, 0).id, exampleRecord(4, 0).id]);
	assert.equal(seen.length, 2 + recorded);
});

async function until(isTrue: () => boolean): Promise<void> {
	const deadline = Date.now() + 5000;
	while (!isTrue()) {
		assert.ok(Date.now() < deadline, 'in time');
		await new Promise((resolve) => setTimeout(resolve, 1));
	}
}
