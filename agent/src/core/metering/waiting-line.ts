/**
 * A line of the waiting room: what waits of one sender, oldest first.
 *
 * A doubly linked list, since people take messages out of its middle and a message whose step could not be written comes back to its
 * place at the front. Ties of age go by message id, so that a restart gives the same order.
 */
import type { ScopeKey } from '@sluice/shared/words/limits.ts';
import type { MessageId } from '@sluice/shared/words/message.ts';
import type { Chain, WaitingMessage, WaitingRecipient } from './types.ts';

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

/** Place of a message among all. */
export type Age = { readonly sinceMs: number; readonly id: MessageId };

export const isOlder = (one: Age, other: Age): boolean =>
	one.sinceMs < other.sinceMs || (one.sinceMs === other.sinceMs && one.id < other.id);

/** Of a line in which something waits. */
export const firstAge = (line: Line): Age => line.head as Waiter;

/** Puts a message in its place by age. */
export function link(line: Line, message: WaitingMessage): Waiter {
	const { id, sinceMs, bytes, recipients, isCounted = false } = message;
	let before = line.tail;
	while (before !== undefined && isOlder({ sinceMs, id }, before)) before = before.previous;
	const next = before === undefined ? line.head : before.next;
	const waiter: Waiter = { id, line, sinceMs, bytes, recipients, isCounted, next, previous: before };
	if (next === undefined) line.tail = waiter;
	else next.previous = waiter;
	if (before === undefined) line.head = waiter;
	else before.next = waiter;
	return waiter;
}

export function unlink({ line, next, previous }: Waiter): void {
	if (previous === undefined) line.head = next;
	else previous.next = next;
	if (next === undefined) line.tail = previous;
	else next.previous = previous;
}
