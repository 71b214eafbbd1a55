/**
 * What becomes of open mail when its account is suspended, active again, or gone.
 *
 * Suspended: what is queued or waits is held, but for what a person has let go since. Active again: what the suspension held is let
 * go, unless a standing hold meets it; what is held for another reason stays. Gone: held mail is dropped, queued mail goes on for a
 * grace and is then given up, with a report to its sender. Reports themselves are never met (invariant 7).
 *
 * Read from the states of accounts and mail alone: done when an account changes, again at each start and in each sweep, with nothing
 * to do when all is done. So a kill in the middle, a full disk, or mail that was on its way to the disk leave nothing undone.
 *
 * Not here: what lists change (accounts.ts), new mail (core/policy/judge.ts).
 */
import { type Account, type AccountKey, suspendedRule } from '@sluice/shared/words/account.ts';
import type { MessageId } from '@sluice/shared/words/message.ts';
import type { Standing } from '@sluice/shared/words/standing.ts';
import { suspension } from '../core/policy/judge.ts';
import { isHeldBy } from '../core/policy/standing.ts';
import type { QueuedMessage, QueuedRecipient } from '../core/scheduling/queued.ts';
import type { CountRow } from '../core/scheduling/scheduler.ts';
import type { Flow } from './context.ts';
import { reportEnded } from './report.ts';
import { perform } from './review.ts';

type Duty = 'hold' | 'release' | 'discard' | 'expire';
const duties: readonly Duty[] = ['release', 'hold', 'discard', 'expire'];

const why: { readonly [D in Duty]: string } = {
	hold: `${suspension.rule}: ${suspension.text}`,
	release: 'The account is active again.',
	discard: 'The account was removed in the panel.',
	expire: 'The account of the sender was removed from this server before the message could be delivered.',
};

const suspended: Standing = { rule: suspension.rule, text: suspension.text };

/** Recipients that changed. */
export type Followed = { readonly [D in Duty]: number };
const nothing: Followed = { hold: 0, release: 0, discard: 0, expire: 0 };

/** Brings open mail into line with its accounts: with these, or with all. What could not be written is left to the next time. */
export async function followAccounts(
	flow: Flow,
	only?: ReadonlySet<AccountKey>,
): Promise<ReadonlyMap<AccountKey, Followed>> {
	const followed = new Map<AccountKey, Followed>();
	const now = flow.clock.now();
	const concerned = flow.scheduler
		.countsBy('account', now)
		.filter((row) => (only === undefined || only.has(row.key)) && mayConcern(flow, row))
		.map(({ key }) => key);
	if (concerned.length === 0) return followed;
	for (const { account, duty, messages } of owed(flow, new Set(concerned), now)) {
		const recipients = await fulfil(flow, account, duty, messages);
		const before = followed.get(account) ?? nothing;
		followed.set(account, { ...before, [duty]: before[duty] + recipients });
	}
	return followed;
}

/** Quickly past most: an account that is active and has nothing held, as nearly all are. */
function mayConcern({ accounts }: Flow, { key, held, queued, waiting, sending }: CountRow): boolean {
	switch (accounts.find(key)?.state ?? 'active') {
		case 'active':
			return held > 0;
		case 'suspended':
			return queued + waiting + sending > 0;
		case 'gone':
			return true;
	}
}

type Owed = { readonly account: AccountKey; readonly duty: Duty; readonly messages: MessageId[] };

/** One pass over memory; nothing is awaited in it. */
function owed(flow: Flow, concerned: ReadonlySet<AccountKey>, now: number): readonly Owed[] {
	const found = new Map<string, Owed>();
	for (const message of flow.scheduler.all()) {
		const { account } = message;
		if (!concerned.has(account)) continue;
		const present = new Set<Duty>();
		for (const recipient of message.recipients) {
			const duty = dutyOf(flow, message, recipient, now);
			if (duty !== undefined) present.add(duty);
		}
		for (const duty of present) {
			const known = found.get(`${duty} ${account}`);
			if (known === undefined) found.set(`${duty} ${account}`, { account, duty, messages: [message.id] });
			else known.messages.push(message.id);
		}
	}
	return [...found.values()].sort((one, other) => duties.indexOf(one.duty) - duties.indexOf(other.duty));
}

/** As core/policy/judge has it: what a tenant's own login or program calls a report is its mail. */
const isReport = ({ class: kind, identity }: QueuedMessage): boolean => kind === 'dsn' && identity === '';

function dutyOf(flow: Flow, message: QueuedMessage, recipient: QueuedRecipient, now: number): Duty | undefined {
	if (isReport(message)) return undefined;
	const account = flow.accounts.find(message.account);
	const mayLeave = recipient.state === 'queued' || recipient.state === 'waiting' || recipient.state === 'sending';
	switch (account?.state ?? 'active') {
		case 'active':
			return recipient.state === 'held' &&
				recipient.standing?.rule === suspendedRule &&
				!isHeldElse(flow, message, recipient, now)
				? 'release'
				: undefined;
		case 'suspended':
			return mayLeave && !isLetGoSince(account, message, recipient) ? 'hold' : undefined;
		case 'gone':
			if (recipient.state === 'held') return 'discard';
			return mayLeave && now - (account?.stateSinceMs ?? 0) >= flow.settings().accounts.goneGraceMs
				? 'expire'
				: undefined;
	}
}

/** It became queued after the suspension, and not by being accepted: a person released it. */
const isLetGoSince = (account: Account | undefined, message: QueuedMessage, { sinceMs }: QueuedRecipient): boolean =>
	sinceMs > (account?.stateSinceMs ?? 0) && sinceMs !== message.acceptedMs;

function isHeldElse(flow: Flow, { account, identity }: QueuedMessage, one: QueuedRecipient, now: number): boolean {
	const facts = { account, identity, destination: one.destination };
	return [...flow.holds.values()].some((hold) => isHeldBy(hold, facts, now));
}

async function fulfil(flow: Flow, account: AccountKey, duty: Duty, messages: readonly MessageId[]): Promise<number> {
	const done = await perform(flow, {
		kind: duty,
		selector: { kind: 'account', id: account },
		why: why[duty],
		...(duty === 'hold' ? { standing: suspended } : {}),
		where: (recipient, message) => dutyOf(flow, message, recipient, flow.clock.now()) === duty,
	});
	if (duty === 'expire')
		for (const id of messages) {
			const message = flow.scheduler.find(id);
			if (message !== undefined) await reportEnded(flow, message, undefined);
		}
	return done.ok ? done.value.recipients : 0;
}

/**
 * The account was suspended while the message was on its way to the disk: it was judged without that. Resolves with true when all of
 * the message is held now. Called before anything else can happen to the message.
 */
export async function holdSuspended(flow: Flow, message: QueuedMessage, judgedMs: number): Promise<boolean> {
	const account = flow.accounts.find(message.account);
	const isLate = account?.state === 'suspended' && (account.stateSinceMs ?? 0) >= judgedMs;
	if (!isLate || isReport(message)) return false;
	const isFree = message.recipients.some(({ state }) => state === 'queued' || state === 'waiting');
	if (isFree)
		await perform(flow, {
			kind: 'hold',
			selector: { kind: 'message', id: message.id },
			why: why.hold,
			standing: suspended,
		});
	return message.recipients.every(({ state }) => state === 'held');
}
