/**
 * Plans and resellers with what their accounts have used: the meter knows each account, and they are added up. In slices.
 *
 * A reseller sees in each plan its own accounts alone, and of resellers itself. Whoever sees everything also sees what has numbers and
 * no accounts yet.
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { OperationInput, OperationOutput } from '@sluice/shared/contract/operations.ts';
import { type Level, levelOfPath, scopeKeyOf } from '@sluice/shared/words/limits.ts';
import { createSlices } from '../../flow/turns.ts';
import type { ApiContext } from './context.ts';
import { isSet } from './limit-page.ts';
import { limitsViewOf } from './metered.ts';
import { authorFor, maySee, rightOverScope } from './visibility.ts';

type Groups = OperationOutput<'listGroups'>;
type Kind = OperationInput<'listGroups'>['params']['kind'];
type Group = { -readonly [K in keyof Omit<Groups['items'][number], 'limits'>]: Groups['items'][number][K] };

const empty = (id: string): Group => ({
	id,
	accounts: 0,
	suspended: 0,
	hourRecipients: 0,
	dayRecipients: 0,
	waiting: 0,
	held: 0,
});

export async function listGroups(context: ApiContext, kind: Kind, actor: Actor | undefined): Promise<Groups> {
	const { flow } = context;
	const { groups, ungrouped } = await sumUp(context, kind, actor);
	const level = levelOfPath[kind];
	if (actor?.role === 'admin')
		for (const entry of flow.limits.entries())
			if (entry.level === level && !groups.has(entry.id) && isSet(flow, entry.limits))
				groups.set(entry.id, empty(entry.id));
	const slices = createSlices(flow.clock);
	const items: Groups['items'] = [];
	for (const group of [...groups.values()].sort(inOrder)) {
		items.push({ ...group, ...limitsFor(context, { level, id: group.id }, actor) });
		const pause = slices.breathe();
		if (pause !== undefined) await pause;
	}
	return { items, ungrouped };
}

/** Those that have sent most first. */
const inOrder = (one: Group, other: Group): number =>
	other.dayRecipients - one.dayRecipients || other.accounts - one.accounts || (one.id < other.id ? -1 : 1);

async function sumUp(
	{ flow }: ApiContext,
	kind: Kind,
	actor: Actor | undefined,
): Promise<{ readonly groups: Map<string, Group>; readonly ungrouped: number }> {
	const nowMs = flow.clock.now();
	const open = new Map(flow.scheduler.countsBy('account', nowMs).map((row) => [row.key, row]));
	const groups = new Map<string, Group>();
	const slices = createSlices(flow.clock);
	let ungrouped = 0;
	for (const account of [...flow.accounts.all()]) {
		const pause = slices.breathe();
		if (pause !== undefined) await pause;
		if (account.state === 'gone' || !maySee(flow.accounts, actor, account.key)) continue;
		const id = kind === 'plans' ? account.plan : account.reseller;
		if (id === undefined || id === '') {
			ungrouped += 1;
			continue;
		}
		const group = groups.get(id) ?? empty(id);
		groups.set(id, group);
		const scope = scopeKeyOf('account', account.key);
		const { waiting = 0, held = 0 } = open.get(account.key) ?? {};
		group.accounts += 1;
		if (account.state === 'suspended') group.suspended += 1;
		group.hourRecipients += flow.meter.used(scope, 'hour.recipients', nowMs);
		group.dayRecipients += flow.meter.used(scope, 'day.recipients', nowMs);
		group.waiting += waiting;
		group.held += held;
	}
	return { groups, ungrouped };
}

function limitsFor(
	{ flow, credentials }: ApiContext,
	limited: { readonly level: Level; readonly id: string },
	actor: Actor | undefined,
): Pick<Groups['items'][number], 'limits'> {
	if (rightOverScope(flow.accounts, actor, limited) === 'none') return {};
	const owner = (id: string) => credentials.find(id)?.account;
	return { limits: limitsViewOf(flow, limited, { authorOf: (author) => authorFor(actor, author), owner }) };
}
