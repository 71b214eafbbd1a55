/** `sluice lane list`: how fast each destination is being served. */
import type { Command } from 'commander';
import { answer } from './call.ts';
import { type CommonOptions, noun, wholeNumber, withCommon } from './options.ts';
import type { Terminal } from './terminal.ts';

export function addLane(program: Command, terminal: Terminal): void {
	const lane = noun(program, 'lane', 'Speed towards each destination.');
	withCommon(lane.command('list'))
		.description('Lanes, the longest queue first: how many deliveries at once, which are closed and why.')
		.option('--limit <number>', 'at most this many', wholeNumber(1, 10_000), 40)
		.action(async ({ limit, ...options }: CommonOptions & { readonly limit: number }) => {
			const { laneLines } = await import('./render/lanes.ts');
			await answer(terminal, options, { id: 'lanes', input: { query: { limit } }, render: laneLines });
		});
}
