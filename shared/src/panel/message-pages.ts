/**
 * The page of one message: what came of it, its life, who sent it.
 */
import { type Request, Router } from 'express';
import type { Client } from '../client/client.ts';
import { messageIdSchema } from '../contract/shapes.ts';
import { sendFailure, sendPage, wordsOf } from './answer.ts';
import { messagePageOf } from './model/message.ts';
import type { Pages } from './pages.ts';

export function messagePages(pages: Pages, clientOf: (request: Request) => Client): Router {
	const router = Router();
	router.get('/messages/:id', async (request, response) => {
		const { t } = pages;
		const id = messageIdSchema.safeParse(request.params.id);
		const trace = id.success ? await clientOf(request).call('traceMessage', { params: { id: id.data } }) : undefined;
		const isMissing =
			trace === undefined || (!trace.ok && trace.error.kind === 'problem' && trace.error.problem.status === 404);
		if (isMissing) {
			const model = { heading: t.missingMessage, text: t.missingMessageSay, detail: '' };
			await sendPage(pages, request, response, { view: 'sorry', title: t.missingMessage, model, status: 404 });
			return;
		}
		if (!trace.ok) {
			await sendFailure(pages, request, response, trace.error);
			return;
		}
		const page = messagePageOf(trace.value, wordsOf(pages));
		await sendPage(pages, request, response, { view: 'message', title: page.subject, model: { page } });
	});
	return router;
}
