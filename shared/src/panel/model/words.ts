/**
 * What every model says its words with: the catalogue, where links begin, whose clock, and now.
 */
import type { Zoned } from '../../words/moment.ts';
import type { Strings } from '../strings.ts';

export type Words = {
	readonly t: Strings;
	readonly base: string;
	readonly zoned: Zoned;
	readonly nowMs: number;
};
