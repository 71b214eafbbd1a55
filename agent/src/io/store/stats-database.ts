/**
 * stats.db as a file: its tables, its version, and what becomes of it when it cannot be believed.
 *
 *     moments, hours, days   counts of recipients by begin of the step and subject: `server:server`, `reseller:bob`, `account:acme`
 *     answer_hours, _days    what providers said, by begin of the step, provider and result
 *     replies                the latest refusal of each provider
 *     state                  one row: up to where of the log everything is in here; from when on; where the log ended when it was made;
 *                            up to where hours and days have been made of moments: those behind it are to be added by whoever reads
 *
 * The step leads every key: what is written is at the end of a table, where the same few pages take it, and what is too old goes from
 * its beginning. Names stand as they are, without numbers into a table of names that would have to be kept in order.
 *
 * It cannot be made anew in full, since the log is shorter than what is kept here; so a file that is damaged is kept under another name.
 */
import { volumeCounts } from '@sluice/shared/contract/view-operations.ts';
import { logStart } from '../../core/log/position.ts';
import type { LogPosition } from '../../ports/spool.ts';
import { DamagedFile, type Format } from './own-database.ts';
import type { Database } from './sqlite.ts';

export const statsVersion = 2;
/** "SluC". */
const applicationId = 0x536c7543;
const pageBytes = 8192;
const logBytesMax = 4 * 1024 * 1024;
const cacheBytes = 2 * 1024 * 1024;

const pragmas = `
	PRAGMA page_size = ${pageBytes};
	PRAGMA journal_mode = WAL;
	PRAGMA synchronous = NORMAL;
	PRAGMA journal_size_limit = ${logBytesMax};
	PRAGMA cache_size = -${cacheBytes / 1024};
`;

export const countTables = { moment: 'moments', hour: 'hours', day: 'days' } as const;
export const answerTables = { hour: 'answer_hours', day: 'answer_days' } as const;

const countTable = (name: string): string => `
	CREATE TABLE ${name} (
		step INTEGER NOT NULL,
		subject TEXT NOT NULL,
		${volumeCounts.map((count) => `${count} INTEGER NOT NULL,`).join(' ')}
		PRIMARY KEY (step, subject)
	) WITHOUT ROWID;`;

const answerTable = (name: string): string => `
	CREATE TABLE ${name} (
		step INTEGER NOT NULL,
		provider TEXT NOT NULL,
		result TEXT NOT NULL,
		cause TEXT NOT NULL,
		recipients INTEGER NOT NULL,
		PRIMARY KEY (step, provider, result, cause)
	) WITHOUT ROWID;`;

const schema = `
	${Object.values(countTables).map(countTable).join('')}
	${Object.values(answerTables).map(answerTable).join('')}
	CREATE TABLE replies (provider TEXT PRIMARY KEY, second INTEGER NOT NULL, reply TEXT NOT NULL) WITHOUT ROWID;
	CREATE TABLE state (
		segment INTEGER NOT NULL,
		offset INTEGER NOT NULL,
		since INTEGER,
		folded INTEGER NOT NULL,
		first_segment INTEGER NOT NULL,
		first_offset INTEGER NOT NULL
	);
	INSERT INTO state VALUES (0, 0, NULL, 0, 0, 0);
	PRAGMA application_id = ${applicationId};
	PRAGMA user_version = ${statsVersion};
`;

export const statsFormat: Format = { what: 'a file of counts', applicationId, version: statsVersion, pragmas, schema };

export type StatsState = {
	readonly position: LogPosition;
	/** Epoch seconds; undefined: the file is new. */
	readonly since: number | undefined;
	/** Epoch seconds: moments before it are in hours and days, later ones are not. */
	readonly folded: number;
	/** Where the log ended when the file was made: what lies before it lowers `since`. */
	readonly firstEnd: LogPosition;
};

export function readStatsState(database: Database): StatsState {
	const row = database.prepare('SELECT segment, offset, since, first_segment, first_offset, folded FROM state').get();
	if (row === undefined) throw new DamagedFile('nothing says up to where it is true');
	const [segment, offset, since, firstSegment, firstOffset, folded] = row as readonly (number | null)[];
	const place = (at: number, within: number): LogPosition => (at === 0 ? logStart : { segment: at, offset: within });
	return {
		position: place(segment as number, offset as number),
		since: since ?? undefined,
		folded: folded as number,
		firstEnd: place(firstSegment as number, firstOffset as number),
	};
}
