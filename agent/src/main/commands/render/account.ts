/**
 * `sluice account show`: what an operator reads at three in the morning. Is it well, what does it send, what waits and until when,
 * what is it allowed and by whom, what were its last messages, what can be done.
 */
import type { AccountDto } from '@sluice/shared/contract/account-operations.ts';
import type { LimitsView } from '@sluice/shared/contract/limit-shapes.ts';
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import type { MessageSummaryDto } from '@sluice/shared/contract/shapes.ts';
import { firstNames } from '@sluice/shared/words/names.ts';
import { panelLimitsOf } from '@sluice/shared/words/panel-limit.ts';
import { accountStatePaint, accountStateText } from './accounts.ts';
import { waitingLines } from './acted.ts';
import { setLines } from './limit-words.ts';
import { panelLines, wouldHaveLines } from './limits.ts';
import { messageListLines } from './messages.ts';
import { clean, countText, hanging, padEnd } from './text.ts';
import { relativeText, timeAndAgeText } from './time.ts';
import { usageTable, waitsText } from './usage.ts';
import { proseWidth, type View } from './view.ts';

export type AccountSeen = {
	readonly account: AccountDto;
	readonly limits: LimitsView;
	readonly usage: OperationOutput<'getUsage'>;
	readonly holds: OperationOutput<'listHolds'>['items'];
	readonly messages: readonly MessageSummaryDto[];
};

const namesText = (names: readonly string[]): string => (names.length === 0 ? 'none' : firstNames(names.map(clean)));

function headLines(account: AccountDto, view: View): readonly string[] {
	const { id, name, isKnown, stateSince } = account;
	const title = name === '' || name === id ? clean(id) : `${clean(id)} (${clean(name)})`;
	const since = stateSince === undefined ? '' : ` since ${timeAndAgeText(view, Date.parse(stateSince))}`;
	const state = `${accountStateText(account)}${since}`;
	return [
		`${view.paint.strong(`Account ${title}`)}: ${accountStatePaint(account, view)(state)}`,
		...(isKnown
			? []
			: hanging(
					'',
					'Mail comes from it and no panel has named it: default limits do not meet it while the list of accounts is missing or old.',
					proseWidth(view),
				)),
	];
}

function factLines(account: AccountDto, view: View): readonly string[] {
	const { plan, reseller, customer, unixUsers, domains, mailboxes, maySendAs, contact, key, id } = account;
	const from = [
		`plan ${plan == null ? 'none' : clean(plan)}`,
		`reseller ${reseller == null ? 'none' : clean(reseller)}`,
		...(customer == null ? [] : [`customer ${clean(customer)}`]),
		...(key === id ? [] : [`our name of it ${clean(key)}`]),
	];
	const rows: readonly (readonly [string, string])[] = [
		['Panel', `${clean(account.panel)}: ${from.join(', ')}; made ${relativeText(view, Date.parse(account.since))}`],
		['Unix users', namesText(unixUsers.map(({ name, uid }) => `${name} (${uid})`))],
		['Domains', namesText(domains)],
		['Mailboxes', namesText(mailboxes)],
		...(maySendAs.length === 0 ? [] : [['May send as', namesText(maySendAs)] as const]),
		...(contact == null ? [] : [['Contact', clean(contact)] as const]),
	];
	return rows.flatMap(([name, text]) => hanging(padEnd(name, 13), text, proseWidth(view)));
}

