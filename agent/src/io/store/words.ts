/**
 * The dictionary of queue.db: texts that repeat from row to row, by number.
 *
 * Words stay when the last row that names them goes; from time to time those that no row names are removed. The numbers most in
 * use are kept in memory, bounded.
 */
import { visitWords } from './queue-rows.ts';
import type { Database } from './sqlite.ts';

export type Dictionary = {
	/** The number of a text, entered if it is new. Within a transaction. */
	readonly wordOf: (text: string) => number;
	/** The text of a number. */
	readonly textOf: (word: number) => string | undefined;
	/** After a commit: removes words that no row names when there are too many. */
	tidy(): void;
	/** After a rollback: what is in memory may not be in the table. */
	forget(): void;
};

/** Words known in memory, each way; beyond it memory begins anew. */
const rememberedMax = 50_000;
export type TidySettings = {
	/** Fewer words than this are never worth a look. */
	readonly wordsMin: number;
	/** Words for each open message that may stand. */
	readonly wordsPerMessageMax: number;
	/** Words entered between two looks. */
	readonly everyWords: number;
};

const tidyDefaults: TidySettings = { wordsMin: 100_000, wordsPerMessageMax: 8, everyWords: 50_000 };

export function openDictionary(database: Database, settings: TidySettings = tidyDefaults): Dictionary {
	const findWord = database.prepare('SELECT word FROM words WHERE text = ?');
	const findText = database.prepare('SELECT text FROM words WHERE word = ?');
	const putWord = database.prepare('INSERT INTO words (text) VALUES (?) RETURNING word');
	const numbers = new Map<string, number>();
	const known = new Map<number, string>();
	let enteredSinceLook = settings.everyWords;

	function remember(text: string, word: number): void {
		if (numbers.size >= rememberedMax) numbers.clear();
		numbers.set(text, word);
	}

	function textOf(word: number): string | undefined {
		const text = known.get(word);
		if (text !== undefined) return text;
		const row = findText.get(word);
		if (row === undefined) return undefined;
		if (known.size >= rememberedMax) known.clear();
		known.set(word, row[0] as string);
		return row[0] as string;
	}

	function forget(): void {
		numbers.clear();
		known.clear();
	}

	return {
		wordOf(text) {
			const remembered = numbers.get(text);
			if (remembered !== undefined) return remembered;
			const found = findWord.get(text)?.[0] ?? putWord.get(text)?.[0];
			if (typeof found !== 'number') throw new Error('queue index: a word has no number');
			enteredSinceLook++;
			remember(text, found);
			return found;
		},
		textOf,
		tidy() {
			if (enteredSinceLook < settings.everyWords) return;
			enteredSinceLook = 0;
			const words = countOf(database, 'words');
			if (words < settings.wordsMin) return;
			if (words < settings.wordsPerMessageMax * countOf(database, 'messages')) return;
			removeUnused(database);
			forget();
		},
		forget,
	};
}

const countOf = (database: Database, table: 'words' | 'messages'): number =>
	database.prepare(`SELECT count(*) FROM ${table}`).get()?.[0] as number;

function removeUnused(database: Database): void {
	const used = new Set<number>();
	for (const [data] of database.prepare('SELECT data FROM messages').iterate())
		visitWords(data as string, (word) => used.add(word));
	const all = database.prepare('SELECT word FROM words').all();
	const remove = database.prepare('DELETE FROM words WHERE word = ?');
	database.exec('BEGIN IMMEDIATE');
	try {
		for (const [word] of all) if (!used.has(word as number)) remove.run(word as number);
		database.exec('COMMIT');
	} catch (error) {
		database.exec('ROLLBACK');
		throw error;
	}
}
