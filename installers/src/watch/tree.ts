/** What a file says before anything of it is believed: names and whatever stands behind them. Pure. */
export type Tree = { readonly [name: string]: unknown };

export const isTree = (value: unknown): value is Tree =>
	typeof value === 'object' && value !== null && !Array.isArray(value);
