/**
 * What notices say: mail that waits, limits that are near or reached, a removed account's mail.
 *
 * Short sentences that a customer can read: what happened, with numbers; what happens by itself; what there is to do. The same facts
 * are in the event, so that page, log and mail agree (invariant 5). Pure; times are in the server's zone.
 */
import type { Level, LimitRule } from '@sluice/shared/words/limits.ts';
import { limitText } from '@sluice/shared/words/limits.ts';
import { clockText, dayText, partsOfMoment } from '@sluice/shared/words/moment.ts';

export type NoticeText = { readonly subject: string; readonly text: string };

export type Place = {
	/** IANA name. */
	readonly zone: string;
	/** Name of the server, for people. */
	readonly hostName: string;
};

/** `Tue 24 Nov 2026, 09:42` in the server's zone. */
const momentText = (ms: number, zone: string): string =>
	`${partsOfMoment({ zone }, ms).weekday} ${dayText({ zone }, ms)}, ${clockText({ zone }, ms)}`;

export type Episode = {
	readonly rule: LimitRule;
	readonly value: number;
	/** Recipients that wait. */
	readonly waiting: number;
	/** When the last of them will have left, epoch ms. */
	readonly untilMs?: number;
};

const recipients = (count: number): string =>
	`${count.toLocaleString('en')} ${count === 1 ? 'recipient' : 'recipients'}`;

/** To the sender, once an episode. */
export function episodeText({ rule, value, waiting, untilMs }: Episode, { zone, hostName }: Place): NoticeText {
	const last =
		untilMs === undefined
			? 'They leave as soon as there is room.'
			: `If nothing more comes, the last one leaves about ${momentText(untilMs, zone)}.`;
	return {
		subject: 'Your mail waits and leaves in pace',
		text: `${[
			`Your mail has reached its limit of ${limitText(rule, value)}.`,
			`${recipients(waiting)} of your latest messages ${waiting === 1 ? 'waits' : 'wait'}. Nothing is lost: they leave by themselves, oldest first. ${last}`,
			'You need to do nothing. Please do not send the messages again: they would wait too. New messages queue behind those that wait.',
			'If you did not send that much mail, somebody else may be using your password or your website. Change the password and tell your host.',
			`You are told once, when mail begins to wait. ${hostName}`,
		].join('\n\n')}\n`,
	};
}

export type Warning = {
	readonly level: Level;
	readonly id: string;
	readonly account: string;
	readonly rule: LimitRule;
	readonly value: number;
	readonly used: number;
	readonly isReached: boolean;
	/** `plan Basic`. */
	readonly origin: string;
	readonly resetsMs?: number;
};

/** `mailbox info@site1.test of acme`, `account acme`. */
const subjectOf = ({ level, id, account }: Warning): string =>
	level === 'account' || account === '' ? `${level} ${id}` : `${level} ${id} of ${account}`;

function sentence(warning: Warning, zone: string): string {
	const { rule, value, used, isReached, origin, resetsMs } = warning;
	const percent = value === 0 ? 100 : Math.floor((used / value) * 100);
	const usedOf = `has used ${used.toLocaleString('en')} of its ${limitText(rule, value)}`;
	// A message may be larger than the room that is left: then the limit is reached, and not all of it is used.
	const isFull = used >= value;
	const state = !isReached
		? `${usedOf} (${percent} %)`
		: `${isFull ? `has used all of its ${limitText(rule, value)}` : `${usedOf}, and a message needs more than is left`}; what is over waits and leaves in pace`;
	const free =
		resetsMs === undefined || (isReached && !isFull)
			? ''
			: ` Something is free again from ${momentText(resetsMs, zone)}.`;
	return `${subjectOf(warning)} ${state}. The limit is from ${origin}.${free}`;
}

/** To administrators: all that came together, the reached ones first. `left`: how many more there were. */
export function warningsText(warnings: readonly Warning[], left: number, { zone, hostName }: Place): NoticeText {
	const ordered = warnings.toSorted((one, other) => Number(other.isReached) - Number(one.isReached));
	const first = ordered[0] as Warning;
	const more = warnings.length + left - 1;
	return {
		subject: `${hostName}: ${subjectOf(first)} ${first.isReached ? 'has reached a limit' : 'is near a limit'}${more > 0 ? `, and ${more} more` : ''}`,
		text: `${[
			...ordered.map((warning) => `- ${sentence(warning, zone)}`),
			...(left > 0 ? [`- and ${left.toLocaleString('en')} more; \`sluice account list --near\` shows them.`] : []),
			'',
			'`sluice account show ID` shows what is used, what waits and where each limit comes from. `sluice account set-limit` changes one, also for a while.',
			'Nothing is lost: mail over a limit waits and leaves by itself.',
		].join('\n')}\n`,
	};
}

/** To the owner of an account. */
export function ownerText(warning: Warning, { zone, hostName }: Place): NoticeText {
	const what = warning.isReached ? 'has reached its sending limit' : 'is near its sending limit';
	return {
		subject: `${subjectOf(warning)} ${what}`,
		text: `${[
			`On ${hostName}: ${sentence(warning, zone)}`,
			'Nothing is lost: mail over a limit waits and leaves by itself. If you need more for a while, ask your host.',
			'If you do not expect so much mail, look at "Outgoing mail" in your control panel, and change the password of the mailbox that sends it.',
		].join('\n\n')}\n`,
	};
}

/** To administrators: a removed account had mail that nobody will decide about any more. */
export const goneText = (account: string, discarded: number, { hostName }: Place): NoticeText => ({
	subject: `${hostName}: held mail of the removed account ${account} was discarded`,
	text: `The account ${account} was removed in the panel. ${recipients(discarded)} of its held mail ${discarded === 1 ? 'was' : 'were'} discarded; its queued mail still goes out for a while.\n\nThe history of its mail stays: \`sluice message list --account ${account}\`.\n`,
});
