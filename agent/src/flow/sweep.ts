/**
 * Sweep: what happens because time has passed. One round a minute, small steps, each of which can fail without the others.
 *
 * Expires what was held, waited or was queued too long, tells senders of delays that no attempt has told them of, ends standing holds, drops
 * old history, writes messages anew that alone keep a log segment. The clock alone never releases or drops held mail: it expires,
 * with one report to its sender where one is due (invariant 4).
 */
import { domainOf } from '@sluice/shared/words/address.ts';
import type { MessageId } from '@sluice/shared/words/message.ts';
import { isFinal } from '@sluice/shared/words/recipient.ts';
import { reply } from '@sluice/shared/words/reply.ts';
import type { QueuedMessage, QueuedRecipient } from '../core/scheduling/queued.ts';
import type { Timer } from '../ports/clock.ts';
import { watchAge } from './account-events.ts';
import { forgetOld } from './account-forget.ts';
import { followAccounts } from './account-mail.ts';
import { followResellers } from './account-moves.ts';
import { type Flow, reportError } from './context.ts';
import { sweepEnded } from './keep-ended.ts';
import { forgetOldChanges } from './limit-changes.ts';
import { forgetEnded } from './limits.ts';
import { isUnderReport, keptReply, reportDelay, reportEnded } from './report.ts';
import { perform } from './review.ts';
import { dropHold } from './standing-holds.ts';
import { storeCounts } from './would-have-store.ts';

const roundMs = 60_000;
/** Messages acted upon in one round: the rest has its turn in the next. */
const messagesPerRound = 5_000;
/** Bytes written anew in one round, so that compaction never crowds out mail. */
const rewriteBytesPerRound = 64 * 1024 * 1024;

export type Sweeper = { stop(): void };

export function startSweeper(flow: Flow): Sweeper {
	let timer: Timer | undefined;
	let isStopped = false;
	const round = async (): Promise<void> => {
		await sweep(flow);
		if (!isStopped) timer = flow.clock.after(roundMs, () => void round());
	};
	timer = flow.clock.after(roundMs, () => void round());
	return {
		stop() {
			isStopped = true;
			timer?.cancel();
		},
	};
}

/** One round. Never rejects. */
export async function sweep(flow: Flow): Promise<void> {
	const steps: readonly [string, (flow: Flow) => Promise<void>][] = [
		['health', async ({ health, clock }) => health.clearStale(clock.now())],
		['holds', endHolds],
		['clock', rescueFromClock],
		['expire', expire],
		['accounts', sweepAccounts],
		['metering', keepMetering],
		['ended', async (sweeping) => sweepEnded(sweeping)],
		['compact', compact],
		['history', retainHistory],
	];
	for (const [name, step] of steps) {
		try {
			await step(flow);
		} catch (error) {
			reportError(flow, `sweep ${name}`, error);
		}
	}
}

async function sweepAccounts(flow: Flow): Promise<void> {
	await followAccounts(flow);
	followResellers(flow);
	watchAge(flow);
	await forgetOld(flow);
}

async function endHolds(flow: Flow): Promise<void> {
	const now = flow.clock.now();
	for (const hold of [...flow.holds.values()]) if (hold.untilMs <= now) dropHold(flow, hold, 'agent');
}

/** A due time cannot lie further ahead than the longest wait with its jitter, but for a clock that was set back since. */
async function rescueFromClock(flow: Flow): Promise<void> {
	const now = flow.clock.now();
	const { delayMsMax, jitter } = flow.settings().retry;
	const latestMs = now + delayMsMax * (1 + jitter) + graceMs;
	const isStranded = ({ recipients }: QueuedMessage): boolean =>
		recipients.some((one) => one.state === 'queued' && one.dueMs > latestMs);
	for (const { id } of [...flow.scheduler.all()].filter(isStranded).slice(0, messagesPerRound)) {
		const done = await perform(flow, {
			kind: 'requeue',
			selector: { kind: 'message', id },
			why: 'The clock of the server was set back.',
		});
		if (!done.ok) return;
	}
}

type Overdue = { readonly tooOld: MessageId[]; readonly late: QueuedMessage[]; readonly owing: QueuedMessage[] };

