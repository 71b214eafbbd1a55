/**
 * Whether somebody is to be told.
 *
 * Never about a report, never to the null reverse-path: that is how mail storms begin (RFC 5321 §6.1, invariant 7). NOTIFY decides
 * where it was given (RFC 3461 §4.1); where it was not, failures are told, delays are told except to strangers whose mail only
 * passes through or was made by a program, success is not. What an operator discarded is nobody's news: the act is in the audit,
 * and its sender may be the reason for it.
 */
import type { SenderClass } from '@sluice/shared/words/attribution.ts';
import type { MessageId } from '@sluice/shared/words/message.ts';
import { notifyDelay, notifyFailure, notifyGiven, notifySuccess } from '../scheduling/queued.ts';

/** What a report says of its recipients; the Action field of RFC 3464 §2.3.3. */
export type DsnKind = 'failed' | 'delayed' | 'relayed';

/**
 * What happened to a recipient that a report could be about. `relayed`: delivered to a next hop that does not do DSN
 * (RFC 3461 §5.2.2); delivered to one that does is its business and no event here.
 */
export type DsnEvent = 'bounced' | 'expired' | 'suppressed' | 'delayed' | 'relayed' | 'discarded';

const kinds: Readonly<Record<DsnEvent, DsnKind | undefined>> = {
	bounced: 'failed',
	expired: 'failed',
	suppressed: 'failed',
	delayed: 'delayed',
	relayed: 'relayed',
	discarded: undefined,
};

/** Senders that a delay notice does not help: people outside, or programs. */
const passing: ReadonlySet<SenderClass> = new Set(['forward', 'list', 'autoreply']);

/** True when a report about this recipient is to be sent. `notify`: bits as in core/scheduling/queued.ts. */
export function dsnDue(asked: {
	readonly reversePath: string;
	readonly class: SenderClass;
	/** The message is itself one of our reports. */
	readonly about?: MessageId;
	readonly notify: number;
	readonly event: DsnEvent;
}): boolean {
	const kind = kinds[asked.event];
	if (kind === undefined || asked.reversePath === '' || asked.class === 'dsn' || asked.about !== undefined)
		return false;
	const given = (asked.notify & notifyGiven) !== 0;
	switch (kind) {
		case 'failed':
			return !given || (asked.notify & notifyFailure) !== 0;
		case 'delayed':
			return given ? (asked.notify & notifyDelay) !== 0 : !passing.has(asked.class);
		case 'relayed':
			return (asked.notify & notifySuccess) !== 0;
	}
}
