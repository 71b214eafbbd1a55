/**
 * What a server looks like: every file with type, mode, owner and content, and what its kernel and systemd hold; and what differs
 * between two such looks, in lines for people.
 *
 * Of /usr, an overlay, only /usr/local is looked at file by file, and read where its upper folder has the file; of the rest, what was ever
 * written is in that folder, and that it is there at all is the difference. What is left out is in `ignored`, each with its reason. Times are not compared: putting back bytes is enough.
 */
import { createHash } from 'node:crypto';
import { type Dirent, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { Box } from '../mta/box.ts';

export type Snapshot = { readonly entries: ReadonlyMap<string, Entry> };

export type Entry = {
	/** One line that is equal exactly when nothing differs. */
	readonly line: string;
	/** Content, to show a difference; undefined for what is large or no file. */
	readonly text: string | undefined;
};

type Ignored = { readonly path: RegExp; readonly why: string };

const ignored: readonly Ignored[] = [
	{ path: /^\/(proc|sys|dev|tmp|\.box)$/, why: 'kernel, and what no restart keeps' },
	{ path: /^\/run$/, why: 'no restart keeps it; of ours nothing may be there, see `@run`' },
	{ path: /^\/var\/(log|tmp)$/, why: 'logs grow; private temporary folders come and go with units' },
	{ path: /^\/var\/spool\/(exim4|postfix)$/, why: "the MTA's queue and its hints" },
	{ path: /^\/var\/(mail|spool\/mail)$/, why: 'mail that was delivered' },
	{ path: /^\/var\/lib\/(systemd|postfix)$/, why: "stamps of timers and seeds; Postfix's caches" },
	{ path: /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-$/, why: 'copies that useradd and userdel make' },
	{ path: /^\/etc\/\.pwd\.lock$/, why: 'lock file of useradd' },
	{ path: /^\/root\/download$/, why: 'releases of this test, not the server' },
	{ path: /^\/standin$/, why: 'the checkout, which stand-ins of cPanel run from' },
	{ path: /^\/cpanel-stand-in\.json/, why: 'state of these stand-ins, who say what it holds: `@hooks`' },
	{ path: /^\/usr$/, why: 'read by its upper folder, and /usr/local whole' },
];

/** Larger ones are compared by their sum only. */
const SHOWN_BYTES_MAX = 64 * 1024;
const SHOWN_LINES_MAX = 6;

/** `also` are further paths not to look at, with a reason for whoever reads the test. */
export async function snapshotOf(box: Box, also: readonly Ignored[] = []): Promise<Snapshot> {
	const entries = new Map<string, Entry>();
	const root = box.hostPath('');
	const rules = [...ignored, ...also];
	const isIgnored = (path: string): boolean => rules.some((rule) => rule.path.test(path));
	const upper = join(root, '.box/usr.upper');
	const isWritten = (path: string): boolean =>
		!path.startsWith('/usr/') ||
		lstatSync(join(upper, path.slice('/usr'.length)), { throwIfNoEntry: false }) !== undefined;
	const walk = (path: string): void => {
		if (path !== '' && isIgnored(path)) return;
		const stats = lstatSync(path === '' ? `${root}/` : `${root}${path}`, { throwIfNoEntry: false });
		if (stats === undefined) return;
		if (path !== '') entries.set(path, entryOf(`${root}${path}`, stats, isWritten(path)));
		if (stats.isDirectory()) for (const name of readdirSync(`${root}${path}/`)) walk(`${path}/${name}`);
	};
	walk('');
	walk('/usr/local');
	for (const path of writtenBelow(upper, '/usr'))
		if (!path.startsWith('/usr/local/')) entries.set(path, { line: 'was written', text: undefined });
	for (const [name, text] of await held(box)) entries.set(name, { line: text, text });
	return { entries };
}

/** `isWritten`: not a file of the machine below the overlay, which nobody in the box can change, and which may be large. */
function entryOf(path: string, stats: Stats, isWritten: boolean): Entry {
	const rights = `${(stats.mode & 0o7777).toString(8).padStart(4, '0')} ${stats.uid}:${stats.gid}`;
	if (stats.isDirectory()) return { line: `folder ${rights}`, text: undefined };
	if (stats.isSymbolicLink()) return { line: `link to ${readlinkSync(path)}`, text: undefined };
	if (!stats.isFile()) return { line: `special file ${rights} ${stats.rdev}`, text: undefined };
	if (!isWritten) return { line: `file ${rights} ${stats.size} bytes of the machine`, text: undefined };
	const content = readFileSync(path);
	const sum = createHash('sha256').update(content).digest('hex').slice(0, 16);
	const text = content.length <= SHOWN_BYTES_MAX ? content.toString('latin1') : undefined;
	return { line: `file ${rights} ${content.length} bytes ${sum}`, text };
}

/** What an overlay's upper folder holds beside folders: files, links, and the marks of removed ones. */
function writtenBelow(folder: string, shown: string): readonly string[] {
	const entries: readonly Dirent[] = readdirSync(folder, { withFileTypes: true });
	return entries.flatMap((entry) =>
		entry.isDirectory() ? writtenBelow(join(folder, entry.name), `${shown}/${entry.name}`) : [`${shown}/${entry.name}`],
	);
}

/** What is no file: rules of the kernel, units, and processes and run files of ours. */
async function held(box: Box): Promise<readonly (readonly [string, string])[]> {
	const said = async (...command: readonly string[]): Promise<string> =>
		(await box.run(command, { allowFailure: true })).stdout;
	const units = await said('systemctl', 'list-unit-files', '--plain', '--no-legend', '--no-pager');
	const loaded = await said('systemctl', 'list-units', '--all', '--plain', '--no-legend', '--no-pager', '*sluice*');
	return [
		['@nft', (await said('nft', 'list', 'ruleset')).replace(/counter packets \d+ bytes \d+/g, 'counter')],
		['@unit-files', linesWithout(units, /\.(mount|scope|slice|device)\s/)],
		['@units of ours', linesWithout(loaded, /\.(mount|slice)\s/)],
		['@hooks', await said('/usr/local/cpanel/bin/manage_hooks', 'list')],
		['@run', (await said('find', '/run', '-name', '*sluice*')).trim()],
		['@processes', await said('sh', '-c', 'cat /proc/[0-9]*/comm | grep -i sluice')],
	];
}

const linesWithout = (text: string, unwanted: RegExp): string =>
	text
		.split('\n')
		.filter((line) => !unwanted.test(line))
		.sort()
		.join('\n');

/** Nothing when the two are equal; else a line or more for each path that differs. */
export function differences(before: Snapshot, after: Snapshot): readonly string[] {
	const paths = new Set([...before.entries.keys(), ...after.entries.keys()]);
	return [...paths].sort().flatMap((path) => {
		const was = before.entries.get(path);
		const is = after.entries.get(path);
		if (was === undefined) return [`${path}: is new (${shortened(is!.line)})`];
		if (is === undefined) return [`${path}: is gone (was ${shortened(was.line)})`];
		if (was.line === is.line) return [];
		const isText = was.text !== undefined && is.text !== undefined && was.text !== is.text;
		if (!isText) return [`${path}: was ${shortened(was.line)}, is ${shortened(is.line)}`];
		return [`${path}: differs`, ...changedLines(was.text, is.text)];
	});
}

const shortened = (line: string): string => (line.length > 200 ? `${line.slice(0, 200)} …` : line);

/** The first lines that only one of them has; no real diff, enough to see what it is. */
function changedLines(was: string, is: string): readonly string[] {
	const [old, fresh] = [was.split('\n'), is.split('\n')];
	const [had, has] = [new Set(old), new Set(fresh)];
	const lines = [
		...old.filter((line) => !has.has(line)).map((line) => `    - ${line}`),
		...fresh.filter((line) => !had.has(line)).map((line) => `    + ${line}`),
	];
	if (lines.length === 0) return ['    (the same lines in another order or number)'];
	const more = lines.length - SHOWN_LINES_MAX;
	return more > 0 ? [...lines.slice(0, SHOWN_LINES_MAX), `    … and ${more} more`] : lines;
}
