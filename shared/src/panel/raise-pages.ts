/**
 * Raising the limit of an account for a day: the question with a number, the act, its undo as that of every limit.
 *
 * An exception until tomorrow, so it ends by itself; what was enforced stays enforced. Somebody else's number is never replaced unseen.
 */
import { type Request, Router } from 'express';
import type { Client } from '../client/client.ts';
import { formStatus, sendFailure, sendForm, sendNotDone, sendPage, wordsOf } from './answer.ts';
import { type Desk, done, type Exchange, fieldsOf } from './done.ts';
import { isConflict, type Where, write } from './limit-acts.ts';
import { limitUndoNote } from './limit-undo.ts';
import { meanwhileText } from './meanwhile.ts';
import { parseEdit, stampOf, writesOf } from './model/edit.ts';
import { faultText } from './model/editor.ts';
import { textOf } from './model/given.ts';
import { boundOf } from './model/parents.ts';
import { raisedRule, raiseFormOf } from './model/raise.ts';
import type { Pages } from './pages.ts';
import { type OneAccount, readAccount } from './read.ts';
import { near, tomorrowMs } from './text/times.ts';

async function accountFor({ pages, clientOf }: Desk, { request, response }: Exchange): Promise<OneAccount | undefined> {
	const one = await readAccount(clientOf(request), String(request.params.id));
	if (one.ok) return one.value;
	await sendFailure(pages, request, response, one.error);
	return undefined;
}

async function sendQuestion(
	{ pages }: Desk,
	{ request, response }: Exchange,
	one: OneAccount,
	about: Parameters<typeof raiseFormOf>[1],
): Promise<void> {
	const form = raiseFormOf(one, about, wordsOf(pages));
	const status = formStatus(about.fault);
	await sendForm(pages, request, response, { view: 'raise', title: form.title, model: { form }, status });
}

async function sendNothingToRaise({ pages }: Desk, { request, response }: Exchange, one: OneAccount): Promise<void> {
	const { t } = pages;
	const title = t.raiseNone(one.account.name);
	const model = { heading: title, text: t.raiseNoneSay, detail: '' };
	await sendPage(pages, request, response, { view: 'sorry', title, model, status: 404 });
}

async function ask(desk: Desk, exchange: Exchange): Promise<void> {
	const one = await accountFor(desk, exchange);
	if (one === undefined) return;
	const rule = raisedRule(one, exchange.request.query.rule);
	if (rule === undefined) await sendNothingToRaise(desk, exchange, one);
	else await sendQuestion(desk, exchange, one, { rule, seen: stampOf(one.view) });
}

async function raise(desk: Desk, exchange: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { request, response } = exchange;
	const { t, place } = pages;
	const one = await accountFor(desk, exchange);
	if (one === undefined) return;
	const { account, view, book } = one;
	const fields = fieldsOf(request);
	const rule = raisedRule(one, fields.rule);
	if (rule === undefined) {
		await sendNothingToRaise(desk, exchange, one);
		return;
	}
	const value = textOf(fields.value);
	const again = (fault: string) => sendQuestion(desk, exchange, one, { rule, value, fault, seen: stampOf(view) });
	const what = meanwhileText(pages, textOf(fields.seen), view, rule);
	if (what !== undefined) {
		await again(t.faultMeanwhile(what));
		return;
	}
	const edit = parseEdit({ value, rule, lasting: 'tomorrow' }, boundOf(rule, account, book));
	if (!edit.ok) {
		await again(faultText(t, edit.error));
		return;
	}
	const untilMs = tomorrowMs(place, place.now());
	const target = { level: 'accounts', id: account.key } as const;
	const written = await write(clientOf(request), target, writesOf(edit.value, view, untilMs));
	if (!written.ok) {
		if (isConflict(written.error)) await again(t.faultMeanwhile(t.meanwhileGone));
		else await sendNotDone(pages, request, response, written.error);
		return;
	}
	const where: Where = { at: 'account', account: account.key, back: '' };
	const until = t.untilTomorrow(near(place, untilMs, place.now()));
	const text = t.saved(account.name, edit.value.value ?? 0, t.rules[rule].unit, until);
	const act = { ...target, rule, who: account.name, act: 'number', where } as const;
	const undo = limitUndoNote(pages, request, { ...act, before: view, after: written.value });
	await done(desk, exchange, where, { text, undo });
}

export function raisePages(pages: Pages, clientOf: (request: Request) => Client): Router {
	const desk: Desk = { pages, clientOf };
	const router = Router();
	router.get('/accounts/:id/raise', (request, response) => ask(desk, { request, response }));
	router.post('/accounts/:id/raise', (request, response) => raise(desk, { request, response }));
	return router;
}
