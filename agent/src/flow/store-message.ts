/**
 * From a submission to its record in the log and its place in the queue: the part of acceptance that every kind of mail shares.
 *
 * Not here: what is decided about it (accept.ts, accept-probe.ts).
 */
import { type InitialState, type MessageRecord, messageIdOf, type Origin } from '@sluice/shared/words/message.ts';
import type { AttributionResult } from '../core/identity/facts.ts';
import type { Judgement } from '../core/policy/judge.ts';
import type { QueuedMessage } from '../core/scheduling/queued.ts';
import { queuedMessageOf } from '../core/scheduling/queued-message.ts';
import type { ReceivedContent, SmtpSession } from '../ports/smtp-in.ts';
import type { BodyRef } from '../ports/spool.ts';
import type { Handed } from './attribution.ts';
import { type Flow, reportError } from './context.ts';

/** One message as it was handed in, and when. */
export type Submitted = Handed & { readonly nowMs: number };

let sequence = 0;

/** `paid`: the scopes that pay; nobody where it is left out. */
export function recordOf(
	{ session, envelope, content, nowMs }: Submitted,
	known: AttributionResult,
	{ verdict, initials }: Judgement,
	paid: Pick<MessageRecord, 'scopes'> = {},
): MessageRecord {
	const { subject, headerFrom, headerId, hops } = known.headers;
	sequence = (sequence + 1) % 2 ** 20;
	return {
		id: messageIdOf(nowMs, sequence),
		acceptedMs: nowMs,
		envelope: content.has8bit && !envelope.has8bit ? { ...envelope, has8bit: true } : envelope,
		origin: originOf(session),
		attribution: known.attribution,
		verdict,
		initial: initialOf(verdict.action),
		...(initials === undefined ? {} : { initials }),
		bodyBytes: content.bytes,
		cuts: known.cuts,
		...(subject === undefined ? {} : { subject }),
		...(headerFrom === undefined ? {} : { headerFrom }),
		...(headerId === undefined ? {} : { headerId }),
		hops,
		...paid,
	};
}

const originOf = ({ peer, helo, protocol, credential }: SmtpSession): Origin => ({
	peerAddress: peer.address,
	helo,
	protocol,
	...(credential === undefined ? {} : { isRemote: true }),
});

const initialOf = (action: Judgement['verdict']['action']): InitialState =>
	action === 'hold' ? 'held' : action === 'wait' ? 'waiting' : 'queued';

/** Undefined: it could not be written, and that was told. */
export async function store(flow: Flow, record: MessageRecord, content: ReceivedContent): Promise<BodyRef | undefined> {
	try {
		return await flow.spool.append(record, content.chunks);
	} catch (error) {
		reportError(flow, 'spool.append', error, 'spoolWrite');
		return undefined;
	}
}

/** From here on it is delivered. */
export function enqueue(flow: Flow, record: MessageRecord, ref: BodyRef): QueuedMessage {
	const message = queuedMessageOf(record, ref, flow.settings().reportsHaveRoute);
	flow.scheduler.add(message, flow.clock.now());
	flow.wake();
	return message;
}
