/**
 * Limits of an account changed in place: the cell becomes its editor and back, and saves.
 *
 * Each act is a form post. To htmx it answers with what has changed, to a browser without script with a redirect to the page it came
 * from; what was done and its undo travel along as a note that only the same session can open.
 */
import { type Request, Router } from 'express';
import type { Client, ClientFailure } from '../client/client.ts';
import type { LimitsView } from '../contract/limit-shapes.ts';
import type { LimitRule } from '../words/limits.ts';
import { ok } from '../words/result.ts';
import { isFragment, mayFor, sendFailure, sendFragment, sendNotDone, wordsOf } from './answer.ts';
import { backOf, type Desk, done, type Exchange, fieldsOf, pathOf, spotOf } from './done.ts';
import { isConflict, type Where, write } from './limit-acts.ts';
import { sendLimitEditor } from './limit-editor.ts';
import { limitUndoNote, undoLimits } from './limit-undo.ts';
import { meanwhileText } from './meanwhile.ts';
import { cellOf, type Spot } from './model/cell.ts';
import { parseEdit, stampOf, writesOf } from './model/edit.ts';
import { type Draft, editorOf } from './model/editor.ts';
import { textOf } from './model/given.ts';
import { boundOf, originOf } from './model/parents.ts';
import { effectiveFor, ruleOr } from './model/rule-words.ts';
import type { Pages } from './pages.ts';
import { type OneAccount, readAccount } from './read.ts';
import { switchMode } from './rule-switch.ts';
import { near, tomorrowMs } from './text/times.ts';

async function sendEditor(
	pages: Pages,
	exchange: Exchange,
	one: OneAccount,
	about: { readonly spot: Spot; readonly cell: LimitRule; readonly back: string; readonly draft: Draft },
): Promise<void> {
	const editor = editorOf({ ...one, ...about }, wordsOf(pages));
	const cancelPath = pathOf(pages, { at: about.spot, account: one.account.key, back: about.back });
	await sendLimitEditor(pages, exchange, { editor, cancelPath });
}

async function showEditor(desk: Desk, { request, response }: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const one = await readAccount(clientOf(request), String(request.params.id));
	if (!one.ok) {
		await sendFailure(pages, request, response, one.error);
		return;
	}
	const rule = ruleOr(request.query.rule, 'hour.recipients');
	await sendEditor(pages, { request, response }, one.value, {
		spot: spotOf(request.query.spot),
		cell: ruleOr(request.query.cell, rule),
		back: backOf(request.query.back),
		draft: { rule },
	});
}

async function showCell(desk: Desk, { request, response }: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const one = await readAccount(clientOf(request), String(request.params.id));
	if (!one.ok) {
		await sendFailure(pages, request, response, one.error);
		return;
	}
	const rule = ruleOr(request.query.cell, 'hour.recipients');
	const back = backOf(request.query.back);
	const may = await mayFor(pages, request);
	const cell = cellOf({ ...one.value, rule, spot: spotOf(request.query.spot), back, may }, wordsOf(pages));
	await sendFragment(pages, request, response, { view: 'cell', model: { cell } });
}

/** Where a limit comes from, asked for when somebody wants to know. */
async function showOrigin({ pages, clientOf }: Desk, { request, response }: Exchange): Promise<void> {
	const id = String(request.params.id);
	if (!isFragment(request)) {
		response.redirect(303, pathOf(pages, { at: 'account', account: id, back: '' }));
		return;
	}
	const one = await readAccount(clientOf(request), id);
	if (!one.ok) {
		await sendNotDone(pages, request, response, one.error);
		return;
	}
	const { account, view, book } = one.value;
	const words = wordsOf(pages);
	const rule = ruleOr(request.query.rule, 'hour.recipients');
	const origin = originOf(rule, { owner: account, own: view, book, ...words });
	await sendFragment(pages, request, response, { view: 'origin-tip', model: { origin } });
}

type Saving = {
	readonly spot: Spot;
	readonly cell: LimitRule;
	readonly back: string;
	readonly rule: LimitRule;
	readonly lasting: 'tomorrow' | 'good';
	readonly value: string;
	readonly isRemoval: boolean;
	/** What stood when the editor was opened; empty: a form of before. */
	readonly seen: string;
};

function savingOf(request: Request): Saving {
	const fields = fieldsOf(request);
	const rule = ruleOr(fields.rule, 'hour.recipients');
	return {
		spot: spotOf(fields.spot),
		cell: ruleOr(fields.cell, rule),
		back: backOf(fields.back),
		rule,
		lasting: fields.lasting === 'good' ? 'good' : 'tomorrow',
		value: textOf(fields.value),
		isRemoval: fields.act === 'remove',
		seen: textOf(fields.seen),
	};
}

