/**
 * Admission: cheap refusals while the envelope is read, before a byte of the message is.
 *
 * Disk full is said at MAIL, never at connect: to Exim a refused connection blocks the whole server, a refused MAIL only that
 * message. An agent that is stopping refuses nobody here: who is connected may hand over what he has begun, or his MTA puts mail off for
 * that host, and the listener ends the rest (io/smtp-in). Not here: bounds of the protocol itself (io/smtp-in), what needs attribution
 * (accept.ts).
 */

import { domainOf } from '@sluice/shared/words/address.ts';
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import { type FaultName, faults } from '@sluice/shared/words/faults.ts';
import type { Reply } from '@sluice/shared/words/reply.ts';
import type { MailCommand, OpenTransaction, Peer, SmtpSession } from '../ports/smtp-in.ts';
import { type Flow, reportError } from './context.ts';
import { tellRefused } from './refusals.ts';

type Admission = Pick<Flow, 'settings' | 'health' | 'scheduler' | 'events' | 'clock'>;

export function admitPeer(flow: Admission, peer: Peer): Reply | undefined {
	if (flow.settings().admission.mtaOnly && !peer.proved) return refuse(flow, 'notAllowed', peer);
	return undefined;
}

function refuse(flow: Admission, fault: FaultName, peer: Peer): Reply {
	const { address, port, uid } = peer;
	tellRefused(flow, { fault, peer: `${address}:${port}`, ...(uid === undefined ? {} : { uid }) });
	return faults[fault].reply;
}

export function admitMail(flow: Admission, _mail: MailCommand): Reply | undefined {
	if (isQueueFull(flow)) return faults.queueFull.reply;
	if (!flow.health.can('accepting')) return faults.spoolFull.reply;
	return undefined;
}

type RecipientAdmission = Pick<Flow, 'accounts' | 'limits' | 'chains' | 'ruleSets' | 'clock' | 'events'>;

/**
 * A limit with `split: false` lets no message have more recipients than its window: the MTA sends the rest in another transaction,
 * which then waits as a whole. Known here of a login; of the MTA's mail the domain of the reverse-path is a hint, and what it misses
 * leaves in parts.
 */
export function admitRecipient(
	flow: RecipientAdmission,
	session: SmtpSession,
	{ mail, acceptedCount }: OpenTransaction,
): Reply | undefined {
	// No limits set, or the first: nothing to ask.
	if (acceptedCount === 0 || flow.limits.size === 0) return undefined;
	try {
		const most = recipientsAtOnce(flow, session, mail);
		return acceptedCount >= most ? faults.recipientsOverLimit.reply : undefined;
	} catch (error) {
		reportError(flow, 'recipient', error);
		return undefined;
	}
}

function recipientsAtOnce(
	{ accounts, chains, ruleSets, clock }: RecipientAdmission,
	{ credential }: SmtpSession,
	{ reversePath }: MailCommand,
): number {
	const domain = domainOf(reversePath);
	const account = credential?.account ?? (domain === '' ? undefined : accounts.directory.accountOfDomain(domain));
	if (account === undefined) return Number.POSITIVE_INFINITY;
	const nowMs = clock.now();
	const { rules, split } = ruleSets.of(chains.of(hinted(account, credential?.id), nowMs), nowMs);
	if (split) return Number.POSITIVE_INFINITY;
	let most = Number.POSITIVE_INFINITY;
	for (const { rule, mode, value } of rules)
		if (mode === 'enforce' && value > 0 && rule.endsWith('ecipients')) most = Math.min(most, value);
	return most;
}

/** A login's own limits count as well; a hint stands for the account alone. */
const hinted = (account: string, credential: string | undefined): Attribution => ({
	account,
	...(credential === undefined ? {} : { identity: { kind: 'credential', id: credential } }),
	class: credential === undefined ? 'forward' : 'mailbox',
	certainty: 'none',
	from: '',
	hint: { domain: '', address: '' },
	alarms: [],
});

/** While no MAIL is refused for so long, the queue is taken for having room again. */
const queueFullQuietMs = 120_000;

/** Said as a problem and not once for each MAIL: the MTA tries again and again. */
function isQueueFull({ scheduler, settings, health }: Admission): boolean {
	const bound = settings().queueRecipientsMax;
	if (scheduler.openRecipients < bound) {
		health.clear('queue-full');
		return false;
	}
	health.raise({
		code: 'queue-full',
		text: `The queue holds as many recipients as queue.recipientsMax allows (${bound.toLocaleString('en')}). New mail is answered 452 and stays with the MTA; deliveries go on.`,
		hint: '`sluice queue` and `sluice queue --by account` show what waits and whose it is. It clears by itself when there is room.',
		stops: 'accepting',
		clearsAfterMs: queueFullQuietMs,
	});
	return true;
}
