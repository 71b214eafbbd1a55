/**
 * `/audit`: who changed what, newest first, with filters and paging by key.
 */
import { type Request, Router } from 'express';
import type { Client } from '../client/client.ts';
import { sendFailure, sendPage, wordsOf } from './answer.ts';
import { agentAuditQuery, auditPageOf, parseAuditQuery } from './model/audit.ts';
import type { Pages } from './pages.ts';

export function auditPages(pages: Pages, clientOf: (request: Request) => Client): Router {
	const router = Router();
	router.get('/audit', async (request, response) => {
		const query = parseAuditQuery(request.query);
		const answer = await clientOf(request).call('audit', { query: agentAuditQuery(query) });
		if (!answer.ok) {
			await sendFailure(pages, request, response, answer.error);
			return;
		}
		const page = auditPageOf(answer.value, query, wordsOf(pages));
		const { auditHeadline: title } = pages.t;
		await sendPage(pages, request, response, { view: 'audit', title, model: { page }, here: 'audit' });
	});
	return router;
}
