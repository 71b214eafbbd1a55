/**
 * Answers kept for a while: found ones, the knowledge that there is none, and for a moment that nobody could say.
 *
 * An entry is fresh until its time is up. A found answer is kept longer than that, as stale: it is better than none when
 * the name server fails (RFC 8767), and worth nothing as long as it answers. Bounded: the entry not asked for longest goes.
 * Concurrent questions of one name are one question.
 *
 * Not here: what is asked and how long an answer holds (resolver.ts). RFC 2308 §5, RFC 8767 §4.
 */
import type { DnsAnswer } from '../../ports/dns.ts';

/** An answer and how long it may be used. */
export type Kept<T> = { readonly answer: DnsAnswer<T>; readonly forMs: number };

export type AnswerCacheSettings = {
	/** Names kept. */
	readonly entriesMax: number;
	/** How long a found answer may be used beyond its time while the name server fails. */
	readonly staleMs: number;
	/** How long a failure of the name server is believed. */
	readonly temporaryMs: number;
	/** Milliseconds that only grow. */
	readonly now: () => number;
};

type Entry<T> = { readonly answer: DnsAnswer<T>; readonly freshUntil: number; readonly usableUntil: number };

export type AnswerCache<T> = {
	/** The answer kept under `name`, or the one that `ask` brings. `ask` must not reject. */
	readonly answerOf: (name: string, ask: () => Promise<Kept<T>>) => Promise<DnsAnswer<T>>;
	readonly clear: () => void;
	readonly size: number;
};

export function createAnswerCache<T>(settings: AnswerCacheSettings): AnswerCache<T> {
	/** The name not asked for longest comes first. */
	const entries = new Map<string, Entry<T>>();
	const underWay = new Map<string, Promise<DnsAnswer<T>>>();

	function put(name: string, entry: Entry<T>): void {
		entries.delete(name);
		entries.set(name, entry);
		for (const oldest of entries.keys()) {
			if (entries.size <= settings.entriesMax) break;
			entries.delete(oldest);
		}
	}

	function take(name: string, kept: Kept<T>): DnsAnswer<T> {
		const now = settings.now();
		const { answer } = kept;
		const isTemporary = !answer.ok && answer.error.kind === 'temporary';
		const freshUntil = now + (isTemporary ? Math.min(kept.forMs, settings.temporaryMs) : kept.forMs);
		const before = entries.get(name);
		if (isTemporary && before?.answer.ok && before.usableUntil > now) {
			put(name, { ...before, freshUntil });
			return before.answer;
		}
		put(name, { answer, freshUntil, usableUntil: answer.ok ? freshUntil + settings.staleMs : freshUntil });
		return answer;
	}

	return {
		answerOf(name, ask) {
			const entry = entries.get(name);
			if (entry !== undefined && entry.freshUntil > settings.now()) {
				put(name, entry);
				return Promise.resolve(entry.answer);
			}
			const joined = underWay.get(name);
			if (joined !== undefined) return joined;
			const asked = ask().then((kept) => {
				underWay.delete(name);
				return take(name, kept);
			});
			underWay.set(name, asked);
			return asked;
		},
		clear: () => entries.clear(),
		get size() {
			return entries.size;
		},
	};
}
