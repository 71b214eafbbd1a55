/** docs/reference/configuration.md: every key, from the schema that the agent checks with. */
import { type ConfigKey, configKeys } from '@sluice/shared/contract/reference.ts';
import { cell, header, type Page, table } from './page.ts';

/** The smallest useful file. A test loads it. */
export const smallestConfig = `dataDir: ./var
smtp: { listen: 127.0.0.1:2526 }              # where the MTA hands mail over
api: { socket: ./var/agent.sock }
delivery:
  smarthost: { host: 127.0.0.1, port: 2600 }  # left out: direct to MX
`;

const introduction = `# Configuration

One YAML file, by default \`/etc/sluice/agent.yaml\`, and beside it \`conf.d/*.yaml\`: later files over earlier ones, key by key. An unknown key is an error that names the nearest known one. \`sluice config check\` tells every mistake at once with file and line; \`sluice config explain KEY\` shows the value in force and where it comes from; \`sluice config schema\` is the JSON Schema. Durations are seconds, sizes are bytes, and the names say so. SIGHUP applies a changed file; what only a restart applies is told then.

The smallest useful file:

\`\`\`yaml
${smallestConfig}\`\`\`
`;

const fallbackText = ({ key, fallback, isRequired }: ConfigKey): string => {
	if (isRequired) return key.includes('.') ? '**required** in this section' : '**required**';
	return fallback === undefined
		? ''
		: `\`${cell(typeof fallback === 'string' ? fallback : JSON.stringify(fallback))}\``;
};

const row = (key: ConfigKey): readonly string[] => [
	`\`${key.key}\``,
	fallbackText(key),
	cell(key.allowed),
	cell(key.description),
];

const titles = ['key', 'default', 'allowed', 'meaning'];

/** Keys directly beneath a section; `''` for the top. */
const within = (section: string, keys: readonly ConfigKey[]): readonly ConfigKey[] =>
	keys.filter(({ key, isSection }) => !isSection && key.split('.').slice(0, -1).join('.') === section);

export function configurationPage(): Page {
	const keys = configKeys();
	const sections = keys
		.filter(({ isSection }) => isSection)
		.map(
			({ key, description }) =>
				`\n## ${key}\n\n${description === '' ? '' : `${description}\n\n`}${table(titles, within(key, keys).map(row))}`,
		);
	const text = `${introduction}\n## Top\n\n${table(titles, within('', keys).map(row))}${sections.join('')}`;
	return { path: 'docs/reference/configuration.md', text: header('shared/src/contract/config.ts') + text };
}
