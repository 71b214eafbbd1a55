/**
 * What the operations behind the pages do: counts of mail, groups.
 */
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import type { viewOperations } from '@sluice/shared/contract/view-operations.ts';
import { type ApiContext, problem } from './context.ts';

const later = async () => problem('unavailable', 'This agent does not count that yet.');

export function createViewHandlers(
	_context: ApiContext,
): Pick<OperationHandlers, Exclude<keyof typeof viewOperations, 'self' | 'listOpen'>> {
	return { volume: later, providers: later, listGroups: later };
}
