/**
 * Reading the configuration: agent.yaml and conf.d/*.yaml beside it, later files over earlier ones, key by key.
 *
 * A mistake names the file and line, the key, what was found and what is allowed; all mistakes are told at once. Nothing is
 * guessed: an unknown key is an error that names the nearest known one. Not here: what the keys mean (shared/contract/config.ts).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Config, configSchema } from '@sluice/shared/contract/config.ts';
import { configKeys } from '@sluice/shared/contract/reference.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { disagreements } from './disagreements.ts';
import { nearest } from './nearest.ts';

export type ConfigProblem = {
	readonly file: string;
	readonly line?: number;
	readonly key: string;
	readonly text: string;
};

export type LoadedConfig = {
	readonly config: Config;
	/** File and line that set each key, for `config explain`. */
	readonly origins: ReadonlyMap<string, string>;
	readonly files: readonly string[];
};

/** `agent.yaml:12: smtp.lisen: unknown key; did you mean smtp.listen?` */
export function problemText(problem: ConfigProblem): string {
	const place = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
	return problem.key === '' ? `${place}: ${problem.text}` : `${place}: ${problem.key}: ${problem.text}`;
}

type Tree = { [key: string]: unknown };

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

function merge(base: Tree, over: Tree): Tree {
	const merged: Tree = { ...base };
	for (const [key, value] of Object.entries(over)) {
		const before = merged[key];
		merged[key] = isTree(before) && isTree(value) ? merge(before, value) : value;
	}
	return merged;
}

type ReadFile = {
	readonly tree: Tree;
	readonly places: Map<string, { file: string; line: number }>;
};

function readYaml(file: string): Result<ReadFile, readonly ConfigProblem[]> {
	let text: string;
	try {
		text = readFileSync(file, 'utf8');
	} catch (error) {
		const code = (error as NodeJS.ErrnoException).code;
		const why = code === 'ENOENT' ? 'no such file' : `cannot be read: ${(error as Error).message}`;
		return failed([{ file, key: '', text: why }]);
	}
	const lines = new LineCounter();
	const document = parseDocument(text, {
		lineCounter: lines,
		prettyErrors: false,
	});
	if (document.errors.length > 0) {
		return failed(
			document.errors.map((error) => ({
				file,
				line: lines.linePos(error.pos[0]).line,
				key: '',
				text: `not valid YAML: ${error.message}`,
			})),
		);
	}
	const tree: unknown = document.toJS() ?? {};
	if (!isTree(tree))
		return failed([
			{
				file,
				key: '',
				text: 'must be a list of keys with values, such as `dataDir: ./var`',
			},
		]);
	const places = new Map<string, { file: string; line: number }>();
	const visit = (node: Node | null, prefix: string): void => {
		if (!isMap(node)) return;
		for (const item of node.items) {
			const key = isScalar(item.key) ? `${prefix}${String(item.key.value)}` : prefix;
			const start = isNode(item.key) ? item.key.range?.[0] : undefined;
			if (start !== undefined) places.set(key, { file, line: lines.linePos(start).line });
			visit(item.value as Node | null, `${key}.`);
		}
	};
	visit(document.contents as Node | null, '');
	return ok({ tree, places });
}

/** conf.d/*.yaml beside the file, by name. A missing folder is no error. */
function partFiles(file: string): readonly string[] {
	const folder = join(dirname(file), 'conf.d');
	try {
		return readdirSync(folder)
			.filter((name) => name.endsWith('.yaml'))
			.sort()
			.map((name) => join(folder, name));
	} catch {
		return [];
	}
}

const valueText = (value: unknown): string => {
	const text = JSON.stringify(value);
	return text === undefined ? 'nothing' : text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
	return path.reduce<unknown>(
		(value, key) => (isTree(value) || Array.isArray(value) ? (value as Tree)[key as string] : undefined),
		tree,
	);
}

type Issue = {
	readonly code: string;
	readonly path: PropertyKey[];
	readonly message: string;
	readonly keys?: readonly string[];
};

function problemsOf(
	issues: readonly Issue[],
	tree: Tree,
	place: (key: string) => { file: string; line?: number },
): readonly ConfigProblem[] {
	const known = configKeys();
	return issues.flatMap((issue) => {
		const path = issue.path.map(String).join('.');
		if (issue.code === 'unrecognized_keys') {
			return (issue.keys ?? []).map((name) => {
				const key = path === '' ? name : `${path}.${name}`;
				const siblings = known
					.filter((row) => row.key.split('.').slice(0, -1).join('.') === path)
					.map((row) => row.key.split('.').at(-1) as string);
				const close =
					nearest(name, siblings) ??
					nearest(
						key,
						known.map((row) => row.key),
					);
				const full = close === undefined ? undefined : close.includes('.') || path === '' ? close : `${path}.${close}`;
				return {
					...place(key),
					key,
					text:
						full === undefined
							? `unknown key; known here: ${siblings.join(', ')}`
							: `unknown key; did you mean ${full}?`,
				};
			});
		}
		// Elements of a list have no row of their own: the nearest known ancestor says what is allowed.
		const parts = path.split('.');
		let row = known.find((candidate) => candidate.key === path);
		while (row === undefined && parts.length > 1) {
			parts.pop();
			row = known.find((candidate) => candidate.key === parts.join('.'));
		}
		const found = valueAt(tree, issue.path);
		const allowed = row === undefined ? issue.message : row.allowed;
		const detail = issue.code === 'invalid_format' || issue.code === 'custom' ? ` (${issue.message})` : '';
		const text =
			found === undefined ? `missing; allowed: ${allowed}` : `found ${valueText(found)}, allowed: ${allowed}${detail}`;
		return [{ ...place(path), key: path, text }];
	});
}

/**
 * Loads and checks. Relative paths of the file are relative to the working directory, as on a command line.
 */
export function loadConfig(file: string): Result<LoadedConfig, readonly ConfigProblem[]> {
	const files = [file, ...partFiles(file)];
	let tree: Tree = {};
	const places = new Map<string, { file: string; line: number }>();
	const problems: ConfigProblem[] = [];
	for (const part of files) {
		const read = readYaml(part);
		if (!read.ok) {
			problems.push(...read.error);
			continue;
		}
		tree = merge(tree, read.value.tree);
		for (const [key, place] of read.value.places) places.set(key, place);
	}
	if (problems.length > 0) return failed(problems);
	const placeOf = (key: string): { file: string; line?: number } => {
		for (let path = key; path !== ''; path = path.slice(0, Math.max(0, path.lastIndexOf('.')))) {
			const place = places.get(path);
			if (place !== undefined) return place;
		}
		return { file };
	};
	const parsed = configSchema.safeParse(tree);
	if (!parsed.success) return failed(problemsOf(parsed.error.issues as unknown as Issue[], tree, placeOf));
	const config = { ...parsed.data, dataDir: resolve(parsed.data.dataDir) };
	const crossed = disagreements(config);
	if (crossed.length > 0) return failed(crossed.map((problem) => ({ ...placeOf(problem.key), ...problem })));
	const origins = new Map([...places].map(([key, place]) => [key, `${basename(place.file)}:${place.line}`]));
	return ok({ config, origins, files });
}
