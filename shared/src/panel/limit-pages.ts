/**
 * Limits changed in place: the cell becomes its editor and back, saves, switches a rule between watching and enforcing, undoes.
 *
 * Each act is a form post. To htmx it answers with what has changed, to a browser without script with a redirect to the page it came
 * from; what was done and its undo travel along as a note that only the same session can open.
 */
import { type Request, type Response, Router } from 'express';
import type { Client } from '../client/client.ts';
import { levelPathSchema, pathOfLevel } from '../contract/limit-shapes.ts';
import type { LimitRule } from '../words/limits.ts';
import { ok } from '../words/result.ts';
import type { Said } from './adapter.ts';
import { isFragment, sendFailure, sendNotDone, sendPage, toast, wordsOf } from './answer.ts';
import { visitorOf } from './guard.ts';
import { modeWrites, type UndoNote, undo, type Where, write } from './limit-acts.ts';
import { limitLines, standsText } from './model/account.ts';
import { cellOf, type Draft, editorOf, ruleOr, type Spot } from './model/cell.ts';
import { formerOf, parseEdit, stampOf, writesOf } from './model/edit.ts';
import { rowOf } from './model/list.ts';
import { boundOf } from './model/parents.ts';
import { effectiveFor, isRule, ownNumber, ruleWords } from './model/rule-words.ts';
import { rulesOf, whoOf } from './model/rules.ts';
import type { Pages } from './pages.ts';
import { type OneAccount, readAccount, readBook } from './read.ts';
import { opened, sealed } from './signed.ts';
import { count } from './text/numbers.ts';
import { near, tomorrowMs } from './text/times.ts';

/** A note that was not opened in that time is worth nothing; the toast stands 10 s, a page without script as long as it is read. */
const undoMs = 10 * 60_000;

/** What was done, as it travels through the address of a page. */
export type DoneNote = { readonly text: string; readonly isFailure?: boolean; readonly undo?: string };

/** What every act needs: drawing, and the agent for whoever asks. */
type Desk = { readonly pages: Pages; readonly clientOf: (request: Request) => Client };
type Exchange = { readonly request: Request; readonly response: Response };

type Fields = { readonly [name: string]: unknown };
const fieldsOf = (request: Request): Fields => (request.body ?? {}) as Fields;
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const spotOf = (value: unknown): Spot => (value === 'account' ? 'account' : 'list');
/** Back to the list as it was: a query of ours, or nothing. */
const backOf = (value: unknown): string => (/^\?[\w=&%.+~-]{1,1000}$/.test(textOf(value)) ? textOf(value) : '');

function pathOf({ adapter }: Pages, where: Where): string {
	const base = `${adapter.basePath}/accounts`;
	return where.at === 'account' ? `${base}/${encodeURIComponent(where.account)}` : `${base}${where.back}`;
}

/** What has changed on the page, for htmx. */
async function changed({ pages, clientOf }: Desk, request: Request, where: Where): Promise<string> {
	const client = clientOf(request);
	const words = wordsOf(pages);
	const frame = pages.frame({ title: '', visitor: visitorOf(request) });
	if (where.at === 'rules')
		return pages.fragment('rules', {
			...frame,
			rules: rulesOf(await readBook(client), words),
			back: where.back,
			swap: true,
		});
	const one = await readAccount(client, where.account);
	if (!one.ok) return '';
	if (where.at === 'account')
		return pages.fragment('limits', {
			...frame,
			lines: limitLines(one.value, words),
			account: one.value.account.key,
			swap: true,
		});
	const row = rowOf({ ...one.value, back: where.back }, words);
	return pages.fragment('row-parts', { ...frame, row });
}

async function done(desk: Desk, { request, response }: Exchange, where: Where, said: Said): Promise<void> {
	const { pages } = desk;
	const { adapter, place } = pages;
	if (isFragment(request)) {
		const parts = await Promise.all([changed(desk, request, where), toast(pages, request, said)]);
		response.type('html').send(parts.join('\n'));
		return;
	}
	const { session } = visitorOf(request);
	const note = sealed(adapter.secret, session, said satisfies DoneNote, place.now() + undoMs);
	const path = pathOf(pages, where);
	response.redirect(303, `${path}${path.includes('?') ? '&' : '?'}said=${encodeURIComponent(note)}`);
}

function undoNote({ adapter, place }: Pages, request: Request, note: UndoNote): string {
	return sealed(adapter.secret, visitorOf(request).session, note, place.now() + undoMs);
}

async function sendEditor(
	pages: Pages,
	{ request, response }: Exchange,
	one: OneAccount,
	about: { readonly spot: Spot; readonly cell: LimitRule; readonly back: string; readonly draft: Draft },
): Promise<void> {
	const editor = editorOf({ ...one, ...about }, wordsOf(pages));
	const status = about.draft.fault === undefined ? 200 : 422;
	if (isFragment(request)) {
		const frame = pages.frame({ title: '', visitor: visitorOf(request) });
		const html = await pages.fragment('editor', { ...frame, editor, swap: request.method === 'POST' });
		response.status(status).type('html').send(html);
		return;
	}
	const model = { editor, cancelPath: pathOf(pages, { at: about.spot, account: one.account.key, back: about.back }) };
	await sendPage(pages, request, response, { view: 'edit', title: editor.title, model, status });
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
	const cell = cellOf({ ...one.value, rule, spot: spotOf(request.query.spot), back }, wordsOf(pages));
	const frame = pages.frame({ title: '', visitor: visitorOf(request) });
	response.type('html').send(await pages.fragment('cell', { ...frame, cell }));
}

