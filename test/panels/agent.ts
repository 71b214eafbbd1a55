/**
 * An agent for the tests of the pages: the contract's API on a real socket, with accounts and limits in memory.
 *
 * It keeps limits as they are put and says what is in force by the plainest rule (account's own, else plan's, else the default, bounded
 * by reseller and server). Not the agent's metering: pages are tested against the contract, and once against the real agent.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEventStream } from '@sluice/agent/io/http/event-stream.ts';
import { type Api, serveApi } from '@sluice/agent/io/http/server.ts';
import type { AccountDto } from '@sluice/shared/contract/account-operations.ts';
import { type Actor, actorText } from '@sluice/shared/contract/actor.ts';
import {
	type EffectiveDto,
	type LimitsDto,
	type LimitsInput,
	type LimitsView,
	levelOfPath,
	limitSetOf,
	partsOfRule,
	type UsageDto,
} from '@sluice/shared/contract/limit-shapes.ts';
import { type OperationHandlers, type OperationId, operations } from '@sluice/shared/contract/operations.ts';
import type { Problem } from '@sluice/shared/contract/problem.ts';
import type { MessageSummaryDto } from '@sluice/shared/contract/shapes.ts';
import { eachOf, type Level, type LimitRule, limitRules, limitText, wholeServer } from '@sluice/shared/words/limits.ts';
import { failed, ok } from '@sluice/shared/words/result.ts';

type Stored = { base?: LimitsDto; exception?: LimitsDto; wouldHave?: LimitsView['wouldHave'] };

export type World = {
	readonly accounts: readonly AccountDto[];
	readonly messages: readonly MessageSummaryDto[];
	/** By `level:id`. */
	readonly limits: Map<string, Stored>;
	readonly now: () => number;
};

export type FakeAgent = {
	readonly socketPath: string;
	readonly world: World;
	/** Operations that are answered with a problem from now on. */
	readonly refused: Map<OperationId, Problem>;
	readonly asked: { readonly id: OperationId; readonly input: unknown; readonly actor: Actor | undefined }[];
	stop(): Promise<void>;
};

const numbers = new WeakMap<LimitsDto, ReturnType<typeof limitSetOf>['values']>();
function numberIn(set: LimitsDto | undefined, rule: LimitRule): number | undefined {
	if (set === undefined) return undefined;
	const values = numbers.get(set) ?? limitSetOf(set, '', 0).values;
	numbers.set(set, values);
	return values[rule];
}

type Origin = EffectiveDto['origin'];

function levelsOf(account: AccountDto | undefined, level: Level, id: string): readonly Origin[] {
	const own: Origin = { level, id, name: `${level} ${id}` };
	if (account === undefined) return [own];
	return [
		own,
		...(account.plan == null ? [] : [{ level: 'plan', id: account.plan, name: `plan ${account.plan}` } as const]),
		{ level: 'server', id: eachOf.account, name: 'default for each account' },
	];
}

const books = new WeakMap<World, ReadonlyMap<string, AccountDto>>();
function byKey(world: World): ReadonlyMap<string, AccountDto> {
	const book = books.get(world) ?? new Map(world.accounts.map((account) => [account.key, account]));
	books.set(world, book);
	return book;
}

function effectiveOf(world: World, level: Level, id: string): readonly EffectiveDto[] {
	const account = level === 'account' ? byKey(world).get(id) : undefined;
	return limitRules.flatMap((rule): EffectiveDto[] => {
		const found = levelsOf(account, level, id).flatMap((origin) => {
			const stored = world.limits.get(`${origin.level}:${origin.id}`);
			const set = [stored?.exception, stored?.base].find((one) => numberIn(one, rule) !== undefined);
			return set === undefined ? [] : [{ origin, set, value: numberIn(set, rule) as number }];
		})[0];
		if (found === undefined) return [];
		const bounds: readonly Origin[] = [
			{ level: 'server', id: wholeServer, name: 'the whole server' },
			...(account?.reseller == null
				? []
				: [{ level: 'reseller', id: account.reseller, name: `reseller ${account.reseller}` } as const]),
		];
		const cap = bounds
			.flatMap((origin) => {
				const value = numberIn(world.limits.get(`${origin.level}:${origin.id}`)?.base, rule);
				return value !== undefined && value < found.value ? [{ origin, value }] : [];
			})
			.sort((a, b) => a.value - b.value)[0];
		const value = cap?.value ?? found.value;
		return [
			{
				rule,
				...partsOfRule(rule),
				value,
				mode: found.set.modes?.[rule] ?? found.set.mode,
				origin: found.origin,
				...(cap === undefined ? {} : { cappedBy: cap.origin }),
				...(found.set.until == null ? {} : { until: found.set.until }),
				text: `${limitText(rule, value)} from ${found.origin.name}${cap === undefined ? '' : `, capped by ${cap.origin.name}`}`,
			},
		];
	});
}

function viewOf(world: World, level: Level, id: string): LimitsView {
	const stored = world.limits.get(`${level}:${id}`);
	return {
		level,
		id,
		...(stored?.base === undefined ? {} : { base: stored.base }),
		...(stored?.exception === undefined ? {} : { exception: stored.exception }),
		effective: [...effectiveOf(world, level, id)],
		wouldHave: stored?.wouldHave ?? [],
	};
}

const maySee = (actor: Actor | undefined, account: AccountDto): boolean =>
	actor?.role === 'admin' ||
	(actor?.role === 'reseller' && account.reseller === actor.id) ||
	(actor?.role === 'account' && account.key === actor.id);

const usedOf = (account: AccountDto, rule: LimitRule): number =>
	account.usage.find((one) => one.rule === rule)?.used ?? 0;

