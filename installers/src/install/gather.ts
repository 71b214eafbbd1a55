/**
 * Looks at the server once, for an installation: everything that the plan is made from.
 */

import { labelSteps } from '../facts/hardening.ts';
import type { Machine } from '../facts/machine.ts';
import { agentUser, configFile, configFolder, configParts, currentRelease, releasesFolder } from '../facts/places.ts';
import { pluginFacts } from '../facts/plugin.ts';
import type { Refusal } from '../facts/refusal.ts';
import { type ServerFacts, serverFacts } from '../facts/server.ts';
import { serverFindings } from '../facts/server-findings.ts';
import { openSite, type Site } from '../mta/site.ts';
import { stateOf } from '../mta/status.ts';
import { firewallSteps } from '../plan/firewall-steps.ts';
import { type ConfigFacts, type Place, stageFile } from '../plan/install-config.ts';
import {
	type InstallFacts,
	isRefusal,
	type MtaFacts,
	type OwnRelease,
	type Surroundings,
} from '../plan/install-facts.ts';
import { unitSettings } from '../plan/install-plan.ts';
import { stageOf } from '../stage/stage.ts';
import { guardUnit, recurringUnits, servingUnits, type UnitSettings } from '../units/names.ts';
import { formerFiles } from '../units/unit-steps.ts';
import { type InstallCall, machineOf, mtaOptions, serverTerminal } from './call.ts';

export async function gather(call: InstallCall): Promise<InstallFacts> {
	const { options, ports } = call;
	const machine = machineOf(call);
	const opened = await openSite(await serverTerminal(call), mtaOptions(options), ports);
	const configuredPort = opened.ok && opened.value.config !== undefined ? opened.value.agentPort : undefined;
	const port = options.port ?? configuredPort;
	const server = await serverFacts(machine, port === undefined ? {} : { port });
	const release = ports.release();
	const site = opened.ok ? await siteFor(call, opened.value, server) : opened.error;
	const mta = isRefusal(site) ? site : mtaFacts(site);
	const partial = {
		isRoot: ports.isRoot,
		server,
		release,
		placed: await placedManifest(machine, release),
		mta,
		config: await configFacts(machine, server, isRefusal(site) ? undefined : site.config?.wiring.secretFile),
		plugin: await pluginOf(machine, server),
		surroundings: await surroundingsOf(call, server, isRefusal(site) ? undefined : site),
	};
	return { ...partial, ...(await unitFacts(machine, partial)) };
}

/** The wiring with the port that the agent will have. */
async function siteFor(call: InstallCall, site: Site, { relayPort }: ServerFacts): Promise<Site | Refusal> {
	if (site.agentPort === relayPort.port) return site;
	const options = { ...mtaOptions(call.options), port: relayPort.port };
	const again = await openSite(await serverTerminal(call), options, call.ports);
	return again.ok ? again.value : again.error;
}

function mtaFacts(site: Site): MtaFacts {
	const { mta, user, wiring, config } = site;
	const secretFile = config?.wiring.secretFile;
	return {
		mta,
		state: stateOf(site),
		user,
		wiring: wiring.ok ? wiring.value : wiring.error,
		stage: stageOf(site.only, config),
		only: site.only,
		configured: config === undefined ? undefined : { ...(secretFile === undefined ? {} : { secretFile }) },
	};
}

async function placedManifest(machine: Machine, release: OwnRelease | undefined): Promise<string | undefined> {
	if (release === undefined) return undefined;
	return (await machine.read(`${releasesFolder}/${release.version}/release.json`))?.content;
}

async function configFacts(
	machine: Machine,
	{ users }: ServerFacts,
	secretFile: string | undefined,
): Promise<ConfigFacts> {
	const parts = (await machine.list(configParts)).filter((name) => /^[^.].*\.yaml$/.test(name));
	const paths = [configFile, ...parts.map((name) => `${configParts}/${name}`), `${configFolder}/wiring-secret`];
	const all = new Set([...paths, stageFile, ...(secretFile === undefined ? [] : [secretFile])]);
	const found = await Promise.all([...all].map((path) => machine.read(path)));
	return {
		hasFolder: await machine.exists(configFolder),
		hasParts: await machine.exists(configParts),
		folders: await placesOf(machine, [configFolder, configParts]),
		files: new Map(found.filter((file) => file !== undefined).map((file) => [file.path, file])),
		agentGid: users.groups.get(agentUser)?.gid,
	};
}

async function placesOf(machine: Machine, folders: readonly string[]): Promise<readonly Place[]> {
	const found: Place[] = [];
	for (const path of folders) {
		const { exitCode, output } = await machine.run(['stat', '-c', '%a %u %g', path]);
		const [, mode, uid, gid] = /^([0-7]+) (\d+) (\d+)$/.exec(output.trim()) ?? [];
		if (exitCode === 0 && mode !== undefined)
			found.push({ path, mode: Number.parseInt(mode, 8), uid: Number(uid), gid: Number(gid) });
	}
	return found;
}

async function pluginOf(machine: Machine, { panel }: ServerFacts): Promise<InstallFacts['plugin']> {
	if (panel.kind !== 'cpanel') return undefined;
	const facts = await pluginFacts(machine);
	return facts.ok ? facts.value : facts.error;
}

async function surroundingsOf(
	call: InstallCall,
	{ earlier: { journal } }: ServerFacts,
	site: Site | undefined,
): Promise<Surroundings> {
	const { firewall, hardening, findings } = await serverFindings(machineOf(call));
	const smarthostPort = site?.config?.delivery.smarthost?.port;
	const plan = firewallSteps(firewall, {
		choice: call.options.firewall,
		remembered: journal?.firewall,
		recorded: journal?.steps ?? [],
		smarthostPort,
	});
	return {
		firewall: plan.ok ? plan.value.choice : undefined,
		refusals: plan.ok ? [] : [plan.error],
		findings: [...findings.map(({ text, mend }) => `${text} ${mend}`), ...(plan.ok ? plan.value.notes : [])],
		steps: [...labelSteps(hardening), ...(plan.ok ? plan.value.steps : [])].map((step) => ({
			...step,
			part: 'firewall' as const,
		})),
	};
}

type Unitless = Omit<InstallFacts, 'formerUnits' | 'isServing' | 'isRecurring'>;

async function unitFacts(
	machine: Machine,
	facts: Unitless,
): Promise<Pick<InstallFacts, 'formerUnits' | 'isServing' | 'isRecurring'>> {
	const none = { formerUnits: new Map(), isServing: false, isRecurring: false };
	if (isRefusal(facts.mta)) return none;
	const settings: UnitSettings = unitSettings({ ...facts, ...none, mta: facts.mta });
	const areUp = async (units: readonly string[]): Promise<boolean> => {
		const enabled = units.filter((unit) => unit !== guardUnit);
		// One by one: of several, one that is so would be enough for systemctl.
		for (const [verb, all] of [['is-active', units] as const, ['is-enabled', enabled] as const])
			for (const unit of all)
				if ((await machine.run(['systemctl', verb, '--quiet', unit])).exitCode !== 0) return false;
		return true;
	};
	// A release that is replaced has to be started anew.
	const isCurrent = facts.server.earlier.currentTarget === `releases/${facts.release?.version}`;
	return {
		formerUnits: await formerFiles(machine, settings),
		isServing: isCurrent && (await machine.exists(currentRelease)) && (await areUp(servingUnits(settings))),
		isRecurring: await areUp(recurringUnits(settings)),
	};
}
