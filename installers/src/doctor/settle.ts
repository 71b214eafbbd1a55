/**
 * What commands can settle on a live cPanel server of the claims in unproved.ts: each looks or asks, and changes nothing.
 */
import { systemCpanelApi } from '@sluice/panel-cpanel/api/cpanel-api.ts';
import { openUapi, openWhm } from '@sluice/panel-cpanel/api/envelope.ts';
import { limitSettings, ownersIn, tweakSettingsFile, tweakSettingsIn } from '@sluice/panel-cpanel/api/files.ts';
import { hookScript } from '@sluice/panel-cpanel/hooks.ts';
import { findBlocks } from '@sluice/shared/mta/blocks.ts';
import { eximRouterName, eximTransportName } from '@sluice/shared/mta/exim.ts';
import { driver, driverNames, logicalLines } from '@sluice/shared/mta/exim-format.ts';
import { cpanelStockNames } from '@sluice/shared/mta/exim-stock.ts';
import { firstNames } from '@sluice/shared/words/names.ts';
import { failed, ok } from '@sluice/shared/words/result.ts';
import { cpanelAclPaths, cpanelBuilt, cpanelConfLocal, cpanelProgram, jailsIn } from '../facts/cpanel.ts';
import type { Machine } from '../facts/machine.ts';
import { pluginPrograms } from '../facts/plugin.ts';
import { aclOption } from '../plan/cpanel.ts';
import { contradicted, notSettled, proved, type Settled } from './finding.ts';

const text = async (machine: Machine, path: string): Promise<string> => (await machine.read(path))?.content ?? '';
const notWired = notSettled('Exim is not wired here yet: `sluice mta wire`, then again.');

/** Asks only where Exim is wired. */
const whenWired =
	(settle: (built: string, machine: Machine) => Settled | Promise<Settled>) =>
	async (machine: Machine): Promise<Settled> => {
		const local = findBlocks(await text(machine, cpanelConfLocal));
		if (!local.ok || !local.value.some(({ name }) => name === 'routers')) return notWired;
		return settle(await text(machine, cpanelBuilt), machine);
	};

export const blocksBuiltIn = whenWired((built) => {
	const lines = logicalLines(built);
	const hasRouter = driverNames(lines, 'routers').includes(eximRouterName);
	const hasTransport = driverNames(lines, 'transports').includes(eximTransportName);
	return hasRouter && hasTransport
		? proved(`${eximRouterName} and ${eximTransportName} stand in ${cpanelBuilt}.`)
		: contradicted(`${cpanelBuilt} was built without ${hasRouter ? eximTransportName : eximRouterName}.`);
});

export const aclBuiltIn = whenWired(async (built, machine) => {
	const files = await Promise.all(cpanelAclPaths.map((path) => text(machine, path)));
	const statements = files.flatMap((content) => content.split('\n')).filter((line) => /\bset acl_m_sluice/.test(line));
	const missing = statements.filter((line) => !built.includes(line.trim()));
	return statements.length > 0 && missing.length === 0
		? proved(`Both files stand in ${cpanelBuilt} (${aclOption}=1).`)
		: contradicted(`${cpanelBuilt} was built without ${missing.length} of ${statements.length} statements.`);
});

export const limitsBefore = whenWired((built) => {
	const names = driverNames(logicalLines(built), 'routers');
	const [ours, theirs] = [names.indexOf(eximRouterName), names.indexOf('enforce_mail_permissions')];
	if (theirs < 0) return contradicted('There is no router enforce_mail_permissions.');
	return theirs < ours
		? proved('enforce_mail_permissions stands before our router.')
		: contradicted('Our router stands before enforce_mail_permissions: the panel’s holds would be gone round.');
});

export async function stockNames(machine: Machine): Promise<Settled> {
	const lines = logicalLines(await text(machine, cpanelBuilt));
	const router = cpanelStockNames.routers.find((name) => driverNames(lines, 'routers').includes(name));
	const transport = cpanelStockNames.transports.find((name) => driverNames(lines, 'transports').includes(name));
	if (router !== undefined && transport !== undefined) return proved(`Router ${router}, transport ${transport}.`);
	const lookups = driverNames(lines, 'routers').filter(
		(name) => driver(lines, 'routers', name)?.get('driver') === 'dnslookup',
	);
	return contradicted(`None of the known names; routers that look up: ${lookups.join(', ') || 'none'}.`);
}

