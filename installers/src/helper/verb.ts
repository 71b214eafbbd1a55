/**
 * What a verb of the root helper is, and what all of them share: their outside, their answers, whom they refuse.
 */
import type { CpanelApi } from '@sluice/panel-cpanel/api/cpanel-api.ts';
import type { CpanelFiles } from '@sluice/panel-cpanel/api/files.ts';
import type { ReconcileFailure } from '@sluice/panel-cpanel/reconcile/failure.ts';
import type { ReconcileReport } from '@sluice/panel-cpanel/reconcile/reconcile.ts';
import type { Actor, Role } from '@sluice/shared/contract/actor.ts';
import type { Config } from '@sluice/shared/contract/config.ts';
import type { HelperArgs, HelperResult, HelperVerb } from '@sluice/shared/contract/helper.ts';
import { failed, type Result } from '@sluice/shared/words/result.ts';
import type { LimitsMemory } from './limits-memory.ts';

export type VerbFailureCode = 'forbidden' | 'switched-off' | 'not-found' | 'panel-failed' | 'busy';
export type VerbFailure = { readonly code: VerbFailureCode; readonly text: string };

/** The outside of the verbs; tests bring their own. */
export type VerbPorts = {
	readonly api: CpanelApi;
	readonly files: CpanelFiles;
	/** As they are set now; all off where the configuration cannot be read. */
	readonly acts: () => Config['panel']['acts'];
	readonly reconcile: () => Promise<Result<ReconcileReport, ReconcileFailure>>;
	/** Puts the wiring of the MTA right, or goes round it for now; gives a sentence. */
	readonly mta: (act: 'ensure' | 'bypass', actor: Actor) => Promise<Result<string, string>>;
	/** Has the MTA try what waits, and does not wait for that. */
	readonly kickQueue: () => Promise<Result<string, VerbFailure>>;
	readonly memory: LimitsMemory;
	readonly now: () => number;
};

/** What is written down of an act: in the agent's audit, under `panel.…` or `mta.…`. */
export type Recorded = { readonly act: string; readonly subject: string; readonly detail: string };

export type Verb<V extends HelperVerb> = Performer<HelperArgs<V>, HelperResult<V>>;

export type Performer<Args, Outcome> = {
	/** Roles that may ask at all; what they may ask about is checked by the verb. */
	readonly roles: readonly Role[];
	/** It may outlast whoever asks, and is answered as under way then. */
	readonly mayTakeLong?: boolean;
	readonly perform: (
		args: Args,
		actor: Actor,
		ports: VerbPorts,
	) => Promise<Result<{ readonly result: Outcome; readonly recorded?: Recorded }, VerbFailure>>;
};

export const refusal = (code: VerbFailureCode, text: string) => failed({ code, text });
