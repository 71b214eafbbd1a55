/**
 * What the panel's own limits were before they were lifted, in a file of root's own: putting back must not depend on anybody's memory.
 *
 * Written before the first setting is changed, so that a helper that was killed in the middle can still put back. Format version 1.
 */
import { readFile, rm } from 'node:fs/promises';
import { writePrivateFile } from '@sluice/panel-cpanel/private-file.ts';
import { z } from 'zod';

const memorySchema = z.strictObject({
	version: z.literal(1),
	at: z.string(),
	/** Setting → what it was, and what we set. */
	settings: z.record(z.string(), z.strictObject({ former: z.string(), ours: z.string() })),
});
export type LiftedLimits = z.output<typeof memorySchema>;

export type LimitsMemory = {
	/** Undefined: nothing is lifted. Throws when the file cannot be understood. */
	read(): Promise<LiftedLimits | undefined>;
	write(lifted: LiftedLimits): Promise<void>;
	forget(): Promise<void>;
};

export function limitsMemory(path: string): LimitsMemory {
	return {
		async read() {
			try {
				return memorySchema.parse(JSON.parse(await readFile(path, 'utf8')));
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
				throw error;
			}
		},
		write: (lifted) => writePrivateFile(path, `${JSON.stringify(lifted)}\n`),
		forget: () => rm(path, { force: true }),
	};
}
