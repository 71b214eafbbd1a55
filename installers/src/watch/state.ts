/**
 * What the watch remembers from one tick to the next, as a value and as a file.
 *
 * The file is root's, but it can be cut, be of another version, or come back from a backup with times that are yet to come. What cannot be
 * understood is nothing remembered: the watch begins anew, as on a healthy server, and finds out again. Format version 1. Pure.
 * Not here: what follows from it (judge.ts), where it lies (memory.ts).
 */
import { outcomeText, type ProbeOutcome } from './outcome.ts';
import { isTree, type Tree } from './tree.ts';

export type Phase =
	| { readonly kind: 'healthy'; readonly sinceMs: number }
	/** `badMs`: how much failing there was more than succeeding. */
	| { readonly kind: 'failing'; readonly sinceMs: number; readonly badMs: number; readonly failures: number }
	/** `sinceMs` here and below: when probes began to fail. */
	| { readonly kind: 'outage'; readonly sinceMs: number }
	/** It takes mail again, unbroken for `wellMs`; not yet believed. */
	| { readonly kind: 'recovering'; readonly sinceMs: number; readonly wellMs: number };

/** An alarm that is to be told and perhaps is not yet. */
export type Owed = { readonly atMs: number; readonly subject: string; readonly text: string };
/** An act for the agent's audit, which cannot be written while the agent is away. */
export type Unrecorded = { readonly act: string; readonly detail: string };
/** A sender whom the agent holds, and whom a bypass would let go. */
export type HeldSender = {
	readonly kind: 'account' | 'identity';
	readonly id: string;
	readonly untilMs: number;
	/** What the panel calls the account; absent: no account of the panel's. */
	readonly user?: string;
};

export type State = {
	readonly version: 1;
	/** Counts ticks, so that of two copies the later one is known. */
	readonly tick: number;
	readonly tickMs: number;
	readonly phase: Phase;
	/** The watch has ordered a bypass, or was about to, and it has not ended yet. */
	readonly orderedMs?: number;
	/** A person has ended the bypass during this outage: it is not ordered again. */
	readonly isDeclined?: true;
	/** People were told of this outage, at first or again. */
	readonly toldMs?: number;
	/** The bypass that was ordered has been in force. */
	readonly wasBypassed?: true;
	/** The last time leading mail to the agent again failed and was told. */
	readonly toldWireMs?: number;
	readonly lastFailure?: { readonly atMs: number; readonly text: string };
	readonly recent: readonly { readonly atMs: number; readonly outcome: string; readonly isWell: boolean }[];
	readonly owed: readonly Owed[];
	readonly unrecorded: readonly Unrecorded[];
	/** As the agent said when it last could. */
	readonly held: readonly HeldSender[];
	/** Accounts that the watch has put on the panel's own hold, or was about to. */
	readonly panelHeld: readonly string[];
	/** What is odd about this server and was said already. */
	readonly problem?: string;
	/** As last read from a configuration without mistakes. */
	readonly settings?: unknown;
};

export const bounds = { recent: 20, owed: 20, unrecorded: 50, held: 1000 } as const;

export const freshState = (nowMs: number): State => ({
	version: 1,
	tick: 0,
	tickMs: nowMs,
	phase: { kind: 'healthy', sinceMs: nowMs },
	recent: [],
	owed: [],
	unrecorded: [],
	held: [],
	panelHeld: [],
});

export const stateText = (state: State): string => `${JSON.stringify(state)}\n`;

export const withOutcome = (state: State, outcome: ProbeOutcome, nowMs: number): State => ({
	...state,
	recent: [...state.recent, { atMs: nowMs, outcome: outcomeText(outcome), isWell: outcome.kind === 'accepted' }].slice(
		-bounds.recent,
	),
	...(outcome.kind === 'accepted' ? {} : { lastFailure: { atMs: nowMs, text: outcomeText(outcome) } }),
});

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isText = (value: unknown): value is string => typeof value === 'string';
const rows = <T>(value: unknown, isRow: (row: Tree) => boolean, max: number): readonly T[] =>
	Array.isArray(value) ? (value.filter((row) => isTree(row) && isRow(row)) as T[]).slice(-max) : [];

/** Undefined: nothing that could be believed. Parts that cannot are left out. */
export function readState(text: string): State | undefined {
	let found: unknown;
	try {
		found = JSON.parse(text);
	} catch {
		return undefined;
	}
	if (!isTree(found) || found.version !== 1 || !isTime(found.tick) || !isTime(found.tickMs)) return undefined;
	const phase = phaseOf(found.phase);
	if (phase === undefined) return undefined;
	const { orderedMs, isDeclined, wasBypassed, toldMs, toldWireMs, problem, lastFailure, settings, panelHeld } = found;
	return {
		version: 1,
		tick: found.tick,
		tickMs: found.tickMs,
		phase,
		...(isTime(orderedMs) ? { orderedMs } : {}),
		...(isDeclined === true ? { isDeclined } : {}),
		...(isTime(toldMs) ? { toldMs } : {}),
		...(wasBypassed === true ? { wasBypassed } : {}),
		...(isText(problem) ? { problem } : {}),
		...(isTime(toldWireMs) ? { toldWireMs } : {}),
		...(isTree(lastFailure) && isTime(lastFailure.atMs) && isText(lastFailure.text)
			? { lastFailure: { atMs: lastFailure.atMs, text: lastFailure.text } }
			: {}),
		recent: rows(
			found.recent,
			({ atMs, outcome, isWell }) => isTime(atMs) && isText(outcome) && typeof isWell === 'boolean',
			bounds.recent,
		),
		owed: rows(
			found.owed,
			({ atMs, subject, text: body }) => isTime(atMs) && isText(subject) && isText(body),
			bounds.owed,
		),
		unrecorded: rows(found.unrecorded, ({ act, detail }) => isText(act) && isText(detail), bounds.unrecorded),
		held: rows(
			found.held,
			({ kind, id, untilMs, user }) =>
				(kind === 'account' || kind === 'identity') &&
				isText(id) &&
				isTime(untilMs) &&
				(user === undefined || isText(user)),
			bounds.held,
		),
		panelHeld: Array.isArray(panelHeld) ? panelHeld.filter(isText).slice(-bounds.held) : [],
		...(settings === undefined ? {} : { settings }),
	};
}

function phaseOf(value: unknown): Phase | undefined {
	if (!isTree(value) || !isTime(value.sinceMs)) return undefined;
	const { kind, sinceMs, badMs, failures, wellMs } = value;
	if (kind === 'healthy' || kind === 'outage') return { kind, sinceMs };
	if (kind === 'failing' && isTime(badMs) && isTime(failures)) return { kind, sinceMs, badMs, failures };
	if (kind === 'recovering' && isTime(wellMs)) return { kind, sinceMs, wellMs };
	return undefined;
}
