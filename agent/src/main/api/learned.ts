/**
 * What the mail log told of the time before the agent: kept as one JSON text in state.db, read once, filtered for who asks.
 *
 * A row stands under the account that bears its name when it is told; a name that is given anew later inherits nothing of it.
 * Text that cannot be read counts as nothing told: it can be learned again.
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import {
	type LearnedRowDto,
	type learnedOperations,
	learnedRowsMax,
} from '@sluice/shared/contract/learned-operations.ts';
import type { OperationHandlers, OperationInput } from '@sluice/shared/contract/operations.ts';
import { ok } from '@sluice/shared/words/result.ts';
import { audit } from '../../flow/audit.ts';
import { type Flow, reportError } from '../../flow/context.ts';
import { shownAccount } from './account-page.ts';
import { type ApiContext, problem } from './context.ts';
import { keyOf, maySee } from './visibility.ts';

type Handlers = Pick<OperationHandlers, keyof typeof learnedOperations>;
type Told = OperationInput<'putLearned'>['body'];

/** Name of the fact in state.db. */
const factName = 'learned';

const isAccount = ({ sender }: LearnedRowDto): boolean => sender === undefined;
const byRecipients = (one: LearnedRowDto, other: LearnedRowDto): number => other.recipients - one.recipients;

/** Each message is of one account: senders are no further ones. */
function totalsOf(items: readonly LearnedRowDto[]) {
	const accounts = items.filter(isAccount);
	return {
		accounts: accounts.length,
		senders: items.length - accounts.length,
		messages: accounts.reduce((sum, { messages }) => sum + messages, 0),
		recipients: accounts.reduce((sum, { recipients }) => sum + recipients, 0),
	};
}

function readKept(flow: Flow): Told | undefined {
	const text = flow.state.get(factName);
	if (text === undefined) return undefined;
	try {
		return JSON.parse(text) as Told;
	} catch (error) {
		reportError(flow, 'learned', error);
		return undefined;
	}
}

export function createLearnedHandlers({ flow }: ApiContext): Handlers {
	const { accounts } = flow;
	let kept: { readonly told: Told | undefined } | undefined;

	function told(): Told | undefined {
		kept ??= { told: readKept(flow) };
		return kept.told;
	}

	return {
		getLearned: async ({ query }, actor) => {
			const wanted = query.account === undefined ? undefined : keyOf(accounts, query.account);
			if (wanted !== undefined && !maySee(accounts, actor, wanted))
				return problem('not-found', 'No account with this id.');
			const known = told();
			const seen = (known?.items ?? []).filter(
				({ account }) => (wanted === undefined || account === wanted) && maySee(accounts, actor, account),
			);
			return ok({
				...(known === undefined ? {} : { log: { mta: known.mta, from: known.from, until: known.until } }),
				...totalsOf(seen),
				items: seen
					.filter((row) => isAccount(row) === (query.by === 'account'))
					.slice(0, query.limit)
					.map((row) => ({ ...row, isKnown: shownAccount(flow, row.account) !== undefined })),
			});
		},
		putLearned: async ({ body }, actor) => {
			const items = body.items.map((row) => ({ ...row, account: keyOf(accounts, row.account) })).toSorted(byRecipients);
			const totals = totalsOf(items);
			if (Math.max(totals.accounts, totals.senders) > learnedRowsMax)
				return problem('invalid', `items: at most ${learnedRowsMax} accounts and ${learnedRowsMax} senders.`);
			if (Date.parse(body.from) > Date.parse(body.until)) return problem('invalid', 'from: after until.');
			const next = { ...body, items };
			// A megabyte at the most, once in the life of a server.
			flow.state.set(factName, JSON.stringify(next));
			kept = { told: next };
			const { accounts: all, senders } = totals;
			audit(flow, actor as Actor, 'learned.put', 'server', `${all} accounts and ${senders} senders of the mail log`);
			return ok(totals);
		},
	};
}
