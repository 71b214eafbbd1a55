/**
 * `/` for administrators and resellers: what needs a decision, then how mail flows. Span in the address; what changes is a fragment.
 */
import { type Request, Router } from 'express';
import type { Client } from '../client/client.ts';
import { type VolumeSpan, volumeSpans } from '../contract/view-operations.ts';
import { isFragment, sendFailure, sendFragment, sendPage, wordsOf } from './answer.ts';
import { saidIn } from './done.ts';
import { visitorOf } from './guard.ts';
import { beforeOf } from './model/before.ts';
import { volumeChartOf } from './model/chart.ts';
import { decisionsOf } from './model/decisions.ts';
import { firstDaysOf } from './model/first-days.ts';
import { isStaff, mayOf } from './model/may.ts';
import { mayVisit, pathOfNav } from './model/nav.ts';
import { agesOf, healthLineOf, kpisOf, poolOf, topOf, unreadOf } from './model/overview-cards.ts';
import { providersOf } from './model/providers.ts';
import type { Pages } from './pages.ts';
import { type OverviewFacts, readOverview } from './read-overview.ts';

export const spanOf = (value: unknown): VolumeSpan => volumeSpans.find((one) => one === value) ?? 'day';

/** All of it failed because nobody answers: then there is nothing to show. */
const isAway = ({ held, volume, top }: OverviewFacts): boolean =>
	[held, volume, top].every((answer) => !answer.ok && answer.error.kind === 'unreachable');

async function modelOf(pages: Pages, request: Request, facts: OverviewFacts, span: VolumeSpan) {
	const words = wordsOf(pages);
	const { t, base } = words;
	const { actor } = visitorOf(request);
	const asked = await pages.selfOf(request);
	const self = asked.ok ? asked.value : undefined;
	const isAdmin = actor.role === 'admin';
	const hasRules = self !== undefined && mayVisit('rules', actor, self);
	const reach = { isAdmin, hasRules, mayLimit: mayOf(actor, self).editAccounts };
	const path = pathOfNav(base, 'home');
	const total = facts.top.ok ? facts.top.value.total : 0;
	const say = isAdmin ? t.sayAll(total, pages.place.host) : t.sayOwn(total, pages.place.host);
	return {
		decisions: decisionsOf(facts, words, reach),
		say: self?.monitorOnly === true ? `${say} ${t.monitorOnly}` : say,
		path: span === 'day' ? path : `${path}?span=${span}`,
		spans: volumeSpans.map((one) => ({
			text: t.spans[one].short,
			path: one === 'day' ? path : `${path}?span=${one}`,
			isHere: one === span,
		})),
		span: t.spans[span],
		kpis: kpisOf(facts, span, words),
		firstDays: firstDaysOf(facts, words, { hasRules }),
		before: beforeOf(facts, words),
		volume: facts.volume.ok ? facts.volume.value.total : undefined,
		chart: facts.volume.ok ? volumeChartOf(facts.volume.value, span, words) : undefined,
		top: topOf(facts, words),
		total,
		providers: providersOf(facts, words),
		ages: agesOf(facts, words),
		health: healthLineOf(facts, words),
		pool: isAdmin ? undefined : poolOf(facts, words),
		unread: {
			volume: unreadOf(facts.volume, words),
			top: unreadOf(facts.top, words),
			providers: unreadOf(facts.providers, words),
			ages: unreadOf(facts.ages, words),
			health: unreadOf(facts.health, words),
			pool: unreadOf(facts.pool?.usage, words),
		},
	};
}

export function overviewPages(pages: Pages, clientOf: (request: Request) => Client): Router {
	const router = Router();
	router.get('/', async (request, response, next) => {
		const { actor } = visitorOf(request);
		if (!isStaff(actor)) {
			next();
			return;
		}
		const self = await pages.selfOf(request);
		const span = spanOf(request.query.span);
		const asked = { actor, self: self.ok ? self.value : undefined, span, nowMs: pages.place.now() };
		const facts = await readOverview(clientOf(request), asked);
		const isRefresh = isFragment(request) && request.query.refresh !== undefined;
		if (isAway(facts) && !facts.held.ok) {
			// A refresh that fails leaves the page as it is; it grows old and says so.
			if (isRefresh) response.status(204).end();
			else await sendFailure(pages, request, response, facts.held.error);
			return;
		}
		const overview = await modelOf(pages, request, facts, span);
		if (isRefresh) {
			response.set('vary', 'hx-request');
			await sendFragment(pages, request, response, { view: 'overview-now', model: { overview, swap: true } });
			return;
		}
		await sendPage(pages, request, response, {
			view: 'overview',
			title: overview.decisions.title,
			model: { overview, swap: false },
			here: 'home',
			hasCharts: true,
			...saidIn(pages, request),
		});
	});
	return router;
}
