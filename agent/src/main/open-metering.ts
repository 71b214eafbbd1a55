/**
 * Metering at start: the meter with what was used in the last day, who pays, which numbers, what waits.
 *
 * All of it stands before the first mail comes: usage read back from the disk, waiting mail in its place (flow/waiting-mail.ts).
 */
import type { AccountBook } from '../core/identity/accounts.ts';
import type { LimitBook } from '../core/metering/book.ts';
import { createChains } from '../core/metering/chains.ts';
import { createMeter } from '../core/metering/meter.ts';
import { createRuleSets } from '../core/metering/rules.ts';
import { tracksKeysBy } from '../core/metering/tracked.ts';
import { createWaitingRoom } from '../core/metering/waiting.ts';
import { createWarnings } from '../core/metering/warnings.ts';
import { createWouldHave } from '../core/metering/would-have.ts';
import type { Flow, FlowSettings } from '../flow/context.ts';
import { storedCounts } from '../flow/would-have-store.ts';
import type { StateStore } from '../ports/store.ts';

export type Metering = Pick<Flow, 'meter' | 'chains' | 'ruleSets' | 'waiting' | 'episodes' | 'warnings' | 'wouldHave'>;

export type MeteringParts = {
	readonly accounts: AccountBook;
	readonly limits: LimitBook;
	readonly state: Pick<StateStore, 'documents'>;
	readonly settings: () => Pick<FlowSettings, 'limits' | 'accounts'>;
};

export function openMetering({ accounts, limits, state, settings }: MeteringParts): Metering {
	return {
		meter: createMeter({ tracksKeys: tracksKeysBy(limits) }),
		chains: createChains({ accounts, book: limits, identitiesMax: () => settings().limits.identitiesMax }),
		ruleSets: createRuleSets({
			accounts,
			book: limits,
			settings: () => {
				const { limits, accounts } = settings();
				return { ramp: limits.ramp, isMonitorOnly: limits.isMonitorOnly, staleMs: accounts.staleMs };
			},
		}),
		waiting: createWaitingRoom(),
		episodes: new Map(),
		warnings: createWarnings(),
		wouldHave: createWouldHave(storedCounts(state)),
	};
}
