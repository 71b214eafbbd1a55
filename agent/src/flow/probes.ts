/**
 * Probe domains that the agent was told of, and what came for them.
 *
 * In memory and bounded in number, in messages and in time: after a restart nothing is a probe any more, and what was under way is dropped.
 * A message is a probe when all of its recipients are in known domains and the kernel proves that root or the MTA handed it over; the
 * standing domain of the watch is for root's processes alone, so that no tenant has a way past limits that is always open. Everything else
 * for such a domain goes the way of all mail.
 *
 * Not here: taking one (accept-probe.ts), its end (deliver-probe.ts), who may tell of a domain (the REST API: administrators).
 */
import { domainOf } from '@sluice/shared/words/address.ts';
import type { Envelope } from '@sluice/shared/words/envelope.ts';
import type { MessageId, MessageRecord } from '@sluice/shared/words/message.ts';
import { probeMessagesMax, probesMax, watchProbeDomain } from '@sluice/shared/words/probe.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { Clock } from '../ports/clock.ts';
import type { SmtpSession } from '../ports/smtp-in.ts';

export type ProbeMail = {
	readonly record: MessageRecord;
	state: 'queued' | 'delivered' | 'discarded';
	/** What the sink answered, or why it was dropped. */
	text: string;
};

export type Probe = {
	readonly domain: string;
	/** Port on the loopback; absent: mail is dropped once it is stored. */
	readonly sink?: number;
	/** Epoch ms. */
	readonly untilMs: number;
	readonly mail: readonly ProbeMail[];
};

export type Probes = {
	/** A domain that is known already begins anew. */
	put(domain: string, told: { readonly sink?: number; readonly seconds: number }): Result<Probe, 'full' | 'standing'>;
	remove(domain: string): Probe | undefined;
	find(domain: string): Probe | undefined;
	list(): readonly Probe[];
	/** The message that is being handed over is a probe. */
	takes(session: Pick<SmtpSession, 'peer' | 'credential'>, envelope: Pick<Envelope, 'recipients'>): boolean;
	/** It was stored, or is about to be. */
	note(record: MessageRecord): void;
	ended(id: MessageId, state: 'delivered' | 'discarded', text: string): void;
};

type Known = Omit<Probe, 'mail'> & { readonly mail: ProbeMail[] };

export function createProbes(clock: Pick<Clock, 'now'>): Probes {
	const known = new Map<string, Known>();

	const forgetEnded = (): void => {
		const nowMs = clock.now();
		for (const [domain, { untilMs }] of known) if (untilMs <= nowMs) known.delete(domain);
	};
	const find = (domain: string): Known | undefined => {
		forgetEnded();
		return known.get(domain);
	};
	const hasRoom = (domain: string): boolean => (find(domain)?.mail.length ?? probeMessagesMax) < probeMessagesMax;

	return {
		put(domain, { sink, seconds }) {
			if (domain === watchProbeDomain) return failed('standing');
			forgetEnded();
			if (!known.has(domain) && known.size >= probesMax) return failed('full');
			const untilMs = clock.now() + seconds * 1000;
			const probe: Known = { domain, untilMs, mail: [], ...(sink === undefined ? {} : { sink }) };
			known.set(domain, probe);
			return ok(probe);
		},
		remove(domain) {
			const probe = find(domain);
			known.delete(domain);
			return probe;
		},
		find,
		list() {
			forgetEnded();
			return [...known.values()];
		},
		takes({ peer, credential }, { recipients }) {
			const [first] = recipients;
			if (!peer.proved || credential !== undefined || first === undefined) return false;
			if (domainOf(first.address) === watchProbeDomain) return recipients.length === 1 && peer.uid === 0;
			return known.size > 0 && recipients.every(({ address }) => hasRoom(domainOf(address)));
		},
		note(record) {
			const domains = new Set(record.envelope.recipients.map(({ address }) => domainOf(address)));
			for (const domain of domains) find(domain)?.mail.push({ record, state: 'queued', text: '' });
		},
		ended(id, state, text) {
			for (const { mail } of known.values())
				for (const one of mail)
					if (one.record.id === id) {
						one.state = state;
						one.text = text;
					}
		},
	};
}
