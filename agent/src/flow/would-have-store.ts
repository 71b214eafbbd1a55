/**
 * What monitored rules would have done, kept over restarts: one document for each place a number comes from and rule, in state.db.
 *
 * Written by the sweep, in portions, and only what has changed. What a kill loses is the last minute of a count that nothing but
 * people reads.
 */
import type { WouldHaveEntry } from '../core/metering/would-have.ts';
import type { StateStore } from '../ports/store.ts';
import type { Flow } from './context.ts';

const entriesPerRound = 500;

const idOf = ({ level, id, rule }: WouldHaveEntry): string => `${level}:${id}:${rule}`;

export const storedCounts = (state: Pick<StateStore, 'documents'>): readonly WouldHaveEntry[] =>
	state.documents('count').map(({ value }) => value as WouldHaveEntry);

/** By id: what was last written. By store, since an agent has one. */
const written = new WeakMap<StateStore, { version: number; readonly stamps: Map<string, number> }>();

/** Writes what is new, and takes away what was forgotten. */
export function storeCounts({ state, wouldHave }: Pick<Flow, 'state' | 'wouldHave'>): void {
	const known = written.get(state) ?? { version: -1, stamps: stampsOf(storedCounts(state)) };
	written.set(state, known);
	if (known.version === wouldHave.version) return;
	const present = new Map(wouldHave.toJSON().map((entry) => [idOf(entry), entry]));
	const changes: { id: string; value: WouldHaveEntry | undefined }[] = [];
	for (const id of known.stamps.keys()) if (!present.has(id)) changes.push({ id, value: undefined });
	for (const [id, entry] of present) if (known.stamps.get(id) !== stampOf(entry)) changes.push({ id, value: entry });
	const portion = changes.slice(0, entriesPerRound);
	state.putDocuments('count', portion);
	for (const { id, value } of portion) {
		if (value === undefined) known.stamps.delete(id);
		else known.stamps.set(id, stampOf(value));
	}
	if (portion.length === changes.length) known.version = wouldHave.version;
}

/** Tells one state of an entry from the next. */
const stampOf = ({ lastMs, messages, recipients }: WouldHaveEntry): number => lastMs + messages + recipients;

const stampsOf = (entries: readonly WouldHaveEntry[]): Map<string, number> =>
	new Map(entries.map((entry) => [idOf(entry), stampOf(entry)]));
