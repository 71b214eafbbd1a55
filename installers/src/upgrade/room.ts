/**
 * Whether there is room for another release, and for the copy of state.db that a later format makes.
 *
 * By `du` and `df` of the server: a folder that is full is known before anything changes.
 */
import type { Machine } from '../facts/machine.ts';
import { programFolder } from '../facts/places.ts';
import type { Refusal } from '../facts/refusal.ts';
import { freeBytes } from '../facts/server.ts';
import { folderOf, type Release } from './releases.ts';

type Wanted = { readonly from: Release; readonly to: Release; readonly source: string; readonly dataDir: string };

const kibi = 1024;
/** Over what is counted: logs and mail go on meanwhile. */
const spareKiB = 64 * kibi;

/** Undefined: there is room, or it cannot be told. */
export async function roomRefusal(
	machine: Machine,
	{ from, to, source, dataDir }: Wanted,
): Promise<Refusal | undefined> {
	const isPlaced = await machine.exists(folderOf(to.version));
	const forRelease = isPlaced ? 0 : ((await usedKiB(machine, source)) ?? 0);
	const isStateRaised = (to.formats.state ?? 0) > (from.formats.state ?? 0);
	const forState = isStateRaised ? 2 * ((await usedKiB(machine, `${dataDir}/state.db`)) ?? 0) : 0;
	return (
		(await shortOf(machine, programFolder, forRelease, 'the new release')) ??
		(await shortOf(machine, dataDir, forState, 'a copy of state.db'))
	);
}

async function shortOf(
	machine: Machine,
	folder: string,
	wantedKiB: number,
	what: string,
): Promise<Refusal | undefined> {
	if (wantedKiB === 0) return undefined;
	const free = await freeBytes(machine, folder);
	const missingKiB = free === undefined ? 0 : wantedKiB + spareKiB - free / kibi;
	if (missingKiB <= 0) return undefined;
	const missing = Math.ceil(missingKiB / kibi);
	return {
		code: 'disk',
		text: `There is no room for ${what}: ${folder} lacks ${missing} MB.`,
		hint: 'Free space there, then run this again. Nothing was changed.',
	};
}

async function usedKiB(machine: Machine, path: string): Promise<number | undefined> {
	const { exitCode, output } = await machine.run(['du', '-sk', path]);
	const [, number] = /^(\d+)\s/.exec(output.trim().split('\n').at(-1) ?? '') ?? [];
	return exitCode === 0 && number !== undefined ? Number(number) : undefined;
}
