/** What doctor finds: each with what mends it. Pure. */

export type Finding = {
	/** Stable: `mta.not-wired`, `panel.limits` …. */
	readonly code: string;
	/** `wrong`: mail or its attribution suffers. `watch`: works, but know it. */
	readonly level: 'wrong' | 'watch';
	readonly text: string;
	/** A command, or where to set it. */
	readonly mend: string;
};

export const wrong = (code: string, text: string, mend: string): Finding => ({ code, level: 'wrong', text, mend });
export const watch = (code: string, text: string, mend: string): Finding => ({ code, level: 'watch', text, mend });

/** What a claim that only a live server can settle came to there. */
export type Settled = { readonly outcome: 'proved' | 'contradicted' | 'not-settled'; readonly text: string };

export const proved = (text: string): Settled => ({ outcome: 'proved', text });
export const contradicted = (text: string): Settled => ({ outcome: 'contradicted', text });
export const notSettled = (text: string): Settled => ({ outcome: 'not-settled', text });
