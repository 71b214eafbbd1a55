/**
 * The search of messages, and the page of one message: what came of it, its life, who sent it.
 *
 * An id pasted into the search goes straight to the message: ours, the queue id of the mail server, a Message-ID.
 */
import { type Request, type Response, Router } from 'express';
import type { Client } from '../client/client.ts';
import { messageIdSchema } from '../contract/shapes.ts';
import { isFragment, isMissing, mayFor, sendFailure, sendFragment, sendPage, wordsOf } from './answer.ts';
import { type Desk, type Exchange, saidIn } from './done.ts';
import { readGroups } from './mail-subject.ts';
import { readMessages, readNamed } from './message-read.ts';
import { messagePageOf } from './model/message.ts';
import { historyBegin, type MessageList, messageListOf } from './model/message-list.ts';
import {
	agentMessageQuery,
	type MessageQuery,
	messageQueryText,
	type Named,
	namedIn,
	parseMessageQuery,
} from './model/message-query.ts';
import type { Pages } from './pages.ts';

/** Where the agent does not say how far its history goes. */
const historyDaysDefault = 30;

async function historyDaysOf(pages: Pages, request: Request): Promise<number> {
	const self = await pages.selfOf(request);
	return self.ok ? self.value.historyDays : historyDaysDefault;
}

/** A way to another page, for htmx too. */
function goTo(request: Request, response: Response, path: string): void {
	if (isFragment(request)) response.set('hx-redirect', path).status(204).end();
	else response.redirect(303, path);
}

type Read = { readonly list: MessageList; readonly named?: Named };

/** Undefined: answered already, with a failure or the way to the message that was named. */
async function readList(desk: Desk, { request, response }: Exchange, query: MessageQuery): Promise<Read | undefined> {
	const { pages, clientOf } = desk;
	const words = wordsOf(pages);
	const client = clientOf(request);
	const may = await mayFor(pages, request);
	const historyDays = await historyDaysOf(pages, request);
	const named = namedIn(query.to) ?? namedIn(query.from);
	if (named !== undefined) {
		const id = await readNamed(client, named);
		if (id !== undefined) {
			goTo(request, response, `${pages.adapter.basePath}/messages/${id}`);
			return undefined;
		}
	}
	const asked = agentMessageQuery(query, pages.place, pages.place.now());
	if (asked === undefined)
		return {
			list: messageListOf(query, undefined, historyDays, words, may),
			...(named === undefined ? {} : { named }),
		};
	const { cursor } = query;
	const found = await readMessages(client, asked, { historyDays, ...(cursor === undefined ? {} : { cursor }) });
	if (!found.ok) {
		// A refresh that fails leaves the list as it is; it grows old and says so.
		if (isFragment(request) && request.query.refresh !== undefined) response.status(204).end();
		else if (isFragment(request))
			goTo(request, response, `${pages.adapter.basePath}/messages${messageQueryText(query)}`);
		else await sendFailure(pages, request, response, found.error);
		return undefined;
	}
	return {
		list: messageListOf(query, found.value, historyDays, words, may),
		...(named === undefined ? {} : { named }),
	};
}

async function showList(desk: Desk, exchange: Exchange): Promise<void> {
	const { pages } = desk;
	const { request, response } = exchange;
	const { t } = pages;
	const query = parseMessageQuery(request.query);
	const read = await readList(desk, exchange, query);
	if (read === undefined) return;
	const days = await historyDaysOf(pages, request);
	const begin = historyBegin(wordsOf(pages), days);
	const { list } = withNamed(read, pages, days, begin);
	if (isFragment(request)) {
		response.set('vary', 'hx-request');
		await sendFragment(pages, request, response, { view: 'message-list', model: { list, swap: true } });
		return;
	}
	const say = list.hasAccounts ? t.messagesSay(days, begin) : t.messagesSayOwn(days, begin);
	await sendPage(pages, request, response, {
		view: 'messages',
		title: t.messagesHead,
		model: { list, say, swap: false },
		here: 'messages',
		...saidIn(pages, request),
	});
}

/** Somebody looked for one message by its id, and there is none. */
function withNamed({ list, named }: Read, { t }: Pages, days: number, begin: string): Read {
	if (named === undefined || list.empty === undefined) return { list };
	const text = named.kind === 'message' ? named.id : named.text;
	const empty = { ...list.empty, title: t.messagesNamedTitle(text), text: t.messagesNamedText(days, begin) };
	return { list: { ...list, empty } };
}

async function sendMissingMessage(pages: Pages, request: Request, response: Response): Promise<void> {
	const { t } = pages;
	const model = { heading: t.missingMessage, text: t.missingMessageSay, detail: '' };
	await sendPage(pages, request, response, {
		view: 'sorry',
		title: t.missingMessage,
		model,
		status: 404,
		here: 'messages',
	});
}

async function showMessage({ pages, clientOf }: Desk, { request, response }: Exchange): Promise<void> {
	const client = clientOf(request);
	const id = messageIdSchema.safeParse(request.params.id);
	const trace = id.success ? await client.call('traceMessage', { params: { id: id.data } }) : undefined;
	if (trace === undefined || (!trace.ok && isMissing(trace.error))) {
		await sendMissingMessage(pages, request, response);
		return;
	}
	if (!trace.ok) {
		await sendFailure(pages, request, response, trace.error);
		return;
	}
	const may = await mayFor(pages, request);
	const groups = await readGroups(client, trace.value.message.account, may);
	const page = messagePageOf(trace.value, groups, may, wordsOf(pages));
	await sendPage(pages, request, response, {
		view: 'message',
		title: page.subject,
		model: { page },
		here: 'messages',
		...saidIn(pages, request),
	});
}

export function messagePages(pages: Pages, clientOf: (request: Request) => Client): Router {
	const desk: Desk = { pages, clientOf };
	const router = Router();
	router.get('/messages', (request, response) => showList(desk, { request, response }));
	router.get('/messages/:id', (request, response) => showMessage(desk, { request, response }));
	return router;
}
