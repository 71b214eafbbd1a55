/**
 * Notices: mail of ours to people, made from events, one an occasion and never a flood.
 *
 * A sender is told once when its mail begins to wait; only at a mailbox that it has proved, never at an address that it merely wrote.
 * Administrators get what comes together in one letter, and not another within a quarter of an hour. A notice goes into the spool like
 * any report: durable, by way of the MTA, with the null reverse-path, so that nothing answers it. Not here: what an event says (flow),
 * the words (core/notice), MIME (io/composer).
 */
import { domainOf, nullSender } from '@sluice/shared/words/address.ts';
import type { SluiceEvent } from '@sluice/shared/words/events.ts';
import type { LimitRule } from '@sluice/shared/words/limits.ts';
import { scopeOf } from '@sluice/shared/words/limits.ts';
import { type MessageRecord, messageIdOf } from '@sluice/shared/words/message.ts';
import type { NoticeSettings } from '../core/notice/settings.ts';
import {
	episodeText,
	goneText,
	type NoticeText,
	ownerText,
	type Place,
	type Warning,
	warningsText,
} from '../core/notice/text.ts';
import { queuedMessageOf } from '../core/scheduling/queued-message.ts';
import type { Timer } from '../ports/clock.ts';
import type { Composer } from '../ports/composer.ts';
import { type Flow, reportError } from './context.ts';

export type Notices = {
	hear(event: SluiceEvent): void;
	/** Resolves when what was begun is in the spool. */
	settled(): Promise<void>;
	stop(): void;
};

/** Warnings that come together make one letter. */
const gatherMs = 60_000;
/** Between two letters to the administrators. */
const quietMs = 15 * 60_000;
/** Named in one letter; the rest is counted. */
const namedMax = 50;
/** Letters an hour to senders and owners in all: a bound, should everything go wrong at once. */
const lettersAnHourMax = 500;
/** Of them about one account: who lets its mail wait again and again takes no letter from others. */
const lettersOfAccountMax = 20;

export function createNotices(flow: Flow, composer: Composer): Notices {
	let gathered: Warning[] = [];
	let left = 0;
	let timer: Timer | undefined;
	let lastLetterMs = Number.NEGATIVE_INFINITY;
	let hourBeganMs = 0;
	let lettersThisHour = 0;
	const lettersOf = new Map<string, number>();
	let working: Promise<void> = Promise.resolve();

	const settings = (): NoticeSettings => flow.settings().notices;
	const place = (): Place => ({ zone: settings().zone, hostName: flow.settings().hostName });

	function post(to: string, about: string, notice: NoticeText): void {
		working = working.then(() => send(flow, composer, { to, about, notice }));
	}

	function mayWrite(account: string): boolean {
		const now = flow.clock.monotonic();
		if (now - hourBeganMs >= 3_600_000) {
			hourBeganMs = now;
			lettersThisHour = 0;
			lettersOf.clear();
		}
		const count = (lettersOf.get(account) ?? 0) + 1;
		if (count > lettersOfAccountMax || lettersThisHour >= lettersAnHourMax) return false;
		lettersOf.set(account, count);
		lettersThisHour += 1;
		return true;
	}

	function tellAdministrators(): void {
		timer = undefined;
		const warnings = gathered;
		const more = left;
		gathered = [];
		left = 0;
		if (warnings.length === 0) return;
		lastLetterMs = flow.clock.monotonic();
		for (const to of settings().to) post(to, 'limits', warningsText(warnings, more, place()));
	}

	function gather(warning: Warning): void {
		if (settings().to.length === 0) return;
		if (gathered.length < namedMax) gathered.push(warning);
		else left += 1;
		const waitMs = Math.max(gatherMs, lastLetterMs + quietMs - flow.clock.monotonic());
		timer ??= flow.clock.after(waitMs, tellAdministrators);
	}

	function warn(event: SluiceEvent): void {
		// A rule that is only watched harms nobody: it is in the events and on the page.
		if (event.mode !== 'enforce') return;
		const warning = warningOf(event);
		if (warning === undefined) return;
		gather(warning);
		// How full a pool is that it shares with others is none of a customer's business.
		if (!settings().owners || warning.level === 'server' || warning.level === 'reseller') return;
		const contact = contactOf(flow, warning.account);
		if (contact !== undefined && mayWrite(warning.account))
			post(contact, `limit ${warning.level} ${warning.id}`, ownerText(warning, place()));
	}

	function tellSender(event: SluiceEvent): void {
		if (event.state !== 'began' || !settings().senders) return;
		const to = senderOf(flow, event);
		if (to === undefined || !mayWrite(String(event.account ?? ''))) return;
		const until = typeof event.until === 'string' ? Date.parse(event.until) : Number.NaN;
		const episode = {
			rule: event.rule as LimitRule,
			value: Number(event.value),
			waiting: Number(event.waiting),
			...(Number.isNaN(until) ? {} : { untilMs: until }),
		};
		post(to, `waiting mail of ${event.account}`, episodeText(episode, place()));
	}

	function tellGone(event: SluiceEvent): void {
		const discarded = Number(event.discarded ?? 0);
		if (event.change !== 'gone' || !(discarded > 0)) return;
		for (const to of settings().to)
			post(to, `account ${event.account}`, goneText(String(event.account), discarded, place()));
	}

	return {
		hear(event) {
			switch (event.event) {
				case 'limit.warning':
				case 'limit.reached':
					return warn(event);
				case 'limit.episode':
					return tellSender(event);
				case 'account.changed':
					return tellGone(event);
				default:
			}
		},
		settled: () => working,
		stop: () => timer?.cancel(),
	};
}

