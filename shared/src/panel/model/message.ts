/**
 * One message as its page shows it: what came of it, its life, who sent it and why it was treated so.
 *
 * The sentences of the steps and reasons are the agent's own. Texts of strangers stay text; lists are bounded.
 */
import type { MessageSummaryDto, TraceDto } from '../../contract/shapes.ts';
import type { EventName } from '../../words/events.ts';
import { near } from '../text/times.ts';
import type { Words } from './cell.ts';

type State = MessageSummaryDto['recipients'][number]['state'];
export type Tone = 'ok' | 'wait' | 'hold' | 'bad' | 'off';
export type StateMark = { readonly tone: Tone; readonly sign: string; readonly text: string };

const stateSigns: { readonly [S in State]: { readonly tone: Tone; readonly sign: string } } = {
	queued: { tone: 'wait', sign: 'clock' },
	waiting: { tone: 'wait', sign: 'clock' },
	held: { tone: 'hold', sign: 'pause' },
	sending: { tone: 'wait', sign: 'clock' },
	delivered: { tone: 'ok', sign: 'check' },
	bounced: { tone: 'bad', sign: 'cross' },
	expired: { tone: 'off', sign: 'cross' },
	discarded: { tone: 'off', sign: 'cross' },
	suppressed: { tone: 'off', sign: 'stop' },
};
/** What of several recipients is told first: what a person may have to act on. */
const urgency: readonly State[] = [
	'held',
	'bounced',
	'waiting',
	'queued',
	'sending',
	'expired',
	'suppressed',
	'discarded',
	'delivered',
];

export const markOf = (state: State, { t }: Pick<Words, 't'>): StateMark => ({
	...stateSigns[state],
	text: t.states[state],
});

/** The recipient whose state stands for the message. */
export const mostUrgent = ({ recipients }: MessageSummaryDto): MessageSummaryDto['recipients'][number] | undefined =>
	[...recipients].sort((a, b) => urgency.indexOf(a.state) - urgency.indexOf(b.state))[0];

const stepSigns: { readonly [E in EventName]?: { readonly tone: Tone; readonly sign: string } } = {
	'message.accepted': { tone: 'off', sign: 'check' },
	'message.waiting': stateSigns.waiting,
	'message.held': stateSigns.held,
	'message.released': { tone: 'ok', sign: 'up' },
	'message.requeued': stateSigns.queued,
	'recipient.delivered': stateSigns.delivered,
	'recipient.deferred': stateSigns.queued,
	'recipient.bounced': stateSigns.bounced,
	'recipient.expired': stateSigns.expired,
	'recipient.discarded': stateSigns.discarded,
};

export type Step = {
	readonly at: string;
	readonly tone: Tone;
	readonly sign: string;
	readonly text: string;
	readonly recipient?: string;
	readonly reply?: string;
};

export type Fact = {
	readonly name: string;
	readonly text: string;
	readonly path?: string;
	readonly isPath?: boolean;
	readonly more: readonly string[];
};

export type MessagePage = {
	readonly account: string;
	readonly accountPath: string;
	readonly subject: string;
	readonly state: StateMark;
	readonly outcome: string;
	readonly steps: readonly Step[];
	readonly stepsMore?: string;
	readonly facts: readonly Fact[];
	readonly recipients: readonly {
		readonly address: string;
		readonly state: StateMark;
		readonly at: string;
		readonly reply: string;
	}[];
	readonly recipientsMore?: string;
};

const stepsMax = 200;
const recipientsMax = 100;

function outcomeOf({ recipients, recipientCount }: MessageSummaryDto, { t }: Words): string {
	const parts = urgency.flatMap((state) => {
		const found = recipients.filter((one) => one.state === state).length;
		return found === 0 ? [] : [t.outcome[state](found)];
	});
	const text = t.outcomeOf(parts);
	return recipients.length < recipientCount ? `${t.outcomeOfFirst(recipients.length, recipientCount)} ${text}` : text;
}

function stepsOf(trace: TraceDto, { zoned, nowMs }: Words): readonly Step[] {
	const isOne = trace.message.recipientCount === 1;
	return trace.steps.slice(-stepsMax).map(({ at, event, text, recipient, reply }) => ({
		at: near(zoned, Date.parse(at), nowMs, true),
		...(stepSigns[event] ?? { tone: 'off', sign: 'clock' }),
		text,
		...(recipient === undefined || isOne ? {} : { recipient }),
		...(reply === undefined ? {} : { reply }),
	}));
}

function factsOf({ message, from, verdict, reports }: TraceDto, { t, base }: Words): readonly Fact[] {
	const { facts } = t;
	const fact = (name: string, text: string | undefined, more: Partial<Fact> = {}): readonly Fact[] =>
		text === undefined || text === '' ? [] : [{ name, text, more: [], ...more }];
	const [first] = message.recipients;
	const others = message.recipientCount - 1;
	return [
		...fact(facts.from, message.sender === '' ? t.nullSender : message.sender),
		...fact(facts.to, first?.address, { more: others > 0 ? [t.andMore(others)] : [] }),
		...fact(facts.account, from.account, { path: `${base}/accounts/${encodeURIComponent(from.account)}` }),
		...fact(facts.sender, from.identity, { more: [t.certainty[from.certainty]] }),
		...fact(facts.evidence, from.evidence),
		...fact(facts.directory, from.directory, { isPath: true }),
		...fact(facts.client, from.client),
		...fact(facts.verdict, t.verdicts[verdict.action], {
			more: verdict.reasons.length === 0 ? [t.factsNone] : verdict.reasons.map(({ text }) => text),
		}),
		...fact(facts.mta, from.mtaQueueId, { isPath: true }),
		...fact(facts.size, t.bytes(message.bytes)),
		...fact(facts.id, message.id, { isPath: true }),
		...reports.flatMap((id) => fact(facts.reports, id, { path: `${base}/messages/${id}`, isPath: true })),
	];
}

export function messagePageOf(trace: TraceDto, words: Words): MessagePage {
	const { t, base, zoned, nowMs } = words;
	const { message } = trace;
	const more = message.recipientCount - Math.min(recipientsMax, message.recipients.length);
	return {
		account: trace.from.account,
		accountPath: `${base}/accounts/${encodeURIComponent(trace.from.account)}`,
		subject: message.subject === '' ? t.noSubject : message.subject,
		state: markOf(mostUrgent(message)?.state ?? 'queued', words),
		outcome: outcomeOf(message, words),
		steps: stepsOf(trace, words),
		...(trace.steps.length > stepsMax ? { stepsMore: t.lifeMore(stepsMax, trace.steps.length) } : {}),
		facts: factsOf(trace, words),
		recipients: message.recipients.slice(0, recipientsMax).map((one) => ({
			address: one.address,
			state: markOf(one.state, words),
			at: near(zoned, Date.parse(one.at), nowMs, true),
			reply: one.reply ?? (one.due === undefined ? '' : t.notBefore(near(zoned, Date.parse(one.due), nowMs))),
		})),
		...(more > 0 ? { recipientsMore: t.recipientsMore(more) } : {}),
	};
}
