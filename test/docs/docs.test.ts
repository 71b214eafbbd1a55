/**
 * Documents and code may not disagree, in either direction: generated pages are up to date, and what a document names exists.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { configSchema } from '@sluice/shared/contract/config.ts';
import { configKeys } from '@sluice/shared/contract/reference.ts';
import { eventNames } from '@sluice/shared/words/events.ts';
import { faults } from '@sluice/shared/words/faults.ts';
import { limitRules } from '@sluice/shared/words/limits.ts';
import { parse } from 'yaml';
import { describedCommands } from './cli.ts';
import { smallestConfig } from './configuration.ts';
import { anchorsOf, commandLinesOf, type Document, documents, linksOf, root, tickedOf } from './markdown.ts';
import { generatedPages } from './pages.ts';

const all = documents();
const everywhere = (breachesOf: (document: Document) => readonly string[]): readonly string[] =>
	all.flatMap((document) => breachesOf(document).map((breach) => `${document.path}: ${breach}`));

for (const { path, text } of generatedPages()) {
	test(`${path} is what the code says (else: npm run docs)`, () => {
		assert.equal(existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '(no such file)', text);
	});
}

test('every fault, every key, every event, every command is in its reference', () => {
	const page = (name: string): string => readFileSync(join(root, 'docs', 'reference', name), 'utf8');
	const missing = [
		...Object.values(faults).flatMap(({ code }) => (page('faults.md').includes(`\`${code}\``) ? [] : [code])),
		...configKeys().flatMap(({ key, isSection }) =>
			page('configuration.md').includes(isSection ? `\n## ${key}\n` : `\`${key}\``) ? [] : [key],
		),
		...eventNames.filter((name) => !page('events.md').includes(`\`${name}\``)),
		...describedCommands().flatMap(({ words }) =>
			page('cli.md').includes(`\n## ${words.join(' ')}\n`) ? [] : [words.join(' ')],
		),
	];
	assert.deepEqual(missing, []);
});

test('a fault that a document names exists', () => {
	const known = new Set<string>(Object.values(faults).map(({ code }) => code));
	const unknown = everywhere(({ text }) =>
		[...new Set(text.match(/\bE_[A-Z_]+\b/g) ?? [])].filter((code) => !known.has(code)),
	);
	assert.deepEqual(unknown, []);
});

const isFile = (name: string): boolean =>
	/\.(db|sock|ya?ml|ts|js|mjs|md|json|pid|txt|sh|conf|local|log|cf|service|socket|timer|path|nft|cgi|php)$/.test(name);

test('a configuration key or an event that a document names exists', () => {
	const keys = new Set(configKeys().map(({ key }) => key));
	const families = new Set([...keys, ...eventNames].map((name) => name.split('.')[0]));
	// Rules of limits are dotted too; and a problem of `sluice status` whose event has another name.
	const known = new Set<string>([...keys, ...eventNames, ...limitRules, 'accounts.shrunk']);
	const named = (document: Document): readonly string[] => {
		const dotted = [...tickedOf(document), ...(document.text.match(/\b[a-z]+(?:\.[a-zA-Z]+)+\b/g) ?? [])];
		return [...new Set(dotted.map((word) => word.replace(/:.*$/s, '')))].filter(
			(word) => /^[a-z]+(\.[a-zA-Z-]+)+$/.test(word) && families.has(word.split('.')[0] as string) && !isFile(word),
		);
	};
	const unknown = everywhere((document) => named(document).filter((word) => !known.has(word)));
	assert.deepEqual(unknown, []);
});

test('a command that a document names exists, and so do its options', () => {
	const commands = describedCommands();
	const breaches = everywhere((document) =>
		commandLinesOf(document).flatMap((line) => {
			// `message hold|release ID` names two commands.
			const words = line.split(/\s+/);
			const plain = words.findIndex((word) => !/^[a-z][a-z|-]*$/.test(word));
			const path = (plain === -1 ? words : words.slice(0, plain)).map((word) => word.split('|'));
			const options = words.filter((word) => word.startsWith('--')).map((word) => word.replace(/[=|].*$/, ''));
			const ways = path.reduce<readonly (readonly string[])[]>(
				(before, choices) => before.flatMap((way) => choices.map((choice) => [...way, choice])),
				[[]],
			);
			return ways.flatMap((way) => {
				const named = (words: readonly string[]) =>
					commands.find(({ words: own }) => own.join(' ') === words.join(' '));
				// The last word may be what the command is about: `account show shopmoda`.
				const before = named(way.slice(0, -1));
				const known = named(way) ?? ((before?.command.registeredArguments.length ?? 0) > 0 ? before : undefined);
				if (known === undefined) return [`\`${line}\`: there is no ${way.join(' ')}`];
				const own = new Set(['--help', ...known.command.options.map(({ long }) => long)]);
				return options.filter((option) => !own.has(option)).map((option) => `\`${line}\`: no ${option}`);
			});
		}),
	);
	assert.deepEqual(breaches, []);
});

test('relative links lead somewhere, to the heading they name', () => {
	const dead = everywhere((document) =>
		linksOf(document)
			.filter((link) => !/^[a-z]+:/.test(link))
			.filter((link) => {
				const [path = '', anchor] = link.split('#');
				const file = path === '' ? join(root, document.path) : join(root, dirname(document.path), path);
				if (!existsSync(file)) return true;
				return anchor !== undefined && !anchorsOf(readFileSync(file, 'utf8')).has(anchor);
			}),
	);
	assert.deepEqual(dead, []);
});

test('the smallest configuration of the reference is one', () => {
	assert.ok(configSchema.safeParse(parse(smallestConfig)).success);
});