function warningOf(event: SluiceEvent): Warning | undefined {
	if (typeof event.scope !== 'string') return undefined;
	const { level, id } = scopeOf(event.scope);
	const resetsMs = typeof event.resets === 'string' ? Date.parse(event.resets) : Number.NaN;
	return {
		level,
		id,
		account: String(event.account ?? ''),
		rule: event.rule as LimitRule,
		value: Number(event.value),
		used: Number(event.used),
		isReached: event.event === 'limit.reached',
		origin: String(event.origin ?? 'the administrator'),
		...(Number.isNaN(resetsMs) ? {} : { resetsMs }),
	};
}

/** The mailbox that logged in, or whom the panel names for the account. */
function senderOf(flow: Flow, { identity, account }: SluiceEvent): string | undefined {
	const mailbox =
		typeof identity === 'string' && identity.startsWith('mailbox:') ? identity.slice('mailbox:'.length) : '';
	if (domainOf(mailbox) !== '') return plainAddress.test(mailbox) ? mailbox : undefined;
	return typeof account === 'string' ? contactOf(flow, account) : undefined;
}

/** A customer writes it in his panel: what is no plain address would be words of ours to the MTA. */
const plainAddress = /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}$/;

function contactOf({ accounts }: Flow, key: string): string | undefined {
	const contact = accounts.find(key)?.contact;
	return contact !== undefined && plainAddress.test(contact) ? contact : undefined;
}

let sequence = 0;

type Posted = { readonly to: string; readonly about: string; readonly notice: NoticeText };

/** Into the spool, and from there as any mail. Never rejects: a notice that cannot be stored is said in the log. */
async function send(flow: Flow, composer: Composer, { to, about, notice }: Posted): Promise<void> {
	const nowMs = flow.clock.now();
	const { hostName, notices, reportsHaveRoute } = flow.settings();
	sequence = (sequence + 1) % 2 ** 18;
	// Above the ids of reports, which count down from the top.
	const id = messageIdOf(nowMs, 2 ** 19 + sequence);
	try {
		const headerId = `${id}.notice@${hostName}`;
		const content = await composer.compose({ from: notices.from, to, ...notice, id: headerId, atMs: nowMs });
		const record: MessageRecord = {
			id,
			acceptedMs: nowMs,
			envelope: {
				reversePath: nullSender,
				recipients: [{ address: to, notify: ['NEVER'] }],
				has8bit: false,
				smtpUtf8: false,
			},
			origin: { peerAddress: '127.0.0.1', helo: hostName, protocol: 'ESMTP' },
			attribution: {
				account: '',
				class: 'dsn',
				certainty: 'proved',
				from: `our own notice about ${about}`,
				hint: { domain: hostName, address: nullSender },
				alarms: [],
			},
			verdict: { action: 'accept', reasons: [] },
			initial: 'queued',
			bodyBytes: content.length,
			cuts: [],
			subject: notice.subject,
			headerFrom: notices.from,
			headerId: `<${headerId}>`,
			about: id,
			hops: 0,
		};
		const ref = await flow.spool.append(record, [content]);
		flow.scheduler.add(queuedMessageOf(record, ref, reportsHaveRoute), nowMs);
		flow.wake();
		flow.events.emit({ event: 'notice.sent', atMs: nowMs, message: id, to, about, subject: notice.subject });
	} catch (error) {
		reportError(flow, 'notice', error, 'spoolWrite');
	}
}
