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
	if (isQueueFull(flow)) return faults.queueFull.reply;
	if (!flow.health.can('accepting')) return faults.spoolFull.reply;
	return undefined;
}

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
