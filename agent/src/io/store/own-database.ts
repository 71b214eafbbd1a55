/**
 * A database file of ours: made when there is none, known by its mark and version, and told from one that cannot be believed.
 *
 * Not here: what becomes of one that cannot be believed (set-aside.ts keeps it, an index is made anew), what is in the tables.
 */
import { type Database, failureOf, type OpenDatabase, openDatabase, syncFolderOf } from './sqlite.ts';

export type Format = {
	/** `a file of usage`. */
	readonly what: string;
	/** A file of somebody else is not taken for ours. */
	readonly applicationId: number;
	readonly version: number;
	/** Of every connection that writes; also what must stand before the first table. */
	readonly pragmas: string;
	/** Tables, mark and version. */
	readonly schema: string;
	/** What makes the next version of an earlier one. Where a step is missing the file is not to be believed. */
	readonly forward?: { readonly [from: number]: string };
};

/** A file that no writer of ours has left like this. */
export class DamagedFile extends Error {}

/** Opens for writing, making the tables in an empty file. Throws DamagedFile, or the binding's error. */
export function openOwn(path: string, format: Format, open: OpenDatabase = openDatabase): Database {
	const database = open(path);
	try {
		database.exec(format.pragmas);
		// Also when a kill or a full disk left an empty file.
		if (isEmpty(database)) {
			database.exec(`BEGIN; ${format.schema} COMMIT`);
			syncFolderOf(path);
		} else bringForward(database, format);
		assertOwn(database, format);
		return database;
	} catch (error) {
		database.close();
		throw error;
	}
}

type Steps = Pick<Format, 'version' | 'forward'>;

const stepsFrom = (from: number, { version, forward = {} }: Steps): readonly (string | undefined)[] =>
	Array.from({ length: version - from }, (_, step) => forward[from + step]);

/** There is a step from this version to the next, and so on to the present one. */
export const canComeForward = (format: Steps, from: number): boolean =>
	from < format.version && stepsFrom(from, format).every(Boolean);

/** All steps from a version in one transaction: a kill leaves the version that was. */
export function goForward(database: Database, from: number, format: Steps): void {
	database.exec(`BEGIN; ${stepsFrom(from, format).join(' ')} PRAGMA user_version = ${format.version}; COMMIT`);
}

function bringForward(database: Database, format: Format): void {
	const found = pragmaOf(database, 'user_version');
	if (pragmaOf(database, 'application_id') !== format.applicationId || typeof found !== 'number') return;
	if (canComeForward(format, found)) goForward(database, found, format);
}

/** Nothing has been made in it yet. */
export const isEmpty = (database: Database): boolean => pragmaOf(database, 'schema_version') === 0;

/** Why it is not a file of that format; undefined when it is. Cheap: damage inside shows when it is met. */
export function faultOf(
	database: Database,
	{ what, applicationId, version }: Pick<Format, 'what' | 'applicationId' | 'version'>,
): string | undefined {
	if (pragmaOf(database, 'application_id') !== applicationId) return `not ${what}`;
	const found = pragmaOf(database, 'user_version');
	return found === version ? undefined : `version ${found} instead of ${version}`;
}

/** Throws DamagedFile. */
export function assertOwn(database: Database, format: Format): void {
	const fault = faultOf(database, format);
	if (fault !== undefined) throw new DamagedFile(fault);
}

/** The file cannot be believed, as against I/O that failed. */
export const isDamage = (error: unknown): boolean => error instanceof DamagedFile || failureOf(error) === 'corrupt';

const pragmaOf = (database: Database, name: string): unknown => database.prepare(`PRAGMA ${name}`).get()?.[0];
