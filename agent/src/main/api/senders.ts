/**
 * What each operation about credentials and webhooks does.
 */

import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import type { senderOperations } from '@sluice/shared/contract/sender-operations.ts';
import { type ApiContext, problem } from './context.ts';

type Handlers = Pick<OperationHandlers, keyof typeof senderOperations>;

export function createSenderHandlers(_context: ApiContext): Handlers {
	const later = async () => problem('unavailable');
	return {
		listCredentials: later,
		createCredential: later,
		revokeCredential: later,
		listWebhooks: later,
		createWebhook: later,
		deleteWebhook: later,
		testWebhook: later,
	};
}
