/** What doctor finds: each with what mends it. Pure. */
import type { Machine } from '../facts/machine.ts';
import type { Action } from '../plan/step.ts';

export type Finding = {
	/** Stable: `mta.not-wired`, `panel.limits` …. */
	readonly code: string;
	/** `wrong`: mail or its attribution suffers. `watch`: works, but know it. */
	readonly level: 'wrong' | 'watch';
	readonly text: string;
	/** A command, or where to set it. */
	readonly mend: string;
	/** What `--repair` may do about it; absent: only a person can. */
	readonly repair?: Repair;
};

/** Safe, ours alone, and good whenever it is done. Several findings may have the same one. */
export type Repair = { readonly id: RepairId; readonly what: string; readonly apply: readonly Action[] };

/** In the order in which they are done: what others stand on comes first. */
export const repairOrder = ['modes', 'guard', 'units', 'exempt', 'mta', 'plugin', 'reconcile'] as const;
export type RepairId = (typeof repairOrder)[number];

export const wrong = (code: string, text: string, mend: string, repair?: Repair): Finding => ({
	code,
	level: 'wrong',
	text,
	mend,
	...(repair === undefined ? {} : { repair }),
});
export const watch = (code: string, text: string, mend: string): Finding => ({ code, level: 'watch', text, mend });

/** What could not be looked at is said, and is no fault of the server's. */
export const notLooked = (what: string, why: string): Finding =>
	watch(
		`doctor.${what}`,
		`Not looked at: ${what.replaceAll('-', ' ')} (${why}).`,
		'Try again; what is asked must answer in time.',
	);

/** What a claim that only a live server can settle came to there. */
export type Settled = { readonly outcome: 'proved' | 'contradicted' | 'not-settled'; readonly text: string };

/** What only a live server can show. */
export type Unproved = {
	readonly id: string;
	readonly claim: string;
	readonly why: string;
	/** What settles it, for people. */
	readonly probe: string;
	/** Left out: no command can. Changes nothing. */
	readonly settle?: (machine: Machine) => Promise<Settled>;
};

export const proved = (text: string): Settled => ({ outcome: 'proved', text });
export const contradicted = (text: string): Settled => ({ outcome: 'contradicted', text });
export const notSettled = (text: string): Settled => ({ outcome: 'not-settled', text });
