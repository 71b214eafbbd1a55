/** A machine in memory for tests: files are a map, programs are answered by a function. */
import type { CommandOutcome } from '@sluice/shared/mta/checks.ts';
import type { FileFact, Machine } from './machine.ts';

export type MemoryMachine = Machine & {
	readonly files: Map<string, FileFact>;
	readonly folders: Set<string>;
	readonly links: Map<string, string>;
	/** Every command that was run, as one line. */
	readonly ran: string[];
	/** The same, and every `write PATH` and `remove PATH`, in order. */
	readonly acts: string[];
};

export const fileOf = (path: string, content: string, rest: Partial<FileFact> = {}): FileFact => ({
	path,
	content,
	mode: 0o644,
	uid: 0,
	gid: 0,
	...rest,
});

export function memoryMachine(
	files: readonly FileFact[] = [],
	answer: (command: readonly string[]) => CommandOutcome = () => ({ exitCode: 0, output: '' }),
): MemoryMachine {
	const held = new Map(files.map((file) => [file.path, file]));
	const folders = new Set<string>();
	const links = new Map<string, string>();
	const ran: string[] = [];
	const acts: string[] = [];
	const namesIn = (folder: string): readonly string[] => [
		...new Set(
			[...held.keys(), ...folders, ...links.keys()]
				.filter((path) => path.startsWith(`${folder}/`))
				.map((path) => path.slice(folder.length + 1).split('/')[0] ?? ''),
		),
	];
	return {
		files: held,
		folders,
		links,
		ran,
		acts,
		isLive: true,
		read: async (path) => held.get(path),
		readUnlinked: async (path) => (links.has(path) ? undefined : held.get(path)),
		list: async (folder) => namesIn(folder).toSorted(),
		exists: async (path) => held.has(path) || folders.has(path) || links.has(path),
		async write(file) {
			acts.push(`write ${file.path}`);
			held.set(file.path, file);
		},
		async create(file) {
			if (held.has(file.path)) return false;
			acts.push(`write ${file.path}`);
			held.set(file.path, file);
			return true;
		},
		processMark: async (pid) => (folders.has(`/proc/${pid}`) ? 'running' : undefined),
		async remove(path) {
			acts.push(`remove ${path}`);
			held.delete(path);
			links.delete(path);
		},
		readLink: async (path) => links.get(path),
		async link(path, target) {
			acts.push(`link ${path} ${target}`);
			links.set(path, target);
		},
		async copyTree(from, to) {
			acts.push(`copy ${from} ${to}`);
			folders.add(to);
			for (const file of [...held.values()])
				if (file.path.startsWith(`${from}/`)) {
					const path = `${to}${file.path.slice(from.length)}`;
					held.set(path, { ...file, path });
				}
		},
		async removeTree(path) {
			acts.push(`remove ${path}`);
			for (const all of [held, folders, links])
				for (const each of [...all.keys()]) if (each === path || each.startsWith(`${path}/`)) all.delete(each);
		},
		async makeFolder(path) {
			const isNew = !folders.has(path);
			folders.add(path);
			return isNew;
		},
		async removeFolder(path) {
			if (namesIn(path).length > 0) return false;
			folders.delete(path);
			return true;
		},
		async run(command) {
			ran.push(command.join(' '));
			acts.push(command.join(' '));
			return answer(command);
		},
	};
}
