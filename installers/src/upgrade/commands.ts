/** `sluice rollback`. An upgrade has no word of its own: `sluice install` of another release is one. */
import { withCommon } from '@sluice/agent/main/commands/options.ts';
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import type { Command } from 'commander';
import type { InstallOptions, InstallPorts } from '../install/call.ts';

/** `ports`: the outside as `sluice install` has it. */
export function addRollback(program: Command, terminal: Terminal, ports: () => Promise<InstallPorts>): void {
	withCommon(program.command('rollback'))
		.description('Go back to the release that was installed before this one.')
		.option('--yes', 'do not ask')
		.option('--dry-run', 'only say what would be done, and what would be lost')
		.addHelpText(
			'after',
			`
Mail stays, whatever its state. Where the later release has changed the format of state.db, what was set since the upgrade (accounts,
limits, holds, credentials, audit) is not in force afterwards; it is said first. Where it has changed the format of the spool log there is
no way back once it has taken mail. An upgrade that was cut off is taken back too.`,
		)
		.action(async (options: InstallOptions) => {
			const [{ speakerFor }, { rollback }, { agentOf }, { relayPortOf }] = await Promise.all([
				import('../mta/speak.ts'),
				import('./rollback.ts'),
				import('./agent-of.ts'),
				import('./relay-port-of.ts'),
			]);
			const call = { terminal, options, ports: await ports(), speaker: speakerFor(terminal, options.json === true) };
			await rollback(call, await agentOf(call, relayPortOf()));
		});
}
