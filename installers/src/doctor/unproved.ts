/**
 * What only a live cPanel server can show: each claim that we rely on, why the tests of this repository cannot settle it, and the probe.
 *
 * The one place of this list: docs/unproved.md is made of it, and `sluice doctor --probe` prints it and settles what a command can settle
 * that changes nothing. Where people or time are needed, the probe says what to do. Not here: what is wrong with a server (doctor.ts).
 */
import { openUapi, openWhm } from '@sluice/panel-cpanel/api/envelope.ts';
import { hookScript } from '@sluice/panel-cpanel/hooks.ts';
import { findBlocks } from '@sluice/shared/mta/blocks.ts';
import { eximRouterName, eximTransportName } from '@sluice/shared/mta/exim.ts';
import { driver, driverNames, logicalLines } from '@sluice/shared/mta/exim-format.ts';
import { cpanelStockNames } from '@sluice/shared/mta/exim-stock.ts';
import {
	cpanelAclPaths,
	cpanelBuilt,
	cpanelConfLocal,
	cpanelLocalOpts,
	cpanelProgram,
	jailsIn,
} from '../facts/cpanel.ts';
import type { Machine } from '../facts/machine.ts';
import { pluginPrograms } from '../facts/plugin.ts';
import { aclOption } from '../plan/cpanel.ts';
import { contradicted, notSettled, proved, type Settled } from './finding.ts';

export type Unproved = {
	readonly id: string;
	readonly claim: string;
	readonly why: string;
	/** What settles it, for people. */
	readonly probe: string;
	/** Left out: no command can. Changes nothing. */
	readonly settle?: (machine: Machine) => Promise<Settled>;
};

const noCpanel = 'no cPanel';

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

const blocksBuiltIn = whenWired((built) => {
	const lines = logicalLines(built);
	const hasRouter = driverNames(lines, 'routers').includes(eximRouterName);
	const hasTransport = driverNames(lines, 'transports').includes(eximTransportName);
	return hasRouter && hasTransport
		? proved(`${eximRouterName} and ${eximTransportName} stand in ${cpanelBuilt}.`)
		: contradicted(`${cpanelBuilt} was built without ${hasRouter ? eximTransportName : eximRouterName}.`);
});

const aclBuiltIn = whenWired(async (built, machine) => {
	const files = await Promise.all(cpanelAclPaths.map((path) => text(machine, path)));
	const statements = files.flatMap((content) => content.split('\n')).filter((line) => /\bset acl_m_sluice/.test(line));
	const missing = statements.filter((line) => !built.includes(line.trim()));
	return statements.length > 0 && missing.length === 0
		? proved(`Both files stand in ${cpanelBuilt} (${aclOption}=1).`)
		: contradicted(`${cpanelBuilt} was built without ${missing.length} of ${statements.length} statements.`);
});

const limitsBefore = whenWired((built) => {
	const names = driverNames(logicalLines(built), 'routers');
	const [ours, theirs] = [names.indexOf(eximRouterName), names.indexOf('enforce_mail_permissions')];
	if (theirs < 0) return contradicted('There is no router enforce_mail_permissions.');
	return theirs < ours
		? proved('enforce_mail_permissions stands before our router.')
		: contradicted('Our router stands before enforce_mail_permissions: the panel’s holds would be gone round.');
});

async function stockNames(machine: Machine): Promise<Settled> {
	const lines = logicalLines(await text(machine, cpanelBuilt));
	const router = cpanelStockNames.routers.find((name) => driverNames(lines, 'routers').includes(name));
	const transport = cpanelStockNames.transports.find((name) => driverNames(lines, 'transports').includes(name));
	if (router !== undefined && transport !== undefined) return proved(`Router ${router}, transport ${transport}.`);
	const lookups = driverNames(lines, 'routers').filter(
		(name) => driver(lines, 'routers', name)?.get('driver') === 'dnslookup',
	);
	return contradicted(`None of the known names; routers that look up: ${lookups.join(', ') || 'none'}.`);
}

