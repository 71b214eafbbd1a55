/**
 * The layers of numbers for one level and id, nearest first: exception, own, plan, default for each.
 *
 * A rule's number comes from the first layer that has one, its mode from there too, unless a nearer layer names a mode for that rule
 * without a number ("enforce what I inherit"). Defaults in code stand behind what is stored for `server:each-…`.
 */
import {
	eachOf,
	type Level,
	type LimitMode,
	type LimitOrigin,
	type LimitRule,
	type LimitSet,
	limitRules,
	modeOf,
	type ScopeLevel,
} from '@sluice/shared/words/limits.ts';
import type { AccountBook } from '../identity/accounts.ts';
import type { LimitBook } from './book.ts';
import { defaultLimits, type EachId, isEachId } from './defaults.ts';

export type Layer = {
	readonly set: LimitSet;
	readonly origin: LimitOrigin;
	readonly isDefault: boolean;
	readonly untilMs?: number;
};

/** A number as the layers say it. */
export type LayeredNumber = {
	readonly rule: LimitRule;
	readonly value: number;
	readonly mode: LimitMode;
	readonly origin: LimitOrigin;
	readonly untilMs?: number;
};

export type LayersInput = {
	readonly accounts: AccountBook;
	readonly book: LimitBook;
	readonly nowMs: number;
};

const nouns: { readonly [L in Level]: string } = {
	server: 'server',
	reseller: 'reseller',
	plan: 'plan',
	account: 'account',
	domain: 'domain',
	mailbox: 'mailbox',
	script: 'script',
	credential: 'credential',
};

/** `plan Basic`, `default for each mailbox`, `account Example Ltd`: what people read. */
export function nameOf(level: Level, id: string, accounts: AccountBook): string {
	if (level === 'server') return isEachId(id) ? `default for each ${id.slice('each-'.length)}` : 'the whole server';
	if (level === 'account') return `account ${accounts.find(id)?.name || id}`;
	return `${nouns[level]} ${id}`;
}

/** What is set for exactly this level and id: the exception, when it is not over, before the numbers. */
export function ownLayers(level: Level, id: string, input: LayersInput): readonly Layer[] {
	const stored = input.book.get(level, id);
	if (stored === undefined) return [];
	const name = nameOf(level, id, input.accounts);
	const isDefault = level === 'server' && isEachId(id);
	const layers: Layer[] = [];
	const { base, exception } = stored;
	if (exception !== undefined && exception.untilMs > input.nowMs) {
		const origin = { level, id, name: `exception for ${name}` };
		layers.push({ set: exception, origin, isDefault, untilMs: exception.untilMs });
	}
	if (base !== undefined) layers.push({ set: base, origin: { level, id, name }, isDefault });
	return layers;
}

/** The default for each of a level: as stored, then as in code. */
export function defaultLayers(each: EachId, input: LayersInput): readonly Layer[] {
	const origin = { level: 'server', id: each, name: nameOf('server', each, input.accounts) } as const;
	return [...ownLayers('server', each, input), { set: defaultLimits[each], origin, isDefault: true }];
}

/** All layers of a scope, nearest first. `meetsDefaults`: false for who is unknown (unknown is not guilty). */
export function layersOf(
	scope: { readonly level: ScopeLevel; readonly id: string },
	input: LayersInput & { readonly meetsDefaults: boolean },
): readonly Layer[] {
	const { level, id } = scope;
	const own = ownLayers(level, id, input);
	if (level === 'server' || level === 'reseller') return own;
	const plan = level === 'account' ? input.accounts.find(id)?.plan : undefined;
	const planned = plan === undefined ? [] : ownLayers('plan', plan, input);
	const defaults = input.meetsDefaults ? defaultLayers(eachOf[level], input) : [];
	return [...own, ...planned, ...defaults];
}

/**
 * Layers that somebody with more rights than the tenant has written. What a reseller, a customer or an account sets for its own stands
 * beside them and lifts none of their numbers.
 */
export const givenLayers = (layers: readonly Layer[]): readonly Layer[] =>
	layers.filter(({ set }) => !/^(reseller|customer|account) /.test(set.author));

/** The numbers that layers come to, in the order of `limitRules`. */
export function numbersOf(layers: readonly Layer[]): readonly LayeredNumber[] {
	const numbers: LayeredNumber[] = [];
	if (layers.length === 0) return numbers;
	for (const rule of limitRules) {
		let mode: LimitMode | undefined;
		for (const { set, origin, untilMs } of layers) {
			const value = set.values[rule];
			if (value === undefined) {
				mode ??= set.modes?.[rule];
				continue;
			}
			const number = { rule, value, mode: mode ?? modeOf(set, rule), origin };
			numbers.push(untilMs === undefined ? number : { ...number, untilMs });
			break;
		}
	}
	return numbers;
}
