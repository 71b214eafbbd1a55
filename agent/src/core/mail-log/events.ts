/**
 * What a mail log tells of a message: who handed it in, where each recipient went, when it was over.
 *
 * One vocabulary for Exim's main log and Postfix's mail log. Read before anything is wired, to know who sends what. Text in a log is
 * partly a stranger's (HELO, subject, names from reverse DNS), so the readers take fields by position and never search a whole line.
 * Not here: how each MTA writes it (exim.ts, postfix.ts), files (io/mail-log).
 */
import type { Address } from '@sluice/shared/words/address.ts';

/** Who handed a message to the MTA, as its log says. */
export type LogSender =
	| { readonly kind: 'mailbox'; readonly login: string }
	| { readonly kind: 'unix'; readonly user?: string; readonly uid?: number }
	/** By SMTP without a login: mail from outside, or a local program that speaks to port 25. */
	| { readonly kind: 'relay'; readonly client: string }
	/** The MTA's own report. */
	| { readonly kind: 'report' };

export type MailLogEvent =
	| {
			readonly kind: 'arrival';
			readonly queueId: string;
			readonly atMs: number;
			readonly sender: LogSender;
			readonly reversePath?: Address;
			readonly processId?: string;
	  }
	/** What is known of a message besides: its reverse-path (Postfix's qmgr), its account (cPanel's own line). */
	| { readonly kind: 'about'; readonly queueId: string; readonly reversePath?: Address; readonly account?: string }
	| {
			readonly kind: 'recipient';
			readonly queueId: string;
			readonly address: Address;
			/** To another machine. Local deliveries are nobody's limit. */
			readonly isRemote: boolean;
			readonly outcome: 'sent' | 'deferred' | 'failed';
	  }
	/** A content filter gave it back under another id. */
	| { readonly kind: 'passedOn'; readonly queueId: string; readonly as: string }
	/** The report about a message has an id of its own. */
	| { readonly kind: 'report'; readonly queueId: string }
	/** The working directory of a process that is about to hand a message in (Exim with log_selector +arguments). */
	| { readonly kind: 'directory'; readonly directory: string; readonly atMs: number; readonly processId?: string }
	| { readonly kind: 'end'; readonly queueId: string };

/**
 * `other`: a line of the log that says nothing about a message's way. `foreign`: of another program. `unknown`: not a line of such a
 * log at all, or one that should tell something and cannot be read.
 */
export type LogLine = MailLogEvent | 'other' | 'foreign' | 'unknown';

/** In our own answer (flow/accept): what the MTA gave to us went to other servers. */
export const ownReplyMark = '; see Outgoing mail';