async function mailtrapHeaders(machine: Machine): Promise<Settled> {
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

async function eximUser(machine: Machine): Promise<Settled> {
	const { output } = await machine.run([cpanelProgram, '-bP', 'exim_user']);
	const name = /exim_user\s*=\s*(\S+)/.exec(output)?.[1];
	if (name === undefined) return notSettled('Exim did not say.');
	return name === 'mailnull' ? proved('exim_user = mailnull.') : contradicted(`exim_user = ${name}.`);
}

async function whmEnvelope(machine: Machine): Promise<Settled> {
	const { exitCode, output } = await machine.run(['/usr/local/cpanel/bin/whmapi1', '--output=json', 'version']);
	if (exitCode !== 0) return notSettled(`whmapi1 ended with ${exitCode}.`);
	const opened = openWhm(output, 'version');
	return opened.ok ? proved('metadata.result and data, as they are read.') : contradicted(opened.error.text);
}

async function uapiEnvelope(machine: Machine): Promise<Settled> {
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

const eximstats = whenWired(async (_built, machine) => {
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

async function appConfig(machine: Machine): Promise<Settled> {
	const { exitCode, output } = await machine.run([pluginPrograms.isRegistered, 'whostmgr', 'sluice']);
	if (exitCode === 127) return notSettled('is_registered_with_appconfig cannot be run.');
	if (/^\s*[01]\s*$/m.test(output)) return proved(`It prints ${output.trim()}.`);
	return contradicted(`It prints ${JSON.stringify(output.trim().slice(0, 80))}.`);
}

async function hooksListed(machine: Machine): Promise<Settled> {
	const { exitCode, output } = await machine.run([pluginPrograms.manageHooks, 'list', '--output', 'JSON']);
	if (exitCode !== 0) return notSettled(`manage_hooks list ended with ${exitCode}.`);
	if (output.replaceAll('\\/', '/').includes(hookScript)) return proved(`It lists ${hookScript}.`);
	return (await machine.exists(hookScript))
		? contradicted(`${hookScript} is installed, and manage_hooks does not list it.`)
		: notSettled('The plugin is not installed: `sluice panel install`, then again.');
}

async function userFiles(machine: Machine): Promise<Settled> {
	const odd: string[] = [];
	for (const path of ['/etc/userdomains', '/etc/trueuserdomains']) {
		const lines = (await text(machine, path)).split('\n').filter((line) => line.trim() !== '');
		if (lines.length === 0) return notSettled(`${path} is empty or missing.`);
		const line = lines.find((one) => !/^\s*(?:#|[^\s:]+:\s*[^\s:]+\s*$)/.test(one));
		if (line !== undefined) odd.push(`${path}: ${line.slice(0, 80)}`);
	}
	return odd.length === 0 ? proved('Every line is NAME: NAME.') : contradicted(odd.join('; '));
}

async function tweakNames(machine: Machine): Promise<Settled> {
	const config = await text(machine, '/var/cpanel/cpanel.config');
	if (config === '') return notSettled('/var/cpanel/cpanel.config is missing.');
	const names = ['maxemailsperhour', 'email_send_limits_max_defer_fail_percentage'];
	const missing = names.filter((name) => !new RegExp(`^${name}=`, 'm').test(config));
	return missing.length === 0 ? proved('Both are there.') : contradicted(`Missing: ${missing.join(', ')}.`);
}

/** Compiling runs what stands in BEGIN blocks: our own files, and the panel's modules that they name. */
async function perlLoads(machine: Machine): Promise<Settled> {
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

async function jails(machine: Machine): Promise<Settled> {
	const found = await jailsIn(machine);
	return notSettled(
		found.length === 0
			? 'There is no jail here.'
			: `Here is ${found.join(' and ')}: send from inside, as the probe says.`,
	);
}

export const unproved: readonly Unproved[] = [
	{
		id: 'exim-built-in',
		claim: '`buildeximconf` keeps our blocks of `exim.conf.local` and puts them where the sections say',
		why: noCpanel,
		probe: 'wire; `/usr/local/cpanel/scripts/buildeximconf`; `sluice mta status`',
		settle: blocksBuiltIn,
	},
	{
		id: 'exim-acl-files',
		claim: `a file \`custom_begin_sluice\` in both ACL folders is built in once \`${aclOption}=1\` stands in \`exim.conf.localopts\``,
		why: noCpanel,
		probe: 'wire: the test message shows its directory only then',
		settle: aclBuiltIn,
	},
	{
		id: 'exim-limits-first',
		claim: 'the panel’s limits, holds and suspensions (`enforce_mail_permissions`) come before `@POSTMAILCOUNT@`',
		why: noCpanel,
		probe: 'hold an account in WHM, send from it: the log of Exim names that router, the agent sees nothing',
		settle: limitsBefore,
	},
	{
		id: 'exim-stock-names',
		claim: 'names of the stock routers and transports for remote mail',
		why: noCpanel,
		probe: '`exim -bt probe@example.com` before wiring',
		settle: stockNames,
	},
	{
		id: 'exim-mailtrapheaders',
		claim: 'cPanel’s own headers come from `headers_add` on the stock router and are repeated by ours',
		why: noCpanel,
		probe: 'a wired message has `X-AntiAbuse` at the receiver',
		settle: mailtrapHeaders,
	},
	{
		id: 'exim-user',
		claim: 'Exim runs as `mailnull`',
		why: noCpanel,
		probe: '`exim -bP exim_user`; that name belongs into `smtp.mtaUsers`',
		settle: eximUser,
	},
	{
		id: 'exim-editor',
		claim: `the Advanced Editor keeps our comment lines and the Basic Editor keeps \`${aclOption}\` when somebody saves there`,
		why: noCpanel,
		probe: 'wire, save in both editors without a change, `sluice mta status`',
	},
	{
		id: 'exim-upcp',
		claim: 'an upgrade (`upcp`) keeps the wiring, or `sluice mta ensure` puts it back',
		why: noCpanel,
		probe: '`/usr/local/cpanel/scripts/upcp --force`, then `sluice mta status`, `sluice mta ensure`',
	},
	{
		id: 'exim-restart',
		claim: '`restartsrv_exim` ends with 0 only when Exim runs with the new configuration',
		why: noCpanel,
		probe: 'wire, then a message over port 587: `sluice message trace` names the mailbox',
	},
	{
		id: 'exim-smarthost',
		claim: `the smarthost of the Basic Editor is \`smarthost_routelist\` in \`${cpanelLocalOpts.slice(5)}\`, and its router stands behind \`@POSTMAILCOUNT@\``,
		why: noCpanel,
		probe:
			'set one, `sluice mta wire` must refuse and name it; with `--adopt-upstream` mail must reach it by way of the agent',
	},
	{
		id: 'exim-jails',
		claim: 'what CageFS and jailshell hide: neither secret nor bypass is seen from inside',
		why: 'no CloudLinux; imitated with a private mount namespace',
		probe: 'from a jailed shell: `sendmail`; `sluice message trace` of it says that the secret is missing',
		settle: jails,
	},
	{
		id: 'panel-eximstats',
		claim: 'Track Delivery counts deliveries to the agent as remote and shows its answer',
		why: noCpanel,
		probe: 'send a message while wired, look at Track Delivery in cPanel and WHM',
		settle: eximstats,
	},
	{
		id: 'panel-whmapi1',
		claim: 'shape of the answers of `whmapi1`',
		why: noCpanel,
		probe: '`whmapi1 --output=json version`',
		settle: whmEnvelope,
	},
	{
		id: 'panel-uapi',
		claim: 'nesting of the answers of `uapi`',
		why: noCpanel,
		probe: '`uapi --output=json --user=USER Email list_pops`',
		settle: uapiEnvelope,
	},
	{
		id: 'panel-cpsrvd',
		claim:
			'environment that cpsrvd gives a CGI (`REMOTE_USER`, `cp_security_token`, `HTTP_*`), and that it turns away requests without the token',
		why: noCpanel,
		probe: 'open the pages in WHM as root and as a reseller; a POST from another session must end with 403',
	},
	{
		id: 'panel-perl',
		claim: 'the CGI, the UAPI module and the Admin module load with cPanel’s own Perl and modules',
		why: 'real Perl, stand-ins of WHM’s modules',
		probe: '`/usr/local/cpanel/3rdparty/bin/perl -c` of each',
		settle: perlLoads,
	},
	{
		id: 'panel-appconfig',
		claim: 'what `is_registered_with_appconfig` prints',
		why: noCpanel,
		probe: '`/usr/local/cpanel/bin/is_registered_with_appconfig whostmgr sluice`',
		settle: appConfig,
	},
	{
		id: 'panel-hooks',
		claim: 'hooks are registered and listed under the name of our script',
		why: noCpanel,
		probe: '`/usr/local/cpanel/bin/manage_hooks list --output JSON`',
		settle: hooksListed,
	},
	{
		id: 'panel-hook-context',
		claim: 'what a hook gets on standard input (`context`, `data`) for each event',
		why: noCpanel,
		probe: 'create, change and remove an account; the agent knows it within seconds (`sluice account list`)',
	},
	{
		id: 'panel-user-files',
		claim: 'form of `/etc/userdomains` and `/etc/trueuserdomains`',
		why: noCpanel,
		probe: 'look at them',
		settle: userFiles,
	},
	{
		id: 'panel-tweaks',
		claim: 'names of the panel’s own limits in `cpanel.config`',
		why: noCpanel,
		probe: 'look at them',
		settle: tweakNames,
	},
];

/** As docs/unproved.md shows it. */
export const unprovedTable = (): string =>
	[
		'| id | claim | why not here | probe | settled by `sluice doctor --probe` |',
		'|---|---|---|---|---|',
		...unproved.map(
			({ id, claim, why, probe, settle }) =>
				`| \`${id}\` | ${claim} | ${why} | ${probe} | ${settle === undefined ? 'no' : 'yes'} |`,
		),
	].join('\n');
