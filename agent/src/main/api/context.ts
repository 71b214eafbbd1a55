/**
 * What the handlers of the REST API work with.
 */
import type { Problem } from '@sluice/shared/contract/problem.ts';
import { failed, type Result } from '@sluice/shared/words/result.ts';
import type { Flow } from '../../flow/context.ts';
import type { Credentials } from '../../flow/credentials.ts';
import type { Webhooks } from '../../flow/webhooks.ts';
import type { LogPosition } from '../../ports/spool.ts';
import type { StatsReader } from '../../ports/stats.ts';
import type { Simulations } from '../../ports/usage.ts';

export type ApiContext = {
	readonly flow: Flow;
	/** What remote applications log in with. */
	readonly credentials: Credentials;
	readonly version: string;
	readonly startedMs: number;
	/** Lets history catch up with what is in the log now. */
	readonly settled: () => Promise<void>;
	readonly freeBytes: () => number;
	readonly projected: () => LogPosition | undefined;
	readonly connectionsIn: () => number;
	readonly webhooks: Webhooks;
	readonly simulations: Simulations;
	/** Counts of mail by time. */
	readonly stats: StatsReader;
};

export const problem = (code: Problem['code'], detail?: string): Result<never, Problem> =>
	failed(detail === undefined ? { code } : { code, detail });

/** Without the keys that are undefined: `exactOptionalPropertyTypes` tells absent from undefined. */
export function defined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
	return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
		[K in keyof T]: Exclude<T[K], undefined>;
	};
}
