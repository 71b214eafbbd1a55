/**
 * Limits changed in place: the cell becomes its editor and back, saves, switches a rule between watching and enforcing, undoes.
 *
 * Each act is a form post. To htmx it answers with what has changed, to a browser without script with a redirect to the page it came
 * from; what was done and its undo travel along as a note that only the same session can open.
 */
import { type Request, Router } from 'express';
import type { Client, ClientFailure } from '../client/client.ts';
import { type LimitsView, levelPathSchema } from '../contract/limit-shapes.ts';
import { type LimitRule, pathOfLevel } from '../words/limits.ts';
import { ok } from '../words/result.ts';
import { isFragment, mayFor, sendFailure, sendNotDone, sendPage, wordsOf } from './answer.ts';
import { backOf, type Desk, done, type Exchange, fieldsOf, pathOf, spotOf, textOf, undoNote } from './done.ts';
import { visitorOf } from './guard.ts';
import { isConflict, modeWrites, type UndoNote, undo, type Where, write } from './limit-acts.ts';
import { meanwhileText } from './meanwhile.ts';
import { standsText } from './model/account.ts';
import { cellOf, type Draft, editorOf, ruleOr, type Spot } from './model/cell.ts';
import { formerOf, parseEdit, stampOf, writesOf } from './model/edit.ts';
import { boundOf, originOf } from './model/parents.ts';
import { effectiveFor, isRule, ownNumber } from './model/rule-words.ts';
import { whoOf } from './model/rules.ts';
import type { Pages } from './pages.ts';
import { type OneAccount, readAccount } from './read.ts';
import { opened } from './signed.ts';
import { count } from './text/numbers.ts';
import { near, tomorrowMs } from './text/times.ts';

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
	const may = await mayFor(pages, request);
	const cell = cellOf({ ...one.value, rule, spot: spotOf(request.query.spot), back, may }, wordsOf(pages));
	const frame = pages.frame({ title: '', visitor: visitorOf(request) });
	response.type('html').send(await pages.fragment('cell', { ...frame, cell }));
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
	const frame = pages.frame({ title: '', visitor: visitorOf(request) });
	response.type('html').send(await pages.fragment('origin-tip', { ...frame, origin }));
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
	const note: UndoNote = {
		text,
		level: 'accounts',
		id: account.key,
		rule,
		who: account.name,
		act: 'number',
		former: formerOf(view),
		stamp: stampOf(after),
		where,
	};
	const isWatched = value !== null && inForce?.mode === 'monitor';
	const more = [...(isOther ? [t.inForce(inForce.text)] : []), ...(isWatched ? [t.savedWatched] : [])];
	await done(desk, exchange, where, {
		text: [text, ...more].join(' '),
		undo: undoNote(pages, exchange.request, note),
	});
}

/** `plan hour.recipients enforce Basic`: the value of the button that was pressed. The id comes last, it may have spaces. */
function switchOf(value: unknown) {
	const [, level = '', rule, to, id = ''] = /^(\S+) (\S+) (\S+) (.+)$/s.exec(textOf(value)) ?? [];
	return { level: levelPathSchema.safeParse(pathOfLevel[level as keyof typeof pathOfLevel]), rule, to, id };
}

async function switchMode(desk: Desk, { request, response }: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { t } = pages;
	const client = clientOf(request);
	const fields = fieldsOf(request);
	const { level, rule, to, id } = switchOf(fields.at);
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
	const isEnforced = to === 'enforce';
	const written = await write(client, target, modeWrites(before.value, rule, isEnforced));
	const account = textOf(fields.account);
	const back = backOf(fields.back);
	const where: Where = account === '' ? { at: 'rules', back } : { at: 'account', account, back };
	if (!written.ok) {
		const then = isConflict(written.error) ? await client.call('getLimits', { params: target }) : undefined;
		const what = then?.ok === true ? meanwhileText(pages, stampOf(before.value), then.value, rule) : undefined;
		if (what === undefined) await sendNotDone(pages, request, response, written.error);
		else await done(desk, { request, response }, where, { text: t.notSwitched(what), isFailure: true });
		return;
	}
	const who = whoOf(before.value.level, id, t);
	const text = t.switched(t.rules[rule].name, who, isEnforced);
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
	const { isUndone, view } = undone.value;
	if (!isUndone) {
		const what = meanwhileText(pages, note.stamp, view, note.rule) ?? t.meanwhileGone;
		await done(desk, { request, response }, note.where, { text: t.undoConflict(what), isFailure: true });
		return;
	}
	const { name, unit } = t.rules[note.rule];
	const now = standsText(view, note.rule, t.noLimit);
	const own = ownNumber(view, note.rule);
	const what = own === undefined ? now : `${count(own.value)} ${unit}`;
	await done(desk, { request, response }, note.where, {
		text:
			note.act === 'mode'
				? t.undoneRule(name, note.who, own?.mode === 'enforce')
				: t.undone(note.who, note.level === 'accounts' ? now : what),
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
	router.post('/limits/undo', (request, response) => undoAct(desk, { request, response }));
	return router;
}
