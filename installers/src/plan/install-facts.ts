/** Everything an installation is planned from: what the server is, what of us is there already, what was wished. Types only. */

import type { CanaryKey } from '@sluice/shared/mta/canary.ts';
import type { InstallStep } from '../apply/install-journal.ts';
import type { FirewallChoice } from '../facts/firewall.ts';
import type { PluginFacts } from '../facts/plugin.ts';
import type { Refusal } from '../facts/refusal.ts';
import type { ServerFacts } from '../facts/server.ts';
import type { Stage } from '../stage/stage.ts';
import type { FormerFiles } from '../units/unit-steps.ts';
import type { ConfigFacts } from './install-config.ts';
import type { MtaKind, Wiring } from './wiring.ts';

/** The release that this program runs from. */
export type OwnRelease = {
	readonly version: string;
	readonly folder: string;
	/** The text of its manifest: two releases with the same text are the same. */
	readonly manifest: string;
};

/** How the MTA stands to us. */
export type MtaFacts = {
	readonly mta: MtaKind;
	readonly state: 'wired' | 'not-wired' | 'bypassed' | 'changed' | 'interrupted';
	/** Undefined: the MTA could not be asked. */
	readonly user: { readonly name: string; readonly uid: number } | undefined;
	/** What wiring comes to, or why there is none. */
	readonly wiring: Wiring | Refusal;
	/** The configuration of an administrator, which stands: its port, where it has the secret. */
	readonly configured: { readonly secretFile?: string } | undefined;
	/** How far the server goes now. */
	readonly stage: Stage;
	/** Whose mail alone comes to the agent, of a canary. */
	readonly only: readonly CanaryKey[] | undefined;
};

/** What firewalls and other products on this server ask for. */
export type Surroundings = {
	/** How the agent gets out past a firewall, as chosen now or once; undefined: nothing asks for a choice. */
	readonly firewall: FirewallChoice | undefined;
	readonly refusals: readonly Refusal[];
	readonly findings: readonly string[];
	/** Done once the users are there: the firewall is told of them. */
	readonly steps: readonly InstallStep[];
};

export type InstallFacts = {
	readonly isRoot: boolean;
	readonly server: ServerFacts;
	/** Undefined: this program is no release. */
	readonly release: OwnRelease | undefined;
	/** Manifest of the release of the same version that is in place; undefined: none. */
	readonly placed: string | undefined;
	readonly mta: MtaFacts | Refusal;
	readonly config: ConfigFacts;
	readonly formerUnits: FormerFiles;
	/** What serves is enabled and runs. */
	readonly isServing: boolean;
	readonly isRecurring: boolean;
	/** Undefined: no panel with a plugin. */
	readonly plugin: PluginFacts | Refusal | undefined;
	readonly surroundings: Surroundings;
};

export type InstallWishes = {
	/** Absent: `monitor` for a fresh configuration, what is there otherwise. */
	readonly stage?: Stage;
	/** A canary's accounts and domains. */
	readonly only?: readonly CanaryKey[] | 'everybody' | undefined;
	readonly noticesTo: readonly string[];
	readonly freshSecret: string;
	/** A person has to confirm; if not, the MTA goes its former way by itself. */
	readonly isArmed: boolean;
	/** For programs: nobody looks at the panel's first minutes. */
	readonly hasLearning: boolean;
};

export const isRefusal = (value: object): value is Refusal => 'hint' in value && 'code' in value;
