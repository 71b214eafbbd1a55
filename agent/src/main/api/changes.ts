/**
 * Changing one number of many accounts at once.
 */
import type { changeOperations } from '@sluice/shared/contract/change-operations.ts';
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import { type ApiContext, problem } from './context.ts';

const later = async () => problem('unavailable', 'This agent does not change many at once yet.');

export function createChangeHandlers(_context: ApiContext): Pick<OperationHandlers, keyof typeof changeOperations> {
	return { changeLimits: later, undoLimitChange: later };
}
