/**
 * From a stored record to the slim message the scheduler keeps.
 *
 * Strings that repeat from message to message (account, domain, source) are shared, so that a long queue stays small.
 * Used when a message is accepted, when the log is replayed, and by the worker that keeps the queue index. Pure.
 */
import { domainOf } from '@sluice/shared/words/address.ts';
import type { EnvelopeRecipient } from '@sluice/shared/words/envelope.ts';
import type { ScopeKey } from '@sluice/shared/words/limits.ts';
import { initialState, type MessageRecord, type RecipientStatus } from '@sluice/shared/words/message.ts';
import type { Standing } from '@sluice/shared/words/standing.ts';
import { recipientKeyOf } from '../metering/recipient-key.ts';
import { identityText } from '../policy/judge.ts';
import { internStanding, standingAtStart } from '../policy/standing.ts';
import {
	dsnDestination,
	lastReplyOf,
	notifyDelay,
	notifyFailure,
	notifyGiven,
	notifySuccess,
	type QueuedMessage,
	type QueuedRecipient,
} from './queued.ts';

/** Log place of a record. */
type RecordRef = { readonly segment: number; readonly offset: number; readonly bytes: number };

const internedMax = 50_000;
const interned = new Map<string, string>();

/** The same string object for equal strings; forgets everything when it has grown too large. */
export function intern(text: string): string {
	const known = interned.get(text);
	if (known !== undefined) return known;
	if (interned.size >= internedMax) interned.clear();
	interned.set(text, text);
	return text;
}

const noScopes: readonly ScopeKey[] = [];
const knownScopes = new Map<string, readonly ScopeKey[]>();

/** A list of scopes as one text, for files: a tenant names its directories, so that no character may stand between them. */
export const scopesText = (scopes: readonly ScopeKey[]): string => (scopes.length === 0 ? '' : JSON.stringify(scopes));

/** The same array for equal texts: there are as many lists as senders, and one is wanted for each open message. */
export function scopesOfText(text: string): readonly ScopeKey[] {
	if (text === '') return noScopes;
	const known = knownScopes.get(text);
	if (known !== undefined) return known;
	if (knownScopes.size >= internedMax) knownScopes.clear();
	const scopes: readonly ScopeKey[] = JSON.parse(text);
	knownScopes.set(text, scopes);
	return scopes;
}

function notifyBits(recipient: EnvelopeRecipient): number {
	if (recipient.notify === undefined) return 0;
	let bits = notifyGiven;
	if (recipient.notify.includes('SUCCESS')) bits |= notifySuccess;
	if (recipient.notify.includes('FAILURE')) bits |= notifyFailure;
	if (recipient.notify.includes('DELAY')) bits |= notifyDelay;
	return bits;
}

/** Our own reports go back through the MTA when there is a route for them. */
export function destinationOf(record: MessageRecord, address: string, reportsHaveRoute: boolean): string {
	return record.about !== undefined && reportsHaveRoute ? dsnDestination : intern(domainOf(address));
}

/** Why it is held or waits, or was when it ended. */
function standingOf(record: MessageRecord, index: number, status: RecipientStatus | undefined): Standing | undefined {
	if (status?.standing !== undefined) return internStanding(status.standing);
	const state = status?.state ?? initialState(record, index);
	return state === 'held' || state === 'waiting' ? standingAtStart(record, index, state) : undefined;
}

/** `statuses`: the present states, when they are not the initial ones (replay after compaction). */
export function queuedMessageOf(
	record: MessageRecord,
	ref: RecordRef,
	reportsHaveRoute: boolean,
	statuses?: readonly RecipientStatus[],
): QueuedMessage {
	const { attribution, envelope, origin } = record;
	return {
		id: record.id,
		segment: ref.segment,
		offset: ref.offset,
		recordBytes: ref.bytes,
		bodyBytes: record.bodyBytes,
		acceptedMs: record.acceptedMs,
		account: intern(attribution.account),
		identity: intern(identityText(attribution)),
		class: attribution.class,
		hintDomain: intern(attribution.hint.domain),
		hintAddress: intern(attribution.hint.address),
		// What we send with is what the MTA showed us; of a remote application nothing (invariant 11).
		peerAddress: origin.isRemote === true ? '' : intern(origin.peerAddress),
		helo: origin.isRemote === true ? '' : intern(origin.helo),
		nullSender: envelope.reversePath === '',
		scopes: record.scopes ?? noScopes,
		recipients: envelope.recipients.map((recipient, index): QueuedRecipient => {
			const status = statuses?.[index];
			const state = status?.state ?? initialState(record, index);
			return {
				index,
				destination: destinationOf(record, recipient.address, reportsHaveRoute),
				notify: record.probe === true ? notifyGiven : notifyBits(recipient),
				key: recipientKeyOf(recipient.address),
				state,
				attempts: status?.attempts ?? 0,
				dueMs: status?.dueMs ?? record.acceptedMs,
				sinceMs: status?.sinceMs ?? record.acceptedMs,
				isCharged: status?.isCharged ?? (state !== 'held' && state !== 'waiting'),
				standing: standingOf(record, index, status),
				delayNoticed: status?.delayNoticed ?? false,
				reported: status?.reported ?? false,
				reply: status?.reply === undefined ? '' : lastReplyOf(status.reply),
			};
		}),
	};
}
