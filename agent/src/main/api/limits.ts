/**
 * What each operation about limits does: checks who may, sets and reads, words the answer.
 *
 * Limits are set by name, whether or not there is such an account or mailbox yet: panels make them in an order of their own. Not here:
 * what the numbers mean (core/metering), where they are kept (flow/limits.ts), who may (visibility.ts).
 */
import { type Actor, actorText } from '@sluice/shared/contract/actor.ts';
import type { limitOperations } from '@sluice/shared/contract/limit-operations.ts';
import { type LimitsView, limitSetOf } from '@sluice/shared/contract/limit-shapes.ts';
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import type { Problem } from '@sluice/shared/contract/problem.ts';
import {
	countingRule,
	eachOf,
	type Level,
	type LevelPath,
	levelOfPath,
	pathOfLevel,
	wholeServer,
} from '@sluice/shared/words/limits.ts';
import { ok, type Result } from '@sluice/shared/words/result.ts';
import { clearLimits, limitedThingsMax, setLimits, setText } from '../../flow/limits.ts';
import { createSlices } from '../../flow/turns.ts';
import { time } from './answers.ts';
import { type ApiContext, problem } from './context.ts';
import { isSet, limitedThings, pageOf } from './limit-page.ts';
import { inForce, type Limited, limitsViewOf, usageDtos, waitsUntil } from './metered.ts';
import {
	type AccountOfCredential,
	accountOfScope,
	authorFor,
	keyOf,
	type Right,
	rightOverScope,
	scriptOf,
} from './visibility.ts';

type Handlers = Pick<OperationHandlers, keyof typeof limitOperations>;

/** Of one account, set by itself, its customer or reseller: a tenant cannot fill the book. */
const tenantLimitsMax = 1000;
/** Of all that may be set, what tenants together leave to administrators. */
const adminsRoom = 20_000;
const serverIds: readonly string[] = [wholeServer, ...Object.values(eachOf)];
/** Control characters have no place in a name that stands in lists and logs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
const unprintable = /[\x00-\x1f\x7f]/;

/** In the same words whether there is no such thing or it is another's. */
const nothing = (): Result<never, Problem> => problem('not-found', 'No such thing that has limits.');

const ownerIn =
	({ credentials }: ApiContext): AccountOfCredential =>
	(id) =>
		credentials.find(id)?.account;

/** As it is stored. Fails for what cannot be. */
function limitedOf(
	{ flow }: ApiContext,
	{ level: path, id }: { readonly level: LevelPath; readonly id: string },
): Result<Limited, Problem> {
	const level: Level = levelOfPath[path];
	if (unprintable.test(id)) return problem('invalid', 'id: control characters');
	switch (level) {
		case 'server':
			return serverIds.includes(id) ? ok({ level, id }) : nothing();
		case 'account':
			return ok({ level, id: keyOf(flow.accounts, id) });
		case 'domain':
		case 'mailbox':
			return ok({ level, id: id.toLowerCase() });
		case 'script': {
			const script = scriptOf(flow.accounts, id);
			if (script === undefined) return problem('invalid', 'id: ACCOUNT:DIRECTORY, such as acme:/home/acme/www');
			return ok({ level, id: `${script.account}:${script.directory}` });
		}
		default:
			return ok({ level, id });
	}
}

/** The level and id, and what the actor may do there; a problem for what it may not even see. */
function seen(
	context: ApiContext,
	params: { readonly level: LevelPath; readonly id: string },
	actor: Actor | undefined,
): Result<{ readonly limited: Limited; readonly right: Right }, Problem> {
	const { flow } = context;
	const limited = limitedOf(context, params);
	// What cannot be is told to administrators; others would learn from it what can.
	if (!limited.ok) return actor?.role === 'admin' ? limited : nothing();
	const right = rightOverScope(flow.accounts, actor, limited.value, ownerIn(context));
	return right === 'none' ? nothing() : ok({ limited: limited.value, right });
}

const viewFor = (context: ApiContext, limited: Limited, actor: Actor | undefined): LimitsView =>
	limitsViewOf(context.flow, limited, {
		authorOf: (author) => authorFor(actor, author),
		owner: ownerIn(context),
	});

/** A tenant's own limits have a bound of their own. Returns why no more are taken; undefined: they are. */
function fullText(context: ApiContext, limited: Limited, actor: Actor): string | undefined {
	const { flow } = context;
	if (actor.role === 'admin' || flow.limits.get(limited.level, limited.id) !== undefined) return undefined;
	if (flow.limits.size >= limitedThingsMax - adminsRoom)
		return 'Limits are set for as many things of this server as may be; only an administrator sets more.';
	const ownerOf = (one: Limited) => accountOfScope(flow.accounts, one, ownerIn(context));
	const owner = ownerOf(limited);
	let count = 0;
	for (const entry of flow.limits.entries()) if (isSet(flow, entry.limits) && ownerOf(entry) === owner) count += 1;
	return count < tenantLimitsMax
		? undefined
		: `Limits are set for as many things of this account as may be (${tenantLimitsMax}).`;
}

/** Who stands above whom. Whatever else an author is called was written by the server itself. */
const rankOf = (role: string): number => {
	const at = ['account', 'customer', 'reseller'].indexOf(role);
	return at < 0 ? Number.POSITIVE_INFINITY : at;
};

