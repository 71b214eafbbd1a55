/**
 * Rules for many: what is set for the server, resellers, plans and as a default; trying one on the mail of the last days; enforcing it.
 *
 * What is tried stands in the address, what came of it at the agent: nothing is kept here, and nothing changes until a person enforces.
 */
import { type Request, Router } from 'express';
import type { Client } from '../client/client.ts';
import type { SimulationDto } from '../contract/limit-operations.ts';
import { limitText, pathOfLevel } from '../words/limits.ts';
import {
	formStatus,
	isFragment,
	mayFor,
	sendFailure,
	sendFragment,
	sendMissingPage,
	sendNotDone,
	sendPage,
	wordsOf,
} from './answer.ts';
import { type Desk, done, type Exchange, fieldsOf, saidIn } from './done.ts';
import { isConflict, type Where, write } from './limit-acts.ts';
import { limitUndoNote } from './limit-undo.ts';
import { type Given, textOf } from './model/given.ts';
import type { May } from './model/may.ts';
import type { SetBook } from './model/parents.ts';
import { rulesHeadOf, rulesOf, whoOf } from './model/rules.ts';
import {
	applyWrites,
	proposalOf,
	type Trial,
	type TryResult,
	trialOf,
	trialQuery,
	tryFormOf,
	tryResultOf,
} from './model/simulation.ts';
import type { Pages } from './pages.ts';
import { readBook } from './read.ts';

const trialIn = (given: Given, book: SetBook): Trial | undefined => {
	const trial = trialOf(given, book);
	return trial === 'not-a-number' ? undefined : trial;
};

/** Plans of accounts that would have been met: the agent names at most a hundred. */
async function plansOf(client: Client, trial: Trial, { result }: SimulationDto): Promise<ReadonlyMap<string, string>> {
	if (trial.at.level !== 'plan' || result === undefined) return new Map();
	const ids = [...new Set(result.items.map(({ account }) => account))];
	const answers = await Promise.all(ids.map((id) => client.call('getAccount', { params: { id } })));
	return new Map(
		ids.flatMap((id, index) => {
			const answer = answers[index];
			return answer?.ok === true && answer.value.plan != null ? [[id, answer.value.plan] as const] : [];
		}),
	);
}

async function resultFor(
	{ pages, clientOf }: Desk,
	request: Request,
	{ trial, simulation, book }: { readonly trial: Trial; readonly simulation: SimulationDto; readonly book: SetBook },
): Promise<TryResult> {
	const plans = await plansOf(clientOf(request), trial, simulation);
	const facts = {
		book,
		planOf: (account: string) => plans.get(account),
		canApply: (await mayFor(pages, request)).switchShared,
	};
	return tryResultOf(trial, simulation, facts, wordsOf(pages));
}

async function simulationOf(client: Client, id: string): Promise<SimulationDto | undefined> {
	const answer = id === '' ? undefined : await client.call('getSimulation', { params: { id } });
	return answer?.ok === true ? answer.value : undefined;
}

async function sendRules(
	desk: Desk,
	{ request, response }: Exchange,
	given: Given,
	{ fault, may }: { readonly fault?: string | undefined; readonly may: May },
): Promise<void> {
	const { pages, clientOf } = desk;
	const { t } = pages;
	const client = clientOf(request);
	const [self, book] = await Promise.all([pages.selfOf(request), readBook(client)]);
	if (!self.ok) {
		await sendFailure(pages, request, response, self.error);
		return;
	}
	const words = wordsOf(pages);
	const rules = rulesOf(book, words, may);
	const isTried = may.tryRules;
	const trial = trialIn(given, book);
	const simulation = isTried && trial !== undefined ? await simulationOf(client, textOf(given.sim)) : undefined;
	const isGone = textOf(given.sim) !== '' && simulation === undefined;
	const model = {
		head: rulesHeadOf(rules, may, t),
		rules,
		isPool: !may.switchShared,
		back: '',
		swap: false,
		canTry: isTried,
		form: isTried ? tryFormOf(given, book, { words, fault: fault ?? (isGone ? t.tryGone : undefined) }) : undefined,
		result:
			trial !== undefined && simulation !== undefined
				? await resultFor(desk, request, { trial, simulation, book })
				: undefined,
		ownership: may.switchShared
			? { ...t.ownershipModes[self.value.ownership], command: t.ownershipCommand(self.value.ownership) }
			: undefined,
	};
	await sendPage(pages, request, response, {
		view: 'rules-page',
		title: t.nav.rules,
		model,
		status: formStatus(fault),
		here: 'rules',
		...saidIn(pages, request),
	});
}

