/**
 * A string that keeps nothing else alive.
 *
 * V8 cuts a string by pointing into the one it was cut from. Two hundred characters of a stranger's answer, or the subject in a
 * megabyte of header, then hold all of it for as long as they live: in the queue that is days. Whoever keeps a small part of a
 * large text that others write keeps this copy. Nothing in the language promises the copy; `detached.test.ts` measures it.
 */

/** The same text in memory of its own. */
export const detached = (text: string): string => ` ${text}`.slice(1);
