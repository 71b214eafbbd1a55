/**
 * What can become of a question to cPanel: an answer, or one of a few failures that a person can do something about.
 */
import type { Result } from '@sluice/shared/words/result.ts';

export type ApiFailure = {
	/**
	 * missing: no such program here. timeout: no answer in time. too-large: more than is read. exit: the program failed.
	 * garbage: no JSON, or not of the documented shape. refused: cPanel says no (`metadata.result` or `status` 0).
	 */
	readonly kind: 'missing' | 'timeout' | 'too-large' | 'exit' | 'garbage' | 'refused';
	/** One sentence with the name of what was asked. Never an argument's value: it may be a password. */
	readonly text: string;
};

export type Asked<T> = Promise<Result<T, ApiFailure>>;