/** One pass over memory; nothing is awaited in it. */
function overdue(flow: Flow, now: number): Overdue {
	const { retry, holdExpireMs, limits } = flow.settings();
	const soonestMs = Math.min(retry.delayNoticeAfterMs, holdExpireMs, limits.waitingExpireMs, retry.expireReportAfterMs);
	const found: Overdue = { tooOld: [], late: [], owing: [] };
	for (const message of flow.scheduler.all()) {
		if (message.recipients.some((one) => isFinal(one.state) && !one.reported)) found.owing.push(message);
		// Nothing of it can be older than the message: the quick way past most.
		if (now - message.acceptedMs < soonestMs) continue;
		const lifetimes = lifetimesOf(flow, message);
		if (message.recipients.some((recipient) => isTooOld(recipient, now, lifetimes))) found.tooOld.push(message.id);
		else if (
			message.recipients.some(
				(one) => one.state === 'queued' && !one.delayNoticed && now - one.sinceMs >= retry.delayNoticeAfterMs,
			)
		)
			found.late.push(message);
		if (found.tooOld.length + found.late.length + found.owing.length >= messagesPerRound) break;
	}
	return found;
}

/**
 * Queued mail past its lifetime expires at its last attempt; here only what a closed lane has kept from one. An hour of grace lets
 * the attempt come first.
 */
const graceMs = 3_600_000;

type Lifetimes = { readonly [state in 'queued' | 'held' | 'waiting']: number };

function lifetimesOf({ settings }: Flow, { nullSender }: QueuedMessage): Lifetimes {
	const { retry, holdExpireMs, limits } = settings();
	return {
		queued: (nullSender ? retry.expireReportAfterMs : retry.expireAfterMs) + graceMs,
		held: holdExpireMs,
		waiting: limits.waitingExpireMs,
	};
}

function isTooOld({ state, sinceMs }: QueuedRecipient, nowMs: number, lifetimes: Lifetimes): boolean {
	return (state === 'queued' || state === 'held' || state === 'waiting') && nowMs - sinceMs >= lifetimes[state];
}

async function expire(flow: Flow): Promise<void> {
	const now = flow.clock.now();
	const { tooOld, late, owing } = overdue(flow, now);
	// Reports that could not be stored when they were due: the disk was full, the agent was killed.
	for (const message of owing) await reportEnded(flow, message, undefined);
	for (const id of tooOld) {
		const message = flow.scheduler.find(id);
		if (message === undefined) continue;
		if (!(await expireMessage(flow, message, now))) return;
		await reportEnded(flow, message, undefined);
	}
	const lanes = new Map(flow.scheduler.lanes().map((lane) => [lane.destination, lane.lastFailure]));
	for (const message of late) {
		const lastFailure = lanes.get(message.recipients[0]?.destination ?? '') ?? '';
		const text =
			lastFailure === ''
				? 'The receiving server has not taken the message yet'
				: `The receiving server cannot be reached (${lastFailure})`;
		await reportDelay(flow, message, undefined, reply(451, '4.4.1', text));
	}
}

const endings: readonly { readonly state: QueuedRecipient['state']; readonly why: string }[] = [
	{ state: 'held', why: 'The message was held and nobody decided about it in time.' },
	{ state: 'waiting', why: 'The sender was over a limit for too long.' },
	{ state: 'queued', why: 'The receiving server could not be reached in time.' },
];

/** Expires those of its recipients whose time is up, and no others. False when the log cannot be written. */
async function expireMessage(flow: Flow, message: QueuedMessage, now: number): Promise<boolean> {
	const lifetimes = lifetimesOf(flow, message);
	for (const { state, why } of endings) {
		const isDue = (one: QueuedRecipient): boolean => one.state === state && isTooOld(one, now, lifetimes);
		if (!message.recipients.some(isDue)) continue;
		const selector = { kind: 'message', id: message.id } as const;
		// Held and waiting mail may be a forger's: only a sender that is known to be who it says hears of it (invariant 4).
		const untold = state !== 'queued' && !isSenderKnown(flow, message);
		const done = await perform(flow, { kind: 'expire', selector, why, where: isDue, ...(untold ? { untold } : {}) });
		if (!done.ok) return false;
	}
	return true;
}

