/**
 * What providers said, as a batch gathers it, and its way into the tables of stats.db.
 *
 * Whoever sends mail chooses whose servers are tried, and so which names would be counted: beside the providers that are known by name
 * so many others an hour or day have rows of their own, those that were met first; the rest is counted without a name.
 */
import type { Transition } from '@sluice/shared/words/message.ts';
import { replyText } from '@sluice/shared/words/reply.ts';
import { isOwnReply } from '../../core/delivery/own-replies.ts';
import { isKnownProvider, providerOf } from '../../core/reputation/provider.ts';
import type { Answers } from '../../ports/stats.ts';
import type { Database } from './sqlite.ts';
import { answerTables } from './stats-database.ts';
import { stepBegin } from './stats-steps.ts';

/** Providers of an hour or day that have rows of their own, beside the known ones. */
export const providersOfStepMax = 100;
/** Characters of a refusal that are kept. */
const replyCharsMax = 300;
const hostsMax = 5_000;
/** Steps of which it is remembered who has rows: the present ones, and some before. */
const rememberedMax = 8;

const sizes = ['hour', 'day'] as const;
type Size = (typeof sizes)[number];
type Result = Answers['result'];

export type GatheredAnswers = {
	readonly isEmpty: boolean;
	add(step: Transition, host: string): void;
	/** Within a transaction. */
	write(): void;
	/** Forgets what has been gathered. */
	clear(): void;
};

type Gathered = { readonly second: number; readonly provider: string; readonly result: Result; readonly cause: string };

const resultOf: { readonly [state in Transition['to']]?: Result } = {
	delivered: 'delivered',
	queued: 'deferred',
	// The last of many deferrals.
	expired: 'deferred',
	bounced: 'bounced',
};

export function gatherAnswers(database: Database): GatheredAnswers {
	const putReply = database.prepare(`
		INSERT INTO replies VALUES (?, ?, ?)
		ON CONFLICT (provider) DO UPDATE SET second = excluded.second, reply = excluded.reply
		WHERE excluded.second >= second`);
	const tables = { hour: answerTable(database, 'hour'), day: answerTable(database, 'day') };
	const providers = new Map<string, string>();
	const sums = new Map<string, Gathered & { recipients: number }>();
	const replies = new Map<string, { readonly second: number; readonly reply: string }>();

	function providerNamed(host: string): string {
		const space = host.indexOf(' ');
		const name = space < 0 ? host : host.slice(0, space);
		const known = providers.get(name);
		if (known !== undefined) return known;
		if (providers.size >= hostsMax) providers.clear();
		const provider = providerOf(name);
		providers.set(name, provider);
		return provider;
	}

	return {
		get isEmpty() {
			return sums.size === 0;
		},
		add({ to, atMs, cause = '', reply }, host) {
			const result = resultOf[to];
			if (result === undefined) return;
			const provider = providerNamed(host);
			const second = stepBegin('hour', Math.floor(atMs / 1000));
			const why = result === 'delivered' ? '' : cause;
			const key = `${second} ${result} ${why} ${provider}`;
			const sum = sums.get(key);
			if (sum === undefined) sums.set(key, { second, provider, result, cause: why, recipients: 1 });
			else sum.recipients += 1;
			if (result === 'delivered' || reply === undefined || isOwnReply(reply)) return;
			replies.set(provider, { second: Math.floor(atMs / 1000), reply: replyText(reply).slice(0, replyCharsMax) });
		},
		write() {
			const named = new Set<string>();
			for (const { second, provider, result, cause, recipients } of sums.values())
				for (const size of sizes)
					if (tables[size].add(stepBegin(size, second), { provider, result, cause, recipients })) named.add(provider);
			for (const [provider, { second, reply }] of replies)
				if (named.has(provider)) putReply.run(provider, second, reply);
		},
		clear() {
			sums.clear();
			replies.clear();
		},
	};
}

/** `add` returns whether the provider has rows of its own in that step. */
function answerTable(database: Database, size: Size): { add(step: number, answers: Answers): boolean } {
	const table = answerTables[size];
	const put = database.prepare(`
		INSERT INTO ${table} VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (step, provider, result, cause) DO UPDATE SET recipients = recipients + excluded.recipients`);
	const namesOf = database.prepare(`SELECT DISTINCT provider FROM ${table} WHERE step = ?`);
	/** Strangers that have rows, by step. What a failed commit leaves in here takes room, no more. */
	const strangers = new Map<number, Set<string>>();

	function strangersOf(step: number): Set<string> {
		const known = strangers.get(step);
		if (known !== undefined) return known;
		for (const [oldest] of strangers) {
			if (strangers.size < rememberedMax) break;
			strangers.delete(oldest);
		}
		const names = namesOf.all(step).map(([name]) => name as string);
		const found = new Set(names.filter((name) => name !== '' && !isKnownProvider(name)));
		strangers.set(step, found);
		return found;
	}

	function hasRoom(step: number, provider: string): boolean {
		if (isKnownProvider(provider)) return true;
		const met = strangersOf(step);
		if (!met.has(provider) && met.size >= providersOfStepMax) return false;
		met.add(provider);
		return true;
	}

	return {
		add(step, { provider, result, cause, recipients }) {
			const isNamed = hasRoom(step, provider);
			put.run(step, isNamed ? provider : '', result, cause, recipients);
			return isNamed;
		},
	};
}