async function save(desk: Desk, exchange: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { request, response } = exchange;
	const client = clientOf(request);
	const one = await readAccount(client, String(request.params.id));
	if (!one.ok) {
		await sendNotDone(pages, request, response, one.error);
		return;
	}
	const saving = savingOf(request);
	const { rule, value, lasting } = saving;
	const { account, view, book } = one.value;
	const edit = saving.isRemoval
		? ok({ rule, value: null, lasting } as const)
		: parseEdit({ value, rule, lasting }, boundOf(rule, account, book));
	const meanwhile = saving.seen === '' ? undefined : meanwhileText(pages, saving.seen, view, rule);
	if (!edit.ok || meanwhile !== undefined) {
		const fault = edit.ok ? ({ kind: 'meanwhile', what: meanwhile ?? '' } as const) : edit.error;
		await sendEditor(pages, exchange, one.value, { ...saving, draft: { rule, value, lasting, fault } });
		return;
	}
	const untilMs = tomorrowMs(pages.place, pages.place.now());
	const target = { level: 'accounts', id: account.key } as const;
	const written = await write(client, target, writesOf(edit.value, view, untilMs));
	if (!written.ok) await notSaved(desk, exchange, saving, { view, failure: written.error });
	else
		await saved(desk, exchange, saving, {
			one: one.value,
			value: edit.value.value,
			untilMs,
			after: written.value ?? view,
		});
}

/** Somebody may have written between our look and our write: then the editor stays, and says who. */
async function notSaved(
	{ pages, clientOf }: Desk,
	exchange: Exchange,
	saving: Saving,
	{ view, failure }: { readonly view: LimitsView; readonly failure: ClientFailure },
): Promise<void> {
	const { request, response } = exchange;
	const { rule, value, lasting } = saving;
	const then = isConflict(failure) ? await readAccount(clientOf(request), String(request.params.id)) : undefined;
	const what = then?.ok === true ? meanwhileText(pages, stampOf(view), then.value.view, rule) : undefined;
	if (then?.ok !== true || what === undefined) {
		await sendNotDone(pages, request, response, failure);
		return;
	}
	const fault = { kind: 'meanwhile', what } as const;
	await sendEditor(pages, exchange, then.value, { ...saving, draft: { rule, value, lasting, fault } });
}

async function saved(
	desk: Desk,
	exchange: Exchange,
	{ rule, lasting, spot, back }: Saving,
	{
		one: { account, view },
		value,
		untilMs,
		after,
	}: { readonly one: OneAccount; readonly value: number | null; readonly untilMs: number; readonly after: LimitsView },
): Promise<void> {
	const { pages } = desk;
	const { t, place } = pages;
	const { unit, name } = t.rules[rule];
	const until = lasting === 'good' ? t.forGood : t.untilTomorrow(near(place, untilMs, place.now()));
	const text = value === null ? t.savedRemoved(account.name, name) : t.saved(account.name, value, unit, until);
	const inForce = effectiveFor(after, rule);
	const isOther = value !== null && inForce !== undefined && inForce.value !== value;
	const where: Where = { at: spot, account: account.key, back };
	const act = { level: 'accounts', id: account.key, rule, who: account.name, act: 'number', where } as const;
	const isWatched = value !== null && inForce?.mode === 'monitor';
	const more = [...(isOther ? [t.inForce(inForce.text)] : []), ...(isWatched ? [t.savedWatched] : [])];
	await done(desk, exchange, where, {
		text: [text, ...more].join(' '),
		undo: limitUndoNote(pages, exchange.request, { ...act, before: view, after }),
	});
}

/** The routes of acts on limits. */
export function limitPages(pages: Pages, clientOf: (request: Request) => Client): Router {
	const desk: Desk = { pages, clientOf };
	const router = Router();
	router.get('/accounts/:id/limit', (request, response) => showEditor(desk, { request, response }));
	router.get('/accounts/:id/limit/cell', (request, response) => showCell(desk, { request, response }));
	router.get('/accounts/:id/origin', (request, response) => showOrigin(desk, { request, response }));
	router.post('/accounts/:id/limit', (request, response) => save(desk, { request, response }));
	router.post('/limits/mode', (request, response) => switchMode(desk, { request, response }));
	router.post('/limits/undo', (request, response) => undoLimits(desk, { request, response }));
	return router;
}
