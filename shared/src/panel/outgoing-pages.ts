/**
 * `/` for those whose own mail it is: accounts and customers.
 */
import { type Request, Router } from 'express';
import type { Client, ClientFailure } from '../client/client.ts';
import type { LimitsView } from '../contract/limit-shapes.ts';
import { failed, ok, type Result } from '../words/result.ts';
import { mayFor, sendFailure, sendPage, wordsOf } from './answer.ts';
import { type Desk, type Exchange, saidIn } from './done.ts';
import { visitorOf } from './guard.ts';
import { isStaff } from './model/may.ts';
import { type OutgoingFacts, outgoingOf } from './model/outgoing.ts';
import type { Pages, Self } from './pages.ts';
import { viewOf } from './read.ts';

const groupsMax = 10;
const messagesShown = 10;
/** Accounts of a customer whose limits are drawn. */
const accountsMax = 5;

async function readOutgoing(client: Client, self: Self): Promise<Result<OutgoingFacts, ClientFailure>> {
	const [held, waiting, messages, accounts] = await Promise.all([
		client.call('listOpen', { query: { state: 'held', limit: groupsMax } }),
		client.call('listOpen', { query: { state: 'waiting', limit: groupsMax } }),
		client.call('listMessages', { query: { limit: messagesShown } }),
		client.call('listAccounts', { query: { limit: accountsMax } }),
	]);
	// What is about the mail must be there; limits and open mail are left out where the agent does not tell them.
	if (!messages.ok) return failed(messages.error);
	const found = accounts.ok ? accounts.value.items : [];
	const views = await Promise.all(found.map((account) => viewOf(client, account)));
	return ok({
		held: held.ok ? held.value.items : [],
		waiting: waiting.ok ? waiting.value.items : [],
		messages: messages.value.items,
		accounts: found.map((account, index) => ({ account, view: views[index] as LimitsView })),
		ownership: self.ok ? self.value.ownership : 'off',
	});
}

async function show({ pages, clientOf }: Desk, { request, response }: Exchange): Promise<void> {
	const { t, adapter } = pages;
	const facts = await readOutgoing(clientOf(request), await pages.selfOf(request));
	if (!facts.ok) {
		await sendFailure(pages, request, response, facts.error);
		return;
	}
	const outgoing = outgoingOf(facts.value, await mayFor(pages, request), wordsOf(pages));
	const model = { outgoing, searchPath: `${adapter.basePath}/messages` };
	await sendPage(pages, request, response, {
		view: 'outgoing',
		title: t.outgoing,
		model,
		here: 'home',
		...saidIn(pages, request),
	});
}

export function outgoingPages(pages: Pages, clientOf: (request: Request) => Client): Router {
	const desk: Desk = { pages, clientOf };
	const router = Router();
	router.get('/', async (request, response, next) => {
		if (isStaff(visitorOf(request).actor)) next();
		else await show(desk, { request, response });
	});
	return router;
}
