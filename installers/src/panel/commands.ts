/**
 * `sluice panel …`: the plugin in the panel, its accounts brought to the agent, its own limits. Only words and options: what they do stands
 * beside, and in panel-cpanel.
 */
import { configOption, noun, withCommon } from '@sluice/agent/main/commands/options.ts';
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { Argument, type Command } from 'commander';
import type { LimitsAct } from './limits.ts';
import { memoryOption, rootOption, stateOption } from './options.ts';
import type { PluginOptions } from './plugin.ts';

/** `--root` is left out: cPanel's own commands register what is installed, and they know one server only. */
function addPlugin(panel: Command, terminal: Terminal): void {
	const add = (name: 'install' | 'remove' | 'status', description: string): Command =>
		withCommon(panel.command(name))
			.description(description)
			.action(async (options: PluginOptions) => {
				const [{ systemMachine }, { speakerFor }, plugin] = await Promise.all([
					import('../facts/machine.ts'),
					import('../mta/speak.ts'),
					import('./plugin.ts'),
				]);
				const speaker = speakerFor(terminal, options.json === true);
				const call = { terminal, options, machine: systemMachine(), speaker, pid: process.pid };
				if (name === 'status') await plugin.pluginStatus(call);
				else await plugin.changePlugin(call, name);
			});
	const changing = (command: Command): Command =>
		command.option('--yes', 'do not ask').option('--dry-run', 'only say what would be done');
	changing(
		add('install', 'Put the plugin into WHM and cPanel: files, menu items, hooks. Again: put right what is not.'),
	);
	changing(add('remove', 'Take the plugin out: nothing of it is left. Mail is not touched.'));
	add('status', 'What of the plugin is in place. Ends with 0 when all of it is.');
}

function addLimits(panel: Command, terminal: Terminal): void {
	withCommon(panel.command('limits'))
		.description("The panel's own limits, which discard mail before the agent can make it wait.")
		.addArgument(
			new Argument('[act]', 'show them; lift: no limit by default; restore: what was before lift')
				.default('show')
				.choices(['show', 'lift', 'restore']),
		)
		.option(...configOption)
		.option(...rootOption)
		.option(...stateOption('memory of the reconcile'))
		.option(...memoryOption)
		.addHelpText(
			'after',
			"\nOnly the server's two defaults are changed (Tweak Settings), never numbers of packages or accounts.",
		)
		.action(async (act: LimitsAct, options) => {
			const [{ panelLimitsCommand }, { speakerFor }] = await Promise.all([
				import('./limits.ts'),
				import('../mta/speak.ts'),
			]);
			const speaker = speakerFor(terminal, options.json === true);
			await panelLimitsCommand(act, { terminal, options, speaker });
		});
}

export function addPanel(program: Command, terminal: Terminal): void {
	const panel = noun(program, 'panel', 'cPanel: the plugin in it, its accounts for the agent, its own limits.');
	addPlugin(panel, terminal);
	addLimits(panel, terminal);
	withCommon(panel.command('reconcile'))
		.description(
			'Read the accounts of cPanel and tell the agent: every 5 minutes, and at once after an event, until ended.',
		)
		.option('--once', 'once, and end: for timers and after events')
		.option('--dry-run', 'only say what would change')
		.option(...configOption)
		.option(...rootOption)
		.option(...stateOption('memory of the last run, and the events of hooks'))
		.addHelpText(
			'after',
			'\nAfter an update of cPanel also puts the wiring of Exim and the plugin right where they were. Ends with 0 when the agent knows all accounts, with 1 when the panel or the agent could not be asked, or something could not be put right.',
		)
		.action(async (options) => {
			const { reconcileCommand } = await import('./reconcile.ts');
			await reconcileCommand(terminal, options);
		});
}
