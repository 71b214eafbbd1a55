/**
 * Acceptance: from a whole message to its reply, in seven steps.
 *
 * Who sent it, what is to happen with it, whether it may send as that domain, whether it fits into the limits of its sender, one record
 * in the log, one place in the queue, one reply. The reply waits for the disk and for nothing else. An error while attributing, judging or measuring never costs a message: it goes on as accepted, undecided,
 * and is counted (invariant 10). Detection joins between attribute and judge.
 */

import { domainOf } from '@sluice/shared/words/address.ts';
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import type { Envelope } from '@sluice/shared/words/envelope.ts';
import { type FaultName, faults } from '@sluice/shared/words/faults.ts';
import type { MessageRecord } from '@sluice/shared/words/message.ts';
import { type Reply, reply } from '@sluice/shared/words/reply.ts';
import type { AttributionResult } from '../core/identity/facts.ts';
import { identityText, type Judgement, judge, undecided } from '../core/policy/judge.ts';
import type { ReceivedContent, SmtpSession } from '../ports/smtp-in.ts';
import { acceptProbe } from './accept-probe.ts';
import { noticeUnknown } from './account-events.ts';
import { holdSuspended } from './account-mail.ts';
import { attributeSubmission } from './attribution.ts';
import { type Flow, reportError } from './context.ts';
import { loopQuietMs } from './health.ts';
import { giveBack, measureSubmission, scopesOf, takePlace, tellWaiting } from './measure.ts';
import { checkOwnership } from './ownership.ts';
import { holdLate } from './standing-holds.ts';
import { enqueue, recordOf, type Submitted, store } from './store-message.ts';

/** Takes one submission. Never rejects; the reply is positive only when the message is durable (invariant 1). */
export async function accept(
	flow: Flow,
	session: SmtpSession,
	envelope: Envelope,
	content: ReceivedContent,
): Promise<Reply> {
	const submitted: Submitted = { session, envelope, content, nowMs: flow.clock.now() };
	const known = attributeSubmission(flow, submitted);
	if (flow.probes.takes(session, envelope)) return acceptProbe(flow, submitted, known);
	const toMeasure = { attribution: known.attribution, envelope, bytes: content.bytes, nowMs: submitted.nowMs };
	const shown = { envelope, headerText: content.headerText };
	const judged = checkOwnership(flow, known, shown, judgeSubmission(flow, submitted, known));
	const measured = measureSubmission(flow, toMeasure, judged);
	const { judgement } = measured;
	if (judgement.fault !== undefined) return refuse(flow, submitted, known.attribution, judgement, judgement.fault);
	const record = recordOf(submitted, known, judgement, scopesOf(measured));
	takePlace(flow, record.id, toMeasure, measured);
	const ref = await store(flow, record, content);
	if (ref === undefined) {
		giveBack(flow, record.id, toMeasure, measured);
		return faults.spoolWrite.reply;
	}
	const message = enqueue(flow, record, ref);
	announce(flow, record, submitted);
	tellWaiting(flow, record.id, toMeasure, measured);
	noticeUnknown(flow, record.attribution.account);
	const isHeldNow =
		(await holdLate(flow, message, submitted.nowMs)) || (await holdSuspended(flow, message, submitted.nowMs));
	return replyFor(record, isHeldNow);
}

function judgeSubmission(flow: Flow, { envelope, content, nowMs }: Submitted, known: AttributionResult): Judgement {
	const { attribution, headers } = known;
	try {
		const submission = {
			attribution,
			account: flow.accounts.find(attribution.account),
			hops: headers.hops,
			ownReceived: headers.ownReceived,
			recipients: envelope.recipients.length,
			bytes: content.bytes,
			destinations: envelope.recipients.map((recipient) => domainOf(recipient.address)),
		};
		const open = flow.scheduler.accountOpen(attribution.account);
		return judge(submission, open, [...flow.holds.values()], flow.settings().judge, nowMs);
	} catch (error) {
		reportError(flow, 'judge', error);
		return { verdict: { action: 'accept', reasons: [undecided] } };
	}
}

function refuse(
	flow: Flow,
	submitted: Submitted,
	attribution: Attribution,
	judgement: Judgement,
	fault: FaultName,
): Reply {
	const { nowMs, envelope, content } = submitted;
	const reason = judgement.verdict.reasons[0];
	flow.events.emit({
		event: 'message.refused',
		atMs: nowMs,
		verdict: judgement.verdict.action,
		fault: faults[fault].code,
		rule: reason?.rule,
		value: reason?.value,
		threshold: reason?.threshold,
		account: attribution.account,
		identity: identityText(attribution),
		sender: envelope.reversePath,
		recipients: envelope.recipients.length,
		bytes: content.bytes,
		mtaQueueId: attribution.mtaQueueId,
	});
	if (fault === 'loop') {
		flow.events.emit({
			event: 'loop.detected',
			atMs: nowMs,
			where: 'accept',
			sender: envelope.reversePath,
			text: reason?.text,
		});
		flow.health.raise({
			code: 'loop',
			text: `Mail comes back to us: ${reason?.text}`,
			hint: faults.loop.hint,
			stops: 'nothing',
			clearsAfterMs: loopQuietMs,
		});
	}
	return faults[fault].reply;
}

function announce(flow: Flow, record: MessageRecord, { session }: Submitted): void {
	const { attribution, envelope, verdict } = record;
	const event =
		record.initial === 'held' ? 'message.held' : record.initial === 'waiting' ? 'message.waiting' : 'message.accepted';
	flow.events.emit({
		event,
		atMs: record.acceptedMs,
		message: record.id,
		account: attribution.account,
		identity: identityText(attribution),
		class: attribution.class,
		from: attribution.from,
		sender: envelope.reversePath,
		recipients: envelope.recipients.map((recipient) => recipient.address).slice(0, announcedRecipientsMax),
		recipientCount: envelope.recipients.length,
		bytes: record.bodyBytes,
		subject: record.subject,
		mtaQueueId: attribution.mtaQueueId,
		client: attribution.clientAddress,
		session: session.id,
		...(verdict.reasons.length === 0
			? {}
			: { reasons: verdict.reasons.map((reason) => `${reason.rule}: ${reason.text}`) }),
	});
	for (const code of attribution.alarms) {
		flow.events.emit({
			event: 'attribution.alarm',
			atMs: record.acceptedMs,
			message: record.id,
			code,
			sender: envelope.reversePath,
		});
	}
}

/** Recipients named in a log line; the count says how many there are. */
const announcedRecipientsMax = 5;

/** The reply is a contract: it is what the panel's own tracking shows. */
function replyFor(record: MessageRecord, isHeldNow: boolean): Reply {
	const { initials, initial } = record;
	const best =
		initials === undefined ? initial : (['queued', 'waiting'] as const).find((one) => initials.includes(one));
	const state = isHeldNow ? 'held' : (best ?? initial);
	return reply(250, '2.0.0', `${record.id} ${state}; see Outgoing mail`);
}
