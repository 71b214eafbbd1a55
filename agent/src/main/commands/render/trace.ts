/**
 * `sluice message trace ID`: the whole life of a message as prose.
 *
 * Four questions in the order in which a support person is asked them: who sent it and how do we know, what was decided and why,
 * what happened, what happens next. The sentences of the steps come from the agent (core/delivery/story.ts); here is their layout.
 */
import type { TraceDto } from '@sluice/shared/contract/shapes.ts';
import { spanText } from '../../../core/delivery/story.ts';
import { advice } from '../../../core/dsn/advice.ts';
import { classTexts, messageState, senderText, statePaint } from './states.ts';
import { clean, countText, hanging, sizeText } from './text.ts';
import { clockText, dayText, relativeText, timeAndAgeText, timeText, zoneText } from './time.ts';
import { proseWidth, type View } from './view.ts';

type Message = TraceDto['message'];
type Recipient = Message['recipients'][number];
type Step = TraceDto['steps'][number];

const isDefined = (text: string | undefined): text is string => text !== undefined && text !== '';

function openingLines({ id, subject, sender, bytes, accepted, recipients }: Message, view: View): readonly string[] {
	const columns = proseWidth(view);
	const about = isDefined(subject) ? `“${clean(subject)}”` : 'no subject';
	return [
		...hanging('', `${view.paint.strong(`Message ${id}`)}: ${about}`, columns),
		...hanging(
			'',
			`From ${senderText(sender)} to ${countText(recipients.length, 'recipient')}, ${sizeText(bytes)}.`,
			columns,
		),
		`Accepted ${timeAndAgeText(view, Date.parse(accepted))}.`,
	];
}

const certaintyTexts = {
	proved: 'This is proved: the kernel or the mail server says so.',
	derived: 'This follows from what the mail server says.',
	none: 'Nothing proves who sent it, so nobody is blamed for it.',
} as const;

function whoLines({ from }: TraceDto, view: View): readonly string[] {
	const account = isDefined(from.account) ? `Account ${clean(from.account)}` : 'No account';
	const identity = isDefined(from.identity) ? `, identity ${clean(from.identity)}` : '';
	const how = from.identity?.startsWith('credential:') ? 'a remote application that logged in' : classTexts[from.class];
	const known = isDefined(from.evidence) ? ` Known from: ${clean(from.evidence)}.` : '';
	const asked: readonly (readonly [string, string | undefined])[] = [
		['client', from.client],
		['queue id at the mail server', from.mtaQueueId],
		['first addressed to', from.ancestor],
		['directory', from.directory],
	];
	const facts = asked.flatMap(([name, value]) => (isDefined(value) ? [`${name} ${clean(value)}`] : []));
	const sentences = [
		`${account}${identity}: ${how}.`,
		`${certaintyTexts[from.certainty]}${known}`,
		...(facts.length === 0 ? [] : [`Also known: ${facts.join('; ')}.`]),
	];
	return [
		view.paint.strong('Who sent it'),
		...sentences.flatMap((sentence) => hanging('  ', sentence, proseWidth(view))),
	];
}

const verdictTexts = {
	accept: 'Accepted',
	wait: 'Accepted, to wait until the sender is within limits',
	hold: 'Accepted and held for a decision',
	defer: 'Refused for now',
	reject: 'Refused',
} as const;

function reasonText({ rule, text, value, threshold, windowSeconds, evidence }: TraceDto['verdict']['reasons'][number]) {
	const measured = [
		value === undefined ? undefined : `found ${value}`,
		threshold === undefined ? undefined : `threshold ${threshold}`,
		windowSeconds === undefined ? undefined : `within ${spanText(windowSeconds * 1000)}`,
	].filter(isDefined);
	const seen = isDefined(evidence) ? ` Seen: ${evidence}` : '';
	return clean(`${text} [${[rule, ...measured].join(', ')}]${seen}`);
}

function verdictLines({ verdict }: TraceDto, view: View): readonly string[] {
	const { action, reasons } = verdict;
	const title = view.paint.strong('Verdict');
	if (reasons.length === 0)
		return [title, `  ${verdictTexts[action]}${action === 'accept' ? '; no rule objected' : ''}.`];
	return [
		title,
		// What only counts is no cause of anything.
		`  ${verdictTexts[action]}${reasons.every(({ rule }) => rule.endsWith('.monitor')) ? '. Rules that are monitor-only would have said' : ', because'}:`,
		...reasons.flatMap((reason) => hanging('  - ', reasonText(reason), proseWidth(view))),
	];
}

const namesShown = 3;

/** `a@x.test`, `a@x.test, b@x.test`, `a@x.test and 39 more`. */
function namesText(names: readonly string[]): string {
	const isShort = names.length <= namesShown;
	return isShort ? names.map(clean).join(', ') : `${clean(names[0] ?? '')} and ${names.length - 1} more`;
}

