/**
 * The values a report is made of, and its bounds.
 */
import type { EnvelopeRecipient } from '@sluice/shared/words/envelope.ts';
import type { MessageId, MessageRecord } from '@sluice/shared/words/message.ts';
import type { Reply } from '@sluice/shared/words/reply.ts';
import type { Cause } from '@sluice/shared/words/response.ts';
import { classify } from '../delivery/classify.ts';
import { causeOfOwnReply } from '../delivery/own-replies.ts';
import type { DsnKind } from './due.ts';

export type ReportedRecipient = {
	/** As in the envelope of the message. */
	readonly recipient: EnvelopeRecipient;
	/** The last answer: a server's, or ours (core/delivery/own-replies.ts). */
	readonly reply?: Reply;
	/** `mx1.example.net [203.0.113.5]`. */
	readonly host?: string;
	/** Left out: read from the reply. */
	readonly cause?: Cause;
	/** Why, where no server was asked: texts of the verdict's reasons or of the act that ended it (invariant 5). */
	readonly reasons?: readonly string[];
	/** Epoch ms; absent when it was never tried. */
	readonly lastAttemptMs?: number;
	/** Epoch ms; for delays. */
	readonly retryUntilMs?: number;
};

export type Report = {
	readonly kind: DsnKind;
	/** The message that is reported about. */
	readonly record: MessageRecord;
	/** At least one; all share the kind. */
	readonly recipients: readonly ReportedRecipient[];
	/** The message's content as the spool stores it (dot-stuffed, wiring lines still in it); absent when it cannot be read. */
	readonly original?: Uint8Array;
	/** Our name. */
	readonly reportingMta: string;
	/** Address in From: of the report, `mailer-daemon@host.test`. */
	readonly from: string;
	/** The report's own id. */
	readonly id: MessageId;
	readonly nowMs: number;
	readonly random: () => number;
	/** Bound of a returned message; `returnBytesMaxDefault` when left out. */
	readonly returnBytesMax?: number;
};

/** A whole message is returned up to this size, else its header alone. */
export const returnBytesMaxDefault = 65_536;
/** Of a returned header; cut at the end of a field. */
export const returnedHeaderBytesMax = 32_768;
/** Recipients told one by one in the text for people. */
export const recipientsExplainedMax = 25;
/** Recipients with a block of their own in the part for programs. */
export const recipientsReportedMax = 250;
export const replyCharsMax = 800;
export const addressCharsMax = 512;

/** Why a recipient stands in the report. */
export function causeOf(one: ReportedRecipient): Cause {
	if (one.cause !== undefined) return one.cause;
	if (one.reply === undefined) return 'unknown';
	return causeOfOwnReply(one.reply) ?? classify(one.reply, 'rcpt').cause;
}
