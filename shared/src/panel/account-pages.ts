/**
 * The list of accounts and the page of one.
 */
import { type Request, Router } from 'express';
import type { Client } from '../client/client.ts';
import { useCard, useSpanOf } from './account-use.ts';
import { isFragment, mayFor, sendFailure, sendFragment, sendPage, wordsOf } from './answer.ts';
import { saidIn } from './done.ts';
import { accountPageOf } from './model/account.ts';
import { listOf } from './model/list.ts';
import { panelLinksOf } from './model/panel-act.ts';
import { parseQuery } from './model/query.ts';
import { raisedRule } from './model/raise.ts';
import type { Pages } from './pages.ts';
import { readAccountPage, readList } from './read.ts';

export function accountPages(pages: Pages, clientOf: (request: Request) => Client): Router {
	const router = Router();
	const { t, adapter } = pages;

	router.get('/accounts', async (request, response) => {
		const query = parseQuery(request.query);
		const facts = await readList(clientOf(request), query);
		if (!facts.ok) {
			// A refresh that fails leaves the list as it is; it grows old and says so.
			if (isFragment(request) && request.query.refresh !== undefined) response.status(204).end();
			else if (isFragment(request)) response.set('hx-redirect', `${adapter.basePath}/accounts`).status(204).end();
			else await sendFailure(pages, request, response, facts.error);
			return;
		}
		const words = wordsOf(pages);
		const may = await mayFor(pages, request);
		const list = listOf(facts.value, query, words, may);
		if (isFragment(request)) {
			response.set('vary', 'hx-request');
			await sendFragment(pages, request, response, { view: 'list', model: { list, swap: true } });
			return;
		}
		const model = { list, seeRules: may.seeRules, swap: false };
		await sendPage(pages, request, response, {
			view: 'accounts',
			title: t.accounts,
			model,
			here: 'accounts',
			...saidIn(pages, request),
		});
	});

	router.get('/accounts/:id', async (request, response) => {
		const may = await mayFor(pages, request);
		const facts = await readAccountPage(clientOf(request), request.params.id, may);
		if (!facts.ok) {
			await sendFailure(pages, request, response, facts.error);
			return;
		}
		const { account, view } = facts.value;
		const words = wordsOf(pages);
		const page = accountPageOf(facts.value, words, may);
		const span = useSpanOf(request.query.span);
		const self = await pages.selfOf(request);
		const canRaise = may.editAccounts && account.state === 'active' && raisedRule(facts.value) !== undefined;
		const model = {
			page,
			lines: page.lines,
			panelOwn: page.panelOwn,
			account: account.key,
			use: await useCard(clientOf(request), { key: account.key, view, span }, words),
			acts: canRaise ? [{ path: `${page.path}/raise`, text: t.raise, sign: 'up' }] : [],
			panelLinks: may.isStaff ? panelLinksOf(account, adapter, self.ok ? self.value : undefined, words) : [],
			swap: false,
			back: '',
		};
		await sendPage(pages, request, response, {
			view: 'account',
			title: page.name,
			model,
			here: 'accounts',
			hasCharts: true,
			...saidIn(pages, request),
		});
	});

	return router;
}
