/**
 * Reading stats.db beside its writer, on the loop: a few hundred rows by their keys for an answer.
 *
 * The file is opened with the first question, and again when it was set aside and made anew, which its inode tells.
 */
import { statSync } from 'node:fs';
import { type VolumeCount, volumeCounts } from '@sluice/shared/contract/view-operations.ts';
import type { ScopeKey } from '@sluice/shared/words/limits.ts';
import type { Answers, Counts, StatsReader, StepSize } from '../../ports/stats.ts';
import { assertOwn, isEmpty } from './own-database.ts';
import { type Database, openDatabase, type Statement } from './sqlite.ts';
import { answerTables, countTables, readStatsState, statsFormat } from './stats-database.ts';
import { momentSeconds, stepBegin } from './stats-steps.ts';

type Open = {
	readonly inode: number;
	readonly database: Database;
	readonly counts: { readonly [S in keyof typeof countTables]: Statement };
	readonly answers: { readonly [S in keyof typeof answerTables]: Statement };
	readonly reply: Statement;
	/** The first moment from one on. */
	readonly moments: Statement;
};

const cacheBytes = 1024 * 1024;
/** There are two or three; more only after a clock that was ahead. */
const unfoldedMax = 40;

/** Opens nothing yet. Questions throw DamagedFile, or the binding's error. */
export function createStatsReader(path: string): StatsReader {
	let open: Open | undefined;

	function close(): void {
		open?.database.close();
		open = undefined;
	}

	/** Undefined: there is no file, or it is being made. */
	function file(): Open | undefined {
		const inode = statSync(path, { throwIfNoEntry: false })?.ino;
		if (open !== undefined && open.inode !== inode) close();
		if (inode !== undefined) open ??= openFile(path, inode);
		return open;
	}

	/** Everything of one moment. What fails begins anew with the next question. */
	function asked<Value>(otherwise: Value, question: (file: Open) => Value): Value {
		try {
			const found = file();
			if (found === undefined) return otherwise;
			found.database.exec('BEGIN');
			try {
				return question(found);
			} finally {
				found.database.exec('COMMIT');
			}
		} catch (error) {
			close();
			throw error;
		}
	}

	return {
		since: () => asked(undefined, ({ database }) => readStatsState(database).since),
		counts: (size, subjects, steps) =>
			asked(new Map(), (open) => {
				const found = new Map<number, Counts>();
				const unfolded = size === 'moment' ? new Map<number, number[]>() : unfoldedBy(size, open);
				// Rows of one step stand together: one page has many of them.
				for (const step of steps) {
					const rows = rowsOf(open.counts[size], step, subjects);
					for (const moment of unfolded.get(step) ?? []) rows.push(...rowsOf(open.counts.moment, moment, subjects));
					if (rows.length > 0) found.set(step, countsOf(rows));
				}
				return found;
			}),
		answers: (size, step) => asked([], ({ answers }) => answers[size].all(step).map(answersOf)),
		reply: (provider, afterSecond) =>
			asked(undefined, ({ reply }) => reply.get(provider, afterSecond)?.[0] as string | undefined),
		close,
	};
}

function openFile(path: string, inode: number): Open | undefined {
	const database = openDatabase(path, { readOnly: true });
	try {
		if (isEmpty(database)) {
			database.close();
			return undefined;
		}
		assertOwn(database, statsFormat);
		database.exec(`PRAGMA cache_size = -${cacheBytes / 1024}`);
		const counts = (table: string): Statement =>
			database.prepare(`SELECT ${volumeCounts.join(', ')} FROM ${table} WHERE step = ? AND subject = ?`);
		const answers = (table: string): Statement =>
			database.prepare(`SELECT provider, result, cause, recipients FROM ${table} WHERE step = ?`);
		return {
			inode,
			database,
			counts: {
				moment: counts(countTables.moment),
				hour: counts(countTables.hour),
				day: counts(countTables.day),
			},
			answers: { hour: answers(answerTables.hour), day: answers(answerTables.day) },
			moments: database.prepare(`SELECT min(step) FROM ${countTables.moment} WHERE step >= ?`),
			reply: database.prepare('SELECT reply FROM replies WHERE provider = ? AND second >= ?'),
		};
	} catch (error) {
		database.close();
		throw error;
	}
}

const rowsOf = (counts: Statement, step: number, subjects: readonly ScopeKey[]): (readonly number[])[] =>
	subjects.flatMap((subject) => {
		const row = counts.get(step, subject);
		return row === undefined ? [] : [row as readonly number[]];
	});

/** Moments that are in no hour and day yet, by the step that they belong to: the present one and the one before it. */
function unfoldedBy(size: StepSize, { database, moments }: Open): ReadonlyMap<number, number[]> {
	const found: number[] = [];
	for (let from = readStatsState(database).folded; found.length < unfoldedMax; ) {
		const moment = moments.get(from)?.[0] as number | null;
		if (moment === null) break;
		found.push(moment);
		from = moment + momentSeconds;
	}
	return Map.groupBy(found, (moment) => stepBegin(size, moment));
}

/** Rows added up. */
const countsOf = (rows: readonly (readonly number[])[]): Counts =>
	Object.fromEntries(
		volumeCounts.map((name, index) => [name, rows.reduce((sum, row) => sum + (row[index] as number), 0)]),
	) as { [C in VolumeCount]: number };

const answersOf = ([provider, result, cause, recipients]: readonly unknown[]): Answers => ({
	provider: provider as string,
	result: result as Answers['result'],
	cause: cause as string,
	recipients: recipients as number,
});
