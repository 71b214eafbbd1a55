/**
 * Invariant 1, the spool's part: a process killed at any moment has lost nothing that it said was durable.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exampleRecord, idsOf, openExample, temporaryFolder } from './example.ts';

const child = fileURLToPath(new URL('./kill-child.ts', import.meta.url));
const rounds = process.env.SLUICE_LONG === '1' ? 60 : 5;
const settings = { segmentBytes: 256 * 1024, reserveBytes: 64 * 1024 };

/** Sequence numbers that a child acknowledged before it was killed. */
async function acknowledgedBefore(folder: string, first: number, killAfterMs: number): Promise<number[]> {
	const writer = spawn(process.execPath, [child, folder, String(first), JSON.stringify(settings)], {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	let text = '';
	writer.stdout.on('data', (chunk) => {
		text += chunk;
	});
	writer.stdout.once('data', () => setTimeout(() => writer.kill('SIGKILL'), killAfterMs));
	const [code, signal] = await once(writer, 'close');
	assert.equal(signal, 'SIGKILL', `the child ended by itself with ${code}`);
	// The last line may be cut short.
	return text.split('\n').slice(0, -1).map(Number);
}

test('spool: killed at any point, everything acknowledged comes back', async (context) => {
	const folder = temporaryFolder(context);
	const acknowledged = new Set<number>();
	let unacknowledged = 0;
	for (let round = 0; round < rounds; round++) {
		const said = await acknowledgedBefore(folder, round * 100_000, 20 + ((round * 37) % 120));
		for (const sequence of said) acknowledged.add(sequence);
		const { spool, seen, recovery } = await openExample(folder, { settings });
		const told = new Set(idsOf(seen));
		for (const sequence of acknowledged) assert.ok(told.has(exampleRecord(sequence, 0).id), `${sequence} is lost`);
		assert.equal(recovery.corruptRecords, 0);
		unacknowledged = told.size - acknowledged.size;
		for (const { entry } of seen.slice(-200)) if (entry.kind === 'message') await spool.read(entry.ref);
		await spool.stop();
	}
	context.diagnostic(`${acknowledged.size} acknowledged over ${rounds} kills, ${unacknowledged} more were whole`);
	assert.ok(acknowledged.size > rounds * 20);
	assert.ok(unacknowledged <= rounds * 20, 'no more than were under way');
});
