/**
 * What a reconcile remembers between runs: what it told of each account, mailboxes it has read, what packages said.
 *
 * One small JSON file of root's own. Losing it costs little: mailboxes are read again, a rename that happened meanwhile is seen as one account
 * gone and another made, and packages are taken as seen for the first time. A damaged file is such a loss, and said. Format version 1.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { PackageSays } from '../accounts/plan-limits.ts';
import { writePrivateFile } from '../private-file.ts';

const toldSchema = z.object({ uid: z.number().optional(), since: z.string() });
const mailboxesSchema = z.object({
	stamp: z.string(),
	readMs: z.number(),
	items: z.array(z.string()),
	/** The last reading failed; absent: it did not. */
	hasFailed: z.literal(true).optional(),
});
const saysSchema = z.record(z.string(), z.union([z.number(), z.string()])).transform((value) => value as PackageSays);

const stateSchema = z.object({
	version: z.literal(1),
	/** Of the last change that was given. */
	revision: z.number().int(),
	/** When reading the last list that was given began, epoch ms. */
	readMs: z.number(),
	told: z.record(z.string(), toldSchema),
	mailboxes: z.record(z.string(), mailboxesSchema),
	plans: z.record(z.string(), saysSchema),
});

export type Told = z.output<typeof toldSchema>;
export type KeptMailboxes = z.output<typeof mailboxesSchema>;
export type ReconcileState = z.output<typeof stateSchema>;

export const blankState: ReconcileState = { version: 1, revision: 0, readMs: 0, told: {}, mailboxes: {}, plans: {} };

/** `isLost`: there was a file, and it cannot be understood. */
export async function readReconcileState(path: string): Promise<{ state: ReconcileState; isLost: boolean }> {
	let text: string;
	try {
		text = await readFile(path, 'utf8');
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
		return { state: blankState, isLost: false };
	}
	try {
		return { state: stateSchema.parse(JSON.parse(text)), isLost: false };
	} catch {
		return { state: blankState, isLost: true };
	}
}

export const writeReconcileState = (path: string, state: ReconcileState): Promise<void> =>
	writePrivateFile(path, JSON.stringify(state));
