/**
 * How the commands of `sluice mta` speak: sentences for people as things happen, or one JSON document at the end for programs. A refusal
 * goes to standard error, as a sentence and a hint or as a problem document, like every command's.
 */
import { clean, jsonText } from '@sluice/agent/main/commands/render/text.ts';
import { viewOf } from '@sluice/agent/main/commands/render/view.ts';
import type { ExitCode, Terminal } from '@sluice/agent/main/commands/terminal.ts';
import type { Refusal } from '../facts/refusal.ts';

export type Speaker = {
	/** For people only. */
	say(text: string): void;
	/** For people only, as a diff. */
	diff(text: string): void;
	/** What is done now: on a terminal it stands there until it is done. */
	begin(what: string): void;
	step(what: string): void;
	/** What did not work; why is told at the end. */
	failed(what: string): void;
	/** The end. `report` is what programs get, `lines` what people get. */
	end(code: ExitCode, report: { readonly [key: string]: unknown }, lines?: readonly string[]): void;
	refuse(refusal: Refusal, code?: ExitCode, report?: { readonly [key: string]: unknown }): void;
};

/** `family`: of problems, in their type. */
export function speakerFor(terminal: Terminal, isJson: boolean, family = 'mta'): Speaker {
	const { paint } = viewOf(terminal);
	const isLive = !isJson && terminal.isTerminal && terminal.environment.TERM !== 'dumb';
	let running = '';
	const say = (text: string): void => {
		if (!isJson) terminal.writeOut(`${running === '' ? '' : eraseLine}${text}\n${running}`);
	};
	const show = (what: string): void => {
		if (running !== '') terminal.writeOut(eraseLine);
		running = what;
		if (running !== '') terminal.writeOut(running);
	};
	const painted = (line: string): string => {
		if (/^(?:---|\+\+\+) /.test(line)) return paint.strong(line);
		if (line.startsWith('+')) return paint.good(line);
		return line.startsWith('-') ? paint.bad(line) : line;
	};
	return {
		say,
		diff: (text) =>
			say(
				text
					.trimEnd()
					.split('\n')
					.map((line) => painted(shown(line)))
					.join('\n'),
			),
		begin(what) {
			if (isLive) show(`  ....  ${clean(what)}`.slice(0, terminal.width - 1));
		},
		step(what) {
			show('');
			say(`  ${paint.good('done')}  ${what}`);
		},
		failed(what) {
			show('');
			say(`  ${paint.bad('FAILED')}  ${what}`);
		},
		end(code, report, lines = []) {
			show('');
			if (isJson) terminal.writeOut(jsonText(report));
			for (const line of lines) say(line);
			terminal.endWith(code);
		},
		refuse({ code: problem, text, hint }, code = 1, report = {}) {
			show('');
			const document = { type: `urn:sluice:${family}-${problem}`, title: 'Not done', detail: text, hint, ...report };
			if (isJson) terminal.writeErr(jsonText(document));
			else terminal.writeErr(`${clean(text)}\n${clean(hint)}\n`);
			terminal.endWith(code);
		},
	};
}

/** To its beginning, and clear. */
const eraseLine = '\r\x1b[K';

/** A line of somebody's configuration, with its tabs, without what a terminal would obey. */
const shown = (line: string): string => line.split('\t').map(clean).join('\t');
