/**
 * What the follower drives: something that takes the entries of the log in order and keeps what follows from them in SQLite.
 *
 * `take` gathers, `commit` writes what was gathered in one transaction a file, with the position up to which it is true. What
 * was taken and not committed is lost by `discard` or a kill, and comes again: the follower goes on from the position. An entry
 * at or below it is passed over, so that each counts once, however often it comes.
 */
import type { LogEntry, LogPosition } from '../../ports/spool.ts';
import { type Database, rollBack } from './sqlite.ts';

/** `synced`: on the disk when `commit` returns. `lazy`: soon, and not torn (SQLite's NORMAL); a power failure may undo it. */
export type Durability = 'lazy' | 'synced';

export type Projection = {
	/** Everything at or below has been committed. */
	readonly position: LogPosition;
	/** `next`: the position behind the entry. */
	take(entry: LogEntry, next: LogPosition): void;
	/** Throws SQLite's error; then the gathered entries are to be discarded. */
	commit(upTo: LogPosition, durability: Durability): void;
	discard(): void;
	close(): void;
};

/** One transaction of what `write` does; none of it when that throws. Returns what `write` does. */
export function inTransaction<T>(database: Database, durability: Durability, write: () => T): T {
	database.exec(`PRAGMA synchronous = ${durability === 'synced' ? 'FULL' : 'NORMAL'}`);
	database.exec('BEGIN IMMEDIATE');
	try {
		const written = write();
		database.exec('COMMIT');
		return written;
	} catch (error) {
		rollBack(database);
		throw error;
	}
}
