/**
 * Every `.smtp` file of this folder, played against the relay port. The files tell what they are about.
 */
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { playFile } from './run.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));

for (const file of readdirSync(folder).filter((name) => name.endsWith('.smtp'))) {
	test(`dialog ${file}`, () => playFile(`${folder}${file}`));
}
