/**
 * Senders of a simulation that can have to do with each other: their meter, their waiting room, and what was kept of their mail.
 *
 * Arrivals come in the order of time. They may come late in a bunch, since no other group has to do with this one.
 */
import type { LimitRule, ScopeKey } from '@sluice/shared/words/limits.ts';
import { isForGood } from '../policy/limit.ts';
import { measure } from './measure.ts';
import { createMeter } from './meter.ts';
import type { Chain, Rule, RuleSet } from './types.ts';
import { createWaitingRoom } from './waiting.ts';

/** What one rule of one scope would have kept. */
export type Kept = {
	readonly account: string;
	readonly scope: ScopeKey;
	readonly rule: LimitRule;
	messages: number;
	recipients: number;
	longestWaitSeconds: number;
};

export type LimitedSender = {
	readonly chain: Chain;
	readonly rules: RuleSet;
	/** Scopes that rules are of: nobody asks for the others. */
	readonly metered: readonly ScopeKey[];
	/** A message with more is held for good. */
	readonly messageMax: number;
	/** The rule that its mail last waited for, and what that kept. */
	binding: Rule | undefined;
	kept: Kept | undefined;
};

/** `number` grows from message to message. */
export type LimitedArrival = {
	readonly sender: LimitedSender;
	readonly number: number;
	readonly second: number;
	readonly keys: readonly number[];
};

/** Of all groups. */
export type KeptSums = {
	heldMessages: number;
	heldRecipients: number;
	longestWaitSeconds: number;
	/** Recipients that are held for good. */
	gone: number;
};

export type SimulatedGroup = {
	arrive(arrival: LimitedArrival): void;
	/** Lets go what may up to the end, and counts what waits then. Returns recipients. */
	end(second: number): number;
	readonly kept: Iterable<Kept>;
};

/** Recipients let go in one step; the next follows in the same second. */
const portionRecipients = 1000;
const idDigits = 12;
const behind = { room: 0, binding: undefined, keptAt: undefined } as const;

type Waiter = { readonly sender: LimitedSender; readonly kept: Kept; readonly sinceMs: number; left: number };

export function createSimulatedGroup(waitingRecipientsMax: number, sums: KeptSums): SimulatedGroup {
	const meter = createMeter({ tracksKeys: () => false });
	const waiting = createWaitingRoom();
	const keeping = new Map<string, Kept>();
	const waiters = new Map<string, Waiter>();
	const senders = new Map<readonly ScopeKey[], LimitedSender>();
	let nextMs = Number.POSITIVE_INFINITY;

	function keptBy({ chain, kept: last }: LimitedSender, { scope, rule }: Rule): Kept {
		const account = chain.account || (chain.scopes[0] ?? '');
		if (last?.scope === scope && last.rule === rule) return last;
		const name = `${account} ${scope} ${rule}`;
		const kept = keeping.get(name) ?? { account, scope, rule, messages: 0, recipients: 0, longestWaitSeconds: 0 };
		keeping.set(name, kept);
		return kept;
	}

	function noteWait(kept: Kept, seconds: number): void {
		kept.longestWaitSeconds = Math.max(kept.longestWaitSeconds, seconds);
		sums.longestWaitSeconds = Math.max(sums.longestWaitSeconds, seconds);
	}

	/** Behind mail of the same sender it waits, whatever the rules say, unless one of them would hold it for good. */
	const canSkip = ({ binding, messageMax }: LimitedSender, recipients: number, isWaiting: boolean): boolean =>
		isWaiting && binding !== undefined && recipients <= messageMax;

	/** Lets go what may, up to a moment, each at its own time. */
	function drain(untilMs: number): void {
		while (nextMs <= untilMs) {
			const nowMs = nextMs;
			const plan = waiting.plan({
				nowMs,
				meter,
				ruleSetOf: ({ scopes }) => (senders.get(scopes) as LimitedSender).rules,
				recipientsMax: portionRecipients,
				take({ id, keys, messages }) {
					const waiter = waiters.get(id) as Waiter;
					meter.charge(waiter.sender.metered, nowMs, { messages, recipients: keys.length, keys });
					noteWait(waiter.kept, Math.round((nowMs - waiter.sinceMs) / 1000));
					waiter.left -= keys.length;
					if (waiter.left === 0) waiters.delete(id);
					return true;
				},
			});
			const next = plan.nextMs ?? Number.POSITIVE_INFINITY;
			// A second is the least that a window knows of.
			nextMs = plan.releases.length > 0 ? next : Math.max(next, nowMs + 1000);
		}
	}

	/** The first `room` recipients have left. */
	function keep({ sender, number, keys }: LimitedArrival, found: Found): void {
		const { room, binding, blockedAt, nowMs, isWaiting } = found;
		const { chain, rules } = sender;
		const recipients = keys.length;
		// Mail behind other mail of the same sender waits for what that waits for.
		if (binding !== undefined) sender.binding = binding;
		const kept = keptBy(sender, sender.binding ?? (rules.rules[0] as Rule));
		sender.kept = kept;
		kept.messages += 1;
		kept.recipients += recipients - room;
		sums.heldMessages += 1;
		sums.heldRecipients += recipients - room;
		const isFull = waiting.recipients > 0 && waiting.recipients + recipients > waitingRecipientsMax;
		if (isFull || (binding !== undefined && isForGood(binding))) {
			sums.gone += isFull ? 0 : recipients - room;
			return;
		}
		const id = String(number).padStart(idDigits, '0');
		senders.set(chain.scopes, sender);
		waiting.add({
			id,
			chain,
			sinceMs: nowMs,
			recipients: keys.slice(room).map((key, index) => ({ index: room + index, key })),
			bytes: 0,
			isCounted: room > 0,
			...(blockedAt === undefined ? {} : { blockedAt }),
		});
		waiters.set(id, { sender, kept, sinceMs: nowMs, left: recipients - room });
		// The flow looks at once. Behind others of the same sender nothing has changed.
		if (!isWaiting) nextMs = Math.min(nextMs, nowMs);
	}

	return {
		arrive(arrival) {
			const { sender, second, keys } = arrival;
			const nowMs = second * 1000;
			drain(nowMs);
			const { chain, rules, metered } = sender;
			const recipients = keys.length;
			const isWaiting = waiting.size > 0 && waiting.waits(chain);
			const {
				room,
				binding,
				keptAt: blockedAt,
			} = canSkip(sender, recipients, isWaiting)
				? behind
				: measure({ chain, recipients, keys }, { rules, meter, waiting, nowMs });
			if (room > 0) {
				const leaving = room === recipients ? keys : keys.slice(0, room);
				meter.charge(metered, nowMs, { messages: 1, recipients: room, keys: leaving });
			}
			if (room < recipients) keep(arrival, { room, binding: binding?.rule, blockedAt, nowMs, isWaiting });
		},
		end(second) {
			const endMs = second * 1000;
			drain(endMs);
			for (const { id, sinceMs } of waiting.messages())
				noteWait((waiters.get(id) as Waiter).kept, Math.round((endMs - sinceMs) / 1000));
			return waiting.recipients;
		},
		get kept() {
			return keeping.values();
		},
	};
}

type Found = {
	readonly room: number;
	readonly binding: Rule | undefined;
	readonly blockedAt: ScopeKey | undefined;
	readonly nowMs: number;
	readonly isWaiting: boolean;
};
