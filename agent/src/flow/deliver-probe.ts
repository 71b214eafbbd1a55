/**
 * The end of a probe message: handed to its sink on this machine, or dropped. Tried once, never reported, never told of as mail is.
 *
 * The sink is spoken to from the source address and with the EHLO name of real mail of that connection, so that it sees what a receiver
 * would see (invariant 11). A source of IPv6 reaches it at ::1.
 */
import { domainOf } from '@sluice/shared/words/address.ts';
import type { Transition } from '@sluice/shared/words/message.ts';
import { type Reply, replyText } from '@sluice/shared/words/reply.ts';
import { isSettled } from '../core/delivery/lifecycle.ts';
import { identityText } from '../core/policy/judge.ts';
import type { Job } from '../core/scheduling/scheduler.ts';
import type { StoredMessage } from '../ports/spool.ts';
import type { Answered } from './answered.ts';
import { type Flow, reportError } from './context.ts';
import { keepEnded } from './keep-ended.ts';
import { type HostMemory, localSideOf } from './locate.ts';
import { offer } from './offer.ts';
import { follow, recordUntilDurable } from './settle.ts';

export async function deliverProbe(flow: Flow, memory: HostMemory, job: Job, stored: StoredMessage): Promise<void> {
	const answers = await offered(flow, memory, job, stored);
	const transitions = job.recipients.map((recipient): Transition => {
		const answered = answers.find((one) => one.recipient === recipient);
		const isTaken = answered?.outcome.kind === 'delivered';
		return {
			message: job.message.id,
			recipient: recipient.index,
			atMs: flow.clock.now(),
			attempts: recipient.attempts + (answered === undefined ? 0 : 1),
			to: isTaken ? 'delivered' : 'discarded',
			...(answered === undefined ? {} : { reply: answered.outcome.reply }),
			...(isTaken ? {} : { why: 'probe' }),
			untold: true,
			probe: true,
		};
	});
	await recordUntilDurable(flow, transitions);
	const nowMs = flow.clock.now();
	const act = flow.scheduler.settle({ job, transitions, signal: { kind: 'none' }, nowMs, random: flow.random });
	if (act !== undefined) await follow(flow, act);
	end(flow, job, stored, transitions);
}

async function offered(flow: Flow, memory: HostMemory, job: Job, stored: StoredMessage): Promise<readonly Answered[]> {
	const sink = flow.probes.find(job.recipients[0]?.destination ?? '')?.sink;
	if (sink === undefined) return [];
	const local = localSideOf(flow, job.message);
	const address = local.sourceAddress?.includes(':') === true ? '::1' : '127.0.0.1';
	const targets = [{ ...local, address, port: sink, host: address, tls: 'none' as const }];
	try {
		return (await offer({ flow, memory, job, stored, located: { targets, isByMx: false } })).answers;
	} catch (error) {
		reportError(flow, `probe ${job.message.id}`, error);
		return [];
	}
}

function end(flow: Flow, { message }: Job, { record }: StoredMessage, transitions: readonly Transition[]): void {
	const [first] = transitions;
	const isDelivered = transitions.every(({ to }) => to === 'delivered');
	const text = answerText(first?.reply);
	flow.probes.ended(message.id, isDelivered ? 'delivered' : 'discarded', text);
	flow.events.emit({
		event: 'probe.ended',
		atMs: flow.clock.now(),
		message: message.id,
		domain: domainOf(record.envelope.recipients[first?.recipient ?? 0]?.address ?? ''),
		ended: isDelivered ? 'delivered' : 'discarded',
		text,
		account: record.attribution.account,
		identity: identityText(record.attribution),
		peer: record.origin.peerAddress,
	});
	if (isSettled(message) && flow.scheduler.retire(message.id)) keepEnded(flow, message);
}

const answerText = (answer: Reply | undefined): string =>
	answer === undefined ? 'probe: stored, and dropped' : replyText(answer);
