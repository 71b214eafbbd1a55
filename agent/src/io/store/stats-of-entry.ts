/**
 * What an entry of the log adds to the counts.
 *
 * A message counts when it comes: its recipients as handed in, and those of them that have to wait or are held; what may leave at once
 * and is paid for as charged (invariant 3). A step counts where it happens: released and paid for, deferred by an answer, ended. Mail
 * that compaction wrote anew has been counted. Our own reports are not: nobody handed them in; nor are probe messages. Pure.
 */
import type { VolumeCount } from '@sluice/shared/contract/view-operations.ts';
import type { AccountKey } from '@sluice/shared/words/account.ts';
import type { ScopeKey } from '@sluice/shared/words/limits.ts';
import { initialState, type MessageId, type MessageRecord, type Transition } from '@sluice/shared/words/message.ts';
import type { RecipientState } from '@sluice/shared/words/recipient.ts';
import type { LogEntry } from '../../ports/spool.ts';

/** Whose mail it is. */
export type MailOwner = {
	/** '' : nobody's, or not known any more. */
	readonly account: AccountKey;
	/** As it is metered: `reseller:bob`. */
	readonly reseller?: ScopeKey;
	/** Our own report about another message. */
	readonly isReport: boolean;
};

export type VisitStats = {
	count(owner: MailOwner, name: VolumeCount, recipients: number, atMs: number): void;
	/** An attempt at a host has ended. */
	attempt(step: Transition, host: string): void;
};

const nobody: MailOwner = { account: '', isReport: false };

/** `scopes`: who pays; the reseller is among them. */
export function ownerOf(account: AccountKey, scopes: readonly ScopeKey[], isReport: boolean): MailOwner {
	const reseller = scopes.find((scope) => scope.startsWith('reseller:'));
	return reseller === undefined ? { account, isReport } : { account, reseller, isReport };
}

export const ownerOfRecord = ({ attribution, scopes = [], about }: MessageRecord): MailOwner =>
	ownerOf(attribution.account, scopes, about !== undefined);

/** `ownerOfMessage`: undefined for a message that nothing is known of any more. */
export function statsOfEntry(
	entry: LogEntry,
	ownerOfMessage: (id: MessageId) => MailOwner | undefined,
	visit: VisitStats,
): void {
	if (entry.kind === 'message') {
		const { record, statuses } = entry;
		if (statuses === undefined && record.about === undefined && record.probe !== true) visitAcceptance(record, visit);
		return;
	}
	let message: MessageId | undefined;
	let owner = nobody;
	for (const step of entry.transitions) {
		if (step.probe === true) continue;
		if (step.message !== message) {
			message = step.message;
			owner = ownerOfMessage(message) ?? nobody;
		}
		if (!owner.isReport) visitStep(step, owner, visit);
	}
}

function visitAcceptance(record: MessageRecord, visit: VisitStats): void {
	const owner = ownerOfRecord(record);
	const { acceptedMs, initials } = record;
	const recipients = record.envelope.recipients.length;
	visit.count(owner, 'accepted', recipients, acceptedMs);
	const add = (state: string, count: number): void => {
		if (state === 'waiting') visit.count(owner, 'waited', count, acceptedMs);
		else if (state === 'held') visit.count(owner, 'held', count, acceptedMs);
		else if (record.scopes !== undefined) visit.count(owner, 'charged', count, acceptedMs);
	};
	if (initials === undefined) add(record.initial, recipients);
	else for (let index = 0; index < recipients; index++) add(initialState(record, index), 1);
}

const counted: { readonly [state in RecipientState]?: VolumeCount } = {
	waiting: 'waited',
	held: 'held',
	delivered: 'delivered',
	bounced: 'bounced',
	expired: 'expired',
	discarded: 'discarded',
	suppressed: 'discarded',
};

function visitStep(step: Transition, owner: MailOwner, visit: VisitStats): void {
	const { to, atMs, reply, host } = step;
	if (step.charge !== undefined) visit.count(owner, 'charged', 1, atMs);
	// A step to `queued` with an answer is an attempt that was put off; without one, somebody let it go.
	const name = to === 'queued' ? (reply === undefined ? undefined : 'deferred') : counted[to];
	if (name !== undefined) visit.count(owner, name, 1, atMs);
	if (host !== undefined && reply !== undefined) visit.attempt(step, host);
}
