/**
 * The lines of the waiting room: one for each sender, in the order of age, with what waits counted for every scope.
 *
 * A line is a doubly linked list, since people take messages out of its middle and a message whose step could not be written comes
 * back to its place at the front. Ties of age go by message id, so that a restart gives the same order.
 */

import type { ScopeKey } from '@sluice/shared/words/limits.ts';
import type { MessageId } from '@sluice/shared/words/message.ts';
import { type HeapOrder, heapInsert, heapRemove } from '../scheduling/heap.ts';
import { createTurns, payerOf, type Turns } from './turns.ts';
import type { Chain, WaitingMessage, WaitingRecipient, WaitingTotals } from './types.ts';

/** A message in its line. */
export type Waiter = {
	readonly id: MessageId;
	readonly line: Line;
	readonly sinceMs: number;
	readonly bytes: number;
	recipients: readonly WaitingRecipient[];
	isCounted: boolean;
	next: Waiter | undefined;
	previous: Waiter | undefined;
};

export type Line = {
	readonly name: string;
	/** Whose turn it has. */
	readonly payer: string;
	/** As last given: the same scopes, perhaps another value. */
	chain: Chain;
	head: Waiter | undefined;
	tail: Waiter | undefined;
	/** Scopes whose rules kept its head when it was last looked at. */
	blockedAt: readonly ScopeKey[];
};

type Totals = { messages: number; recipients: number; bytes: number; uncounted: number; readonly lines: Set<Line> };

export type Lines = {
	has(chain: Chain): boolean;
	find(id: MessageId): Waiter | undefined;
	/** Puts a message in its place; to one that is there recipients are added. */
	enter(message: WaitingMessage): Line;
	/** Leaves only these recipients waiting; none: the message goes, and with the last one the line. */
	leave(waiter: Waiter, staying: readonly WaitingRecipient[]): void;
	/** Whether the message itself has been charged. */
	setCounted(waiter: Waiter, isCounted: boolean): void;
	block(line: Line, scopes: readonly ScopeKey[]): void;
	isBlocked(scopes: readonly ScopeKey[]): boolean;
	totalsOf(scope: ScopeKey): WaitingTotals;
	/** Messages of the scope that have not been counted yet. */
	uncountedOf(scope: ScopeKey): number;
	linesOf(scope: ScopeKey): Iterable<Line>;
	all(): Iterable<Line>;
	/** Lines whose account's turn it is first (turns.ts), then those with the oldest head. */
	inTurn(): TurnQueue;
	/** Recipients of the line have left: its account's turn is over for so many. */
	serve(line: Line, recipients: number): void;
	readonly size: number;
	readonly recipients: number;
};

/** Place of a message among all. */
export type Age = { readonly sinceMs: number; readonly id: MessageId };

/** Lines in turn. */
export type TurnQueue = { pop(): Line | undefined; push(line: Line): void };

const isOlder = (one: Age, other: Age): boolean =>
	one.sinceMs < other.sinceMs || (one.sinceMs === other.sinceMs && one.id < other.id);

const firstAge = (line: Line): Age => line.head as Waiter;

type Turn = { readonly line: Line; readonly time: number };

const byTurn: HeapOrder<Turn> = {
	before: (one, other) =>
		one.time < other.time || (one.time === other.time && isOlder(firstAge(one.line), firstAge(other.line))),
	moved: () => {},
};

function turnQueueOf(lines: Iterable<Line>, turns: Turns): TurnQueue {
	const heap: Turn[] = [];
	const push = (line: Line): void => heapInsert(heap, { line, time: turns.of(line.payer) }, byTurn);
	for (const line of lines) push(line);
	return {
		pop() {
			for (let first = heap[0]; first !== undefined; first = heap[0]) {
				heapRemove(heap, 0, byTurn);
				if (turns.of(first.line.payer) === first.time) return first.line;
				// Another line of its account was served meanwhile.
				push(first.line);
			}
			return undefined;
		},
		push,
	};
}

export function without(
	recipients: readonly WaitingRecipient[],
	indexes: readonly number[],
): readonly WaitingRecipient[] {
	if (indexes.length >= recipients.length && recipients.length === 1)
		return recipients[0]?.index === indexes[0] ? [] : recipients;
	const gone = new Set(indexes);
	return recipients.filter(({ index }) => !gone.has(index));
}

const nameOf = (chain: Chain): string => chain.scopes.join('\n');

