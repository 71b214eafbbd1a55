/**
 * The command line of the agent: which commands there are. Each noun has a file of its own.
 *
 * `createProgram` only describes; what a command needs is loaded when it runs, so that `sluice status` answers at once. The
 * installers take the program and add their own nouns to it. Wrong use (an unknown option, a missing argument) ends with 2.
 */
import { Command, CommanderError } from 'commander';
import { addConfig } from './config.ts';
import { addMessage } from './message.ts';
import { addRun } from './run.ts';
import { addStatus } from './status.ts';
import { systemTerminal, type Terminal } from './terminal.ts';

const epilogue = `
Every command takes --json (for programs) and --socket PATH (which agent is meant).
Ends with 0: done, 1: refused or failed, 2: wrong use.`;

export function createProgram(terminal: Terminal = systemTerminal()): Command {
	const program = new Command('sluice')
		.description('Outbound mail relay: knows who sent each message, loses nothing, explains every decision.')
		.helpCommand(false)
		.exitOverride()
		.showSuggestionAfterError()
		.configureOutput({
			writeOut: terminal.writeOut,
			writeErr: terminal.writeErr,
			getOutHelpWidth: () => Math.min(terminal.width, 100),
			getErrHelpWidth: () => Math.min(terminal.width, 100),
			getOutHasColors: () => terminal.hasColour,
			getErrHasColors: () => terminal.hasColour,
			outputError: (text, write) => write(`${text.replace(/^error: /, '').trimEnd()}\n`),
		})
		.addHelpText('after', epilogue);
	addStatus(program, terminal);
	addMessage(program, terminal);
	addConfig(program, terminal);
	addRun(program, terminal);
	return program;
}

/** `arguments_` without the names of program and script. Resolves when the command has ended, however it ended. */
export async function runProgram(program: Command, terminal: Terminal, arguments_: readonly string[]): Promise<void> {
	try {
		await program.parseAsync([...arguments_], { from: 'user' });
	} catch (error) {
		if (!(error instanceof CommanderError)) throw error;
		// Help and version that were asked for are no mistake; help that is shown because a word is missing is.
		terminal.endWith(error.exitCode === 0 ? 0 : 2);
	}
}
