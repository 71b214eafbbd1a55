/**
 * A page whose capability the agent does not offer is not there: it is absent from the menu, and its address says so.
 *
 * The rest of the path counts with its page: `/accounts/alice/limit` is there where `/accounts` is. When the agent does not answer,
 * the page itself says that.
 */
import type { RequestHandler } from 'express';
import { sendPage } from './answer.ts';
import { visitorOf } from './guard.ts';
import { mayVisit, type NavId, navIds } from './model/nav.ts';
import type { Pages } from './pages.ts';

export const onlyOffered =
	(pages: Pages): RequestHandler =>
	async (request, response, next) => {
		const first = request.path.split('/')[1] ?? '';
		const id: NavId | undefined = navIds.find((one) => one === first);
		if (id === undefined) {
			next();
			return;
		}
		const self = await pages.selfOf(request);
		if (!self.ok || mayVisit(id, visitorOf(request).actor, self.value)) {
			next();
			return;
		}
		const { t } = pages;
		const title = t.notOfferedTitle(t.nav[id]);
		const model = { heading: title, text: t.notOfferedSay, detail: '' };
		await sendPage(pages, request, response, { view: 'sorry', title, model, status: 404 });
	};
