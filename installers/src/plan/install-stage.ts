/**
 * The stage that an installation was told, on a server that has one already: the same as `sluice stage` does it, as the last step.
 *
 * A fresh configuration is written with its stage in it and needs no step. Pure. Not here: changing it (stage/change.ts).
 */
import type { CanaryKey } from '@sluice/shared/mta/canary.ts';
import type { Refusal } from '../facts/refusal.ts';
import { type Stage, stageText } from '../stage/stage.ts';
import type { MtaFacts } from './install-facts.ts';
import { nested, never, type Step } from './step.ts';

export type StageWish = {
	readonly stage?: Stage | undefined;
	/** Whose mail alone comes; a canary's. */
	readonly only?: readonly CanaryKey[] | 'everybody' | undefined;
};

type Standing = Pick<MtaFacts, 'configured' | 'stage' | 'only' | 'state'>;

const isSame = (one: StageWish['only'], other: readonly CanaryKey[] | undefined): boolean =>
	(one === 'everybody' ? undefined : one)?.toString() === other?.toString();

const isOther = (mta: Standing, { stage, only }: StageWish): boolean =>
	stage !== undefined && mta.configured !== undefined && (mta.stage !== stage || !isSame(only, mta.only));

export function stageSteps(mta: Standing, wish: StageWish): readonly Step[] {
	const { stage, only } = wish;
	if (stage === undefined || mta.configured === undefined) return [];
	return [
		{
			id: 'stage',
			what: `Go to stage ${stageText(stage, Array.isArray(only) ? only : undefined)}; a test message proves the way.`,
			doneWhen: isOther(mta, wish) ? never : { kind: 'is-so' },
			apply: [nested('stage')],
			// It takes itself back when it fails, and nothing comes after it.
			undo: [],
		},
	];
}

/** Said before anything is changed: whoever leads mail past the agent has decided that. */
export function stageRefusals(mta: Standing, wish: StageWish): readonly Refusal[] {
	if (mta.state !== 'bypassed' || !isOther(mta, wish)) return [];
	return [
		{
			code: 'bypassed',
			text: 'Mail is led past the agent now (`sluice mta bypass`); another stage cannot be proved.',
			hint: '`sluice mta wire` leads mail to it again; or leave out --stage.',
		},
	];
}
