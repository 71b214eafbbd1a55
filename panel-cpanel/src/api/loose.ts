/**
 * Values as cPanel sends them, read for what they mean: numbers as strings, flags as 0, "0", false or empty, `unlimited`, `*unknown*`.
 *
 * The documents say integer, old servers say string, and fields are missing: a reader that insisted would leave a server without its accounts.
 * Nothing here throws; what cannot be read is undefined.
 */
import { z } from 'zod';

/** A number, `unlimited`, or undefined: not told. */
export type Bound = number | 'unlimited' | undefined;

const untold = new Set(['', '*unknown*', 'unknown', 'null', 'undefined', 'n/a']);

/** Text without surrounding space; undefined for what tells nothing. */
export function textOf(value: unknown): string | undefined {
	if (typeof value === 'number' && Number.isFinite(value)) return String(value);
	if (typeof value !== 'string') return undefined;
	const text = value.trim();
	return untold.has(text.toLowerCase()) ? undefined : text;
}

const yes = new Set(['1', 'true', 'yes', 'y', 'on']);

export const flagOf = (value: unknown): boolean =>
	value === true || (typeof value === 'number' ? value > 0 : yes.has((textOf(value) ?? '').toLowerCase()));

/** A whole number from 0 up. */
export function countOf(value: unknown): number | undefined {
	const text = textOf(value);
	if (text === undefined || !/^\+?\d{1,15}(?:\.0+)?$/.test(text)) return undefined;
	return Number(text);
}

export function boundOf(value: unknown): Bound {
	if (/^(?:unlimited|infinity|∞)$/i.test(textOf(value) ?? '')) return 'unlimited';
	return countOf(value);
}

export const looseText = z.unknown().transform(textOf);
export const looseFlag = z.unknown().transform(flagOf);
export const looseCount = z.unknown().transform(countOf);
export const looseBound = z.unknown().transform(boundOf);
/** `{…}`, `[…]`, `{"0": …}` or nothing: as a list. */
export const looseList = z.unknown().transform((value): readonly unknown[] => {
	if (Array.isArray(value)) return value;
	return typeof value === 'object' && value !== null ? Object.values(value) : [];
});
