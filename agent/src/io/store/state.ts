/**
 * state.db: standing holds, the audit of administrative acts, single values such as the agent's own key.
 *
 * Few rows, written by people, so that it is read and written on the loop, and each write is on the disk before it returns. A
 * file that cannot be read is set aside under another name, told, and begun anew: mail must flow even when holds are lost.
 * Not here: earlier and later versions of it (state-versions.ts).
 */
import { existsSync } from 'node:fs';
import type { Selector, StandingHold } from '@sluice/shared/words/selector.ts';
import type { AuditEntry, DocumentKind, StateStore } from '../../ports/store.ts';
import { type Database, failureOf, openDatabase, renameDatabase, rollBack, syncFolderOf } from './sqlite.ts';
import { bringStateForward, documentsTable, stateApplicationId, stateVersion } from './state-versions.ts';
import type { ReportTrouble } from './trouble.ts';

export type StateOptions = {
	/** Path of state.db. */
	readonly path: string;
	/** Epoch ms, for the age bound of the audit. */
	readonly now: () => number;
	readonly report: ReportTrouble;
};

/** Bounds of the audit. Whichever is met first; the oldest go. */
export const auditRowsMax = 100_000;
export const auditAgeMsMax = 400 * 24 * 3600 * 1000;
/** Entries between two looks at the bounds. */
const trimEveryEntries = 100;

const schema = `
	CREATE TABLE holds (
		id TEXT PRIMARY KEY,
		kind TEXT NOT NULL,
		subject TEXT NOT NULL,
		reason TEXT NOT NULL,
		author TEXT NOT NULL,
		since INTEGER NOT NULL,
		until INTEGER NOT NULL,
		owner INTEGER NOT NULL DEFAULT 0,
		account TEXT
	) WITHOUT ROWID;
	CREATE TABLE audit (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		at INTEGER NOT NULL,
		actor TEXT NOT NULL,
		act TEXT NOT NULL,
		subject TEXT NOT NULL,
		detail TEXT NOT NULL
	);
	CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
	${documentsTable}
	PRAGMA application_id = ${stateApplicationId};
	PRAGMA user_version = ${stateVersion};
`;

/** Opens or makes state.db. Throws on I/O errors, and when a later version wrote it. */
export function openState(options: StateOptions): StateStore {
	const { path, now, report } = options;
	try {
		return stateOf(openChecked(path), options);
	} catch (error) {
		if (!(error instanceof UnusableState) && failureOf(error) !== 'corrupt') throw error;
		const kept = `${path}.damaged-${Math.round(now())}`;
		renameDatabase(path, kept);
		report({ kind: 'state-set-aside', path: kept, why: (error as Error).message });
		return stateOf(openChecked(path), options);
	}
}

class UnusableState extends Error {}

function openChecked(path: string): Database {
	const isNew = !existsSync(path);
	const database = openDatabase(path);
	try {
		database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
		const number = (pragma: string): unknown => database.prepare(`PRAGMA ${pragma}`).get()?.[0];
		// A kill while it was being made leaves an empty file.
		if (isNew || (number('user_version') === 0 && number('schema_version') === 0)) {
			database.exec(`BEGIN; ${schema} COMMIT`);
			syncFolderOf(path);
		}
		if (number('application_id') !== stateApplicationId) throw new UnusableState('not a state file');
		if (Number(number('user_version')) > stateVersion)
			throw new Error(`${path} was written by a later version of the program`);
		const check = number('quick_check(1)');
		if (check !== 'ok') throw new UnusableState(`damaged: ${check}`);
		const version = number('user_version');
		if (version !== stateVersion) bringStateForward(database, path, Number(version));
		return database;
	} catch (error) {
		database.close();
		throw error;
	}
}

