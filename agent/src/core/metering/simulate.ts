/**
 * Simulate: what limits would have done to the mail of the last days.
 *
 * Arrivals are replayed in the order of time, as the flow would take them: measured, charged or put into the waiting room, let go when there is
 * room again, by the same meter, waiting room and rules. Every rule counts as enforced, and what is over a limit waits, whatever
 * `over` says. Two differences are meant: what a limit on one message, or one of 0, keeps is held and never leaves; and of one group no
 * more than `waitingRecipientsMax` wait at once, what comes beyond is counted as kept and forgotten (the MTA would keep it).
 *
 * Two looks, each over all arrivals: `survey` finds whom no limit can meet (simulate-survey.ts), `arrive` replays the others. Without the
 * first every sender is replayed, with the same result. Pure. Not here: reading usage (main/simulate-worker.ts).
 */
import { type LimitRule, type ScopeKey, scopeOf } from '@sluice/shared/words/limits.ts';
import { isForGood } from '../policy/limit.ts';
import { measure } from './measure.ts';
import { createMeter, type Meter } from './meter.ts';
import { createSurvey, steadyClock } from './simulate-survey.ts';
import type { Chain, Rule, RuleSet } from './types.ts';
import { createWaitingRoom, type WaitingRoom } from './waiting.ts';

/** A message that came. `keys` may change after the call. */
export type Arrival = {
	readonly scopes: readonly ScopeKey[];
	/** A small number that stands for these scopes and no others, if there is one: found more quickly. */
	readonly chain?: number | undefined;
	readonly second: number;
	readonly keys: readonly number[];
};

export type SimulationInput = {
	/** The rules of a chain; their mode does not matter. */
	readonly rulesOf: (chain: Chain) => RuleSet;
	readonly waitingRecipientsMax?: number;
};

/** What one rule of one scope would have kept. */
export type Kept = {
	readonly account: string;
	readonly scope: ScopeKey;
	readonly rule: LimitRule;
	messages: number;
	recipients: number;
	longestWaitSeconds: number;
};

export type SimulationResult = {
	readonly messages: number;
	readonly recipients: number;
	readonly heldMessages: number;
	readonly heldRecipients: number;
	readonly longestWaitSeconds: number;
	/** Recipients that would still have waited, or been held, at the end. */
	readonly stillWaiting: number;
	/** Of which mail would have been kept. Mail without an account stands under its outermost scope. */
	readonly accounts: readonly string[];
	/** Most messages first. */
	readonly items: readonly Kept[];
};

export type Simulation = {
	/** First look. */
	survey(arrival: Arrival): void;
	/** Second look, with the same arrivals in the same order. */
	arrive(arrival: Arrival): void;
	/** When all have arrived, up to `second`. */
	result(second: number): SimulationResult;
};

const waitingRecipientsDefault = 20_000;
/** Recipients let go in one step; the next follows in the same second. */
const portionRecipients = 1000;

/** Senders that can have to do with each other: they share the meter and the waiting room. */
type Group = { readonly meter: Meter; readonly waiting: WaitingRoom; nextMs: number };

type Sender = {
	readonly chain: Chain;
	readonly rules: RuleSet;
	/** Scopes that rules are of: nobody asks for the others. */
	readonly metered: readonly ScopeKey[];
	/** Its number in the survey. */
	readonly surveyed: number | undefined;
	group: Group | undefined;
	/** The rule that mail of this sender last waited for. */
	binding: Rule | undefined;
	isGrouped: boolean;
	/** A message with more is held for good. */
	readonly messageMax: number;
};

const behind = { room: 0, binding: undefined, keptAt: undefined } as const;

type Waiter = { readonly kept: Kept; readonly sinceMs: number; left: number };

