/**
 * The import law of docs/architecture.md: who may import whom. A breach names file, import and rule.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { allImports, type Import, root, sourceFiles } from './imports.ts';

/** Places by longest prefix. `io/*` are places of their own: they never import each other. */
function placeOf(file: string): string {
	const io = /^agent\/src\/io\/([^/]+)\//.exec(file);
	if (io !== null) return `io/${io[1]}`;
	const known = [
		['shared/src/words/', 'words'],
		['shared/src/contract/', 'contract'],
		['shared/src/client/', 'client'],
		['shared/src/mta/', 'mta'],
		['shared/src/panel/', 'panel'],
		['agent/src/core/', 'core'],
		['agent/src/ports/', 'ports'],
		['agent/src/flow/', 'flow'],
		['agent/src/config/', 'config'],
		['agent/src/main/', 'main'],
		['installers/', 'installers'],
		['panel-cpanel/', 'panel-cpanel'],
		['panel-plesk/', 'panel-plesk'],
		['test/', 'test'],
	] as const;
	return known.find(([prefix]) => file.startsWith(prefix))?.[1] ?? 'elsewhere';
}

const law: { readonly [place: string]: readonly string[] } = {
	words: [],
	contract: ['words'],
	client: ['contract', 'words'],
	mta: ['words'],
	panel: ['client', 'contract', 'words'],
	core: ['words', 'contract'],
	ports: ['core', 'words', 'contract'],
	flow: ['ports', 'core', 'words', 'contract'],
	config: ['contract', 'words'],
	main: ['config', 'flow', 'ports', 'core', 'client', 'contract', 'words', 'mta', 'io'],
	installers: ['main', 'client', 'contract', 'words', 'mta', 'panel-cpanel', 'panel-plesk'],
	'panel-cpanel': ['panel', 'client', 'contract', 'words', 'mta'],
	'panel-plesk': ['panel', 'client', 'contract', 'words', 'mta'],
};

const packages: { readonly [place: string]: readonly string[] } = {
	words: [],
	contract: ['zod'],
	mta: [],
	core: ['tldts', 'ipaddr.js'],
	ports: [],
	flow: [],
	config: ['yaml', 'ipaddr.js', 'node:fs', 'node:path'],
	panel: [
		'ejs',
		'express',
		'helmet',
		'htmx.org',
		'node:crypto',
		'node:fs',
		'node:http',
		'node:module',
		'node:net',
		'node:os',
		'node:path',
	],
};

const isTest = (file: string): boolean =>
	/\.(test|fixture|bench)\.ts$|(^|\/)(example|testing|scripted-server|fixtures?)(\.ts|\/)/.test(file);

function breachOf({ from, to, isPackage }: Import): string | undefined {
	const place = placeOf(from);
	if (place === 'test' || isTest(from)) return undefined;
	if (isPackage) {
		const allowed = packages[place];
		return allowed === undefined || allowed.includes(to)
			? undefined
			: `${from} (${place}) imports ${to}; allowed packages: ${allowed.join(', ') || 'none'}`;
	}
	const target = placeOf(to);
	if (target === place) return undefined;
	const kind = place.startsWith('io/') ? ['ports', 'core', 'words', 'contract'] : law[place];
	const wanted = target.startsWith('io/') ? 'io' : target;
	return kind?.includes(wanted) === true
		? undefined
		: `${from} (${place}) imports ${to} (${target}); allowed: ${kind?.join(', ') || 'nothing'}`;
}

test('every import keeps the law', () => {
	const breaches = allImports().flatMap((one) => breachOf(one) ?? []);
	assert.deepEqual(breaches, []);
});

test('the watch stands on nothing of the agent, whatever else it imports', () => {
	const edges = Map.groupBy(allImports(), ({ from }) => from);
	const ways: string[] = [];
	const seen = new Set<string>();
	const walk = (file: string, path: readonly string[]): void => {
		if (file.startsWith('agent/')) ways.push([...path, file].join(' → '));
		if (seen.has(file) || file.startsWith('agent/')) return;
		seen.add(file);
		for (const { to, isPackage } of edges.get(file) ?? []) if (!isPackage) walk(to, [...path, file]);
	};
	const own = sourceFiles().filter((file) => file.startsWith('installers/src/watch/') && !isTest(file));
	for (const file of own) walk(file, []);
	assert.ok(own.includes('installers/src/watch/main.ts'));
	assert.deepEqual(ways, []);
});

test('nothing imports test', () => {
	const breaches = allImports().filter(
		({ from, to, isPackage }) => !isPackage && placeOf(to) === 'test' && placeOf(from) !== 'test' && !isTest(from),
	);
	assert.deepEqual(breaches, []);
});

test('there is no cycle of files', () => {
	const edges = new Map<string, string[]>();
	for (const { from, to, isPackage } of allImports()) if (!isPackage) edges.set(from, [...(edges.get(from) ?? []), to]);
	const done = new Set<string>();
	const cycles: string[] = [];
	const walk = (file: string, path: readonly string[]): void => {
		if (path.includes(file)) {
			cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
			return;
		}
		if (done.has(file)) return;
		for (const next of edges.get(file) ?? []) walk(next, [...path, file]);
		done.add(file);
	};
	for (const file of sourceFiles()) walk(file, []);
	assert.deepEqual(cycles, []);
});

test('the top level is the one of the design', () => {
	const names = readdirSync(root)
		.filter((name) => !name.startsWith('.') && name !== 'node_modules' && name !== 'var')
		.sort();
	assert.deepEqual(names, [
		'CHANGELOG.md',
		'LICENSE',
		'README.md',
		'agent',
		'docs',
		'installers',
		'package-lock.json',
		'package.json',
		'panel-cpanel',
		'panel-plesk',
		'shared',
		'test',
		'tsconfig.base.json',
	]);
});
