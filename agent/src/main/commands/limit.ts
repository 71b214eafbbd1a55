/**
 * `sluice limit …`: numbers for the server, for resellers, plans, accounts, domains, mailboxes, scripts and credentials.
 */
import type { LimitsView } from '@sluice/shared/contract/limit-shapes.ts';
import { levels } from '@sluice/shared/words/limits.ts';
import { type Command, Option } from 'commander';
import { answer, clientFor, unknownAccountNote, writeFailure } from './call.ts';
import {
	inputFrom,
	type Limited,
	type LimitedOptions,
	limitedFrom,
	type NumberOptions,
	withLimited,
	withSetting,
} from './limited.ts';
import { type CommonOptions, noun, wholeNumber, withCommon } from './options.ts';
import type { Terminal } from './terminal.ts';

type ListOptions = CommonOptions & {
	readonly level?: (typeof levels)[number];
	readonly limit: number;
	readonly cursor?: string;
};
type ClearOptions = CommonOptions & { readonly exception?: boolean };

const replacedBy = ({ until }: NumberOptions, { base, exception }: LimitsView): string | null =>
	(until === undefined ? base : exception)?.set ?? null;

/** Reads what is set, lays what was typed over it, and puts it. */
export async function setLimit(
	terminal: Terminal,
	limited: Limited,
	options: CommonOptions & NumberOptions,
	command: Command,
): Promise<void> {
	const client = await clientFor(terminal, options);
	const present = await client.call('getLimits', { params: limited });
	if (!present.ok) {
		writeFailure(terminal, options, present.error);
		return terminal.endWith(1);
	}
	const input = inputFrom(options, present.value);
	if (!input.ok) return command.error(input.error, { exitCode: 2 });
	const { limitSetLines } = await import('./render/limits.ts');
	const note = limited.level === 'accounts' ? await unknownAccountNote(client, limited.id) : [];
	await answer(terminal, options, {
		id: 'putLimits',
		// Who sets another number meanwhile is not overwritten unseen.
		input: { params: limited, body: { ...input.value, replaces: replacedBy(options, present.value) } },
		render: (limits, view) => [
			...limitSetLines(limits, view, options.until !== undefined),
			...note.map(view.paint.warning),
		],
	});
}

async function list(terminal: Terminal, { level, limit, cursor, ...options }: ListOptions): Promise<void> {
	const { limitListLines } = await import('./render/limits.ts');
	await answer(terminal, options, {
		id: 'listLimits',
		input: {
			query: { limit, ...(level === undefined ? {} : { level }), ...(cursor === undefined ? {} : { cursor }) },
		},
		render: limitListLines,
	});
}

export function addLimit(program: Command, terminal: Terminal): void {
	const limit = noun(program, 'limit', 'What may be sent: numbers for the server down to one mailbox.');
	withCommon(limit.command('list'))
		.description('Everything for which numbers are set, and what monitor-only rules would have kept.')
		.addOption(new Option('--level <level>', 'only of one level').choices([...levels]))
		.option('--limit <number>', 'at most this many', wholeNumber(1, 1000), 100)
		.option('--cursor <text>', 'go on where a list ended')
		.action((options: ListOptions) => list(terminal, options));
	withLimited(withCommon(limit.command('show')))
		.description('What is set for one of them, what is in force there, and where it comes from.')
		.action(async (options: CommonOptions & LimitedOptions, command: Command) => {
			const params = limitedFrom(options, command);
			const { limitLines } = await import('./render/limits.ts');
			await answer(terminal, options, { id: 'getLimits', input: { params }, render: limitLines });
		});
	withSetting(withLimited(withCommon(limit.command('set'))), terminal)
		.description('Set numbers, or an exception with an end. What is not named stays as it is.')
		.action((options: CommonOptions & LimitedOptions & NumberOptions, command: Command) =>
			setLimit(terminal, limitedFrom(options, command), options, command),
		);
	withLimited(withCommon(limit.command('clear')))
		.description('Take the numbers away: what is outside is inherited again.')
		.option('--exception', 'only the exception')
		.action(async (options: ClearOptions & LimitedOptions, command: Command) => {
			const params = limitedFrom(options, command);
			const { limitClearedLines } = await import('./render/limits.ts');
			await answer(terminal, options, {
				id: 'deleteLimits',
				input: { params, query: options.exception === true ? { only: 'exception' } : {} },
				render: limitClearedLines,
			});
		});
}
