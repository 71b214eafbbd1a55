/**
 * Every operation of the REST API and what it does, from the files of each noun.
 */
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import { createAccountHandlers } from './accounts.ts';
import { createActHandlers } from './acts.ts';
import { createChangeHandlers } from './changes.ts';
import type { ApiContext } from './context.ts';
import { createCredentialHandlers } from './credentials.ts';
import { createHoldHandlers } from './holds.ts';
import { createLearnedHandlers } from './learned.ts';
import { createLimitHandlers } from './limits.ts';
import { createMailHandlers } from './mail.ts';
import { createOpenHandlers } from './open.ts';
import { createProbeHandlers } from './probes.ts';
import { createSelfHandlers } from './self.ts';
import { createViewHandlers } from './views.ts';
import { createWebhookHandlers } from './webhooks.ts';

export const createHandlers = (context: ApiContext): OperationHandlers => ({
	...createMailHandlers(context),
	...createActHandlers(context),
	...createHoldHandlers(context),
	...createSelfHandlers(context),
	...createOpenHandlers(context),
	...createViewHandlers(context),
	...createAccountHandlers(context),
	...createLimitHandlers(context),
	...createChangeHandlers(context),
	...createCredentialHandlers(context),
	...createWebhookHandlers(context),
	...createProbeHandlers(context),
	...createLearnedHandlers(context),
});
