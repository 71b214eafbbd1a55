/**
 * What the operations behind the pages do: counts of mail, groups. What a person may do here and what stands open have files of their own.
 */
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import type { viewOperations } from '@sluice/shared/contract/view-operations.ts';
import { ok } from '@sluice/shared/words/result.ts';
import type { ApiContext } from './context.ts';
import { listGroups } from './groups.ts';
import { providers } from './providers.ts';
import { volume } from './volume.ts';

type Handlers = Pick<OperationHandlers, Exclude<keyof typeof viewOperations, 'self' | 'listOpen'>>;

export const createViewHandlers = (context: ApiContext): Handlers => ({
	volume: async ({ query }, actor) => volume(context, query, actor),
	providers: async ({ query }) => ok(await providers(context, query)),
	listGroups: async ({ params }, actor) => ok(await listGroups(context, params.kind, actor)),
});
