/**
 * Asking the agent for messages: a search that goes on until a page is full or a bound is reached; one message by whatever name.
 *
 * The agent ends a page when it took its time; a few such pages are joined, so that a person who searches for something rare need not
 * press a button for each.
 */
import type { Client, ClientFailure } from '../client/client.ts';
import type { MessageSummaryDto } from '../contract/shapes.ts';
import { ok, type Result } from '../words/result.ts';
import type { Found } from './model/message-list.ts';
import type { AgentQuery, Named } from './model/message-query.ts';
import { rowsMax } from './read.ts';

type Asked<T> = Promise<Result<T, ClientFailure>>;

/** Pages of the agent that are joined to one of ours. */
const asksMax = 3;

export async function readMessages(
	client: Client,
	asked: AgentQuery,
	{
		cursor,
		historyDays,
		limit = rowsMax,
	}: { readonly cursor?: string; readonly historyDays: number; readonly limit?: number },
): Asked<Found> {
	const items: MessageSummaryDto[] = [];
	let next = cursor;
	for (let asks = 0; asks < asksMax; asks++) {
		const query = { ...asked, limit: limit - items.length, ...(next === undefined ? {} : { cursor: next }) };
		const answer = await client.call('listMessages', { query });
		if (!answer.ok) return answer;
		items.push(...answer.value.items);
		next = answer.value.next;
		if (next === undefined || items.length >= limit) break;
	}
	return ok({ items, historyDays, ...(next === undefined ? {} : { next }) });
}

/** How long a message may lie with the mail server before it comes here, that its queue id still finds it at once. */
const handedInMs = 6 * 3_600_000;
const clockSlackMs = 60_000;

/** Id of the message that is meant; undefined: there is none, or not for whoever asks. */
export async function readNamed(client: Client, named: Named): Promise<string | undefined> {
	if (named.kind === 'message') {
		const answer = await client.call('getMessage', { params: { id: named.id } });
		return answer.ok ? answer.value.id : undefined;
	}
	const { text, aroundMs } = named;
	const times =
		aroundMs === undefined
			? {}
			: {
					since: new Date(aroundMs - clockSlackMs).toISOString(),
					until: new Date(aroundMs + handedInMs).toISOString(),
				};
	const found = await readMessages(client, { ...times, reference: text }, { historyDays: 0, limit: 1 });
	return found.ok ? found.value.items[0]?.id : undefined;
}