function stateOf(database: Database, { path, now, report }: StateOptions): StateStore {
	const allHolds = database.prepare(
		'SELECT id, kind, subject, reason, author, since, until, owner, account FROM holds ORDER BY since, id',
	);
	const putHold = database.prepare('INSERT OR REPLACE INTO holds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
	const deleteHold = database.prepare('DELETE FROM holds WHERE id = ?');
	const addAudit = database.prepare(
		'INSERT INTO audit (at, actor, act, subject, detail) VALUES (?, ?, ?, ?, ?) RETURNING id',
	);
	const latestAudit = database.prepare(
		`SELECT id, at, actor, act, subject, detail FROM audit
		WHERE id < ? AND instr(lower(actor), lower(?)) > 0 AND instr(lower(subject), lower(?)) > 0 AND instr(act, ?) = 1
		ORDER BY id DESC LIMIT ?`,
	);
	// Entries come in the order of time: the look ends at the first one that is young enough.
	const trimByAge = database.prepare(
		'DELETE FROM audit WHERE id < (SELECT id FROM audit WHERE at >= ? ORDER BY id LIMIT 1)',
	);
	const countAudit = database.prepare('SELECT count(*) FROM audit');
	// What tenants did goes first: whoever acts without end must not take from the audit what others did, or himself before.
	const trimTenants = database.prepare(
		`DELETE FROM audit WHERE id IN (SELECT id FROM audit
		WHERE actor GLOB 'reseller *' OR actor GLOB 'customer *' OR actor GLOB 'account *' ORDER BY id LIMIT ?)`,
	);
	const trimByRows = database.prepare('DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ?)');
	const getFact = database.prepare('SELECT value FROM facts WHERE name = ?');
	const putFact = database.prepare('INSERT OR REPLACE INTO facts VALUES (?, ?)');
	const allDocuments = database.prepare('SELECT id, value FROM documents WHERE kind = ? ORDER BY id');
	const oneDocument = database.prepare('SELECT value FROM documents WHERE kind = ? AND id = ?');
	const putDocument = database.prepare('INSERT OR REPLACE INTO documents VALUES (?, ?, ?)');
	const deleteDocument = database.prepare('DELETE FROM documents WHERE kind = ? AND id = ?');
	let untilTrim = 0;

	function read(kind: DocumentKind, id: string, text: string): unknown {
		try {
			return JSON.parse(text) as unknown;
		} catch (error) {
			report({ kind: 'document-damaged', path, why: `${kind} ${id}: ${(error as Error).message}` });
			return undefined;
		}
	}

	function trim(): void {
		if (untilTrim-- > 0) return;
		untilTrim = trimEveryEntries;
		trimByAge.run(Math.round(now() - auditAgeMsMax));
		for (const trimRows of [trimTenants, trimByRows]) {
			const surplus = ((countAudit.get() as readonly [number])[0] ?? 0) - auditRowsMax;
			if (surplus > 0) trimRows.run(surplus);
		}
	}

	return {
		holds: () =>
			allHolds.all().map(
				([id, kind, subject, reason, author, since, until, owner, account]): StandingHold => ({
					id: id as string,
					selector: { kind, id: subject } as Selector,
					reason: reason as string,
					author: author as string,
					sinceMs: since as number,
					untilMs: until as number,
					...(owner === 1 ? { ownerMayRelease: true } : {}),
					...(typeof account === 'string' ? { account } : {}),
				}),
			),
		putHold({ id, selector, reason, author, sinceMs, untilMs, ownerMayRelease, account }) {
			const times = [Math.round(sinceMs), Math.round(untilMs)] as const;
			const owner = ownerMayRelease === true ? 1 : 0;
			putHold.run(id, selector.kind, selector.id, reason, author, ...times, owner, account ?? null);
		},
		deleteHold: (id) => void deleteHold.run(id),
		audit({ atMs, actor, act, subject, detail }) {
			const id = addAudit.get(Math.round(atMs), actor, act, subject, detail)?.[0] as number;
			trim();
			return id;
		},
		auditLog: (limit, beforeId = Number.MAX_SAFE_INTEGER, { actor = '', subject = '', act = '' } = {}) =>
			latestAudit
				.all(beforeId, actor, subject, act, limit)
				.map(([id, at, actor, act, subject, detail]): AuditEntry & { id: number } => ({
					id: id as number,
					atMs: at as number,
					actor: actor as string,
					act: act as string,
					subject: subject as string,
					detail: detail as string,
				})),
		documents: (kind) =>
			allDocuments.all(kind).flatMap(([id, text]) => {
				const value = read(kind, id as string, text as string);
				return value === undefined ? [] : [{ id: id as string, value }];
			}),
		document(kind, id) {
			const text = oneDocument.get(kind, id)?.[0] as string | undefined;
			return text === undefined ? undefined : read(kind, id, text);
		},
		putDocuments(kind, entries) {
			database.exec('BEGIN IMMEDIATE');
			try {
				for (const { id, value } of entries) {
					if (value === undefined) deleteDocument.run(kind, id);
					else putDocument.run(kind, id, JSON.stringify(value));
				}
				database.exec('COMMIT');
			} catch (error) {
				rollBack(database);
				throw error;
			}
		},
		get: (key) => getFact.get(key)?.[0] as string | undefined,
		set: (key, value) => void putFact.run(key, value),
		close: () => database.close(),
	};
}
