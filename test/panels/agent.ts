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
import type { AccountDto, NearestDto } from '@sluice/shared/contract/account-operations.ts';
import { type Actor, actorText, type Role } from '@sluice/shared/contract/actor.ts';
import {
	type EffectiveDto,
	type LimitsDto,
	type LimitsInput,
	type LimitsView,
	limitSetOf,
	partsOfRule,
	type UsageDto,
} from '@sluice/shared/contract/limit-shapes.ts';
import { type OperationHandlers, type OperationId, operations } from '@sluice/shared/contract/operations.ts';
import type { Problem } from '@sluice/shared/contract/problem.ts';
import { capabilities, type SelfDto } from '@sluice/shared/contract/view-operations.ts';
import {
	eachOf,
	type Level,
	type LimitRule,
	levelOfPath,
	limitRules,
	limitText,
	wholeServer,
} from '@sluice/shared/words/limits.ts';
import { failed, ok } from '@sluice/shared/words/result.ts';
import type { World } from './agent-world.ts';
import { manyHandlers } from './answers-changes.ts';
import { mailHandlers } from './answers-mail.ts';
import { overviewHandlers, overviewWorldOf } from './answers-overview.ts';

/** An agent that offers everything that has a page. */
export function selfOf(role: Role): SelfDto {
	const isSeller = role === 'admin' || role === 'reseller';
	return {
		version: '0.1.0',
		offers: capabilities.filter((one) => one !== 'incidents' && one !== 'responses' && one !== 'sources'),
		may: {
			hold: isSeller,
			release: isSeller ? 'all' : 'owner',
			discard: isSeller ? 'all' : 'owner',
			requeue: role === 'admin',
			limits: isSeller,
			shared: role === 'admin',
		},
		mta: 'exim',
		ownership: 'monitor',
		panelActs: { hold: role === 'admin', suspend: false },
		historyDays: 30,
		restoreSeconds: 259_200,
	};
}

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

/** The plainest form of the agent's definition: hours and days, enforced first. */
function nearestOf(world: World, account: AccountDto): NearestDto | undefined {
	const candidates = effectiveOf(world, 'account', account.key)
		.filter(({ rule, mode }) => rule !== 'message.recipients' && (mode === 'enforce' || !rule.startsWith('minute')))
		.map(({ rule, value, mode }): NearestDto => {
			const used = usedOf(account, rule);
			return { rule, used, value, mode, isNear: used > 0 && used >= value * 0.8 };
		});
	const rank = ({ isNear, mode }: NearestDto): number => (isNear ? (mode === 'enforce' ? 2 : 1) : 0);
	return candidates.sort((a, b) => rank(b) - rank(a) || b.used / b.value - a.used / a.value)[0];
}

const withNearest = (world: World, account: AccountDto): AccountDto => {
	const nearest = nearestOf(world, account);
	return nearest === undefined ? account : { ...account, nearest };
};

function hasOwn(world: World, { key }: AccountDto): boolean {
	const own = world.limits.get(`account:${key}`);
	return own?.base !== undefined || own?.exception !== undefined;
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
					(query.waiting !== true || account.waiting > 0) &&
					(query.ownLimits !== true || hasOwn(world, account)) &&
					(query.near !== true || nearestOf(world, account)?.isNear === true),
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
			const enforced = found.filter((account) => nearestOf(world, account)?.mode === 'enforce').length;
			return ok({
				items: items.map((account) => withNearest(world, account)),
				total: found.length,
				...(query.near === true ? { near: { percent: 80, enforced, watched: found.length - enforced } } : {}),
				...(isLast || items.length === 0 ? {} : { next: items.at(-1)?.key as string }),
			});
		},
		async getAccount({ params }, actor) {
			const account = world.accounts.find(({ key }) => key === params.id);
			return account === undefined || !maySee(actor, account)
				? failed({ code: 'not-found' })
				: ok(withNearest(world, account));
		},
	};
}

function limitHandlers(
	world: World,
): Pick<OperationHandlers, 'listLimits' | 'getLimits' | 'putLimits' | 'deleteLimits' | 'getUsage'> {
	const stamped = ({ replaces: _replaces, ...body }: LimitsInput, actor: Actor | undefined): LimitsDto => ({
		...body,
		author: actor === undefined ? '' : actorText(actor),
		// Two writes within a millisecond are told apart, as they are by the agent's clock.
		set: new Date(world.now() + world.limits.size + writes++).toISOString(),
	});
	let writes = 0;
	return {
		async listLimits({ query }, actor) {
			if (actor?.role !== 'admin' && actor?.role !== 'reseller') return failed({ code: 'forbidden' });
			// A reseller sees its pool, and nothing of the server.
			const isSeen = (key: string): boolean => actor.role === 'admin' || key === `reseller:${actor.id}`;
			const keys = [...world.limits.keys()].filter(
				(key) => isSeen(key) && (query.level === undefined || key.startsWith(`${query.level}:`)),
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
			const former = world.limits.get(key)?.[part];
			if (body.replaces !== undefined && (former?.set ?? null) !== body.replaces)
				return failed({ code: 'conflict', detail: 'Set meanwhile. Nothing was changed.' });
			world.limits.set(key, { ...world.limits.get(key), [part]: stamped(body, actor) });
			return ok(viewOf(world, level, params.id));
		},
		async deleteLimits({ params, query }) {
			const level = levelOfPath[params.level];
			const key = `${level}:${params.id}`;
			const { base, exception, ...rest } = world.limits.get(key) ?? {};
			const taken = query.only === 'exception' ? exception : base;
			if (query.replaces !== undefined && taken?.set !== query.replaces)
				return failed({ code: 'conflict', detail: 'Set meanwhile. Nothing was changed.' });
			const left = {
				...(base === undefined || query.only !== 'exception' ? {} : { base }),
				...(exception === undefined || query.only !== 'base' ? {} : { exception }),
			};
			if (Object.keys(left).length > 0) world.limits.set(key, { ...left, ...rest });
			else world.limits.delete(key);
			return ok(viewOf(world, level, params.id));
		},
		async getUsage({ params }) {
			const account = world.accounts.find(({ key }) => key === params.id);
			const usage: UsageDto[] =
				(params.id === 'unattributed' ? [overviewWorldOf(world).unattributed] : account?.usage) ??
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
		...manyHandlers(world),
		...overviewHandlers(world),
		...accountHandlers(world),
		...limitHandlers(world),
		...mailHandlers(world, maySee),
		self: async (_input, actor) => ok(selfOf(actor?.role ?? 'account')),
	} satisfies Partial<OperationHandlers>;
	const handlers = Object.fromEntries(
		(Object.keys(operations) as OperationId[]).map((id) => [
			id,
			async (input: never, actor: Actor | undefined) => {
				// Every page asks for it; it changes nothing.
				if (id !== 'self') asked.push({ id, input, actor });
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
