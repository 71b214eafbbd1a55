/**
 * The waiting room: mail over a limit, each sender's in the order of its age, and who may leave now.
 *
 * Mail of one sender (the same scopes) is a line, oldest first. Lines are asked in turns of their accounts (account-turns.ts), within an account
 * by the age of their oldest message. A message leaves when it fits into every enforced rule. One that does not fit blocks its own line
 * and, for everything asked after it, the innermost scope whose rule kept it: so nobody overtakes there, and whose turn it is gets the
 * next room. What is free further out belongs to others until then: who is over a limit of his own keeps nobody from a pool. A rule on a
 * scope that others do not share keeps nobody else. What is too large for a whole window leaves in parts, as many at once as there is
 * room for.
 *
 * `plan` costs by lines and by what leaves, not by what waits. What it found of a line is not kept for the next time: what others were
 * charged since can keep the line at further scopes. Each release is handed to `take` in the same turn of the loop: the
 * caller charges the meter there, before anything else is asked. What was taken is out of the room; when its step cannot be written
 * the caller refunds and adds it again, and it stands in its old place, which is that of its age.
 *
 * Not here: the bound on what may wait and giving up what waits too long (flow), the log, the clock.
 */
import type { ScopeKey } from '@sluice/shared/words/limits.ts';
import type { MessageId } from '@sluice/shared/words/message.ts';
import { changesAtMs, type Fit, fitOf, keptAt } from './fit.ts';
import { leavesMs } from './leaves.ts';
import type { Meter } from './meter.ts';
import type { Chain, RuleSet, WaitingMessage, WaitingRecipient, WaitingTotals } from './types.ts';
import type { Line, Waiter } from './waiting-line.ts';
import { createLines, without } from './waiting-lines.ts';

export type { WaitingMessage, WaitingRecipient, WaitingTotals } from './types.ts';

/** Recipients of one message that leave together. */
export type Release = {
	readonly id: MessageId;
	readonly chain: Chain;
	readonly indexes: readonly number[];
	readonly keys: readonly number[];
	/** What to charge for the message itself. */
	readonly messages: 0 | 1;
};

export type PlanInput = {
	readonly nowMs: number;
	readonly ruleSetOf: (chain: Chain) => RuleSet;
	readonly meter: Meter;
	/** Recipients released at most by this call; a message that is begun is finished. */
	readonly recipientsMax: number;
	/** Charges the meter for the release and takes it over; false: it cannot leave just now, and keeps its place. */
	readonly take: (release: Release) => boolean;
};

export type Plan = {
	readonly releases: readonly Release[];
	/** When to ask again, epoch ms; absent: not before mail, limits or refunds change. Now: there was more than `recipientsMax`. */
	readonly nextMs?: number;
};

export type WaitingRoom = {
	/** Puts a message in its place by age; recipients of one that is there already are added to it. */
	add(message: WaitingMessage): void;
	/** Takes recipients out, or all of the message; unknown ones are none. */
	remove(id: MessageId, indexes?: readonly number[]): void;
	/** Must new mail of this sender wait: its own waits in front, or an older one waits for a scope they share? */
	blocks(chain: Chain): boolean;
	/** Does mail of this sender wait? */
	waits(chain: Chain): boolean;
	totalsOf(scope: ScopeKey): WaitingTotals;
	/** Who may leave now, in turn; see above. */
	plan(input: PlanInput): Plan;
	/**
	 * When the last of what waits in the chain's scopes will have left if nothing changes, epoch ms; undefined: never by itself. Exact
	 * for messages with one recipient each; larger ones can leave a little later, since they leave whole.
	 */
	lastLeavesMs(
		chain: Chain,
		input: { readonly rules: RuleSet; readonly meter: Meter; readonly nowMs: number },
	): number | undefined;
	/** Every message that waits, line by line. */
	messages(): Iterable<{
		readonly id: MessageId;
		readonly chain: Chain;
		readonly sinceMs: number;
		readonly recipients: readonly WaitingRecipient[];
	}>;
	/** Messages and recipients in all. */
	readonly size: number;
	readonly recipients: number;
};

