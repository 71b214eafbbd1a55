/**
 * The fake agent's answers about many accounts: a change of one number shown, done and undone; groups with what they have used; a
 * simulation that is done when it is asked for the second time.
 */

import type { AccountDto } from '@sluice/shared/contract/account-operations.ts';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { SimulationDto } from '@sluice/shared/contract/limit-operations.ts';
import { type LimitsDto, limitSetOf } from '@sluice/shared/contract/limit-shapes.ts';
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import type { GroupDto } from '@sluice/shared/contract/view-operations.ts';
import { limitText } from '@sluice/shared/words/limits.ts';
import { failed, ok } from '@sluice/shared/words/result.ts';
import type { World } from './agent-world.ts';

type Answered = 'changeLimits' | 'undoLimitChange' | 'listGroups' | 'simulate' | 'getSimulation';

const isOf = (actor: Actor | undefined, account: AccountDto): boolean =>
	actor?.role === 'admin' || (actor?.role === 'reseller' && account.reseller === actor.id);

export function manyHandlers(world: World): Pick<OperationHandlers, Answered> {
	const kept = new Map<string, readonly (readonly [string, ReturnType<World['limits']['get']>])[]>();
	const simulations = new Map<string, { asked: number; days: number; rule: string }>();
	return {
		async changeLimits({ body }, actor) {
			const { target, rule, value, preview, expected, mode } = body;
			const found =
				'accounts' in target
					? world.accounts.filter(({ key }) => target.accounts.includes(key))
					: world.accounts.filter(
							({ plan, reseller, id, state }) =>
								(target.matching.plan === undefined || plan === target.matching.plan) &&
								(target.matching.reseller === undefined || reseller === target.matching.reseller) &&
								(target.matching.state === undefined || state === target.matching.state) &&
								(target.matching.search === undefined || id.includes(target.matching.search)),
						);
			const accounts = found.filter((account) => isOf(actor, account));
			if ('accounts' in target && accounts.length < target.accounts.length) return failed({ code: 'not-found' });
			if (expected !== undefined && expected !== accounts.length)
				return failed({ code: 'conflict', detail: `It is about ${accounts.length} now. Nothing was changed.` });
			const usedOf = (account: AccountDto): number => account.usage.find((one) => one.rule === rule)?.used ?? 0;
			const sorted = [...accounts].sort((a, b) => usedOf(b) - usedOf(a));
			const textOf = (number: number | null, from: string): string =>
				number === null ? '' : `${limitText(rule, number)} from ${from}`;
			const id = `change${kept.size}`;
			const answer = {
				accounts: accounts.length,
				changed: accounts.length,
				capped: accounts.filter(({ reseller }) => reseller !== undefined && (value ?? 0) > 300).length,
				over: mode === 'enforce' ? accounts.filter((one) => usedOf(one) >= (value ?? Number.MAX_VALUE)).length : 0,
				kept: 0,
				items: sorted.slice(0, 20).map((account) => ({
					account: account.key,
					from: textOf(100, `plan ${account.plan}`),
					to: textOf(value, `account ${account.name}`),
					used: usedOf(account),
				})),
			};
			if (preview) return ok(answer);
			kept.set(
				id,
				accounts.map(({ key }) => [key, world.limits.get(`account:${key}`)] as const),
			);
			for (const { key } of accounts) {
				const [window = 'hour', unit = 'recipients'] = rule.split('.');
				const base = {
					mode,
					[window]: { [unit]: value },
					author: 'admin root',
					set: new Date(world.now()).toISOString(),
				};
				if (value === null) world.limits.delete(`account:${key}`);
				else world.limits.set(`account:${key}`, { base: base as unknown as LimitsDto });
			}
			return ok({ ...answer, id, undoUntil: new Date(world.now() + 7 * 86_400_000).toISOString() });
		},
		async undoLimitChange({ params }) {
			const former = kept.get(params.id);
			if (former === undefined) return failed({ code: 'not-found' });
			for (const [key, limits] of former) {
				if (limits === undefined) world.limits.delete(`account:${key}`);
				else world.limits.set(`account:${key}`, limits);
			}
			kept.delete(params.id);
			return ok({ restored: former.length, kept: 0 });
		},
		async listGroups({ params }, actor) {
			const of = (account: AccountDto) => (params.kind === 'plans' ? account.plan : account.reseller);
			const own = world.accounts.filter((account) => isOf(actor, account));
			const sum = (accounts: readonly AccountDto[], rule: string): number =>
				accounts.reduce((total, { usage }) => total + (usage.find((one) => one.rule === rule)?.used ?? 0), 0);
			const level = params.kind === 'plans' ? 'plan' : 'reseller';
			const groups = Map.groupBy(own, (account) => of(account) ?? '');
			const items = [...groups].flatMap(([id, accounts]): GroupDto[] => {
				if (id === '') return [];
				const stored = world.limits.get(`${level}:${id}`);
				const values = stored?.base === undefined ? {} : limitSetOf(stored.base, '', 0).values;
				const hour = values['hour.recipients'];
				return [
					{
						id,
						accounts: accounts.length,
						suspended: accounts.filter(({ state }) => state === 'suspended').length,
						hourRecipients: sum(accounts, 'hour.recipients'),
						dayRecipients: sum(accounts, 'day.recipients'),
						waiting: accounts.reduce((total, { waiting }) => total + waiting, 0),
						held: accounts.reduce((total, { held }) => total + held, 0),
						limits: {
							level,
							id,
							...(stored?.base === undefined ? {} : { base: stored.base }),
							...(stored?.exception === undefined ? {} : { exception: stored.exception }),
							effective:
								hour === undefined
									? []
									: [
											{
												rule: 'hour.recipients' as const,
												window: 'hour' as const,
												unit: 'recipients' as const,
												value: hour,
												mode: stored?.base?.mode ?? 'monitor',
												origin: { level, id, name: `${level} ${id}` },
												text: `${limitText('hour.recipients', hour)} from ${level} ${id}`,
											},
										],
							wouldHave: stored?.wouldHave ?? [],
						},
					},
				];
			});
			return ok({ items, ungrouped: groups.get('')?.length ?? 0 });
		},
		async simulate({ body }) {
			const id = `sim${simulations.size}`;
			const [proposal] = body.proposals;
			simulations.set(id, {
				asked: 0,
				days: body.days,
				rule: proposal === undefined ? '' : (Object.keys(limitSetOf(proposal.limits, '', 0).values)[0] ?? ''),
			});
			return ok({ id, state: 'running', progress: 0.1 });
		},
		async getSimulation({ params }) {
			const known = simulations.get(params.id);
			if (known === undefined) return failed({ code: 'not-found' });
			known.asked += 1;
			if (known.asked < 2) return ok({ id: params.id, state: 'running', progress: 0.6 });
			const item = (account: string, messages: number, refused: number) => ({
				account,
				scope: `account:${account}`,
				rule: 'hour.recipients' as const,
				messages,
				recipients: messages * 4,
				longestWaitSeconds: messages * 42,
				refusedByReceivers: refused,
			});
			const result: SimulationDto = {
				id: params.id,
				state: 'done',
				progress: 1,
				result: {
					from: new Date(world.now() - known.days * 86_400_000).toISOString(),
					to: new Date(world.now()).toISOString(),
					messages: 151_840,
					recipients: 201_004,
					heldMessages: 214,
					heldRecipients: 931,
					longestWaitSeconds: 6720,
					stillWaiting: 0,
					accounts: 3,
					refusedAccounts: 1,
					text: 'would have held 214 messages of 3 accounts, 1 of which had mail refused by receivers',
					items: [item('shopmoda', 158, 0), item('teehandl', 37, 0), item('velofix', 19, 12)],
				},
			};
			return ok(result);
		},
	};
}
