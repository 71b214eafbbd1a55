/**
 * Appends until it is killed, and says each number on its standard output once it is durable. For kill.test.ts.
 */
import { writeSync } from 'node:fs';
import { exampleBody, exampleRecord } from './example.ts';
import { openSpool } from './spool.ts';

const [, , directory, first, settings] = process.argv as [string, string, string, string, string];
const { spool } = await openSpool({ directory, settings: JSON.parse(settings), visit: () => {} });
let next = Number(first);

async function appender(): Promise<never> {
	for (;;) {
		const sequence = next++;
		const bytes = (sequence * 7919) % 6000;
		await spool.append(exampleRecord(sequence, bytes), exampleBody(sequence, bytes));
		writeSync(1, `${sequence}\n`);
	}
}

await Promise.all(Array.from({ length: 20 }, appender));
