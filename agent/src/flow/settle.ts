/**
 * Settling a job: the log first, then the queue, then everybody who is to hear of it.
 *
 * An answer counts once it is in the log; until then its recipient is `sending` and would be tried again after a crash
 * (invariant 1). When the log cannot be written the answers are kept and written again, and nothing new is sent meanwhile: a
 * restart may then repeat what was in flight, and no more than that.
 */

import { domainOf } from '@sluice/shared/words/address.ts';
import type { EventName } from '@sluice/shared/words/events.ts';
import type { MessageRecord, Transition } from '@sluice/shared/words/message.ts';
import { replyText } from '@sluice/shared/words/reply.ts';
import { transitionOf } from '../core/delivery/transition.ts';
import type { LaneSignal } from '../core/scheduling/feedback.ts';
import type { Act, ActKind, Job } from '../core/scheduling/scheduler.ts';
import type { StoredMessage } from '../ports/spool.ts';
import type { Answered, JobResult } from './answered.ts';
import type { Flow } from './context.ts';

import { finish } from './finish.ts';
import { rememberStep, reportJob } from './report.ts';

const recordRetryMs = 1000;

export async function settle(
	flow: Flow,
	job: Job,
	stored: StoredMessage | undefined,
	result: JobResult,
): Promise<void> {
	const transitions = transitionsOf(flow, job, result);
	await recordUntilDurable(flow, transitions);
	const act = free(flow, job, transitions, result);
	confirm(job, transitions);
	announce(flow, job, stored?.record, transitions);
	if (act !== undefined) await follow(flow, act);
	await reportJob(flow, job.message, stored);
	finish(flow, job.message);
}

function transitionsOf(flow: Flow, job: Job, result: JobResult): readonly Transition[] {
	const nowMs = flow.clock.now();
	const { retry } = flow.settings();
	return result.answers.map((answered: Answered) =>
		transitionOf({ ...answered, message: job.message, nowMs, random: flow.random, retry }),
	);
}

/** Resolves when the steps are on the disk. While they cannot be written, delivering stops (design: what even the reserve cannot take). */
export async function recordUntilDurable(flow: Flow, transitions: readonly Transition[]): Promise<void> {
	if (transitions.length === 0) return;
	for (;;) {
		try {
			await flow.spool.record(transitions);
			flow.health.clear('outcomes-unrecorded');
			return;
		} catch (error) {
			// Nobody waits for us any more: the recipient is `queued` after the start, and may get it twice.
			if (flow.isStopping()) throw error;
			flow.health.raise({
				code: 'outcomes-unrecorded',
				text: `Answers of receivers cannot be written to the spool log (${(error as Error).message}); deliveries are stopped.`,
				hint: 'Free space on the disk of dataDir, or see the error: deliveries go on by themselves once the log can be written.',
				stops: 'delivering',
			});
			await new Promise<void>((resolve) => flow.clock.after(recordRetryMs, resolve));
		}
	}
}

function free(flow: Flow, job: Job, transitions: readonly Transition[], result: JobResult): Act | undefined {
	const before = job.lane.laneState;
	const act = flow.scheduler.settle({
		job,
		transitions,
		signal: laneSignal(result),
		nowMs: flow.clock.now(),
		random: flow.random,
	});
	const after = job.lane.laneState;
	if (before !== after && (after === 'closed' || (before !== 'open' && after === 'open'))) {
		const { destination, peerAddress, closedUntilMs, lastFailure } = job.lane;
		const event = after === 'closed' ? 'lane.closed' : 'lane.reopened';
		const until = after === 'closed' ? { until: new Date(closedUntilMs).toISOString(), reason: lastFailure } : {};
		flow.events.emit({ event, atMs: flow.clock.now(), destination, source: peerAddress, ...until });
	}
	return act;
}

/** What the reports need: why it failed; and where the next hop does DSN, success is its to report, ours is done. */
function confirm(job: Job, transitions: readonly Transition[]): void {
	for (const step of transitions) {
		const recipient = job.message.recipients[step.recipient];
		if (recipient === undefined) continue;
		if (step.to !== 'delivered') rememberStep(recipient, step);
		else if (step.relayed !== true) recipient.reported = true;
	}
}

function laneSignal({ signal, answers }: JobResult): LaneSignal {
	switch (signal.kind) {
		case 'ok':
			return { kind: 'success' };
		case 'failure':
			return { kind: 'failure', reason: reasonIn(answers) ?? signal.failure };
		case 'slower':
			return { kind: 'rate', reason: reasonIn(answers) ?? signal.rule };
		case 'closed':
			return { kind: 'refused', reason: reasonIn(answers) ?? signal.rule };
		case 'none':
			return { kind: 'none' };
	}
}

/** What the host said, as `sluice lane list` and the event show it: a kind of failure alone helps nobody. */
function reasonIn(answers: readonly Answered[]): string | undefined {
	for (const { outcome, host } of answers)
		if (outcome.kind === 'deferred') return [host, replyText(outcome.reply)].filter(Boolean).join(': ');
	return undefined;
}

/** An act that waited for the attempt to end: a hold, a discard. */
export async function follow(flow: Flow, act: Act): Promise<void> {
	flow.acts.underWay += 1;
	try {
		await recordUntilDurable(flow, act.transitions);
		flow.scheduler.commit(act, flow.clock.now());
	} finally {
		flow.acts.underWay -= 1;
	}
	announceActs(flow, act);
}

const eventOf: { readonly [state in Transition['to']]?: EventName } = {
	delivered: 'recipient.delivered',
	queued: 'recipient.deferred',
	bounced: 'recipient.bounced',
	expired: 'recipient.expired',
	discarded: 'recipient.discarded',
};

function announce(flow: Flow, job: Job, record: MessageRecord | undefined, transitions: readonly Transition[]): void {
	for (const step of transitions) {
		const event = eventOf[step.to];
		if (event === undefined) continue;
		flow.events.emit({
			event,
			atMs: step.atMs,
			message: step.message,
			account: job.message.account,
			recipient: record?.envelope.recipients[step.recipient]?.address,
			destination: job.lane.destination,
			attempts: step.attempts,
			host: step.host,
			tls: step.tls,
			cause: step.cause,
			reply: step.reply === undefined ? undefined : replyText(step.reply),
			...(step.to === 'queued' && step.dueMs !== undefined
				? { retryAfterSeconds: Math.round((step.dueMs - step.atMs) / 1000) }
				: {}),
			...(step.to === 'delivered' ? { delaySeconds: Math.round((step.atMs - job.message.acceptedMs) / 100) / 10 } : {}),
			...(domainOf(record?.envelope.reversePath ?? '') === '' ? {} : { sender: record?.envelope.reversePath }),
		});
	}
}

const actEventOf: { readonly [kind in ActKind]: EventName } = {
	hold: 'message.held',
	release: 'message.released',
	budget: 'message.released',
	requeue: 'message.requeued',
	restore: 'message.restored',
	discard: 'recipient.discarded',
	suppress: 'recipient.discarded',
	expire: 'recipient.expired',
};

/** Events of what operators and rules did to recipients. */
export function announceActs(flow: Pick<Flow, 'events'>, { kind, transitions }: Act): void {
	// A release that meets a limit is a wait.
	for (const { message, recipient, atMs, to, why, actor = 'agent' } of transitions)
		flow.events.emit({
			event: to === 'waiting' ? 'message.waiting' : actEventOf[kind],
			atMs,
			message,
			recipientIndex: recipient,
			why,
			actor,
		});
}
