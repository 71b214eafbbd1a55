/** Who tells the agent, and under which revision: the next is the time, or one more than the last. */
import type { Client } from '@sluice/shared/client/client.ts';

export type Teller = {
	readonly client: Client;
	next(): number;
};