function isNear(world: World, account: AccountDto): boolean {
	return effectiveOf(world, 'account', account.key).some(({ rule, value }) => usedOf(account, rule) >= value * 0.8);
}

function accountHandlers(world: World): Pick<OperationHandlers, 'listAccounts' | 'getAccount'> {
	return {
		async listAccounts({ query }, actor) {
			const found = world.accounts.filter(
				(account) =>
					maySee(actor, account) &&
					(query.search === undefined ||
						[account.id, account.name, ...account.domains].some((text) => text.includes(query.search as string))) &&
					(query.state === undefined || account.state === query.state) &&
					(query.reseller === undefined || account.reseller === query.reseller) &&
					(query.plan === undefined || account.plan === query.plan) &&
					(query.near !== true || isNear(world, account)),
			);
			const sorted = [...found].sort((a, b) =>
				query.sort === 'name'
					? a.name.localeCompare(b.name)
					: query.sort === 'waiting'
						? b.waiting - a.waiting
						: usedOf(b, 'day.recipients') - usedOf(a, 'day.recipients'),
			);
			const from = query.cursor === undefined ? 0 : sorted.findIndex(({ key }) => key === query.cursor) + 1;
			const items = sorted.slice(from, from + query.limit);
			const isLast = from + query.limit >= sorted.length;
			return ok({
				items,
				total: found.length,
				...(isLast || items.length === 0 ? {} : { next: items.at(-1)?.key as string }),
			});
		},
		async getAccount({ params }, actor) {
			const account = world.accounts.find(({ key }) => key === params.id);
			return account === undefined || !maySee(actor, account) ? failed({ code: 'not-found' }) : ok(account);
		},
	};
}

function limitHandlers(
	world: World,
): Pick<OperationHandlers, 'listLimits' | 'getLimits' | 'putLimits' | 'deleteLimits' | 'getUsage'> {
	const stamped = (body: LimitsInput, actor: Actor | undefined): LimitsDto => ({
		...body,
		author: actor === undefined ? '' : actorText(actor),
		// Two writes within a millisecond are told apart, as they are by the agent's clock.
		set: new Date(world.now() + world.limits.size + writes++).toISOString(),
	});
	let writes = 0;
	return {
		async listLimits({ query }, actor) {
			if (actor?.role !== 'admin') return failed({ code: 'forbidden' });
			const keys = [...world.limits.keys()].filter(
				(key) => query.level === undefined || key.startsWith(`${query.level}:`),
			);
			return ok({
				items: keys.map((key) => viewOf(world, key.split(':')[0] as Level, key.slice(key.indexOf(':') + 1))),
			});
		},
		async getLimits({ params }) {
			return ok(viewOf(world, levelOfPath[params.level], params.id));
		},
		async putLimits({ params, body }, actor) {
			const level = levelOfPath[params.level];
			const key = `${level}:${params.id}`;
			const part = body.until == null ? 'base' : 'exception';
			world.limits.set(key, { ...world.limits.get(key), [part]: stamped(body, actor) });
			return ok(viewOf(world, level, params.id));
		},
		async deleteLimits({ params, query }) {
			const level = levelOfPath[params.level];
			const key = `${level}:${params.id}`;
			const { base, wouldHave } = world.limits.get(key) ?? {};
			if (query.only === 'exception' && base !== undefined)
				world.limits.set(key, { base, ...(wouldHave === undefined ? {} : { wouldHave }) });
			else world.limits.delete(key);
			return ok(viewOf(world, level, params.id));
		},
		async getUsage({ params }) {
			const account = world.accounts.find(({ key }) => key === params.id);
			const usage: UsageDto[] =
				account?.usage ??
				(['hour.recipients', 'day.recipients'] as const).map((rule, index) => ({
					rule,
					window: index === 0 ? 'hour' : 'day',
					unit: 'recipients',
					used: index === 0 ? 4 : 41,
					waiting: 0,
				}));
			return ok({
				items: usage,
				...(account !== undefined && account.waiting > 0
					? { waitsUntil: new Date(world.now() + 2_280_000).toISOString() }
					: {}),
				counting: 'one message to 3 people counts 3',
			});
		},
	};
}

export async function startFakeAgent(world: World): Promise<FakeAgent> {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-panel-'));
	const socketPath = join(folder, 'agent.sock');
	const refused: FakeAgent['refused'] = new Map();
	const asked: { id: OperationId; input: unknown; actor: Actor | undefined }[] = [];
	const answers = {
		...accountHandlers(world),
		...limitHandlers(world),
		listMessages: async ({ query }) =>
			ok({ items: world.messages.filter(({ account }) => account === query.account).slice(0, query.limit) }),
	} satisfies Partial<OperationHandlers>;
	const handlers = Object.fromEntries(
		(Object.keys(operations) as OperationId[]).map((id) => [
			id,
			async (input: never, actor: Actor | undefined) => {
				asked.push({ id, input, actor });
				const problem = refused.get(id);
				if (problem !== undefined) return failed(problem);
				const answer = answers[id as keyof typeof answers] as ((input: never, actor: unknown) => unknown) | undefined;
				return answer === undefined
					? failed({ code: 'unavailable', detail: `${id} is not made up` })
					: answer(input, actor);
			},
		]),
	) as unknown as OperationHandlers;
	const api: Api = await serveApi(
		{ socketPath, mode: 0o600, version: '0.1.0' },
		{
			handlers,
			metricsText: async () => '',
			events: createEventStream(),
			failed: (where, error) => console.error(where, error),
		},
	);
	return {
		socketPath,
		world,
		refused,
		asked,
		async stop() {
			await api.stop();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}
