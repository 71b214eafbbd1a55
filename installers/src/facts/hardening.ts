/**
 * What else on this server decides who may do what: SELinux, AppArmor, CageFS, jailed shells; and what that means for the parts of Sluice.
 *
 * Only looks. None of it was to be had where this was written: docs/unproved.md says how to settle it on a server.
 */
import { type Finding, watch, wrong } from '../doctor/finding.ts';
import type { Step } from '../plan/step.ts';
import { cpanelSecretFolder, isCpanel, type Jail, jailsIn } from './cpanel.ts';
import type { Machine } from './machine.ts';
import { configFolder, dataFolder, installFolder, programFolder, runFolder, unitFolder } from './places.ts';

export type SelinuxMode = 'enforcing' | 'permissive' | 'disabled';

export type HardeningFacts = {
	/** Now. `disabled` where there is none. */
	readonly selinux: SelinuxMode;
	/** What it will be after the next start, where that differs. */
	readonly selinuxNext: SelinuxMode | undefined;
	/** Profiles of AppArmor that confine the MTA, by file. */
	readonly apparmorProfiles: readonly string[];
	readonly jails: readonly Jail[];
	/** Places of ours that CageFS shows to tenants. */
	readonly cageShows: readonly string[];
	readonly isCpanel: boolean;
};

const cageMounts = '/etc/cagefs/cagefs.mp';
/** Sockets, configuration, secret and data: nothing of it is for tenants. */
const hidden: readonly string[] = [runFolder, configFolder, cpanelSecretFolder, dataFolder, installFolder];

const modeIn = (text: string): SelinuxMode | undefined => {
	const word = text.trim().toLowerCase();
	return word === 'enforcing' || word === 'permissive' || word === 'disabled' ? word : undefined;
};

export async function hardeningFacts(machine: Machine): Promise<HardeningFacts> {
	const [asked, config, jails, mounts, profiles, hasPanel] = await Promise.all([
		machine.run(['getenforce']),
		machine.read('/etc/selinux/config'),
		jailsIn(machine),
		machine.read(cageMounts),
		apparmorProfiles(machine),
		isCpanel(machine),
	]);
	const selinux = (asked.exitCode === 0 ? modeIn(asked.output) : undefined) ?? 'disabled';
	const next = modeIn(/^\s*SELINUX\s*=\s*(\w+)/m.exec(config?.content ?? '')?.[1] ?? '');
	return {
		selinux,
		selinuxNext: next === undefined || next === selinux ? undefined : next,
		apparmorProfiles: profiles,
		jails,
		cageShows: shownBy(mounts?.content ?? ''),
		isCpanel: hasPanel,
	};
}

async function apparmorProfiles(machine: Machine): Promise<readonly string[]> {
	const isOn = ((await machine.read('/sys/module/apparmor/parameters/enabled'))?.content ?? '').startsWith('Y');
	if (!isOn) return [];
	const names = await machine.list('/etc/apparmor.d');
	return names.filter((name) => /exim|postfix|sluice/.test(name)).map((name) => `/etc/apparmor.d/${name}`);
}

/**
 * A line of cagefs.mp is a folder, after `!` one that is mounted read-only, after `@` or `%` one of the user's own, each perhaps with a mode.
 * A folder above one of ours shows it too.
 */
function shownBy(text: string): readonly string[] {
	const mounted = text
		.split('\n')
		.map((line) => /^!?(\/[^,\s]*)/.exec(line.trim())?.[1]?.replace(/\/+$/, ''))
		.filter((path) => path !== undefined && path !== '');
	return hidden.filter((place) => mounted.some((path) => place === path || place.startsWith(`${path}/`)));
}

export function hardeningFindings(facts: HardeningFacts): readonly Finding[] {
	const { selinux, selinuxNext, apparmorProfiles: profiles, jails, cageShows } = facts;
	return [
		...(selinux === 'disabled' && (selinuxNext === undefined || selinuxNext === 'disabled')
			? []
			: [
					watch(
						'server.selinux',
						`SELinux is ${selinux}${selinuxNext === undefined ? '' : `, and ${selinuxNext} from the next start on`}. The files get the labels of the server's policy; a mail server that it confines must be allowed to connect to the relay port.`,
						facts.isCpanel
							? 'cPanel asks for SELinux to be off.'
							: '`ausearch -m avc -ts recent` shows what was refused; `semanage port -a -t smtp_port_t -p tcp 926` lets the mail server connect.',
					),
				]),
		...profiles.map((path) =>
			watch(
				'server.apparmor',
				`AppArmor has a profile that may confine the mail server: ${path}.`,
				'`journalctl -k -g apparmor` shows what was refused; the mail server must read its secret and connect to the relay port.',
			),
		),
		...cageShows.map((place) =>
			wrong(
				'server.cagefs-shows',
				`CageFS shows ${place} to every tenant (${cageMounts}).`,
				`Take it out of ${cageMounts}, then \`cagefsctl --remount-all\`.`,
			),
		),
		...jails.map((jail) =>
			watch(
				'server.jail',
				`Programs of users run in ${jail === 'cagefs' ? 'CageFS' : 'jailshell'}: what they send by themselves is attributed by their user id.`,
				'Nothing to do; docs/wiring.md, section cPanel, tells what it means.',
			),
		),
	];
}

/** Labels by the server's policy for what was just put there; nothing where SELinux is off. */
export function labelSteps({ selinux }: HardeningFacts): readonly Step[] {
	if (selinux === 'disabled') return [];
	const places = [programFolder, configFolder, dataFolder, installFolder, runFolder, unitFolder];
	return [
		{
			id: 'labels',
			what: "Give the new files the labels of this server's SELinux policy (restorecon).",
			doneWhen: { kind: 'never' },
			apply: [{ kind: 'run', command: ['restorecon', '-R', '-i', ...places] }],
			undo: [],
		},
	];
}
