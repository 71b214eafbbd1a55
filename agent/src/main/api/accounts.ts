/**
 * What each operation about accounts does: takes what panels tell, lists and words what there is to see.
 *
 * Not here: what a list changes (core/identity/account-list.ts), how it is kept (flow/account-store.ts), who may see what
 * (visibility.ts), the list of accounts that are shown (account-page.ts).
 */

import type { AccountDto, accountOperations, PanelAccountDto } from '@sluice/shared/contract/account-operations.ts';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import type { Problem } from '@sluice/shared/contract/problem.ts';
import type { Account, PanelAccount } from '@sluice/shared/words/account.ts';
import { ok, type Result } from '@sluice/shared/words/result.ts';
import { forgetAccount } from '../../flow/account-forget.ts';
import { takeList } from '../../flow/account-list.ts';
import { allowSendAs, removeAccount, renameAccount, takeAccount } from '../../flow/accounts.ts';
import type { Flow } from '../../flow/context.ts';
import { createSlices } from '../../flow/turns.ts';
import { accountDto, pageOfAccounts, shownAccount } from './account-page.ts';
import { type ApiContext, problem } from './context.ts';
import { keyOf, maySee } from './visibility.ts';

type Handlers = Pick<OperationHandlers, keyof typeof accountOperations>;

/** As the panel tells it, in our words. */
export function panelAccountOf(dto: PanelAccountDto): PanelAccount {
	const { reseller, customer, plan, panelHourMessages, panelFailPercent, contact, since, ...rest } = dto;
	return {
		...rest,
		sinceMs: Date.parse(since),
		...(reseller == null ? {} : { reseller }),
		...(customer == null ? {} : { customer }),
		...(plan == null ? {} : { plan }),
		...(panelHourMessages == null ? {} : { panelHourMessages }),
		...(panelFailPercent == null ? {} : { panelFailPercent }),
		...(contact == null ? {} : { contact }),
	};
}

/** Thousands, in slices. */
async function panelAccountsOf(flow: Flow, told: readonly PanelAccountDto[]): Promise<readonly PanelAccount[]> {
	const slices = createSlices(flow.clock);
	const items: PanelAccount[] = [];
	await slices.rest();
	for (const dto of told) {
		items.push(panelAccountOf(dto));
		const pause = slices.breathe();
		if (pause !== undefined) await pause;
	}
	return items;
}

export function createAccountHandlers({ flow }: ApiContext): Handlers {
	const changed = (result: Result<Account, Problem>): Result<AccountDto, Problem> =>
		result.ok ? ok(accountDto(flow, shownAccount(flow, result.value))) : result;
	return {
		putAccounts: async ({ body: { revision, complete, items: told } }, actor) => {
			const items = await panelAccountsOf(flow, told);
			return takeList(flow, { revision, isComplete: complete, items }, actor as Actor);
		},
		listAccounts: async ({ query }, actor) => pageOfAccounts(flow, query, actor),
		getAccount: async ({ params }, actor) => {
			const key = keyOf(flow.accounts, params.id);
			const shown = maySee(flow.accounts, actor, key) ? shownAccount(flow, key) : undefined;
			return shown === undefined ? problem('not-found', 'No account with this id.') : ok(accountDto(flow, shown));
		},
		putAccount: async ({ params, body: { revision, ...told } }, actor) => {
			const item = panelAccountOf({ ...told, id: params.id });
			return changed(await takeAccount(flow, { revision, item }, actor as Actor));
		},
		deleteAccount: async ({ params, query }, actor) =>
			changed(await removeAccount(flow, { id: params.id, revision: query.revision }, actor as Actor)),
		renameAccount: async ({ params, body }, actor) =>
			changed(await renameAccount(flow, { id: params.id, next: body.id, revision: body.revision }, actor as Actor)),
		forgetAccount: async ({ params, body }, actor) => {
			const key = keyOf(flow.accounts, params.id);
			const done = await forgetAccount(flow, { key, reason: body.reason }, actor as Actor);
			return done.ok ? ok({ forgotten: done.value }) : done;
		},
		putMaySendAs: async ({ params, body }, actor) => {
			const key = keyOf(flow.accounts, params.id);
			return changed(await allowSendAs(flow, { key, items: body.items }, actor as Actor));
		},
	};
}
