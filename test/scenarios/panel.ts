/**
 * A panel in scenarios: what it tells of accounts, and whose mail is whose.
 */
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import { given } from './acts.ts';
import type { Rig } from './rig.ts';

export type Told = {
	readonly id: string;
	readonly name?: string;
	readonly reseller?: string;
	readonly plan?: string;
	readonly state?: 'active' | 'suspended';
	readonly domains?: readonly string[];
	readonly mailboxes?: readonly string[];
	readonly unixUsers?: readonly { readonly name: string; readonly uid: number }[];
	readonly since?: string;
};

/** An account as a panel tells it, with a domain of its own: `ID.test`. */
export const accountTold = ({ id, domains, mailboxes, unixUsers, ...more }: Told) => ({
	id,
	panel: 'cpanel',
	name: `Account ${id}`,
	domains: [...(domains ?? [`${id}.test`])],
	mailboxes: [...(mailboxes ?? [`mary@${id}.test`])],
	unixUsers: [...(unixUsers ?? [])],
	since: '2026-01-01T00:00:00Z',
	...more,
});

let revision = 0;
/** Revisions that grow, over all rigs of a process. */
export const nextRevision = (): number => {
	revision += 1;
	return revision;
};

export const putList = async (
	rig: Rig,
	items: readonly Told[],
	more: { readonly complete?: boolean; readonly revision?: number } = {},
): Promise<OperationOutput<'putAccounts'>> =>
	given(
		await rig.client.call('putAccounts', {
			body: { revision: nextRevision(), complete: true, ...more, items: items.map(accountTold) },
		}),
	);

export const putOne = async (rig: Rig, told: Told): Promise<OperationOutput<'putAccount'>> => {
	const { id, ...rest } = accountTold(told);
	return given(await rig.client.call('putAccount', { params: { id }, body: { ...rest, revision: nextRevision() } }));
};

export const removed = async (rig: Rig, id: string): Promise<OperationOutput<'deleteAccount'>> =>
	given(await rig.client.call('deleteAccount', { params: { id }, query: { revision: String(nextRevision()) } }));
