/**
 * Acts on open mail and on what has just ended: the question, the act, the way back. For one message, and for a group of messages that
 * stand open for the same reason.
 *
 * The question is a page of its own; with script it comes as a dialog. What was done stands on the page that one comes back to, with an
 * undo where there is one: what was discarded comes back as it was, what was held goes on. What was released cannot be called back.
 */
import { type Request, type Response, Router } from 'express';
import { type Client, type ClientFailure, failureText } from '../client/client.ts';
import type { OperationInput, OperationOutput } from '../contract/operations.ts';
import { messageIdSchema } from '../contract/shapes.ts';
import type { Result } from '../words/result.ts';
import { formStatus, isFragment, isMissing, mayFor, sendFailure, sendForm, sendNotDone, wordsOf } from './answer.ts';
import { backTo, type Desk, type Exchange, reasonOf, undoNote, undoNoteIn } from './done.ts';
import { groupSubject, messageSubject, type Subject } from './mail-subject.ts';
import { agentActs, isHarmless, isMailAct, type MailAct } from './model/mail-act.ts';
import { type Asking, isWhyNeeded, questionOf } from './model/mail-question.ts';
import type { May } from './model/may.ts';
import type { Pages } from './pages.ts';
import { near } from './text/times.ts';

type ActBody = OperationInput<'act'>['body'];
type Selector = ActBody['selector'];

/** The way back from an act. `act` tells it from notes about limits and standing holds. */
type MailNote = {
	readonly act: 'mail.discard' | 'mail.hold';
	readonly selector: Selector;
	readonly where?: ActBody['where'];
	readonly what: string;
	/** Below the base. */
	readonly path: string;
};

async function sendQuestion(
	desk: Desk,
	{ request, response }: Exchange,
	subject: Subject,
	act: MailAct,
	fault?: string,
): Promise<void> {
	const { pages } = desk;
	const base = pages.adapter.basePath;
	const { what, total, fields = [] } = subject;
	const asking: Asking = {
		act,
		what,
		total,
		path: `${base}${subject.path}`,
		backPath: `${base}${subject.backPath}`,
		fields,
		...(fault === undefined ? {} : { fault }),
	};
	const question = questionOf(asking, await mayFor(pages, request), wordsOf(pages));
	await sendForm(pages, request, response, {
		view: 'question',
		title: question.title,
		model: { question },
		status: formStatus(fault),
		here: 'messages',
	});
}

/** A way to another page; a dialog that was asked for goes there too. */
function leave(pages: Pages, exchange: Exchange, subject: Subject): void {
	const { request, response } = exchange;
	const path = `${pages.adapter.basePath}${subject.backPath}`;
	if (isFragment(request)) response.set('hx-redirect', path).status(204).end();
	else backTo(pages, exchange, path, { text: pages.t.didNothing(pages.t.quoted(subject.what)), isFailure: true });
}

/** What of it whoever asked may not decide about. */
const leftOf = ({ t }: Pages, { left = 0, why = '' }: OperationOutput<'act'>): readonly string[] =>
	left === 0 ? [] : [t.didLeave(left, why)];

/** The agent's refusal, on the page that one comes from; an agent that is away has a page of its own. */
async function sayNotDone(pages: Pages, exchange: Exchange, path: string, failure: ClientFailure): Promise<void> {
	if (failure.kind === 'unreachable') await sendNotDone(pages, exchange.request, exchange.response, failure);
	else
		backTo(pages, exchange, `${pages.adapter.basePath}${path}`, {
			text: pages.t.notDone(failure.problem.detail ?? failureText(failure)),
			isFailure: true,
		});
}

function saidOf(
	pages: Pages,
	act: MailAct,
	what: string,
	may: May,
	{ recipients, waiting = 0 }: OperationOutput<'act'>,
): string {
	const { t, place } = pages;
	const named = t.quoted(what);
	if (recipients === 0) return t.didNothing(named);
	if (!may.isStaff && (act === 'release' || act === 'now')) return t.ownDidRelease(named);
	if (!may.isStaff && act === 'discard') return t.ownDidDiscard(named);
	switch (act) {
		case 'release':
		case 'now':
			return t.didRelease(named, recipients, waiting);
		case 'discard': {
			const until = near(place, place.now() + may.restoreMs, place.now());
			return [t.didDiscard(named, recipients), ...(may.restoreMs > 0 ? [t.didDiscardUntil(until)] : [])].join(' ');
		}
		case 'requeue':
			return t.didRequeue(named, recipients);
		case 'hold':
			return t.didHold(named, recipients);
		case 'restore':
			return t.didRestore(named, recipients);
	}
}