export function createSimulation({
	rulesOf,
	waitingRecipientsMax = waitingRecipientsDefault,
}: SimulationInput): Simulation {
	const survey = createSurvey();
	const senders = new Map<readonly ScopeKey[], Sender>();
	const byNumber: Sender[] = [];
	/** Of senders known by number: what the survey calls them, and which no limit can meet. */
	const surveyedByNumber: (number | undefined)[] = [];
	const isQuietByNumber: boolean[] = [];
	const groups = new Map<object, Group>();
	const keeping = new Map<string, Kept>();
	const waiters = new Map<string, Waiter>();
	const surveyClock = steadyClock();
	const clock = steadyClock();
	const sums = { messages: 0, recipients: 0, heldMessages: 0, heldRecipients: 0, longestWaitSeconds: 0, gone: 0 };
	let isSurveyed = false;

	function senderOf(scopes: readonly ScopeKey[]): Sender {
		const known = senders.get(scopes);
		if (known !== undefined) return known;
		const chain = chainOfScopes(scopes);
		const given = rulesOf(chain);
		const rules: RuleSet = {
			...given,
			rules: given.rules.map(({ untilMs: _untilMs, ...rule }): Rule => ({ ...rule, mode: 'enforce' })),
		};
		const sender: Sender = {
			chain,
			rules,
			metered: scopes.filter((scope) => rules.rules.some((rule) => rule.scope === scope)),
			surveyed: survey.enter(rules.rules),
			group: undefined,
			binding: undefined,
			isGrouped: false,
			messageMax: Math.min(...rules.rules.filter(isForGood).map(({ value }) => value), Number.POSITIVE_INFINITY),
		};
		senders.set(scopes, sender);
		return sender;
	}

	function arrivedFrom({ chain, scopes }: Arrival): Sender {
		if (chain === undefined) return senderOf(scopes);
		const known = byNumber[chain];
		if (known !== undefined) return known;
		const sender = senderOf(scopes);
		byNumber[chain] = sender;
		return sender;
	}

	/** undefined: no limit can meet this sender. */
	function groupOf(sender: Sender): Group | undefined {
		if (sender.isGrouped) return sender.group;
		sender.isGrouped = true;
		if (sender.surveyed === undefined) return undefined;
		const name = isSurveyed ? survey.loudGroupOf(sender.surveyed) : survey;
		if (name === undefined) return undefined;
		sender.group = groups.get(name) ?? {
			meter: createMeter({ tracksKeys: () => false }),
			waiting: createWaitingRoom(),
			nextMs: Number.POSITIVE_INFINITY,
		};
		groups.set(name, sender.group);
		return sender.group;
	}

	function keptBy(sender: Sender, rule: Rule): Kept {
		const account = sender.chain.account || (sender.chain.scopes[0] ?? '');
		const name = `${account} ${rule.scope} ${rule.rule}`;
		const kept = keeping.get(name) ?? {
			account,
			scope: rule.scope,
			rule: rule.rule,
			messages: 0,
			recipients: 0,
			longestWaitSeconds: 0,
		};
		keeping.set(name, kept);
		return kept;
	}

	function noteWait(kept: Kept, seconds: number): void {
		kept.longestWaitSeconds = Math.max(kept.longestWaitSeconds, seconds);
		sums.longestWaitSeconds = Math.max(sums.longestWaitSeconds, seconds);
	}

	/** Behind mail of the same sender it waits, whatever the rules say, unless one of them would hold it for good. */
	const canSkip = ({ binding, messageMax }: Sender, recipients: number, isWaiting: boolean): boolean =>
		isWaiting && binding !== undefined && recipients <= messageMax;

	/** Lets go what may, up to a moment, each at its own time. */
	function drain(group: Group, untilMs: number): void {
		while (group.nextMs <= untilMs) {
			const nowMs = group.nextMs;
			const { releases, nextMs = Number.POSITIVE_INFINITY } = group.waiting.plan({
				nowMs,
				meter: group.meter,
				ruleSetOf: ({ scopes }) => senderOf(scopes).rules,
				recipientsMax: portionRecipients,
				take({ id, chain, keys, messages }) {
					group.meter.charge(senderOf(chain.scopes).metered, nowMs, { messages, recipients: keys.length, keys });
					const waiter = waiters.get(id) as Waiter;
					noteWait(waiter.kept, Math.round((nowMs - waiter.sinceMs) / 1000));
					waiter.left -= keys.length;
					if (waiter.left === 0) waiters.delete(id);
					return true;
				},
			});
			// A second is the least that a window knows of.
			group.nextMs = releases.length > 0 ? nextMs : Math.max(nextMs, nowMs + 1000);
		}
	}

	function arrive(sender: Sender, group: Group, second: number, keys: readonly number[]): void {
		const nowMs = second * 1000;
		drain(group, nowMs);
		const { chain, rules, metered } = sender;
		const { meter, waiting } = group;
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
		if (room === recipients) return;
		// Mail behind other mail of the same sender waits for what that waits for.
		if (binding !== undefined) sender.binding = binding.rule;
		const kept = keptBy(sender, sender.binding ?? (rules.rules[0] as Rule));
		kept.messages += 1;
		kept.recipients += recipients - room;
		sums.heldMessages += 1;
		sums.heldRecipients += recipients - room;
		const isFull = waiting.recipients > 0 && waiting.recipients + recipients > waitingRecipientsMax;
		if (isFull || (binding !== undefined && isForGood(binding.rule))) {
			sums.gone += isFull ? 0 : recipients - room;
			return;
		}
		const id = String(sums.messages).padStart(idDigits, '0');
		waiting.add({
			id,
			chain,
			sinceMs: nowMs,
			recipients: keys.slice(room).map((key, index) => ({ index: room + index, key })),
			bytes: 0,
			isCounted: room > 0,
			...(blockedAt === undefined ? {} : { blockedAt }),
		});
		waiters.set(id, { kept, sinceMs: nowMs, left: recipients - room });
		// The flow looks at once. Behind others of the same sender nothing has changed.
		if (!isWaiting) group.nextMs = Math.min(group.nextMs, nowMs);
	}

	return {
		survey(arrival) {
			isSurveyed = true;
			const { second, keys, chain = -1 } = arrival;
			const surveyed = surveyedByNumber[chain] ?? arrivedFrom(arrival).surveyed;
			if (chain >= 0) surveyedByNumber[chain] = surveyed;
			const steady = surveyClock(second);
			if (surveyed !== undefined) survey.arrive(surveyed, steady, keys.length);
		},
		arrive(arrival) {
			const { second, keys, chain = -1 } = arrival;
			sums.messages += 1;
			sums.recipients += keys.length;
			const steady = clock(second);
			if (isQuietByNumber[chain] === true) return;
			const sender = arrivedFrom(arrival);
			const group = groupOf(sender);
			if (group !== undefined) arrive(sender, group, steady, keys);
			else if (chain >= 0) isQuietByNumber[chain] = true;
		},
		result(second) {
			const endMs = clock(second) * 1000;
			let stillWaiting = sums.gone;
			for (const group of groups.values()) {
				drain(group, endMs);
				stillWaiting += group.waiting.recipients;
				for (const { id, sinceMs } of group.waiting.messages())
					noteWait((waiters.get(id) as Waiter).kept, Math.round((endMs - sinceMs) / 1000));
			}
			const items = [...keeping.values()].sort((one, other) => other.messages - one.messages);
			const { gone: _gone, ...counted } = sums;
			return { ...counted, stillWaiting, accounts: [...new Set(items.map(({ account }) => account))], items };
		},
	};
}

const idDigits = 12;

/** As far as the scopes tell: who paid is in them, and nothing limits what only the server paid for. */
export function chainOfScopes(scopes: readonly ScopeKey[]): Chain {
	const account = scopes.map(scopeOf).find(({ level }) => level === 'account')?.id ?? '';
	return { scopes, account, isKnown: true, isExempt: account === '', hints: [] };
}
