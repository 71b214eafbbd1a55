/**
 * Reports (DSNs): who is told of what, once.
 *
 * A report is a message of the log like any other, with a note of what it reports in the same record: after a crash a failure has
 * either been reported or is still owed, never both, never neither. Failures are gathered until the present pass over the message's
 * recipients is done, so that a message to a hundred dead addresses makes one report and not a hundred.
 */
import { nullSender } from '@sluice/shared/words/address.ts';
import { type MessageRecord, messageIdOf, type Transition } from '@sluice/shared/words/message.ts';
import { isFinal } from '@sluice/shared/words/recipient.ts';
import { type Reply, reply } from '@sluice/shared/words/reply.ts';
import { isDelayNoticeDue } from '../core/delivery/backoff.ts';
import { composeDsn } from '../core/dsn/compose.ts';
import { type DsnKind, dsnDue } from '../core/dsn/due.ts';
import { isReportDue } from '../core/dsn/owed.ts';
import type { ReportedRecipient } from '../core/dsn/report.ts';
import type { QueuedMessage, QueuedRecipient } from '../core/scheduling/queued.ts';
import { queuedMessageOf } from '../core/scheduling/queued-message.ts';
import type { StoredMessage } from '../ports/spool.ts';
import { type Flow, reportError } from './context.ts';
import { finish } from './finish.ts';

/** After a job: failures and relays that are owed, and a delay notice when it is time. */
export async function reportJob(flow: Flow, message: QueuedMessage, stored: StoredMessage | undefined): Promise<void> {
	excuse(message);
	await reportDelay(flow, message, stored);
	if (!isPassDone(flow, message)) return;
	await reportEnded(flow, message, stored);
}

/** Marks as reported what nobody wants to hear about. */
function excuse(message: QueuedMessage): void {
	for (const recipient of message.recipients) {
		if (isFinal(recipient.state) && !recipient.reported && !isReportDue(message, recipient)) recipient.reported = true;
	}
}

/** No recipient of the message is about to end: what is open waits for a time or a decision. */
function isPassDone(flow: Flow, message: QueuedMessage): boolean {
	const now = flow.clock.now();
	return message.recipients.every((one) => one.state !== 'sending' && (one.state !== 'queued' || one.dueMs > now));
}

/** Reports all that has ended and is owed. */
export async function reportEnded(
	flow: Flow,
	message: QueuedMessage,
	stored: StoredMessage | undefined,
): Promise<void> {
	excuse(message);
	const owed = message.recipients.filter((one) => isFinal(one.state) && !one.reported && !underReport.has(one));
	const failures = owed.filter((one) => one.state !== 'delivered');
	const relays = owed.filter((one) => one.state === 'delivered');
	await whileReporting(owed, async () => {
		if (failures.length > 0 && (await send(flow, 'failed', message, failures, stored)))
			for (const one of failures) one.reported = true;
		if (relays.length > 0 && (await send(flow, 'relayed', message, relays, stored)))
			for (const one of relays) one.reported = true;
	});
	finish(flow, message);
}

/**
 * At start: what had ended before and has not been told. One after the other, since each reads its message; never rejects. What cannot
 * be told now is owed still, and the sweep comes back to it.
 */
export async function reportOwed(flow: Flow, messages: readonly QueuedMessage[]): Promise<void> {
	for (const message of messages) {
		if (!message.recipients.some((one) => isFinal(one.state) && !one.reported)) continue;
		try {
			await reportEnded(flow, message, undefined);
		} catch (error) {
			reportError(flow, `report ${message.id}`, error);
		}
	}
}

/** Tells the sender once that delivery is late. `why`: when no attempt has an answer of its own. */
export async function reportDelay(
	flow: Flow,
	message: QueuedMessage,
	stored: StoredMessage | undefined,
	why?: Reply,
): Promise<void> {
	const { retry } = flow.settings();
	const now = flow.clock.now();
	if (message.nullSender || now - message.acceptedMs < retry.delayNoticeAfterMs) return;
	const late = message.recipients.filter((one) => {
		const ageMs = now - one.sinceMs;
		if (one.state !== 'queued' || one.delayNoticed || ageMs < retry.delayNoticeAfterMs || underReport.has(one))
			return false;
		return (
			why !== undefined ||
			isDelayNoticeDue(
				{ attempts: one.attempts, ageMs, report: message.nullSender, delayNoticed: one.delayNoticed },
				retry,
			)
		);
	});
	if (late.length === 0) return;
	const told = late.filter((one) =>
		dsnDue({ reversePath: '?', class: message.class, notify: one.notify, event: 'delayed' }),
	);
	await whileReporting(late, async () => {
		if (told.length === 0 || (await send(flow, 'delayed', message, told, stored, why)))
			for (const one of late) one.delayNoticed = true;
	});
}

/**
 * Of the step that ended or deferred a recipient: the report's Remote-MTA, cause and time. Kept beside the queue, which has the answer
 * alone: after a restart a report has these facts no more, and says the rest. The answer itself is a stranger's and may be long, so it
 * is not among them: there is one of these for every deferred recipient.
 */
type LastStep = Pick<Transition, 'atMs' | 'host' | 'cause' | 'why'> & { readonly isAttempt: boolean };

const lastSteps = new WeakMap<QueuedRecipient, LastStep>();

