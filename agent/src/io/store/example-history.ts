/**
 * For the tests: random lives of messages as log entries, and what index and history must hold after them, worked out by a
 * replay of the whole log in memory without batches, files or positions.
 */

import type { Charge, MessageId, MessageRecord, RecipientStatus, Transition } from '@sluice/shared/words/message.ts';
import { isFinal, type RecipientState } from '@sluice/shared/words/recipient.ts';
import { replyText } from '@sluice/shared/words/reply.ts';
import { stepBetween } from '../../core/delivery/lifecycle.ts';
import { replayReport, replayStep, settleReplayed } from '../../core/delivery/replay.ts';
import { recipientKeyOf } from '../../core/metering/recipient-key.ts';
import type { QueuedMessage } from '../../core/scheduling/queued.ts';
import { queuedMessageOf } from '../../core/scheduling/queued-message.ts';
import type { LogEntry } from '../../ports/spool.ts';
import type { Usage } from '../../ports/usage.ts';
import { exampleMs, exampleRecord, type MemoryLog } from './testing.ts';

type OpenMessage = {
	readonly record: MessageRecord;
	readonly statuses: { -readonly [K in keyof RecipientStatus]: RecipientStatus[K] }[];
};

export const exampleAccounts = ['shop', 'club', 'blog'] as const;
const mailboxes = ['orders@shop.test', 'News@club.test', 'me@blog.test', 'info@shop.test'] as const;
const domains = ['example.test', 'gmail.test', 'slow.test'] as const;
const names = ['anna', 'Bea', 'cara'] as const;
const hosts = ['mx1.example.test', 'aspmx.l.google.com', 'alt1.aspmx.l.google.com', 'mx00.gmx.net'] as const;
const subjects = ['Your order 100% sure', 'Newsletter', 'Re: question_mark', 'ORDER shipped'] as const;
const hourMs = 3_600_000;

/** Adds random entries to a log: new messages over three days, attempts, holds, reports, messages written anew. */
export function createWriter(log: MemoryLog, random: () => number): (count: number) => void {
	const open: OpenMessage[] = [];
	let sequence = 0;
	const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)] as Value;

	function accept(about?: MessageId): MessageRecord {
		sequence++;
		const account = pick(exampleAccounts);
		const mailbox = pick(mailboxes);
		const reseller = account === 'blog' ? [] : ['reseller:bob'];
		const scopes = ['server:server', ...reseller, `account:${account}`, `mailbox:${mailbox}`];
		const record = exampleRecord(sequence, {
			// Over three days at once, so that any batch is about any day; now and then late.
			atMs: exampleMs + pick([0, 24, 48]) * hourMs + sequence * 10_000 - (random() < 0.1 ? 25_000 : 0),
			account,
			mailbox,
			...(about === undefined && random() < 0.8 ? { scopes } : {}),
			recipients: Array.from({ length: 1 + Math.floor(random() * 3) }, () => `${pick(names)}@${pick(domains)}`),
			subject: pick(subjects),
			initial: pick(['queued', 'queued', 'queued', 'held', 'waiting']),
			...(about === undefined ? {} : { about }),
		});
		const statuses = record.envelope.recipients.map(() => ({
			state: record.initial as RecipientState,
			attempts: 0,
			dueMs: record.acceptedMs,
			delayNoticed: false,
			reported: false,
		}));
		open.push({ record, statuses });
		return record;
	}

	function step({ record, statuses }: OpenMessage): Transition | undefined {
		const recipient = Math.floor(random() * statuses.length);
		const status = statuses[recipient] as OpenMessage['statuses'][number];
		const to = pick(['delivered', 'delivered', 'queued', 'bounced', 'expired', 'held', 'discarded'] as const);
		const isAttempt = to === 'delivered' || to === 'bounced' || (to === 'queued' && status.state === 'queued');
		const from = isAttempt && status.state === 'queued' ? 'sending' : status.state;
		if (stepBetween(from, to) === undefined) return undefined;
		const attempts = status.attempts + (isAttempt ? 1 : 0);
		const atMs = record.acceptedMs + 1000 * (1 + Math.floor(random() * 1000));
		Object.assign(status, { state: to, attempts, dueMs: atMs + 60_000 });
		if (isFinal(to)) status.reported = to === 'delivered' || to === 'discarded' || record.envelope.reversePath === '';
		const answer = { code: to === 'delivered' ? 250 : 450, lines: [`answer ${attempts}`] };
		if (isAttempt) status.reply = answer;
		return {
			message: record.id,
			recipient,
			atMs,
			to,
			attempts,
			...(to === 'queued' ? { dueMs: atMs + 60_000 } : {}),
			...(to === 'queued' && !isAttempt ? chargeOf(record, recipient) : {}),
			...(isAttempt ? { reply: answer } : {}),
			...(isAttempt && random() < 0.9 ? { host: `${pick(hosts)} [203.0.113.9]` } : {}),
			...(isAttempt && to !== 'delivered' ? { cause: 'greylist' as const } : {}),
		};
	}

	function report({ record, statuses }: OpenMessage): void {
		const owed = [...statuses.keys()].filter((index) => isFinal(statuses[index]!.state) && !statuses[index]!.reported);
		if (owed.length === 0) return;
		for (const index of owed) statuses[index]!.reported = true;
		log.message(accept(record.id), { reported: { message: record.id, kind: 'failed', recipients: owed } });
	}

	return (count) => {
		for (let written = 0; written < count; written++) {
			const chance = random();
			const target = open.length === 0 ? undefined : pick(open.slice(-12));
			if (target === undefined || chance < 0.35) log.message(accept());
			else if (chance < 0.85) {
				const steps = [step(target), step(pick(open))].filter((taken) => taken !== undefined);
				if (steps.length > 0) log.steps(...steps);
			} else if (chance < 0.93) report(target);
			else {
				const isSettled = target.statuses.every(({ state, reported }) => isFinal(state) && reported);
				if (!isSettled) log.message(target.record, { statuses: structuredClone(target.statuses) });
			}
		}
	};
}

