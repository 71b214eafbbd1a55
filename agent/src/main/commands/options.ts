/**
 * What all commands share: `--json`, `--socket`, and the places that are looked at when nothing is named.
 */
import { lstatSync } from 'node:fs';
import type { Result } from '@sluice/shared/words/result.ts';
import { type Command, InvalidArgumentError } from 'commander';
import type { Terminal } from './terminal.ts';

export type CommonOptions = { readonly json?: boolean; readonly socket?: string };

const serverSocket = '/run/sluice/agent.sock';
const checkoutSocket = './var/agent.sock';
const serverConfig = '/etc/sluice/agent.yaml';
const checkoutConfig = './agent.yaml';

/** A word that stands before others: `message` of `message trace`. */
export const noun = (program: Command, name: string, description: string): Command =>
	program.command(name).description(description).helpCommand(false);

export function withCommon(command: Command): Command {
	return command
		.option('--json', 'write JSON for programs instead of text for people')
		.option(
			'--socket <path>',
			`socket of the agent (default: $SLUICE_SOCKET, else ${serverSocket}, else ${checkoutSocket})`,
		);
}

export function socketPathFor(terminal: Terminal, options: CommonOptions): string {
	const named = options.socket ?? terminal.environment.SLUICE_SOCKET;
	if (named !== undefined && named !== '') return named;
	// A stopped agent of an installed server has no socket, and is the one that is meant all the same.
	const isServer = terminal.exists(serverSocket) || terminal.exists(serverConfig);
	return isServer || isForeign(checkoutSocket) ? serverSocket : checkoutSocket;
}

/** Root standing in a tenant's folder must not tell the tenant's program what is meant for the agent, nor believe it. */
function isForeign(path: string): boolean {
	try {
		const found = lstatSync(path, { throwIfNoEntry: false });
		return found !== undefined && found.uid !== 0 && found.uid !== process.getuid?.();
	} catch {
		// In a folder that may not be entered.
		return true;
	}
}

export const configOption = [
	'--config <file>',
	`configuration (default: ${serverConfig} if it is there, else ${checkoutConfig})`,
] as const;

export function configFileFor(terminal: Terminal, named: string | undefined): string {
	if (named !== undefined) return named;
	return terminal.exists(serverConfig) ? serverConfig : checkoutConfig;
}

/** A whole number within bounds, or wrong use. */
export const wholeNumber =
	(min: number, max: number) =>
	(text: string): number => {
		const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
		if (!(number >= min && number <= max)) throw new InvalidArgumentError(`A whole number, ${min} to ${max}.`);
		return number;
	};

/** The value, or wrong use in commander's own words. */
export function orInvalid<T>(parsed: Result<T, string>): T {
	if (!parsed.ok) throw new InvalidArgumentError(parsed.error);
	return parsed.value;
}
