/**
 * Admission: cheap refusals while the envelope is read, before a byte of the message is.
 *
 * Disk full is said at MAIL, never at connect: to Exim a refused connection blocks the whole server, a refused MAIL only that
 * message. Not here: bounds of the protocol itself (io/smtp-in), what needs attribution (accept.ts).
 */
import { type FaultName, faults } from '@sluice/shared/words/faults.ts';
import type { Reply } from '@sluice/shared/words/reply.ts';
import type { MailCommand, Peer } from '../ports/smtp-in.ts';
import type { Flow } from './context.ts';

type Admission = Pick<Flow, 'settings' | 'health' | 'scheduler' | 'isStopping' | 'events' | 'clock'>;

export function admitPeer(flow: Admission, peer: Peer): Reply | undefined {
	if (flow.isStopping()) return faults.shuttingDown.reply;
	if (flow.settings().admission.mtaOnly && !peer.proved) return refuse(flow, 'notAllowed', peer);
	return undefined;
}

function refuse(flow: Admission, fault: FaultName, peer: Peer): Reply {
	const { address, port, uid } = peer;
	flow.events.emit({
		event: 'session.refused',
		atMs: flow.clock.now(),
		fault,
		peer: `${address}:${port}`,
		...(uid === undefined ? {} : { uid }),
	});
	return faults[fault].reply;
}

export function admitMail(flow: Admission, _mail: MailCommand): Reply | undefined {
	if (flow.isStopping()) return faults.shuttingDown.reply;
	if (!flow.health.can('accepting')) return faults.spoolFull.reply;
	if (flow.scheduler.openRecipients >= flow.settings().queueRecipientsMax) return faults.spoolFull.reply;
	return undefined;
}
