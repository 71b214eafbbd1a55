/**
 * `sluice helper run`: the root helper in the foreground, as the service manager starts it. Only words and options.
 */
import { configOption, noun, withCommon } from '@sluice/agent/main/commands/options.ts';
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import type { Command } from 'commander';
import { stateFolderDefault } from '../apply/journal.ts';
import { memoryOption, rootOption, stateOption } from '../panel/options.ts';

export function addHelper(program: Command, terminal: Terminal): void {
	const helper = noun(
		program,
		'helper',
		'What the pages may ask of root: a closed list of acts, each checked and written down.',
	);
	withCommon(helper.command('run'))
		.description('Answer on the socket of the root helper until ended. Takes a passed socket.')
		.option('--listen <path>', 'its own socket, when none is passed', '/run/sluice/helper.sock')
		.option('--group <name>', 'group that may open it: the panel server’s', 'sluice-panel')
		.option(...configOption)
		.option(...rootOption)
		.option(...stateOption('memory of the reconcile, and the events of hooks'))
		.option(...memoryOption)
		.option('--wiring <folder>', 'state of the wiring of the MTA', stateFolderDefault)
		.action(async (options) => {
			const { runHelper } = await import('./run.ts');
			await runHelper(terminal, options);
		});
}
