/**
 * `sluice account learn`: who sends what, from the mail log that is there already. Asks no agent.
 */
import { type Command, Option } from 'commander';
import { writeLines } from './call.ts';
import { wholeNumber } from './options.ts';
import { jsonText } from './render/text.ts';
import { viewOf } from './render/view.ts';
import type { Terminal } from './terminal.ts';

type LearnOptions = {
	readonly json?: boolean;
	readonly mta?: 'exim' | 'postfix';
	readonly log?: readonly string[];
	readonly days: number;
	readonly by: 'account' | 'sender';
	readonly top: number;
};

const daysDefault = 30;
const topDefault = 30;
/** A line of progress is written anew so often, and only where a person looks. */
const progressEveryMs = 200;

export function addLearn(account: Command, terminal: Terminal): void {
	account
		.command('learn')
		.description('Who sends what, read from the mail log of Exim or Postfix. Nothing needs to be wired.')
		.option('--json', 'write JSON for programs instead of text for people')
		.addOption(
			new Option('--mta <name>', 'whose log it is (default: as the log is named)').choices(['exim', 'postfix']),
		)
		.option('--log <file...>', 'log to read, with its rotated and packed files (default: where it usually is)')
		.addOption(new Option('--days <n>', 'how far back').argParser(wholeNumber(1, 365)).default(daysDefault))
		.addOption(new Option('--by <what>', 'a line for each').choices(['account', 'sender']).default('account'))
		.addOption(new Option('--top <n>', 'lines shown').argParser(wholeNumber(1, 100_000)).default(topDefault))
		.action((options: LearnOptions) => run(terminal, options));
}

async function run(terminal: Terminal, { json, mta, log = [], days, by, top }: LearnOptions): Promise<void> {
	const { learn, LearnError } = await import('../learn.ts');
	const { learnedLines } = await import('./render/learned.ts');
	const progress = progressOn(terminal);
	try {
		const answer = await learn({
			logs: log,
			days,
			nowMs: terminal.now(),
			...(mta === undefined ? {} : { mta }),
			progress: progress.show,
		});
		progress.clear();
		if (json === true) terminal.writeOut(jsonText(answer));
		else writeLines(terminal, learnedLines(answer, { by, top, days }, viewOf(terminal)));
		terminal.endWith(answer.reading.files.some(({ error }) => error !== undefined) ? 1 : 0);
	} catch (error) {
		progress.clear();
		if (!(error instanceof LearnError)) throw error;
		terminal.writeErr(json === true ? jsonText({ error: error.message }) : `${error.message}\n`);
		terminal.endWith(1);
	}
}

function progressOn({ canAsk, now, writeErr }: Terminal): {
	show(readBytes: number, allBytes: number): void;
	clear(): void;
} {
	let shownMs = 0;
	return {
		show(readBytes, allBytes) {
			if (!canAsk || now() - shownMs < progressEveryMs) return;
			shownMs = now();
			writeErr(`\rReading the log: ${Math.floor((readBytes / Math.max(1, allBytes)) * 100)} %`);
		},
		clear() {
			if (shownMs > 0) writeErr('\r\x1b[K');
		},
	};
}
