/**
 * The envelope: who gets the message and who hears of failures, with the ESMTP parameters that travel on.
 *
 * RFC 5321 §2.3.1; DSN parameters RFC 3461; BODY RFC 6152; SMTPUTF8 RFC 6531.
 */
import type { Address } from './address.ts';

export type NotifyWord = 'NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY';

export type EnvelopeRecipient = {
	readonly address: Address;
	/** NOTIFY as given (RFC 3461 §4.1); absent: failures are reported, delays at our discretion. */
	readonly notify?: readonly NotifyWord[];
	/** ORCPT as given, xtext still encoded: `rfc822;user@host` (RFC 3461 §4.2). */
	readonly orcpt?: string;
};

export type Envelope = {
	readonly reversePath: Address;
	readonly recipients: readonly EnvelopeRecipient[];
	/** BODY=8BITMIME was said, or bytes over 127 were seen in the content. */
	readonly has8bit: boolean;
	/** SMTPUTF8 was said at MAIL. */
	readonly smtpUtf8: boolean;
	/** RET (RFC 3461 §4.3). */
	readonly ret?: 'FULL' | 'HDRS';
	/** ENVID, xtext still encoded (RFC 3461 §4.4). */
	readonly envid?: string;
};
