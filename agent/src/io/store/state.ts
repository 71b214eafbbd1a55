import type { StateStore } from '../../ports/store.ts';
import type { ReportTrouble } from './trouble.ts';

export type StateOptions = {
	/** Path of state.db. */
	readonly path: string;
	/** Epoch ms, for the age bound of the audit. */
	readonly now: () => number;
	readonly report: ReportTrouble;
};

export function openState(_options: StateOptions): StateStore {
	throw new Error('not written yet');
}
