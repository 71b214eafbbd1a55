/**
 * First look of a simulation: whom no limit can meet.
 *
 * Most senders never come near their limits, and replaying them one by one through the meter would take most of the time. So arrivals are
 * first counted coarsely, five pieces of a quarter window each: what the pieces hold together is never less than what any sliding
 * window within them holds. A scope whose pieces stay within its limits is quiet. Since mail that waits leaves at another time than it
 * came, quietness is decided for all that can have to do with each other: scopes that stand in one chain are of one group, and a group
 * is simulated exactly unless all of it is quiet.
 *
 * Pure. The same clock (`steadyClock`) must be used for the exact look.
 */
import type { ScopeKey } from '@sluice/shared/words/limits.ts';
import { scopeOf, windows } from '@sluice/shared/words/limits.ts';
import { arrivalsMax, createArrivals } from './simulate-arrivals.ts';
import { createRings, unlimited } from './simulate-rings.ts';
import type { Rule } from './types.ts';

/** Seconds that never go back: what came late by a little counts as now, and behind a clock that was set back time goes on. */
export function steadyClock(): (second: number) => number {
	let latest = Number.NEGATIVE_INFINITY;
	let offset = 0;
	return (second) => {
		const steady = second + offset;
		if (steady >= latest) {
			latest = steady;
			return steady;
		}
		if (latest - steady > lateSecondsMax) offset += latest - steady;
		return latest;
	};
}

/** Messages are written to the log some seconds after they were accepted, at most. */
const lateSecondsMax = 60;

export type Survey = {
	/** A number for a chain with these rules, for `arrive`; undefined: no rule meets it. */
	enter(rules: readonly Rule[]): number | undefined;
	arrive(chain: number, second: number, recipients: number): void;
	/** After all have arrived: the group of a chain; undefined: it is quiet. */
	loudGroupOf(chain: number): object | undefined;
};

type SurveyedChain = {
	readonly scopes: readonly Surveyed[];
	/** Where the rings begin of scopes that many share, and of the others. */
	readonly sharedRings: readonly number[];
	readonly ownRings: readonly number[];
	/** The least `message.recipients` of its rules. */
	readonly messageMax: number;
	/** One loud scope is enough for all of its group. */
	isLoud: boolean;
};

type Surveyed = {
	readonly isShared: boolean;
	readonly rings: readonly number[];
	readonly messageMax: number;
	/** Of a root: its group is. */
	isLoud: boolean;
	/** Towards the root of its group, and of what is left of it without scopes that many share. */
	parent: Surveyed | undefined;
	near: Surveyed | undefined;
};

/** `portion`: arrivals looked at together; for tests. */
export function createSurvey(portion = arrivalsMax): Survey {
	const byScope = new Map<ScopeKey, Surveyed>();
	const rings = createRings();
	const chains: SurveyedChain[] = [];
	const arrivals = createArrivals(portion);
	/** Of each chain, as long as no new ones come. */
	let places = new Uint32Array(0);
	let isOver = false;

	/** Nobody arrives any more: who is loud makes its group so. */
	function end(): void {
		isOver = true;
		takeIn();
		for (const { isLoud, scopes } of chains) if (isLoud) rootOf(scopes[0] as Surveyed).isLoud = true;
	}

	function surveyedOf(scope: ScopeKey, rules: readonly Rule[]): Surveyed {
		const most = (name: string): number =>
			Math.min(unlimited, ...rules.filter(({ rule }) => rule === name).map(({ value }) => value));
		const own = windows.flatMap((window) => {
			// There are never more different recipients than recipients.
			const different = window === 'hour' ? most('hour.uniqueRecipients') : unlimited;
			const recipients = Math.min(most(`${window}.recipients`), different);
			const messages = most(`${window}.messages`);
			return recipients === unlimited && messages === unlimited ? [] : [rings.make(window, recipients, messages)];
		});
		const { level } = scopeOf(scope);
		return {
			isShared: level === 'server' || level === 'reseller',
			rings: own,
			messageMax: most('message.recipients'),
			isLoud: false,
			parent: undefined,
			near: undefined,
		};
	}

	function meet(chain: SurveyedChain, chainRings: readonly number[], second: number, recipients: number): void {
		if (recipients > chain.messageMax) chain.isLoud = true;
		if (chain.isLoud) return;
		for (const ring of chainRings) if (rings.overflows(ring, second, recipients)) chain.isLoud = true;
	}

	/** Scopes that many share see all in the order of time; then each of the others sees its own, one after the other. */
	function takeIn(): void {
		const { size, chainOf, secondOf, recipientsOf: countOf } = arrivals;
		for (let index = 0; index < size; index++) {
			const chain = chains[chainOf[index] as number] as SurveyedChain;
			if (chain.sharedRings.length > 0)
				meet(chain, chain.sharedRings, secondOf[index] as number, countOf[index] as number);
		}
		if (places.length < chains.length) places = placesOf(chains);
		for (const index of arrivals.sortedBy(places)) {
			const chain = chains[chainOf[index] as number] as SurveyedChain;
			meet(chain, chain.ownRings, secondOf[index] as number, countOf[index] as number);
		}
		arrivals.size = 0;
	}

	return {
		enter(rules) {
			if (rules.length === 0) return undefined;
			const scopes = [...new Set(rules.map(({ scope }) => scope))].map((scope) => {
				const known = byScope.get(scope);
				if (known !== undefined) return known;
				const made = surveyedOf(
					scope,
					rules.filter((rule) => rule.scope === scope),
				);
				byScope.set(scope, made);
				return made;
			});
			const own = scopes.filter(({ isShared }) => !isShared);
			join(scopes, 'parent');
			join(own, 'near');
			const chain = {
				scopes,
				sharedRings: scopes.filter(({ isShared }) => isShared).flatMap(({ rings }) => rings),
				ownRings: own.flatMap(({ rings }) => rings),
				messageMax: Math.min(...scopes.map(({ messageMax }) => messageMax)),
				isLoud: false,
			};
			return chains.push(chain) - 1;
		},
		arrive(chain, second, recipients) {
			if (arrivals.size === portion) takeIn();
			arrivals.add(chain, second, recipients);
		},
		loudGroupOf(chain) {
			if (!isOver) end();
			const root = rootOf((chains[chain] as SurveyedChain).scopes[0] as Surveyed);
			return root.isLoud ? root : undefined;
		},
	};
}

/** For each chain a number that is the same for all that can have to do with each other, apart from scopes that many share. */
function placesOf(chains: readonly SurveyedChain[]): Uint32Array<ArrayBuffer> {
	const numbers = new Map<Surveyed | undefined, number>();
	return Uint32Array.from(chains, ({ scopes }) => {
		const own = scopes.find(({ isShared }) => !isShared);
		const root = own && rootOf(own, 'near');
		const number = numbers.get(root) ?? numbers.size;
		numbers.set(root, number);
		return number;
	});
}

function join(scopes: readonly Surveyed[], towards: 'parent' | 'near'): void {
	const [first, ...others] = scopes;
	if (first === undefined) return;
	const root = rootOf(first, towards);
	for (const other of others) {
		const otherRoot = rootOf(other, towards);
		if (otherRoot !== root) otherRoot[towards] = root;
	}
}

function rootOf(scope: Surveyed, towards: 'parent' | 'near' = 'parent'): Surveyed {
	let root = scope;
	for (let above = root[towards]; above !== undefined; above = root[towards]) {
		const beyond = above[towards];
		if (beyond !== undefined) root[towards] = beyond;
		root = above;
	}
	return root;
}
