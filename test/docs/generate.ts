/**
 * `npm run docs`: writes the generated pages of docs/reference. A test fails when one of them is out of date.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedPages } from './pages.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

for (const { path, text } of generatedPages()) {
	const file = join(root, path);
	const isSame = existsSync(file) && readFileSync(file, 'utf8') === text;
	if (!isSame) {
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, text);
	}
	console.log(`${isSame ? 'same   ' : 'written'}  ${path}`);
}
