/**
 * Names beside state.db by which the agent and whoever exchanges its release understand each other, over all releases. Pure.
 *
 * Not here: what the agent does with them (agent/io/store/state-versions.ts), when a release asks for one (installers/src/upgrade).
 */

/** The file of a version that was copied or put aside: `/var/lib/sluice/state.db.version-3`. */
export const stateOfVersion = (path: string, version: number): string => `${path}.version-${version}`;

/** Holds the number of the version to use at the agent's next start. */
export const stateUseFile = (path: string): string => `${path}.use`;
