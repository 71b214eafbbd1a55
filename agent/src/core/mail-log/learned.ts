/**
 * Who sends what: messages of the log summed up by account and by sender, with the most that each sent in any window.
 *
 * Peaks are over the same sliding windows that metering uses (whole seconds, a day by whole minutes), so that a number here and a limit
 * of the same size mean the same. Pure; memory is 16 bytes a message and 4 a recipient.
 */
import { domainOf } from '@sluice/shared/words/address.ts';
import { recipientKeyOf } from '../metering/recipient-key.ts';
import type { LogSender } from './events.ts';
import type { Passage } from './passages.ts';

export type LearnedRow = {
	readonly account: string;
	/** `mailbox:info@site1.test`, `unix:alice`, `relay`, `report`; absent on a row of an account. */
	readonly sender?: string;
	readonly messages: number;
	readonly recipients: number;
	/** Recipients that a receiver refused for good. */
	readonly failed: number;
	/** Most recipients in any window of that length. */
	readonly peakMinute: number;
	readonly peakHour: number;
	readonly peakDay: number;
	/** Most different recipients in any hour. */
	readonly peakHourDifferent: number;
	readonly mostRecipientsOfMessage: number;
	readonly firstMs: number;
	readonly lastMs: number;
	/** Where its scripts stood, most used first, at most three. */
	readonly directories: readonly string[];
};

export type Learned = {
	readonly accounts: readonly LearnedRow[];
	readonly senders: readonly LearnedRow[];
};

/** What turns a login or a user into an account; provisional names without it, as attribution makes them. */
export type AccountNames = {
	readonly ofDomain?: (domain: string) => string | undefined;
	readonly ofUser?: (user: string) => string | undefined;
	readonly nameOfUid?: (uid: number) => string | undefined;
};

type Sum = {
	readonly account: string;
	readonly sender?: string;
	seconds: number[];
	counts: number[];
	keys: number[];
	failed: number;
	readonly directories: Map<string, number>;
};

const directoriesMax = 1_000;

/** Stands for an account: what the MTA itself sent. */
export const reportsAccount = '(reports of the MTA)';

function senderText(sender: LogSender, { nameOfUid }: AccountNames): string {
	switch (sender.kind) {
		case 'mailbox':
			return `mailbox:${sender.login}`;
		case 'unix':
			return `unix:${sender.user ?? nameOfUid?.(sender.uid as number) ?? sender.uid}`;
		default:
			return sender.kind;
	}
}

function accountOf(passage: Passage, names: AccountNames): string {
	const { sender, account } = passage;
	if (account !== undefined) return account;
	switch (sender.kind) {
		case 'mailbox': {
			const domain = domainOf(sender.login);
			if (domain === '') return names.ofUser?.(sender.login) ?? `login:${sender.login}`;
			return names.ofDomain?.(domain) ?? `domain:${domain}`;
		}
		case 'unix': {
			const user = sender.user ?? names.nameOfUid?.(sender.uid as number);
			return user === undefined ? `uid:${sender.uid}` : (names.ofUser?.(user) ?? user);
		}
		case 'relay':
			return '(without login)';
		case 'report':
			return reportsAccount;
	}
}

const window = { minute: 60, hour: 3600, day: 86_400 } as const;

/** Most recipients in any `seconds` of `times`, which are in order. */
function peakOf(times: readonly number[], counts: readonly number[], seconds: number): number {
	let first = 0;
	let sum = 0;
	let most = 0;
	for (let last = 0; last < times.length; last++) {
		sum += counts[last] as number;
		while ((times[first] as number) <= (times[last] as number) - seconds) sum -= counts[first++] as number;
		most = Math.max(most, sum);
	}
	return most;
}

