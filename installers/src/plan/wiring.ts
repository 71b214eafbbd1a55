/**
 * What a wiring comes to, as values: the text that each file should hold, what it held without us, and what must be seen afterwards.
 *
 * One shape for Exim and Postfix, so that diff, steps, status and repair are written once. Pure.
 */
import type { CanaryKey } from '@sluice/shared/mta/canary.ts';
import type { WiringCheck, WiringFinding } from '@sluice/shared/mta/checks.ts';
import type { EximRelay } from '@sluice/shared/mta/exim-relays.ts';
import { createTwoFilesPatch } from 'diff';
import type { FileFact } from '../facts/machine.ts';

export type MtaKind = 'exim' | 'postfix';

export type WireSettings = {
	readonly agentPort: number;
	/** Wire although another relay is set. */
	readonly overSmarthost: boolean;
	/** Routers of other relays that were put aside earlier, by name: they are known, others are news. cPanel. */
	readonly aside?: readonly string[];
	/** Senders that alone come to the agent; absent: everybody. */
	readonly only?: readonly CanaryKey[] | undefined;
};

/** First line of a file that is ours alone. */
export const ownFileHead = '# A file of Sluice: `sluice mta unwire` removes it, `sluice mta ensure` puts it right.\n';

/** A file as it is, as it would be without us, and as it should be with the wiring. */
export type WiredFile = {
	readonly path: string;
	/** Undefined: not there now. */
	readonly current: FileFact | undefined;
	/** Undefined: without us there is no such file. */
	readonly bare: string | undefined;
	/** Undefined: an earlier wiring of ours used it, this one does not. */
	readonly wanted: string | undefined;
	/** Looked up at each message: nothing has to be built, checked or read anew for it. */
	readonly isList?: boolean;
};

export type MtaCommands = {
	/** Makes the configuration in force from the files that people edit; left out where they are the same. */
	readonly generate?: readonly string[];
	readonly reload: readonly string[];
	/** Tries mail again that waits at the MTA. */
	readonly kick: readonly string[];
	readonly submit: readonly string[];
	/** Exim's, for questions about routes and its queue. */
	readonly program?: string;
};

export type Wiring = {
	readonly mta: MtaKind;
	readonly version: string;
	readonly hostName: string;
	readonly agentPort: number;
	readonly files: readonly WiredFile[];
	/** Senders that alone come to the agent; absent: everybody. */
	readonly only?: readonly CanaryKey[] | undefined;
	/** Exim's file with the secret and the switch of the bypass. */
	readonly secretPath?: string;
	readonly bypassPath?: string;
	readonly findings: readonly WiringFinding[];
	/** Other relays for all remote mail, which this wiring puts aside. */
	readonly relays?: readonly EximRelay[];
	/** Form of the files before anything is told to the MTA; then the rest, in order. */
	readonly checks: readonly WiringCheck[];
	readonly commands: MtaCommands;
};

/** What taking a wiring out comes to: nothing of the MTA needs to be known for it, and nothing is to be seen afterwards. */
export const bareWiring = (
	bare: Pick<Wiring, 'mta' | 'agentPort' | 'secretPath' | 'bypassPath' | 'commands'> & {
		readonly files: readonly Omit<WiredFile, 'wanted'>[];
	},
): Wiring => ({
	version: '',
	hostName: '',
	findings: [],
	checks: [],
	...bare,
	files: bare.files.map((file) => ({ ...file, wanted: file.bare })),
});

/** What is left of a file that was there and empty is that of one that was not there: the journal's word, `wasEmpty`, tells them apart. */
export const keepingEmpty = (wiring: Wiring, wasEmpty: ReadonlySet<string>): Wiring => ({
	...wiring,
	files: wiring.files.map((file) =>
		file.bare === undefined && file.current !== undefined && wasEmpty.has(file.path)
			? { ...file, bare: '', wanted: file.wanted ?? '' }
			: file,
	),
});

export const wantedNow = ({ current, wanted }: WiredFile): boolean => current?.content === wanted;
export const bareNow = ({ current, bare }: WiredFile): boolean => current?.content === bare;

/** Files that wiring would change. */
export const changedFiles = (wiring: Wiring): readonly WiredFile[] => wiring.files.filter((file) => !wantedNow(file));

/** Something of ours stands in some file. */
export const hasTraces = (wiring: Wiring): boolean => wiring.files.some((file) => !bareNow(file));

const contextLines = 3;

/** Unified diff of one change, as `diff -u` and `git` show it; a file that is not there is /dev/null. */
export function unifiedDiff(path: string, before: string | undefined, after: string | undefined): string {
	const old = before === undefined ? '/dev/null' : path;
	const fresh = after === undefined ? '/dev/null' : path;
	const text = (content: string | undefined): string => Buffer.from(content ?? '', 'latin1').toString('utf8');
	return createTwoFilesPatch(old, fresh, text(before), text(after), '', '', {
		context: contextLines,
		headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true },
	});
}

/** First line, from 1, at which two texts part. */
export function firstDifference(found: string, wanted: string): number {
	const [left, right] = [found.split('\n'), wanted.split('\n')];
	const at = left.findIndex((line, index) => line !== right[index]);
	return (at < 0 ? left.length : at) + 1;
}
