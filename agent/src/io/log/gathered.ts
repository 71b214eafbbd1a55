/**
 * Standard output, written in few large pieces.
 *
 * Each write goes through the thread pool and costs the loop up to 100 µs however large it is. So lines are gathered as text and
 * written together: when they are many, or after a moment, so that an operator who follows the log sees them at once. One write is
 * under way at a time; what is left is written when the process ends. When the reader falls far behind, lines are dropped and mail is
 * not. Own code, since the package's writer may write a piece twice or in part when a process ends during a write.
 */
import { write, writeSync } from 'node:fs';

/** Characters that are written without waiting. */
const gatheredCharsMax = 65_536;
const gatheredMsMax = 200;
/** Characters held for a reader that is slow; beyond, lines are dropped. */
const heldCharsMax = 8 * 1024 * 1024;
const fullPipeWaitMs = 5;
/** How long the end of the process waits for a reader that is slow. */
const lastWordsMsMax = 5_000;

export type GatheredOutput = {
	write(line: string): void;
	/** Resolves when everything given so far has been written. */
	drain(): Promise<void>;
};

/** Writes at once, at the end of the process, and waits while the pipe is full. */
function writeAll(text: string): void {
	const bytes = Buffer.from(text);
	const pause = new Int32Array(new SharedArrayBuffer(4));
	const untilMs = performance.now() + lastWordsMsMax;
	for (let from = 0; from < bytes.length && performance.now() < untilMs; ) {
		try {
			from += writeSync(1, bytes, from);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
			Atomics.wait(pause, 0, 0, fullPipeWaitMs);
		}
	}
}

export function gatheredOutput(): GatheredOutput {
	let lines = '';
	let isWriting = false;
	let isScheduled = false;
	const waiting: (() => void)[] = [];

	const begin = (): void => {
		isScheduled = false;
		if (isWriting) return;
		if (lines === '') {
			for (const resolve of waiting.splice(0)) resolve();
			return;
		}
		const bytes = Buffer.from(lines);
		lines = '';
		isWriting = true;
		writeFrom(bytes, 0);
	};
	const writeFrom = (bytes: Buffer, from: number): void => {
		write(1, bytes, from, bytes.length - from, null, (error, written) => {
			if (error?.code === 'EAGAIN') setTimeout(() => writeFrom(bytes, from), fullPipeWaitMs);
			else if (error === null && from + written < bytes.length) writeFrom(bytes, from + written);
			else {
				// Written, or there is no reader any more.
				isWriting = false;
				begin();
			}
		});
	};
	process.on('exit', () => {
		writeAll(lines);
		lines = '';
	});
	setInterval(begin, gatheredMsMax).unref();
	return {
		write(line) {
			if (lines.length >= heldCharsMax) return;
			lines += line;
			if (lines.length < gatheredCharsMax || isScheduled || isWriting) return;
			isScheduled = true;
			setImmediate(begin);
		},
		drain() {
			return new Promise((resolve) => {
				waiting.push(resolve);
				begin();
			});
		},
	};
}
