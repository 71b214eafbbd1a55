/**
 * The lines of the waiting room, one for each sender, and whose turn it is.
 *
 * Not here: one line (waiting-line.ts), what waits for each scope (waiting-totals.ts), who leaves (waiting.ts).
 */
import type { ScopeKey } from '@sluice/shared/words/limits.ts';
import type { MessageId } from '@sluice/shared/words/message.ts';
import { type HeapOrder, heapInsert, heapRemove } from '../scheduling/heap.ts';
import { type AccountTurns, createAccountTurns, payerOf } from './account-turns.ts';
import type { Chain, WaitingMessage, WaitingRecipient, WaitingTotals } from './types.ts';
import { firstAge, isOlder, type Line, link, unlink, type Waiter } from './waiting-line.ts';
import { createBlocks, createScopeTotals } from './waiting-totals.ts';

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
	/** Lines whose account's turn it is first (account-turns.ts), then those with the oldest head. */
	inTurn(): TurnQueue;
	/** Recipients of the line have left: its account's turn is over for so many. */
	serve(line: Line, recipients: number): void;
	readonly size: number;
	readonly recipients: number;
};

/** Lines in turn. */
export type TurnQueue = { pop(): Line | undefined; push(line: Line): void };

type Turn = { readonly line: Line; readonly time: number };

const byTurn: HeapOrder<Turn> = {
	before: (one, other) =>
		one.time < other.time || (one.time === other.time && isOlder(firstAge(one.line), firstAge(other.line))),
	moved: () => {},
};

function turnQueueOf(lines: Iterable<Line>, turns: AccountTurns): TurnQueue {
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
	const totals = createScopeTotals();
	const { block, isBlocked } = createBlocks();
	/** How many lines an account has. */
	const linesOf = new Map<string, number>();
	const turns = createAccountTurns();

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

	function enterNew(message: WaitingMessage): Line {
		const line = lineOf(message.chain);
		const waiter = link(line, message);
		const { id, recipients, bytes, isCounted } = waiter;
		waiters.set(id, waiter);
		totals.count(line, { messages: 1, recipients: recipients.length, bytes, uncounted: isCounted ? 0 : 1 });
		return line;
	}

	function rejoin(waiter: Waiter, back: readonly WaitingRecipient[]): void {
		const there = new Set(waiter.recipients.map(({ index }) => index));
		const added = back.filter(({ index }) => !there.has(index));
		waiter.recipients = [...waiter.recipients, ...added].sort((one, other) => one.index - other.index);
		totals.count(waiter.line, { messages: 0, recipients: added.length, bytes: 0, uncounted: 0 });
	}

	function setCounted(waiter: Waiter, isCounted: boolean): void {
		if (waiter.isCounted === isCounted) return;
		waiter.isCounted = isCounted;
		totals.count(waiter.line, { messages: 0, recipients: 0, bytes: 0, uncounted: isCounted ? -1 : 1 });
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
				totals.count(line, { messages: 0, recipients: -gone, bytes: 0, uncounted: 0 });
				return;
			}
			unlink(waiter);
			waiters.delete(waiter.id);
			totals.count(line, {
				messages: -1,
				recipients: -gone,
				bytes: -waiter.bytes,
				uncounted: waiter.isCounted ? 0 : -1,
			});
			if (line.head === undefined) drop(line);
		},
		block,
		isBlocked,
		totalsOf: totals.of,
		uncountedOf: totals.uncountedOf,
		linesOf: totals.linesOf,
		all: () => lines.values(),
		inTurn: () => turnQueueOf(lines.values(), turns),
		serve: (line, count) => turns.serve(line.payer, count),
		get size() {
			return waiters.size;
		},
		get recipients() {
			return totals.recipients;
		},
	};
}
