/** How a unit file is put together, and what several of them have in common. Pure. systemd.syntax(7). */
import { currentRelease, unitFolder } from '../facts/places.ts';
import { rootSandbox } from './sandbox.ts';

export type UnitFile = { readonly path: string; readonly content: string };

/** Section → lines. A line is `Key=value`. */
export type Sections = { readonly [section: string]: readonly string[] };

/** The command, and the runtime for programs beside it; `current` is followed at each start. */
export const command = `${currentRelease}/bin/sluice`;
export const node = `${currentRelease}/bin/node`;

const text = (sections: Sections): string =>
	`# Written by sluice; a change here is lost at the next upgrade: use \`systemctl edit\`.\n${Object.entries(sections)
		.map(([section, lines]) => `\n[${section}]\n${lines.join('\n')}\n`)
		.join('')}`;

export const unit = (name: string, sections: Sections): UnitFile => ({
	path: `${unitFolder}/${name}`,
	content: text(sections),
});

/**
 * A part that ended by a fault stays ended for this long: a socket on which somebody waits would start it again at once, many times a
 * second, until systemd gives the socket up.
 */
export const pauseAfterFault = (seconds = 1): string =>
	`ExecStopPost=/bin/sh -c 'test "$$SERVICE_RESULT" = success || sleep ${seconds}'`;

/** One of root's. What it has started (a queue run) goes on when it ends. */
export const rootService = (
	description: string,
	service: readonly string[],
	more: readonly string[] = [],
): Sections => ({
	Unit: [`Description=${description}`, ...more],
	Service: [...service, 'KillMode=process', ...rootSandbox],
});
