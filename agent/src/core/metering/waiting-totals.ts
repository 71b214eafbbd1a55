/**
 * What waits for each scope, counted as it comes and goes; and at which scopes lines are blocked.
 */
import type { ScopeKey } from '@sluice/shared/words/limits.ts';
import type { WaitingTotals } from './types.ts';
import { firstAge, type Line } from './waiting-line.ts';

export type Change = { messages: number; recipients: number; bytes: number; uncounted: number };

type Totals = Change & { readonly lines: Set<Line> };

export type ScopeTotals = {
	/** Something changed in the line, for all of its scopes. */
	count(line: Line, change: Change): void;
	has(scope: ScopeKey): boolean;
	of(scope: ScopeKey): WaitingTotals;
	/** Messages of the scope that have not been counted yet. */
	uncountedOf(scope: ScopeKey): number;
	linesOf(scope: ScopeKey): Iterable<Line>;
	readonly recipients: number;
};

export function createScopeTotals(): ScopeTotals {
	const totals = new Map<ScopeKey, Totals>();
	let recipients = 0;
	return {
		count(line, change) {
			recipients += change.recipients;
			for (const scope of line.chain.scopes) {
				let sum = totals.get(scope);
				if (sum === undefined) {
					sum = { messages: 0, recipients: 0, bytes: 0, uncounted: 0, lines: new Set() };
					totals.set(scope, sum);
				}
				sum.messages += change.messages;
				sum.recipients += change.recipients;
				sum.bytes += change.bytes;
				sum.uncounted += change.uncounted;
				if (line.head === undefined) sum.lines.delete(line);
				else sum.lines.add(line);
				if (sum.messages === 0) totals.delete(scope);
			}
		},
		has: (scope) => totals.has(scope),
		of(scope) {
			const sum = totals.get(scope);
			if (sum === undefined) return { messages: 0, recipients: 0, bytes: 0 };
			let oldestMs = Number.POSITIVE_INFINITY;
			for (const line of sum.lines) oldestMs = Math.min(oldestMs, firstAge(line).sinceMs);
			return { messages: sum.messages, recipients: sum.recipients, bytes: sum.bytes, oldestMs };
		},
		uncountedOf: (scope) => totals.get(scope)?.uncounted ?? 0,
		linesOf: (scope) => totals.get(scope)?.lines ?? [],
		get recipients() {
			return recipients;
		},
	};
}

export type Blocks = {
	/** The line is blocked at these scopes now, and nowhere else. */
	block(line: Line, scopes: readonly ScopeKey[]): void;
	isBlocked(scopes: readonly ScopeKey[]): boolean;
};

export function createBlocks(): Blocks {
	/** How many lines are blocked at a scope. */
	const blocks = new Map<ScopeKey, number>();
	return {
		block(line, scopes) {
			for (const scope of line.blockedAt) {
				const left = (blocks.get(scope) ?? 0) - 1;
				if (left > 0) blocks.set(scope, left);
				else blocks.delete(scope);
			}
			line.blockedAt = [...new Set(scopes)];
			for (const scope of line.blockedAt) blocks.set(scope, (blocks.get(scope) ?? 0) + 1);
		},
		isBlocked: (scopes) => blocks.size > 0 && scopes.some((scope) => blocks.has(scope)),
	};
}