export async function mailtrapHeaders(machine: Machine): Promise<Settled> {
	const lines = logicalLines(await text(machine, cpanelBuilt));
	const found = cpanelStockNames.routers.filter((name) =>
		driver(lines, 'routers', name)?.get('headers_add')?.includes('perl{mailtrapheaders}'),
	);
	return found.length > 0
		? proved(`Routers ${found.join(', ')} add \${perl{mailtrapheaders}}.`)
		: contradicted(
				`No stock router in ${cpanelBuilt} adds \${perl{mailtrapheaders}}; what they add is repeated as it is.`,
			);
}

export async function eximUser(machine: Machine): Promise<Settled> {
	const { output } = await machine.run([cpanelProgram, '-bP', 'exim_user']);
	const name = /exim_user\s*=\s*(\S+)/.exec(output)?.[1];
	if (name === undefined) return notSettled('Exim did not say.');
	return name === 'mailnull' ? proved('exim_user = mailnull.') : contradicted(`exim_user = ${name}.`);
}

export async function whmEnvelope(machine: Machine): Promise<Settled> {
	const { exitCode, output } = await machine.run(['/usr/local/cpanel/bin/whmapi1', '--output=json', 'version']);
	if (exitCode !== 0) return notSettled(`whmapi1 ended with ${exitCode}.`);
	const opened = openWhm(output, 'version');
	return opened.ok ? proved('metadata.result and data, as they are read.') : contradicted(opened.error.text);
}

