/**
 * A panel's list of accounts: compared, stored, told, followed by the mail.
 *
 * Thousands are compared and stored in portions between which others run. A complete list that leaves out many is not believed at
 * first: what it adds and changes counts, nothing is taken away, and until one is believed unknown accounts are not limited.
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { Account, PanelAccount } from '@sluice/shared/words/account.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { type AccountChange, absentFrom, changesOf, goneFrom, isBelieved } from '../core/identity/account-list.ts';
import { type AccountList, announceList, contestedTexts, type ListReceipt } from './account-events.ts';
import {
	type AccountRefusal,
	accountFacts,
	anotherOf,
	follow,
	lastRevision,
	note,
	notWritten,
	staleness,
	store,
	wrongIds,
} from './account-store.ts';
import { audit } from './audit.ts';
import type { Flow } from './context.ts';
import { createSlices } from './turns.ts';

/** Takes a panel's list. */
export const takeList = (flow: Flow, list: AccountList, actor: Actor): Promise<Result<ListReceipt, AccountRefusal>> =>
	flow.accountTurns.take(() => applyList(flow, list, actor));

async function applyList(flow: Flow, list: AccountList, actor: Actor): Promise<Result<ListReceipt, AccountRefusal>> {
	const { revision, isComplete, items } = list;
	const refusal = wrongIds(items) ?? staleness(flow, revision);
	if (refusal !== undefined) return failed(refusal);
	const slices = createSlices(flow.clock);
	const nowMs = flow.clock.now();
	const changes = await compare(flow, items, nowMs);
	await slices.rest();
	const absent = isComplete ? absentFrom(items, flow.accounts) : [];
	const doubted = doubtedKeys(flow);
	const isTrusted = isBelieved({
		absent: absent.map(({ key }) => key),
		living: flow.accounts.living,
		doubted,
		shrinkPercentMax: flow.settings().accounts.shrinkPercentMax,
	});
	const all = isTrusted ? [...changes, ...absent.map((account) => goneFrom(account, nowMs))] : changes;
	// The same list again is no news: the answer was lost, or it is to be believed now.
	const isAgain = changes.length === 0 && (all.length === 0 || doubted.size > 0);
	if (revision === lastRevision(flow) && !isAgain) return failed(anotherOf(revision));
	const receipt = receiptOf(list, changes, isTrusted ? absent.length : 0, isTrusted);
	try {
		await store(flow, all);
		note(flow, revision);
		if (isComplete) noteComplete(flow, nowMs, isTrusted ? [] : absent);
	} catch (error) {
		return failed(notWritten(flow, error));
	}
	await slices.rest();
	const contested = await contestedBy(flow, all);
	await slices.rest();
	announceList(flow, list, { ...receipt, absent: absent.length, contested });
	await follow(flow, all, actor);
	if (all.length > 0 || !isTrusted) audit(flow, actor, 'account.list', `revision ${revision}`, textOf(receipt, absent));
	return ok(receipt);
}

/** Compares in slices, so that thousands of accounts are no stall. Nobody else changes accounts meanwhile: it is our turn. */
async function compare(flow: Flow, items: readonly PanelAccount[], nowMs: number): Promise<AccountChange[]> {
	const slices = createSlices(flow.clock);
	const changes: AccountChange[] = [];
	await slices.rest();
	for (const change of changesOf(items, flow.accounts, nowMs)) {
		if (change !== undefined) changes.push(change);
		const pause = slices.breathe();
		if (pause !== undefined) await pause;
	}
	return changes;
}

/** What the changed accounts claim that others have. */
async function contestedBy(flow: Flow, changes: readonly AccountChange[]): Promise<readonly string[]> {
	const slices = createSlices(flow.clock);
	const texts: string[] = [];
	for (const { after } of changes) {
		if (after.state !== 'gone') texts.push(...contestedTexts(flow, after));
		const pause = slices.breathe();
		if (pause !== undefined) await pause;
	}
	return texts;
}

const doubtedKeys = ({ state }: Flow): ReadonlySet<string> =>
	new Set(JSON.parse(state.get(accountFacts.doubted) || '[]') as readonly string[]);

/** A list that is not believed is none: unknown accounts are limited only by one that is (invariant: unknown is not guilty). */
function noteComplete(flow: Flow, nowMs: number, doubted: readonly Account[]): void {
	const { state, accounts } = flow;
	state.set(accountFacts.doubted, doubted.length === 0 ? '' : JSON.stringify(doubted.map(({ key }) => key)));
	if (doubted.length === 0) state.set(accountFacts.completeMs, String(nowMs));
	accounts.completeMs = doubted.length === 0 ? nowMs : undefined;
}

function receiptOf(
	{ revision, items }: AccountList,
	changes: readonly AccountChange[],
	gone: number,
	isTrusted: boolean,
): ListReceipt {
	const added = changes.filter(({ before }) => before === undefined).length;
	const changed = changes.length - added;
	return { revision, added, changed, gone, unchanged: items.length - changes.length, isBelieved: isTrusted };
}

const textOf = ({ added, changed, gone, isBelieved: isTrusted }: ListReceipt, absent: readonly Account[]): string =>
	isTrusted
		? `${added} new, ${changed} changed, ${gone} gone`
		: `${added} new, ${changed} changed; ${absent.length} left out, not believed`;
