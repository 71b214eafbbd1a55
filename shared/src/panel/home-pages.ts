/**
 * `/` for whom no other page is home: the list.
 */
import { type Request, Router } from 'express';
import type { Client } from '../client/client.ts';
import type { Pages } from './pages.ts';

export function homePages({ adapter }: Pages, _clientOf: (request: Request) => Client): Router {
	const router = Router();
	router.get('/', (_request, response) => response.redirect(302, `${adapter.basePath}/accounts`));
	return router;
}