export async function uapiEnvelope(machine: Machine): Promise<Settled> {
	const user = /:\s*(\S+)/.exec(await text(machine, '/etc/trueuserdomains'))?.[1];
	if (user === undefined) return notSettled('There is no account here.');
	const words = ['/usr/local/cpanel/bin/uapi', '--output=json', `--user=${user}`, 'Email', 'list_pops'];
	const { exitCode, output } = await machine.run(words);
	if (exitCode !== 0) return notSettled(`uapi ended with ${exitCode}.`);
	const opened = openUapi(output, 'Email list_pops');
	if (!opened.ok) return contradicted(opened.error.text);
	return proved(/^\s*\{[^{]*"result"\s*:\s*\{/.test(output) ? 'With an outer result.' : 'Without an outer result.');
}

/** Newest first is not promised, so that a whole hour is asked for. */
const trackedSeconds = 3600;

export const eximstats = whenWired(async (_built, machine) => {
	const since = Math.floor(Date.now() / 1000) - trackedSeconds;
	const words = [
		'/usr/local/cpanel/bin/whmapi1',
		'--output=json',
		'emailtrack_search',
		'success=1',
		'deliverytype=all',
	];
	const filter = [
		'api.filter.enable=1',
		'api.filter.a.field=sendunixtime',
		'api.filter.a.type=gt',
		`api.filter.a.arg0=${since}`,
	];
	const { exitCode, output } = await machine.run([...words, ...filter]);
	const opened = exitCode === 0 ? openWhm(output, 'emailtrack_search') : undefined;
	if (opened?.ok !== true) return notSettled('emailtrack_search could not be asked.');
	const records = Array.isArray(opened.value.records) ? (opened.value.records as Record<string, unknown>[]) : [];
	const ours = records.find(({ transport }) => transport === eximTransportName);
	if (ours === undefined) return notSettled(`No delivery by ${eximTransportName} within the last hour; send one.`);
	return Number(ours.transport_is_remote) === 1
		? proved(`${eximTransportName} counts as remote.`)
		: contradicted(`${eximTransportName} does not count as remote: Track Delivery shows such mail as local.`);
});

export async function appConfig(machine: Machine): Promise<Settled> {
	const { exitCode, output } = await machine.run([pluginPrograms.isRegistered, 'whostmgr', 'sluice']);
	if (exitCode === 127) return notSettled('is_registered_with_appconfig cannot be run.');
	if (/^\s*[01]\s*$/m.test(output)) return proved(`It prints ${output.trim()}.`);
	return contradicted(`It prints ${JSON.stringify(output.trim().slice(0, 80))}.`);
}

export async function hooksListed(machine: Machine): Promise<Settled> {
	const { exitCode, output } = await machine.run([pluginPrograms.manageHooks, 'list', '--output', 'JSON']);
	if (exitCode !== 0) return notSettled(`manage_hooks list ended with ${exitCode}.`);
	if (output.replaceAll('\\/', '/').includes(hookScript)) return proved(`It lists ${hookScript}.`);
	return (await machine.exists(hookScript))
		? contradicted(`${hookScript} is installed, and manage_hooks does not list it.`)
		: notSettled('The plugin is not installed: `sluice panel install`, then again.');
}

export async function userFiles(machine: Machine): Promise<Settled> {
	const odd: string[] = [];
	for (const path of ['/etc/userdomains', '/etc/trueuserdomains']) {
		const lines = (await text(machine, path)).split('\n').filter((line) => line.trim() !== '');
		if (lines.length === 0) return notSettled(`${path} is empty or missing.`);
		const line = lines.find((one) => !/^\s*(?:#|[^\s:]+:\s*[^\s:]+\s*$)/.test(one));
		if (line !== undefined) odd.push(`${path}: ${line.slice(0, 80)}`);
	}
	return odd.length === 0 ? proved('Every line is NAME: NAME.') : contradicted(odd.join('; '));
}

/** cPanel's list of owners beside what its API says of the same moment. */
export async function ownersAgree(machine: Machine): Promise<Settled> {
	const path = '/etc/trueuserowners';
	const file = await machine.read(path);
	if (file === undefined) return contradicted(`${path} is missing: the API is asked instead, a process each time.`);
	if (file.uid !== 0 || (file.mode & 0o022) !== 0) return contradicted(`Others than root may write ${path}.`);
	const { accounts } = systemCpanelApi({
		async run({ path: program, words }) {
			const { exitCode, output } = await machine.run([program, ...words]);
			return exitCode === 0 ? ok(output) : failed({ kind: 'exit', text: `${program} ended with ${exitCode}.` });
		},
	});
	const listed = await accounts();
	if (!listed.ok) return notSettled(listed.error.text);
	const owners = ownersIn(file.content);
	const other = listed.value.rows.filter(({ user, owner }) => owners.get(user) !== owner).map(({ user }) => user);
	if (listed.value.rows.length === 0) return notSettled('There is no account here.');
	return other.length === 0
		? proved(`It says the same as listaccts of all ${listed.value.rows.length} accounts.`)
		: contradicted(`It says another owner than listaccts, or none, of ${firstNames(other)}.`);
}

export async function tweakNames(machine: Machine): Promise<Settled> {
	const config = await text(machine, tweakSettingsFile);
	if (config === '') return notSettled(`${tweakSettingsFile} is missing.`);
	const settings = tweakSettingsIn(config);
	const missing = Object.values(limitSettings).filter((name) => !settings.has(name));
	return missing.length === 0 ? proved('Both are there.') : contradicted(`Missing: ${missing.join(', ')}.`);
}

/** Compiling runs what stands in BEGIN blocks: our own files, and the panel's modules that they name. */
export async function perlLoads(machine: Machine): Promise<Settled> {
	const perl = '/usr/local/cpanel/3rdparty/bin/perl';
	const files = [
		'/usr/local/cpanel/whostmgr/docroot/cgi/sluice/index.cgi',
		'/usr/local/cpanel/Cpanel/API/Sluice.pm',
		'/var/cpanel/perl/Cpanel/Admin/Modules/Sluice/Pages.pm',
	];
	const there = await Promise.all(files.map((path) => machine.exists(path)));
	const installed = files.filter((_, at) => there[at]);
	if (installed.length === 0) return notSettled('The plugin is not installed: `sluice panel install`, then again.');
	for (const file of installed) {
		const { exitCode, output } = await machine.run([perl, '-I/usr/local/cpanel', '-c', file]);
		if (exitCode === 127) return notSettled(`${perl} cannot be run.`);
		if (exitCode !== 0) return contradicted(`${file}: ${output.trim().split('\n')[0]?.slice(0, 200)}`);
	}
	return proved(`${installed.length} of ${files.length} files compile with cPanel's Perl.`);
}

export async function jails(machine: Machine): Promise<Settled> {
	const found = await jailsIn(machine);
	return notSettled(
		found.length === 0
			? 'There is no jail here.'
			: `Here is ${found.join(' and ')}: send from inside, as the probe says.`,
	);
}
