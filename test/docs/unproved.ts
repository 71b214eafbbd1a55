/** docs/unproved.md: two of its tables are the lists that `sluice doctor --probe` has; the rest is written by hand. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Unproved } from '@sluice/installers/doctor/finding.ts';
import { unproved } from '@sluice/installers/doctor/unproved.ts';
import { unprovedServer } from '@sluice/installers/doctor/unproved-server.ts';
import { root } from './markdown.ts';
import type { Page } from './page.ts';

const path = 'docs/unproved.md';
const tables = [
	{ file: 'unproved-server.ts', claims: unprovedServer },
	{ file: 'unproved.ts', claims: unproved },
] as const;
const end = '\n<!-- end -->';

const table = (claims: readonly Unproved[]): string =>
	[
		'| id | claim | why not here | probe | settled by `sluice doctor --probe` |',
		'|---|---|---|---|---|',
		...claims.map(
			({ id, claim, why, probe, settle }) =>
				`| \`${id}\` | ${claim} | ${why} | ${probe} | ${settle === undefined ? 'no' : 'yes'} |`,
		),
	].join('\n');

/** Throws when the marks of a section are gone. */
export function unprovedPage(): Page {
	let text = readFileSync(join(root, path), 'utf8');
	for (const { file, claims } of tables) {
		const begin = `<!-- made of installers/src/doctor/${file}: npm run docs -->\n`;
		const from = text.indexOf(begin) + begin.length;
		const to = text.indexOf(end, from);
		if (from < begin.length || to < from) throw new Error(`${path} has no section for ${file}`);
		text = text.slice(0, from) + table(claims) + text.slice(to);
	}
	return { path, text };
}
