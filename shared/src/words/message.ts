/**
 * A message as the spool knows it: identity, envelope, attribution, verdict, the state of each recipient.
 */
import type { Attribution } from './attribution.ts';
import type { Envelope } from './envelope.ts';
import type { ScopeKey } from './limits.ts';
import type { RecipientState } from './recipient.ts';
import type { Reply } from './reply.ts';
import type { Cause } from './response.ts';
import type { Standing } from './standing.ts';
import type { Verdict } from './verdict.ts';

/** Ours, 13 characters of Crockford base 32: 9 of epoch milliseconds, 4 of a counter. Sorts by time; tells the day. */
export type MessageId = string;

const crockford = '0123456789abcdefghjkmnpqrstvwxyz';

/** `sequence` is taken modulo 2^20: unique as long as fewer messages than that arrive in one millisecond. */
export function messageIdOf(timeMs: number, sequence: number): MessageId {
	let id = '';
	let time = Math.trunc(timeMs);
	for (let digit = 0; digit < 9; digit++) {
		id = crockford[time % 32] + id;
		time = Math.floor(time / 32);
	}
	for (let shift = 15; shift >= 0; shift -= 5) id += crockford[(sequence >>> shift) & 31];
	return id;
}

/** Epoch ms of the id, or undefined when it is not one of ours. */
export function messageTimeOf(id: MessageId): number | undefined {
	if (!/^[0-9a-hjkmnp-tv-z]{13}$/.test(id)) return undefined;
	let time = 0;
	for (let index = 0; index < 9; index++) time = time * 32 + crockford.indexOf(id[index] as string);
	return time;
}

/** Where the message came from, as far as its own connection tells. */
export type Origin = {
	/** Address our peer connected from; the address we send from unless it is 127.0.0.1 or ::1 (invariant 11). */
	readonly peerAddress: string;
	/** Name the peer greeted with; our EHLO name unless a pool says otherwise. */
	readonly helo: string;
	/** `smtp`, `esmtp`, `esmtps`, `esmtpsa`: for our Received line (RFC 3848). */
	readonly protocol: string;
	/** A remote application handed it over: its address and name are its own, and not for us to send with. */
	readonly isRemote?: true;
};

/** Byte range of the stored content that is not sent on: wiring headers. Start inclusive, end exclusive. */
export type Cut = readonly [start: number, end: number];

export type InitialState = 'queued' | 'waiting' | 'held';

/** State in which recipient `index` of a message starts. */
export const initialState = (record: Pick<MessageRecord, 'initial' | 'initials'>, index: number): InitialState =>
	record.initials?.[index] ?? record.initial;

/** Everything about an accepted message that never changes. Body bytes are beside it. */
export type MessageRecord = {
	readonly id: MessageId;
	readonly acceptedMs: number;
	readonly envelope: Envelope;
	readonly origin: Origin;
	readonly attribution: Attribution;
	readonly verdict: Verdict;
	/** State each recipient starts in: the verdict's. */
	readonly initial: InitialState;
	/** Per recipient where they differ, as when one destination is held. */
	readonly initials?: readonly InitialState[];
	/** Of the content as stored, dot-stuffed, without the terminating dot line. */
	readonly bodyBytes: number;
	readonly cuts: readonly Cut[];
	/** Header facts for people and search, each cut to a bound: `Subject`, `From`, `Message-ID` as written. */
	readonly subject?: string;
	readonly headerFrom?: string;
	readonly headerId?: string;
	/** Set on mail that we made ourselves: a DSN about another message. */
	readonly about?: MessageId;
	/** A probe message: nobody's mail, and nothing that counts or shows mail takes it (words/probe.ts). */
	readonly probe?: true;
	/** Received lines counted, for the loop bound. */
	readonly hops: number;
	/**
	 * Scopes that pay for each recipient when it may leave, outermost first. What starts `queued` is charged at `acceptedMs`. Absent:
	 * nobody pays, as for our own reports.
	 */
	readonly scopes?: readonly ScopeKey[];
};

/** One recipient paid for: by the step that lets it leave (invariant 3). */
export type Charge = {
	readonly scopes: readonly ScopeKey[];
	/** 1 for the first recipient of its message that is charged. */
	readonly messages: 0 | 1;
	/** `recipientKeyOf` the address, for limits on different recipients. */
	readonly key: number;
};

/** One step of one recipient's life, as logged. `recipient` is its index in the envelope. */
export type Transition = {
	readonly message: MessageId;
	readonly recipient: number;
	readonly atMs: number;
	readonly to: RecipientState;
	/** Attempts so far, this one included. Own waiting never counts as one. */
	readonly attempts: number;
	/** For `queued`: not before this time. */
	readonly dueMs?: number;
	/** What the remote server said, or what we say when there was no answer. */
	readonly reply?: Reply;
	readonly cause?: Cause;
	/** `mx1.example.net [203.0.113.5]`. */
	readonly host?: string;
	/** `TLSv1.3`, absent when plain. */
	readonly tls?: string;
	/** Why an operator or a rule did it, for hold, release, discard, requeue. */
	readonly why?: string;
	/** Who did it: `admin root`; absent: the agent. */
	readonly actor?: string;
	/** Why it is held or waits from now on; absent: the person who did it, for the reason `why`. */
	readonly standing?: Standing;
	/** A delay notice was sent with this deferral. */
	readonly delayNoticed?: boolean;
	/** Nobody is told of this end: the sender is not known to be who it says. */
	readonly untold?: boolean;
	/** Of a probe message. */
	readonly probe?: true;
	/** Usage that this step charged: from `waiting` or `held` to `queued`. */
	readonly charge?: Charge;
	/** For `delivered`: the next hop does not do DSN, so a report of success is ours to make (RFC 3461 §5.2.2). */
	readonly relayed?: boolean;
};

/** A recipient's present state. */
export type RecipientStatus = {
	readonly state: RecipientState;
	readonly attempts: number;
	readonly dueMs: number;
	/** Since when it may leave, or is held or waits; absent: since acceptance. */
	readonly sinceMs?: number;
	/** It has been paid for (Charge); absent: it has been if it is neither held nor waiting. */
	readonly isCharged?: boolean;
	readonly reply?: Reply;
	readonly cause?: Cause;
	readonly delayNoticed: boolean;
	/** A DSN about the final state is in the log, or none is due. */
	readonly reported: boolean;
	/** Why it is held or waits; of what has ended so: why it was. */
	readonly standing?: Standing;
};
