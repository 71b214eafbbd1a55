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
export type SurveyedChain = {
	readonly scopes: readonly Surveyed[];
	/** Where the rings of its scopes begin. */
	readonly rings: readonly number[];
	/** The least `message.recipients` of its rules. */
	readonly messageMax: number;
	/** One loud scope is enough for all of its group. */
	isLoud: boolean;
};

type Surveyed = {
	readonly rings: readonly number[];
	readonly messageMax: number;
	/** Of a root: its group is. */
	isLoud: boolean;
	/** Towards the root of its group. */
	parent: Surveyed | undefined;
};

const piecesOfWindow = 4;
const pieces = piecesOfWindow + 1;

/**
 * A ring is 16 numbers of one array, a line of the processor's cache: this is done for every message of weeks. Its window, the present
 * piece, what may be in all pieces (recipients, messages; beyond: loud), what is, then recipients and messages of each piece.
 */
const windowIndex = 0;
const present = 1;
const recipientsMax = 2;
const messagesMax = 3;
const recipientsSum = 4;
const messagesSum = 5;
const recipientsOf = 6;
const messagesOf = recipientsOf + pieces;
const ringStride = 16;
const ringsInitial = 1024;
/** As a limit: none. */
const unlimited = 0x7fffffff;

export function createSurvey(): Survey {
	const byScope = new Map<ScopeKey, Surveyed>();
	let cells = new Int32Array(ringsInitial * ringStride);
	let used = 0;
	const chains: SurveyedChain[] = [];
	let isOver = false;
	/** The present piece of each window, and its place in a ring. */
	const now = { second: -1, piece: windows.map(() => 0), slot: windows.map(() => 0) };

	/** Nobody arrives any more: who is loud makes its group so. */
	function end(): void {
		isOver = true;
		for (const { isLoud, scopes } of chains) if (isLoud) rootOf(scopes[0] as Surveyed).isLoud = true;
	}

	function makeRing(window: Window, recipients: number, messages: number): number {
		if (used + ringStride > cells.length) {
			const grown = new Int32Array(2 * cells.length);
			grown.set(cells);
			cells = grown;
		}
		const ring = used;
		used += ringStride;
		cells[ring + windowIndex] = windows.indexOf(window);
		cells[ring + recipientsMax] = recipients;
		cells[ring + messagesMax] = messages;
		return ring;
	}

	function surveyedOf(rules: readonly Rule[]): Surveyed {
		const most = (name: string): number =>
			Math.min(unlimited, ...rules.filter(({ rule }) => rule === name).map(({ value }) => value));
		const rings = windows.flatMap((window) => {
			// There are never more different recipients than recipients.
			const different = window === 'hour' ? most('hour.uniqueRecipients') : unlimited;
			const recipients = Math.min(most(`${window}.recipients`), different);
			const messages = most(`${window}.messages`);
			return recipients === unlimited && messages === unlimited ? [] : [makeRing(window, recipients, messages)];
		});
		return { rings, messageMax: most('message.recipients'), isLoud: false, parent: undefined };
	}

	function slide(ring: number, piece: number): void {
		const before = cells[ring + present] as number;
		for (let passed = Math.max(before + 1, piece - pieces + 1); passed <= piece; passed++) {
			const at = ring + (passed % pieces);
			cells[ring + recipientsSum] = (cells[ring + recipientsSum] as number) - (cells[at + recipientsOf] as number);
			cells[ring + messagesSum] = (cells[ring + messagesSum] as number) - (cells[at + messagesOf] as number);
			cells[at + recipientsOf] = 0;
			cells[at + messagesOf] = 0;
		}
		cells[ring + present] = piece;
	}

	function setNow(second: number): void {
		now.second = second;
		for (const [index, window] of windows.entries()) {
			const piece = Math.floor((second * piecesOfWindow) / windowSeconds[window]);
			now.piece[index] = piece;
			now.slot[index] = piece % pieces;
		}
	}

	/** Adds a message; true when a window may hold more than the limits. */
	function overflows(ring: number, recipients: number): boolean {
		const window = cells[ring + windowIndex] as number;
		const piece = now.piece[window] as number;
		if (piece !== cells[ring + present]) slide(ring, piece);
		const at = ring + (now.slot[window] as number);
		cells[at + recipientsOf] = (cells[at + recipientsOf] as number) + recipients;
		cells[at + messagesOf] = (cells[at + messagesOf] as number) + 1;
		const inRecipients = (cells[ring + recipientsSum] as number) + recipients;
		const inMessages = (cells[ring + messagesSum] as number) + 1;
		cells[ring + recipientsSum] = inRecipients;
		cells[ring + messagesSum] = inMessages;
		return inRecipients > (cells[ring + recipientsMax] as number) || inMessages > (cells[ring + messagesMax] as number);
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
			const chain = {
				scopes,
				rings: scopes.flatMap(({ rings }) => rings),
				messageMax: Math.min(...scopes.map(({ messageMax }) => messageMax)),
				isLoud: false,
			};
			chains.push(chain);
			return chain;
		},
		arrive(chain, second, recipients) {
			if (chain.isLoud) return;
			if (recipients > chain.messageMax) chain.isLoud = true;
			if (second !== now.second) setNow(second);
			for (const ring of chain.rings) if (overflows(ring, recipients)) chain.isLoud = true;
		},
		loudGroupOf(chain) {
			if (!isOver) end();
			const root = rootOf(chain.scopes[0] as Surveyed);
			return root.isLoud ? root : undefined;
		},
	};
}

function rootOf(scope: Surveyed): Surveyed {
	let root = scope;
	while (root.parent !== undefined) {
		if (root.parent.parent !== undefined) root.parent = root.parent.parent;
		root = root.parent;
	}
	return root;
}
