/**
 * What a reconcile would tell: cPanel's list beside the one that the agent has. Reads both, changes neither, needs no lock.
 *
 * Mailboxes are those that were read in former runs: reading them is what takes long.
 */
import { failureText } from '@sluice/shared/client/client.ts';
import type { AccountDto, PanelAccountDto } from '@sluice/shared/contract/account-operations.ts';
import { firstNames } from '@sluice/shared/words/names.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { ReconcileFailure } from './failure.ts';
import type { ReconcilePorts } from './reconcile.ts';
import { readReconcileState } from './state.ts';
import { confirmedMax } from './tell-turns.ts';
import { turnsOf } from './turns.ts';
import { accountsOf, readWorld } from './world.ts';

export type DryRun = {
	readonly accounts: number;
	readonly added: readonly string[];
	readonly changed: readonly { readonly id: string; readonly fields: readonly string[] }[];
	readonly gone: readonly string[];
	readonly renamed: readonly { readonly from: string; readonly to: string }[];
	readonly isComplete: boolean;
	readonly notes: readonly string[];
};

const pageSize = '1000';

export async function dryRun(ports: ReconcilePorts): Promise<Result<DryRun, ReconcileFailure>> {
	const { state } = await readReconcileState(`${ports.place.folder}/reconcile.json`);
	const read = await readWorld(ports, state);
	if (!read.ok) return failed({ kind: 'panel', text: read.error });
	const known = new Map<string, AccountDto>();
	let cursor: string | undefined;
	do {
		const query = { sort: 'name', limit: pageSize, ...(cursor === undefined ? {} : { cursor }) } as const;
		const page = await ports.client.call('listAccounts', { query });
		if (!page.ok) return failed({ kind: 'agent', text: failureText(page.error) });
		for (const account of page.value.items)
			if (account.state !== 'gone' && account.isKnown) known.set(account.id, account);
		cursor = page.value.next;
	} while (cursor !== undefined);
	const mailboxes = new Map(Object.entries(state.mailboxes).map(([user, { items }]) => [user, items]));
	const { items, refused } = accountsOf({ ...read.value.world, mailboxes });
	const here = new Set(items.map(({ id }) => id));
	const { renamed } = turnsOf(items, state);
	const added = items.filter(({ id }) => !known.has(id) && !renamed.some(({ to }) => to === id)).map(({ id }) => id);
	const changed = items.flatMap((item) => {
		const fields = differing(item, known.get(item.id));
		return fields.length === 0 ? [] : [{ id: item.id, fields }];
	});
	const gone = [...known.keys()].filter((id) => !here.has(id) && !renamed.some(({ from }) => from === id));
	return ok({
		accounts: items.length,
		added,
		changed,
		gone: read.value.isWhole ? gone : [],
		renamed,
		isComplete: read.value.isWhole && refused.length === 0,
		notes: read.value.notes,
	});
}

const fields = [
	'name',
	'reseller',
	'plan',
	'unixUsers',
	'domains',
	'state',
	'since',
	'panelHourMessages',
	'panelFailPercent',
	'contact',
] as const;

function differing(item: PanelAccountDto, known: AccountDto | undefined): readonly string[] {
	if (known === undefined) return [];
	const textOf = (value: unknown): string => JSON.stringify(value ?? null);
	return fields.filter((field) =>
		field === 'since'
			? Date.parse(item.since) !== Date.parse(known.since)
			: textOf(item[field]) !== textOf(known[field]),
	);
}

export function dryRunSentence({ accounts, added, changed, gone, renamed, isComplete, notes }: DryRun): string {
	const parts = [
		...(added.length > 0 ? [`${added.length} new (${firstNames(added)})`] : []),
		...(changed.length > 0
			? [
					`${changed.length} changed (${firstNames(changed.map(({ id, fields: which }) => `${id}: ${which.join(', ')}`))})`,
				]
			: []),
		...(gone.length > 0 ? [`${gone.length} gone (${firstNames(gone)})`] : []),
		...renamed.map(({ from, to }) => `${from} is ${to} now`),
	];
	const doubts = [
		...(isComplete ? [] : ['nothing would be taken away']),
		// Fewer are told by name. What share is too much the agent knows.
		...(gone.length > confirmedMax
			? ['the agent may take so many away only when the list comes again (accounts.shrinkPercentMax)']
			: []),
		...notes,
	];
	return `${accounts} accounts; would tell: ${parts.length === 0 ? 'no change' : parts.join(', ')}${doubts.length === 0 ? '' : `; ${doubts.join('; ')}`}. Nothing was told (--dry-run).`;
}
