/** Free space where Sluice writes: mail, an upgrade's release, sockets. The agent's own bounds are told by itself (`disk-low`). */
import { resolve } from 'node:path';
import { dataFolder, programFolder, runFolder } from '../facts/places.ts';
import { type Finding, watch, wrong } from './finding.ts';
import type { Ground } from './ground.ts';

const mebibyte = 1 << 20;
type Place = { readonly path: string; readonly what: string; readonly wrongBytes: number; readonly watchBytes: number };

export async function spaceFindings({ machine, site }: Ground): Promise<readonly Finding[]> {
	const data = site.ok && site.value.config !== undefined ? resolve(site.value.config.dataDir) : dataFolder;
	const places: readonly Place[] = [
		{ path: data, what: 'mail', wrongBytes: 512 * mebibyte, watchBytes: 2048 * mebibyte },
		{ path: programFolder, what: 'the next release', wrongBytes: 64 * mebibyte, watchBytes: 600 * mebibyte },
		{ path: runFolder, what: 'sockets', wrongBytes: mebibyte, watchBytes: 8 * mebibyte },
	];
	const found = await Promise.all(
		places.map(async (place): Promise<readonly Finding[]> => {
			const [bytes, inodes] = await Promise.all([
				machine.run(['df', '-P', '-k', place.path]),
				machine.run(['df', '-P', '-i', place.path]),
			]);
			return [...bytesFindings(place, availableIn(bytes.output)), ...inodeFindings(place, inodes.output)];
		}),
	);
	return found.flat();
}

/** Fourth column of the second line: kibibytes. */
const columns = (output: string): readonly string[] => output.trim().split('\n').at(-1)?.trim().split(/\s+/) ?? [];
const availableIn = (output: string): number => Number(columns(output)[3]) * 1024;

function bytesFindings({ path, what, wrongBytes, watchBytes }: Place, bytes: number): readonly Finding[] {
	if (!(bytes < watchBytes)) return [];
	const text = `${Math.round(bytes / mebibyte)} MiB are free at ${path}, for ${what}.`;
	const mend = 'Make room there.';
	return [bytes < wrongBytes ? wrong('space', text, mend) : watch('space', text, mend)];
}

const inodesMin = 10_000;

/** File systems that count none say 0 of 0. */
function inodeFindings({ path, what }: Place, output: string): readonly Finding[] {
	const [, all, , free] = columns(output).map(Number);
	if (all === undefined || free === undefined || !(all > 0) || free >= inodesMin) return [];
	return [wrong('space.inodes', `${free} files more can be made at ${path}, for ${what}.`, 'Remove files there.')];
}
