/**
 * What each operation about accounts does.
 */
import type { accountOperations } from '@sluice/shared/contract/account-operations.ts';
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import { type ApiContext, problem } from './context.ts';

type Handlers = Pick<OperationHandlers, keyof typeof accountOperations>;

export function createAccountHandlers(_context: ApiContext): Handlers {
	const later = async () => problem('unavailable');
	return {
		putAccounts: later,
		listAccounts: later,
		getAccount: later,
		putAccount: later,
		deleteAccount: later,
		renameAccount: later,
		forgetAccount: later,
		putMaySendAs: later,
	};
}
