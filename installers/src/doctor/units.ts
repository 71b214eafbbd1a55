/**
 * The units of an installed server: whether their files are the installer's, whether they are started and enabled, and what the last one that
 * failed had to say; and the relay guard, whether the kernel has it.
 */

import { exemptScript, exemptTimer } from '../facts/firewall.ts';
import { relayGuardFile, unitFolder } from '../facts/places.ts';
import { relayPortDefault } from '../facts/relay-port.ts';
import { run, tried } from '../plan/step.ts';
import * as names from '../units/names.ts';
import { guardHere, guardOnDisk, workingNft } from '../units/relay-guard.ts';
import { type FormerFiles, formerFiles, recurringSteps, unitSteps, wantedFiles } from '../units/unit-steps.ts';
import { type Finding, type Repair, watch, wrong } from './finding.ts';
import type { Ground } from './ground.ts';

export async function unitFindings(ground: Ground): Promise<readonly Finding[]> {
	const { machine } = ground;
	const settings = await settingsHere(ground);
	const [former, hasExempt] = await Promise.all([formerFiles(machine, settings), machine.exists(exemptScript)]);
	const repair = repairOf(settings, former);
	const files = wantedFiles(settings).flatMap(({ path, content }): readonly Finding[] => {
		const current = former.get(path);
		if (current === undefined)
			return [wrong('units.missing', `${path} is missing.`, '`sluice doctor --repair`', repair)];
		if (current.content === content) return [];
		const text = `${path} is not as this version of sluice writes it.`;
		return [
			wrong('units.changed', text, `\`sluice doctor --repair\`; changes of your own belong into ${path}.d/`, repair),
		];
	});
	const enabled = [...names.servingUnits(settings), ...names.recurringUnits(settings)];
	const asked = [...enabled, ...names.startedUnits(settings), ...(hasExempt ? [exemptTimer] : [])];
	const states = await statesOf(ground, asked);
	const found: Finding[] = [];
	for (const [name, state] of states) {
		const isStarted = enabled.includes(name) || name === exemptTimer;
		found.push(...(await stateFindings(ground, { name, state, isStarted, repair })));
	}
	return [...files, ...found];
}

type UnitState = ReadonlyMap<string, string>;

async function stateFindings(
	{ machine }: Ground,
	unit: { readonly name: string; readonly state: UnitState; readonly isStarted: boolean; readonly repair: Repair },
): Promise<readonly Finding[]> {
	const { name, state, isStarted, repair } = unit;
	const [active, enabled] = [state.get('ActiveState'), state.get('UnitFileState')];
	const mend = `\`sluice doctor --repair\`, or \`systemctl enable --now ${name}\``;
	if (state.get('LoadState') === 'masked')
		return [wrong('units.masked', `${name} is masked: somebody has forbidden it.`, `\`systemctl unmask ${name}\``)];
	if (active === 'failed') {
		const { output } = await machine.run(['journalctl', '-u', name, '-n', '1', '-o', 'cat', '--no-pager', '-q']);
		const last = output.trim().split('\n').at(-1) ?? '';
		return [
			wrong(
				'units.failed',
				`${name} has failed${last === '' ? '' : `: ${last}`}.`,
				`\`journalctl -u ${name}\` tells more; ${mend}`,
				repair,
			),
		];
	}
	if (!isStarted) return [];
	return [
		...(active === 'active' || active === 'activating' || active === 'reloading'
			? []
			: [wrong('units.stopped', `${name} is not started (${active ?? 'unknown'}).`, mend, repair)]),
		...(enabled === 'enabled' || name === names.guardUnit || enabled === undefined
			? []
			: [wrong('units.disabled', `${name} will not be started with the server (${enabled}).`, mend, repair)]),
		...(state.get('NeedDaemonReload') === 'yes'
			? [watch('units.reload', `${name} runs by an older file than there is.`, '`systemctl daemon-reload`')]
			: []),
	];
}

const properties = 'Id,LoadState,ActiveState,UnitFileState,NeedDaemonReload';

async function statesOf({ machine }: Ground, units: readonly string[]): Promise<ReadonlyMap<string, UnitState>> {
	const { output } = await machine.run(['systemctl', 'show', '--no-pager', '-p', properties, ...units]);
	const blocks = output.trim().split(/\n\s*\n/);
	return new Map(
		blocks.map((block) => {
			const state = new Map(
				block.split('\n').map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)]),
			);
			return [state.get('Id') ?? '', state] as const;
		}),
	);
}

/** As the installer has decided on this server: what lies on it tells. */
async function settingsHere({ machine, isCpanel, site }: Ground): Promise<names.UnitSettings> {
	const disk = await guardOnDisk(machine);
	const nft = disk === undefined ? undefined : ((await workingNft(machine)) ?? '/usr/sbin/nft');
	const socket = await machine.read(`${unitFolder}/${names.smtpSocketUnit}`);
	const port = Number(/^ListenStream=127\.0\.0\.1:(\d+)$/m.exec(socket?.content ?? '')?.[1]);
	return {
		relayPort: disk?.port ?? (port > 0 ? port : site.ok ? site.value.agentPort : relayPortDefault),
		panel: isCpanel ? 'cpanel' : 'none',
		...(disk === undefined || nft === undefined ? {} : { guard: { nft, uids: disk.uids.filter((uid) => uid !== 0) } }),
	};
}

/** For looks of others, whose trouble is that a unit does not run. */
export async function unitRepair(ground: Ground): Promise<Repair> {
	const settings = await settingsHere(ground);
	return repairOf(settings, await formerFiles(ground.machine, settings));
}

/** Files as they should be, and everything started. What runs well goes on running. */
function repairOf(settings: names.UnitSettings, former: FormerFiles): Repair {
	const steps = [...unitSteps(settings, former), ...recurringSteps(settings)];
	const reset = tried('systemctl', 'reset-failed', 'sluice-*');
	return {
		id: 'units',
		what: 'Write the units as they should be, and start them.',
		apply: [reset, ...steps.filter(({ doneWhen }) => doneWhen.kind !== 'is-so').flatMap(({ apply }) => apply)],
	};
}

export async function guardFindings({ machine }: Ground): Promise<readonly Finding[]> {
	const found = await guardHere(machine);
	if (found.kind === 'none' || found.kind === 'in-force') return [];
	if (found.kind === 'no-nft')
		return [
			watch(
				'guard.no-nft',
				'nft is not here, or the kernel does not answer it: nothing in the kernel keeps tenants from the relay port. The agent asks the kernel at each connection who it is.',
				`Install nftables, then \`sluice doctor --repair\`.`,
			),
		];
	return [
		wrong(
			'guard.missing',
			`The rule that keeps tenants from the relay port (${found.disk.port}) is not in force: somebody has flushed it. The agent refuses them still, by itself.`,
			`\`systemctl start ${names.guardUnit}\`, or \`sluice doctor --repair\``,
			{
				id: 'guard',
				what: `Load the relay guard (${relayGuardFile}).`,
				apply: [run(found.nft, '-f', relayGuardFile)],
			},
		),
	];
}