/** The role of whoever set something here and has more rights than the actor, if anybody has. */
export function setFromAbove(
	context: Pick<ApiContext, 'flow'>,
	{ level, id }: Limited,
	{ role }: Actor,
): string | undefined {
	const { base, exception } = inForce(context.flow, context.flow.limits.get(level, id));
	return [base, exception]
		.map((set) => set?.author.split(' ')[0])
		.find((author) => author !== undefined && rankOf(author) > rankOf(role));
}

/** May the actor change it; the words for no. One set stands for all who may write it: nobody replaces what was set from above. */
function changeable(
	context: ApiContext,
	params: Parameters<typeof seen>[1],
	actor: Actor | undefined,
): Result<Limited, Problem> {
	const found = seen(context, params, actor);
	if (!found.ok) return found;
	const { limited, right } = found.value;
	if (right !== 'all') return problem('forbidden', `${actor?.role} may not set the limits of this ${limited.level}.`);
	const author = setFromAbove(context, limited, actor as Actor);
	if (author !== undefined)
		return problem('forbidden', `Limits of this ${limited.level} were set by ${author}, and are changed there.`);
	return ok(limited);
}

const replacesMs = (replaces: string | null | undefined): number | null | undefined =>
	typeof replaces === 'string' ? Date.parse(replaces) : replaces;

/** Two wrote at once: who was first, for who came second. */
function replaced(
	{ flow }: ApiContext,
	{ level, id }: Limited,
	part: 'base' | 'exception',
	actor: Actor | undefined,
): Result<never, Problem> {
	const set = inForce(flow, flow.limits.get(level, id))[part];
	const what = part === 'base' ? 'numbers' : 'exception';
	return problem(
		'conflict',
		set === undefined
			? `The ${what} of this ${level} that you replace ${part === 'base' ? 'are' : 'is'} not set any more. Nothing was changed.`
			: `The ${what} of this ${level} ${part === 'base' ? 'were' : 'was'} set meanwhile, by ${authorFor(actor, set.author)} at ${time(set.setMs)}: ${setText(set)}. Nothing was changed.`,
	);
}

export function createLimitHandlers(context: ApiContext): Handlers {
	const { flow } = context;
	return {
		listLimits: async ({ query }, actor) => {
			const slices = createSlices(flow.clock);
			const found = pageOf(
				await limitedThings(flow, { level: query.level, actor, owner: ownerIn(context) }, slices),
				query,
			);
			if (!found.ok) return found;
			const { page, ...rest } = found.value;
			const items: LimitsView[] = [];
			for (const limited of page) {
				items.push(viewFor(context, limited, actor));
				const pause = slices.breathe();
				if (pause !== undefined) await pause;
			}
			return ok({ items, ...rest });
		},
		getLimits: async ({ params }, actor) => {
			const found = seen(context, params, actor);
			return found.ok ? ok(viewFor(context, found.value.limited, actor)) : found;
		},
		putLimits: async ({ params, body }, actor) => {
			const found = changeable(context, params, actor);
			if (!found.ok) return found;
			const by = actor as Actor;
			const full = fullText(context, found.value, by);
			if (full !== undefined) return problem('conflict', full);
			const set = limitSetOf(body, actorText(by), flow.clock.now());
			const untilMs = body.until == null ? undefined : Date.parse(body.until);
			const done = setLimits(flow, found.value, { set, untilMs, replaces: replacesMs(body.replaces) }, by);
			if (done.ok) return ok(viewFor(context, found.value, actor));
			if (done.error === 'replaced')
				return replaced(context, found.value, untilMs === undefined ? 'base' : 'exception', actor);
			return done.error === 'past'
				? problem('invalid', 'body.until: is over already')
				: problem('conflict', `Limits are set for ${limitedThingsMax} things already.`);
		},
		deleteLimits: async ({ params, query }, actor) => {
			const found = changeable(context, params, actor);
			if (!found.ok) return found;
			const { only, replaces } = query;
			const done = clearLimits(flow, found.value, { only, replaces: replacesMs(replaces) }, actor as Actor);
			if (!done.ok) return replaced(context, found.value, only ?? 'base', actor);
			return ok(viewFor(context, found.value, actor));
		},
		getUsage: async ({ params }, actor) => {
			const found = seen(context, params, actor);
			if (!found.ok) return found;
			const until = waitsUntil(flow, found.value.limited, ownerIn(context));
			return ok({
				items: usageDtos(flow, found.value.limited, ownerIn(context)),
				...(until === undefined ? {} : { waitsUntil: until }),
				counting: countingRule,
			});
		},
		simulate: async ({ body }, actor) => {
			const by = actorText(actor as Actor);
			const proposals = [];
			for (const { level, id, limits } of body.proposals) {
				const limited = limitedOf(context, { level: pathOfLevel[level], id });
				if (!limited.ok) return limited;
				proposals.push({ ...limited.value, limits: limitSetOf(limits, by, flow.clock.now()) });
			}
			const started = context.simulations.start({ days: body.days, proposals });
			return started === 'busy' ? problem('conflict', 'Another simulation is running.') : ok(started);
		},
		getSimulation: async ({ params }) => {
			const found = context.simulations.find(params.id);
			return found === undefined ? problem('not-found', 'No such simulation, or it is too long ago.') : ok(found);
		},
	};
}
