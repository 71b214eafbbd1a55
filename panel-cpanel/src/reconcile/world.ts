/**
 * The panel, read once and looked at from two sides: what the API says beside what cPanel's files say.
 *
 * A list that ends as "gone" costs held mail, so a list is only `isWhole` when nothing speaks against it: each row was understood, and no account
 * is missing that stands in /etc/trueuserdomains before and after. Domains are those of the API and of /etc/userdomains together: an account loses one
 * only when both say so. An API that fails, or lists nobody where there are accounts, is a failure: nothing is told at all.
 */
import type { PanelAccountDto } from '@sluice/shared/contract/account-operations.ts';
import { panelAccountSchema } from '@sluice/shared/contract/account-operations.ts';
import { firstNames } from '@sluice/shared/words/names.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { type CpanelWorld, panelAccountsOf } from '../accounts/panel-accounts.ts';
import type { CpanelApi } from '../api/cpanel-api.ts';
import type { CpanelFiles } from '../api/files.ts';
import type { Bound } from '../api/loose.ts';
import type { CpanelAccount, CpanelDomain, CpanelPackage } from '../api/shapes.ts';
import type { ReconcileState } from './state.ts';

export type Sources = { readonly api: CpanelApi; readonly files: CpanelFiles };

export type ReadWorld = {
	/** Without mailboxes; `accountsOf` makes the list with them. */
	readonly world: CpanelWorld;
	readonly packages: readonly CpanelPackage[] | undefined;
	readonly isWhole: boolean;
	/** Users that cPanel's files know, after the API was asked; undefined: no file tells. */
	readonly usersOnDisk: ReadonlySet<string> | undefined;
	/** Sentences about what is odd. */
	readonly notes: readonly string[];
};

export async function readWorld({ api, files }: Sources, { told }: ReconcileState): Promise<Result<ReadWorld, string>> {
	const usersBefore = await files.users();
	const accounts = await api.accounts();
	if (!accounts.ok) return failed(accounts.error.text);
	const domains = await api.domains();
	if (!domains.ok) return failed(domains.error.text);
	const packages = await api.packages();
	const [usersAfter, domainFile, unixUsers, defaults] = await Promise.all([
		files.users(),
		files.domains(),
		files.unixUsers(),
		files.defaults(),
	]);
	const { rows, unreadable } = accounts.value;
	const domainHourMessages = await domainNumbersOf(rows, files);
	const listed = new Set(rows.map(({ user }) => user));
	const known = usersAfter ?? usersBefore;
	if (rows.length === 0 && (known === undefined || known.size > 0))
		return failed(
			`listaccts: WHM lists no account; ${known === undefined ? 'no file says' : 'its files do not say'} that there is none.`,
		);
	const missing = [...(usersAfter ?? new Set(Object.keys(told)))].filter(
		(user) => !listed.has(user) && (usersBefore?.has(user) ?? usersAfter === undefined),
	);
	const allDomains = [...domains.value.rows, ...domainsOf(domainFile)];
	const lonely = lonelyOf(listed, allDomains);
	if (lonely > Math.max(2, listed.size / 100))
		return failed(`get_domain_info: WHM tells no domain of ${lonely} of ${listed.size} accounts.`);
	const notes = [
		...(unreadable === 0 ? [] : [`${unreadable} rows of listaccts could not be read`]),
		...(missing.length === 0 ? [] : [`WHM's list leaves out ${firstNames(missing)}, which cPanel's files have`]),
		...(packages.ok ? [] : [`packages were left as they are: ${packages.error.text}`]),
	];
	return ok({
		world: {
			accounts: rows,
			domains: allDomains,
			packages: packages.ok ? packages.value.rows : [],
			mailboxes: new Map(),
			unixUsers,
			domainHourMessages,
			defaults,
		},
		packages: packages.ok ? packages.value.rows : undefined,
		usersOnDisk: usersAfter,
		isWhole: unreadable === 0 && missing.length === 0,
		notes,
	});
}

const filesAtOnce = 64;

/** Of the few users that have any: a small file each. */
async function domainNumbersOf(
	rows: readonly CpanelAccount[],
	files: Pick<CpanelFiles, 'domainHourMessages'>,
): Promise<Map<string, ReadonlyMap<string, Bound>>> {
	const found = new Map<string, ReadonlyMap<string, Bound>>();
	for (let from = 0; from < rows.length; from += filesAtOnce)
		await Promise.all(
			rows.slice(from, from + filesAtOnce).map(async ({ user }) => {
				const numbers = await files.domainHourMessages(user);
				if (numbers.size > 0) found.set(user, numbers);
			}),
		);
	return found;
}

const domainsOf = (file: ReadonlyMap<string, string> | undefined): readonly CpanelDomain[] =>
	[...(file ?? [])].map(([domain, user]) => ({ domain, user, kind: undefined }));

/** Accounts without any domain: half a list of domains would take them away. */
function lonelyOf(listed: ReadonlySet<string>, domains: readonly CpanelDomain[]): number {
	const owners = new Set(domains.map(({ user }) => user));
	return [...listed].filter((user) => !owners.has(user)).length;
}

/** The list, and ids of accounts that the agent would refuse: they cost the others nothing. */
export function accountsOf(world: CpanelWorld): {
	readonly items: readonly PanelAccountDto[];
	readonly refused: readonly string[];
} {
	const all = panelAccountsOf(world).map((item) => ({ item, read: panelAccountSchema.safeParse(item) }));
	return {
		items: all.flatMap(({ read }) => (read.success ? [read.data] : [])),
		refused: all.flatMap(({ item, read }) => (read.success ? [] : [item.id])),
	};
}
