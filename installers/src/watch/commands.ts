/**
 * `sluice watch`: the same tick by hand, and how it stands. Only words and options.
 */
import type { Command } from 'commander';

/** As much of the terminal of the commands as this needs. */
export type WatchTerminal = {
	readonly writeOut: (text: string) => void;
	readonly writeErr: (text: string) => void;
	readonly environment: { readonly [name: string]: string | undefined };
	readonly endWith: (code: 0 | 1) => void;
};

export function addWatch(program: Command, terminal: WatchTerminal): void {
	program
		.command('watch')
		.description('Hand the agent a probe message and do what follows: what sluice-watch.timer runs every half minute.')
		.option('--status', 'only tell how it stands: healthy, failing, outage or recovering, since when, the last probes')
		.option('--json', 'write JSON for programs instead of text for people')
		.addHelpText('after', '\n--status ends with 0 when the agent takes mail and all of it goes there, else with 1.')
		.action(async (options: { readonly status?: boolean; readonly json?: boolean }) => {
			const [{ printer, runWatch }, { systemPorts }] = await Promise.all([import('./run.ts'), import('./system.ts')]);
			const isJournal = terminal.environment.JOURNAL_STREAM !== undefined;
			const out = { write: terminal.writeOut, isJournal };
			const said = options.json === true ? { write: terminal.writeErr, isJournal } : out;
			terminal.endWith(await runWatch(options, out, systemPorts(printer(said))));
		});
}
