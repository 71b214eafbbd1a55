/**
 * What is held and what waits, by cause: why with numbers, since when, what happens if nobody acts, and what may be done.
 *
 * The reason is the agent's own sentence. Not here: the customer's wording of the same (outgoing.ts).
 */
import type { OperationOutput } from '../../contract/operations.ts';
import type { OpenGroupDto } from '../../contract/view-operations.ts';
import { suspendedRule } from '../../words/account.ts';
import { near } from '../text/times.ts';
import { type ActButton, groupActs } from './mail-act.ts';
import type { May } from './may.ts';
import { messageQueryText, noQuery } from './message-query.ts';
import { accountPath } from './paths.ts';
import type { Words } from './words.ts';

export type OpenAnswer = OperationOutput<'listOpen'>;

export type OpenGroup = {
	readonly tone: 'hold' | 'wait';
	readonly sign: string;
	readonly title: string;
	readonly aside: string;
	readonly accountPath: string;
	readonly account: string;
	readonly why: string;
	readonly since: string;
	readonly ifNobody: string;
	readonly first: readonly { readonly path: string; readonly subject: string; readonly who: string }[];
	readonly acts: readonly ActButton[];
	readonly look: { readonly path: string; readonly text: string };
};

export type OpenPart = {
	readonly title: string;
	readonly total: string;
	readonly groups: readonly OpenGroup[];
	readonly none: string;
	readonly noneSay: string;
	readonly failure?: string;
};

/** What a group is called in a question and after an act. */
export function groupName(group: OpenGroupDto, { isStaff }: Pick<May, 'isStaff'>, { t }: Words): string {
	const [first] = group.first;
	if (isStaff) return t.openGroupName(group.messages, group.account);
	const subject = first === undefined || first.subject === '' ? t.noSubject : first.subject;
	return group.messages === 1 ? subject : t.okQuestion([subject], group.messages - 1).slice(0, -1);
}

export const firstOf = (group: OpenGroupDto, { t, base }: Words): OpenGroup['first'] =>
	group.first.map(({ id, sender, recipient, subject }) => ({
		path: `${base}/messages/${id}`,
		subject: subject === '' ? t.noSubject : subject,
		who: `${sender === '' ? t.nullSender : sender} → ${recipient}`,
	}));

function ifNobodyText(group: OpenGroupDto, { t, zoned, nowMs }: Words): string {
	if (group.rule === suspendedRule) return t.openSuspended;
	const text = t.openIfNobody[group.state](near(zoned, Date.parse(group.until), nowMs));
	return group.hold === undefined ? text : `${text} ${t.openStanding}`;
}

function openGroupOf(group: OpenGroupDto, may: May, words: Words): OpenGroup {
	const { t, base, zoned, nowMs } = words;
	const { state, account, identity, by, since } = group;
	const sinceText = t.openSince[state](near(zoned, Date.parse(since), nowMs));
	return {
		tone: state === 'held' ? 'hold' : 'wait',
		sign: state === 'held' ? 'pause' : 'clock',
		title: t.openGroupTitle[state](group.messages, account),
		aside: t.factsOf([t.openTo(group.recipients), ...(identity === undefined ? [] : [t.openSender(identity)])]),
		account,
		accountPath: accountPath(base, account),
		why: group.text,
		since: by === undefined ? sinceText : `${sinceText} ${t.openBy(by)}`,
		ifNobody: ifNobodyText(group, words),
		first: firstOf(group, words),
		acts: groupActs(group, 'open', may, words),
		look: {
			path: `${base}/messages${messageQueryText({ ...noQuery, account, state })}`,
			text: t.openLook(group.messages),
		},
	};
}

export function openPartOf(state: 'held' | 'waiting', answer: OpenAnswer, may: May, words: Words): OpenPart {
	const { t } = words;
	const { items, total, messages, recipients } = answer;
	return {
		title: state === 'held' ? t.openHeld : t.openWaiting,
		total: total === 0 ? '' : t.openTotal(items.length, total, messages, recipients),
		groups: items.map((group) => openGroupOf(group, may, words)),
		none: t.openNone[state],
		noneSay: t.openNoneSay[state],
	};
}
