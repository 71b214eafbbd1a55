/** `sluice stage`: words and options; what it does stands beside. */
import { configOption, wholeNumber, withCommon } from '@sluice/agent/main/commands/options.ts';
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { Argument, type Command, Option } from 'commander';
import { stateFolderDefault } from '../apply/journal.ts';
import { brokenIo, systemPorts } from '../mta/commands.ts';
import type { MtaOptions, MtaPorts } from '../mta/site.ts';
import { stages } from './stage.ts';

type StageOptions = Omit<MtaOptions, 'only'> & { readonly only?: readonly string[] };

const portMax = 65_535;

/** `ports`: another outside than this machine's, for tests. */
export function addStage(program: Command, terminal: Terminal, ports?: MtaPorts): void {
	withCommon(program.command('stage'))
		.description('How much of the mail comes to the agent and how much it may do: monitor, canary, full.')
		.addArgument(new Argument('[stage]', 'where to go; left out: only show').choices(stages))
		.option('--only <names...>', 'canary: accounts and domains whose mail alone comes to the agent')
		.addOption(new Option('--mta <name>', 'which one (default: the one that is wired)').choices(['exim', 'postfix']))
		.option('--port <number>', 'port of the agent on 127.0.0.1', wholeNumber(1, portMax))
		.option(...configOption)
		.option('--root <folder>', 'a system that does not run, below this folder', '/')
		.option('--state <folder>', 'where the wiring is remembered', stateFolderDefault)
		.addHelpText(
			'after',
			'\nmonitor: all mail comes, no rule limits it. canary: only mail of --only comes. full: all mail comes, rules are in force as they are set.\nEach change is proved by a test message, and put back if that fails.',
		)
		.action(async (stage: (typeof stages)[number] | undefined, { only: names = [], ...options }: StageOptions) => {
			const [{ speakerFor }, { changeStage, showStage }, outside] = await Promise.all([
				import('../mta/speak.ts'),
				import('./change.ts'),
				ports ?? systemPorts(),
			]);
			const speaker = speakerFor(terminal, options.json === true);
			const call = { terminal, options, ports: outside, speaker };
			const hasNames = names.length > 0;
			if (hasNames !== (stage === 'canary'))
				return speaker.refuse(
					{
						code: 'canary-name',
						text: hasNames ? 'Only a canary is of some.' : 'A canary needs somebody.',
						hint: '`sluice stage canary --only NAME…`',
					},
					2,
				);
			try {
				await (stage === undefined ? showStage(call) : changeStage(call, { stage, names }));
			} catch (error) {
				speaker.refuse(brokenIo(error));
			}
		});
}
