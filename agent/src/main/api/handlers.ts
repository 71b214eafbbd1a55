/**
 * Every operation of the REST API and what it does, from the files of each noun.
 */
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import { createAccountHandlers } from './accounts.ts';
import type { ApiContext } from './context.ts';
import { createLimitHandlers } from './limits.ts';
import { createMailHandlers } from './mail.ts';
import { createSenderHandlers } from './senders.ts';

export const createHandlers = (context: ApiContext): OperationHandlers => ({
	...createMailHandlers(context),
	...createAccountHandlers(context),
	...createLimitHandlers(context),
	...createSenderHandlers(context),
});
