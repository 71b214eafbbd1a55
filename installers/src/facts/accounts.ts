/** Users and groups as `/etc/passwd` and `/etc/group` have them: a row an entry, in the columns of passwd(5) and group(5). */
import type { Machine } from './machine.ts';

export type Row = readonly string[];

export const userRows = (machine: Machine): Promise<readonly Row[]> => rowsOf(machine, '/etc/passwd');
export const groupRows = (machine: Machine): Promise<readonly Row[]> => rowsOf(machine, '/etc/group');

/** Undefined: there is none of that name. */
export const rowNamed = (rows: readonly Row[], name: string): Row | undefined => rows.find(([first]) => first === name);

async function rowsOf(machine: Machine, path: string): Promise<readonly Row[]> {
	const text = (await machine.read(path))?.content ?? '';
	return text.split('\n').map((line) => line.split(':'));
}
