/**
 * The dead man's switch: what an installation changed and nobody confirmed in time is taken back.
 *
 * Who installs from afar may have cut off the very mail that he would be told by. So the installer writes down, before it wires, what takes
 * it back and until when; `sluice confirm` removes that. The file is believed only as root's own, and its commands only if they are the
 * command `sluice` itself. The file goes when taking back has succeeded. Not here: writing it (install/pending.ts).
 */
import type { Machine } from '../facts/machine.ts';
import { commandLink, currentRelease, releasesFolder } from '../facts/places.ts';
import type { WatchPorts } from './ports.ts';

export type Pending = {
	readonly untilMs: number;
	readonly revert: readonly (readonly string[])[];
	readonly why: string;
	/** When taking back began: too late to confirm. */
	readonly startedMs?: number;
	readonly tries?: number;
};

/** A tick each; then it is a person's. */
export const revertTriesMax = 5;

const isProgram = (program: string | undefined): program is string =>
	program === 'sluice' ||
	program === commandLink ||
	program === `${currentRelease}/bin/sluice` ||
	(program !== undefined && new RegExp(`^${releasesFolder}/[A-Za-z0-9][A-Za-z0-9._+-]*/bin/sluice$`).test(program));

export type PendingFound =
	| { readonly kind: 'none' }
	| { readonly kind: 'waiting'; readonly pending: Pending }
	| { readonly kind: 'due'; readonly pending: Pending }
	| { readonly kind: 'unbelievable'; readonly why: string };

export async function findPending(machine: Machine, path: string, nowMs: number): Promise<PendingFound> {
	const file = await machine.read(path);
	if (file === undefined) return { kind: 'none' };
	if (file.uid !== 0 || (file.mode & 0o022) !== 0)
		return { kind: 'unbelievable', why: `${path} is not root's alone, and is not believed` };
	const pending = readPending(file.content);
	if (typeof pending === 'string') return { kind: 'unbelievable', why: `${path}: ${pending}` };
	if ((pending.tries ?? 0) >= revertTriesMax)
		return { kind: 'unbelievable', why: `${path}: taking back failed ${revertTriesMax} times and is a person's now` };
	return { kind: nowMs >= pending.untilMs || pending.startedMs !== undefined ? 'due' : 'waiting', pending };
}

function readPending(content: string): Pending | string {
	let found: Partial<Pending> | null;
	try {
		found = JSON.parse(content) as Partial<Pending> | null;
	} catch {
		return 'it is no JSON';
	}
	const { untilMs, revert, why, startedMs, tries } = found ?? {};
	if (typeof untilMs !== 'number' || !Number.isFinite(untilMs)) return 'it does not say until when';
	const isCommand = (one: unknown): boolean =>
		Array.isArray(one) && isProgram(one[0]) && one.every((word) => typeof word === 'string');
	if (!Array.isArray(revert) || revert.length === 0 || !revert.every(isCommand))
		return 'it has no command, or another one than `sluice`';
	return {
		untilMs,
		revert,
		why: typeof why === 'string' ? why : 'a change to this server',
		...(typeof startedMs === 'number' ? { startedMs } : {}),
		...(typeof tries === 'number' ? { tries } : {}),
	};
}

/** Runs what takes back, in order, up to the first that fails. Undefined: all is done and the file is gone. */
export async function revert(
	{ machine, places, sluice, now }: Pick<WatchPorts, 'machine' | 'places' | 'sluice' | 'now'>,
	pending: Pending,
): Promise<string | undefined> {
	const begun: Pending = { ...pending, startedMs: pending.startedMs ?? now(), tries: (pending.tries ?? 0) + 1 };
	// Said first, so that `sluice confirm` does not come in between. Where nothing can be written it is still taken back.
	await machine
		.write({ path: places.pending, content: `${JSON.stringify(begun)}\n`, mode: 0o600, uid: 0, gid: 0 })
		.catch(() => {});
	for (const [program = '', ...words] of pending.revert) {
		const { exitCode, output } = await sluice(words, program);
		if (exitCode !== 0) return `\`sluice ${words.join(' ')}\` ended with ${exitCode}: ${output.trim().slice(-400)}`;
	}
	await machine.remove(places.pending);
	return undefined;
}
