/**
 * The customer's page: what waits for its OK, what waits for a limit, how much it may send, its latest messages, its domains.
 *
 * In the words of somebody who writes mail. The agent's reason is shown only where the hold leaves the decision to the owner: then it
 * was written for the owner. A limit that only watches is none here: nothing happens when it is passed.
 */
import type { AccountDto } from '../../contract/account-operations.ts';
import type { LimitsView } from '../../contract/limit-shapes.ts';
import type { MessageSummaryDto } from '../../contract/shapes.ts';
import type { OpenGroupDto, SelfDto } from '../../contract/view-operations.ts';
import { suspendedRule } from '../../words/account.ts';
import type { LimitRule } from '../../words/limits.ts';
import { near } from '../text/times.ts';
import { barFor } from './cell.ts';
import { type ActButton, groupActs } from './mail-act.ts';
import type { May } from './may.ts';
import { type MessageRow, messageRow } from './message-list.ts';
import { noQuery } from './message-query.ts';
import { effectiveFor } from './rule-words.ts';
import type { Tone } from './state-mark.ts';
import type { Bar } from './usage-bar.ts';
import type { Words } from './words.ts';

export type OwnNote = {
	readonly tone: Tone;
	readonly sign: string;
	readonly title: string;
	readonly lines: readonly string[];
	readonly messages: readonly { readonly path: string; readonly subject: string; readonly to: string }[];
	readonly acts: readonly ActButton[];
};

export type OwnLimit = { readonly title: string; readonly bar: Bar; readonly text: string };

export type OwnAccount = {
	/** Absent where there is only one. */
	readonly name?: string;
	readonly limits: readonly OwnLimit[];
	readonly origin: string;
};

export type Outgoing = {
	readonly notes: readonly OwnNote[];
	readonly rows: readonly MessageRow[];
	readonly accounts: readonly OwnAccount[];
	readonly isLimited: boolean;
	readonly domains: readonly string[];
	readonly domainsSay: string;
};

export type OutgoingFacts = {
	readonly held: readonly OpenGroupDto[];
	readonly waiting: readonly OpenGroupDto[];
	readonly messages: readonly MessageSummaryDto[];
	readonly accounts: readonly { readonly account: AccountDto; readonly view: LimitsView }[];
	readonly ownership: SelfDto['ownership'];
};

const isLeft = (group: OpenGroupDto, may: May): boolean =>
	(group.ownerMayRelease && may.release !== 'none') || (group.ownerMayDiscard && may.discard !== 'none');

/** The oldest messages of a group, with those whom they are for. */
const messagesOf = ({ first }: OpenGroupDto, { t, base }: Words): OwnNote['messages'] =>
	first.map(({ id, subject, recipient }) => ({
		path: `${base}/messages/${id}`,
		subject: subject === '' ? t.noSubject : subject,
		to: recipient,
	}));

/** Why mail was stopped that only somebody else can let go. */
function stoppedWhy({ rule }: OpenGroupDto, { t }: Words): string {
	if (rule === suspendedRule) return t.stoppedWhy.suspended;
	if (rule.startsWith('ownership.')) return t.stoppedWhy.ownership;
	return rule.startsWith('limit.') ? t.stoppedWhy.size : t.stoppedWhy.held;
}

function heldNote(group: OpenGroupDto, may: May, words: Words): OwnNote {
	const { t, zoned, nowMs } = words;
	const until = near(zoned, Date.parse(group.until), nowMs);
	const mayRelease = group.ownerMayRelease && may.release !== 'none';
	return {
		tone: 'hold',
		sign: 'pause',
		title: mayRelease ? t.okTitle(group.messages) : t.stoppedTitle(group.messages),
		lines: [
			mayRelease ? t.okWhy : stoppedWhy(group, words),
			...(mayRelease && group.text !== '' ? [t.okTheirWords(group.text)] : []),
			t.okUntil(until),
		],
		messages: messagesOf(group, words),
		acts: isLeft(group, may) ? groupActs(group, 'home', may, words) : [],
	};
}

/** All that waits for a limit is one note: it leaves by itself. */
function waitingNote(groups: readonly OpenGroupDto[], may: May, words: Words): readonly OwnNote[] {
	const { t, zoned, nowMs } = words;
	const [group] = groups;
	if (group === undefined) return [];
	const untilMs = Math.max(...groups.map(({ until }) => Date.parse(until)));
	return [
		{
			tone: 'wait',
			sign: 'clock',
			title: t.waitsTitle(groups.reduce((sum, { messages }) => sum + messages, 0)),
			lines: [t.waitsWhy, t.waitsUntilOwn(near(zoned, untilMs, nowMs))],
			messages: groups.flatMap((one) => messagesOf(one, words)).slice(0, 3),
			acts: groups.length === 1 && isLeft(group, may) ? groupActs(group, 'home', may, words) : [],
		},
	];
}

/** Only what is enforced: what watches stops nothing. */
const enforced = (view: LimitsView): LimitsView => ({
	...view,
	effective: view.effective.filter(({ mode }) => mode === 'enforce'),
});

function ownAccount(account: AccountDto, told: LimitsView, isOnly: boolean, { t }: Words): OwnAccount {
	const view = enforced(told);
	const line = (rule: LimitRule, title: string): OwnLimit => {
		const bar = barFor({ account, view, rule }, t);
		return { title, bar, text: bar.label };
	};
	const limited = effectiveFor(view, 'hour.recipients') ?? effectiveFor(view, 'day.recipients');
	return {
		...(isOnly ? {} : { name: account.name }),
		limits: [line('hour.recipients', t.ownHour), line('day.recipients', t.ownDay)],
		origin: limited === undefined ? t.ownNoLimits : t.ownOrigins[limited.origin.level](limited.origin.id),
	};
}

export function outgoingOf(facts: OutgoingFacts, may: May, words: Words): Outgoing {
	const { t } = words;
	const { held, waiting, messages, accounts, ownership } = facts;
	const mine = held.filter((group) => isLeft(group, may));
	const theirs = held.filter((group) => !isLeft(group, may));
	return {
		notes: [...[...mine, ...theirs].map((group) => heldNote(group, may, words)), ...waitingNote(waiting, may, words)],
		rows: messages.map((message) => messageRow(message, noQuery, words, may)),
		accounts: accounts.map(({ account, view }) => ownAccount(account, view, accounts.length === 1, words)),
		isLimited: accounts.some(({ view }) => enforced(view).effective.length > 0),
		domains: [...new Set(accounts.flatMap(({ account }) => account.domains))],
		domainsSay: t.ownDomainsSay[ownership],
	};
}
