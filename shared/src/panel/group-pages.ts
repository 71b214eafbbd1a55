/**
 * Plans and resellers: what their accounts have used, and their number, changed in place.
 *
 * Each act is a form post, answered as those on an account's limits are.
 */
import { type Request, Router } from 'express';
import type { Client } from '../client/client.ts';
import type { LimitsView } from '../contract/limit-shapes.ts';
import { wholeServer } from '../words/limits.ts';
import { ok } from '../words/result.ts';
import { mayFor, sendFailure, sendFragment, sendMissingPage, sendNotDone, sendPage, wordsOf } from './answer.ts';
import { type Desk, done, type Exchange, fieldsOf, saidIn } from './done.ts';
import { isConflict, type Where, write } from './limit-acts.ts';
import { sendLimitEditor } from './limit-editor.ts';
import { limitUndoNote } from './limit-undo.ts';
import { meanwhileText } from './meanwhile.ts';
import { parseEdit, stampOf, writesOf } from './model/edit.ts';
import type { Draft } from './model/editor.ts';
import { textOf } from './model/given.ts';
import { type GroupKind, groupCellOf, groupEditorOf, groupKinds, groupsOf } from './model/group.ts';
import { ownNumber, ruleOr } from './model/rule-words.ts';
import type { Pages } from './pages.ts';
import { readBook } from './read.ts';
import { count } from './text/numbers.ts';
import { near, tomorrowMs } from './text/times.ts';

type Asked = { readonly kind: GroupKind; readonly id: string };

async function showGroups({ pages, clientOf }: Desk, { request, response }: Exchange, kind: GroupKind): Promise<void> {
	const client = clientOf(request);
	const [answer, book, may] = await Promise.all([
		client.call('listGroups', { params: { kind } }),
		readBook(client),
		mayFor(pages, request),
	]);
	if (!answer.ok) {
		await sendFailure(pages, request, response, answer.error);
		return;
	}
	const groups = groupsOf(kind, answer.value, { book, may }, wordsOf(pages));
	await sendPage(pages, request, response, {
		view: 'groups-page',
		title: pages.t.nav[kind],
		model: { groups, swap: false },
		here: kind,
		...saidIn(pages, request),
	});
}

/** The group's own numbers and what stands around them; undefined: the refusal was sent. */
async function viewFor(
	{ pages, clientOf }: Desk,
	{ request, response }: Exchange,
	{ kind, id }: Asked,
): Promise<LimitsView | undefined> {
	const answer = await clientOf(request).call('getLimits', { params: { level: kind, id } });
	if (answer.ok) return answer.value;
	await sendFailure(pages, request, response, answer.error);
	return undefined;
}

async function sendEditor(
	desk: Desk,
	exchange: Exchange,
	asked: Asked,
	about: { readonly view: LimitsView; readonly draft: Draft },
): Promise<void> {
	const { pages, clientOf } = desk;
	const book = await readBook(clientOf(exchange.request));
	const bound = ownNumber(book.get(`server:${wholeServer}`), about.draft.rule)?.value;
	const editor = groupEditorOf(asked.kind, { ...about, bound }, wordsOf(pages));
	const cancelPath = `${pages.adapter.basePath}/${asked.kind}`;
	await sendLimitEditor(pages, exchange, { editor, cancelPath, here: asked.kind });
}

async function showEditor(desk: Desk, exchange: Exchange, asked: Asked): Promise<void> {
	const view = await viewFor(desk, exchange, asked);
	const rule = ruleOr(exchange.request.query.rule, 'hour.recipients');
	if (view !== undefined) await sendEditor(desk, exchange, asked, { view, draft: { rule } });
}

async function showCell(desk: Desk, exchange: Exchange, asked: Asked): Promise<void> {
	const { pages, clientOf } = desk;
	const { request, response } = exchange;
	const view = await viewFor(desk, exchange, asked);
	if (view === undefined) return;
	const facts = { book: await readBook(clientOf(request)), may: await mayFor(pages, request) };
	const cell = groupCellOf(asked.kind, view, facts, wordsOf(pages));
	await sendFragment(pages, request, response, { view: 'cell', model: { cell } });
}