async function save(desk: Desk, { request, response }: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { t, place } = pages;
	const client = clientOf(request);
	const fields = fieldsOf(request);
	const one = await readAccount(client, String(request.params.id));
	if (!one.ok) {
		await sendNotDone(pages, request, response, one.error);
		return;
	}
	const { account, view, book } = one.value;
	const rule = ruleOr(fields.rule, 'hour.recipients');
	const spot = spotOf(fields.spot);
	const back = backOf(fields.back);
	const lasting = fields.lasting === 'good' ? 'good' : 'tomorrow';
	const value = textOf(fields.value);
	const isRemoval = fields.act === 'remove';
	const edit = isRemoval
		? ok({ rule, value: null, lasting } as const)
		: parseEdit({ value, rule, lasting }, boundOf(rule, account, book));
	if (!edit.ok) {
		const draft = { rule, value, lasting, fault: edit.error } as const;
		await sendEditor(pages, { request, response }, one.value, { spot, cell: ruleOr(fields.cell, rule), back, draft });
		return;
	}
	const untilMs = tomorrowMs(place, place.now());
	const target = { level: 'accounts', id: account.key } as const;
	const written = await write(client, target, writesOf(edit.value, view, untilMs));
	if (!written.ok) {
		await sendNotDone(pages, request, response, written.error);
		return;
	}
	const after = written.value ?? view;
	const { unit, name } = ruleWords[rule];
	const until = lasting === 'good' ? t.forGood : t.untilTomorrow(near(place, untilMs, place.now()));
	const text =
		edit.value.value === null
			? t.savedRemoved(account.name, name)
			: t.saved(account.name, edit.value.value, unit, until);
	const inForce = effectiveFor(after, rule);
	const isOther = edit.value.value !== null && inForce !== undefined && inForce.value !== edit.value.value;
	const where: Where = { at: spot, account: account.key, back };
	await done(desk, { request, response }, where, {
		text: isOther ? `${text} ${t.inForce(inForce.text)}` : text,
		undo: undoNote(pages, request, {
			text,
			...target,
			rule,
			who: account.name,
			act: 'number',
			former: formerOf(view),
			stamp: stampOf(after),
			where,
		}),
	});
}

async function switchMode(desk: Desk, { request, response }: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { t, adapter } = pages;
	const client = clientOf(request);
	const fields = fieldsOf(request);
	const level = levelPathSchema.safeParse(pathOfLevel[textOf(fields.level) as keyof typeof pathOfLevel]);
	const { rule } = fields;
	const id = textOf(fields.id);
	if (!level.success || !isRule(rule) || id === '') {
		const problem = { type: 'about:blank', title: t.formTitle, status: 422 };
		await sendNotDone(pages, request, response, { kind: 'problem', problem });
		return;
	}
	const target = { level: level.data, id };
	const before = await client.call('getLimits', { params: target });
	if (!before.ok) {
		await sendNotDone(pages, request, response, before.error);
		return;
	}
	const isEnforced = fields.to === 'enforce';
	const written = await write(client, target, modeWrites(before.value, rule, isEnforced));
	if (!written.ok) {
		await sendNotDone(pages, request, response, written.error);
		return;
	}
	const account = textOf(fields.account);
	const back = backOf(fields.back);
	const where: Where = account === '' ? { at: 'rules', back } : { at: 'account', account, back };
	const who = whoOf(before.value.level, id, adapter.words.account);
	const text = t.switched(ruleWords[rule].name, who, isEnforced);
	await done(desk, { request, response }, where, {
		text,
		undo: undoNote(pages, request, {
			text,
			...target,
			rule,
			who,
			act: 'mode',
			former: formerOf(before.value),
			stamp: stampOf(written.value ?? before.value),
			where,
		}),
	});
}

async function undoAct(desk: Desk, { request, response }: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { t, adapter, place } = pages;
	const client = clientOf(request);
	const note = opened(adapter.secret, visitorOf(request).session, fieldsOf(request).note, place.now()) as
		| UndoNote
		| undefined;
	if (note === undefined) {
		await done(desk, { request, response }, { at: 'rules', back: '' }, { text: t.undoTooLate, isFailure: true });
		return;
	}
	const undone = await undo(client, note, place.now());
	if (!undone.ok) {
		await sendNotDone(pages, request, response, undone.error);
		return;
	}
	if (undone.value === 'changed') {
		await done(desk, { request, response }, note.where, { text: t.undoConflict, isFailure: true });
		return;
	}
	const now = standsText(undone.value, note.rule, t.noLimit);
	const own = ownNumber(undone.value, note.rule);
	const mode = own?.mode === 'enforce' ? t.enforced : t.monitored;
	const what = own === undefined ? now : `${count(own.value)} ${ruleWords[note.rule].unit}`;
	await done(desk, { request, response }, note.where, {
		text:
			note.act === 'mode'
				? t.undoneRule(`${ruleWords[note.rule].name} of ${note.who}`, mode.toLowerCase())
				: t.undone(note.who, note.level === 'accounts' ? now : what),
	});
}

/** The routes of acts on limits. */
export function limitPages(pages: Pages, clientOf: (request: Request) => Client): Router {
	const desk: Desk = { pages, clientOf };
	const router = Router();
	router.get('/accounts/:id/limit', (request, response) => showEditor(desk, { request, response }));
	router.get('/accounts/:id/limit/cell', (request, response) => showCell(desk, { request, response }));
	router.post('/accounts/:id/limit', (request, response) => save(desk, { request, response }));
	router.post('/limits/mode', (request, response) => switchMode(desk, { request, response }));
	router.post('/limits/undo', (request, response) => undoAct(desk, { request, response }));
	return router;
}
