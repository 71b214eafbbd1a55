/**
 * Delivery of one job: one message to some recipients of one destination.
 *
 * Read, locate, offer, settle. Whatever happens in between, the job is settled: an error of our own is a deferral, never a place in the
 * lane that is lost. What an answer means is core/delivery's, hosts and connections are offer.ts's, what follows is settle.ts's.
 */
import { type Outcome, outcomeOfRouting } from '../core/delivery/outcome.ts';
import { ownReplies } from '../core/delivery/own-replies.ts';
import type { Job } from '../core/scheduling/scheduler.ts';
import type { StoredMessage } from '../ports/spool.ts';
import type { Answered, JobResult } from './answered.ts';
import { type Flow, reportError } from './context.ts';
import { type HostMemory, locate } from './locate.ts';
import { offer } from './offer.ts';
import { settle } from './settle.ts';

/** One delivery, from the spool to the log. */
export async function deliver(flow: Flow, memory: HostMemory, job: Job): Promise<void> {
	const stored = await read(flow, job);
	const result = stored === undefined ? unreadable(job) : await attempt(flow, memory, job, stored);
	await settle(flow, job, stored, result);
}

async function attempt(flow: Flow, memory: HostMemory, job: Job, stored: StoredMessage): Promise<JobResult> {
	try {
		const located = await locate(flow, memory, job.message, job.recipients[0]?.destination ?? '');
		if (!located.ok) return nowhere(job, outcomeOfRouting(located.error));
		return await offer({ flow, memory, job, stored, located: located.value });
	} catch (error) {
		reportError(flow, `deliver ${job.message.id}`, error);
		return unreadable(job);
	}
}

async function read(flow: Flow, job: Job): Promise<StoredMessage | undefined> {
	const { segment, offset, recordBytes } = job.message;
	try {
		return await flow.spool.read({ segment, offset, bytes: recordBytes });
	} catch (error) {
		reportError(flow, `spool.read ${job.message.id}`, error);
		return undefined;
	}
}

/** We cannot even try: the message stays, and somebody has to look at the error that was told. */
function unreadable(job: Job): JobResult {
	return nowhere(job, {
		kind: 'deferred',
		reply: ownReplies.unreadable,
		cause: 'unknown',
		actor: 'host',
		action: 'retry',
		rule: 'deliver.internal',
		mayBeTwice: false,
	});
}

function nowhere(job: Job, outcome: Outcome): JobResult {
	const decided = outcome as Answered['outcome'];
	return {
		answers: job.recipients.map((recipient) => ({ recipient, outcome: decided, nextHopDoesDsn: false })),
		// Nothing was said about the receiver: names and our own disk are no reason to slow the lane, a dead name service is none either.
		signal: { kind: 'ok' },
	};
}
