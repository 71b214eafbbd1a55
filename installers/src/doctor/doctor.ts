/**
 * `sluice doctor`: what is wrong with this server as far as outgoing mail goes, each thing with what mends it. Changes nothing.
 *
 * A list of looks, one file a noun, all at once and each with its deadline. Not here: claims that only a live server can settle
 * (unproved.ts), mending (repair.ts).
 */
import type { Call } from '../mta/perform.ts';
import { agentFindings } from './agent.ts';
import { clockFindings } from './clock.ts';
import type { Finding } from './finding.ts';
import { greetingFindings } from './greeting.ts';
import { type Ground, type Look, lookAll, lookAround, type Names } from './ground.ts';
import { outboundFindings } from './outbound.ts';
import { panelLimits, pluginFindings } from './panel.ts';
import { queueFindings } from './queue.ts';
import { rightsFindings } from './rights.ts';
import { surroundings } from './server.ts';
import { spaceFindings } from './space.ts';
import { guardFindings, unitFindings } from './units.ts';
import { versionFindings } from './versions.ts';
import { watchingFindings } from './watching.ts';
import { wiringFindings } from './wiring.ts';

/** In the order in which they are told. */
const looks: readonly Look[] = [
	{ name: 'agent', where: 'everywhere', look: agentFindings },
	{ name: 'units', where: 'live', look: unitFindings },
	{ name: 'relay-guard', where: 'live', look: guardFindings },
	{ name: 'rights', where: 'installed', look: rightsFindings },
	{ name: 'versions', where: 'installed', look: versionFindings },
	{ name: 'wiring', where: 'everywhere', look: wiringFindings },
	{ name: 'plugin', where: 'everywhere', look: pluginFindings },
	{ name: 'panel-limits', where: 'everywhere', look: panelLimits },
	{ name: 'queue', where: 'live', look: queueFindings },
	{ name: 'outbound', where: 'live', look: outboundFindings },
	{ name: 'source', where: 'live', look: greetingFindings },
	{ name: 'surroundings', where: 'live', look: surroundings },
	{ name: 'space', where: 'live', look: spaceFindings },
	{ name: 'clock', where: 'live', look: clockFindings },
	{ name: 'watch', where: 'live', look: watchingFindings },
];

export const findingsOn = (ground: Ground): Promise<readonly Finding[]> => lookAll(looks, ground);

export const findingsOf = async (call: Call, names: Names, target: string | undefined): Promise<readonly Finding[]> =>
	findingsOn(await lookAround(call, names, target));
