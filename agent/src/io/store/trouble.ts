/**
 * What the store tells its owner when something was wrong and has been seen to. Main makes events of these.
 */
export type StoreTrouble =
	/** queue.db could not be believed and is being made anew from the log (event `index.rebuilt`). */
	| { readonly kind: 'index-rebuilt'; readonly why: string }
	/** A day of history could not be read: kept beside the others as `path`, and made anew from what the log still has. */
	| { readonly kind: 'day-set-aside'; readonly day: string; readonly path: string; readonly why: string }
	/** Days of history that another version wrote and this one cannot bring forward: they stay as files and are not shown. */
	| { readonly kind: 'days-left'; readonly days: readonly string[]; readonly why: string }
	/** usage.db could not be read: kept as `path`, and made anew from what the log still has. Older usage counts no more. */
	| { readonly kind: 'usage-set-aside'; readonly path: string; readonly why: string }
	/** stats.db could not be read: kept as `path`, and made anew from what the log still has. Older counts are gone. */
	| { readonly kind: 'stats-set-aside'; readonly path: string; readonly why: string }
	/** state.db could not be read: kept as `path`. Holds, audit and keys start empty. */
	| { readonly kind: 'state-set-aside'; readonly path: string; readonly why: string }
	/** One document of state.db is not JSON, and is passed over. */
	| { readonly kind: 'document-damaged'; readonly path: string; readonly why: string }
	/** A run of the projector failed, or its thread ended; it goes on trying. Told once per new error. */
	| { readonly kind: 'projector-failed'; readonly error: string }
	| { readonly kind: 'projector-recovered' };

export type ReportTrouble = (trouble: StoreTrouble) => void;
