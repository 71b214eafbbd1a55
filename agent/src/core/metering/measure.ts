/**
 * What a message would do to the limits of its sender, before it is decided; and the sentences that say so.
 *
 * Nothing is charged here. Whoever decides charges in the same turn of the loop, so that nothing comes in between.
 */
import {
	type LimitRule,
	limitedText,
	limitText,
	type ScopeLevel,
	scopeOf,
	type Window,
	windowSeconds,
} from '@sluice/shared/words/limits.ts';
import type { Reason } from '@sluice/shared/words/verdict.ts';
import { fitOf, keptAt } from './fit.ts';
import type { Meter } from './meter.ts';
import type { Chain, Measurement, RuleSet, RuleState } from './types.ts';
import type { WaitingRoom } from './waiting.ts';

export type Measured = {
	readonly chain: Chain;
	readonly recipients: number;
	/** `recipientKeyOf` each. */
	readonly keys: readonly number[];
};

export type MeasureInput = {
	readonly rules: RuleSet;
	readonly meter: Meter;
	readonly waiting: Pick<WaitingRoom, 'blocks'>;
	readonly nowMs: number;
};

/**
 * Measures one message. `room` is 0 behind waiting mail. A `binding` rule `message.recipients`, or one with the value 0, will not let
 * it go at any time.
 */
export function measure({ chain, recipients, keys }: Measured, input: MeasureInput): Measurement {
	const fit = fitOf({ recipients, keys, messages: 1, isParted: false }, input);
	const isBehind = input.rules.isMonitorOnly !== true && input.waiting.blocks(chain);
	const binding = tightest(fit.binding);
	// Of what leaves in parts the rest will be kept by what has the least room.
	const waitsAt = fit.room > 0 ? binding?.rule.scope : keptAt(fit.keeping, chain.scopes);
	return {
		chain,
		room: isBehind ? 0 : fit.room,
		...(binding === undefined ? {} : { binding }),
		...(waitsAt === undefined ? {} : { keptAt: waitsAt }),
		wouldBind: fit.wouldBind,
		isBehind,
		over: input.rules.over,
	};
}

/** What never lets the message go comes first, then what has the least room for it. */
function tightest(states: readonly RuleState[]): RuleState | undefined {
	const roomOf = ({ rule, used, adds }: RuleState): number =>
		rule.rule === 'message.recipients' || rule.value === 0 ? Number.NEGATIVE_INFINITY : (rule.value - used) / adds;
	return states.reduce<RuleState | undefined>(
		(found, state) => (found === undefined || roomOf(state) < roomOf(found) ? state : found),
		undefined,
	);
}

/** Reasons of the verdict, in the order of their weight: what binds, mail in front, what only counts. */
export function reasonsOf({ binding, isBehind, wouldBind }: Measurement): readonly Reason[] {
	return [
		...(binding === undefined ? [] : [reasonOf(binding)]),
		...(isBehind ? [behindReason] : []),
		...wouldBind.map(reasonOf),
	];
}

const behindReason: Reason = {
	rule: 'limit.behind',
	text: 'Earlier mail of this sender waits for its limit; this message leaves after it.',
};

const windowOf = (rule: LimitRule): number | undefined => windowSeconds[rule.split('.')[0] as Window];

const subjects = {
	server: 'This server',
	reseller: 'The reseller that this account belongs to',
	account: 'This account',
	domain: 'This domain',
	mailbox: 'This mailbox',
	script: 'This script',
	credential: 'This credential',
} as const;

/** Scopes that several customers share: what others used of them is none of a customer's business. */
const isShared = (level: ScopeLevel): boolean => level === 'server' || level === 'reseller';

const sparedText = ' It would have kept this message (monitor-only).';

/** One rule that keeps a message, or would keep it if it were enforced. */
export function reasonOf({ rule: { rule, scope, value, mode, origin, isSpared }, used, adds }: RuleState): Reason {
	const isMonitored = mode === 'monitor';
	const seconds = windowOf(rule);
	const { level } = scopeOf(scope);
	const allowed = `${subjects[level]} has a limit of ${limitText(rule, value)} (${origin.name})`;
	const state = isShared(level)
		? 'it is used up for now'
		: seconds === undefined
			? `this message has ${adds.toLocaleString('en')}`
			: `${used.toLocaleString('en')} used, this message adds ${adds.toLocaleString('en')}`;
	const effect = isSpared ? sparedText : isMonitored ? ' It only counts and keeps nothing.' : '';
	return {
		rule: `limit.${rule}${isMonitored ? '.monitor' : ''}`,
		text: `${allowed}: ${state}.${effect}`,
		...(isShared(level) ? {} : { value: used + adds }),
		threshold: value,
		...(seconds === undefined ? {} : { windowSeconds: seconds }),
		evidence: `${scope}, limit of ${limitedText(origin)}`.slice(0, evidenceCharsMax),
	};
}

const evidenceCharsMax = 300;
