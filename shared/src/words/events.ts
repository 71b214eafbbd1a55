/**
 * Every event there is: one vocabulary for the log, the event stream and webhooks.
 *
 * A message's life is a list of these. `event` names are a contract; fields may be added, never changed in meaning.
 */
import type { MessageId } from './message.ts';

/** What each event says, one sentence: docs/reference/events.md is made from here. */
export const eventMeanings = {
	'message.accepted': 'A message was stored and queued.',
	'message.waiting': 'A message was stored and waits until its sender is within limits.',
	'message.held': 'A message, or recipients of it, is held and needs a decision.',
	'message.released': 'Held or waiting mail was let go.',
	'message.discarded': 'Open mail was dropped by an act; no report is sent.',
	'message.requeued': 'Deferred mail was made due now by an act.',
	'restore.dropped': 'Ended mail can no longer be brought back, earlier than promised.',
	'message.restored': 'Discarded or expired mail was brought back by an act.',
	'message.refused': 'Nothing was stored: the MTA keeps the message or bounces it.',
	'message.finished': 'Every recipient of a message is final.',
	'recipient.delivered': 'The next host took responsibility for a recipient.',
	'recipient.deferred': 'A recipient was not taken yet and is tried again.',
	'recipient.bounced': 'A recipient was refused for good.',
	'recipient.expired': 'A recipient was given up: too old, or held for too long.',
	'recipient.discarded': 'A recipient was dropped by an act.',
	'dsn.sent': 'A report about a message (bounce, delay, success) was queued.',
	'hold.set': 'A standing hold came into force.',
	'hold.lifted': 'A standing hold ended, by an act or by its time.',
	'account.listed': 'A panel gave its list of accounts; says what is new, changed and gone.',
	'account.changed': 'An account was made, changed, suspended, renamed, moved or removed.',
	'account.unknown': 'Mail comes from an account that no panel has named; said once a day for each.',
	'accounts.stale':
		'The list of accounts is old, or shrank so much that it was not believed: unknown accounts are not limited.',
	'limit.set': 'Limits were set, changed or taken away.',
	'limit.warning': 'A scope has used most of a limit.',
	'limit.reached':
		'A scope has used all of a limit, or would have; what is over waits, unless the limit is only watched.',
	'limit.episode': 'Mail of a sender began to wait, or all that waited has left.',
	'notice.sent': 'A notice to an administrator or a customer was queued.',
	'ownership.breach': 'An account sent as a domain that is not its own, or would have been stopped for it.',
	'submission.listening':
		'An address takes submission from remote applications; says what a firewall needs to let them through.',
	'submission.login': 'A remote application logged in, or failed to.',
	'submission.blocked': 'An address failed to log in so often that it is refused for a while.',
	'credential.made': 'A credential for submission was made.',
	'credential.revoked': 'A credential for submission was revoked.',
	'webhook.failed': 'A webhook did not take an event; it is tried again, or was given up.',
	'lane.closed': 'A destination failed so often that its lane is closed for a while.',
	'lane.reopened': 'A closed lane delivers again.',
	'source.failed': 'A part of the agent failed: a bug or broken I/O. Its message has the details.',
	'attribution.alarm': 'Something odd in who a message says it is from, such as a wrong wiring secret.',
	'probe.ended': 'A probe message was stored and then handed to its sink or dropped: the only word of it in the log.',
	'loop.detected': 'Our own mail came back to us.',
	'spool.recovered': 'The spool log was read at the start.',
	'spool.corrupt': 'A damaged stretch of the log, or a damaged database, was passed over or set aside.',
	'spool.compacted':
		'Segments of the spool log that hold little open mail were rewritten, so that the disk gets the room back.',
	'index.rebuilt': 'The queue index could not be used and is rebuilt from the log.',
	'health.degraded': 'A problem began; it says what it stops and what to do.',
	'health.recovered': 'A problem is over.',
	'agent.started': 'The agent accepts and delivers.',
	'agent.reloaded': 'A changed configuration is in force.',
	'agent.stopping': 'The agent drains.',
	'agent.stopped': 'The agent has ended well.',
	'session.refused': 'A connection or a command on the relay port was refused.',
	'admin.act': 'Somebody intervened; the audit log has the same.',
} as const satisfies { readonly [name: string]: string };

export type EventName = keyof typeof eventMeanings;
export const eventNames = Object.keys(eventMeanings) as readonly EventName[];

/** Values small enough for a log line. Strings are cut to `eventFieldCharsMax` by the log. */
export type EventFields = {
	readonly [field: string]: string | number | boolean | undefined | readonly string[];
};

export type SluiceEvent = EventFields & {
	readonly event: EventName;
	readonly atMs: number;
	readonly message?: MessageId;
};

export const eventFieldCharsMax = 500;
