/**
 * One account as its page shows it: state, limits with use and origin, who in it sends, latest messages.
 */
import { failureText } from '../../client/client.ts';
import type { AccountDto } from '../../contract/account-operations.ts';
import type { LimitsView } from '../../contract/limit-shapes.ts';
import type { LimitRule } from '../../words/limits.ts';
import { dayText } from '../../words/moment.ts';
import type { AccountFacts, OneAccount, Sender } from '../read.ts';
import { count } from '../text/numbers.ts';
import { near } from '../text/times.ts';
import { barFor, cellOf, type LimitCell } from './cell.ts';
import { type ActLink, actsOf } from './hold.ts';
import { type Badge, badgesOf, stateReason } from './list.ts';
import type { May } from './may.ts';
import { type MessageRow, messageRow } from './message-list.ts';
import { messageQueryText, noQuery } from './message-query.ts';
import { type PanelOwn, panelOwnOf } from './panel-own.ts';
import { accountPath } from './paths.ts';
import { effectiveFor, ownNumber, ruleOrder } from './rule-words.ts';
import { type RuleSwitch, whoOf } from './rules.ts';
import type { Bar } from './usage-bar.ts';
import type { Words } from './words.ts';

export type LimitLine = {
	readonly title: string;
	readonly bar: Bar;
	/** No window, no use: a bound on each message. */
	readonly hasUse: boolean;
	readonly cell: LimitCell;
	/** Absent without a number to enforce, or where its level is not the actor's to switch. */
	readonly control?: RuleSwitch & { readonly whose: string };
};

export type SenderLine = {
	readonly name: string;
	readonly isPath: boolean;
	readonly kind: string;
	readonly hour: string;
	readonly day: string;
	readonly limit: string;
};

export type AccountPage = {
	readonly path: string;
	/** The panel's own name of it. */
	readonly id: string;
	readonly name: string;
	readonly say: string;
	readonly badges: readonly Badge[];
	readonly acts: readonly ActLink[];
	readonly note?: {
		readonly tone: 'wait' | 'hold' | 'bad';
		readonly sign: string;
		readonly bold: string;
		readonly text: string;
	};
	readonly lines: readonly LimitLine[];
	/** What the panel itself allows, before us. */
	readonly panelOwn: PanelOwn | undefined;
	readonly senders: readonly SenderLine[];
	readonly messages: readonly MessageRow[];
	/** All of them, and what of them stands open. */
	readonly messagesPath: string;
	readonly openPath?: string;
	readonly messagesFailure?: string;
};

/** Rules without a number are offered only where people look for them. */
const alwaysShown: readonly LimitRule[] = ['hour.recipients', 'day.recipients'];

function controlOf(rule: LimitRule, { view, book }: OneAccount, { t }: Words, may: May): LimitLine['control'] {
	const effective = effectiveFor(view, rule);
	if (effective === undefined || effective.origin.level === 'ramp') return undefined;
	const { level, id } = effective.origin;
	const isOwn = level === 'account';
	if (isOwn ? !may.editAccounts : !may.switchShared) return undefined;
	// Switched where the number stands; a level that we cannot see is not ours to switch.
	const standsAt = isOwn ? view : book.get(`${level}:${id}`);
	if (standsAt === undefined || ownNumber(standsAt, rule) === undefined) return undefined;
	const whose = isOwn ? t.levelThis : whoOf(level, id, t);
	return {
		level,
		id: isOwn ? view.id : id,
		rule,
		isEnforced: effective.mode === 'enforce',
		label: t.switchOf(t.rules[rule].name, whose),
		whose,
	};
}

export function limitLines(one: OneAccount, words: Words, may: May): readonly LimitLine[] {
	const { account, view, book } = one;
	const { t } = words;
	const has = (rule: LimitRule): boolean => view.effective.some((one) => one.rule === rule);
	return ruleOrder
		.filter((rule) => has(rule) || alwaysShown.includes(rule))
		.map((rule) => {
			const control = controlOf(rule, one, words, may);
			return {
				title: t.rules[rule].title,
				bar: barFor({ account, view, rule }, t, false),
				hasUse: rule !== 'message.recipients',
				cell: cellOf({ account, view, book, rule, spot: 'account', may }, words),
				...(control === undefined ? {} : { control }),
			};
		});
}

