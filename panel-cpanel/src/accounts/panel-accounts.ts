/**
 * What cPanel tells, as the accounts that the agent keeps: one PanelAccountDto for each row of listaccts, in the order of their ids.
 *
 * The id is the cPanel user. The owner is the reseller, unless it is root; a reseller that owns itself is its own. Domains are all of
 * get_domain_info and the main one; wildcards are no sender's domain. Mailboxes are believed below those domains only: cPanel reads them from
 * files that the tenant may write, and a neighbour's mail would else be taken for the tenant's. The panel's own hourly number is that of the
 * account; `0` and `unlimited` mean that it has none of its own, so the server's default holds; an account that tells nothing has its package's.
 * Where domains have numbers of their own, it is the smallest of the account's domains.
 * What could not be an account's (an address without an @, a domain with a space) is left out rather than refused by the agent together with
 * everybody else's.
 *
 * Pure. Not here: reading (api/), limits of packages (plan-limits.ts), whether the list is whole (reconcile/doubt.ts).
 */
import type { PanelAccountDto } from '@sluice/shared/contract/account-operations.ts';
import type { ServerDefaults, UnixEntry } from '../api/files.ts';
import type { Bound } from '../api/loose.ts';
import type { CpanelAccount, CpanelDomain, CpanelPackage } from '../api/shapes.ts';

export type CpanelWorld = {
	readonly accounts: readonly CpanelAccount[];
	readonly domains: readonly CpanelDomain[];
	readonly packages: readonly CpanelPackage[];
	/** User → addresses. */
	readonly mailboxes: ReadonlyMap<string, readonly string[]>;
	readonly unixUsers: ReadonlyMap<string, UnixEntry>;
	/** User → domain → its own hourly number; absent: none has one. */
	readonly domainHourMessages?: ReadonlyMap<string, ReadonlyMap<string, Bound>>;
	readonly defaults: ServerDefaults;
};

/** The bounds of the contract; a list beyond them would be refused as a whole. */
const domainsMax = 10_000;
const mailboxesMax = 100_000;
/** Of one account's mailboxes together, of the 64 MB of a whole list. */
const mailboxCharsMax = 1_000_000;
const groupCharsMax = 128;

const domainShape = /^(?=.{1,253}$)[^\s@*/:,;'"()<>\\]+$/;
const mailboxShape = /^(?=.{3,320}$)[^\s@]+@[^\s@]+$/;

/** Accounts whose row came twice count once. */
export function panelAccountsOf(world: CpanelWorld): PanelAccountDto[] {
	const domainsOf = Map.groupBy(world.domains, ({ user }) => user);
	const packageOf = new Map(world.packages.map((one) => [one.name, one]));
	const rows = new Map(world.accounts.map((row) => [row.user, row]));
	return [...rows.values()]
		.filter(({ user }) => user !== 'root')
		.sort((one, other) => (one.user < other.user ? -1 : 1))
		.map((row) =>
			panelAccountOf(row, {
				domains: (domainsOf.get(row.user) ?? []).map(({ domain }) => domain),
				mailboxes: world.mailboxes.get(row.user) ?? [],
				unix: world.unixUsers.get(row.user),
				package: row.plan === undefined ? undefined : packageOf.get(row.plan),
				domainHourMessages: world.domainHourMessages?.get(row.user),
				defaults: world.defaults,
			}),
		);
}

type Beside = {
	readonly domains: readonly string[];
	readonly mailboxes: readonly string[];
	readonly unix: UnixEntry | undefined;
	readonly package: CpanelPackage | undefined;
	readonly domainHourMessages: ReadonlyMap<string, Bound> | undefined;
	readonly defaults: ServerDefaults;
};

export function panelAccountOf(row: CpanelAccount, beside: Beside): PanelAccountDto {
	const uid = [row.uid, beside.unix?.uid].find((one) => one !== undefined && one > 0 && one <= 4_294_967_294);
	const failPercent = ownNumber(row.failPercent, beside.package?.failPercent, beside.defaults.failPercent);
	const contact = contactOf(row.email);
	const reseller = groupOf(row.owner === 'root' ? undefined : row.owner);
	const plan = groupOf(row.plan);
	const domains = sorted(
		[...(row.domain === undefined ? [] : [row.domain]), ...beside.domains],
		domainShape,
		domainsMax,
	);
	const hourMessages = smallest(domains, beside.domainHourMessages, (own) =>
		ownNumber(own ?? row.hourMessages, beside.package?.hourMessages, beside.defaults.hourMessages),
	);
	return {
		id: row.user,
		panel: 'cpanel',
		// What both sides call it on the phone; the pages show its main domain beside it.
		name: row.user,
		...(reseller === undefined ? {} : { reseller }),
		...(plan === undefined ? {} : { plan }),
		unixUsers: uid === undefined ? [] : [{ name: row.user, uid }],
		domains,
		mailboxes: below(domains, sorted(beside.mailboxes, mailboxShape, mailboxesMax)),
		state: row.isSuspended ? 'suspended' : 'active',
		since: new Date(row.startMs ?? 0).toISOString(),
		...(hourMessages === undefined ? {} : { panelHourMessages: hourMessages }),
		...(failPercent === undefined ? {} : { panelFailPercent: Math.min(failPercent, 100) }),
		...(contact === undefined ? {} : { contact }),
	};
}

/** The number in force: undefined where none is. */
function ownNumber(account: Bound, plan: Bound, server: Bound): number | undefined {
	const told = account ?? plan;
	return [told, server].find((one): one is number => typeof one === 'number' && one > 0);
}

/**
 * cPanel counts each domain by itself, and a domain may have a number of its own instead of the account's: shown is the smallest, at
 * which the account's first mail is discarded.
 */
function smallest(
	domains: readonly string[],
	own: ReadonlyMap<string, Bound> | undefined,
	numberFor: (own: Bound) => number | undefined,
): number | undefined {
	if (own === undefined || own.size === 0 || domains.length === 0) return numberFor(undefined);
	const numbers = domains.map((domain) => numberFor(own.get(domain))).filter((one) => one !== undefined);
	return numbers.length === 0 ? undefined : Math.min(...numbers);
}

const groupOf = (name: string | undefined): string | undefined => name?.slice(0, groupCharsMax);

/** The first of what may be several. */
const contactOf = (email: string | undefined): string | undefined =>
	email?.split(/[\s,;]+/).find((one) => mailboxShape.test(one));

/** Those of these domains, as many as there is room for. */
function below(domains: readonly string[], mailboxes: readonly string[]): string[] {
	const own = new Set(domains);
	let chars = 0;
	return mailboxes.filter((mailbox) => {
		if (!own.has(mailbox.slice(mailbox.lastIndexOf('@') + 1))) return false;
		chars += mailbox.length;
		return chars <= mailboxCharsMax;
	});
}

const sorted = (items: readonly string[], shape: RegExp, max: number): string[] =>
	[...new Set(items.map((item) => item.trim().toLowerCase()))]
		.filter((item) => shape.test(item))
		.sort()
		.slice(0, max);
