/**
 * What the made-up agent of the tests of the pages knows: accounts, mail, limits. Its answers (`answers-*.ts`) work on it.
 */
import type { AccountDto } from '@sluice/shared/contract/account-operations.ts';
import type { LimitsDto, LimitsView } from '@sluice/shared/contract/limit-shapes.ts';
import type { MessageSummaryDto } from '@sluice/shared/contract/shapes.ts';
import type { OpenGroupDto } from '@sluice/shared/contract/view-operations.ts';

type Stored = { base?: LimitsDto; exception?: LimitsDto; wouldHave?: LimitsView['wouldHave'] };

/** Why a message is held or waits. */
export type Why = Pick<OpenGroupDto, 'rule' | 'text' | 'by' | 'ownerMayRelease' | 'ownerMayDiscard'>;

export type World = {
	readonly accounts: readonly AccountDto[];
	readonly messages: readonly MessageSummaryDto[];
	/** Why messages are held or wait, by id; absent: the usual. */
	readonly whys?: ReadonlyMap<string, Why>;
	/** By `level:id`. */
	readonly limits: Map<string, Stored>;
	readonly now: () => number;
};
