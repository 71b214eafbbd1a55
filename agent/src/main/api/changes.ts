/**
 * Changing one number of many accounts at once: shown first, done in one go, undone in one go.
 *
 * Preview and doing make the same plan. Who is named and may not be seen is answered as one that is not there; what the filters of the
 * list find is what the actor may see. Accounts whose numbers were set from above are left as they are, and counted.
 * Not here: what a change makes of one account (core/metering/change.ts), keeping and undoing (flow/limit-changes.ts).
 */
import { randomUUID } from 'node:crypto';
import { type Actor, actorText } from '@sluice/shared/contract/actor.ts';
import type { changeOperations, LimitChangeDto } from '@sluice/shared/contract/change-operations.ts';
import type { OperationHandlers, OperationInput } from '@sluice/shared/contract/operations.ts';
import type { Problem } from '@sluice/shared/contract/problem.ts';
import type { AccountKey } from '@sluice/shared/words/account.ts';
import { scopeKeyOf } from '@sluice/shared/words/limits.ts';
import { ok, type Result } from '@sluice/shared/words/result.ts';
import { type ChangedAccount, changedAccount, type NumberChange } from '../../core/metering/change.ts';
import type { Flow } from '../../flow/context.ts';
import { changeNumbers, undoChange } from '../../flow/limit-changes.ts';
import { limitedThingsMax, present } from '../../flow/limits.ts';
import { createSlices } from '../../flow/turns.ts';
import { matchingKeys, shownAccount } from './account-page.ts';
import { time } from './answers.ts';
import { type ApiContext, defined, problem } from './context.ts';
import { setFromAbove } from './limits.ts';
import { rulesInput } from './metered.ts';
import { createPageRows } from './page-rows.ts';
import { keyOf, maySee, rightOverScope } from './visibility.ts';

type Handlers = Pick<OperationHandlers, keyof typeof changeOperations>;
type Body = OperationInput<'changeLimits'>['body'];

/** Accounts of a change that are told one by one. */
const itemsMax = 20;

/** Who is meant; a problem for one that is not there, or not the actor's to see or to change. */
async function targeted(flow: Flow, { target }: Body, actor: Actor): Promise<Result<readonly AccountKey[], Problem>> {
	if ('matching' in target) return changeable(flow, await matchingKeys(flow, defined(target.matching), actor), actor);
	const keys = new Set<AccountKey>();
	for (const id of target.accounts) {
		const key = keyOf(flow.accounts, id);
		if (!maySee(flow.accounts, actor, key) || shownAccount(flow, key) === undefined)
			// In the same words whether it is not there or another's.
			return problem(
				'not-found',
				`${actor.role === 'admin' ? `No account ${id}` : 'No account with one of these ids'}. Nothing was changed.`,
			);
		keys.add(key);
	}
	return changeable(flow, [...keys], actor);
}

const mayChange = (flow: Flow, key: AccountKey, actor: Actor): boolean =>
	rightOverScope(flow.accounts, actor, { level: 'account', id: key }) === 'all';

/** The same keys; a problem when one of them is not the actor's to change. */
async function changeable(
	flow: Flow,
	keys: readonly AccountKey[],
	actor: Actor,
): Promise<Result<readonly AccountKey[], Problem>> {
	const slices = createSlices(flow.clock);
	for (const key of keys) {
		if (!mayChange(flow, key, actor)) return problem('forbidden', `${actor.role} may not set the limits of accounts.`);
		const pause = slices.breathe();
		if (pause !== undefined) await pause;
	}
	return ok(keys);
}

type Plan = {
	readonly accounts: number;
	readonly keys: readonly AccountKey[];
	readonly capped: number;
	readonly over: number;
	readonly kept: number;
	readonly first: readonly ChangedAccount[];
};

const mostUsedFirst = (one: ChangedAccount, other: ChangedAccount): number =>
	other.used - one.used || (one.key < other.key ? -1 : 1);

