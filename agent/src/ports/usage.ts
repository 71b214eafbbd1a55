/**
 * Usage as it is kept on the disk: who was let go when, apart from what the queue and the history know.
 *
 * The follower of the log writes it; at start the windows of the meter are made of it, and `simulate` replays it.
 */

import type { SimulationDto } from '@sluice/shared/contract/limit-operations.ts';
import type { Level, LimitSet, ScopeKey } from '@sluice/shared/words/limits.ts';
import type { LogPosition } from './spool.ts';

/** What one entry of the log did to usage. */
export type Usage = {
	/** `accepted`: a message came. `charged`: some of its recipients that had to wait or were held were let go later. */
	readonly kind: 'accepted' | 'charged';
	/** Epoch seconds. */
	readonly second: number;
	/** Charged here: 1 with the first recipients of a message that are. */
	readonly messages: number;
	readonly recipients: number;
	/** Accepted and not charged yet: over a limit. */
	readonly waiting: number;
	/** Accepted and not charged: for a decision. Without keys. */
	readonly held: number;
	/** `recipientKeyOf` of those that are charged, then of those that wait. Valid until the next entry is visited. */
	readonly keys: readonly number[];
};

export type VisitUsage = (scopes: readonly ScopeKey[], usage: Usage, chain?: number) => void;

/** usage.db for reading, by whoever does not write it. */
export type UsageReader = {
	/** Up to where of the log everything is in here. */
	readonly position: LogPosition;
	/**
	 * Visits what happened from a moment on (and some of what was before), about in the order of time. `scopes` is the same array for the
	 * same chain, `chain` its number. Throws when the file is damaged.
	 */
	read(fromSecond: number, visit: VisitUsage): void;
	close(): void;
};

/** Numbers to be tried for one level and id: they stand before what is set now. */
export type Proposal = { readonly level: Level; readonly id: string; readonly limits: LimitSet };

/** Replays the last days against proposed limits, in a thread of its own, one at a time. */
export type Simulations = {
	/** `busy`: another one is running. The numbers that are set now, and the accounts, are those of this moment. */
	start(request: { readonly days: number; readonly proposals: readonly Proposal[] }): SimulationDto | 'busy';
	/** How far it is, or what came of it. The last few are kept; undefined: none of these. */
	find(id: string): SimulationDto | undefined;
	/** Ends one that is running. */
	stop(): Promise<void>;
};
