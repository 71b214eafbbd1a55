/**
 * One message as its page shows it: what came of it, its life, who sent it and why it was treated so.
 *
 * The sentences of the steps and reasons are the agent's own. Texts of strangers stay text; lists are bounded.
 */
import type { TraceDto } from '../../contract/shapes.ts';
import type { OpenGroupDto } from '../../contract/view-operations.ts';
import type { EventName } from '../../words/events.ts';
import { capital } from '../text/numbers.ts';
import { near } from '../text/times.ts';
import { type ActButton, messageActs } from './mail-act.ts';
import type { May } from './may.ts';
import { resultText } from './next-step.ts';
import { messageMark, spreadOf } from './spread.ts';
import {
	markOf,
	mostUrgent,
	type Recipient,
	type Side,
	type StateMark,
	sideOf,
	stateSigns,
	type Tone,
	urgency,
} from './state-mark.ts';
import type { Words } from './words.ts';

const stepSigns: { readonly [E in EventName]?: { readonly tone: Tone; readonly sign: string } } = {
	'message.accepted': { tone: 'off', sign: 'check' },
	'message.waiting': stateSigns.waiting,
	'message.held': stateSigns.held,
	'message.released': { tone: 'ok', sign: 'up' },
	'message.requeued': stateSigns.queued,
	'message.restored': stateSigns.queued,
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
	readonly subject: string;
	readonly say: string;
	readonly state: StateMark;
	/** What came of it and what comes next. */
	readonly note: { readonly tone: Tone; readonly sign: string; readonly bold: string; readonly text: string };
	/** Of the only recipient, in words of the other side. */
	readonly reply?: string;
	readonly acts: readonly ActButton[];
	readonly steps: readonly Step[];
	readonly stepsMore?: string;
	readonly facts: readonly Fact[];
	readonly recipients: readonly {
		readonly address: string;
		readonly state: StateMark;
		readonly at: string;
		readonly why: string;
		readonly reply?: string;
	}[];
	readonly recipientsMore?: string;
	/** Their table stands before the life. */
	readonly hasManyRecipients: boolean;
};

const stepsMax = 200;
const recipientsMax = 100;
/** Beyond that their table stands before the life, which is long. */
const recipientsFew = 5;

/** What a person may have to act on first; else as the sender wrote them. */
const byUrgency = (recipients: readonly Recipient[]): readonly Recipient[] =>
	[...recipients].sort((a, b) => urgency.indexOf(a.state) - urgency.indexOf(b.state));

function noteOf({ message }: TraceDto, may: May, words: Words): MessagePage['note'] {
	const shown = mostUrgent(message);
	const { tone, sign, text } = markOf(shown?.state ?? 'queued', words, sideOf(may));
	if (shown === undefined) return { tone, sign, bold: words.t.stateOnly(text), text: '' };
	const spread = spreadOf(message, shown, words, sideOf(may));
	const at = near(words.zoned, Date.parse(shown.at), words.nowMs, true);
	const why = capital(resultText(shown, Date.parse(message.accepted), may, words));
	const bold =
		spread === undefined
			? words.t.stateAt(text, at)
			: words.t.stateOnly([spread.first, spread.others].filter((part) => part !== '').join(', '));
	return { tone, sign, bold, text: why.endsWith('.') ? why : `${why}.` };
}

function stepsOf(trace: TraceDto, side: Side, { t, zoned, nowMs }: Words): readonly Step[] {
	const isOne = trace.message.recipientCount === 1;
	return trace.steps.slice(-stepsMax).map(({ at, event, text, recipient, reply }) => ({
		at: near(zoned, Date.parse(at), nowMs, true),
		...(stepSigns[event] ?? { tone: 'off', sign: 'clock' }),
		text: side === 'staff' ? text : (t.ownLife[event] ?? t.ownStep),
		...(recipient === undefined || isOne ? {} : { recipient }),
		...(reply === undefined ? {} : { reply }),
	}));
}

const fact = (name: string, text: string | undefined, more: Partial<Fact> = {}): readonly Fact[] =>
	text === undefined || text === '' ? [] : [{ name, text, more: [], ...more }];

function addressFacts({ message }: TraceDto, { t }: Words): readonly Fact[] {
	const others = message.recipientCount - 1;
	return [
		...fact(t.facts.from, message.sender === '' ? t.nullSender : message.sender),
		...fact(t.facts.to, message.recipients[0]?.address, { more: others > 0 ? [t.andMore(others)] : [] }),
	];
}

function factsOf(trace: TraceDto, words: Words): readonly Fact[] {
	const { message, from, verdict, reports } = trace;
	const { t, base } = words;
	const { facts } = t;
	return [
		...addressFacts(trace, words),
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

/** What helps whoever wrote it: nothing of how the server knows. */
function ownFactsOf(trace: TraceDto, words: Words): readonly Fact[] {
	const { message, from, reports } = trace;
	const { t, base } = words;
	const { facts } = t;
	const colon = from.identity.indexOf(':');
	const kind = t.ownKinds[from.identity.slice(0, colon)];
	// `script:ACCOUNT:/path`: the account is known to itself.
	const id = from.identity.slice(colon + 1).replace(`${from.account}:`, '');
	return [
		...addressFacts(trace, words),
		...fact(facts.sender, kind?.(id)),
		...fact(facts.directory, from.directory, { isPath: true }),
		// Where somebody logged in from: whether that was oneself, only the owner knows.
		...(message.class === 'mailbox' ? fact(facts.client, from.client) : []),
		...fact(facts.size, t.bytes(message.bytes)),
		...fact(facts.id, message.id, { isPath: true }),
		...reports.flatMap((report) => fact(facts.reports, report, { path: `${base}/messages/${report}`, isPath: true })),
	];
}

/** `groups`: what of the account stands open, for an owner whose acts depend on it. */
export function messagePageOf(trace: TraceDto, groups: readonly OpenGroupDto[], may: May, words: Words): MessagePage {
	const { t, zoned, nowMs } = words;
	const { message } = trace;
	const side = sideOf(may);
	const [first] = message.recipients;
	const more = message.recipientCount - Math.min(recipientsMax, message.recipients.length);
	return {
		subject: message.subject === '' ? t.noSubject : message.subject,
		say: t.messageSay(
			first?.address ?? '',
			message.recipientCount - 1,
			message.sender === '' ? t.nullSender : message.sender,
		),
		state: messageMark(message, mostUrgent(message), words, side),
		note: noteOf(trace, may, words),
		...(message.recipientCount === 1 && first?.reply !== undefined && first.state !== 'delivered'
			? { reply: first.reply }
			: {}),
		acts: messageActs(trace, groups, may, words),
		steps: stepsOf(trace, side, words),
		...(trace.steps.length > stepsMax ? { stepsMore: t.lifeMore(stepsMax, trace.steps.length) } : {}),
		facts: may.isStaff ? factsOf(trace, words) : ownFactsOf(trace, words),
		hasManyRecipients: message.recipientCount > recipientsFew,
		recipients: byUrgency(message.recipients.slice(0, recipientsMax)).map((one) => ({
			address: one.address,
			state: markOf(one.state, words, side),
			at: near(zoned, Date.parse(one.at), nowMs, true),
			why: resultText(one, Date.parse(message.accepted), may, words),
			// What took it says nothing that one must read; its words are in the life of the message.
			...(one.reply === undefined || one.state === 'delivered' ? {} : { reply: one.reply }),
		})),
		...(more > 0 ? { recipientsMore: t.recipientsMore(more) } : {}),
	};
}
