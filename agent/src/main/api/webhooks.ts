/**
 * What each operation about webhooks does.
 */
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import { type ApiContext, problem } from './context.ts';

type Handlers = Pick<OperationHandlers, 'listWebhooks' | 'createWebhook' | 'deleteWebhook' | 'testWebhook'>;

export function createWebhookHandlers(_context: ApiContext): Handlers {
	const later = async () => problem('unavailable');
	return { listWebhooks: later, createWebhook: later, deleteWebhook: later, testWebhook: later };
}
