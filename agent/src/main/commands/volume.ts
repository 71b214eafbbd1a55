/** `sluice volume`: how much mail went which way, by steps of time. */
import { volumeSpans } from '@sluice/shared/contract/view-operations.ts';
import { type Command, Option } from 'commander';
import { answer } from './call.ts';
import { type CommonOptions, withCommon } from './options.ts';
import type { Terminal } from './terminal.ts';

type VolumeOptions = CommonOptions & { readonly span: (typeof volumeSpans)[number]; readonly account?: string };

export function addVolume(program: Command, terminal: Terminal): void {
	withCommon(program.command('volume'))
		.description(
			'How much mail came and went, in steps of time; of the whole server or of one account. Counts are recipients.',
		)
		.addOption(new Option('--span <span>', 'how far back').choices([...volumeSpans]).default('day'))
		.option('--account <id>', 'of this account alone')
		.action(async ({ span, account, ...options }: VolumeOptions) => {
			const { volumeLines } = await import('./render/volume.ts');
			await answer(terminal, options, {
				id: 'volume',
				input: { query: { span, ...(account === undefined ? {} : { account }) } },
				render: volumeLines,
			});
		});
}
