/**
 * Holding and releasing all mail of an account: the question, the act, the way back.
 *
 * The question is a page of its own; with script it comes as a dialog. A hold that was just set can be undone as long as it stands.
 */
import { type Request, Router } from 'express';
import type { Client } from '../client/client.ts';
import { formStatus, isMissing, mayFor, sendFailure, sendForm, sendNotDone, wordsOf } from './answer.ts';
import { type Desk, done, type Exchange, fieldsOf, reasonOf, undoNote, undoNoteIn } from './done.ts';
import type { Where } from './limit-acts.ts';
import { textOf } from './model/given.ts';
import { type HoldAct, holdFormOf, holdSecondsDefault } from './model/hold.ts';
import type { Pages } from './pages.ts';
import { type HoldFacts, readHoldFacts } from './read.ts';
import { near } from './text/times.ts';

/** The way back from a hold. `act` tells it from a note about a limit. */
type UnholdNote = { readonly act: 'hold'; readonly hold: string; readonly who: string; readonly where: Where };

async function factsFor({ pages, clientOf }: Desk, { request, response }: Exchange): Promise<HoldFacts | undefined> {
	const may = await mayFor(pages, request);
	const facts = await readHoldFacts(clientOf(request), String(request.params.id), may);
	if (facts.ok) return facts.value;
	await sendFailure(pages, request, response, facts.error);
	return undefined;
}

async function sendQuestion(
	{ pages }: Desk,
	{ request, response }: Exchange,
	act: HoldAct,
	facts: HoldFacts & { readonly fault?: string },
): Promise<void> {
	const form = holdFormOf(act, facts, wordsOf(pages));
	const status = formStatus(facts.fault);
	await sendForm(pages, request, response, { view: 'hold', title: form.title, model: { form }, status });
}

async function ask(desk: Desk, exchange: Exchange, act: HoldAct): Promise<void> {
	const facts = await factsFor(desk, exchange);
	if (facts !== undefined) await sendQuestion(desk, exchange, act, facts);
}

async function hold(desk: Desk, exchange: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { request, response } = exchange;
	const { t, place } = pages;
	const facts = await factsFor(desk, exchange);
	if (facts === undefined) return;
	const reason = reasonOf(request);
	if (reason === '') {
		await sendQuestion(desk, exchange, 'hold', { ...facts, fault: t.holdWhyMissing });
		return;
	}
	const asked = textOf(fieldsOf(request).seconds);
	const seconds = Number(asked in t.holdTimes ? asked : holdSecondsDefault);
	const { key, name } = facts.account;
	const ownerMayRelease = fieldsOf(request).leave === 'yes';
	const body = { selector: { kind: 'account', id: key }, reason, seconds, ownerMayRelease } as const;
	const answer = await clientOf(request).call('putHold', { body });
	if (!answer.ok) {
		await sendNotDone(pages, request, response, answer.error);
		return;
	}
	const where: Where = { at: 'account', account: key, back: '' };
	const until = near(place, Date.parse(answer.value.hold.until), place.now());
	const note: UnholdNote = { act: 'hold', hold: answer.value.hold.id, who: name, where };
	await done(desk, exchange, where, {
		text: t.held(name, answer.value.recipients, until),
		undo: undoNote(pages, request, note),
		undoOf: 'holds',
	});
}

/** Lifts what holds the account, then lets go what is held. */
async function release(desk: Desk, exchange: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { request, response } = exchange;
	const { t } = pages;
	const client = clientOf(request);
	const facts = await factsFor(desk, exchange);
	if (facts === undefined) return;
	const reason = reasonOf(request);
	if (reason === '') {
		await sendQuestion(desk, exchange, 'release', { ...facts, fault: t.holdWhyMissing });
		return;
	}
	const { key, name } = facts.account;
	for (const { id } of facts.holds) {
		const lifted = await client.call('deleteHold', { params: { id } });
		if (!lifted.ok && !isMissing(lifted.error)) {
			await sendNotDone(pages, request, response, lifted.error);
			return;
		}
	}
	const body = { selector: { kind: 'account', id: key }, reason } as const;
	const answer = await client.call('act', { params: { act: 'release' }, body });
	if (!answer.ok) {
		await sendNotDone(pages, request, response, answer.error);
		return;
	}
	const where: Where = { at: 'account', account: key, back: '' };
	await done(desk, exchange, where, { text: t.released(name, answer.value.recipients) });
}

async function unhold(desk: Desk, exchange: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { request, response } = exchange;
	const { t } = pages;
	const note = undoNoteIn<UnholdNote>(pages, request, ['hold']);
	if (note === undefined) {
		await done(desk, exchange, { at: 'rules', back: '' }, { text: t.undoTooLate, isFailure: true });
		return;
	}
	const answer = await clientOf(request).call('deleteHold', { params: { id: note.hold }, query: { release: 'true' } });
	if (answer.ok) await done(desk, exchange, note.where, { text: t.unheld(note.who, answer.value.recipients) });
	else if (isMissing(answer.error)) await done(desk, exchange, note.where, { text: t.unholdConflict, isFailure: true });
	else await sendNotDone(pages, request, response, answer.error);
}

export function holdPages(pages: Pages, clientOf: (request: Request) => Client): Router {
	const desk: Desk = { pages, clientOf };
	const router = Router();
	for (const act of ['hold', 'release'] as const)
		router.get(`/accounts/:id/${act}`, (request, response) => ask(desk, { request, response }, act));
	router.post('/accounts/:id/hold', (request, response) => hold(desk, { request, response }));
	router.post('/accounts/:id/release', (request, response) => release(desk, { request, response }));
	router.post('/holds/undo', (request, response) => unhold(desk, { request, response }));
	return router;
}
