/**
 * What a cPanel server's Exim is: the configuration that cPanel has built, and the files of which it builds it.
 *
 * cPanel builds `/etc/exim.conf` of its stock text, `exim.conf.local`, `exim.conf.localopts` and custom ACL files; only these three
 * kinds are ever written here. The built file is read for what the stock route does, with its macros: what Exim itself prints has them
 * expanded, and the secret of SRS in it. Not here: what is to change (plan/cpanel.ts), accounts and limits (panel-cpanel).
 */
import { cpanelAclFiles } from '@sluice/shared/mta/exim.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { type EximTold, eximItself } from './exim.ts';
import type { FileFact, Machine } from './machine.ts';
import type { Refusal } from './refusal.ts';

export const cpanelProgram = '/usr/sbin/exim';
export const cpanelConfLocal = '/etc/exim.conf.local';
export const cpanelLocalOpts = '/etc/exim.conf.localopts';
export const cpanelBuilt = '/etc/exim.conf';
export const cpanelBuild = '/usr/local/cpanel/scripts/buildeximconf';
export const cpanelRestart = '/usr/local/cpanel/scripts/restartsrv_exim';
const versionPath = '/usr/local/cpanel/version';
const aclFolder = '/usr/local/cpanel/etc/exim/acls';
const aliasFolder = '/etc/valiases';

/** Root's alone. Not in /run, since a bypass outlives a reboot, and not below the agent's folder, which its group may read. */
export const cpanelSecretFolder = '/etc/sluice-exim';
export const cpanelSecretPath = `${cpanelSecretFolder}/secret`;
export const cpanelBypassPath = `${cpanelSecretFolder}/bypass`;
export const cpanelOnlyPath = `${cpanelSecretFolder}/only`;

export const cpanelAclPaths = [
	`${aclFolder}/${cpanelAclFiles.aclMail}`,
	`${aclFolder}/${cpanelAclFiles.aclNotSmtp}`,
] as const;

export type CpanelFacts = EximTold & {
	readonly kind: 'cpanel';
	/** `/etc/exim.conf` as it was built last. */
	readonly built: string;
	/** exim.conf.local, exim.conf.localopts and our ACL files, as far as they are there. */
	readonly sources: readonly FileFact[];
	/** A local address that leads outside, if one was found: routing it is tried, nothing is sent there. */
	readonly alias: string | undefined;
	readonly isBypassed: boolean;
	/** Kinds of jails in which users' programs may run here. */
	readonly jails: readonly Jail[];
};

export type Jail = 'cagefs' | 'jailshell';

export const isCpanel = (machine: Machine): Promise<boolean> => machine.exists(versionPath);

export async function cpanelFacts(machine: Machine): Promise<Result<CpanelFacts, Refusal>> {
	for (const script of [cpanelBuild, cpanelRestart])
		if (!(await machine.exists(script)))
			return failed({
				code: 'panel',
				text: `This is a cPanel server, and ${script} is missing: its Exim cannot be wired without.`,
				hint: 'Where another MTA sends the mail, there is nothing to wire here.',
			});
	const told = await eximItself(machine, cpanelProgram);
	if (!told.ok) return told;
	const built = await machine.read(cpanelBuilt);
	if (built === undefined)
		return failed({ code: 'mta-broken', text: `${cpanelBuilt} is missing.`, hint: `${cpanelBuild} builds it.` });
	return ok({
		kind: 'cpanel',
		...told.value,
		built: built.content,
		sources: await cpanelSources(machine),
		alias: await aliasThatLeadsOutside(machine),
		isBypassed: await machine.exists(cpanelBypassPath),
		jails: await jailsIn(machine),
	});
}

/** Every file that may hold something of ours. Asks no program. */
export async function cpanelSources(machine: Machine): Promise<readonly FileFact[]> {
	const files = await Promise.all(
		[cpanelConfLocal, cpanelLocalOpts, ...cpanelAclPaths, cpanelOnlyPath].map((path) => machine.read(path)),
	);
	return files.filter((file) => file !== undefined);
}

/** Enough to find one where there is one, without reading the aliases of thousands of domains. */
const aliasFilesMax = 200;

async function aliasThatLeadsOutside(machine: Machine): Promise<string | undefined> {
	const local = new Set(((await machine.read('/etc/localdomains'))?.content ?? '').split('\n'));
	const domains = (await machine.list(aliasFolder)).filter((name) => local.has(name));
	for (const domain of domains.slice(0, aliasFilesMax)) {
		const lines = (await machine.read(`${aliasFolder}/${domain}`))?.content.split('\n') ?? [];
		for (const line of lines) {
			const [, name, target] = /^([^\s*:"|]+):\s*[^\s,:"|/]+@([A-Za-z0-9.-]+)$/.exec(line.trim()) ?? [];
			if (name !== undefined && target !== undefined && !local.has(target.toLowerCase()))
				return name.includes('@') ? name : `${name}@${domain}`;
		}
	}
	return undefined;
}

/** Users whose shell is cPanel's jail, and CloudLinux's cage. */
export async function jailsIn(machine: Machine): Promise<readonly Jail[]> {
	const hasCage = await machine.exists('/usr/sbin/cagefsctl');
	const passwd = (await machine.read('/etc/passwd'))?.content ?? '';
	return [...(hasCage ? (['cagefs'] as const) : []), ...(/\/jailshell$/m.test(passwd) ? (['jailshell'] as const) : [])];
}
