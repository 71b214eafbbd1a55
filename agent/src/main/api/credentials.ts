/**
 * What each operation about credentials for submission does.
 */
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import { type ApiContext, problem } from './context.ts';

type Handlers = Pick<OperationHandlers, 'listCredentials' | 'createCredential' | 'revokeCredential'>;

export function createCredentialHandlers(_context: ApiContext): Handlers {
	const later = async () => problem('unavailable');
	return { listCredentials: later, createCredential: later, revokeCredential: later };
}
