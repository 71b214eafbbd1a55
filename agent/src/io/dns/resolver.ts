/**
 * Questions to the DNS, kept answers first.
 *
 * MX and addresses only, straight from the name servers: /etc/hosts and the system's own resolver have no say in where
 * mail goes. A smarthost may be written as an address or as `localhost`; those are answered here (RFC 6761 §6.3).
 * A and AAAA are asked side by side; one of them alone is an answer.
 *
 * How long answers hold: addresses by their TTL within bounds, MX for a fixed time (Node does not tell its TTL), "there
 * is none" for a minute, a failure for seconds. See answer-cache.ts for stale answers.
 *
 * Not here: the order of MX hosts, the null MX, implicit MX (core/routing). RFC 5321 §5.1, RFC 7505.
 */
import { Resolver as NameServers } from 'node:dns/promises';
import net from 'node:net';
import type { DnsAnswer, MxRecord, Resolver } from '../../ports/dns.ts';
import { type AddressRecord, combined } from './address-answer.ts';
import { createAnswerCache, type Kept } from './answer-cache.ts';
import { type Outcome, outcomeOf } from './question.ts';
import { createTurns } from './turns.ts';

export type ResolverSettings = {
	/** `address` or `address:port`, IPv6 in brackets; empty: those of the system. */
	readonly servers: readonly string[];
	/** Names kept, of each kind. */
	readonly cacheMax: number;
	/** Bounds for the TTL of addresses. */
	readonly ttlMinMs: number;
	readonly ttlMaxMs: number;
	readonly mxTtlMs: number;
	/** How long "there is none" holds. */
	readonly negativeTtlMs: number;
	/** How long a failure of the name servers holds. */
	readonly temporaryTtlMs: number;
	/** How long a found answer is used beyond its time while the name servers fail. */
	readonly staleMs: number;
	/** Of one try; there are up to `TRIES` of them, each server in turn. */
	readonly timeoutMs: number;
	/**
	 * Questions under way at once; more wait for their turn. So many that mail to names nobody answers for, each of whose questions
	 * stays for some 15 s, does not stand before everybody else's: all deliveries at once ask fewer (500 × 10).
	 */
	readonly questionsMax: number;
	readonly now: () => number;
};

export const resolverDefaults: ResolverSettings = {
	servers: [],
	cacheMax: 20_000,
	ttlMinMs: 5_000,
	ttlMaxMs: 3_600_000,
	mxTtlMs: 300_000,
	negativeTtlMs: 60_000,
	temporaryTtlMs: 5_000,
	staleMs: 3_600_000,
	timeoutMs: 3_000,
	questionsMax: 5_000,
	now: () => performance.now(),
};

const TRIES = 3;
/** Records of one answer that are looked at. */
const RECORDS_MAX = 64;

/** A resolver with its own cache. Throws when a server is not an address. */
export function createResolver(given: Partial<ResolverSettings> = {}): Resolver {
	const settings: ResolverSettings = { ...resolverDefaults, ...given };
	const servers = new NameServers({ timeout: settings.timeoutMs, tries: TRIES, maxTimeout: settings.timeoutMs * 2 });
	if (settings.servers.length > 0) servers.setServers(settings.servers);
	const cacheSettings = {
		entriesMax: settings.cacheMax,
		staleMs: settings.staleMs,
		temporaryMs: settings.temporaryTtlMs,
		now: settings.now,
	};
	const mxCache = createAnswerCache<MxRecord>(cacheSettings);
	const addressCache = createAnswerCache<string>(cacheSettings);
	const turns = createTurns(settings.questionsMax);
	let isStopped = false;

	async function ask<T>(question: () => Promise<readonly T[]>): Promise<Outcome<T>> {
		return await turns.take(async () => {
			if (isStopped) return { ok: false, error: { kind: 'temporary', detail: 'stopped' } };
			return await outcomeOf(question(), RECORDS_MAX);
		});
	}

	async function askMx(domain: string): Promise<Kept<MxRecord>> {
		const outcome = await ask(() => servers.resolveMx(domain));
		if (!outcome.ok) return { answer: outcome, forMs: settings.negativeTtlMs };
		const value = outcome.value.map(({ priority, exchange }) => ({
			preference: priority,
			exchange: withoutRootDot(exchange),
		}));
		return { answer: { ok: true, value }, forMs: settings.mxTtlMs };
	}

	async function askAddresses(host: string): Promise<Kept<string>> {
		const outcomes = await Promise.all([
			ask<AddressRecord>(() => servers.resolve4(host, { ttl: true })),
			ask<AddressRecord>(() => servers.resolve6(host, { ttl: true })),
		]);
		return combined(outcomes, settings);
	}

	return {
		mx(domain) {
			const name = nameOf(domain);
			return mxCache.answerOf(name, () => askMx(name));
		},
		addresses(host): Promise<DnsAnswer<string>> {
			const name = nameOf(host);
			const known = knownAddresses(name);
			if (known !== undefined) return Promise.resolve({ ok: true, value: known });
			return addressCache.answerOf(name, () => askAddresses(name));
		},
		stop() {
			isStopped = true;
			servers.cancel();
			mxCache.clear();
			addressCache.clear();
		},
	};
}

const withoutRootDot = (name: string): string => (name.endsWith('.') ? name.slice(0, -1) : name);
const nameOf = (written: string): string => withoutRootDot(written.toLowerCase());

/** Addresses that need no question: literals, with or without the brackets of RFC 5321 §4.1.3, and this machine. */
function knownAddresses(host: string): readonly string[] | undefined {
	const literal = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1).replace(/^ipv6:/, '') : host;
	if (net.isIP(literal) !== 0) return [literal];
	if (host === 'localhost' || host.endsWith('.localhost')) return ['127.0.0.1', '::1'];
	return undefined;
}
