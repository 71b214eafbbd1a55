/** docs/reference/cli.md: the help of every command, as the command itself gives it. */
import { fakeTerminal } from '@sluice/agent/main/commands/commands.fixture.ts';
import { createProgram } from '@sluice/agent/main/commands/program.ts';
import { addServerCommands } from '@sluice/installers/commands.ts';
import type { Command } from 'commander';
import { header, type Page } from './page.ts';

const helpColumns = 100;

export type Described = { readonly words: readonly string[]; readonly command: Command; readonly help: () => string };

/** Every command with the words that call it, nouns before what they hold. */
export function describedCommands(): readonly Described[] {
	const terminal = fakeTerminal({ width: helpColumns });
	const visit = (command: Command, before: readonly string[]): readonly Described[] => {
		const words = [...before, command.name()];
		const help = (): string => {
			const already = terminal.ran().out.length;
			command.outputHelp();
			return terminal.ran().out.slice(already);
		};
		return [{ words, command, help }, ...command.commands.flatMap((inner) => visit(inner, words))];
	};
	const program = createProgram(terminal);
	addServerCommands(program, terminal);
	return visit(program, []);
}

const introduction = `# Commands

In a checkout the command is \`npx sluice\`; no privilege is needed. Each command speaks to the agent over its unix socket, whose file mode says who may. With \`--json\` standard output is one JSON document of the [API](openapi.json), and a failure is a problem document (RFC 9457) on standard error. Text for people is cut to the terminal, never into a pipe; \`NO_COLOR\` is honoured.
`;

export function commandsPage(): Page {
	const sections = describedCommands().map(
		({ words, help }) => `\n## ${words.join(' ')}\n\n\`\`\`text\n${help().trimEnd()}\n\`\`\`\n`,
	);
	return {
		path: 'docs/reference/cli.md',
		text: header('agent/src/main/commands and installers/src') + introduction + sections.join(''),
	};
}
