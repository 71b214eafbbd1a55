/**
 * Standard output, written in few large pieces.
 *
 * Each write goes through the thread pool and costs the loop up to 100 µs however large it is, and the writer of the package looks
 * through all that it holds for every line it is given. So lines are gathered here as text and handed on together: when they are
 * many, or after a moment, so that an operator who follows the log sees them at once. What is left is written when the process
 * ends. When the reader falls far behind, lines are dropped and mail is not.
 */
import { pino } from 'pino';

/** Characters that are handed on without waiting. */
const gatheredCharsMax = 65_536;
const gatheredMsMax = 200;
/** A piece of them is one write even where all are three bytes long. */
const writtenBytesMax = 4 * gatheredCharsMax;
const heldBytesMax = 8 * 1024 * 1024;

export type GatheredOutput = {
	write(line: string): void;
	/** Hands on what is gathered, and begins to write it. */
	flush(): void;
};

export function gatheredOutput(): GatheredOutput {
	let lines = '';
	const hand = (): void => {
		if (lines === '') return;
		const text = lines;
		lines = '';
		output.write(text);
	};
	// Before the listener of the package, which then writes all it has been handed.
	process.prependListener('exit', hand);
	const output = pino.destination({ dest: 1, sync: false, maxWrite: writtenBytesMax, maxLength: heldBytesMax });
	setInterval(hand, gatheredMsMax).unref();
	return {
		write(line) {
			lines += line;
			if (lines.length >= gatheredCharsMax) hand();
		},
		flush() {
			hand();
			output.flush();
		},
	};
}
