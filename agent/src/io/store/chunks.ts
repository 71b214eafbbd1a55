/**
 * Which chunk of a day a message belongs to (see day-schema.ts).
 *
 * A chunk takes recipients until it is full, then the next one begins at the next key. A message that comes late, with a key
 * below that, joins the chunk its key lies in, so that chunks always part the keys without overlap.
 *
 * When a chunk is full its subjects are put together in one text: a search that has nothing but a piece of a subject looks into
 * that first (in memory, gigabytes a second) and passes over nearly all chunks.
 */
import { chunkRecipientsMax } from './day-schema.ts';
import type { Database } from './sqlite.ts';

export type Chunk = { readonly chunk: number; readonly first: number; recipients: number };

export type ChunkTable = {
	/** The chunk of a new message; counts its recipients there. */
	chunkFor(key: number, recipients: number): number;
	/** Writes what has changed. Within the batch's transaction. */
	save(): void;
};

export function chunkTable(database: Database, recipientsMax = chunkRecipientsMax): ChunkTable {
	const chunks: Chunk[] = readChunks(database);
	const put = database.prepare('INSERT OR REPLACE INTO chunks VALUES (?, ?, ?)');
	const putSubjects = database.prepare(`
		INSERT OR REPLACE INTO subjects
		SELECT ?, coalesce(group_concat(subject, char(10)), '')
		FROM (SELECT DISTINCT lower(subject) AS subject FROM messages WHERE message >= ? AND message < ?)`);
	const changed = new Set<Chunk>();
	let highest = (database.prepare('SELECT max(message) FROM messages').get()?.[0] ?? -1) as number;

	function begin(first: number): Chunk {
		const chunk = { chunk: chunks.length, first, recipients: 0 };
		chunks.push(chunk);
		return chunk;
	}

	function find(key: number): Chunk {
		const last = chunks.at(-1) ?? begin(0);
		if (key > highest && last.recipients >= recipientsMax) {
			changed.add(last);
			return begin(key);
		}
		return chunks[chunkIndexOf(chunks, key)] ?? last;
	}

	return {
		chunkFor(key, recipients) {
			const chunk = find(key);
			chunk.recipients += recipients;
			changed.add(chunk);
			highest = Math.max(highest, key);
			return chunk.chunk;
		},
		save() {
			for (const { chunk, first, recipients } of changed) {
				put.run(chunk, first, recipients);
				const next = chunks[chunk + 1];
				if (next !== undefined) putSubjects.run(chunk, chunk === 0 ? 0 : first, next.first);
			}
			changed.clear();
		},
	};
}

/** Chunks of a day, oldest first. */
export const readChunks = (database: Database): Chunk[] =>
	database
		.prepare('SELECT chunk, first, recipients FROM chunks ORDER BY chunk')
		.all()
		.map(([chunk, first, recipients]) => ({
			chunk: chunk as number,
			first: first as number,
			recipients: recipients as number,
		}));

/** Place of the chunk in which a key lies: the last that begins at or below it; -1 when there is none. */
export function chunkIndexOf(chunks: readonly Chunk[], key: number): number {
	let low = 0;
	let high = chunks.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((chunks[middle] as Chunk).first <= key) low = middle + 1;
		else high = middle;
	}
	return low - 1;
}
