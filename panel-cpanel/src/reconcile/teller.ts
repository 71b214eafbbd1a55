/** Who tells the agent, and under which revision: the next is the time, or one more than the last. */
import type { Client } from '@sluice/shared/client/client.ts';

export type Teller = {
	readonly client: Client;
	next(): number;
};

export const tellEnd = ({ client, next }: Teller, id: string) =>
	client.call('deleteAccount', { params: { id }, query: { revision: String(next()) } });

export const tellRename = ({ client, next }: Teller, from: string, to: string) =>
	client.call('renameAccount', { params: { id: from }, body: { id: to, revision: next() } });
