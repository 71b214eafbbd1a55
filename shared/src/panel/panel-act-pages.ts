/**
 * Holding and suspending outgoing mail in the panel itself, for an account or one mailbox of it: question, reason, act, undo.
 *
 * What the panel does is behind the adapter's port; whether it may be asked from here is the agent's setting. The account is read
 * from the agent first, so that nobody acts on one that it does not show to whoever asks.
 */
import { type Request, type Response, Router } from 'express';
import type { Client } from '../client/client.ts';
import type { AccountDto } from '../contract/account-operations.ts';
import type { PanelActs } from './adapter.ts';
import { formStatus, sendFailure, sendForm, sendMissingPage, wordsOf } from './answer.ts';
import { type Desk, done, type Exchange, fieldsOf, reasonOf, undoNote, undoNoteIn } from './done.ts';
import { visitorOf } from './guard.ts';
import type { Where } from './limit-acts.ts';
import { textOf } from './model/given.ts';
import { isPanelAct, mayPanelAct, type PanelAct, panelFormOf } from './model/panel-act.ts';
import type { Pages } from './pages.ts';

type Wanted = Parameters<PanelActs['set']>[1];
/** The way back. `act` tells it from other notes. */
type PanelNote = { readonly act: 'panel'; readonly wanted: Wanted; readonly account: string };

type Found = { readonly account: AccountDto; readonly act: PanelAct; readonly acts: PanelActs };

async function foundFor({ pages, clientOf }: Desk, { request, response }: Exchange): Promise<Found | undefined> {
	const { id, act } = request.params;
	const { acts } = pages.adapter;
	const answer = await clientOf(request).call('getAccount', { params: { id: String(id) } });
	if (!answer.ok) {
		await sendFailure(pages, request, response, answer.error);
		return undefined;
	}
	const self = await pages.selfOf(request);
	const isOffered = isPanelAct(act) && mayPanelAct(act, answer.value, pages.adapter, self.ok ? self.value : undefined);
	if (acts !== undefined && isOffered) return { account: answer.value, act, acts };
	await sendMissingPage(pages, request, response);
	return undefined;
}

async function sendQuestion(
	{ pages }: Desk,
	{ request, response }: Exchange,
	found: Found,
	fault?: string,
): Promise<void> {
	const form = panelFormOf(found.act, found.account, wordsOf(pages), fault);
	const status = formStatus(fault);
	await sendForm(pages, request, response, { view: 'panel-act', title: form.title, model: { form }, status });
}

async function perform(desk: Desk, exchange: Exchange): Promise<void> {
	const { pages } = desk;
	const { request } = exchange;
	const { t } = pages;
	const found = await foundFor(desk, exchange);
	if (found === undefined) return;
	const { account, act, acts } = found;
	const fields = fieldsOf(request);
	const reason = reasonOf(request);
	if (reason === '') {
		await sendQuestion(desk, exchange, found, t.holdWhyMissing);
		return;
	}
	const mailbox = textOf(fields.mailbox);
	const isOwn = account.mailboxes.includes(mailbox);
	if (mailbox !== '' && !isOwn) {
		await sendMissingPage(pages, request, exchange.response);
		return;
	}
	const wanted: Wanted = {
		what: act,
		user: account.id,
		...(isOwn ? { mailbox } : {}),
		on: fields.on !== 'off',
		reason,
	};
	const where: Where = { at: 'account', account: account.key, back: '' };
	const answer = await acts.set(visitorOf(request), wanted);
	if (!answer.ok) {
		await done(desk, exchange, where, { text: t.notDone(answer.error), isFailure: true });
		return;
	}
	const note: PanelNote = { act: 'panel', wanted: { ...wanted, on: !wanted.on }, account: account.key };
	await done(desk, exchange, where, { text: answer.value, undo: undoNote(pages, request, note), undoOf: 'panel' });
}

async function undo(desk: Desk, exchange: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { request } = exchange;
	const { t, adapter } = pages;
	const visitor = visitorOf(request);
	const note = undoNoteIn<PanelNote>(pages, request, ['panel']);
	if (note === undefined || adapter.acts === undefined) {
		await done(desk, exchange, { at: 'rules', back: '' }, { text: t.undoTooLate, isFailure: true });
		return;
	}
	const where: Where = { at: 'account', account: note.account, back: '' };
	// Whether it is still theirs, and still allowed, is asked anew.
	const account = await clientOf(request).call('getAccount', { params: { id: note.account } });
	const self = await pages.selfOf(request);
	const isStill = account.ok && self.ok && mayPanelAct(note.wanted.what, account.value, adapter, self.value);
	const answer = isStill ? await adapter.acts.set(visitor, note.wanted) : undefined;
	if (answer?.ok === true) await done(desk, exchange, where, { text: t.panelUndone(answer.value) });
	else await done(desk, exchange, where, { text: t.notDone(answer?.error ?? t.panelNotOffered), isFailure: true });
}

export function panelActPages(pages: Pages, clientOf: (request: Request) => Client): Router {
	const desk: Desk = { pages, clientOf };
	const router = Router();
	router.get('/accounts/:id/panel/:act', async (request: Request, response: Response) => {
		const found = await foundFor(desk, { request, response });
		if (found !== undefined) await sendQuestion(desk, { request, response }, found);
	});
	router.post('/accounts/:id/panel/:act', (request, response) => perform(desk, { request, response }));
	router.post('/panel/undo', (request, response) => undo(desk, { request, response }));
	return router;
}
