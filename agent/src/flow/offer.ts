/**
 * Offering a message to the hosts of its destination, in order, within one attempt.
 *
 * A recipient that got an answer about itself is not offered to the next host; one that only met a broken host is (RFC 5321 §5.1). A
 * connection kept from before may be dead, a server may take fewer recipients than we send: both are tried on at once and count as
 * nothing. A host that greets with our own name is a loop: nothing is sent.
 */
import type { EnvelopeRecipient } from '@sluice/shared/words/envelope.ts';
import type { MessageRecord } from '@sluice/shared/words/message.ts';
import { type OutgoingContent, outgoingContent } from '../core/delivery/content.ts';
import {
	type LaneSignal,
	type Outcome,
	outcomesOfDial,
	outcomesOfTransaction,
	refusedBeforehand,
} from '../core/delivery/outcome.ts';
import { ownReplies } from '../core/delivery/own-replies.ts';
import { identityLine } from '../core/header/identity.ts';
import { receivedLine } from '../core/header/received.ts';
import type { QueuedRecipient } from '../core/scheduling/queued.ts';
import type { Job } from '../core/scheduling/scheduler.ts';
import type { DialTarget, OutboundConnection } from '../ports/smtp-out.ts';
import type { StoredMessage } from '../ports/spool.ts';
import type { Answered, JobResult } from './answered.ts';
import { type Flow, reportError } from './context.ts';
import { loopQuietMs } from './health.ts';
import type { HostMemory, Located } from './locate.ts';

type Offer = {
	readonly flow: Flow;
	readonly job: Job;
	readonly record: MessageRecord;
	readonly content: OutgoingContent;
	readonly isByMx: boolean;
	readonly answers: Map<QueuedRecipient, Answered>;
	/** Monotonic ms after which nothing new is begun. */
	readonly endsAtMs: number;
};

export type Offering = {
	readonly flow: Flow;
	readonly memory: HostMemory;
	readonly job: Job;
	readonly stored: StoredMessage;
	readonly located: Located;
};

/**
 * An attempt begins no further connection or round after this: hosts that answer at the last moment, one recipient a round, could
 * keep a delivery's place for days.
 */
const attemptMsMax = 3_600_000;

/** Offers the job's recipients to the hosts in order, until each has an answer or there are no more hosts. */
export async function offer({ flow, memory, job, stored, located }: Offering): Promise<JobResult> {
	const { record } = stored;
	const { hostName, key } = flow.settings();
	const { origin, id, acceptedMs } = record;
	// A report begins here: nobody handed it to us. With our line it would look like a loop when the MTA sends it on through us.
	const prefix = record.about === undefined ? receivedLine({ origin, name: hostName, key, id, nowMs: acceptedMs }) : '';
	const content = outgoingContent(prefix, stored.body, record.cuts);
	const answers = new Map<QueuedRecipient, Answered>();
	const endsAtMs = flow.clock.monotonic() + attemptMsMax;
	const offered: Offer = { flow, job, record, content, isByMx: located.isByMx, answers, endsAtMs };
	let signal: LaneSignal = { kind: 'ok' };
	try {
		for (const target of located.targets) {
			const pending = job.recipients.filter((recipient) => isOpen(answers.get(recipient)));
			const tried = await offerToHost(offered, target, pending);
			signal = tried.signal;
			if (tried.hasReached) memory.worked(target.address);
			else memory.failed(target.address, flow.clock.now());
			if (!tried.nextHost || isOver(offered)) break;
		}
	} catch (error) {
		// What has been answered stands, or it would be sent again; who has no answer is tried again soon.
		if (answers.size === 0) throw error;
		reportError(flow, `offer ${id}`, error);
	}
	return { answers: [...answers.values()], signal };
}

/** Not answered yet, or only with a failure of a host rather than a word about the recipient. */
const isOpen = (answered: Answered | undefined): boolean =>
	answered === undefined || answered.outcome.kind === 'deferred';

const isOver = ({ flow, endsAtMs }: Offer): boolean => flow.clock.monotonic() >= endsAtMs;

type Tried = { readonly signal: LaneSignal; readonly nextHost: boolean; readonly hasReached: boolean };

/** Rounds on one host: each but a first stale connection settles at least one recipient. */
const staleConnectionsMax = 3;

async function offerToHost(offered: Offer, target: DialTarget, recipients: readonly QueuedRecipient[]): Promise<Tried> {
	let pending = recipients;
	let signal: LaneSignal = { kind: 'ok' };
	let nextHost = false;
	for (let stale = 0; pending.length > 0 && stale < staleConnectionsMax && !isOver(offered); ) {
		const dialled = await offered.flow.dialer.connect(target);
		if (!dialled.ok) {
			const failure = outcomesOfDial({ failure: dialled.error, recipients: pending.length });
			note(offered, target, undefined, pending, failure.outcomes);
			return { signal: failure.lane, nextHost: failure.nextHost, hasReached: dialled.error.stage !== 'connect' };
		}
		const connection = dialled.value;
		if (isOurselves(offered, connection)) return loop(offered, target, connection, pending);
		const round = await transact(offered, connection, pending);
		note(offered, target, connection, pending, round.outcomes);
		if (round.isStale) stale += 1;
		else {
			signal = round.signal;
			nextHost = round.nextHost;
		}
		pending = pending.filter((_, index) => round.outcomes[index]?.kind === 'again');
	}
	// A host that closes every kept connection in our face, or takes all the time there is: as a lost one.
	const lost = outcomesOfDial({
		failure: { stage: 'greeting', error: 'connections were closed' },
		recipients: pending.length,
	});
	note(offered, target, undefined, pending, lost.outcomes);
	return {
		signal: pending.length > 0 ? lost.lane : signal,
		nextHost: pending.length > 0 || nextHost,
		hasReached: true,
	};
}