function senderLine(sender: Sender, account: AccountDto, { t }: Words): SenderLine {
	const used = (rule: LimitRule): string => {
		const usage = sender.usage?.find((one) => one.rule === rule);
		return usage === undefined ? '–' : count(usage.used);
	};
	const limit = effectiveFor(sender.view, 'hour.recipients') ?? sender.view?.effective[0];
	const name = sender.kind === 'script' ? sender.id.slice(account.key.length + 1) : sender.id;
	return {
		name,
		isPath: sender.kind === 'script',
		kind: t.kinds[sender.kind],
		hour: used('hour.recipients'),
		day: used('day.recipients'),
		limit: limit?.text ?? t.noLimit,
	};
}

function isUsedUp(account: AccountDto, view: LimitsView, rule: LimitRule): boolean {
	const effective = effectiveFor(view, rule);
	const used = account.usage.find((one) => one.rule === rule)?.used;
	return effective?.mode === 'enforce' && used !== undefined && used >= effective.value;
}

function noteOf(facts: AccountFacts, words: Words): AccountPage['note'] {
	const { account, view, waitsUntil } = facts;
	const { t, zoned, nowMs } = words;
	const reason = stateReason(account, words);
	if (account.state !== 'active' && reason !== undefined)
		return {
			tone: 'bad',
			sign: 'stop',
			bold: `${account.name}: ${reason}.`,
			text: account.state === 'suspended' ? t.suspendedNote : '',
		};
	const [hold] = facts.holds;
	if (hold !== undefined) {
		const when = (time: string): string => near(zoned, Date.parse(time), nowMs);
		return {
			tone: 'hold',
			sign: 'pause',
			bold: t.heldNote(hold.author, when(hold.since)),
			text: t.heldUntil(hold.reason, when(hold.until)),
		};
	}
	if (account.held > 0) return { tone: 'hold', sign: 'pause', bold: t.heldMail(account.held), text: t.heldMailSay };
	if (account.waiting > 0) {
		const rule = ruleOrder.find((one) => isUsedUp(account, view, one));
		const until = waitsUntil === undefined ? '' : t.waitsUntil(near(zoned, Date.parse(waitsUntil), nowMs));
		const bold =
			rule === undefined
				? t.waitsElsewhere(account.waiting)
				: t.usedUp(effectiveFor(view, rule)?.value ?? 0, t.rules[rule].unit, account.waiting);
		return { tone: 'wait', sign: 'clock', bold, text: until };
	}
	return reason === undefined
		? undefined
		: { tone: 'hold', sign: 'unknown', bold: `${account.name}: ${reason}.`, text: '' };
}

export function accountPageOf(facts: AccountFacts, words: Words, may: May): AccountPage {
	const { account } = facts;
	const { t, base, zoned } = words;
	const note = noteOf(facts, words);
	return {
		id: account.id,
		path: accountPath(base, account.key),
		name: account.name,
		say: t.factsOf([
			...account.domains.filter((domain) => domain !== account.name).slice(0, 2),
			...(account.domains.length > 3 ? [t.moreDomains(account.domains.length - 2)] : []),
			...(account.plan == null ? [] : [t.planOf(account.plan)]),
			...(account.reseller == null ? [] : [t.ownerOf(account.reseller)]),
			t.since(dayText(zoned, Date.parse(account.since))),
			t.mailboxes(account.mailboxes.length),
			...(account.contact == null ? [] : [t.contactOf(account.contact)]),
		]),
		badges: badgesOf(account, words),
		acts: actsOf(account, facts.holds, words, may),
		...(note === undefined ? {} : { note }),
		lines: limitLines(facts, words, may),
		panelOwn: panelOwnOf(account, facts.view, t),
		senders: facts.senders.map((sender) => senderLine(sender, account, words)),
		messages: facts.messages.ok ? facts.messages.value.map((message) => messageRow(message, noQuery, words, may)) : [],
		messagesPath: `${base}/messages${messageQueryText({ ...noQuery, account: account.key })}`,
		...(may.isStaff ? { openPath: `${base}/open?account=${encodeURIComponent(account.key)}` } : {}),
		...(facts.messages.ok ? {} : { messagesFailure: t.messagesUnreadable(failureText(facts.messages.error)) }),
	};
}

/** A line of words for an undo: the number that stands again. */
export const standsText = (view: LimitsView, rule: LimitRule, none: string): string =>
	effectiveFor(view, rule)?.text ?? none;
