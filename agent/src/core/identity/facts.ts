/**
 * What attribution is given and what it gives back.
 *
 * A submission is what one transaction with our MTA told us; settings say which MTA stands there and what it is known by;
 * the directory knows hosting accounts. Values only: the caller looks things up (peer's uid, secret file, mail log) before.
 */

import type { Address } from '@sluice/shared/words/address.ts';
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import type { Envelope } from '@sluice/shared/words/envelope.ts';
import type { Cut } from '@sluice/shared/words/message.ts';
import type { HeaderField } from '../header/scan.ts';

/** XFORWARD attributes of the transaction, xtext decoded, `[UNAVAILABLE]` left out. Postfix XFORWARD_README. */
export type ForwardedClient = {
	readonly name?: string;
	readonly addr?: string;
	readonly port?: string;
	readonly proto?: string;
	readonly helo?: string;
	/** Queue id that the message had when it first came in by SMTP; absent for sendmail and bounces. */
	readonly ident?: string;
	/** `LOCAL` or `REMOTE`; LOCAL is also said for SMTP clients from 127.0.0.1. */
	readonly source?: string;
};

export type SubmissionFacts = {
	/** Header block as received, one character per byte, dot-stuffed like the stored content; offset 0 is the content's first byte. */
	readonly headerText: string;
	/** The beginning of what follows the header, one character per byte; asked for only when Exim's wiring header is not in the header. */
	readonly textBehindHeader?: () => string;
	readonly envelope: Envelope;
	readonly helo: string;
	readonly peerAddress: string;
	/** The kernel says that the peer is root or the MTA's user. Without it nothing that was said counts. */
	readonly peerProved: boolean;
	readonly xforward: ForwardedClient;
	/** A remote application has logged in with this; then nothing else says who sends. */
	readonly credential?: { readonly id: string; readonly account: string };
};

/** What the mail log says of a message that an SMTP content filter passes back to Postfix. */
export type FilterPassage = {
	/** `sasl_username` logged for the queue id. */
	readonly saslUsername: string;
	/**
	 * Queue id under which the message came back from the filter, once known (the log's `queued as`, else the first one seen).
	 * A tenant who got a message of the victim knows its queue id; without this a second message could use it again.
	 */
	readonly passedAs?: string;
};

export type AttributionSettings = {
	readonly mta: 'exim' | 'postfix' | 'none';
	/** Wiring secrets that count, current and previous. Empty strings are ignored. */
	readonly secrets: readonly string[];
	/** Names the MTA puts behind `by` in Received. Empty: any name. */
	readonly hostNames: readonly string[];
	readonly eximUid?: number;
	readonly postfixUid?: number;
	/** Unix ids below it are the system's, unless the directory knows an account for them. Default `systemUidMaxDefault`. */
	readonly systemUidMax?: number;
	/** Ids below `systemUidMax` that run tenants' code (mod_php): `script`, not `system`. Default `webServerUserIdsDefault`. */
	readonly webServerUserIds?: readonly number[];
	/** Addresses of this machine. SMTP from one of them without a login is a local program, not a forward. Loopback is always meant. */
	readonly ownAddresses?: readonly string[];
	/** Ids of mailing list software (Mailman). */
	readonly listUserIds?: readonly number[];
	/** Ids of configured pipe content filters (Postfix `pipe`, `sendmail -G -i`). */
	readonly filterUserIds?: readonly number[];
	/** Original queue id (XFORWARD IDENT) → what the log says; only where an SMTP content filter is configured. */
	readonly smtpFilterConfirmed?: ReadonlyMap<string, FilterPassage>;
	/** What tells our own Received lines: `(Sluice 3f9c…)`, unfolded. */
	readonly ownReceivedToken?: string;
};

/**
 * cPanel on old systems counts from 500, today's from 1000, Plesk from 10000. The smaller one: a tenant taken for the system
 * would go round every limit, a service taken for a script is only counted.
 */
export const systemUidMaxDefault = 500;

/** www-data (Debian), apache and nobody (Red Hat). 65534 is above `systemUidMax` anyway. */
export const webServerUserIdsDefault: readonly number[] = [33, 48, 99];

/** What a panel knows. Each answers with the hosting account's id. */
export type AccountDirectory = {
	readonly accountOfUid: (uid: number) => string | undefined;
	/** `address` is lower case; also asked with a login name without `@`. */
	readonly accountOfMailbox: (address: Address) => string | undefined;
	/** `domain` is lower case. */
	readonly accountOfDomain: (domain: string) => string | undefined;
};

/** Before any panel has spoken: accounts are `uid:7001`, `domain:site1.test`, `login:name`. */
export const noAccounts: AccountDirectory = {
	accountOfUid: () => undefined,
	accountOfMailbox: () => undefined,
	accountOfDomain: () => undefined,
};

/** Kinds of mail that a header claims to be. Anyone can write them: evidence for detection, never a class by themselves. */
export const claims = ['cron', 'list', 'autoreply', 'report'] as const;
export type Claim = (typeof claims)[number];

/** Header facts for the message record, search and detection. Text is readable, cut to `headerFactCharsMax`. */
export type HeaderFacts = {
	readonly subject?: string;
	readonly headerFrom?: string;
	readonly headerId?: string;
	/** Address in From, lower-cased domain; `''` when none can be read. */
	readonly fromAddress: Address;
	/** Number of Received lines. */
	readonly hops: number;
	/** Received lines of ours, and whether one is topmost or directly below the MTA's: nobody else has had it in between. */
	readonly ownReceived: { readonly count: number; readonly isDirect: boolean };
	/** Keyword of Auto-Submitted, lower case (RFC 3834 §5). */
	readonly autoSubmitted?: string;
	readonly claims: readonly Claim[];
};

export type AttributionResult = {
	readonly attribution: Attribution;
	/** Whole lines that are not sent on: header fields whose name begins with `x-sluice`, and what holds a wiring secret behind it. Ordered, disjoint. */
	readonly cuts: readonly Cut[];
	readonly headers: HeaderFacts;
	/** The header block's fields, for others that read it. */
	readonly fields: readonly HeaderField[];
	/** Reverse-path as it was before SRS, when this message's is one (RFC 5321 has no word for it; libsrs2, Exim). */
	readonly forwardedFor?: Address;
};
