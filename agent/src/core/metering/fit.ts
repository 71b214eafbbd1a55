/**
 * How many recipients of one message fit into the rules that meet it now.
 *
 * A message leaves whole. Only when it has more recipients than one of its windows allows at all may it leave in parts, as many at
 * once as there is room for, since it could never leave otherwise. A part is always the first of its recipients.
 */
import type { LimitRule, ScopeKey } from '@sluice/shared/words/limits.ts';
import type { Meter } from './meter.ts';
import type { Rule, RuleSet, RuleState } from './types.ts';

export type FitRequest = {
	readonly recipients: number;
	/** `recipientKeyOf` each, in the order in which they would leave. */
	readonly keys: readonly number[];
	/** 0 when an earlier part of the message has been charged. */
	readonly messages: 0 | 1;
	/** Part of it has left already: the rest leaves in parts too. */
	readonly isParted: boolean;
};

export type Fit = {
	/** Recipients that may leave: all, or a part of what is too large for a window, or none. */
	readonly room: number;
	/** It leaves in parts. */
	readonly isLarge: boolean;
	/** Enforced rules that do not take all. */
	readonly binding: readonly RuleState[];
	/** Those among them that keep what is to leave next: all of a message that leaves whole, one recipient of what leaves in parts. */
	readonly keeping: readonly RuleState[];
	/** Monitored rules that would not. */
	readonly wouldBind: readonly RuleState[];
};

type Present = { readonly rules: RuleSet; readonly meter: Meter; readonly nowMs: number };

/** What a rule counts; looked up for every rule of every message. */
const unitOf = {
	'minute.messages': 'messages',
	'minute.recipients': 'recipients',
	'hour.messages': 'messages',
	'hour.recipients': 'recipients',
	'day.messages': 'messages',
	'day.recipients': 'recipients',
	'hour.uniqueRecipients': 'keys',
	'message.recipients': 'message',
} as const satisfies { readonly [R in LimitRule]: string };

/** What the request would add to a rule's count. */
function addsOf({ rule, scope }: Rule, request: FitRequest, { meter, nowMs }: Present): number {
	const unit = unitOf[rule];
	if (unit === 'keys') return meter.newKeys(scope, request.keys, nowMs);
	return unit === 'messages' ? request.messages : request.recipients;
}

/** Recipients for which one rule has room. */
function roomOf(
	{ rule: { rule, value, scope }, used }: RuleState,
	request: FitRequest,
	{ meter, nowMs }: Present,
): number {
	const left = Math.max(0, value - used);
	switch (unitOf[rule]) {
		case 'message':
			return 0;
		case 'messages':
			return left >= request.messages ? request.recipients : 0;
		case 'recipients':
			return Math.min(left, request.recipients);
		case 'keys': {
			const seen = new Set<number>();
			let unseen = 0;
			for (const [index, key] of request.keys.entries()) {
				if (seen.has(key)) continue;
				seen.add(key);
				unseen += meter.newKeys(scope, [key], nowMs);
				if (unseen > left) return index;
			}
			return request.recipients;
		}
	}
}

const isWindowOfRecipients = ({ rule }: Rule): boolean => unitOf[rule] === 'recipients' || unitOf[rule] === 'keys';

/** More than the window allows at all, whatever has been used of it. */
function isTooLarge(rule: Rule, { recipients, keys }: FitRequest): boolean {
	if (recipients <= rule.value || !isWindowOfRecipients(rule)) return false;
	return unitOf[rule.rule] !== 'keys' || new Set(keys).size > rule.value;
}

/** `withMessageRule`: false for mail that waits, which that rule let in. */
export function fitOf(request: FitRequest, present: Present, withMessageRule = true): Fit {
	const binding: RuleState[] = [];
	const wouldBind: RuleState[] = [];
	let isLarge = request.isParted;
	for (const rule of present.rules.rules) {
		if (!withMessageRule && (rule.rule === 'message.recipients' || rule.mode === 'monitor')) continue;
		const used = present.meter.used(rule.scope, rule.rule, present.nowMs);
		const adds = addsOf(rule, request, present);
		isLarge ||= rule.mode === 'enforce' && isTooLarge(rule, request);
		if (used + adds <= rule.value) continue;
		(rule.mode === 'enforce' ? binding : wouldBind).push({ rule, used, adds });
	}
	if (binding.length === 0) return { room: request.recipients, isLarge, binding, keeping: binding, wouldBind };
	if (!isLarge) return { room: 0, isLarge, binding, keeping: binding, wouldBind };
	const rooms = binding.map((state) => roomOf(state, request, present));
	const keeping = binding.filter((_, index) => rooms[index] === 0);
	return { room: Math.min(...rooms), isLarge, binding, keeping, wouldBind };
}

/**
 * The innermost scope whose rule keeps it: there its place is kept for it. What an outer scope has free belongs to others until the
 * message has room within, or whoever is over his own limit would keep all who share a pool with him. Undefined: nothing keeps it.
 */
export function keptAt(keeping: readonly RuleState[], scopes: readonly ScopeKey[]): ScopeKey | undefined {
	let innermost = -1;
	for (const { rule } of keeping) innermost = Math.max(innermost, scopes.indexOf(rule.scope));
	return scopes[innermost];
}

/**
 * When the first of the rules that keep it will no longer, epoch ms; infinite: not by the clock alone. Others may then have it all to
 * themselves while the message still waits for the rest.
 */
export function changesAtMs({ keeping, isLarge }: Fit, { meter, nowMs }: Pick<Present, 'meter' | 'nowMs'>): number {
	let earliest = Number.POSITIVE_INFINITY;
	for (const { rule, adds } of keeping) {
		const need = isLarge && isWindowOfRecipients(rule) ? Math.min(1, adds) : adds;
		const free = meter.freeAtMs({ scope: rule.scope, rule: rule.rule, need, limit: rule.value }, nowMs);
		earliest = Math.min(earliest, free ?? Number.POSITIVE_INFINITY, rule.untilMs ?? Number.POSITIVE_INFINITY);
	}
	return earliest;
}
