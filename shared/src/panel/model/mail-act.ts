/**
 * What may be done to a message or to a group of open mail.
 *
 * The agent decides; this offers what it is likely to do. A customer's mail is its own: the same acts, and only where a hold leaves it to
 * them. Not here: the question before an act (mail-question.ts).
 */
import type { MessageSummaryDto, TraceDto } from '../../contract/shapes.ts';
import type { OpenGroupDto } from '../../contract/view-operations.ts';
import { suspendedRule } from '../../words/account.ts';
import { slug } from './cell.ts';
import type { May } from './may.ts';
import { restorableUntil } from './next-step.ts';
import type { Words } from './words.ts';

const mailActs = ['release', 'now', 'discard', 'requeue', 'hold', 'restore'] as const;
export type MailAct = (typeof mailActs)[number];
export const isMailAct = (text: unknown): text is MailAct => mailActs.some((one) => one === text);

/** What the agent is asked for. `now` is a release past the limits. */
export const agentActs = {
	release: 'release',
	now: 'release',
	discard: 'discard',
	requeue: 'requeue',
	hold: 'hold',
	restore: 'restore',
} as const satisfies { readonly [A in MailAct]: string };

/** Acts that are done without a question. */
export const isHarmless = (act: MailAct): boolean => act === 'requeue' || act === 'restore';

export type ActButton = {
	readonly act: MailAct;
	readonly text: string;
	readonly sign: string;
	readonly path: string;
	/** Done at once by a form; else the path asks first. */
	readonly isPost: boolean;
	readonly isMain: boolean;
	readonly isBad: boolean;
};

const actSigns: { readonly [A in MailAct]: string } = {
	release: 'up',
	now: 'up',
	discard: 'cross',
	requeue: 'clock',
	hold: 'pause',
	restore: 'check',
};

const order: readonly MailAct[] = ['release', 'restore', 'requeue', 'now', 'hold', 'discard'];

function buttons(
	acts: ReadonlySet<MailAct>,
	pathOf: (act: MailAct) => string,
	{ t }: Words,
	{ isStaff }: Pick<May, 'isStaff'>,
	/** Of many on a page none is the main one, and what is held for a reason is not urged to go. */
	hasMain: boolean,
): readonly ActButton[] {
	return order
		.filter((act) => acts.has(act))
		.map((act, index) => ({
			act,
			text: isStaff ? t.actNames[act] : t.ownActNames[act],
			sign: actSigns[act],
			path: pathOf(act),
			isPost: isHarmless(act),
			isMain: hasMain && index === 0 && (act === 'release' || act === 'restore'),
			isBad: act === 'discard',
		}));
}

/**
 * Whether whoever asks may, by the groups in which mail of the account is held: the one with this message, where that is known, else
 * all of them.
 */
function isLeft(
	trace: Pick<TraceDto, 'message' | 'verdict'>,
	groups: readonly OpenGroupDto[],
	may: (group: OpenGroupDto) => boolean,
): boolean {
	const held = groups.filter(({ state }) => state === 'held');
	const rules = new Set(trace.verdict.reasons.map(({ rule }) => rule));
	const named = held.filter(({ first, rule }) => first.some(({ id }) => id === trace.message.id) || rules.has(rule));
	return named.length > 0 ? named.every(may) : held.length > 0 && held.every(may);
}

/** Owners bring back what they have dropped themselves. */
function isEndedByOwner({ steps }: Pick<TraceDto, 'steps'>): boolean {
	const last = steps.findLast(({ event }) => event === 'recipient.discarded' || event === 'message.discarded');
	return last?.actor !== undefined && /^(?:account|customer) /.test(last.actor);
}

type Recipient = MessageSummaryDto['recipients'][number];

const countOf = (recipients: readonly Recipient[], states: readonly Recipient['state'][]): number =>
	recipients.filter(({ state }) => states.includes(state)).length;

/** Recipients of a message that an act is about. */
export function recipientsFor(act: MailAct, { recipients }: MessageSummaryDto, may: May, nowMs: number): number {
	switch (act) {
		case 'release':
			return countOf(recipients, ['held']);
		case 'now':
			return countOf(recipients, ['waiting']);
		case 'discard':
			return countOf(recipients, may.isStaff ? ['queued', 'waiting', 'held', 'sending'] : ['waiting', 'held']);
		case 'requeue':
			return recipients.filter(({ state, due }) => state === 'queued' && due !== undefined && Date.parse(due) > nowMs)
				.length;
		case 'hold':
			return countOf(recipients, ['queued', 'waiting']);
		case 'restore':
			return recipients.filter((one) => restorableUntil(one, may, nowMs) !== undefined).length;
	}
}

function isAllowed(act: MailAct, may: May, trace: TraceDto, groups: readonly OpenGroupDto[]): boolean {
	switch (act) {
		case 'release':
			return may.releaseNow || isLeft(trace, groups, (group) => mayReleaseGroup(group, may));
		case 'now':
			return may.releaseNow;
		case 'discard':
			return (
				may.discard === 'all' ||
				(may.discard === 'owner' && isLeft(trace, groups, ({ ownerMayDiscard }) => ownerMayDiscard))
			);
		case 'requeue':
			return may.requeue;
		case 'hold':
			return may.hold;
		case 'restore':
			return may.restoreMs > 0 && (may.isStaff || isEndedByOwner(trace));
	}
}

/** `groups`: in which mail of the account is held; asked for those whose rights depend on it. */
export function messageActs(
	trace: TraceDto,
	groups: readonly OpenGroupDto[],
	may: May,
	words: Words,
): readonly ActButton[] {
	const acts = new Set(
		mailActs.filter(
			(act) => recipientsFor(act, trace.message, may, words.nowMs) > 0 && isAllowed(act, may, trace, groups),
		),
	);
	return buttons(acts, (act) => `${words.base}/messages/${trace.message.id}/${act}`, words, may, true);
}

/** Which group it is, as fields of an address or a form: two groups of an account may differ in the words of the reason alone. */
export const groupFields = ({
	account,
	state,
	rule,
	text,
}: Pick<OpenGroupDto, 'account' | 'state' | 'rule' | 'text'>) => ({
	account,
	state,
	cause: slug(`${rule}\0${text}`),
});

/** What a reseller cannot let go: held by an administrator, or by a rule that only one sets. */
const isOfAdmin = ({ rule, by }: OpenGroupDto): boolean =>
	rule === suspendedRule || /^(?:ownership|limit)\./.test(rule) || by?.startsWith('admin') === true;

const mayReleaseGroup = (group: OpenGroupDto, { release, releaseNow }: May): boolean =>
	release === 'all' ? releaseNow || !isOfAdmin(group) : release === 'owner' && group.ownerMayRelease;

export function groupActs(group: OpenGroupDto, back: string, may: May, words: Words): readonly ActButton[] {
	const isHeld = group.state === 'held';
	const mayRelease = mayReleaseGroup(group, may);
	const mayDiscard = may.discard === 'all' || (may.discard === 'owner' && group.ownerMayDiscard);
	const acts = new Set<MailAct>([
		...(isHeld && mayRelease ? (['release'] as const) : []),
		...(!isHeld && may.releaseNow ? (['now'] as const) : []),
		...(mayDiscard ? (['discard'] as const) : []),
	]);
	const fields = new URLSearchParams({ ...groupFields(group), back });
	return buttons(acts, (act) => `${words.base}/mail/${act}?${fields}`, words, may, !may.isStaff);
}
