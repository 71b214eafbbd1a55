/**
 * From a state and the cause behind it to what a person reads: what happened, who must act, what comes next.
 *
 * One table of causes for everybody, worded twice: for those who run the server and for those who wrote the message. Remote words are
 * not part of it; they stand beside it as text.
 */
import type { Cause } from '../../words/response.ts';
import type { WhoActs } from '../next-step-strings.ts';
import { spanText } from '../text/spans.ts';
import { near } from '../text/times.ts';
import type { May } from './may.ts';
import { type Recipient, type Side, sideOf } from './state-mark.ts';
import type { Words } from './words.ts';

export type NextStep = {
	/** What happened. */
	readonly what: string;
	readonly who: WhoActs;
	/** Who must act and what, one or two sentences. */
	readonly next: string;
};

/** `isOver`: it was given up. */
export function nextStepOf(cause: Cause, isOver: boolean, side: Side, { t }: Pick<Words, 't'>): NextStep {
	const { what, open, ended } = t.causes[side][cause];
	const [who, next] = isOver ? ended : open;
	return { what, who, next: [t.whoActs[side][who], next].filter((part) => part !== '').join(' ') };
}

/** Whether discarded or expired mail can still be brought back, and until when. */
export function restorableUntil(
	{ state, at }: Recipient,
	may: Pick<May, 'restoreMs'>,
	nowMs: number,
): number | undefined {
	if (state !== 'discarded' && state !== 'expired') return undefined;
	const untilMs = Date.parse(at) + may.restoreMs;
	return may.restoreMs > 0 && untilMs > nowMs ? untilMs : undefined;
}

/** The result of one recipient: its reason and the next step, in one or more sentences. */
export function resultText(
	recipient: Recipient,
	acceptedMs: number,
	may: Pick<May, 'isStaff' | 'restoreMs'>,
	words: Words,
): string {
	const { t, zoned, nowMs } = words;
	const side = sideOf(may);
	const said = t.result[side];
	const { state, cause, due, at, attempts } = recipient;
	const dueMs = due === undefined ? undefined : Date.parse(due);
	const isLater = dueMs !== undefined && dueMs > nowMs;
	const when = isLater ? near(zoned, dueMs, nowMs) : '';
	// Whether an owner may bring it back depends on who dropped it: the page of the message knows.
	const until = may.isStaff ? restorableUntil(recipient, may, nowMs) : undefined;
	const back = until === undefined ? [] : [said.restorable(near(zoned, until, nowMs))];
	if (state === 'delivered') return said.delivered(spanText(Date.parse(at) - acceptedMs));
	if (state === 'waiting') return [said.waiting, ...(isLater ? [said.leavesAt(when)] : [])].join(' ');
	if (state === 'queued' && attempts > 0 && cause !== undefined) {
		const { what, next } = nextStepOf(cause, false, side, words);
		return [what, next, ...(isLater ? [said.dueAt(when)] : [])].join(' ');
	}
	if (state === 'queued') return [said.queued, ...(isLater ? [said.dueAt(when)] : [])].join(' ');
	if ((state === 'bounced' || state === 'expired') && cause !== undefined && cause !== 'expired') {
		const { what, next } = nextStepOf(cause, true, side, words);
		return [what, next, ...back].join(' ');
	}
	return [said[state], ...back].join(' ');
}
