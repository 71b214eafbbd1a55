import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openQueueDatabase } from './queue-database.ts';
import { temporaryFolder } from './testing.ts';
import { openDictionary } from './words.ts';

test('words that no row names any more are removed when there are too many, and the others keep their numbers', (context) => {
	const opened = openQueueDatabase(join(temporaryFolder(context), 'queue.db'));
	assert.ok('database' in opened);
	const { database } = opened;
	const dictionary = openDictionary(database, { wordsMin: 50, wordsPerMessageMax: 8, everyWords: 20 });
	const used = Array.from({ length: 9 }, (_, index) => dictionary.wordOf(`used ${index}`));
	const fields = [1, 2, 3, 4, 5, ...used.slice(0, 8), 0, used[8], 0, 0, 0, 0, 0, 0, 0];
	database.prepare('INSERT INTO messages VALUES (?, ?, NULL)').run('one', fields.join(' '));
	for (let index = 0; index < 40; index++) dictionary.wordOf(`unused ${index}`);
	dictionary.tidy();
	assert.deepEqual(database.prepare('SELECT count(*) FROM words').get(), [49], 'not enough to be worth a look');
	for (let index = 40; index < 70; index++) dictionary.wordOf(`unused ${index}`);
	dictionary.tidy();
	assert.deepEqual(database.prepare('SELECT count(*) FROM words').get(), [9]);
	for (const [index, word] of used.entries()) assert.equal(dictionary.textOf(word), `used ${index}`);
	assert.equal(dictionary.textOf(used.length + 20), undefined);
	const again = dictionary.wordOf('unused 3');
	assert.equal(dictionary.textOf(again), 'unused 3', 'a word that was removed is entered again');
	database.close();
});

test('after a rollback no word is remembered that the table does not have', (context) => {
	const opened = openQueueDatabase(join(temporaryFolder(context), 'queue.db'));
	assert.ok('database' in opened);
	const { database } = opened;
	const dictionary = openDictionary(database);
	database.exec('BEGIN');
	dictionary.wordOf('lost');
	database.exec('ROLLBACK');
	dictionary.forget();
	const word = dictionary.wordOf('lost');
	assert.equal(database.prepare('SELECT text FROM words WHERE word = ?').get(word)?.[0], 'lost');
	database.close();
});
