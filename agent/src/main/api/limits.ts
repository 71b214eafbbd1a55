/**
 * What each operation about limits does.
 */
import type { limitOperations } from '@sluice/shared/contract/limit-operations.ts';
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import { type ApiContext, problem } from './context.ts';

type Handlers = Pick<OperationHandlers, keyof typeof limitOperations>;

export function createLimitHandlers(_context: ApiContext): Handlers {
	const later = async () => problem('unavailable');
	return {
		listLimits: later,
		getLimits: later,
		putLimits: later,
		deleteLimits: later,
		getUsage: later,
		simulate: later,
		getSimulation: later,
	};
}
