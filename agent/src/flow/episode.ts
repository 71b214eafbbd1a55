/**
 * An episode: a time in which mail of one sender waits for its limit. Told when it begins and when it ends (episodes.ts).
 */
import type { MessageId } from '@sluice/shared/words/message.ts';
import type { Chain, RuleState } from '../core/metering/types.ts';

/** Open episodes, by the names of the sender's scopes. There are never more than lines in the waiting room. */
export type Episodes = Map<string, Episode>;

export type Episode = {
	readonly chain: Chain;
	readonly account: string;
	readonly identity: string;
	/** Reverse-path of the first message that waited; of mail that waited before a restart, its domain's hint. */
	readonly sender: string;
	readonly message: MessageId;
	/** Absent: found when it is told. */
	readonly binding?: RuleState;
};
