/**
 * How many open recipients there are: by account, identity, destination, age and state.
 *
 * Kept up to date with each step, so that a page asks nothing of 100,000 messages. A key with nothing open is not kept.
 */
import { isFinal, type OpenState, openStates, type RecipientState } from '@sluice/shared/words/recipient.ts';
import type { QueuedMessage } from './queued.ts';

export type CountKey = 'account' | 'identity' | 'destination' | 'age' | 'state';

/** Open recipients under one key. For `age` the key is the lower bound in seconds, for `state` the state. */
export type CountRow = { readonly key: string; readonly recipients: number } & {
	readonly [state in OpenState]: number;
};

type Tally = { [state in OpenState]: number };
type AccountTally = Tally & { bytes: number };

export type Counts = {
	readonly all: Tally;
	readonly account: Map<string, AccountTally>;
	readonly identity: Map<string, Tally>;
	readonly destination: Map<string, Tally>;
	/** By minute of acceptance. */
	readonly minute: Map<number, Tally>;
};

const minuteMs = 60_000;

/** Lower bounds of the classes of age that are shown, seconds. */
export const ageClassesSeconds = [0, 300, 1200, 3600, 14_400, 43_200, 86_400, 172_800, 345_600] as const;

const emptyTally = (): Tally => ({ queued: 0, waiting: 0, held: 0, sending: 0 });

export const createCounts = (): Counts => ({
	all: emptyTally(),
	account: new Map(),
	identity: new Map(),
	destination: new Map(),
	minute: new Map(),
});

/** `new`: it comes in. From or to a final state: it is not counted there. */
export type CountedState = RecipientState | 'new';

/** A recipient of this message has gone from one state to another. */
export function countStep(
	counts: Counts,
	message: QueuedMessage,
	step: { readonly destination: string; readonly from: CountedState; readonly to: RecipientState },
): void {
	const from = step.from === 'new' || isFinal(step.from) ? undefined : step.from;
	const to = isFinal(step.to) ? undefined : step.to;
	if (from === to) return;
	move(counts.all, from, to);
	moveIn(counts.account, message.account, newAccountTally, { from, to });
	moveIn(counts.identity, message.identity, emptyTally, { from, to });
	moveIn(counts.destination, step.destination, emptyTally, { from, to });
	moveIn(counts.minute, Math.floor(message.acceptedMs / minuteMs), emptyTally, { from, to });
}

/** A message has got its first open recipient (positive), or lost its last (negative). */
export function countBytes(counts: Counts, account: string, bytes: number): void {
	const tally = counts.account.get(account);
	if (tally !== undefined) tally.bytes += bytes;
}

const newAccountTally = (): AccountTally => ({ ...emptyTally(), bytes: 0 });

function move(tally: Tally, from: OpenState | undefined, to: OpenState | undefined): void {
	if (from !== undefined) tally[from]--;
	if (to !== undefined) tally[to]++;
}

function moveIn<K, T extends Tally>(
	tallies: Map<K, T>,
	key: K,
	create: () => T,
	step: { readonly from: OpenState | undefined; readonly to: OpenState | undefined },
): void {
	let tally = tallies.get(key);
	if (tally === undefined) {
		tally = create();
		tallies.set(key, tally);
	}
	move(tally, step.from, step.to);
	if (step.to === undefined && openIn(tally) === 0) tallies.delete(key);
}

const openIn = (tally: Tally): number => tally.queued + tally.waiting + tally.held + tally.sending;

export const openRecipients = (counts: Counts): number => openIn(counts.all);

export function accountOpen(counts: Counts, account: string): { readonly recipients: number; readonly bytes: number } {
	const tally = counts.account.get(account);
	return tally === undefined ? { recipients: 0, bytes: 0 } : { recipients: openIn(tally), bytes: tally.bytes };
}

/** The rows of a view, in no order but for age and state. */
export function countsBy(counts: Counts, key: CountKey, nowMs: number): readonly CountRow[] {
	switch (key) {
		case 'age':
			return byAge(counts, nowMs);
		case 'state':
			return openStates.map((state) => rowOf(state, { ...emptyTally(), [state]: counts.all[state] }));
		case 'account':
		case 'identity':
		case 'destination':
			return [...counts[key]].map(([name, tally]) => rowOf(name, tally));
	}
}

function byAge(counts: Counts, nowMs: number): readonly CountRow[] {
	const classes = ageClassesSeconds.map(emptyTally);
	for (const [minute, tally] of counts.minute) {
		const ageSeconds = (nowMs - minute * minuteMs) / 1000;
		const last = ageClassesSeconds.findLastIndex((bound) => bound <= ageSeconds);
		const sum = classes[Math.max(0, last)] as Tally;
		for (const state of openStates) sum[state] += tally[state];
	}
	return classes.map((tally, index) => rowOf(String(ageClassesSeconds[index]), tally));
}

const rowOf = (key: string, tally: Tally): CountRow => ({
	key,
	recipients: openIn(tally),
	queued: tally.queued,
	waiting: tally.waiting,
	held: tally.held,
	sending: tally.sending,
});
