/**
 * What on this server keeps a user who is not the MTA from sending mail out: CSF, WHM's SMTP Restrictions, rules of the kernel.
 *
 * Hosting servers lead such connections back into their own MTA or refuse them, so that no tenant sends around it. The agent delivers as a
 * user of its own and is met by the same rule: its mail comes back to it. Only looks. Not here: what may be done (plan/firewall-steps.ts).
 */
import { tweakSettingsFile, tweakSettingsIn } from '@sluice/panel-cpanel/api/files.ts';
import { type CsfFacts, csfFacts } from './csf.ts';
import { type Chains, chainsIn, groupsLetOut, type Judged, judgeOutgoing } from './egress.ts';
import type { Machine } from './machine.ts';
import { agentUser, configFolder, unitFolder } from './places.ts';

/** Ports that such rules name when they say no others. */
export const mailPorts = [25, 465, 587] as const;

/** What `--firewall rule` and `mail-group` leave on a server; that they are there tells what was chosen. */
export const exemptScript = `${configFolder}/smtp-exempt.sh`;
export const exemptUnit = 'sluice-smtp-exempt.service';
export const exemptTimer = 'sluice-smtp-exempt.timer';
export const mailGroupDropIn = `${unitFolder}/sluice-agent.service.d/50-mail-group.conf`;

export type FirewallKind = 'csf' | 'firewalld' | 'ufw' | 'iptables' | 'nft';

/** A rule that keeps a user whom no rule names from port 25 of other servers. */
export type EgressStop = {
	readonly place: 'iptables' | 'ip6tables' | 'nft';
	readonly table: string;
	readonly outcome: Exclude<Judged['outcome'], 'passes'>;
	readonly rule: string;
	/** False: it speaks of mail ports, and is not understood altogether. */
	readonly isSure: boolean;
};

/** How the agent is let out now. */
export type Exemption = 'exempt' | 'rule' | 'mail-group';

export type FirewallFacts = {
	readonly kinds: readonly FirewallKind[];
	readonly csf: CsfFacts | undefined;
	/** WHM » Security Center » SMTP Restrictions. */
	readonly isWhmRestricted: boolean;
	readonly stops: readonly EgressStop[];
	/** Groups whose processes are let out, by name. */
	readonly groupsLetOut: readonly string[];
	readonly exemption: Exemption | undefined;
	/** Folders with homes of users. */
	readonly homes: readonly string[];
	/** Files of ours and units as they are. */
	readonly hasIptables: boolean;
};

/** Nobody whom a rule names. */
const stranger = { port: 25, uid: 4_000_000_000, gid: 4_000_000_000 } as const;

export async function firewallFacts(machine: Machine): Promise<FirewallFacts> {
	const [csf, tweaks, kinds, v4, v6, nft, homes, groups, script, dropIn] = await Promise.all([
		csfFacts(machine),
		machine.read(tweakSettingsFile),
		kindsOn(machine),
		tablesOf(machine, 'iptables'),
		tablesOf(machine, 'ip6tables'),
		nftStops(machine),
		homeFolders(machine),
		machine.read('/etc/group'),
		machine.exists(exemptScript),
		machine.exists(mailGroupDropIn),
	]);
	const exemption = script
		? 'rule'
		: dropIn
			? 'mail-group'
			: csf?.allowUsers.includes(agentUser) === true
				? 'exempt'
				: undefined;
	const letOut = [...v4, ...v6].flatMap(({ chains }) => groupsLetOut(chains));
	return {
		kinds: [...(csf === undefined ? [] : (['csf'] as const)), ...kinds],
		csf,
		isWhmRestricted: tweakSettingsIn(tweaks?.content ?? '').get('smtpmailgidonly') === '1',
		stops: [...v4.flatMap(stopIn), ...v6.flatMap(stopIn), ...nft],
		groupsLetOut: namesOf(groups?.content ?? '', [...new Set(letOut)]),
		exemption,
		homes,
		hasIptables: kinds.includes('iptables'),
	};
}

/** Something here is meant to keep users other than the MTA's from sending. */
export const isRestricted = ({ csf, isWhmRestricted, stops }: FirewallFacts): boolean =>
	isCsfBlocking(csf) || isWhmRestricted || stops.some(({ isSure }) => isSure);

