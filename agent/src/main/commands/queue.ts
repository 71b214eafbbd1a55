/**
 * `sluice queue`: what is open, counted; and acts on all of an account, identity or destination. Taking it out as files: queue-export.ts.
 */
import { type Command, Option } from 'commander';
import { answer } from './call.ts';
import { type CommonOptions, wholeNumber, withCommon } from './options.ts';
import { addQueueExport } from './queue-export.ts';
import {
	type ActOptions,
	acts,
	actTexts,
	performAct,
	type SelectorOptions,
	selectorFrom,
	withAct,
	withSelector,
} from './selecting.ts';
import type { Terminal } from './terminal.ts';

const groupings = ['account', 'identity', 'destination', 'age', 'state'] as const;
type QueueOptions = CommonOptions & { readonly by: (typeof groupings)[number]; readonly limit: number };

export function addQueue(program: Command, terminal: Terminal): void {
	const queue = withCommon(program.command('queue'))
		.enablePositionalOptions()
		.description('Open mail, counted; and holding, releasing, dropping or retrying all of a kind.')
		.addOption(new Option('--by <what>', 'count by').choices([...groupings]).default('destination'))
		.option('--limit <number>', 'at most this many lines', wholeNumber(1, 10_000), 40)
		.action(async ({ by, limit, ...options }: QueueOptions) => {
			const { queueLines } = await import('./render/queue.ts');
			await answer(terminal, options, {
				id: 'queue',
				input: { query: { by, limit } },
				render: (counted, view) => queueLines(by, counted, view),
			});
		});
	addQueueExport(queue, terminal);
	for (const act of acts) {
		withSelector(withAct(withCommon(queue.command(act)), act))
			.description(actTexts[act])
			.action((options: ActOptions & SelectorOptions, command: Command) =>
				performAct(terminal, act, selectorFrom(options, command), options),
			);
	}
}
