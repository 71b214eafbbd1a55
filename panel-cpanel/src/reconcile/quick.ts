/**
 * The quick way: accounts that hooks have named, looked at one by one and told at once, before the whole list is read.
 *
 * cPanel is asked how each is now (accountsummary, its domains, its mailboxes: three processes), so the order in which hooks came does not
 * matter. Many at once (a transfer, a night of suspensions) are left to the list, which costs three processes for all of them. A failure here is
 * no failure of the run: the list comes next.
 */
import { type PanelAccountDto, panelAccountSchema } from '@sluice/shared/contract/account-operations.ts';
import { panelAccountOf } from '../accounts/panel-accounts.ts';
import type { AccountEvent } from '../events/event.ts';
import type { ReconcileState } from './state.ts';
import { type Teller, tellEnd, tellRename } from './teller.ts';
import { toldOf, turnsOf } from './turns.ts';
import type { Sources } from './world.ts';

const accountsAtOnceMax = 5;

type Asking = Sources & { readonly teller: Teller; readonly state: ReconcileState; readonly now: () => number };

/** Tells them; gives the state after that and how many accounts were told. */
export async function tellEvents(
	events: readonly AccountEvent[],
	asking: Asking,
): Promise<{ readonly state: ReconcileState; readonly quick: number }> {
	const users = new Set(
		events.flatMap((event) =>
			event.kind === 'all' || event.kind === 'upgraded' ? [] : [event.kind === 'renamed' ? event.to : event.user],
		),
	);
	let { state } = asking;
	if (users.size === 0 || users.size > accountsAtOnceMax) return { state, quick: 0 };
	let quick = 0;
	for (const event of events) {
		if (event.kind !== 'renamed') continue;
		const renamed = await tellRenamed(event, { ...asking, state });
		if (renamed !== undefined) {
			state = renamed;
			quick += 1;
		}
	}
	for (const user of users) {
		const told = await tellAccount(user, { ...asking, state });
		if (told === undefined) continue;
		state = told;
		quick += 1;
	}
	return { state, quick };
}

/** The state after it; undefined: nothing was told. */
async function tellRenamed(
	{ user, to }: { readonly user: string; readonly to: string },
	{ api, teller, state }: Asking,
): Promise<ReconcileState | undefined> {
	const before = state.told[user];
	if (before === undefined || state.told[to] !== undefined) return undefined;
	const [old, fresh] = [await api.account(user), await api.account(to)];
	// Only what cPanel itself confirms: the one is gone, the other is the same unix user.
	if (!old.ok || old.value !== undefined || !fresh.ok || fresh.value === undefined) return undefined;
	if (before.uid !== undefined && fresh.value.uid !== undefined && before.uid !== fresh.value.uid) return undefined;
	const done = await tellRename(teller, user, to);
	if (!done.ok) return undefined;
	const { [user]: _, ...rest } = state.told;
	return { ...state, told: { ...rest, [to]: before } };
}

async function tellAccount(user: string, asking: Asking): Promise<ReconcileState | undefined> {
	const { api, files, teller, state, now } = asking;
	const found = await api.account(user);
	if (!found.ok) return undefined;
	if (found.value === undefined) return tellGone(user, asking);
	const row = found.value;
	const domains = await api.domains(user);
	const mailboxes = await api.mailboxes(user);
	// Half of an account would take from it what it has; the list tells it whole.
	if (!domains.ok || !mailboxes.ok || domains.value.unreadable > 0) return undefined;
	const unix = (await files.unixUsers()).get(user);
	const read = panelAccountSchema.safeParse(
		panelAccountOf(row, {
			domains: domains.value.rows.map(({ domain }) => domain),
			mailboxes: mailboxes.value,
			unix,
			package: undefined,
			domainHourMessages: await files.domainHourMessages(user),
			defaults: await files.defaults(),
		}),
	);
	if (!read.success) return undefined;
	const account = read.data;
	if (turnsOf([account], state).remade.length > 0) await tellEnd(teller, user);
	if (!(await put(account, teller))) return undefined;
	const stamp = await files.mailboxStamp(unix?.home, account.domains);
	return {
		...state,
		told: { ...state.told, [user]: toldOf(account) },
		mailboxes: { ...state.mailboxes, [user]: { stamp, readMs: now(), items: [...mailboxes.value] } },
	};
}

/** cPanel says that there is no such account, and so do its files; either alone may be an error. */
async function tellGone(user: string, { files, teller, state }: Asking): Promise<ReconcileState | undefined> {
	const known = await files.users();
	if (state.told[user] === undefined || known === undefined || known.has(user)) return undefined;
	// Renamed without the hook saying to what: the list sees that by the unix user, and held mail must not be dropped before.
	const { uid } = state.told[user];
	if (uid !== undefined && [...(await files.unixUsers()).values()].some((entry) => entry.uid === uid)) return undefined;
	if (!(await tellEnd(teller, user)).ok) return undefined;
	const { [user]: _, ...told } = state.told;
	const { [user]: _boxes, ...mailboxes } = state.mailboxes;
	return { ...state, told, mailboxes };
}

async function put({ id, ...account }: PanelAccountDto, { client, next }: Teller): Promise<boolean> {
	const done = await client.call('putAccount', { params: { id }, body: { ...account, revision: next() } });
	return done.ok;
}
