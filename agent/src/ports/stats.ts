/**
 * Counts that pages are made of: how much mail went which way, in steps of time; who took it, and who did not.
 *
 * A follower of the log writes them (stats.db); the loop reads a few hundred rows for an answer. What is not in the log, mail that was
 * refused when it was handed in, is told to the follower beside it.
 */
import type { VolumeCount } from '@sluice/shared/contract/view-operations.ts';
import type { AccountKey } from '@sluice/shared/words/account.ts';
import type { ScopeKey } from '@sluice/shared/words/limits.ts';

/** Recipients by what became of them. */
export type Counts = { readonly [C in VolumeCount]: number };

/** `moment`: five minutes, of the last hours. `hour`: of the last two weeks. `day`: of the server's zone, as long as history is kept. */
export type StepSize = 'moment' | 'hour' | 'day';

/** Recipients that a provider's servers were offered, by what came of it. */
export type Answers = {
	readonly provider: string;
	readonly result: 'delivered' | 'deferred' | 'bounced';
	/** '' for what was delivered. */
	readonly cause: string;
	readonly recipients: number;
};

/** stats.db for reading. Every call is short: a row for each step and subject that it names, some hundred answers for a step. */
export type StatsReader = {
	/** From when on there are counts, epoch seconds; undefined: there is nothing yet. */
	since(): number | undefined;
	/**
	 * Of the whole server, a reseller, an account, or several added up: the counts of each step that has any. `steps`: epoch seconds at
	 * which steps begin (`stepBegin`); one row is read for each of them and each subject. Throws when the file is damaged.
	 */
	counts(size: StepSize, subjects: readonly ScopeKey[], steps: readonly number[]): ReadonlyMap<number, Counts>;
	/** Of one hour or day. */
	answers(size: 'hour' | 'day', step: number): readonly Answers[];
	/** The latest refusal of a provider's own, if it was after that second. */
	reply(provider: string, afterSecond: number): string | undefined;
	close(): void;
};

/** Mail that was refused when it was handed in. */
export type Refusal = {
	/** '' : nobody's. */
	readonly account: AccountKey;
	readonly reseller?: string;
	readonly recipients: number;
	readonly atMs: number;
};

/** Counts refusals beside what the log has. Those of the last second are lost with a crash. */
export type RefusalCounter = { refused(refusal: Refusal): void };
