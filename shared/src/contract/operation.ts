/**
 * What an operation of the REST API is, and the small pieces that tables of them share.
 */
import { z } from 'zod';
import type { Role } from './actor.ts';

export type Operation = {
	readonly method: 'get' | 'post' | 'put' | 'delete';
	/** With `{name}` for parameters. */
	readonly path: string;
	readonly summary: string;
	/**
	 * Empty: no actor needed. What an actor other than admin sees and may do is narrowed further by whoever answers, to its own accounts:
	 * a reseller's, a customer's, one. What it may not see is `not-found`, in the same words as what is not there.
	 */
	readonly roles: readonly Role[];
	readonly params: z.ZodType;
	readonly query: z.ZodType;
	readonly body: z.ZodType;
	readonly response: z.ZodType;
	/** Bytes that the body may have; absent: `requestBytesMax`. */
	readonly bodyBytesMax?: number;
	/** A body whose `items` may be thousands: they are read and checked in slices, so that nothing stands still meanwhile. */
	readonly bulk?: { readonly item: z.ZodType; readonly itemsMax: number };
};

/** Ordinary bodies are small: acts, limits, one account. */
export const requestBytesMax = 1024 * 1024;

export const none = z.strictObject({});
export const empty = z.undefined();
export const admin: readonly Role[] = ['admin'];
/** Everybody, each for what is its own. */
export const everyone: readonly Role[] = ['admin', 'reseller', 'customer', 'account'];
export const sellers: readonly Role[] = ['admin', 'reseller'];

export const define = <const O extends Operation>(operation: O): O => operation;