async function sendResult(
	{ pages }: Desk,
	{ request, response }: Exchange,
	result: TryResult | { readonly failure: string },
): Promise<void> {
	await sendFragment(pages, request, response, { view: 'simulation', model: { result } });
}

async function start(desk: Desk, exchange: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { request, response } = exchange;
	const { t, adapter } = pages;
	const client = clientOf(request);
	const given = fieldsOf(request);
	const book = await readBook(client);
	const trial = trialOf(given, book);
	const fail = async (fault: string): Promise<void> => {
		if (isFragment(request)) await sendResult(desk, exchange, { failure: fault });
		else await sendRules(desk, exchange, given, { fault, may: await mayFor(pages, request) });
	};
	if (trial === undefined || trial === 'not-a-number') {
		await fail(t.faultNumber);
		return;
	}
	const started = await client.call('simulate', { body: { days: trial.days, proposals: [proposalOf(trial)] } });
	if (!started.ok) {
		if (isConflict(started.error)) await fail(t.tryBusy);
		else await sendNotDone(pages, request, response, started.error);
		return;
	}
	if (isFragment(request))
		await sendResult(desk, exchange, await resultFor(desk, request, { trial, simulation: started.value, book }));
	else
		response.redirect(
			303,
			`${adapter.basePath}/rules?${trialQuery(trial)}&sim=${encodeURIComponent(started.value.id)}#simulation`,
		);
}

async function progress(desk: Desk, exchange: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { request, response } = exchange;
	if (!isFragment(request)) {
		response.redirect(
			303,
			`${pages.adapter.basePath}/rules?${new URLSearchParams(request.query as { [name: string]: string })}`,
		);
		return;
	}
	const client = clientOf(request);
	const [book, simulation] = await Promise.all([readBook(client), simulationOf(client, textOf(request.query.sim))]);
	const trial = trialIn(request.query, book);
	if (trial === undefined || simulation === undefined) await sendResult(desk, exchange, { failure: pages.t.tryGone });
	else await sendResult(desk, exchange, await resultFor(desk, request, { trial, simulation, book }));
}

/** The number, enforced: as it was tried. */
async function apply(desk: Desk, exchange: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { request, response } = exchange;
	const { t } = pages;
	const client = clientOf(request);
	const trial = trialIn(fieldsOf(request), await readBook(client));
	if (trial === undefined) {
		await done(desk, exchange, { at: 'rules', back: '' }, { text: t.tryGone, isFailure: true });
		return;
	}
	const { level, id, rule } = trial.at;
	const target = { level: pathOfLevel[level], id } as const;
	const before = await client.call('getLimits', { params: target });
	if (!before.ok) {
		await sendNotDone(pages, request, response, before.error);
		return;
	}
	const written = await write(client, target, applyWrites(before.value, trial));
	if (!written.ok) {
		await sendNotDone(pages, request, response, written.error);
		return;
	}
	const who = whoOf(level, id, t);
	const where: Where = { at: 'rules', back: '' };
	const text = t.tryApplied(limitText(rule, trial.value), who);
	const act = { ...target, rule, who, act: 'number', where } as const;
	const undo = limitUndoNote(pages, request, { ...act, before: before.value, after: written.value });
	await done(desk, exchange, where, { text, undo });
}

export function rulePages(pages: Pages, clientOf: (request: Request) => Client): Router {
	const desk: Desk = { pages, clientOf };
	const router = Router();
	router.use('/rules', async (request, response, next) => {
		const isRead = request.path === '/' || request.path === '';
		const may = await mayFor(pages, request);
		if (isRead ? may.seeRules : may.tryRules) next();
		else await sendMissingPage(pages, request, response);
	});
	router.get('/rules', async (request, response) =>
		sendRules(desk, { request, response }, request.query, { may: await mayFor(pages, request) }),
	);
	router.post('/rules/simulate', (request, response) => start(desk, { request, response }));
	router.get('/rules/simulation', (request, response) => progress(desk, { request, response }));
	router.post('/rules/apply', (request, response) => apply(desk, { request, response }));
	return router;
}
