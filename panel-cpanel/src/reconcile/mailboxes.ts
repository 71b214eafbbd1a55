/**
 * Mailboxes of all accounts without asking cPanel about each of them in each run: only about those whose files changed.
 *
 * `uapi --user=X Email list_pops` is a process of its own for each account; with 3,000 of them one round would last many minutes. cPanel rewrites
 * ~/etc/DOMAIN/passwd when a mailbox comes or goes, so its time is looked at (never its content: the folder is the tenant's). What did not change
 * is asked anew once a day, spread by name. `readsMax` bounds one run; who is left waits for the next, and the list goes out without
 * its mailboxes: its domains say whose mail it is.
 */
import type { PanelAccountDto } from '@sluice/shared/contract/account-operations.ts';
import type { CpanelApi } from '../api/cpanel-api.ts';
import type { CpanelFiles, UnixEntry } from '../api/files.ts';
import type { KeptMailboxes } from './state.ts';

export type MailboxBounds = { readonly readsMax: number; readonly budgetMs: number; readonly atOnce: number };
export const mailboxBounds: MailboxBounds = { readsMax: 300, budgetMs: 120_000, atOnce: 2 };

const ageMaxMs = 24 * 3_600_000;
const stampsAtOnce = 64;

export type MailboxReading = {
	readonly kept: { readonly [user: string]: KeptMailboxes };
	readonly read: number;
	/** Could not be read; what was known stays. */
	readonly failed: number;
	/** Left for the next run. */
	readonly left: number;
};

type Asking = {
	readonly api: Pick<CpanelApi, 'mailboxes'>;
	readonly files: Pick<CpanelFiles, 'mailboxStamp'>;
	readonly unixUsers: ReadonlyMap<string, UnixEntry>;
	readonly kept: { readonly [user: string]: KeptMailboxes };
	readonly now: () => number;
	readonly bounds: MailboxBounds;
};

export async function readMailboxes(
	accounts: readonly Pick<PanelAccountDto, 'id' | 'domains'>[],
	{ api, files, unixUsers, kept, now, bounds }: Asking,
): Promise<MailboxReading> {
	const stamps = new Map<string, string>();
	for (let start = 0; start < accounts.length; start += stampsAtOnce)
		await Promise.all(
			accounts.slice(start, start + stampsAtOnce).map(async ({ id, domains }) => {
				stamps.set(id, await files.mailboxStamp(unixUsers.get(id)?.home, domains));
			}),
		);
	const startMs = now();
	const due = accounts
		.map(({ id }) => ({ id, rank: rankOf(kept[id], stamps.get(id) ?? '', startMs, id) }))
		.filter(({ rank }) => rank > 0)
		.sort((one, other) => other.rank - one.rank)
		.map(({ id }) => id);
	const fresh: { [user: string]: KeptMailboxes } = {};
	for (const { id } of accounts) if (kept[id] !== undefined) fresh[id] = kept[id];
	const turns = due.slice(0, bounds.readsMax);
	let read = 0;
	let failures = 0;
	const worker = async (): Promise<void> => {
		for (let id = turns.shift(); id !== undefined; id = turns.shift()) {
			if (now() - startMs > bounds.budgetMs) {
				turns.length = 0;
				return;
			}
			const found = await api.mailboxes(id);
			// A failure is noted like an answer: it is asked again when something changes, or the day is over.
			fresh[id] = {
				stamp: stamps.get(id) ?? '',
				readMs: now(),
				items: found.ok ? [...found.value] : (kept[id]?.items ?? []),
				...(found.ok ? {} : { hasFailed: true as const }),
			};
			read += 1;
			if (!found.ok) failures += 1;
		}
	};
	await Promise.all(Array.from({ length: bounds.atOnce }, worker));
	return { kept: fresh, read, failed: failures, left: due.length - read };
}

/** 0: as known. Changed before unknown before old; last what failed, whose files a tenant may touch again and again. */
function rankOf(known: KeptMailboxes | undefined, stamp: string, nowMs: number, id: string): number {
	if (known === undefined) return 2;
	if (known.stamp !== stamp) return known.hasFailed === true ? 0.5 : 3;
	const ageMs = nowMs - known.readMs;
	return ageMs > ageMaxMs + spread(id) * ageMaxMs || ageMs < 0 ? 1 : 0;
}

/** 0 to 1 by name, so that not all are old at once. */
function spread(id: string): number {
	let sum = 0;
	for (const char of id) sum = (sum * 31 + char.charCodeAt(0)) % 1009;
	return sum / 1009;
}
