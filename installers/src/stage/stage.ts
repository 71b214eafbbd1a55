/**
 * Stages of an installation: how much of the mail comes to the agent, and how much it may do.
 *
 * monitor: all mail, and no rule limits any of it. canary: the mail of named accounts and domains alone, with the rules as they are set.
 * full: all mail, the rules as they are set. What the stage is follows from what is in force, the list of a canary and the agent's
 * configuration, so that nothing has to be kept in agreement with it.
 */
import { dirname } from 'node:path';
import type { Config } from '@sluice/shared/contract/config.ts';
import type { CanaryKey } from '@sluice/shared/mta/canary.ts';
import type { FileFact } from '../facts/machine.ts';
import { type Step, setFile } from '../plan/step.ts';

export const stages = ['monitor', 'canary', 'full'] as const;
export type Stage = (typeof stages)[number];

/** `config`: the agent's, undefined where it is not known. */
export function stageOf(only: readonly CanaryKey[] | undefined, config: Config | undefined): Stage {
	if (only !== undefined) return 'canary';
	return config?.limits.monitorOnly === true ? 'monitor' : 'full';
}

/** The part of the agent's configuration that says the stage, beside its main file. */
export const stagePart = (configFile: string): string => `${dirname(configFile)}/conf.d/10-stage.yaml`;

export const stagePartText = (stage: Stage): string =>
	`# Written by \`sluice stage\`.\n${
		stage === 'monitor'
			? '# Mail is relayed, counted and watched; nothing is limited.\nlimits: { monitorOnly: true }\n'
			: '# Limits are in force where they are set to be.\nlimits: { monitorOnly: false }\n'
	}`;

export type StageFile = {
	readonly path: string;
	readonly former: FileFact | undefined;
	/** Mode and owner of a new one. */
	readonly like: Omit<FileFact, 'path' | 'content'>;
};

const stageWhat: { readonly [stage in Stage]: string } = {
	monitor: 'The agent only watches: no rule limits mail.',
	canary: 'The agent goes by its rules as they are set.',
	full: 'The agent goes by its rules as they are set.',
};

/** The agent takes it over at once, and has to say so. */
export function stageStep(stage: Stage, { path, former, like }: StageFile): Step {
	const content = stagePartText(stage);
	return {
		id: 'stage',
		what: `${stageWhat[stage]} (${path})`,
		doneWhen: { kind: 'file-is', path, content },
		apply: [
			{ kind: 'write', file: { ...(former ?? like), path, content } },
			{ kind: 'reload-agent', monitorOnly: stage === 'monitor' },
		],
		undo: [setFile(path, former?.content, former), { kind: 'reload-agent', mayFail: true }],
	};
}

/** As people say them: `alice.example, alice (user)`. */
export const namesText = (only: readonly CanaryKey[]): string =>
	only
		.map((key) => (key.startsWith('user=') ? `${key.slice('user='.length)} (user)` : key.slice('domain='.length)))
		.join(', ');

export function stageText(stage: Stage, only: readonly CanaryKey[] | undefined): string {
	if (stage === 'canary')
		return `canary: only mail of ${only === undefined || only.length === 0 ? 'nobody' : namesText(only)} comes to the agent`;
	return stage === 'monitor'
		? 'monitor: all mail comes to the agent, no rule limits it'
		: 'full: all mail comes to the agent, its rules are in force as they are set';
}
