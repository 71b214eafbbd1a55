/**
 * What the panel's own limits were before they were lifted, in a file of root's own: putting back must not depend on anybody's memory.
 *
 * Written before the first setting is changed, so that a helper that was killed in the middle can still put back. Format version 1.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
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
		async write(lifted) {
			await mkdir(dirname(path), { recursive: true, mode: 0o700 });
			const fresh = `${path}.${randomBytes(6).toString('hex')}.new`;
			const handle = await open(fresh, 'wx', 0o600);
			try {
				await handle.writeFile(`${JSON.stringify(lifted)}\n`);
				await handle.sync();
			} finally {
				await handle.close();
			}
			await rename(fresh, path);
		},
		forget: () => rm(path, { force: true }),
	};
}