export function rememberStep(recipient: QueuedRecipient, { atMs, host, cause, why, reply: answer }: Transition): void {
	lastSteps.set(recipient, {
		atMs,
		isAttempt: answer !== undefined,
		...(host === undefined ? {} : { host }),
		...(cause === undefined ? {} : { cause }),
		...(why === undefined ? {} : { why }),
	});
}

/** Two jobs of one message may end at once: what one of them is reporting is not the other's. */
const underReport = new WeakSet<QueuedRecipient>();

/** A report about the recipient is on its way into the log, or is there and not yet noted in the queue. */
export const isUnderReport = (recipient: QueuedRecipient): boolean => underReport.has(recipient);

async function whileReporting(recipients: readonly QueuedRecipient[], work: () => Promise<void>): Promise<void> {
	for (const one of recipients) underReport.add(one);
	try {
		await work();
	} finally {
		for (const one of recipients) underReport.delete(one);
	}
}

let sequence = 0;

/** False when the report could not be stored: it stays owed. */
async function send(
	flow: Flow,
	kind: DsnKind,
	message: QueuedMessage,
	recipients: readonly QueuedRecipient[],
	given: StoredMessage | undefined,
	why?: Reply,
): Promise<boolean> {
	const stored = given ?? (await readBack(flow, message));
	if (stored === undefined) return false;
	const nowMs = flow.clock.now();
	sequence = (sequence + 1) % 2 ** 20;
	// Other ids of the same millisecond come from below.
	const id = messageIdOf(nowMs, 2 ** 20 - 1 - sequence);
	const settings = flow.settings();
	const untilMs = (one: QueuedRecipient) => one.sinceMs + settings.retry.expireAfterMs;
	try {
		// What strangers and tenants wrote is in it: an error here must not be the end of the agent, and at every start again.
		const dsn = composeDsn({
			kind,
			record: stored.record,
			recipients: recipients.map((one) =>
				reported(stored.record, one, kind === 'delayed' ? untilMs(one) : undefined, why),
			),
			original: stored.body,
			reportingMta: settings.hostName,
			from: settings.reportFrom,
			id,
			nowMs,
			random: flow.random,
			returnBytesMax: settings.reportReturnBytesMax,
		});
		const record = recordOf(flow, stored.record, dsn, { id, nowMs, kind });
		const extra = { reported: { message: message.id, kind, recipients: recipients.map((one) => one.index) } };
		const ref = await flow.spool.append(record, [dsn.content], extra);
		flow.scheduler.add(queuedMessageOf(record, ref, settings.reportsHaveRoute), nowMs);
		flow.wake();
	} catch (error) {
		reportError(flow, 'report', error, 'spoolWrite');
		return false;
	}
	flow.events.emit({
		event: 'dsn.sent',
		atMs: nowMs,
		message: message.id,
		report: id,
		kind,
		to: stored.record.envelope.reversePath,
		recipients: recipients.length,
	});
	return true;
}

async function readBack(flow: Flow, message: QueuedMessage): Promise<StoredMessage | undefined> {
	try {
		return await flow.spool.read({ segment: message.segment, offset: message.offset, bytes: message.recordBytes });
	} catch (error) {
		reportError(flow, `report ${message.id}`, error);
		return undefined;
	}
}

const keptReplyShape = /^(\d{3}) (?:([245]\.\d{1,3}\.\d{1,3}) )?(.*)$/s;

/** The queue keeps the last answer as one line: code, status, text. Undefined when there was none. */
export function keptReply(line: string): Reply | undefined {
	const found = keptReplyShape.exec(line);
	return found === null ? undefined : reply(Number(found[1]), found[2], found[3] ?? '');
}

function reported(
	record: MessageRecord,
	one: QueuedRecipient,
	retryUntilMs: number | undefined,
	why: Reply | undefined,
): ReportedRecipient {
	const last = keptReply(one.reply) ?? why;
	const step = lastSteps.get(one);
	return {
		recipient: record.envelope.recipients[one.index] ?? { address: '' },
		...(last === undefined ? {} : { reply: last }),
		...(step?.host === undefined ? {} : { host: step.host }),
		...(step?.isAttempt === true ? { lastAttemptMs: step.atMs } : {}),
		...(step?.why === undefined ? {} : { reasons: [step.why] }),
		...(retryUntilMs === undefined ? {} : { retryUntilMs }),
		...(one.state === 'expired' ? { cause: 'expired' } : step?.cause === undefined ? {} : { cause: step.cause }),
	};
}

function recordOf(
	flow: Flow,
	about: MessageRecord,
	dsn: ReturnType<typeof composeDsn>,
	made: { readonly id: string; readonly nowMs: number; readonly kind: DsnKind },
): MessageRecord {
	const { hostName } = flow.settings();
	return {
		id: made.id,
		acceptedMs: made.nowMs,
		envelope: dsn.envelope,
		origin: { ...about.origin, protocol: 'ESMTP' },
		attribution: {
			account: about.attribution.account,
			class: 'dsn',
			certainty: 'proved',
			from: `our own ${made.kind} report about ${about.id}`,
			hint: { domain: hostName, address: nullSender },
			alarms: [],
		},
		verdict: { action: 'accept', reasons: [] },
		initial: 'queued',
		bodyBytes: dsn.content.length,
		cuts: [],
		subject: dsn.subject,
		headerFrom: dsn.headerFrom,
		headerId: dsn.headerId,
		about: about.id,
		hops: 0,
	};
}
