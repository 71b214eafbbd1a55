/**
 * `sluice account simulate`: the last days against numbers that are tried, before they are set.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@sluice/shared/client/client.ts';
import type { SimulationDto } from '@sluice/shared/contract/limit-operations.ts';
import { levelOfPath } from '@sluice/shared/words/limits.ts';
import type { Command } from 'commander';
import { clientFor, writeFailure, writeLines } from './call.ts';
import { hasNumbers, type Limited, type NumberOptions, proposalFrom, withNumbers } from './limited.ts';
import { type CommonOptions, wholeNumber, withCommon } from './options.ts';
import { jsonText } from './render/text.ts';
import { viewOf } from './render/view.ts';
import type { Terminal } from './terminal.ts';

type SimulateOptions = CommonOptions & NumberOptions & { readonly days: number; readonly plan?: string };

const daysDefault = 7;
/** How often it is asked how far it is. */
const askEveryMs = 250;

/** Asks until it is done. The progress line is written anew, and only where a person looks. */
async function finished(
	client: Client,
	first: SimulationDto,
	tell: (progress: number) => void,
): Promise<Awaited<ReturnType<typeof client.call<'getSimulation'>>>> {
	let seen = first;
	while (seen.state === 'running') {
		tell(seen.progress);
		await pause(askEveryMs);
		const next = await client.call('getSimulation', { params: { id: seen.id } });
		if (!next.ok) return next;
		seen = next.value;
	}
	return { ok: true, value: seen };
}

async function simulate(terminal: Terminal, limited: readonly Limited[], options: SimulateOptions): Promise<void> {
	const client = await clientFor(terminal, options);
	for (const { level, id } of limited) {
		// A misspelt account would be answered with what happens to all others.
		const account = level === 'accounts' ? await client.call('getAccount', { params: { id } }) : undefined;
		if (account === undefined || account.ok) continue;
		writeFailure(terminal, options, account.error);
		return terminal.endWith(1);
	}
	const limits = proposalFrom(options);
	const proposals = limited.map(({ level, id }) => ({ level: levelOfPath[level], id, limits }));
	const { progressText, simulationLines } = await import('./render/simulation.ts');
	const tell = (progress: number): void => {
		if (terminal.isTerminal) terminal.writeErr(`\r${progressText(progress, options.days)}`);
	};
	const started = await client.call('simulate', { body: { days: options.days, proposals } });
	const done = started.ok ? await finished(client, started.value, tell) : started;
	if (terminal.isTerminal) terminal.writeErr('\r\x1b[K');
	if (!done.ok) {
		writeFailure(terminal, options, done.error);
		return terminal.endWith(1);
	}
	if (options.json === true) terminal.writeOut(jsonText(done.value));
	else writeLines(terminal, simulationLines(done.value, proposals, viewOf(terminal)));
	terminal.endWith(done.value.state === 'done' ? 0 : 1);
}

export function addSimulate(account: Command, terminal: Terminal): void {
	withNumbers(withCommon(account.command('simulate')))
		.description('Replay the last days against numbers: how much of whose mail would have waited, and how long.')
		.argument('[id...]', 'accounts for which the numbers are tried (default: each account)')
		.option('--plan <name>', 'try them for the accounts of a plan')
		.option('--days <number>', 'how far back', wholeNumber(1, 30), daysDefault)
		.addHelpText(
			'after',
			'\nEvery rule counts as enforced. Without a number: what is set now, as if all of it were enforced.',
		)
		.action((ids: readonly string[], options: SimulateOptions, command: Command) => {
			if (!hasNumbers(options) && (ids.length > 0 || options.plan !== undefined))
				return command.error('name a number to try, such as --hour 50', { exitCode: 2 });
			const named: readonly Limited[] = [
				...ids.map((id) => ({ level: 'accounts', id }) as const),
				...(options.plan === undefined ? [] : [{ level: 'plans', id: options.plan } as const]),
			];
			const all = [{ level: 'server', id: 'each-account' } as const];
			return simulate(terminal, !hasNumbers(options) ? [] : named.length > 0 ? named : all, options);
		});
}
