/**
 * `sluice account learn`: who sends what, from the mail log that is there already. Needs no agent, unless it is to keep it.
 */
import { type Command, Option } from 'commander';
import type { LearnAnswer } from '../learn.ts';
import { clientFor, writeFailure, writeLines } from './call.ts';
import { type CommonOptions, wholeNumber } from './options.ts';
import { countText, jsonText } from './render/text.ts';
import { viewOf } from './render/view.ts';
import type { Terminal } from './terminal.ts';

type LearnOptions = CommonOptions & {
	readonly keep?: boolean;
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
		.option('--keep', 'tell the agent, whose pages show it until its own counts say more')
		.option('--socket <path>', 'socket of the agent, for --keep')
		.action((options: LearnOptions) => run(terminal, options));
}

async function run(terminal: Terminal, options: LearnOptions): Promise<void> {
	const { json, mta, log = [], days, by, top } = options;
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
		const isKept = options.keep !== true || (await keep(terminal, options, answer));
		terminal.endWith(isKept && answer.reading.files.every(({ error }) => error === undefined) ? 0 : 1);
	} catch (error) {
		progress.clear();
		if (!(error instanceof LearnError)) throw error;
		terminal.writeErr(json === true ? jsonText({ error: error.message }) : `${error.message}\n`);
		terminal.endWith(1);
	}
}

/** Tells the agent; true when it has taken it. */
async function keep(terminal: Terminal, options: CommonOptions, answer: LearnAnswer): Promise<boolean> {
	const { learnedBody } = await import('../learned-body.ts');
	const client = await clientFor(terminal, options);
	const told = await client.call('putLearned', { body: learnedBody(answer, terminal.now()) });
	if (!told.ok) {
		writeFailure(terminal, options, told.error);
		return false;
	}
	const { accounts, senders } = told.value;
	if (options.json !== true)
		writeLines(terminal, [
			'',
			`The agent keeps it: ${countText(accounts, 'account')}, ${countText(senders, 'sender')}. Its pages show it in the first week.`,
		]);
	return true;
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
