/**
 * Changing one number of many accounts: the form, what it would change, the act, the way back.
 *
 * Each step is a post that answers with the next: as a page of its own, with script as a dialog. Nothing is kept between them; the last
 * says how many accounts were seen, so that it is never about others than those.
 */
import { type Request, Router } from 'express';
import type { Client } from '../client/client.ts';
import type { Said } from './adapter.ts';
import {
	formStatus,
	isFragment,
	isMissing,
	mayFor,
	sendFailure,
	sendForm,
	sendMissingPage,
	sendNotDone,
	toast,
	wordsOf,
} from './answer.ts';
import { backOf, backTo, type Desk, type Exchange, fieldsOf, undoNote, undoNoteIn } from './done.ts';
import { visitorOf } from './guard.ts';
import { isConflict } from './limit-acts.ts';
import {
	type ChangeFault,
	type ChangeFields,
	changeBody,
	changeFieldsOf,
	changeFormOf,
	changePreviewOf,
	changeText,
} from './model/change.ts';
import type { Given } from './model/given.ts';
import { listOf } from './model/list.ts';
import { agentQuery, parseQuery } from './model/query.ts';
import type { Pages } from './pages.ts';
import { readList } from './read.ts';

/** The way back: the agent keeps what stood before under this id. */
type ChangeNote = { readonly act: 'change'; readonly id: string; readonly back: string };

async function totalFor(client: Client, { who }: ChangeFields): Promise<number | undefined> {
	if (who.kind !== 'all') return undefined;
	const answer = await client.call('listAccounts', { query: { ...agentQuery(who.query), limit: 1 } });
	return answer.ok ? answer.value.total : undefined;
}

async function sendChange(desk: Desk, exchange: Exchange, given: Given, fault?: string): Promise<void> {
	const { pages, clientOf } = desk;
	const fields = changeFieldsOf(given);
	const total = await totalFor(clientOf(exchange.request), fields);
	const back = backOf(given.back);
	const form = changeFormOf(fields, { back, total, ...(fault === undefined ? {} : { fault }) }, wordsOf(pages));
	await sendForm(pages, exchange.request, exchange.response, {
		view: 'change-form',
		title: form.title,
		model: { form },
		status: formStatus(fault),
		here: 'accounts',
	});
}

const faultText = ({ t }: Pages, fault: ChangeFault): string => (fault === 'nobody' ? t.changeNobody : t.faultNumber);

async function sendPreview(desk: Desk, exchange: Exchange, fault?: (accounts: number) => string): Promise<void> {
	const { pages, clientOf } = desk;
	const { request, response } = exchange;
	const given = fieldsOf(request);
	const { expected: _looked, ...fields } = changeFieldsOf(given);
	const body = changeBody(fields, pages.place, pages.place.now());
	if (!body.ok) {
		await sendChange(desk, exchange, given, faultText(pages, body.error));
		return;
	}
	const answer = await clientOf(request).call('changeLimits', { body: { ...body.value, preview: true } });
	if (!answer.ok) {
		await sendNotDone(pages, request, response, answer.error);
		return;
	}
	const about = { back: backOf(given.back), ...(fault === undefined ? {} : { fault: fault(answer.value.accounts) }) };
	const preview = changePreviewOf(fields, answer.value, about, wordsOf(pages));
	const status = fault === undefined ? 200 : 409;
	await sendForm(pages, request, response, {
		view: 'change-preview',
		title: preview.title,
		model: { preview },
		status,
		here: 'accounts',
	});
}

async function apply(desk: Desk, exchange: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { request, response } = exchange;
	const { t, place } = pages;
	const given = fieldsOf(request);
	const fields = changeFieldsOf(given);
	const body = changeBody(fields, place, place.now());
	if (!body.ok) {
		await sendChange(desk, exchange, given, faultText(pages, body.error));
		return;
	}
	const answer = await clientOf(request).call('changeLimits', { body: body.value });
	if (!answer.ok) {
		if (isConflict(answer.error)) await sendPreview(desk, exchange, t.changeMoved);
		else await sendNotDone(pages, request, response, answer.error);
		return;
	}
	const { id, changed, capped } = answer.value;
	const back = backOf(given.back);
	const what = changeText(fields, body.value.value, wordsOf(pages));
	const text = [t.changeDone(what, changed), ...(capped > 0 ? [t.changeDoneCapped(capped)] : [])].join(' ');
	const note: ChangeNote | undefined = id === undefined ? undefined : { act: 'change', id, back };
	await doneMany(desk, exchange, back, {
		text,
		...(note === undefined ? {} : { undo: undoNote(pages, request, note), undoOf: 'changes' }),
	});
}

/** The list drawn anew, the dialog closed, the toast; without script back to the list with what was done. */
async function doneMany({ pages, clientOf }: Desk, exchange: Exchange, back: string, said: Said): Promise<void> {
	const { request, response } = exchange;
	if (!isFragment(request)) {
		backTo(pages, exchange, `${pages.adapter.basePath}/accounts${back}`, said);
		return;
	}
	const query = parseQuery(Object.fromEntries(new URLSearchParams(back)));
	const [facts, may] = await Promise.all([readList(clientOf(request), query), mayFor(pages, request)]);
	const frame = pages.frame({ title: '', visitor: visitorOf(request) });
	const list = facts.ok ? listOf(facts.value, query, wordsOf(pages), may) : undefined;
	const parts = await Promise.all([
		list === undefined ? '' : pages.fragment('list', { ...frame, list, swap: true, isBeside: true }),
		toast(pages, request, said),
	]);
	// An empty dialog closes itself.
	response.type('html').send([...parts, '<div hx-swap-oob="innerHTML:#dialog"></div>'].join('\n'));
}

async function undo(desk: Desk, exchange: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { request, response } = exchange;
	const { t } = pages;
	const note = undoNoteIn<ChangeNote>(pages, request, ['change']);
	if (note === undefined) {
		await doneMany(desk, exchange, '', { text: t.undoTooLate, isFailure: true });
		return;
	}
	const answer = await clientOf(request).call('undoLimitChange', { params: { id: note.id }, body: {} });
	if (!answer.ok) {
		if (isMissing(answer.error)) await doneMany(desk, exchange, note.back, { text: t.undoTooLate, isFailure: true });
		else await sendNotDone(pages, request, response, answer.error);
		return;
	}
	const { restored, kept } = answer.value;
	const text = [t.changeUndone(restored), ...(kept > 0 ? [t.changeUndoneKept(kept)] : [])].join(' ');
	await doneMany(desk, exchange, note.back, { text });
}

const steps = {
	edit: (desk: Desk, exchange: Exchange) => sendChange(desk, exchange, fieldsOf(exchange.request)),
	preview: (desk: Desk, exchange: Exchange) => sendPreview(desk, exchange),
	apply,
} as const;

export function changePages(pages: Pages, clientOf: (request: Request) => Client): Router {
	const desk: Desk = { pages, clientOf };
	const router = Router();
	router.use('/changes', async (request, response, next) => {
		const self = await pages.selfOf(request);
		if (!self.ok) await sendFailure(pages, request, response, self.error);
		else if (self.value.offers.includes('change-limits') && self.value.may.limits) next();
		else await sendMissingPage(pages, request, response);
	});
	router.get('/changes', (request, response) => sendChange(desk, { request, response }, request.query));
	router.post('/changes', (request, response) => {
		const { step } = fieldsOf(request);
		const act = step === 'edit' || step === 'apply' ? steps[step] : steps.preview;
		return act(desk, { request, response });
	});
	router.post('/changes/undo', (request, response) => undo(desk, { request, response }));
	return router;
}
