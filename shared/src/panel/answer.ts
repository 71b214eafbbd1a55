/**
 * How a request is answered: a whole page to a browser, fragments to htmx, and the same for what went wrong.
 */
import type { Request, Response } from 'express';
import { type ClientFailure, failureText } from '../client/client.ts';
import type { Said } from './adapter.ts';
import { visitorOf } from './guard.ts';
import { type May, mayOf } from './model/may.ts';
import { homeOnly, type NavId, navOf } from './model/nav.ts';
import type { Words } from './model/words.ts';
import type { Pages } from './pages.ts';

/** A fragment is wanted; after a step back in history htmx wants the whole page. */
export const isFragment = (request: Request): boolean =>
	request.get('hx-request') === 'true' && request.get('hx-history-restore-request') !== 'true';

export function wordsOf(pages: Pages): Words {
	return {
		t: pages.t,
		base: pages.adapter.basePath,
		zoned: pages.place,
		nowMs: pages.place.now(),
	};
}

/** What whoever asks is offered. */
export async function mayFor(pages: Pages, request: Request): Promise<May> {
	const self = await pages.selfOf(request);
	return mayOf(visitorOf(request).actor, self.ok ? self.value : undefined);
}

export async function sendPage(
	pages: Pages,
	request: Request,
	response: Response,
	{
		view,
		title,
		model,
		status = 200,
		said,
		here,
		hasCharts = false,
	}: {
		readonly view: string;
		readonly title: string;
		readonly model: object;
		readonly status?: number;
		readonly said?: Said;
		/** Which page of the menu it belongs to. */
		readonly here?: NavId;
		readonly hasCharts?: boolean;
	},
): Promise<void> {
	const visitor = visitorOf(request);
	const self = await pages.selfOf(request);
	const at = {
		actor: visitor.actor,
		base: pages.adapter.basePath,
		t: pages.t,
		...(here === undefined ? {} : { here }),
	};
	// Who cannot be asked offers nothing; the way back stays.
	const nav = self.ok ? navOf(self.value, at) : homeOnly(at);
	const about = { title, visitor, nav, hasCharts, ...(said === undefined ? {} : { said }) };
	response
		.status(status)
		.type('html')
		.send(await pages.page(view, about, model));
}

/** A part of a page, for htmx. */
export async function sendFragment(
	pages: Pages,
	request: Request,
	response: Response,
	{ view, model, status = 200 }: { readonly view: string; readonly model: object; readonly status?: number },
): Promise<void> {
	const frame = pages.frame({ title: '', visitor: visitorOf(request) });
	response
		.status(status)
		.type('html')
		.send(await pages.fragment(view, { ...frame, ...model }));
}

/** A question or a form: a dialog to htmx, a page of its own to a browser without script. */
export async function sendForm(
	pages: Pages,
	request: Request,
	response: Response,
	{
		model,
		...about
	}: {
		readonly view: string;
		readonly title: string;
		readonly model: object;
		readonly status: number;
		readonly here?: NavId;
	},
): Promise<void> {
	if (isFragment(request))
		await sendFragment(pages, request, response, { ...about, model: { ...model, isWhole: false } });
	else await sendPage(pages, request, response, { ...about, model: { ...model, isWhole: true } });
}

/** Of a form: what is wrong in it is said beside the field. */
export const formStatus = (fault: unknown): number => (fault === undefined ? 200 : 422);

/** No page of ours has that address. */
export async function sendMissingPage(pages: Pages, request: Request, response: Response): Promise<void> {
	const { t } = pages;
	const model = { heading: t.missingPage, text: '', detail: '' };
	await sendPage(pages, request, response, { view: 'sorry', title: t.missingPage, model, status: 404 });
}

/** What was asked for is not there, or not for whoever asks. */
export const isMissing = (failure: ClientFailure): boolean =>
	failure.kind === 'problem' && failure.problem.status === 404;

const statusOf = (failure: ClientFailure): number => (failure.kind === 'unreachable' ? 503 : failure.problem.status);

/** The page that says why there is none: agent away, not allowed, not there. */
export async function sendFailure(
	pages: Pages,
	request: Request,
	response: Response,
	failure: ClientFailure,
): Promise<void> {
	const { t, place } = pages;
	// One slash at its begin: two would lead to another server.
	const path = `${pages.adapter.basePath}${request.path.replace(/^\/+/, '/')}`;
	if (failure.kind === 'unreachable') {
		const model = { why: failure.text, tryPath: path, at: place.now() };
		await sendPage(pages, request, response, { view: 'down', title: t.downTitle, model, status: 503 });
		return;
	}
	const { status } = failure.problem;
	const [heading, text] =
		status === 403
			? [t.forbiddenTitle, t.forbiddenSay]
			: status === 404
				? [t.missingTitle, t.missingSay]
				: [t.problemTitle, failureText(failure)];
	const model = { heading, text, detail: status === 403 ? failureText(failure) : '' };
	await sendPage(pages, request, response, { view: 'sorry', title: heading, model, status });
}

/** A failed act: the page stays as it is, a toast says what was not done. */
export async function sendNotDone(
	pages: Pages,
	request: Request,
	response: Response,
	failure: ClientFailure,
): Promise<void> {
	if (!isFragment(request)) {
		await sendFailure(pages, request, response, failure);
		return;
	}
	const said: Said = { text: pages.t.notDone(failureText(failure)), isFailure: true };
	response
		.status(statusOf(failure))
		.type('html')
		.send(await toast(pages, request, said));
}

/** The toast, to be swapped in beside whatever else changes. */
export const toast = (pages: Pages, request: Request, said: Said): Promise<string> =>
	pages.fragment('toast', { ...pages.frame({ title: '', visitor: visitorOf(request), said }) });
