/** docs/unproved.md: its section on cPanel is the list that `sluice doctor --probe` has; the rest is written by hand. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unprovedTable } from '@sluice/installers/doctor/unproved.ts';
import { root } from './markdown.ts';
import type { Page } from './page.ts';

const path = 'docs/unproved.md';
const begin = '<!-- made of installers/src/doctor/unproved.ts: npm run docs -->\n';
const end = '\n<!-- end -->';

/** Throws when the marks of the section are gone. */
export function unprovedPage(): Page {
	const text = readFileSync(join(root, path), 'utf8');
	const [from, to] = [text.indexOf(begin), text.indexOf(end)];
	if (from < 0 || to < from) throw new Error(`${path} has no section for cPanel`);
	return { path, text: text.slice(0, from + begin.length) + unprovedTable() + text.slice(to) };
}
