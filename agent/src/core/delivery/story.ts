/**
 * The life of a message in sentences: what the trace says of each step, for people.
 *
 * The same steps are in the log as events; here they are told. Pure. Not here: layout (command line, pages), advice (core/dsn).
 */
import type { EventName } from '@sluice/shared/words/events.ts';
import { initialState, type MessageRecord, type Transition } from '@sluice/shared/words/message.ts';
import { isFinal } from '@sluice/shared/words/recipient.ts';
import { replyText } from '@sluice/shared/words/reply.ts';
import type { Verdict } from '@sluice/shared/words/verdict.ts';

export type StoryStep = {
	readonly atMs: number;
	/** Absent: about the whole message. */
	readonly recipient?: string;
	readonly event: EventName;
	readonly text: string;
	readonly reply?: string;
	readonly host?: string;
	readonly cause?: Transition['cause'];
	readonly actor?: string;
};

const minuteMs = 60_000;

/** `90 s`, `12 min`, `4.5 h`, `3 d`. */
export function spanText(ms: number): string {
	if (ms < 2 * minuteMs) return `${Math.max(1, Math.round(ms / 1000))} s`;
	if (ms < 120 * minuteMs) return `${Math.round(ms / minuteMs)} min`;
	if (ms < 48 * 60 * minuteMs) return `${Math.round(ms / (6 * minuteMs)) / 10} h`;
	return `${Math.round(ms / (24 * 60 * minuteMs))} d`;
}

const reasonsText = (verdict: Verdict): string => verdict.reasons.map((reason) => reason.text).join(' ');

/** A notice of ours is about nothing but itself. */
function aboutText({ id, about }: MessageRecord): string {
	if (about === undefined) return '';
	return about === id ? ' It is a notice of ours.' : ` It is our report about ${about}.`;
}

function acceptance(record: MessageRecord): StoryStep {
	const atMs = record.acceptedMs;
	const many = record.envelope.recipients.length;
	const size = `${record.bodyBytes.toLocaleString('en')} bytes for ${many} recipient${many === 1 ? '' : 's'}`;
	const about = aboutText(record);
	if (record.initial === 'held')
		return { atMs, event: 'message.held', text: `Accepted and held (${size}): ${reasonsText(record.verdict)}` };
	if (record.initial === 'waiting')
		return { atMs, event: 'message.waiting', text: `Accepted, waits (${size}): ${reasonsText(record.verdict)}` };
	const reasons = reasonsText(record.verdict);
	return { atMs, event: 'message.accepted', text: `Accepted (${size}).${about}${reasons === '' ? '' : ` ${reasons}`}` };
}

export type Telling = {
	/** Reports about the message have been sent. */
	readonly isReported: boolean;
	/** Who did it, as far as whoever reads may know. */
	readonly nameOf: (actor: string) => string;
};

function told(
	step: Transition,
	{ before, recipient }: { readonly before: Transition['to']; readonly recipient: string },
	{ isReported, nameOf }: Telling,
): StoryStep {
	const { atMs, cause, host } = step;
	const actor = step.actor === undefined ? undefined : nameOf(step.actor);
	const reply = step.reply === undefined ? undefined : replyText(step.reply);
	const at = host === undefined ? '' : ` by ${host}`;
	const why = step.why === undefined ? '' : `: ${step.why}`;
	const who = actor === undefined ? '' : ` by ${actor}`;
	const common = {
		atMs,
		recipient,
		...(reply === undefined ? {} : { reply }),
		...(host === undefined ? {} : { host }),
		...(cause === undefined ? {} : { cause }),
		...(actor === undefined ? {} : { actor }),
	};
	switch (step.to) {
		case 'delivered':
			return {
				...common,
				event: 'recipient.delivered',
				text: `Taken${at}${step.tls === undefined ? '' : ` over ${step.tls}`}.`,
			};
		case 'bounced':
			return { ...common, event: 'recipient.bounced', text: `Refused for good${at}.` };
		case 'expired':
			return {
				...common,
				event: 'recipient.expired',
				text: step.reply === undefined ? `Given up${why}.` : `Given up: not taken within the time allowed.`,
			};
		case 'discarded':
			return { ...common, event: 'recipient.discarded', text: `Discarded${who}${why}.` };
		case 'suppressed':
			return { ...common, event: 'recipient.discarded', text: `Not sent: the address is on a do-not-send list${why}.` };
		case 'held':
			return { ...common, event: 'message.held', text: `Held${who}${why}.` };
		case 'waiting':
			return {
				...common,
				event: 'message.waiting',
				text: `${isFinal(before) ? 'Brought back' : 'Let go'}${who}${why}; over its limit, so it waits and leaves in pace.`,
			};
		case 'queued':
		case 'sending': {
			if (isFinal(before))
				return {
					...common,
					event: 'message.restored',
					text: `Brought back${who}${why}.${before === 'expired' && isReported ? ' Its sender had a report about it before.' : ''}`,
				};
			if (before === 'held' || before === 'waiting')
				return { ...common, event: 'message.released', text: `Released${who}${why}.` };
			if (step.reply === undefined) return { ...common, event: 'message.requeued', text: `Made due now${who}${why}.` };
			const again = step.dueMs === undefined ? '' : ` Tried again in ${spanText(step.dueMs - atMs)}.`;
			return { ...common, event: 'recipient.deferred', text: `Not taken yet${at} (attempt ${step.attempts}).${again}` };
		}
	}
}

/** Every step, oldest first. `steps` as the log has them. */
export function storyOf(
	record: MessageRecord,
	steps: readonly Transition[],
	{ isReported = false, nameOf = (actor) => actor }: Partial<Telling> = {},
): readonly StoryStep[] {
	const present = record.envelope.recipients.map((_, index) => initialState(record, index) as Transition['to']);
	const story: StoryStep[] = [acceptance(record)];
	for (const step of steps) {
		const before = present[step.recipient] ?? 'queued';
		const recipient = record.envelope.recipients[step.recipient]?.address ?? '';
		story.push(told(step, { before, recipient }, { isReported, nameOf }));
		present[step.recipient] = step.to;
	}
	return story;
}
