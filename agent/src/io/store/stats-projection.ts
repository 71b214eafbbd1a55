/**
 * stats.db as a projection of the log, and of what was refused beside it.
 *
 * A batch is gathered in memory and added to the rows in one transaction with the position: each entry counts once, whatever is lost on
 * the way. A step of the log names its message alone; whose mail that is, the follower says, from the queue index or the history. An
 * agent that has an old log and no file yet counts from what that log still has.
 *
 * Refusals are no entries. They are added with the next commit, and those of a commit that failed come again from whoever told them.
 */

import { scopeKeyOf } from '@sluice/shared/words/limits.ts';
import type { MessageId } from '@sluice/shared/words/message.ts';
import { comparePositions } from '../../core/log/position.ts';
import type { LogEntry, LogPosition } from '../../ports/spool.ts';
import type { Refusal } from '../../ports/stats.ts';
import { isDamage, openOwn } from './own-database.ts';
import { type Durability, inTransaction, type Projection } from './projection.ts';
import { type Believed, openOrAnew, setAside } from './set-aside.ts';
import type { Database, OpenDatabase } from './sqlite.ts';
import { gatherAnswers } from './stats-answers.ts';
import { gatherCounts } from './stats-counts.ts';
import { readStatsState, type StatsState, statsFormat } from './stats-database.ts';
import { type MailOwner, statsOfEntry } from './stats-of-entry.ts';
import { keptSeconds } from './stats-retention.ts';
import { stepBegin } from './stats-steps.ts';

export type StatsProjectionInput = Believed & {
	/** End of the log at start: a file that knows more is of another log, whose counts it keeps. */
	readonly logEnd: LogPosition;
	/** Whose mail a message is. Asked while an entry about it is being taken. */
	readonly ownerOf: (id: MessageId) => MailOwner | undefined;
	/** For tests. */
	readonly openDatabase?: OpenDatabase | undefined;
};

export type StatsProjection = Projection & {
	/** To be added with the next commit. */
	note(refusal: Refusal): void;
	/** There is something to be written that is not of the log. */
	readonly hasNotes: boolean;
};

/** Opens stats.db, set aside and made anew when it cannot be believed. Throws on I/O errors. */
export function createStatsProjection(input: StatsProjectionInput): StatsProjection {
	const { path, openDatabase } = input;
	return openOrAnew('stats-set-aside', input, () => projectionOf(openOwn(path, statsFormat, openDatabase), input));
}

function projectionOf(database: Database, input: StatsProjectionInput): StatsProjection {
	const setState = database.prepare('UPDATE state SET segment = ?, offset = ?, since = ?, folded = ?');
	const stored = opened(database, input);
	const counts = gatherCounts(database);
	const answers = gatherAnswers(database);
	let { position, since, folded } = stored;
	/** Somebody may have been killed before a flush. */
	let isUnsynced = true;
	let hasNotes = false;

	/** What the log had when the file was made began before it. */
	function noteBegin(entry: LogEntry, next: LogPosition): void {
		if (comparePositions(next, stored.firstEnd) > 0) return;
		if (entry.kind === 'message' && entry.statuses !== undefined) return;
		const atMs = entry.kind === 'message' ? entry.record.acceptedMs : (entry.transitions[0]?.atMs ?? since * 1000);
		since = Math.min(since, Math.floor(atMs / 1000));
	}

	const isTouched = (): boolean => hasNotes || !counts.isEmpty || !answers.isEmpty;

	function clear(): void {
		counts.clear();
		answers.clear();
		hasNotes = false;
	}

	function commit(upTo: LogPosition, durability: Durability): void {
		// A position alone is worth no transaction: what lies behind it comes again and means nothing again.
		if (!isTouched() && durability === 'lazy') {
			position = upTo;
			isUnsynced = true;
			return;
		}
		if (!isTouched() && !isUnsynced && comparePositions(position, upTo) === 0) return;
		folded = inTransaction(database, durability, () => {
			const nowSecond = Math.floor(input.now() / 1000);
			counts.write(nowSecond - keptSeconds.moment, folded);
			answers.write();
			const nowFolded = counts.fold(folded, nowSecond);
			setState.run(upTo.segment, upTo.offset, since, nowFolded);
			return nowFolded;
		});
		clear();
		position = upTo;
		isUnsynced = durability === 'lazy';
	}

	return {
		get position() {
			return position;
		},
		get hasNotes() {
			return hasNotes;
		},
		take(entry, next) {
			if (comparePositions(next, position) <= 0) return;
			noteBegin(entry, next);
			statsOfEntry(entry, input.ownerOf, { count: counts.add, attempt: answers.add });
		},
		note({ account, reseller, recipients, atMs }) {
			hasNotes = true;
			const scope = reseller === undefined ? {} : { reseller: scopeKeyOf('reseller', reseller) };
			const owner = { account, ...scope, isReport: false };
			counts.add(owner, 'refused', recipients, atMs);
		},
		commit(upTo, durability) {
			try {
				commit(upTo, durability);
			} catch (error) {
				if (isDamage(error)) {
					database.close();
					setAside('stats-set-aside', input, error);
				}
				throw error;
			}
		},
		discard: clear,
		close: () => database.close(),
	};
}

type Opened = StatsState & { readonly since: number };

/** A new file notes when it was made and where the log ended then. */
function opened(database: Database, { logEnd, now }: StatsProjectionInput): Opened {
	const state = readStatsState(database);
	const { position, since } = state;
	if (since === undefined) {
		const nowSecond = Math.floor(now() / 1000);
		const begin = stepBegin('moment', nowSecond);
		database
			.prepare('UPDATE state SET since = ?, folded = ?, first_segment = ?, first_offset = ?')
			.run(nowSecond, begin, logEnd.segment, logEnd.offset);
		return { position, since: nowSecond, folded: begin, firstEnd: logEnd };
	}
	// Of another log: what it counted stays, and counting goes on behind the end of this one.
	const isBeyond = comparePositions(position, logEnd) > 0;
	if (isBeyond) database.prepare('UPDATE state SET segment = ?, offset = ?').run(logEnd.segment, logEnd.offset);
	return { ...state, position: isBeyond ? logEnd : position, since };
}
