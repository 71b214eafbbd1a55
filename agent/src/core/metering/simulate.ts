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
import { type ScopeKey, scopeOf } from '@sluice/shared/words/limits.ts';
import { isForGood } from '../policy/limit.ts';
import {
	createSimulatedGroup,
	type Kept,
	type KeptSums,
	type LimitedArrival,
	type LimitedSender,
	type SimulatedGroup,
} from './simulate-group.ts';
import { createSurvey, type Survey, steadyClock } from './simulate-survey.ts';
import type { Chain, Rule, RuleSet } from './types.ts';

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
/** Arrivals that groups are given together: each has its own in the processor's caches then. */
const arrivalsMax = 1 << 16;

type Group = { readonly simulated: SimulatedGroup; pending: LimitedArrival[] };

type Sender = LimitedSender & {
	/** Its number in the survey. */
	readonly surveyed: number | undefined;
	group: Group | undefined;
	isGrouped: boolean;
};

export function createSimulation({
	rulesOf,
	waitingRecipientsMax = waitingRecipientsDefault,
}: SimulationInput): Simulation {
	const survey = createSurvey();
	const senders = createSenders(rulesOf, survey);
	/** Of senders known by number: what the survey calls them, and which no limit can meet. */
	const surveyedByNumber: (number | undefined)[] = [];
	const isQuietByNumber: boolean[] = [];
	const groups = new Map<object, Group>();
	const surveyClock = steadyClock();
	const clock = steadyClock();
	const came = { messages: 0, recipients: 0 };
	const sums: KeptSums = { heldMessages: 0, heldRecipients: 0, longestWaitSeconds: 0, gone: 0 };
	let pending = 0;
	let isSurveyed = false;

	/** undefined: no limit can meet this sender. */
	function groupOf(sender: Sender): Group | undefined {
		if (sender.isGrouped) return sender.group;
		sender.isGrouped = true;
		if (sender.surveyed === undefined) return undefined;
		const name = isSurveyed ? survey.loudGroupOf(sender.surveyed) : survey;
		if (name === undefined) return undefined;
		sender.group = groups.get(name) ?? {
			simulated: createSimulatedGroup(waitingRecipientsMax, sums),
			pending: [],
		};
		groups.set(name, sender.group);
		return sender.group;
	}

	function give(): void {
		for (const group of groups.values()) {
			for (const arrival of group.pending) group.simulated.arrive(arrival);
			group.pending = [];
		}
		pending = 0;
	}

	return {
		survey(arrival) {
			isSurveyed = true;
			const { second, keys, chain = -1 } = arrival;
			const surveyed = surveyedByNumber[chain] ?? senders.from(arrival).surveyed;
			if (chain >= 0) surveyedByNumber[chain] = surveyed;
			const steady = surveyClock(second);
			if (surveyed !== undefined) survey.arrive(surveyed, steady, keys.length);
		},
		arrive(arrival) {
			const { second, keys, chain = -1 } = arrival;
			came.messages += 1;
			came.recipients += keys.length;
			const steady = clock(second);
			if (isQuietByNumber[chain] === true) return;
			const sender = senders.from(arrival);
			const group = groupOf(sender);
			if (group === undefined) {
				if (chain >= 0) isQuietByNumber[chain] = true;
				return;
			}
			group.pending.push({ sender, number: came.messages, second: steady, keys: keys.slice() });
			if (++pending === arrivalsMax) give();
		},
		result(second) {
			const end = clock(second);
			give();
			let stillWaiting = sums.gone;
			for (const { simulated } of groups.values()) stillWaiting += simulated.end(end);
			const items = [...groups.values()].flatMap(({ simulated }) => [...simulated.kept]).sort(mostFirst);
			const { gone: _gone, ...held } = sums;
			return {
				...came,
				...held,
				stillWaiting,
				accounts: [...new Set(items.map(({ account }) => account))],
				items,
			};
		},
	};
}

/** Most messages first, then by name. */
const mostFirst = (one: Kept, other: Kept): number =>
	other.messages - one.messages || (nameOf(one) < nameOf(other) ? -1 : 1);
const nameOf = ({ account, scope, rule }: Kept): string => `${account} ${scope} ${rule}`;

/** Senders by their scopes, or by the number that stands for them. */
function createSenders(rulesOf: SimulationInput['rulesOf'], survey: Survey) {
	const byScopes = new Map<readonly ScopeKey[], Sender>();
	const byNumber: Sender[] = [];

	function of(scopes: readonly ScopeKey[]): Sender {
		const known = byScopes.get(scopes);
		if (known !== undefined) return known;
		const chain = chainOfScopes(scopes);
		const given = rulesOf(chain);
		const rules = given.rules.map(({ untilMs: _untilMs, ...rule }): Rule => ({ ...rule, mode: 'enforce' }));
		const sender: Sender = {
			chain,
			rules: { ...given, rules },
			metered: scopes.filter((scope) => rules.some((rule) => rule.scope === scope)),
			surveyed: survey.enter(rules),
			messageMax: Math.min(...rules.filter(isForGood).map(({ value }) => value), Number.POSITIVE_INFINITY),
			binding: undefined,
			kept: undefined,
			group: undefined,
			isGrouped: false,
		};
		byScopes.set(scopes, sender);
		return sender;
	}

	return {
		from({ chain, scopes }: Arrival): Sender {
			if (chain === undefined) return of(scopes);
			const known = byNumber[chain];
			if (known !== undefined) return known;
			const sender = of(scopes);
			byNumber[chain] = sender;
			return sender;
		},
	};
}

/** As far as the scopes tell: who paid is in them, and nothing limits what only the server paid for. */
export function chainOfScopes(scopes: readonly ScopeKey[]): Chain {
	const account = scopes.map(scopeOf).find(({ level }) => level === 'account')?.id ?? '';
	return { scopes, account, isKnown: true, isExempt: account === '', hints: [] };
}
