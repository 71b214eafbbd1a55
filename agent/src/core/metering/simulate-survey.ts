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
import { type Window, windowSeconds, windows } from '@sluice/shared/words/limits.ts';
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
	/** The scopes that this chain's rules are of, for `arrive`; undefined: no rule meets it. */
	enter(rules: readonly Rule[]): SurveyedChain | undefined;
	arrive(chain: SurveyedChain, second: number, recipients: number): void;
	/** After all have arrived: the group of a chain; undefined: it is quiet. */
	loudGroupOf(chain: SurveyedChain): object | undefined;
};

/** Opaque. */
export type SurveyedChain = { readonly scopes: readonly Surveyed[] };

type Surveyed = {
	readonly rings: readonly Ring[];
	readonly messageMax: number;
	isLoud: boolean;
	/** Towards the root of its group. */
	parent: Surveyed | undefined;
};

const piecesOfWindow = 4;
const pieces = piecesOfWindow + 1;

type Ring = {
	readonly pieceSeconds: number;
	readonly recipientsMax: number;
	readonly messagesMax: number;
	piece: number;
	readonly recipients: number[];
	readonly messages: number[];
	recipientsSum: number;
	messagesSum: number;
};

export function createSurvey(): Survey {
	const byScope = new Map<ScopeKey, Surveyed>();
	let isOver = false;

	/** Nobody arrives any more: who is loud makes its group so. */
	function end(): void {
		isOver = true;
		for (const scope of byScope.values()) if (scope.isLoud) rootOf(scope).isLoud = true;
	}

	return {
		enter(rules) {
			if (rules.length === 0) return undefined;
			const scopes = [...new Set(rules.map(({ scope }) => scope))].map((scope) => {
				const known = byScope.get(scope);
				if (known !== undefined) return known;
				const made = surveyedOf(rules.filter((rule) => rule.scope === scope));
				byScope.set(scope, made);
				return made;
			});
			const first = rootOf(scopes[0] as Surveyed);
			for (const other of scopes.slice(1)) {
				const root = rootOf(other);
				if (root !== first) root.parent = first;
			}
			return { scopes };
		},
		arrive(chain, second, recipients) {
			for (const scope of chain.scopes) {
				if (scope.isLoud) continue;
				if (recipients > scope.messageMax) scope.isLoud = true;
				for (const ring of scope.rings) if (overflows(ring, second, recipients)) scope.isLoud = true;
			}
		},
		loudGroupOf(chain) {
			if (!isOver) end();
			const root = rootOf(chain.scopes[0] as Surveyed);
			return root.isLoud ? root : undefined;
		},
	};
}

function surveyedOf(rules: readonly Rule[]): Surveyed {
	const most = (name: string): number =>
		Math.min(...rules.filter(({ rule }) => rule === name).map(({ value }) => value), Number.POSITIVE_INFINITY);
	const rings = windows.flatMap((window): Ring[] => {
		// There are never more different recipients than recipients.
		const different = window === 'hour' ? most('hour.uniqueRecipients') : Number.POSITIVE_INFINITY;
		const recipientsMax = Math.min(most(`${window}.recipients`), different);
		const messagesMax = most(`${window}.messages`);
		if (recipientsMax === Number.POSITIVE_INFINITY && messagesMax === Number.POSITIVE_INFINITY) return [];
		return [ringOf(window, recipientsMax, messagesMax)];
	});
	return { rings, messageMax: most('message.recipients'), isLoud: false, parent: undefined };
}

const zeros = (): number[] => new Array<number>(pieces).fill(0);

const ringOf = (window: Window, recipientsMax: number, messagesMax: number): Ring => ({
	pieceSeconds: windowSeconds[window] / piecesOfWindow,
	recipientsMax,
	messagesMax,
	piece: 0,
	recipients: zeros(),
	messages: zeros(),
	recipientsSum: 0,
	messagesSum: 0,
});

/** Adds a message; true when a window may hold more than the limits. */
function overflows(ring: Ring, second: number, recipients: number): boolean {
	const piece = Math.floor(second / ring.pieceSeconds);
	if (piece !== ring.piece) slide(ring, piece);
	const at = piece % pieces;
	ring.recipients[at] = (ring.recipients[at] as number) + recipients;
	ring.messages[at] = (ring.messages[at] as number) + 1;
	ring.recipientsSum += recipients;
	ring.messagesSum += 1;
	return ring.recipientsSum > ring.recipientsMax || ring.messagesSum > ring.messagesMax;
}

function slide(ring: Ring, piece: number): void {
	for (let passed = Math.max(ring.piece + 1, piece - pieces + 1); passed <= piece; passed++) {
		const at = passed % pieces;
		ring.recipientsSum -= ring.recipients[at] as number;
		ring.messagesSum -= ring.messages[at] as number;
		ring.recipients[at] = 0;
		ring.messages[at] = 0;
	}
	ring.piece = piece;
}

function rootOf(scope: Surveyed): Surveyed {
	let root = scope;
	while (root.parent !== undefined) {
		if (root.parent.parent !== undefined) root.parent = root.parent.parent;
		root = root.parent;
	}
	return root;
}