function openLines({ account, usage, holds }: AccountSeen, view: View): readonly string[] {
	const columns = proseWidth(view);
	const { waiting, held } = account;
	const holding = holds.flatMap(({ reason, author, until, id }) =>
		hanging(
			'',
			`Held by ${clean(author)} until ${timeAndAgeText(view, Date.parse(until))}: ${clean(reason)} [${id}].`,
			columns,
		),
	);
	return [
		...holding.map(view.paint.warning),
		...(waiting === 0
			? []
			: hanging(
					'',
					`${countText(waiting, 'recipient')} over a limit, waiting.${waitsText(usage.waitsUntil, view)}`,
					columns,
				).map(view.paint.warning)),
		...(held === 0
			? []
			: hanging(
					'',
					`${countText(held, 'recipient')} held, ${account.state === 'suspended' ? 'what the suspension holds until the account is active again, all else ' : ''}until somebody decides: \`sluice message list --account ${clean(account.id)} --state held\`.`,
					columns,
				).map(view.paint.warning)),
	];
}

function setHere({ base, exception }: LimitsView, view: View): readonly string[] {
	if (base === undefined && exception === undefined) return [];
	return ['', ...setLines('Set for it: ', base, view), ...setLines('Exception: ', exception, view)];
}

function messagesLines({ account, messages }: AccountSeen, view: View): readonly string[] {
	if (messages.length === 0) return ['No message within the history.'];
	return [
		...messageListLines({ items: [...messages] }, view, true),
		`More: \`sluice message list --account ${clean(account.id)}\`.`,
	];
}

function nextLines({ account, holds }: AccountSeen): readonly string[] {
	const id = clean(account.id);
	return [
		holds.length > 0
			? `Let it go: \`sluice account release ${id} --reason …\`.`
			: `Stop it: \`sluice account hold ${id} --reason …\`.`,
		`Allow more for a while: \`sluice account set-limit ${id} --hour … --until 3d\`.`,
		...(account.waiting === 0 ? [] : [`Let what waits go at once: \`sluice account release ${id} --now --reason …\`.`]),
	];
}

export function accountLines(seen: AccountSeen, view: View): readonly string[] {
	const { account, limits, usage } = seen;
	const open = openLines(seen, view);
	return [
		...headLines(account, view),
		...factLines(account, view),
		...(open.length === 0 ? [] : ['', ...open]),
		'',
		view.paint.strong('Sent, and what may be sent'),
		...usageTable(limits.effective, usage.items, view),
		...hanging('', clean(usage.counting), proseWidth(view)).map(view.paint.faint),
		...panelLines(panelLimitsOf(account), limits.effective, view),
		...setHere(limits, view),
		...wouldHaveLines(limits, view),
		'',
		view.paint.strong('Last messages'),
		...messagesLines(seen, view),
		'',
		...nextLines(seen),
	];
}

export function releasedLines(
	{ id, lifted }: { readonly id: string; readonly lifted: number },
	{ recipients, messages, waiting = 0 }: OperationOutput<'act'>,
	view: View,
): readonly string[] {
	const holds =
		lifted === 0 ? 'No standing hold was set for it.' : `Lifted: ${countText(lifted, 'hold')}; new mail passes.`;
	const mail =
		recipients === 0
			? 'Nothing of it was held or waiting.'
			: `Released: ${countText(recipients, 'recipient')} in ${countText(messages, 'message')}.`;
	return [
		...hanging('', `${mail} ${holds}`, proseWidth(view)),
		...waitingLines(waiting),
		`See \`sluice account show ${clean(id)}\`.`,
	];
}

export function maySendAsLines({ id, domains, maySendAs }: AccountDto, view: View): readonly string[] {
	const more =
		maySendAs.length === 0
			? 'It may send as nothing of others.'
			: `It may also send as ${maySendAs.map(clean).join(', ')}.`;
	return [
		...hanging('', `Account ${clean(id)} owns ${namesText(domains)}.`, proseWidth(view)),
		...hanging('', more, proseWidth(view)),
	];
}

export const forgottenLines = (
	id: string,
	{ forgotten }: OperationOutput<'forgetAccount'>,
	view: View,
): readonly string[] =>
	hanging(
		'',
		`Forgotten: account ${clean(id)}, ${countText(forgotten, 'thing')} in all. Its history stays until it is old.`,
		proseWidth(view),
	);
