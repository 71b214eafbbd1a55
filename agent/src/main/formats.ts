/**
 * The formats of everything the agent stores, by name and version, and what stands in a data folder.
 *
 * One list, made of the constants where each format lives: a release's manifest repeats it, so that a plan to go from one release to
 * another can say what becomes of the data, and the agent asks it at start. Two kinds: `log` and `state` are the truth, and a program that
 * knows only an earlier version of one of them must not start, nor touch anything; the others follow from the log, and are made anew from
 * what it still has.
 *
 * Not here: how one version becomes the next (where the format lives), what an installation remembers (installers/src/install).
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openPlain, readPlain } from '@sluice/shared/client/open-plain.ts';
import { formatVersion, segmentHeaderBytes, segmentOfName, segmentVersion } from '../core/log/format.ts';
import { crc } from '../io/spool/record.ts';
import { dayVersion } from '../io/store/day-schema.ts';
import { markOfFile } from '../io/store/file-version.ts';
import { queueVersion } from '../io/store/queue-rows.ts';
import { stateApplicationId, stateVersion } from '../io/store/state-versions.ts';
import { statsVersion } from '../io/store/stats-database.ts';
import { usageVersion } from '../io/store/usage-database.ts';

/** What this program writes. */
export const formats = {
	/** Segments and records of the spool log. */
	log: formatVersion,
	/** state.db. */
	state: stateVersion,
	/** queue.db. */
	queue: queueVersion,
	/** A day of history. */
	history: dayVersion,
	usage: usageVersion,
	stats: statsVersion,
} as const;

export type FormatName = keyof typeof formats;
export type Formats = { readonly [name in FormatName]: number };

/** Formats that nothing can make anew: the agent starts on no later version of them. */
export const truths = ['log', 'state'] as const satisfies readonly FormatName[];
export type Truth = (typeof truths)[number];

export const isTruth = (name: FormatName): name is Truth => (truths as readonly FormatName[]).includes(name);

/** What a person calls each. */
export const formatTitles: { readonly [name in FormatName]: string } = {
	log: 'the spool log',
	state: 'state.db (accounts, limits, holds, credentials, audit)',
	queue: 'the queue index',
	history: 'the history of finished mail',
	usage: 'usage for limits',
	stats: 'counts for charts',
};

/** Versions of the truth in a data folder; a name is left out where there is nothing, or nothing that tells. Throws I/O errors. */
export function storedTruth(dataDir: string): { readonly [name in Truth]?: number } {
	const log = logVersion(join(dataDir, 'spool'));
	const state = markOfFile(join(dataDir, 'state.db'), openPlain);
	return {
		...(log === undefined ? {} : { log }),
		...(state === undefined || state.applicationId !== stateApplicationId ? {} : { state: state.version }),
	};
}

export type TooNew = { readonly name: Truth; readonly found: number; readonly known: number };

/** What of these versions a program with the formats `known` cannot read. */
export const tooNewFor = (
	known: { readonly [name in Truth]: number },
	found: { readonly [name in Truth]?: number },
): readonly TooNew[] =>
	truths.flatMap((name) => {
		const version = found[name];
		return version === undefined || version <= known[name] ? [] : [{ name, found: version, known: known[name] }];
	});

/** The data is a later program's. Its name makes the command end with 2: starting again would not help. */
export class NewerDataError extends Error {
	override readonly name = 'NewerDataError';
}

/** Throws NewerDataError, before anything of the folder is touched. */
export function refuseNewerData(dataDir: string): void {
	const newer = tooNewFor(formats, storedTruth(dataDir));
	if (newer.length === 0) return;
	const list = newer.map(
		({ name, found, known }) => `${formatTitles[name]} has version ${found}, this program reads up to ${known}`,
	);
	throw new NewerDataError(
		`${dataDir} was written by a later version of Sluice: ${list.join('; ')}. Nothing was touched. Start the later version again; to stay with this one, take the mail out with the later version's \`sluice queue export\` and give this one a dataDir of its own.`,
	);
}

/** The latest version among the segments. */
function logVersion(directory: string): number | undefined {
	let latest: number | undefined;
	for (const name of namesIn(directory)) {
		if (segmentOfName(name, 'log') === undefined) continue;
		// A running agent may have cleared it away meanwhile.
		const block = readPlain(join(directory, name), segmentHeaderBytes);
		const version = block === undefined ? undefined : segmentVersion(block, crc);
		if (version !== undefined && version > (latest ?? 0)) latest = version;
	}
	return latest;
}

function namesIn(directory: string): readonly string[] {
	try {
		return readdirSync(directory);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
		throw error;
	}
}
