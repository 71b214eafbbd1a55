/**
 * `sluice config check|explain|schema`: the configuration before an agent meets it. Speaks to no agent.
 */
import type { Command } from 'commander';
import type { ConfigProblem, LoadedConfig } from '../../config/load.ts';
import { writeLines } from './call.ts';
import { type CommonOptions, configFileFor, configOption, noun, withCommon } from './options.ts';
import { countText, jsonText } from './render/text.ts';
import { viewOf } from './render/view.ts';
import type { Terminal } from './terminal.ts';

type ConfigOptions = CommonOptions & { readonly config?: string };

function writeProblems(
	terminal: Terminal,
	options: ConfigOptions,
	problems: readonly ConfigProblem[],
	problemText: (problem: ConfigProblem) => string,
): void {
	if (options.json === true) terminal.writeOut(jsonText({ ok: false, problems }));
	else {
		const sum = `${countText(problems.length, 'mistake')}; an agent would not start with this.`;
		terminal.writeErr(`${[...problems.map(problemText), sum].join('\n')}\n`);
	}
	terminal.endWith(1);
}

/** What no reading of the file can show: files and users that it names must be there. */
async function machineProblem(loaded: LoadedConfig): Promise<ConfigProblem | undefined> {
	const [{ ConfigurationError, flowSettingsOf }, { tlsOf }, { submissionPorts, submissionTls }] = await Promise.all([
		import('../flow-settings.ts'),
		import('../listen.ts'),
		import('../submission-ports.ts'),
	]);
	try {
		flowSettingsOf(loaded.config, '');
		tlsOf(loaded.config);
		if (submissionPorts(loaded.config).length > 0) submissionTls(loaded.config);
		return undefined;
	} catch (error) {
		if (!(error instanceof ConfigurationError)) throw error;
		return { file: loaded.files[0] as string, key: '', text: error.message };
	}
}

async function check(terminal: Terminal, options: ConfigOptions): Promise<void> {
	const { loadConfig, problemText } = await import('../../config/load.ts');
	const file = configFileFor(terminal, options.config);
	const loaded = loadConfig(file);
	if (!loaded.ok && options.config === undefined && !terminal.exists(file) && options.json !== true) {
		terminal.writeErr(`No ${file} here. Name a file with --config FILE.\n`);
		return terminal.endWith(1);
	}
	if (!loaded.ok) return writeProblems(terminal, options, loaded.error, problemText);
	const problem = await machineProblem(loaded.value);
	if (problem !== undefined) return writeProblems(terminal, options, [problem], problemText);
	const { files, origins } = loaded.value;
	if (options.json === true) terminal.writeOut(jsonText({ ok: true, files, problems: [] }));
	else {
		const { firewallText, submissionPorts } = await import('../submission-ports.ts');
		const firewall = firewallText(submissionPorts(loaded.value.config));
		writeLines(terminal, [`${files.join(', ')}: correct; ${countText(origins.size, 'key')} set.`, ...firewall]);
	}
}

async function explain(
	terminal: Terminal,
	command: Command,
	key: string | undefined,
	options: ConfigOptions,
): Promise<void> {
	const [{ loadConfig, problemText }, { explainConfig }, { explainDefaults, unknownKey }, { explainedLines }] =
		await Promise.all([
			import('../../config/load.ts'),
			import('../../config/explain.ts'),
			import('./explained.ts'),
			import('./render/explained.ts'),
		]);
	const unknown = key === undefined ? undefined : unknownKey(key);
	if (unknown !== undefined) return command.error(unknown, { exitCode: 2 });
	const file = configFileFor(terminal, options.config);
	const isDefaultsOnly = options.config === undefined && !terminal.exists(file);
	const loaded = isDefaultsOnly ? undefined : loadConfig(file);
	if (loaded !== undefined && !loaded.ok) return writeProblems(terminal, options, loaded.error, problemText);
	const rows = loaded === undefined ? explainDefaults(key) : explainConfig(loaded.value, key);
	if (options.json === true) return terminal.writeOut(jsonText({ items: rows }));
	if (isDefaultsOnly) terminal.writeErr(`No ${file} here: these are the defaults. Name a file with --config FILE.\n`);
	writeLines(terminal, explainedLines(rows, viewOf(terminal)));
}

export function addConfig(program: Command, terminal: Terminal): void {
	const config = noun(program, 'config', 'Check and explain the configuration.');
	withCommon(config.command('check'))
		.description('Read the configuration as the agent would and tell every mistake at once.')
		.option(...configOption)
		.action((options: ConfigOptions) => check(terminal, options));
	withCommon(config.command('explain'))
		.description('Every key with its value, where the value comes from, what is allowed and what it means.')
		.argument('[key]', 'one key, such as smtp.listen, or a section, such as delivery.retry')
		.option(...configOption)
		.action((key: string | undefined, options: ConfigOptions, command: Command) =>
			explain(terminal, command, key, options),
		);
	withCommon(config.command('schema'))
		.description('The configuration as JSON Schema, for editors and generators. Always JSON.')
		.action(async () => {
			const { configJsonSchema } = await import('@sluice/shared/contract/reference.ts');
			terminal.writeOut(jsonText(configJsonSchema()));
		});
}