async function save(desk: Desk, exchange: Exchange, asked: Asked): Promise<void> {
	const { pages, clientOf } = desk;
	const { request, response } = exchange;
	const { t, place } = pages;
	const { kind, id } = asked;
	const client = clientOf(request);
	const view = await viewFor(desk, exchange, asked);
	if (view === undefined) return;
	const fields = fieldsOf(request);
	const rule = ruleOr(fields.rule, 'hour.recipients');
	const lasting = fields.lasting === 'tomorrow' ? 'tomorrow' : 'good';
	const value = textOf(fields.value);
	const server = ownNumber((await readBook(client)).get(`server:${wholeServer}`), rule);
	const bound = server === undefined ? undefined : ({ value: server.value, who: 'server', id: wholeServer } as const);
	const isRemoval = fields.act === 'remove';
	const edit = isRemoval ? ok({ rule, value: null, lasting } as const) : parseEdit({ value, rule, lasting }, bound);
	const seen = textOf(fields.seen);
	const what = seen === '' ? undefined : meanwhileText(pages, seen, view, rule);
	if (!edit.ok || what !== undefined) {
		const fault = edit.ok ? ({ kind: 'meanwhile', what: what ?? '' } as const) : edit.error;
		await sendEditor(desk, exchange, asked, { view, draft: { rule, value, lasting, fault } });
		return;
	}
	const untilMs = tomorrowMs(place, place.now());
	const written = await write(client, { level: kind, id }, writesOf(edit.value, view, untilMs));
	if (!written.ok) {
		const then = isConflict(written.error) ? await viewFor(desk, exchange, asked) : undefined;
		const since = then === undefined ? undefined : meanwhileText(pages, stampOf(view), then, rule);
		if (then === undefined || since === undefined) await sendNotDone(pages, request, response, written.error);
		else
			await sendEditor(desk, exchange, asked, {
				view: then,
				draft: { rule, value, lasting, fault: { kind: 'meanwhile', what: since } },
			});
		return;
	}
	const number = edit.value.value;
	const until = lasting === 'good' ? t.forGood : t.untilTomorrow(near(place, untilMs, place.now()));
	const who = t.groupWho[kind](id);
	const text =
		number === null
			? t.groupRemoved(who, t.rules[rule].name)
			: t.groupSaved[kind](id, `${count(number)} ${t.rules[rule].unit}`, until);
	const where: Where = { at: 'groups', kind, back: '' };
	const act = { level: kind, id, rule, who, act: 'number', where } as const;
	const undo = limitUndoNote(pages, request, { ...act, before: view, after: written.value });
	await done(desk, exchange, where, { text, undo });
}

export function groupPages(pages: Pages, clientOf: (request: Request) => Client): Router {
	const desk: Desk = { pages, clientOf };
	const router = Router();
	for (const kind of groupKinds) {
		router.get(`/${kind}`, async (request, response) => {
			if ((await mayFor(pages, request)).isStaff) await showGroups(desk, { request, response }, kind);
			else await sendMissingPage(pages, request, response);
		});
		router.use(`/${kind}/:id/limit`, async (request, response, next) => {
			if ((await mayFor(pages, request)).switchShared) next();
			else await sendMissingPage(pages, request, response);
		});
		const asked = (request: Request): Asked => ({ kind, id: String(request.params.id) });
		router.get(`/${kind}/:id/limit`, (request, response) => showEditor(desk, { request, response }, asked(request)));
		router.get(`/${kind}/:id/limit/cell`, (request, response) => showCell(desk, { request, response }, asked(request)));
		router.post(`/${kind}/:id/limit`, (request, response) => save(desk, { request, response }, asked(request)));
	}
	return router;
}
