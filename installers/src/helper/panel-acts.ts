/**
 * `panel-hold`, `panel-suspend`, `account-owner` and `accounts-owned`: acts of the panel itself on one account or one mailbox of it.
 *
 * Whose the account is, is the panel's word of this moment, whatever the pages think: a reseller gets to an account that it owns now and to no
 * other, and to the rest it is answered as if they were not there. Acts ask the API; questions read cPanel's list of owners first. A mailbox must be one of the account's. Both acts are off unless the server's
 * configuration switches them on (`panel.acts`). Each is taken back by the same verb with `on: false`.
 */
import type { CpanelAccount } from '@sluice/panel-cpanel/api/shapes.ts';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { HelperArgs } from '@sluice/shared/contract/helper.ts';
import { ok, type Result } from '@sluice/shared/words/result.ts';
import { type Performer, refusal, type Verb, type VerbFailure, type VerbPorts } from './verb.ts';

type Kind = 'hold' | 'suspend';

const noAccount = (user: string) => refusal('not-found', `The panel has no account ${user}.`);

/** The account as the actor may see it. */
async function accountFor(
	actor: Actor,
	user: string,
	{ api }: VerbPorts,
): Promise<Result<CpanelAccount | undefined, VerbFailure>> {
	const found = await api.account(user);
	if (!found.ok) return refusal('panel-failed', found.error.text);
	const isSeen = actor.role === 'admin' || (found.value?.owner !== undefined && found.value.owner === actor.id);
	return ok(isSeen ? found.value : undefined);
}

async function hasMailbox(user: string, mailbox: string, { api }: VerbPorts): Promise<Result<boolean, VerbFailure>> {
	const found = await api.mailboxes(user);
	return found.ok ? ok(found.value.includes(mailbox.toLowerCase())) : refusal('panel-failed', found.error.text);
}

const doneTexts: { readonly [K in Kind]: { readonly on: string; readonly off: string } } = {
	hold: { on: 'The panel holds outgoing mail of', off: 'The panel no longer holds outgoing mail of' },
	suspend: { on: 'The panel refuses outgoing mail of', off: 'The panel takes outgoing mail again of' },
};
const opposite = { hold: 'release', suspend: 'unsuspend' } as const;

const senderVerb = (kind: Kind): Performer<HelperArgs<'panel-hold'>, { text: string }> => ({
	roles: ['admin', 'reseller'],
	async perform({ user, mailbox, on, reason }: HelperArgs<'panel-hold'>, actor, ports) {
		if (!ports.acts()[kind])
			return refusal('switched-off', `This is switched off on this server (panel.acts.${kind} in agent.yaml).`);
		const account = await accountFor(actor, user, ports);
		if (!account.ok) return account;
		if (account.value === undefined) return noAccount(user);
		if (mailbox !== undefined) {
			const has = await hasMailbox(user, mailbox, ports);
			if (!has.ok) return has;
			if (!has.value) return refusal('not-found', `${user} has no mailbox ${mailbox}.`);
		}
		const act = on ? kind : opposite[kind];
		const done = await ports.api.outgoing(act, user, mailbox?.toLowerCase());
		if (!done.ok) return refusal('panel-failed', done.error.text);
		const subject = mailbox === undefined ? `account ${user}` : `mailbox ${mailbox.toLowerCase()}`;
		return ok({
			result: { text: `${doneTexts[kind][on ? 'on' : 'off']} ${subject}.` },
			recorded: { act: `panel.${act}`, subject, detail: reason },
		});
	},
});

export const panelHold = senderVerb('hold');
export const panelSuspend = senderVerb('suspend');

/** cPanel's own list of owners, which it keeps true with each change; the API, a process, for what is not in it. */
async function ownerNow(user: string, { files, api }: VerbPorts): Promise<Result<string | undefined, VerbFailure>> {
	const listed = (await files.owners()).get(user);
	if (listed !== undefined) return ok(listed);
	const found = await api.account(user);
	return found.ok ? ok(found.value?.owner) : refusal('panel-failed', found.error.text);
}

export const accountOwner: Verb<'account-owner'> = {
	roles: ['admin', 'reseller'],
	async perform({ user }, actor, ports) {
		const owner = await ownerNow(user, ports);
		if (!owner.ok) return owner;
		const isSeen = actor.role === 'admin' || owner.value === actor.id;
		return ok({ result: { owner: isSeen ? (owner.value ?? null) : null } });
	},
};

/** Whoever is not in the list of owners is asked for by one listing of the API, however many they are. An administrator has all that there are. */
export const accountsOwned: Verb<'accounts-owned'> = {
	roles: ['admin', 'reseller'],
	async perform({ users }, actor, { files, api }) {
		const named = [...new Set(users)];
		const owners = new Map(await files.owners());
		if (named.some((user) => !owners.has(user))) {
			const listed = await api.accounts();
			if (!listed.ok) return refusal('panel-failed', listed.error.text);
			for (const { user, owner } of listed.value.rows)
				if (owner !== undefined && !owners.has(user)) owners.set(user, owner);
		}
		const isSeen = (owner: string | undefined): boolean =>
			owner !== undefined && (actor.role === 'admin' || owner === actor.id);
		return ok({ result: { owned: named.filter((user) => isSeen(owners.get(user))) } });
	},
};