function peakDifferent(times: readonly number[], counts: readonly number[], keys: readonly number[]): number {
	const seen = new Map<number, number>();
	let first = 0;
	let firstKey = 0;
	let lastKey = 0;
	let most = 0;
	for (let last = 0; last < times.length; last++) {
		for (const end = lastKey + (counts[last] as number); lastKey < end; lastKey++) {
			const key = keys[lastKey] as number;
			seen.set(key, (seen.get(key) ?? 0) + 1);
		}
		while ((times[first] as number) <= (times[last] as number) - window.hour) {
			for (const end = firstKey + (counts[first++] as number); firstKey < end; firstKey++) {
				const key = keys[firstKey] as number;
				const left = (seen.get(key) as number) - 1;
				if (left === 0) seen.delete(key);
				else seen.set(key, left);
			}
		}
		most = Math.max(most, seen.size);
	}
	return most;
}

/** The log gives messages out as they end; windows want them as they came. */
function inOrder({ seconds, counts, keys }: Sum): { times: number[]; counts: number[]; keys: number[] } {
	const starts: number[] = [];
	let start = 0;
	for (const count of counts) {
		starts.push(start);
		start += count;
	}
	const order = seconds
		.map((_, index) => index)
		.sort((one, other) => (seconds[one] as number) - (seconds[other] as number));
	return {
		times: order.map((index) => seconds[index] as number),
		counts: order.map((index) => counts[index] as number),
		keys: order.flatMap((index) => keys.slice(starts[index], (starts[index] as number) + (counts[index] as number))),
	};
}

function rowOf(sum: Sum): LearnedRow {
	const { times, counts, keys } = inOrder(sum);
	const minutes = times.map((second) => Math.floor(second / 60) * 60);
	return {
		account: sum.account,
		...(sum.sender === undefined ? {} : { sender: sum.sender }),
		messages: times.length,
		recipients: keys.length,
		failed: sum.failed,
		peakMinute: peakOf(times, counts, window.minute),
		peakHour: peakOf(times, counts, window.hour),
		peakDay: peakOf(minutes, counts, window.day),
		peakHourDifferent: peakDifferent(times, counts, keys),
		mostRecipientsOfMessage: counts.reduce((most, count) => Math.max(most, count), 0),
		firstMs: (times[0] ?? 0) * 1000,
		lastMs: (times.at(-1) ?? 0) * 1000,
		directories: [...sum.directories]
			.sort(([, one], [, other]) => other - one)
			.slice(0, 3)
			.map(([directory]) => directory),
	};
}

export type Learning = { add(passage: Passage): void; result(): Learned };

export function createLearning(names: AccountNames = {}): Learning {
	const accounts = new Map<string, Sum>();
	const senders = new Map<string, Sum>();

	function sumOf(sums: Map<string, Sum>, account: string, sender?: string): Sum {
		const key = sender === undefined ? account : `${account} ${sender}`;
		const known = sums.get(key);
		if (known !== undefined) return known;
		const beside = sender === undefined ? {} : { sender };
		const made: Sum = { account, ...beside, seconds: [], counts: [], keys: [], failed: 0, directories: new Map() };
		sums.set(key, made);
		return made;
	}

	const byRecipients = (one: LearnedRow, other: LearnedRow): number =>
		other.recipients - one.recipients || (one.account < other.account ? -1 : 1);

	return {
		add(passage) {
			const account = accountOf(passage, names);
			const second = Math.floor(passage.atMs / 1000);
			const keys = passage.recipients.map(recipientKeyOf);
			for (const sum of [sumOf(accounts, account), sumOf(senders, account, senderText(passage.sender, names))]) {
				sum.seconds.push(second);
				sum.counts.push(keys.length);
				for (const key of keys) sum.keys.push(key);
				sum.failed += passage.failed;
				const { directory } = passage;
				if (directory === undefined || (sum.directories.size >= directoriesMax && !sum.directories.has(directory)))
					continue;
				sum.directories.set(directory, (sum.directories.get(directory) ?? 0) + 1);
			}
		},
		result: () => ({
			accounts: [...accounts.values()].map(rowOf).sort(byRecipients),
			senders: [...senders.values()].map(rowOf).sort(byRecipients),
		}),
	};
}
