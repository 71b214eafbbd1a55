import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { BodyRef, StoredMessage } from '../../ports/spool.ts';
import { sharedReads } from './shared-reads.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const ref = (offset: number): BodyRef => ({ segment: 1, offset, bytes: 10 });

test('a message is in memory once, however many read it at once, and is forgotten when nobody has it', async () => {
	let count = 0;
	const { read, ...reads } = (() => {
		const shared = sharedReads(async () => {
			count++;
			await new Promise((resolve) => setImmediate(resolve));
			return { body: new Uint8Array(10) } as unknown as StoredMessage;
		});
		return { read: shared.read, size: () => shared.size };
	})();
	let all: StoredMessage[] | undefined = await Promise.all([read(ref(1)), read(ref(1)), read(ref(2)), read(ref(1))]);
	assert.equal(count, 2);
	assert.equal(new Set(all).size, 2);
	assert.equal(await read(ref(1)), all[0], 'somebody has it still');
	assert.equal(count, 2);
	all = undefined;
	const deadline = performance.now() + 10_000;
	while (reads.size() > 0 && performance.now() < deadline) {
		await new Promise((resolve) => setTimeout(resolve, 10));
		collect();
	}
	assert.equal(reads.size(), 0);
	await read(ref(1));
	assert.equal(count, 3);
});

test('a read that failed is tried again by the next', async () => {
	let count = 0;
	const { read } = sharedReads(async () => {
		if (count++ === 0) throw new Error('I/O');
		return { body: new Uint8Array(1) } as unknown as StoredMessage;
	});
	await Promise.all([assert.rejects(read(ref(1))), assert.rejects(read(ref(1)))]);
	await read(ref(1));
	assert.equal(count, 2);
});
