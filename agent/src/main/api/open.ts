/**
 * What is held or waits, grouped by account and reason.
 */
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import { type ApiContext, problem } from './context.ts';

export function createOpenHandlers(_context: ApiContext): Pick<OperationHandlers, 'listOpen'> {
	return { listOpen: async () => problem('unavailable', 'This agent does not count that yet.') };
}
