/**
 * One question to the agent and its answer on the terminal: JSON as the API gave it, or lines for people.
 *
 * The client is loaded when a command needs it, so that `sluice --help` does not wait for it. Failures go to standard error, as
 * one sentence and a hint, or as a problem document with `--json`.
 */
import type { CallInput, Client, ClientFailure } from '@sluice/shared/client/client.ts';
import type { OperationId, OperationOutput } from '@sluice/shared/contract/operations.ts';
import { type CommonOptions, socketPathFor } from './options.ts';
import { failureDocument, failureLines } from './render/failure.ts';
import { jsonText } from './render/text.ts';
import { type View, viewOf } from './render/view.ts';
import type { ExitCode, Terminal } from './terminal.ts';

export async function clientFor(terminal: Terminal, options: CommonOptions): Promise<Client> {
	const { createClient } = await import('@sluice/shared/client/client.ts');
	return createClient(socketPathFor(terminal, options), terminal.actor);
}

export function writeLines(terminal: Terminal, lines: readonly string[]): void {
	if (lines.length > 0) terminal.writeOut(`${lines.join('\n')}\n`);
}

export function writeFailure(terminal: Terminal, options: CommonOptions, failure: ClientFailure): void {
	terminal.writeErr(
		options.json === true ? jsonText(failureDocument(failure)) : `${failureLines(failure).join('\n')}\n`,
	);
}

/** An account that nobody has named may be meant, or misspelt: what is done for it is done, and this said. */
export async function unknownAccountNote(client: Client, id: string): Promise<readonly string[]> {
	const found = await client.call('getAccount', { params: { id } });
	return found.ok || found.error.kind !== 'problem' || found.error.problem.status !== 404
		? []
		: [`No panel has named an account ${id}, and no mail has come from it: is it spelt right?`];
}

type Question<K extends OperationId> = {
	readonly id: K;
	readonly input?: CallInput<K>;
	readonly render: (value: OperationOutput<K>, view: View) => readonly string[];
	/** 1 for an answer that is bad news; 0 when left out. */
	readonly code?: (value: OperationOutput<K>) => ExitCode;
};

export async function answer<K extends OperationId>(
	terminal: Terminal,
	options: CommonOptions,
	{ id, input, render, code }: Question<K>,
): Promise<void> {
	const client = await clientFor(terminal, options);
	const result = await client.call(id, input);
	if (!result.ok) {
		writeFailure(terminal, options, result.error);
		return terminal.endWith(1);
	}
	if (options.json === true) terminal.writeOut(jsonText(result.value));
	else writeLines(terminal, render(result.value, viewOf(terminal)));
	terminal.endWith(code?.(result.value) ?? 0);
}