async function perform(desk: Desk, exchange: Exchange, subject: Subject, act: MailAct): Promise<void> {
	const { pages, clientOf } = desk;
	const { request } = exchange;
	const { t, place, adapter } = pages;
	const may = await mayFor(pages, request);
	const given = reasonOf(request);
	if (given === '' && isWhyNeeded(act, may)) {
		await sendQuestion(desk, exchange, subject, act, t.whyMissing);
		return;
	}
	const { selector, where, what, backPath } = subject;
	const reason = given !== '' ? given : may.isStaff ? t.saidWhy[agentActs[act]] : t.saidWhy.own;
	const sinceMs = place.now();
	const answer = await clientOf(request).call('act', {
		params: { act: agentActs[act] },
		body: {
			selector,
			reason,
			...(where === undefined ? {} : { where }),
			...(act === 'now' ? { now: true } : {}),
			...(act === 'restore' ? { asBefore: true } : {}),
		},
	});
	if (!answer.ok) {
		if (isMissing(answer.error)) leave(pages, exchange, subject);
		else await sayNotDone(pages, exchange, backPath, answer.error);
		return;
	}
	const { recipients } = answer.value;
	const note: MailNote | undefined =
		recipients === 0 || (act !== 'hold' && (act !== 'discard' || may.restoreMs === 0))
			? undefined
			: {
					act: act === 'hold' ? 'mail.hold' : 'mail.discard',
					selector,
					// What this act has ended, and nothing that was ended before or after it.
					...(act === 'discard' && where !== undefined
						? { where: { since: new Date(sinceMs).toISOString(), until: new Date(place.now()).toISOString() } }
						: {}),
					what,
					path: backPath,
				};
	backTo(pages, exchange, `${adapter.basePath}${backPath}`, {
		text: [saidOf(pages, act, what, may, answer.value), ...leftOf(pages, answer.value)].join(' '),
		...(recipients === 0 ? { isFailure: true } : {}),
		...(note === undefined ? {} : { undo: undoNote(pages, request, note), undoOf: 'mail' }),
	});
}

async function undo(desk: Desk, exchange: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { request } = exchange;
	const { t, adapter } = pages;
	const note = undoNoteIn<MailNote>(pages, request, ['mail.discard', 'mail.hold']);
	if (note === undefined) {
		backTo(pages, exchange, `${adapter.basePath}/messages`, { text: t.undoTooLate, isFailure: true });
		return;
	}
	const may = await mayFor(pages, request);
	const { selector, where, what, path } = note;
	const isDiscard = note.act === 'mail.discard';
	const answer = await clientOf(request).call('act', {
		params: { act: isDiscard ? 'restore' : 'release' },
		body: {
			selector,
			reason: may.isStaff ? t.saidWhy.undo : t.saidWhy.own,
			...(where === undefined ? {} : { where }),
			...(isDiscard ? { asBefore: true } : {}),
		},
	});
	if (!answer.ok && !isMissing(answer.error)) {
		await sayNotDone(pages, exchange, path, answer.error);
		return;
	}
	const total = answer.ok ? answer.value.recipients : 0;
	const named = t.quoted(what);
	const text =
		total === 0
			? t.undidNothing(named)
			: !may.isStaff
				? t.ownUndidDiscard(named)
				: isDiscard
					? t.undidDiscard(named, total)
					: t.undidHold(named, total);
	backTo(pages, exchange, `${adapter.basePath}${path}`, { text, ...(total === 0 ? { isFailure: true } : {}) });
}

type Reader = (desk: Desk, exchange: Exchange, act: MailAct) => Promise<Result<Subject, ClientFailure>>;

export function mailActPages(pages: Pages, clientOf: (request: Request) => Client): Router {
	const desk: Desk = { pages, clientOf };
	const router = Router();
	const route =
		(read: Reader) =>
		async (request: Request, response: Response, next: () => void): Promise<void> => {
			const { act, id } = request.params;
			if (!isMailAct(act) || (id !== undefined && !messageIdSchema.safeParse(id).success)) {
				next();
				return;
			}
			const exchange = { request, response };
			const subject = await read(desk, exchange, act);
			if (!subject.ok) await sendFailure(pages, request, response, subject.error);
			else if (!subject.value.isOffered) leave(pages, exchange, subject.value);
			else if (request.method === 'POST' || isHarmless(act)) {
				if (request.method === 'POST') await perform(desk, exchange, subject.value, act);
				else leave(pages, exchange, subject.value);
			} else await sendQuestion(desk, exchange, subject.value, act);
		};
	router.post('/mail/undo', (request, response) => undo(desk, { request, response }));
	router.get('/mail/:act', route(groupSubject));
	router.post('/mail/:act', route(groupSubject));
	router.get('/messages/:id/:act', route(messageSubject));
	router.post('/messages/:id/:act', route(messageSubject));
	return router;
}
