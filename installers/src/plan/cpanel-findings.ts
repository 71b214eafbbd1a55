/**
 * What stands in the way of wiring cPanel's Exim, and what people should know of it: other relays by name and place, replaced blocks, jails.
 * Pure.
 */
import type { WiringFinding } from '@sluice/shared/mta/checks.ts';
import { localOption, replacedBlocks, sectionOf } from '@sluice/shared/mta/cpanel-local.ts';
import { driverNames, logicalLines } from '@sluice/shared/mta/exim-format.ts';
import type { EximRelay } from '@sluice/shared/mta/exim-relays.ts';
import { cpanelStockNames } from '@sluice/shared/mta/exim-stock.ts';
import { type CpanelFacts, cpanelBuild, cpanelConfLocal, cpanelLocalOpts } from '../facts/cpanel.ts';
import type { Refusal } from '../facts/refusal.ts';
import { isTooOld } from './exim-refusals.ts';
import { foreignOwner } from './ownership.ts';
import type { WireSettings } from './wiring.ts';

/** The first thing in the way; undefined when there is none. */
export function cpanelRefusal(
	facts: CpanelFacts,
	relays: readonly EximRelay[],
	settings: WireSettings,
): Refusal | undefined {
	const old = isTooOld(facts.version);
	if (old !== undefined) return old;
	const news = relays.filter(({ router }) => settings.aside?.includes(router) !== true);
	if (news.length > 0 && !settings.overSmarthost)
		return {
			code: 'smarthost',
			text: `Another relay is set: ${news.map((relay) => relayText(facts, relay)).join('; ')}.`,
			hint: '`sluice mta wire --adopt-upstream` makes it the upstream of the agent, with login and identity header; --over-smarthost puts it aside without. Either way `unwire` brings it back.',
		};
	const routers = driverNames(logicalLines(facts.built), 'routers');
	if (!cpanelStockNames.routers.some((name) => routers.includes(name)))
		return {
			code: 'no-route',
			text: `The configuration that cPanel has built has none of its routers for remote mail (${cpanelStockNames.routers.join(', ')}).`,
			hint: `Build it again and look at it: ${cpanelBuild}.`,
		};
	if (!/^\s*domainlist\s+local_domains\s*=/m.test(facts.built))
		return {
			code: 'local-domains',
			text: 'The configuration has no `domainlist local_domains`, so what is remote cannot be told.',
			hint: `Build it again: ${cpanelBuild}.`,
		};
	return foreignOwner(facts.sources);
}

/** `router mailchannels (@POSTMAILCOUNT@ of /etc/exim.conf.local) sends all remote mail to smtp.example.net, port 25`. */
function relayText(facts: CpanelFacts, relay: EximRelay): string {
	const to = relay.hosts.length === 0 ? relay.route : `${relay.hosts.join(', ')}, port ${relay.port}`;
	return `router ${relay.router} (${placeOf(facts, relay)}) sends all remote mail to ${to}`;
}

function placeOf({ sources }: CpanelFacts, { router }: EximRelay): string {
	const section = sectionOf(textOf(sources, cpanelConfLocal), `${router}:`);
	if (section !== undefined) return `@${section}@ of ${cpanelConfLocal}`;
	const route = localOption(textOf(sources, cpanelLocalOpts), 'smarthost_routelist') ?? '';
	return route === '' ? '/etc/exim.conf' : `Basic Editor, smarthost_routelist in ${cpanelLocalOpts}`;
}

export const relayFindings = (facts: CpanelFacts, relays: readonly EximRelay[]): readonly WiringFinding[] =>
	relays.map((relay) => ({
		code: 'smarthost',
		severity: 'note',
		text: 'Another relay is put aside: it is taken while bypassed, and alone again after unwire.',
		evidence: relayText(facts, relay),
	}));

export function cpanelNotes(facts: CpanelFacts): readonly WiringFinding[] {
	const replaced = replacedBlocks(textOf(facts.sources, cpanelConfLocal));
	return [
		...replaced.map(
			(name): WiringFinding => ({
				code: 'replaced-block',
				severity: 'note',
				text: 'A stock block is replaced by text of this server; the wiring is checked with it as it is.',
				evidence: `${name} in ${cpanelConfLocal}`,
			}),
		),
		...facts.jails.map(
			(jail): WiringFinding => ({
				code: 'jail',
				severity: 'note',
				text: 'Programs of users may run in a jail that shows neither the secret nor the bypass. What is sent from inside is attributed by its user id, with the alarm wiring.secret-missing, and not bypassed at the first attempt.',
				evidence: jail === 'cagefs' ? 'CageFS (/usr/sbin/cagefsctl)' : 'jailshell in /etc/passwd',
			}),
		),
	];
}

const textOf = (sources: CpanelFacts['sources'], path: string): string =>
	sources.find((file) => file.path === path)?.content ?? '';
