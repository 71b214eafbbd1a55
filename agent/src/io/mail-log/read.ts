/**
 * Reading a server's mail log from the oldest file to the newest, with a count of what was not understood.
 *
 * Files that cannot be read are named and passed over: a damaged archive is no reason to know nothing.
 */
import type { LogLine, MailLogEvent } from '../../core/mail-log/events.ts';
import { readEximLine } from '../../core/mail-log/exim.ts';
import { readPostfixLine } from '../../core/mail-log/postfix.ts';
import type { LogFile } from './files.ts';
import { readLines } from './lines.ts';

export type LogReading = {
	/** Lines of the MTA, whether or not they tell of a message. */
	readonly understood: number;
	readonly foreign: number;
	readonly notUnderstood: number;
	/** The first few of those, cut. */
	readonly samples: readonly string[];
	readonly files: readonly { readonly path: string; readonly lines: number; readonly error?: string }[];
};

export type Progress = (readBytes: number, allBytes: number) => void;

const samplesMax = 5;
const sampleCharsMax = 200;

type Input = {
	readonly mta: 'exim' | 'postfix';
	readonly files: readonly LogFile[];
	readonly visit: (event: MailLogEvent) => void;
	readonly progress?: Progress;
};

export async function readMailLog({ mta, files, visit, progress }: Input): Promise<LogReading> {
	const all = files.reduce((sum, { bytes }) => sum + bytes, 0);
	const counts = { understood: 0, foreign: 0, notUnderstood: 0 };
	const samples: string[] = [];
	const seen: { path: string; lines: number; error?: string }[] = [];
	let read = 0;

	function take(line: string, file: LogFile): void {
		if (line === '') return;
		const found: LogLine = mta === 'exim' ? readEximLine(line) : readPostfixLine(line, file.endMs);
		if (found === 'unknown') {
			counts.notUnderstood += 1;
			if (samples.length < samplesMax) samples.push(line.slice(0, sampleCharsMax));
		} else if (found === 'foreign') counts.foreign += 1;
		else {
			counts.understood += 1;
			if (found !== 'other') visit(found);
		}
	}

	for (const file of files) {
		let lines = 0;
		try {
			await readLines(
				file.path,
				(line) => {
					lines += 1;
					take(line, file);
				},
				(bytes) => {
					read += bytes;
					progress?.(read, all);
				},
			);
			seen.push({ path: file.path, lines });
		} catch (error) {
			seen.push({ path: file.path, lines, error: (error as Error).message });
		}
	}
	return { ...counts, samples, files: seen };
}