export function createWaitingRoom(): WaitingRoom {
	const lines = createLines();

	const fit = (head: Waiter, rules: RuleSet, { meter, nowMs }: PlanInput): Fit => {
		const request = {
			recipients: head.recipients.length,
			keys: head.recipients.map(({ key }) => key),
			messages: head.isCounted ? 0 : 1,
			isParted: head.isCounted,
		} as const;
		return fitOf(request, { rules, meter, nowMs }, false);
	};

	/**
	 * Lets the head of a line go as far as there is room. `left`: all of it, or a part; whoever is next in turn is asked before the rest.
	 * Else it stays until `atMs`, epoch ms (infinite: not by the clock alone).
	 */
	function release(line: Line, input: PlanInput, releases: Release[]): 'left' | { readonly atMs: number } {
		const head = line.head as Waiter;
		const found = fit(head, input.ruleSetOf(line.chain), input);
		if (found.room === 0) {
			const scope = keptAt(found.keeping, line.chain.scopes);
			lines.block(line, scope === undefined ? [] : [scope]);
			return { atMs: changesAtMs(found, input) };
		}
		const leaving = head.recipients.slice(0, found.room);
		const staying = head.recipients.slice(found.room);
		const indexes = leaving.map(({ index }) => index);
		const keys = leaving.map(({ key }) => key);
		const one: Release = { id: head.id, chain: line.chain, indexes, keys, messages: head.isCounted ? 0 : 1 };
		if (!input.take(one)) {
			lines.block(line, []);
			return { atMs: Number.POSITIVE_INFINITY };
		}
		releases.push(one);
		lines.serve(line, leaving.length);
		if (staying.length > 0) lines.setCounted(head, true);
		lines.leave(head, staying);
		return 'left';
	}

	function plan(input: PlanInput): Plan {
		const releases: Release[] = [];
		const blocked = new Set<ScopeKey>();
		const queue = lines.inTurn();
		let left = input.recipientsMax;
		let nextMs = Number.POSITIVE_INFINITY;
		for (let line = queue.pop(); line !== undefined; line = queue.pop()) {
			if (line.chain.scopes.some((scope) => blocked.has(scope))) {
				lines.block(line, []);
				continue;
			}
			if (left <= 0) return { releases, nextMs: input.nowMs };
			const before = releases.length;
			const found = release(line, input, releases);
			if (releases.length > before) left -= (releases.at(-1) as Release).indexes.length;
			if (found === 'left') {
				if (line.head !== undefined) queue.push(line);
				continue;
			}
			for (const scope of line.blockedAt) blocked.add(scope);
			nextMs = Math.min(nextMs, found.atMs);
		}
		return nextMs === Number.POSITIVE_INFINITY ? { releases } : { releases, nextMs };
	}

	return {
		add(message) {
			if (message.recipients.length === 0) return;
			const line = lines.enter(message);
			if (message.blockedAt !== undefined && line.blockedAt.length === 0) lines.block(line, [message.blockedAt]);
		},
		remove(id, indexes) {
			const waiter = lines.find(id);
			if (waiter === undefined) return;
			lines.leave(waiter, indexes === undefined ? [] : without(waiter.recipients, indexes));
		},
		blocks: (chain) => lines.size > 0 && (lines.isBlocked(chain.scopes) || lines.has(chain)),
		waits: (chain) => lines.has(chain),
		totalsOf: (scope) => lines.totalsOf(scope),
		plan,
		lastLeavesMs(chain, input) {
			return leavesMs(chain, lines, input);
		},
		*messages() {
			for (const line of lines.all())
				for (let waiter = line.head; waiter !== undefined; waiter = waiter.next)
					yield { id: waiter.id, chain: line.chain, sinceMs: waiter.sinceMs, recipients: waiter.recipients };
		},
		get size() {
			return lines.size;
		},
		get recipients() {
			return lines.recipients;
		},
	};
}