/**
 * The reverse-path is of the domain that the proved mailbox belongs to, of the account's own domains, or of this server's own users.
 * Whoever is told then is told of mail of its own domain, whoever else wrote it.
 */
function isSenderKnown({ accounts }: Flow, { account, identity, hintDomain, helo }: QueuedMessage): boolean {
	if (identity !== '' && accounts.directory.accountOfDomain(hintDomain) === account) return true;
	if (identity.startsWith('mailbox:')) return domainOf(identity) === hintDomain;
	return identity.startsWith('unix:') && hintDomain !== '' && hintDomain === helo.toLowerCase();
}

/** Forgets usage and identities that no window needs, keeps the counts of monitored rules. */
async function keepMetering(flow: Flow): Promise<void> {
	const now = flow.clock.now();
	flow.meter.prune(now);
	flow.chains.prune(now);
	storeCounts(flow);
	// What only the age of a list of accounts decides is looked at now.
	flow.wakePace();
	forgetEnded(flow);
	await forgetOldChanges(flow);
}

async function compact(flow: Flow): Promise<void> {
	const sparse = new Set(flow.spool.sparse().map((segment) => segment.segment));
	if (sparse.size === 0) return;
	let bytes = 0;
	const kept = [...flow.scheduler.all(), ...flow.ended.all()];
	const movable = kept.filter((message) => sparse.has(message.segment));
	for (const message of movable) {
		if (bytes > rewriteBytesPerRound) break;
		if (isMoving(flow, message)) continue;
		bytes += message.recordBytes;
		try {
			await rewrite(flow, message);
		} catch (error) {
			// One that cannot be read keeps its segment; the others need not.
			reportError(flow, `sweep compact ${message.id}`, error);
		}
	}
	flow.events.emit({
		event: 'spool.compacted',
		atMs: flow.clock.now(),
		segments: sparse.size,
		messages: movable.length,
		bytes,
	});
}

/**
 * Something about the message may be in the log that is not in the queue yet: an answer, an act, a report. Its states as the queue has
 * them would stand behind that in the log and undo it for whoever reads the log: what was delivered, held or reported would be open
 * again after a restart. Next round.
 */
const isMoving = (flow: Flow, message: QueuedMessage): boolean =>
	flow.acts.underWay > 0 ||
	message.recipients.some((recipient) => recipient.state === 'sending' || isUnderReport(recipient)) ||
	isGone(flow, message);

/** Neither open nor to be brought back. */
const isGone = ({ scheduler, ended }: Flow, { id }: QueuedMessage): boolean =>
	scheduler.find(id) === undefined && ended.find(id) === undefined;

async function rewrite(flow: Flow, message: QueuedMessage): Promise<void> {
	const from = { segment: message.segment, offset: message.offset, bytes: message.recordBytes };
	const stored = await flow.spool.read(from);
	// It may have begun to move meanwhile. From here to the append nothing is awaited.
	if (isMoving(flow, message)) return;
	const statuses = message.recipients.map(
		({ state, attempts, dueMs, sinceMs, isCharged, standing, delayNoticed, reported, reply: line }) => {
			const last = keptReply(line);
			return {
				state,
				attempts,
				dueMs,
				sinceMs,
				isCharged,
				delayNoticed,
				reported,
				...(standing === undefined ? {} : { standing }),
				...(last === undefined ? {} : { reply: last }),
			};
		},
	);
	const to = await flow.spool.append(stored.record, [stored.body], { statuses });
	// Steps taken while it was being written stand behind it in the log; only the place changes here.
	message.segment = to.segment;
	message.offset = to.offset;
	message.recordBytes = to.bytes;
	flow.spool.release(message.id, from);
	if (isGone(flow, message)) flow.spool.release(message.id, to);
}

async function retainHistory(flow: Flow): Promise<void> {
	const { historyDays: days, historyMaxBytes: maxBytes } = flow.settings();
	await flow.history.retain({ days, maxBytes, nowMs: flow.clock.now() });
}
