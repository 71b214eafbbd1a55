/**
 * `/health`: what is wrong and how to mend it, what passes, numbers, closed destinations.
 */
import { type Request, Router } from 'express';
import type { Client } from '../client/client.ts';
import { sendFailure, sendPage, wordsOf } from './answer.ts';
import { healthPageOf } from './model/health.ts';
import { unreadOf } from './model/overview-cards.ts';
import type { Pages } from './pages.ts';

const lanesRead = 1000;

export function healthPages(pages: Pages, clientOf: (request: Request) => Client): Router {
	const router = Router();
	router.get('/health', async (request, response) => {
		const client = clientOf(request);
		const [health, lanes] = await Promise.all([
			client.call('health'),
			client.call('lanes', { query: { limit: lanesRead } }),
		]);
		if (!health.ok) {
			await sendFailure(pages, request, response, health.error);
			return;
		}
		const words = wordsOf(pages);
		const page = healthPageOf(health.value, lanes.ok ? lanes.value : undefined, words);
		const model = { page, lanesUnread: unreadOf(lanes, words) };
		await sendPage(pages, request, response, { view: 'health', title: page.headline, model, here: 'health' });
	});
	return router;
}
