/**
 * Receivers for the simulation: each domain has a temper, and what a receiver has taken is counted by message and recipient.
 */
import type { Resolver } from '@sluice/agent/ports/dns.ts';
import type {
	Dialer,
	DialTarget,
	OutboundConnection,
	OutboundMessage,
	TransactionReport,
} from '@sluice/agent/ports/smtp-out.ts';
import { domainOf } from '@sluice/shared/words/address.ts';
import { type Reply, reply } from '@sluice/shared/words/reply.ts';
import type { SimulatedClock } from './clock.ts';

export const tempers = ['kind', 'moody', 'strict', 'greylist', 'breaks', 'down', 'one-at-a-time'] as const;
export type Temper = (typeof tempers)[number];

export type SimulatedInternet = {
	readonly resolver: Resolver;
	readonly dialer: Dialer;
	/** How often a receiver took a message for a recipient: `token recipient`. */
	readonly taken: ReadonlyMap<string, number>;
	/** Reports that senders got: `token recipient kind`. */
	readonly reports: ReadonlyMap<string, number>;
	/** Transactions under way, by destination, and the most there ever were. */
	readonly busiest: () => number;
	/** The network of a dead agent: its answers reach nobody. */
	cut(): void;
};

const tokenOf = (message: OutboundMessage): string =>
	/X-Token: (\S+)/.exec(Buffer.concat(message.chunks).toString('latin1'))?.[1] ?? '';

export function simulatedInternet(clock: SimulatedClock, random: () => number): SimulatedInternet {
	const taken = new Map<string, number>();
	const reports = new Map<string, number>();
	const tries = new Map<string, number>();
	let generation = 0;
	let busy = 0;
	let busiest = 0;

	const count = (map: Map<string, number>, key: string): void => void map.set(key, (map.get(key) ?? 0) + 1);
	const wait = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));
	const temperOf = (domain: string): Temper => tempers.find((temper) => domain.startsWith(temper)) ?? 'kind';

	const ok = reply(250, '2.0.0', 'Ok');
	const answerTo = (temper: Temper, key: string): Reply => {
		const tried = (tries.get(key) ?? 0) + 1;
		tries.set(key, tried);
		switch (temper) {
			case 'moody':
				return random() < 0.4 ? reply(451, '4.3.0', 'not now') : ok;
			case 'strict':
				return random() < 0.5 ? reply(550, '5.1.1', 'no such user') : ok;
			case 'greylist':
				return tried < 3 ? reply(451, '4.7.1', 'greylisted, try again') : ok;
			default:
				return ok;
		}
	};

	const take = (message: OutboundMessage, recipients: readonly string[]): void => {
		const text = Buffer.concat(message.chunks).toString('latin1');
		if (message.envelope.reversePath === '' && text.includes('report-type=delivery-status')) {
			// A report of ours: what it tells, by the original's token (in the returned header) and final recipient.
			const about = [...text.matchAll(/X-Token: (\S+)/g)].at(-1)?.[1] ?? '';
			const action = /Action: (\w+)/.exec(text)?.[1] ?? '';
			for (const [, address] of text.matchAll(/Final-Recipient: rfc822; ?(\S+)/gi))
				count(reports, `${about} ${address} ${action}`);
			return;
		}
		for (const recipient of recipients) count(taken, `${tokenOf(message)} ${recipient}`);
	};

	const transact = async (target: DialTarget, message: OutboundMessage): Promise<TransactionReport> => {
		const mine = generation;
		const temper = temperOf(target.host);
		busy += 1;
		busiest = Math.max(busiest, busy);
		await wait(5 + random() * 200);
		busy -= 1;
		if (mine !== generation) return new Promise(() => {});
		let accepted = 0;
		const replies = message.recipients.map(({ address }) => {
			if (temper === 'one-at-a-time' && accepted >= 1) return reply(452, '4.5.3', 'too many recipients');
			const answer = answerTo(temper, `${tokenOf(message)} ${address}`);
			if (answer.code === 250) accepted += 1;
			return answer;
		});
		const good = message.recipients.filter((_, index) => replies[index]?.code === 250).map(({ address }) => address);
		if (good.length === 0) return { mail: ok, recipients: replies, data: reply(554, '5.5.1', 'no valid recipients') };
		if (temper === 'breaks' && random() < 0.5) {
			const stage = (['rcpt', 'body', 'end'] as const)[Math.floor(random() * 3)] ?? 'end';
			return { mail: ok, recipients: stage === 'rcpt' ? [] : replies, lost: { stage, error: 'ECONNRESET' } };
		}
		take(message, good);
		// It has been taken; the answer travels on. An agent that dies now will send it again.
		await wait(random() * 50);
		if (mine !== generation) return new Promise(() => {});
		return { mail: ok, recipients: replies, data: reply(354, undefined, 'go'), end: ok };
	};

	const connectionTo = (target: DialTarget): OutboundConnection => {
		let transactions = 0;
		return {
			target,
			greetingName: target.host,
			ehloName: target.host,
			extensions: { pipelining: true, eightBitMime: true, smtpUtf8: true, dsn: false },
			get transactions() {
				return transactions;
			},
			usable: true,
			close: () => {},
			async transact(message) {
				transactions += 1;
				return transact(target, message);
			},
		};
	};

	return {
		taken,
		reports,
		busiest: () => busiest,
		cut() {
			generation += 1;
			busy = 0;
		},
		resolver: {
			async mx(domain) {
				if (domain.startsWith('nodomain')) return { ok: false, error: { kind: 'none', detail: 'NXDOMAIN' } };
				return { ok: true, value: [{ preference: 10, exchange: domain }] };
			},
			async addresses(host) {
				if (host.startsWith('nodomain')) return { ok: false, error: { kind: 'none', detail: 'NXDOMAIN' } };
				return { ok: true, value: ['198.41.0.4'] };
			},
			stop: () => {},
		},
		dialer: {
			connections: 0,
			async connect(target) {
				const mine = generation;
				await wait(1 + random() * 20);
				if (mine !== generation) return new Promise(() => {});
				// Down for the first six hours.
				if (temperOf(domainOf(`x@${target.host}`)) === 'down' && clock.now() % 86_400_000 < 6 * 3_600_000)
					return { ok: false, error: { stage: 'connect', error: 'connect ECONNREFUSED' } };
				return { ok: true, value: connectionTo(target) };
			},
			giveBack: () => {},
			stop: async () => {},
		},
	};
}
