/** `sluice status`: is the agent well? */
import type { Command } from 'commander';
import { answer } from './call.ts';
import { type CommonOptions, withCommon } from './options.ts';
import type { Terminal } from './terminal.ts';

export function addStatus(program: Command, terminal: Terminal): void {
	withCommon(program.command('status'))
		.description('Does the agent accept and deliver mail; what is wrong, what to do, how much is waiting.')
		.addHelpText('after', '\nEnds with 1 when mail is not accepted or not delivered.')
		.action(async (options: CommonOptions) => {
			const { healthLines } = await import('./render/health.ts');
			await answer(terminal, options, {
				id: 'health',
				render: healthLines,
				code: ({ ready, delivering }) => (ready && delivering ? 0 : 1),
			});
		});
}
