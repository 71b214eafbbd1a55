/**
 * Releases on this server: which stand there, which one runs, which may go.
 *
 * Read through the machine's port, so that `--root` means the same here; a folder without a manifest that can be read is none.
 */

import type { Machine } from '../facts/machine.ts';
import { currentRelease, releasesFolder } from '../facts/places.ts';
import { releaseManifest } from '../release/manifest.ts';

/** Of a manifest, what going from one release to another is decided by. */
export type Release = {
	readonly version: string;
	/** Formats of what it stores, by name; empty: its manifest does not say. */
	readonly formats: { readonly [name: string]: number };
};

/** The one before the present one is what a rollback goes to. */
const releasesKept = 2;

export const folderOf = (version: string): string => `${releasesFolder}/${version}`;
/** As `current` says it: a path below its own folder. */
export const linkOf = (version: string): string => `releases/${version}`;

/** Undefined: there is no such release, or none that can be read. */
export async function releaseIn(machine: Machine, folder: string): Promise<Release | undefined> {
	const file = await machine.read(`${folder}/release.json`);
	if (file === undefined) return undefined;
	try {
		const { version, formats = {} } = releaseManifest.parse(JSON.parse(file.content));
		return { version, formats };
	} catch {
		return undefined;
	}
}

/** Undefined: nothing is installed. */
export async function installedVersion(machine: Machine): Promise<string | undefined> {
	const target = await machine.readLink(currentRelease);
	return /^releases\/([^/]+)$/.exec(target ?? '')?.[1];
}

/** Another release than `version` is in use here: installing it is an upgrade. */
export async function isOtherInstalled(machine: Machine, version: string): Promise<boolean> {
	const installed = await installedVersion(machine);
	return installed !== undefined && installed !== version;
}

/** Removes all but `kept`, and of the rest the latest until two are left. Returns their versions. */
export async function removeOldReleases(
	machine: Machine,
	folders: readonly string[],
	kept: readonly string[],
): Promise<readonly string[]> {
	const others = folders.filter((version) => !kept.includes(version) && /^\d/.test(version));
	const newestFirst = others.toSorted((one, other) => compareVersions(other, one));
	const removed = newestFirst.slice(Math.max(0, releasesKept - kept.length));
	for (const version of removed) await machine.removeTree(folderOf(version));
	return removed;
}

export const isOlder = (one: string, other: string): boolean => compareVersions(one, other) < 0;

/** Numbers by number, so that 0.10 comes behind 0.9. */
function compareVersions(one: string, other: string): number {
	return one.localeCompare(other, 'en', { numeric: true });
}