type Round = {
	readonly outcomes: readonly Outcome[];
	readonly signal: LaneSignal;
	readonly nextHost: boolean;
	readonly isStale: boolean;
};

async function transact(
	offered: Offer,
	connection: OutboundConnection,
	pending: readonly QueuedRecipient[],
): Promise<Round> {
	const { record, content, flow } = offered;
	const { envelope } = record;
	const recipients = pending.map((recipient) => envelope.recipients[recipient.index] as EnvelopeRecipient);
	const beforehand = refusedBeforehand({
		extensions: connection.extensions,
		reversePath: envelope.reversePath,
		recipients: recipients.map((recipient) => recipient.address),
		bytes: content.bytes,
	});
	const sent = recipients.filter((_, index) => beforehand[index] === undefined);
	if (sent.length === 0) {
		flow.dialer.giveBack(connection);
		return { outcomes: beforehand as readonly Outcome[], signal: { kind: 'ok' }, nextHost: false, isStale: false };
	}
	const reused = connection.transactions > 0;
	const outgoing = withIdentity(offered, connection.target);
	const report = await connection.transact({ envelope, recipients: sent, ...outgoing, has8bit: envelope.has8bit });
	flow.dialer.giveBack(connection);
	const result = outcomesOfTransaction({ report, recipients: sent.length, reused });
	let next = 0;
	const outcomes = beforehand.map((refused) => refused ?? (result.outcomes[next++] as Outcome));
	const isStale = result.outcomes.some((outcome) => outcome.kind === 'again' && outcome.reason === 'stale-connection');
	return { outcomes, signal: result.lane, nextHost: result.nextHost, isStale };
}

/** The content as this host wants it. */
function withIdentity({ record, content, flow }: Offer, { identityHeader }: DialTarget): OutgoingContent {
	if (identityHeader === undefined) return content;
	const line = Buffer.from(identityLine(identityHeader, record.attribution, flow.settings().hostName), 'latin1');
	return { chunks: [line, ...content.chunks], bytes: content.bytes + line.length };
}

function note(
	offered: Offer,
	target: DialTarget,
	connection: OutboundConnection | undefined,
	recipients: readonly QueuedRecipient[],
	outcomes: readonly Outcome[],
): void {
	recipients.forEach((recipient, index) => {
		const outcome = outcomes[index];
		if (outcome === undefined || outcome.kind === 'again') return;
		offered.answers.set(recipient, {
			recipient,
			outcome,
			host: `${target.host} [${target.address}]`,
			...(connection?.tls === undefined ? {} : { tls: connection.tls }),
			nextHopDoesDsn: connection?.extensions.dsn ?? false,
		});
	});
}

/** A stranger's server that greets with our own name is ourselves: a firewall sends port 25 back into the MTA. */
function isOurselves({ flow, isByMx, job }: Offer, connection: OutboundConnection): boolean {
	if (!isByMx) return false;
	const own = [flow.settings().hostName, job.message.helo, connection.target.helo].map((name) => name.toLowerCase());
	return [connection.greetingName, connection.ehloName].some((name) => name !== '' && own.includes(name.toLowerCase()));
}

/** Stops here, tells the operator, keeps the mail: the lane closes and nothing counts against the message but one attempt. */
function loop(
	offered: Offer,
	target: DialTarget,
	connection: OutboundConnection,
	pending: readonly QueuedRecipient[],
): Tried {
	const { flow, record } = offered;
	connection.close();
	const where = `${target.host} [${target.address}]`;
	const text = `${where} greets with our own name: something redirects outgoing mail back into this server.`;
	flow.events.emit({ event: 'loop.detected', atMs: flow.clock.now(), where: 'greeting', message: record.id, text });
	flow.health.raise({
		code: 'loop',
		text,
		hint: 'Exempt the agent from WHM "SMTP Restrictions", CSF SMTP_BLOCK or the firewall rule that redirects port 25.',
		stops: 'nothing',
		clearsAfterMs: loopQuietMs,
	});
	const outcome: Outcome = {
		kind: 'deferred',
		reply: ownReplies.greetsAsOurselves,
		cause: 'destination-down',
		actor: 'host',
		action: 'retry',
		rule: 'loop.greeting',
		mayBeTwice: false,
	};
	note(
		offered,
		target,
		connection,
		pending,
		pending.map(() => outcome),
	);
	return { signal: { kind: 'closed', rule: 'loop.greeting' }, nextHost: false, hasReached: true };
}