/** What the change would do, account by account. In slices: there may be ten thousand. */
async function planOf(
	context: ApiContext,
	keys: readonly AccountKey[],
	change: NumberChange,
	actor: Actor,
): Promise<Plan> {
	const { flow } = context;
	const nowMs = flow.clock.now();
	const slices = createSlices(flow.clock);
	const input = {
		...rulesInput(flow, nowMs, () => undefined),
		used: (key: AccountKey, rule: NumberChange['rule']) => flow.meter.used(scopeKeyOf('account', key), rule, nowMs),
	};
	const counts = { capped: 0, over: 0, kept: 0 };
	const first = createPageRows(itemsMax, mostUsedFirst);
	const changing: AccountKey[] = [];
	await slices.rest();
	for (const key of keys) {
		const pause = slices.breathe();
		if (pause !== undefined) await pause;
		const changed = changedAccount(key, present(flow, flow.limits.get('account', key)), change, input);
		if (changed === undefined) continue;
		if (setFromAbove(context, { level: 'account', id: key }, actor) !== undefined) {
			counts.kept += 1;
			continue;
		}
		changing.push(key);
		if (changed.isCapped) counts.capped += 1;
		if (changed.isOver) counts.over += 1;
		first.offer(changed);
	}
	return { ...counts, accounts: keys.length, keys: changing, first: first.sorted() };
}

const dtoOf = (flow: Flow, { accounts, keys, capped, over, kept, first }: Plan): LimitChangeDto => ({
	accounts,
	changed: keys.length,
	capped,
	over,
	kept,
	items: first.map(({ key, from, to, used }) => ({ account: flow.accounts.find(key)?.id ?? key, from, to, used })),
});

const changeOf = ({ rule, value, mode, until, note }: Body, actor: Actor, nowMs: number): NumberChange => ({
	rule,
	value,
	mode,
	...(until == null ? {} : { untilMs: Date.parse(until) }),
	...(note == null ? {} : { note }),
	author: actorText(actor),
	setMs: nowMs,
});

function faultOf(flow: Flow, { value, until }: Body): Result<never, Problem> | undefined {
	if (until == null) return undefined;
	if (value === null) return problem('invalid', 'body.until: only with a number; null takes every own number away');
	return Date.parse(until) <= flow.clock.now() ? problem('invalid', 'body.until: is over already') : undefined;
}

async function changeLimits(context: ApiContext, body: Body, actor: Actor): Promise<Result<LimitChangeDto, Problem>> {
	const { flow } = context;
	const found = faultOf(flow, body) ?? (await targeted(flow, body, actor));
	if (!found.ok) return found;
	const { expected, preview } = body;
	if (expected !== undefined && expected !== found.value.length)
		return problem(
			'conflict',
			`It was about ${expected} accounts when it was looked at, and is about ${found.value.length} now. Nothing was changed.`,
		);
	if (found.value.length === 0) return problem('not-found', 'No account matches. Nothing was changed.');
	const change = changeOf(body, actor, flow.clock.now());
	const plan = await planOf(context, found.value, change, actor);
	const dto = dtoOf(flow, plan);
	if (preview || plan.keys.length === 0) return ok(dto);
	if (change.value !== null && flow.limits.size + plan.keys.length > limitedThingsMax)
		return problem('conflict', `Limits are set for ${flow.limits.size} things, at most ${limitedThingsMax} are kept.`);
	const isOwn = (key: AccountKey): boolean =>
		mayChange(flow, key, actor) && setFromAbove(context, { level: 'account', id: key }, actor) === undefined;
	const done = await changeNumbers(flow, { id: randomUUID(), keys: plan.keys, change, mayChange: isOwn }, actor);
	return done.ok
		? ok({ ...dto, changed: done.value.changed, id: done.value.id, undoUntil: time(done.value.undoUntilMs) })
		: problem(
				'unavailable',
				'The disk did not take all of it. What is changed stands in the audit, with the change to undo.',
			);
}

export function createChangeHandlers(context: ApiContext): Handlers {
	const { flow } = context;
	return {
		// In turn with panels' lists: an account does not change hands between the look and the write.
		changeLimits: ({ body }, actor) =>
			body.preview
				? changeLimits(context, body, actor as Actor)
				: flow.accountTurns.take(() => changeLimits(context, body, actor as Actor)),
		undoLimitChange: ({ params }, actor) =>
			flow.accountTurns.take(async () => {
				const by = actor as Actor;
				const { id } = params;
				const undone = await undoChange(flow, { id, mayChange: (key) => mayChange(flow, key, by) }, by);
				if (undone.ok) return ok(undone.value);
				return undone.error === 'gone'
					? problem('not-found', 'No such change, or it is too long ago to be undone.')
					: problem('unavailable', 'The disk did not take all of it. Try again.');
			}),
	};
}
