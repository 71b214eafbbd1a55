/**
 * The hosting server that both boxes play: two sites with mailboxes, forwards, a list, and own source addresses.
 *
 * Source addresses are of the loopback range, so no interface is made. Pure values, shared by exim.ts and postfix.ts, so
 * that a test can ask the same of both.
 */

export type Site = {
	readonly domain: string;
	/** Unix user who owns the account. */
	readonly owner: string;
	/** "Send mail from this address", and the name to greet with. */
	readonly address: string;
	readonly helo: string;
};

export const sites = [
	{ domain: 'site1.test', owner: 'alice', address: '127.0.0.2', helo: 'mail.site1.test' },
	{ domain: 'site2.test', owner: 'webuser', address: '127.0.0.3', helo: 'mail.site2.test' },
] as const satisfies readonly Site[];

/** Source address and name for all other senders. */
export const defaultSource = { address: '127.0.0.4' } as const;

export const mailboxes = [
	{ address: 'user1@site1.test', password: 'secret1' },
	{ address: 'user2@site2.test', password: 'secret2' },
] as const;

/** Credentials as `submit` wants them. */
export const user1 = { user: 'user1@site1.test', password: 'secret1' } as const;
export const user2 = { user: 'user2@site2.test', password: 'secret2' } as const;

/** Forwards: address → targets. `mix@` goes through another alias. */
export const aliases = {
	'fwd@site1.test': ['outside@remote.test'],
	'list@site1.test': ['a@remote.test', 'b@remote.test'],
	'mix@site1.test': ['fwd@site1.test', 'c@remote.test'],
	'bob@site2.test': ['bob'],
	'gone@site1.test': ['550-forwarded@remote.test'],
	// Reverse-paths at which the sinks of the fake internet refuse or defer.
	'mail-554-alice@site1.test': ['alice'],
	'mail-451-alice@site1.test': ['alice'],
} as const;

/** Read by bob's ~/.forward. */
export const bobForwardsTo = 'bob.elsewhere@remote.test';

/** A pipe that answers with the null reverse-path, as the panel's auto-responder does. */
export const autoresponder = 'away@site1.test';

/** A mailing list: one post goes out again in one message to all members, from `mlist-bounces@`. */
export const mailingList = {
	name: 'mlist',
	address: 'mlist@site1.test',
	bounces: 'mlist-bounces@site1.test',
	members: ['m1@remote.test', 'm2@remote.test', 'm3@other.test'],
} as const;

/** `$1` is the list's name, the post comes on stdin; a first `From ` line is mbox's and no header. */
export const listPostScript = `#!/bin/sh
{ echo "List-Id: <$1.site1.test>"; echo "Precedence: list"; sed '1{/^From /d}'; } |
exec /usr/sbin/sendmail -i -f "$1-bounces@site1.test" -- $(cat "/etc/mailman/$1.members")
`;

/** \`$SENDER\` is set by the MTA. */
export const autorespondScript = `#!/bin/sh
cat >/dev/null
[ -n "$SENDER" ] || exit 0
printf 'From: <%s>\\nTo: <%s>\\nSubject: away\\nAuto-Submitted: auto-replied\\n\\nI am away.\\n' "$1" "$SENDER" |
exec /usr/sbin/sendmail -i -f '<>' -- "$SENDER"
`;
