/**
 * Delivery of one job: one message to some recipients of one destination.
 *
 * Read, locate, offer, settle. Whatever happens in between, the job is settled: an error of our own is a deferral, never a place in the
 * lane that is lost. What an answer means is core/delivery's, hosts and connections are offer.ts's, what follows is settle.ts's.
 */
import { domainOf } from '@sluice/shared/words/address.ts';
import { type Outcome, outcomeOfRouting } from '../core/delivery/outcome.ts';
import { ownReplies } from '../core/delivery/own-replies.ts';
import { relayDeniedRule } from '../core/delivery/rules-narrow.ts';
import { dsnDestination } from '../core/scheduling/queued.ts';
import type { Job } from '../core/scheduling/scheduler.ts';
import type { StoredMessage } from '../ports/spool.ts';
import type { Answered, JobResult } from './answered.ts';
import type { BodyBudget } from './body-budget.ts';
import { type Flow, reportError } from './context.ts';
import { deliverProbe } from './deliver-probe.ts';
import { type HostMemory, locate } from './locate.ts';
import { offer } from './offer.ts';
import type { Reach } from './reach.ts';
import { settle } from './settle.ts';

/** What deliveries share: hosts that failed a moment ago, room for the messages that are being sent, whether anything gets out. */
export type DeliveryMemory = { readonly hosts: HostMemory; readonly bodies: BodyBudget; readonly reach: Reach };

/** One delivery, from the spool to the log. */
export async function deliver(flow: Flow, memory: DeliveryMemory, job: Job): Promise<void> {
	const { account, recordBytes } = job.message;
	await memory.bodies.take(account, recordBytes);
	try {
		await deliverWithin(flow, memory, job);
	} finally {
		memory.bodies.giveBack(account, recordBytes);
	}
}

async function deliverWithin(flow: Flow, { hosts, reach }: DeliveryMemory, job: Job): Promise<void> {
	const stored = await read(flow, job);
	if (stored?.record.probe === true) return deliverProbe(flow, hosts, job, stored);
	const result = stored === undefined ? unreadable(job) : await attempt(flow, hosts, job, stored);
	reach.note(flow, job.lane.destination, result.answers);
	await settle(flow, job, stored, result);
}

async function attempt(flow: Flow, memory: HostMemory, job: Job, stored: StoredMessage): Promise<JobResult> {
	const destination = destinationNow(flow, job, stored);
	const offerAt = async (domain: string): Promise<JobResult> => {
		const located = await locate(flow, memory, job.message, domain);
		if (!located.ok) return nowhere(job, outcomeOfRouting(located.error));
		return offer({ flow, memory, job, stored, located: located.value });
	};
	try {
		const result = await offerAt(destination);
		const away = destination === dsnDestination ? refusedToRelay(result, stored) : undefined;
		// What the sender's own server says is no word about the lane to our MTA.
		return away === undefined ? result : { ...(await offerAt(away)), signal: result.signal };
	} catch (error) {
		reportError(flow, `deliver ${job.message.id}`, error);
		return unreadable(job);
	}
}

/** A report that was to go through the MTA goes its own way when the configuration no longer names one. */
function destinationNow(flow: Flow, { recipients: [first] }: Job, { record }: StoredMessage): string {
	const destination = first?.destination ?? '';
	if (destination !== dsnDestination || first === undefined || flow.settings().reportsHaveRoute) return destination;
	return domainOf(record.envelope.recipients[first.index]?.address ?? '');
}

/**
 * The domain of a report's recipient, when our MTA knows it is not its own and does not relay for us: Plesk trusts no address, not even
 * its own (the sender was a script's invention, or a stranger whose mail was forwarded without SRS). The report then goes there itself.
 */
function refusedToRelay({ answers }: JobResult, { record }: StoredMessage): string | undefined {
	const [answered] = answers;
	if (answered === undefined || answered.outcome.kind === 'delivered') return undefined;
	if (answered.outcome.rule !== relayDeniedRule) return undefined;
	return domainOf(record.envelope.recipients[answered.recipient.index]?.address ?? '');
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
		// Names, a dead name service and our own disk say nothing about the receiver: no reason to slow its lane, and none to open it.
		signal: { kind: 'none' },
	};
}
