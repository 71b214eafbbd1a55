/**
 * Who sent a message, how sure we are, and from what we know it.
 *
 * Identity comes only from what a tenant cannot forge; what a tenant can write is a hint (design, invariant 8).
 */

/** What kind of sending this is. A closed list: limits, detection and DSN rules switch on it. */
export const senderClasses = [
	'mailbox', // an authenticated mailbox (SMTP AUTH at the MTA)
	'script', // a unix user other than root through sendmail or PHP mail()
	'system', // root or a service user
	'cron', // cron's own mail
	'forward', // alias, .forward, SRS: somebody else's mail passing through
	'autoreply', // vacation, autoresponder
	'list', // mailing list software
	'dsn', // null reverse-path report
	'unattributed',
] as const;
export type SenderClass = (typeof senderClasses)[number];

/** `proved`: the kernel or the MTA says so. `derived`: follows from a proved fact. `none`: unattributed. */
export type Certainty = 'proved' | 'derived' | 'none';

export type Identity = {
	/** `mailbox` user1@site1.test, `unix` 7001, `credential` key id, `address` an alias that forwards. */
	readonly kind: 'mailbox' | 'unix' | 'credential' | 'address';
	readonly id: string;
};

/** What a tenant could have written: good for fair shares and names in reports, never for limits or blame. */
export type SenderHint = {
	/** Domain of the reverse-path, else of From; `''` when neither. */
	readonly domain: string;
	readonly address: string;
	/** Working directory or script as far as known, and whether the MTA proved it. */
	readonly script?: string;
};

export type Attribution = {
	/** The hosting account's id, or `uid:7001` / `domain:site1.test` until a panel has told us accounts; `''` when unattributed. */
	readonly account: string;
	readonly identity?: Identity;
	readonly class: SenderClass;
	readonly certainty: Certainty;
	/** The fact that decided, for people: `exim header, auth=user1@site1.test`. */
	readonly from: string;
	readonly hint: SenderHint;
	/** The MTA's own queue id, to join with its log; not unique per transaction on Exim. */
	readonly mtaQueueId?: string;
	/** Address of the client that handed the message to the MTA. */
	readonly clientAddress?: string;
	/** Address as first written before an alias expanded it (Exim `anc`, Postfix ORCPT), per message. */
	readonly ancestor?: string;
	/** Proved working directory of a script. */
	readonly directory?: string;
	/** Anything odd seen on the way: codes of faults to count and alarm, such as `wiring.two-secrets`. */
	readonly alarms: readonly string[];
};
