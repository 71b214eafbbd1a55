/**
 * Expected outcomes as values.
 *
 * A function that can fail in a way the caller must think about returns a `Result`; an exception is a bug or broken I/O.
 */

export type Ok<T> = { readonly ok: true; readonly value: T };
export type Failed<E> = { readonly ok: false; readonly error: E };
export type Result<T, E> = Ok<T> | Failed<E>;

export const ok = <T>(value: T): Ok<T> => ({ ok: true, value });
export const failed = <E>(error: E): Failed<E> => ({ ok: false, error });

/** The end of a `switch` over a closed union: a compile error when a case is missing, an exception if one slips in at run time. */
export function unreachable(value: never): never {
	throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