export function createLines(): Lines {
	const lines = new Map<string, Line>();
	const waiters = new Map<MessageId, Waiter>();
	const totals = new Map<ScopeKey, Totals>();
	/** How many lines are blocked at a scope. */
	const blocks = new Map<ScopeKey, number>();
	/** How many lines an account has. */
	const linesOf = new Map<string, number>();
	const turns = createTurns();
	let recipients = 0;

	function count(line: Line, change: { messages: number; recipients: number; bytes: number; uncounted: number }): void {
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
	}

	function block(line: Line, scopes: readonly ScopeKey[]): void {
		for (const scope of line.blockedAt) {
			const left = (blocks.get(scope) ?? 0) - 1;
			if (left > 0) blocks.set(scope, left);
			else blocks.delete(scope);
		}
		line.blockedAt = [...new Set(scopes)];
		for (const scope of line.blockedAt) blocks.set(scope, (blocks.get(scope) ?? 0) + 1);
	}

	function unlink({ line, next, previous }: Waiter): void {
		if (previous === undefined) line.head = next;
		else previous.next = next;
		if (next === undefined) line.tail = previous;
		else next.previous = previous;
	}

	/** The line of a sender, made if there is none. */
	function lineOf(chain: Chain): Line {
		const name = nameOf(chain);
		const known = lines.get(name);
		if (known !== undefined) {
			known.chain = chain;
			return known;
		}
		const payer = payerOf(chain);
		const line: Line = { name, payer, chain, head: undefined, tail: undefined, blockedAt: [] };
		lines.set(name, line);
		linesOf.set(payer, (linesOf.get(payer) ?? 0) + 1);
		turns.begin(payer);
		return line;
	}

	function drop(line: Line): void {
		block(line, []);
		lines.delete(line.name);
		const left = (linesOf.get(line.payer) ?? 0) - 1;
		if (left > 0) linesOf.set(line.payer, left);
		else {
			linesOf.delete(line.payer);
			turns.end(line.payer);
		}
	}

	function enterNew({ id, chain, sinceMs, bytes, recipients: waiting, isCounted = false }: WaitingMessage): Line {
		const line = lineOf(chain);
		let before = line.tail;
		while (before !== undefined && isOlder({ sinceMs, id }, before)) before = before.previous;
		const next = before === undefined ? line.head : before.next;
		const waiter: Waiter = { id, line, sinceMs, bytes, recipients: waiting, isCounted, next, previous: before };
		if (next === undefined) line.tail = waiter;
		else next.previous = waiter;
		if (before === undefined) line.head = waiter;
		else before.next = waiter;
		waiters.set(id, waiter);
		count(line, { messages: 1, recipients: waiting.length, bytes, uncounted: isCounted ? 0 : 1 });
		return line;
	}

	function rejoin(waiter: Waiter, back: readonly WaitingRecipient[]): void {
		const there = new Set(waiter.recipients.map(({ index }) => index));
		const added = back.filter(({ index }) => !there.has(index));
		waiter.recipients = [...waiter.recipients, ...added].sort((one, other) => one.index - other.index);
		count(waiter.line, { messages: 0, recipients: added.length, bytes: 0, uncounted: 0 });
	}

	function setCounted(waiter: Waiter, isCounted: boolean): void {
		if (waiter.isCounted === isCounted) return;
		waiter.isCounted = isCounted;
		count(waiter.line, { messages: 0, recipients: 0, bytes: 0, uncounted: isCounted ? -1 : 1 });
	}

	return {
		has(chain) {
			const innermost = chain.scopes.at(-1);
			return innermost !== undefined && totals.has(innermost) && lines.has(nameOf(chain));
		},
		find: (id) => waiters.get(id),
		enter(message) {
			const waiter = waiters.get(message.id);
			if (waiter === undefined) return enterNew(message);
			rejoin(waiter, message.recipients);
			setCounted(waiter, message.isCounted ?? false);
			return waiter.line;
		},
		setCounted,
		leave(waiter, staying) {
			const { line } = waiter;
			const gone = waiter.recipients.length - staying.length;
			if (gone === 0) return;
			waiter.recipients = staying;
			if (staying.length > 0) {
				count(line, { messages: 0, recipients: -gone, bytes: 0, uncounted: 0 });
				return;
			}
			unlink(waiter);
			waiters.delete(waiter.id);
			count(line, { messages: -1, recipients: -gone, bytes: -waiter.bytes, uncounted: waiter.isCounted ? 0 : -1 });
			if (line.head === undefined) drop(line);
		},
		block,
		isBlocked: (scopes) => blocks.size > 0 && scopes.some((scope) => blocks.has(scope)),
		totalsOf(scope) {
			const sum = totals.get(scope);
			if (sum === undefined) return { messages: 0, recipients: 0, bytes: 0 };
			let oldestMs = Number.POSITIVE_INFINITY;
			for (const line of sum.lines) oldestMs = Math.min(oldestMs, firstAge(line).sinceMs);
			return { messages: sum.messages, recipients: sum.recipients, bytes: sum.bytes, oldestMs };
		},
		uncountedOf: (scope) => totals.get(scope)?.uncounted ?? 0,
		linesOf: (scope) => totals.get(scope)?.lines ?? [],
		all: () => lines.values(),
		inTurn: () => turnQueueOf(lines.values(), turns),
		serve: (line, count) => turns.serve(line.payer, count),
		get size() {
			return waiters.size;
		},
		get recipients() {
			return recipients;
		},
	};
}
