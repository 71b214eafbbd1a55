/**
 * Held and waiting: what stands open, by cause, and what may be done about it.
 */
import { type Request, Router } from 'express';
import type { Client } from '../client/client.ts';
import { failureText } from '../client/client.ts';
import { mayFor, sendFailure, sendPage, wordsOf } from './answer.ts';
import { type Desk, type Exchange, saidIn } from './done.ts';
import { trimmedOf } from './model/given.ts';
import { type OpenPart, openPartOf } from './model/open.ts';
import type { Pages } from './pages.ts';

/** Causes that are drawn of each state. */
const groupsMax = 50;

async function show({ pages, clientOf }: Desk, { request, response }: Exchange): Promise<void> {
	const client = clientOf(request);
	const { t, adapter } = pages;
	const account = trimmedOf(request.query.account, 128);
	const query = { limit: groupsMax, ...(account === '' ? {} : { account }) };
	const [held, waiting] = await Promise.all([
		client.call('listOpen', { query: { state: 'held', ...query } }),
		client.call('listOpen', { query: { state: 'waiting', ...query } }),
	]);
	if (!held.ok) {
		await sendFailure(pages, request, response, held.error);
		return;
	}
	const may = await mayFor(pages, request);
	const words = wordsOf(pages);
	const none = { items: [], total: 0, messages: 0, recipients: 0 };
	const waits = waiting.ok ? waiting.value : none;
	const waitingPart: OpenPart = {
		...openPartOf('waiting', waits, may, words),
		...(waiting.ok ? {} : { failure: t.openUnreadable(failureText(waiting.error)) }),
	};
	const title = t.openTitle(held.value.messages, waits.messages);
	const model = {
		title,
		say: held.value.messages + waits.messages === 0 ? t.openSayFine : t.openSay(waits.messages),
		parts: [openPartOf('held', held.value, may, words), waitingPart],
		only: account === '' ? undefined : { text: t.openOf(account), path: `${adapter.basePath}/open` },
	};
	await sendPage(pages, request, response, {
		view: 'open',
		title: t.nav.open,
		model,
		here: 'open',
		...saidIn(pages, request),
	});
}

export function openPages(pages: Pages, clientOf: (request: Request) => Client): Router {
	const desk: Desk = { pages, clientOf };
	const router = Router();
	router.get('/open', (request, response) => show(desk, { request, response }));
	return router;
}