/** What a release charges. */
function chargeOf({ scopes, envelope }: MessageRecord, recipient: number): Pick<Transition, 'charge'> {
	if (scopes === undefined) return {};
	const address = envelope.recipients[recipient]?.address ?? '';
	return { charge: { scopes, messages: recipient === 0 ? 1 : 0, key: recipientKeyOf(address) } };
}

/** A message as the history must tell it. */
export type ToldMessage = {
	readonly record: MessageRecord;
	readonly recipients: {
		state: RecipientState;
		attempts: number;
		atMs: number;
		dueMs?: number;
		reply?: string;
		cause?: string;
	}[];
	readonly steps: Transition[];
	readonly reports: MessageId[];
};

export type UsageSum = { messages: number; recipients: number; waiting: number; held: number; keys: number[] };
export type UsageSums = Map<string, UsageSum>;

/** Adds to the sum of its kind, second and scopes. */
export function addUsage(sums: UsageSums, scopes: readonly string[], usage: Usage): void {
	const name = `${usage.kind} ${usage.second} ${scopes.join(' ')}`;
	const sum = sums.get(name) ?? { messages: 0, recipients: 0, waiting: 0, held: 0, keys: [] };
	sum.messages += usage.messages;
	sum.recipients += usage.recipients;
	sum.waiting += usage.waiting;
	sum.held += usage.held;
	sum.keys.push(...usage.keys);
	sum.keys.sort((one, other) => one - other);
	sums.set(name, sum);
}

export type Told = {
	readonly open: ReadonlyMap<MessageId, QueuedMessage>;
	readonly history: ReadonlyMap<MessageId, ToldMessage>;
	/** Sums by what happened, second and scopes. */
	readonly usage: UsageSums;
};

/** The whole log, entry by entry. */
export function replayNaively(entries: readonly { readonly entry: LogEntry }[]): Told {
	const open = new Map<MessageId, QueuedMessage>();
	const history = new Map<MessageId, ToldMessage>();
	const usage: UsageSums = new Map();
	const settle = (message: QueuedMessage): void => {
		// What has expired or was discarded can be brought back.
		const isKept = message.recipients.some(({ state }) => state === 'expired' || state === 'discarded');
		if (settleReplayed(message) && !isKept) open.delete(message.id);
	};
	for (const { entry } of structuredClone(entries)) {
		if (entry.kind === 'message') {
			const { record, ref, statuses, reported } = entry;
			const message = queuedMessageOf(record, ref, false, statuses);
			open.set(record.id, message);
			settle(message);
			if (!history.has(record.id)) {
				history.set(record.id, toldOf(record));
				tellUsage(usage, record);
			}
			const about = reported === undefined ? undefined : open.get(reported.message);
			if (reported !== undefined) history.get(reported.message)?.reports.push(record.id);
			if (reported !== undefined && about !== undefined) {
				replayReport(about, reported);
				settle(about);
			}
			continue;
		}
		for (const step of entry.transitions) {
			if (step.charge !== undefined) tellCharge(usage, step.atMs, step.charge);
			const message = open.get(step.message);
			if (message !== undefined) {
				replayStep(message, step);
				settle(message);
			}
			const told = history.get(step.message);
			if (told === undefined) continue;
			told.steps.push(step);
			tell(told.recipients[step.recipient] as ToldMessage['recipients'][number], step);
		}
	}
	return { open, history, usage };
}

function tellUsage(sums: UsageSums, { scopes, envelope, initial, acceptedMs }: MessageRecord): void {
	if (scopes === undefined) return;
	const count = envelope.recipients.length;
	addUsage(sums, scopes, {
		kind: 'accepted',
		second: Math.floor(acceptedMs / 1000),
		messages: initial === 'queued' ? 1 : 0,
		recipients: initial === 'queued' ? count : 0,
		waiting: initial === 'waiting' ? count : 0,
		held: initial === 'held' ? count : 0,
		keys: initial === 'held' ? [] : envelope.recipients.map(({ address }) => recipientKeyOf(address)),
	});
}

function tellCharge(sums: UsageSums, atMs: number, { scopes, messages, key }: Charge): void {
	const second = Math.floor(atMs / 1000);
	addUsage(sums, scopes, { kind: 'charged', second, messages, recipients: 1, waiting: 0, held: 0, keys: [key] });
}

const toldOf = (record: MessageRecord): ToldMessage => ({
	record,
	recipients: record.envelope.recipients.map(() => ({
		state: record.initial,
		attempts: 0,
		atMs: record.acceptedMs,
		...(record.initial === 'queued' ? { dueMs: record.acceptedMs } : {}),
	})),
	steps: [],
	reports: [],
});

function tell(recipient: ToldMessage['recipients'][number], step: Transition): void {
	recipient.state = step.to;
	recipient.attempts = step.attempts;
	recipient.atMs = step.atMs;
	delete recipient.dueMs;
	if (step.to === 'queued') recipient.dueMs = step.dueMs ?? step.atMs;
	if (step.reply !== undefined) recipient.reply = replyText(step.reply);
	if (step.cause !== undefined) recipient.cause = step.cause;
	if (step.to === 'delivered') delete recipient.cause;
}
