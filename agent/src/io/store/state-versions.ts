/**
 * state.db over versions of the program: steps forward, the copy that is kept of what was before, and the way back.
 *
 * Before the first step forward the file is copied beside itself as `state.db.version-3`, by the process that holds it: nothing else can
 * write between copy and step. Whoever goes back to the release before writes that number into `state.db.use`; the agent then puts the copy
 * in place of the file, which is kept as `state.db.version-4`, so that the same word leads forward again. What was set in between (accounts,
 * limits, holds, credentials, audit) is in the file that was put aside, and nowhere else.
 *
 * A change of what stands inside the JSON documents that an earlier version would misread is a version too.
 * Not here: tables (state.ts), whether the way back is wanted (installers/src/upgrade).
 */
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { stateOfVersion, stateUseFile } from '@sluice/shared/words/state-files.ts';
import { markOfFile } from './file-version.ts';
import { goForward } from './own-database.ts';
import { type Database, openDatabase, syncFolderOf } from './sqlite.ts';

export const stateVersion = 3;
/** "SluS". */
export const stateApplicationId = 0x536c7553;

/** Accounts, limits, credentials, webhooks: one JSON text each. */
export const documentsTable =
	'CREATE TABLE documents (kind TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;';

/** Whether the account itself may let go what a hold holds; the account whose mail alone it means. */
const holdColumns =
	'ALTER TABLE holds ADD COLUMN owner INTEGER NOT NULL DEFAULT 0; ALTER TABLE holds ADD COLUMN account TEXT;';

/** From each version to the next. */
const forward: { readonly [from: number]: string } = { 1: documentsTable, 2: holdColumns };

/** From `version` to this one, in one transaction, after a copy. Throws the binding's error: then the file is as before. */
export function bringStateForward(database: Database, path: string, version: number): void {
	keepCopy(database, path, version);
	goForward(database, version, { version: stateVersion, forward });
}

function keepCopy(database: Database, path: string, version: number): void {
	const kept = stateOfVersion(path, version);
	const fresh = `${kept}.part`;
	rmSync(fresh, { force: true });
	database.exec(`VACUUM INTO '${fresh.replaceAll("'", "''")}'`);
	renameSync(fresh, kept);
	syncFolderOf(path);
}

/**
 * Puts the version that `state.db.use` asks for in place, before the file is opened. Returns what happened as a sentence for the audit;
 * undefined: nothing is asked for, or it is a later version's to do. Interrupted, it is gone on with at the next start.
 */
export function useAskedState(path: string): string | undefined {
	const asked = stateUseFile(path);
	if (!existsSync(asked)) return undefined;
	const version = Number(readFileSync(asked, 'utf8').trim());
	if (!Number.isInteger(version) || version > stateVersion) return undefined;
	const wanted = stateOfVersion(path, version);
	const present = markOfFile(path);
	if (!existsSync(wanted) || present?.version === version) {
		rmSync(asked, { force: true });
		return undefined;
	}
	if (present !== undefined) {
		settleLog(path);
		renameSync(path, stateOfVersion(path, present.version));
	}
	renameSync(wanted, path);
	rmSync(asked, { force: true });
	syncFolderOf(path);
	if (present === undefined) return `went back to version ${version}`;
	const aside = basename(stateOfVersion(path, present.version));
	return `went from version ${present.version} to ${version} as it was before the upgrade; what was set since then is in ${join(dirname(path), aside)}`;
}

/** All of it in the one file, so that one rename moves it. */
function settleLog(path: string): void {
	const database = openDatabase(path);
	try {
		database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE');
	} finally {
		database.close();
	}
}
