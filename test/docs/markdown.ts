/**
 * What documents name: links, headings, commands, and words in backticks. By text; no Markdown beyond what our documents use.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { anchorOf } from './page.ts';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export type Document = { readonly path: string; readonly text: string };

/** README, CHANGELOG and everything under docs, but not the evidence of runs. */
export function documents(): readonly Document[] {
	const under = readdirSync(join(root, 'docs'), { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
		.map((entry) => relative(root, join(entry.parentPath, entry.name)))
		.filter((path) => !path.startsWith('docs/evidence/'));
	const top = readdirSync(root).filter((name) => name.endsWith('.md'));
	return [...top, ...under].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

const fence = /^```[^\n]*\n[\s\S]*?^```/gm;
const withoutFences = (text: string): string => text.replace(fence, '');

/** Targets of `[text](target)`. */
export const linksOf = ({ text }: Document): readonly string[] =>
	[...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)].map((found) => found[1] as string);

export const anchorsOf = (text: string): ReadonlySet<string> =>
	new Set([...withoutFences(text).matchAll(/^#{1,6} +(.+)$/gm)].map((found) => anchorOf(found[1] as string)));

/** Words in single backticks outside of code blocks. */
export const tickedOf = ({ text }: Document): readonly string[] =>
	[...withoutFences(text).matchAll(/`([^`\n]+)`/g)].map((found) => found[1] as string);

/** Command lines that begin with `sluice`, in backticks and in code blocks; what follows `#`, `|` or `;` is left off. */
export function commandLinesOf(document: Document): readonly string[] {
	const blocks = document.text.match(fence) ?? [];
	const lines = blocks.flatMap((block) => block.split('\n')).map((line) => line.replace(/^\s*\$ /, ''));
	return [...tickedOf(document), ...lines]
		.map((line) => line.trim().replace(/^npx /, ''))
		.filter((line) => /^sluice [a-z-]/.test(line))
		.map((line) => (line.split(/ [#|;]| {2}/)[0] as string).trim());
}
