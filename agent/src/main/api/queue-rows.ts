/**
 * Open mail counted for one actor. An administrator's numbers are kept while mail flows; a seller's own are a part of them, by account
 * added up at once, by anything else counted anew in slices.
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import { isFinal, type OpenState } from '@sluice/shared/words/recipient.ts';
import { ageClassesSeconds } from '../../core/scheduling/counts.ts';
import type { QueuedMessage, QueuedRecipient } from '../../core/scheduling/queued.ts';
import type { CountKey, CountRow } from '../../core/scheduling/scheduler.ts';
import type { Flow } from '../../flow/context.ts';
import { createSlices } from '../../flow/turns.ts';
import { maySee } from './visibility.ts';

type Row = { -readonly [K in keyof CountRow]: CountRow[K] };

const emptyRow = (key: string): Row => ({ key, recipients: 0, queued: 0, waiting: 0, held: 0, sending: 0 });

const states: readonly OpenState[] = ['queued', 'waiting', 'held', 'sending'];

export async function rowsFor(flow: Flow, actor: Actor | undefined, by: CountKey): Promise<readonly CountRow[]> {
	const now = flow.clock.now();
	if (actor?.role === 'admin') return flow.scheduler.countsBy(by, now);
	const own = flow.scheduler.countsBy('account', now).filter(({ key }) => maySee(flow.accounts, actor, key));
	if (by === 'account') return own;
	if (by === 'state')
		return states.map((state) => {
			const count = own.reduce((sum, row) => sum + row[state], 0);
			return { ...emptyRow(state), recipients: count, [state]: count };
		});
	const rows = new Map<string, Row>(
		by === 'age' ? ageClassesSeconds.map((age) => [String(age), emptyRow(String(age))]) : [],
	);
	if (own.length === 0) return [...rows.values()];
	const accounts = new Set(own.map(({ key }) => key));
	const slices = createSlices(flow.clock);
	for (const message of flow.scheduler.all()) {
		const pause = slices.breathe();
		if (pause !== undefined) await pause;
		if (!accounts.has(message.account)) continue;
		for (const recipient of message.recipients) {
			if (isFinal(recipient.state)) continue;
			const key = keyOf(message, recipient, by, now);
			const row = rows.get(key) ?? emptyRow(key);
			row.recipients += 1;
			row[recipient.state] += 1;
			rows.set(key, row);
		}
	}
	return [...rows.values()];
}

function keyOf(message: QueuedMessage, { destination }: QueuedRecipient, by: CountKey, nowMs: number): string {
	if (by === 'identity') return message.identity;
	if (by === 'destination') return destination;
	const ageSeconds = (nowMs - message.acceptedMs) / 1000;
	return String(ageClassesSeconds.findLast((bound) => bound <= ageSeconds) ?? 0);
}
