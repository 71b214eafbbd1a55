/**
 * The command line of the agent: which commands there are. Each noun has a file of its own.
 *
 * `createProgram` only describes; what a command needs is loaded when it runs, so that `sluice status` answers at once. The
 * installers take the program and add their own nouns to it. Wrong use (an unknown option, a missing argument) ends with 2.
 */
import { Command, CommanderError } from 'commander';
import { version } from '../version.ts';
import { addAccount } from './account.ts';
import { addAudit } from './audit.ts';
import { addConfig } from './config.ts';
import { addCredential } from './credential.ts';
import { addEvents } from './events.ts';
import { addHold } from './hold.ts';
import { addLane } from './lane.ts';
import { addLimit } from './limit.ts';
import { addMessage } from './message.ts';
import { addQueue } from './queue.ts';
import { addRun } from './run.ts';
import { addStatus } from './status.ts';
import { systemTerminal, type Terminal } from './terminal.ts';
import { addVolume } from './volume.ts';
import { addWebhook } from './webhook.ts';

const epilogue = `
Every command takes --json (for programs) and --socket PATH (which agent is meant).
Ends with 0: done, 1: refused or failed, 2: wrong use.`;

/** `error: unknown option '--jsn'` as a sentence, its suggestion in the same line. */
function sentence(text: string): string {
	const plain = text
		.replace(/^error: /, '')
		.trim()
		.replace(/\s*\n\(/g, ' (');
	const whole = plain.charAt(0).toUpperCase() + plain.slice(1);
	return `${/[.?)]$/.test(whole) ? whole : `${whole}.`}\n`;
}

export function createProgram(terminal: Terminal = systemTerminal()): Command {
	const program = new Command('sluice')
		.description('Outbound mail relay: knows who sent each message, loses nothing, explains every decision.')
		.version(version, '--version', 'which Sluice this is')
		.helpCommand(false)
		// Options belong to the word they stand behind: `queue --json` and `queue hold --json` are two.
		.enablePositionalOptions()
		.exitOverride()
		.showSuggestionAfterError()
		.showHelpAfterError('Add --help to see how it is used.')
		.configureOutput({
			writeOut: terminal.writeOut,
			writeErr: terminal.writeErr,
			getOutHelpWidth: () => Math.min(terminal.width, 100),
			getErrHelpWidth: () => Math.min(terminal.width, 100),
			getOutHasColors: () => terminal.hasColour,
			getErrHasColors: () => terminal.hasColour,
			outputError: (text, write) => write(sentence(text)),
		})
		.addHelpText('after', epilogue);
	addStatus(program, terminal);
	addVolume(program, terminal);
	addAccount(program, terminal);
	addLimit(program, terminal);
	addMessage(program, terminal);
	addQueue(program, terminal);
	addHold(program, terminal);
	addLane(program, terminal);
	addCredential(program, terminal);
	addWebhook(program, terminal);
	addAudit(program, terminal);
	addEvents(program, terminal);
	addConfig(program, terminal);
	addRun(program, terminal);
	grouped(program);
	return program;
}

const groups: { readonly [heading: string]: readonly string[] } = {
	'How it is:': ['status', 'doctor', 'volume', 'audit', 'events'],
	'Mail:': ['message', 'queue', 'lane'],
	'Who sends, and how much they may:': ['account', 'limit', 'hold', 'credential'],
	'This server:': ['install', 'confirm', 'stage', 'rollback', 'uninstall', 'mta', 'panel', 'watch'],
	'Settings and programs:': ['config', 'webhook', 'agent', 'helper'],
};

/** Commands in the order in which somebody looks for them. Again when more have been added: each stands in its group. */
export function grouped(program: Command): void {
	const order = Object.entries(groups).flatMap(([heading, names]) => names.map((name) => ({ heading, name })));
	const placeOf = (command: Command): number => order.findIndex(({ name }) => name === command.name());
	for (const command of program.commands) command.helpGroup(order[placeOf(command)]?.heading ?? 'Others:');
	// Groups are shown in the order in which a first command of each stands in this list.
	(program.commands as Command[]).sort((one, other) => placeOf(one) - placeOf(other));
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
