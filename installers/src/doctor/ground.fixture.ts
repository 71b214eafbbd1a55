/** What a look stands on, in memory: a well server that is installed, of which each test breaks one thing. */

import { configSchema } from '@sluice/shared/contract/config.ts';
import type { CommandOutcome } from '@sluice/shared/mta/checks.ts';
import { ok } from '@sluice/shared/words/result.ts';
import type { FileFact } from '../facts/machine.ts';
import { memoryMachine } from '../facts/memory-machine.fixture.ts';
import type { Site } from '../mta/site.ts';
import type { Finding } from './finding.ts';
import type { Ground, Names } from './ground.ts';

export type Answers = { readonly [beginning: string]: string | CommandOutcome };

/** `answers`: the longest beginning of the command counts; others end with 0 and say nothing. */
export function answering(answers: Answers) {
	const rows = Object.entries(answers).toSorted(([one], [other]) => other.length - one.length);
	return (command: readonly string[]): CommandOutcome => {
		const found = rows.find(([beginning]) => command.join(' ').startsWith(beginning))?.[1] ?? '';
		return typeof found === 'string' ? { exitCode: 0, output: found } : found;
	};
}

export const noNames: Names = {
	addresses: async () => [],
	names: async () => [],
	exchanges: async () => [],
};

export type Given = {
	readonly files?: readonly FileFact[];
	readonly answers?: Answers;
	readonly config?: object;
	readonly volume?: object;
	readonly ground?: Partial<Ground>;
};

export function groundWith({ files = [], answers = {}, config = {}, volume, ground = {} }: Given = {}): Ground {
	const machine = memoryMachine(files, answering(answers));
	const site = {
		machine,
		mta: 'exim',
		agentPort: 926,
		config: configSchema.parse({ dataDir: '/var/lib/sluice', ...config }),
		// A wired one: nothing in it is to be changed.
		journal: { phase: 'wired' },
		wiring: ok({ hostName: 'mail.example.net', files: [], findings: [], checks: [] }),
		traces: ok({ files: [{ path: '/x', current: undefined, bare: 'x' }] }),
		isEffective: true,
		isBypassed: false,
	} as unknown as Site;
	return {
		call: { options: { root: '/', state: '/s' } } as unknown as Ground['call'],
		machine,
		client: { call: async () => ok(volume) } as unknown as Ground['client'],
		health: { version: '1.0.0', problems: [] } as unknown as Ground['health'],
		site: ok(site),
		isCpanel: false,
		isInstalled: true,
		names: noNames,
		target: undefined,
		now: Date.parse('2026-03-01T12:00:00Z'),
		...ground,
	};
}

export const codes = (findings: readonly Finding[]): readonly string[] => findings.map(({ code }) => code);
