/**
 * What on this server keeps a user who is not the MTA from sending mail out: CSF, WHM's SMTP Restrictions, rules of the kernel.
 *
 * Hosting servers lead such connections back into their own MTA or refuse them, so that no tenant sends around it. The agent delivers as a
 * user of its own and is met by the same rule: its mail comes back to it. Only looks. Not here: what may be done (plan/firewall-steps.ts).
 */
import { tweakSettingsFile, tweakSettingsIn } from '@sluice/panel-cpanel/api/files.ts';
import { agentUnit } from '../units/names.ts';
import { groupRows, type Row, rowNamed, userRows } from './accounts.ts';
import { type CsfFacts, csfFacts } from './csf.ts';
import { type Chains, chainsIn, groupsLetOut, type Judged, judgeOutgoing, type Outgoing } from './egress.ts';
import type { FileFact, Machine } from './machine.ts';
import { agentUser, configFolder, unitFolder } from './places.ts';

/** Ports that such rules name when they say no others. */
export const mailPorts = [25, 465, 587] as const;

/** What `--firewall rule` and `mail-group` leave on a server; that they are there tells what was chosen. */
export const exemptComment = 'sluice-out';
export const exemptScript = `${configFolder}/smtp-exempt.sh`;
export const exemptUnit = 'sluice-smtp-exempt.service';
export const exemptTimer = 'sluice-smtp-exempt.timer';
export const exemptUnitPath = `${unitFolder}/${exemptUnit}`;
export const exemptTimerPath = `${unitFolder}/${exemptTimer}`;
export const mailGroupDropIn = `${unitFolder}/${agentUnit}.d/50-mail-group.conf`;

/** What an administrator can choose (`--firewall`). */
export const firewallChoices = ['exempt', 'rule', 'mail-group', 'smarthost', 'none'] as const;
export type FirewallChoice = (typeof firewallChoices)[number];

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
export type Exemption = Extract<FirewallChoice, 'exempt' | 'rule' | 'mail-group'>;

export type FirewallFacts = {
	readonly kinds: readonly FirewallKind[];
	readonly csf: CsfFacts | undefined;
	/** WHM » Security Center » SMTP Restrictions. */
	readonly isWhmRestricted: boolean;
	readonly stops: readonly EgressStop[];
	/** Groups whose processes are let out, by name. */
	readonly groupsLetOut: readonly string[];
	/** Of several, say in the middle of going from one to another, the first counts. */
	readonly exemptions: readonly Exemption[];
	/** What of the files above is there, by path. */
	readonly own: ReadonlyMap<string, FileFact>;
	/** Our rule stands first wherever others stand, and is looked after. */
	readonly isRuleInForce: boolean;
	/** The rule that stops the agent's own user and group; undefined: none, or there is no such user yet. */
	readonly agentStop: EgressStop | undefined;
	readonly hasAgentUnit: boolean;
	/** Folders with homes of users. */
	readonly homes: readonly string[];
	readonly hasIptables: boolean;
};

/** Nobody whom a rule names. */
const stranger = { port: 25, uid: 4_000_000_000, gid: 4_000_000_000 } as const;

export async function firewallFacts(machine: Machine): Promise<FirewallFacts> {
	const [csf, tweaks, kinds, v4, v6, nft, homes, groups, own, agent, isTimerUp, hasAgentUnit] = await Promise.all([
		csfFacts(machine),
		machine.read(tweakSettingsFile),
		kindsOn(machine),
		tablesOf(machine, 'iptables'),
		tablesOf(machine, 'ip6tables'),
		nftStops(machine),
		homeFolders(machine),
		groupRows(machine),
		ownFiles(machine),
		agentIds(machine),
		isExemptTimerUp(machine),
		machine.exists(`${unitFolder}/${agentUnit}`),
	]);
	const tables = [...v4, ...v6];
	const present: readonly (readonly [Exemption, boolean])[] = [
		['rule', [exemptScript, exemptUnitPath, exemptTimerPath].some((path) => own.has(path))],
		['mail-group', own.has(mailGroupDropIn)],
		['exempt', csf?.allowUsers.includes(agentUser) === true],
	];
	const letOut = tables.flatMap(({ chains }) => groupsLetOut(chains));
	return {
		kinds: [...(csf === undefined ? [] : (['csf'] as const)), ...kinds],
		csf,
		isWhmRestricted: tweakSettingsIn(tweaks?.content ?? '').get('smtpmailgidonly') === '1',
		stops: [...tables.flatMap((table) => stopIn(table, stranger)), ...nft],
		groupsLetOut: namesOf(groups, [...new Set(letOut)]),
		exemptions: present.filter(([, isThere]) => isThere).map(([name]) => name),
		own,
		isRuleInForce: isTimerUp && tables.every(({ chains }) => isOursFirst(chains)),
		agentStop:
			agent === undefined ? undefined : tables.flatMap((table) => stopIn(table, { ...agent, port: mailPorts[0] }))[0],
		hasAgentUnit,
		homes,
		hasIptables: kinds.includes('iptables'),
	};
}

async function ownFiles(machine: Machine): Promise<FirewallFacts['own']> {
	const paths = [exemptScript, exemptUnitPath, exemptTimerPath, mailGroupDropIn];
	const found = await Promise.all(paths.map((path) => machine.read(path)));
	return new Map(found.filter((file) => file !== undefined).map((file) => [file.path, file]));
}

async function isExemptTimerUp(machine: Machine): Promise<boolean> {
	const asked = await Promise.all(
		['is-active', 'is-enabled'].map((verb) => machine.run(['systemctl', verb, '--quiet', exemptTimer])),
	);
	return asked.every(({ exitCode }) => exitCode === 0);
}

/** Where nobody's rules stand, none of ours is needed. */
export function isOursFirst({ policies, rules }: Chains): boolean {
	const [first] = rules.get('OUTPUT') ?? [];
	return first === undefined ? policies.get('OUTPUT') !== 'DROP' : first.includes(`--comment ${exemptComment} `);
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

function stopIn({ place, table, chains }: Table, packet: Outgoing): readonly EgressStop[] {
	const { outcome, rule } = judgeOutgoing(chains, packet);
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

const namesOf = (groups: readonly Row[], gids: readonly number[]): readonly string[] =>
	groups.filter(([, , gid]) => gids.includes(Number(gid)) && gid !== '0').map(([name = '']) => name);

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
	const parents = (await userRows(machine))
		.filter(([, , uid, , , home = '']) => Number(uid) >= userIdMin && /^\/[\w./-]+\/[^/]+$/.test(home))
		.map(([, , , , , home = '']) => home.slice(0, home.lastIndexOf('/')));
	return [...new Set(['/home', ...parents])].filter((folder) => !notHomes.includes(folder)).toSorted();
}

/** The agent's user and first group as its unit runs it; undefined: there is no such user. */
export async function agentIds(machine: Machine): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
	const [users, groups, dropIn] = await Promise.all([
		userRows(machine),
		groupRows(machine),
		machine.read(mailGroupDropIn),
	]);
	const user = rowNamed(users, agentUser);
	if (user === undefined) return undefined;
	const first = /^Group=(\S+)$/m.exec(dropIn?.content ?? '')?.[1];
	const gid = first === undefined ? user[3] : rowNamed(groups, first)?.[2];
	return { uid: Number(user[2]), gid: Number(gid ?? user[3]) };
}