/** What happened to several recipients in one second, in the same words, is one step: forty of a newsletter are no forty lines. */
function togetherOf(steps: readonly Step[], view: View): readonly (readonly [Step, readonly string[]])[] {
	const groups = Map.groupBy(steps, (step) => {
		const { at: _at, recipient: _recipient, ...same } = step;
		return JSON.stringify([
			clockText(view, Date.parse(step.at)),
			dayText(view, Date.parse(step.at)),
			isDefined(step.recipient),
			same,
		]);
	});
	return [...groups.values()].map((group) => [group[0] as Step, group.flatMap(({ recipient }) => recipient ?? [])]);
}

function stepLines(step: Step, recipients: readonly string[], view: View): readonly string[] {
	const columns = proseWidth(view);
	const first = `  ${clockText(view, Date.parse(step.at))}  `;
	const indent = ' '.repeat(first.length);
	const subject = recipients.length === 0 ? '' : `${namesText(recipients)}: `;
	const cause = isDefined(step.cause) ? ` Cause: ${step.cause}.` : '';
	const reply = isDefined(step.reply) ? hanging(`${indent}» `, clean(step.reply), columns) : [];
	const host = isDefined(step.host) && !step.text.includes(step.host) ? ` At ${clean(step.host)}.` : '';
	return [...hanging(first, `${subject}${clean(step.text)}${host}${cause}`, columns), ...reply];
}

/** Steps under the day they happened on; the zone is told with each day, since clocks change. */
function storyLines({ steps }: TraceDto, view: View): readonly string[] {
	const lines: string[] = [view.paint.strong('What happened')];
	let day = '';
	for (const [step, recipients] of togetherOf(steps, view)) {
		const atMs = Date.parse(step.at);
		const here = `${dayText(view, atMs)} (${zoneText(view, atMs)})`;
		if (here !== day) {
			day = here;
			lines.push(`  ${view.paint.faint(here)}`);
		}
		lines.push(...stepLines(step, recipients, view));
	}
	return lines;
}

function nextText(
	{ state, due, attempts, cause }: Recipient,
	{ message, from, verdict }: TraceDto,
	view: View,
): string {
	const { id } = message;
	const { account } = from;
	const dueMs = due === undefined ? undefined : Date.parse(due);
	// The words of the report that the sender gets: what to tell a customer who asks.
	const meaning = cause === undefined ? undefined : advice[cause];
	switch (state) {
		case 'queued':
			if (dueMs === undefined || dueMs <= view.nowMs) return 'leaves as soon as its destination has room.';
			return `${meaning === undefined ? 'attempt' : `${meaning.what} Attempt`} ${attempts + 1} is due ${timeText(view, dueMs)} (${relativeText(view, dueMs)}). Now instead: \`sluice message requeue ${id} --reason …\`.`;
		case 'waiting':
			return `waits until its sender is within limits, then leaves by itself.${account === undefined ? '' : ` Until when: \`sluice account show ${clean(account)}\`.`} Now instead: \`sluice message release ${id} --reason …\`.`;
		case 'held':
			return `${verdict.reasons.some(({ rule }) => rule === 'account.suspended') ? 'leaves when the account is active again, or by a decision' : 'needs a decision'}: \`sluice message release ${id} --reason …\` or \`sluice message discard ${id} --reason …\`.`;
		case 'sending':
			return 'is being sent at this moment.';
		case 'delivered':
			return 'delivered; nothing more to come.';
		case 'bounced':
			return meaning === undefined ? 'refused for good.' : `refused for good. ${meaning.what} ${meaning.next}`;
		case 'expired':
			return meaning === undefined ? 'given up.' : `given up. ${meaning.what} ${meaning.next}`;
		case 'discarded':
			return 'discarded; nothing more to come.';
		case 'suppressed':
			return 'not sent: the address is on a do-not-send list.';
	}
}

/** Those in the same case are told together. */
function nextLines(trace: TraceDto, view: View): readonly string[] {
	const { message, reports } = trace;
	const columns = proseWidth(view);
	const title = view.paint.strong('What happens next');
	const sentences = message.recipients.map((recipient) => ({
		recipient,
		text: nextText(recipient, trace, view),
	}));
	const groups = Map.groupBy(sentences, ({ recipient, text }) => `${recipient.state} ${text}`);
	const lines = [...groups.values()].flatMap((group) => {
		const [{ recipient, text }] = group as [(typeof sentences)[number]];
		const who = namesText(group.map((one) => one.recipient.address));
		const paint = statePaint(recipient.state, view);
		return hanging('  ', `${who}: ${text}`, columns).map((line) => paint(line));
	});
	const told = reports.map((id) => `  A report was sent: \`sluice message trace ${id}\`.`);
	return [title, ...lines, ...told];
}

export function traceLines(trace: TraceDto, view: View): readonly string[] {
	const { state, text } = messageState(trace.message);
	return [
		...openingLines(trace.message, view),
		`Now: ${statePaint(state, view)(text)}.`,
		'',
		...whoLines(trace, view),
		'',
		...verdictLines(trace, view),
		'',
		...storyLines(trace, view),
		'',
		...nextLines(trace, view),
	];
}
