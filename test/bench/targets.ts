/**
 * What the relay has to reach, as ratios to a stock Postfix on the same machine in the same run. Floors must hold, goals are aimed at.
 *
 * With 20 and 100 connections: 5 / 5 / 2 times at 2 / 20 / 200 kB, not below 3 / 3 / 1. On one connection 1.5, not below 1.2.
 */
import type { Cell } from './run.ts';

export type Target = { readonly goal: number; readonly floor: number };

const small: Target = { goal: 5, floor: 3 };
const large: Target = { goal: 2, floor: 1 };
const oneConnection: Target = { goal: 1.5, floor: 1.2 };
const largeBytesMin = 100_000;

export function targetOf({ messageBytes, connections }: Cell): Target {
	if (connections === 1) return oneConnection;
	return messageBytes >= largeBytesMin ? large : small;
}

/** Share of the empty queue's throughput that remains with 100,000 recipients due at once. */
export const dueAtOnceShareMin = 0.8;
export const queuedMemoryBytesMax = 200e6;
/** Start with a million open recipients. */
export const startMsMax = 5_000;
/** Metering of one message with 10,000 accounts, processor time on the loop. */
export const meteringUsMax = 50;