export const isCsfBlocking = (csf: CsfFacts | undefined): boolean => csf?.blocksSmtp === true && !csf.isDisabled;

/** Ports to which that goes. */
export function restrictedPorts({ csf }: FirewallFacts): readonly number[] {
	return isCsfBlocking(csf) ? [...new Set([...mailPorts, ...(csf?.smtpPorts ?? [])])] : mailPorts;
}

const programs: { readonly [kind in Exclude<FirewallKind, 'csf'>]: readonly string[] } = {
	firewalld: ['/usr/bin/firewall-cmd'],
	ufw: ['/usr/sbin/ufw'],
	iptables: ['/usr/sbin/iptables', '/sbin/iptables'],
	nft: ['/usr/sbin/nft', '/sbin/nft'],
};

async function kindsOn(machine: Machine): Promise<readonly Exclude<FirewallKind, 'csf'>[]> {
	const all = Object.keys(programs) as readonly (keyof typeof programs)[];
	const found = await Promise.all(
		all.map(async (kind) => (await Promise.all(programs[kind].map((path) => machine.exists(path)))).includes(true)),
	);
	return all.filter((_, at) => found[at] === true);
}

type Table = { readonly place: 'iptables' | 'ip6tables'; readonly table: string; readonly chains: Chains };

async function tablesOf(machine: Machine, place: Table['place']): Promise<readonly Table[]> {
	const asked = await Promise.all(
		['nat', 'filter'].map(async (table) => {
			const { exitCode, output } = await machine.run([place, '-w', '5', '-t', table, '-S']);
			return exitCode === 0 ? [{ place, table, chains: chainsIn(output) }] : [];
		}),
	);
	return asked.flat();
}

function stopIn({ place, table, chains }: Table): readonly EgressStop[] {
	const { outcome, rule } = judgeOutgoing(chains, stranger);
	return outcome === 'passes' || rule === undefined ? [] : [{ place, table, outcome, rule, isSure: true }];
}

/** Tables that iptables keeps through nft are read through iptables. */
const compatTable = /^table ip6? (?:filter|nat|mangle|raw|security) \{/;

/** Lines of others' tables that speak of port 25 and end it. Not understood altogether: chains, sets and their order are not followed. */
async function nftStops(machine: Machine): Promise<readonly EgressStop[]> {
	const { exitCode, output } = await machine.run(['nft', 'list', 'ruleset']);
	if (exitCode !== 0) return [];
	const tables = output
		.split(/^(?=table )/m)
		.filter((text) => !compatTable.test(text) && !/^table \S+ sluice/.test(text));
	return tables.flatMap((text) => {
		const [, table = ''] = /^table (.+?) \{/.exec(text) ?? [];
		const rules = text.split('\n').map((line) => line.trim());
		return rules
			.filter((rule) => /\bdport\b.*(?:\b25\b|\bsmtp\b)/.test(rule) && /\b(?:drop|reject|redirect|dnat)\b/.test(rule))
			.filter((rule) => !/\biifname\b/.test(rule))
			.map((rule): EgressStop => {
				const outcome = /\b(?:redirect|dnat)\b/.test(rule) ? 'redirected' : 'blocked';
				return { place: 'nft', table, outcome, rule, isSure: false };
			});
	});
}

const namesOf = (groupFile: string, gids: readonly number[]): readonly string[] =>
	groupFile
		.split('\n')
		.map((line) => line.split(':'))
		.filter(([, , gid]) => gids.includes(Number(gid)) && gid !== '0')
		.map(([name = '']) => name);

const userIdMin = 500;
const notHomes: readonly string[] = [
	'/',
	'/usr',
	'/var',
	'/etc',
	'/opt',
	'/var/lib',
	'/var/spool',
	'/run',
	'/srv',
	'/usr/local',
];

async function homeFolders(machine: Machine): Promise<readonly string[]> {
	const rows = ((await machine.read('/etc/passwd'))?.content ?? '').split('\n').map((line) => line.split(':'));
	const parents = rows
		.filter(([, , uid, , , home = '']) => Number(uid) >= userIdMin && /^\/[\w./-]+\/[^/]+$/.test(home))
		.map(([, , , , , home = '']) => home.slice(0, home.lastIndexOf('/')));
	return [...new Set(['/home', ...parents])].filter((folder) => !notHomes.includes(folder)).toSorted();
}
