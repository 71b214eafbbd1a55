/**
 * One row of the table that reads remote answers.
 *
 * A row fits when everything it names fits. Its samples are replies as servers send them; the test runs each through the whole
 * table and expects to end at this row, so that a row in front that swallows it is found.
 */
import type { Actor, Cause, ResponseAction } from '@sluice/shared/words/response.ts';

/** What the server was answering. */
export type ReplyStage = 'connect' | 'greeting' | 'ehlo' | 'mail' | 'rcpt' | 'data' | 'end';

export type ResponseRule = {
	/** Stable name, shown by `sluice response explain`. */
	readonly rule: string;
	/** Stage the samples are tried at; `rcpt` when left out. */
	readonly sampleStage?: ReplyStage;
	/** Replies that end here, as text: `550 5.1.1 no such user`. */
	readonly samples: readonly string[];
	/** Only these stages. */
	readonly stages?: readonly ReplyStage[];
	/** Only these codes. */
	readonly codes?: readonly number[];
	/** Matched against `class.subject.detail`, `''` when the server gave none. */
	readonly status?: RegExp;
	/** Matched against the lines joined by a blank. Linear patterns only: the text is a stranger's. */
	readonly text?: RegExp;
	readonly cause: Cause;
	readonly actor: Actor;
	/** What to do when the answer is final; a transient one turns bounce, suppress and hold into retry. */
	readonly action: ResponseAction;
	/** Where the first digit lies. */
	readonly permanent?: boolean;
};
