/**
 * What only a live cPanel server can show: each claim that we rely on, why the tests of this repository cannot settle it, and the probe.
 *
 * The one place of this list: docs/unproved.md is made of it, and `sluice doctor --probe` prints it and settles what a command can settle
 * that changes nothing. Where people or time are needed, the probe says what to do. Not here: what is wrong with a server (doctor.ts).
 */
import { cpanelLocalOpts } from '../facts/cpanel.ts';
import type { Machine } from '../facts/machine.ts';
import { aclOption } from '../plan/cpanel.ts';
import type { Settled } from './finding.ts';
import {
	aclBuiltIn,
	appConfig,
	blocksBuiltIn,
	eximstats,
	eximUser,
	hooksListed,
	jails,
	limitsBefore,
	mailtrapHeaders,
	ownersAgree,
	perlLoads,
	stockNames,
	tweakNames,
	uapiEnvelope,
	userFiles,
	whmEnvelope,
} from './settle.ts';

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
		probe:
			'open the pages in WHM as root and as a reseller; a POST from another session must end with 403; so must a request with an API token (`Authorization: whm root:TOKEN`), whatever cookie it brings',
	},
	{
		id: 'panel-perl',
		claim: 'the CGI, the UAPI module and the Admin module load with cPanel’s own Perl and modules',
		why: 'real Perl, stand-ins of WHM’s modules',
		probe: '`/usr/local/cpanel/3rdparty/bin/perl -c` of each',
		settle: perlLoads,
	},
	{
		id: 'panel-answers',
		claim: 'cpsrvd passes the status, a relative `Location` and the policy headers that our CGI prints',
		why: noCpanel,
		probe:
			'in WHM save a limit with scripts switched off in the browser: the list comes back with what was done; the answer has `Content-Security-Policy`',
	},
	{
		id: 'panel-live-php',
		claim:
			'a `.live.php` page may set status and headers, reads `QUERY_STRING` and its body, and UAPI lets 90 kB of base64 through in one argument',
		why: 'real PHP, a stand-in of LiveAPI',
		probe: 'in cPanel release own held mail; post a form of 60 kB to the page: a page of ours answers, not cPanel',
	},
	{
		id: 'panel-right',
		claim: 'WHM shows the right of our driver to root under Edit Reseller Nameservers and Privileges',
		why: noCpanel,
		probe: 'give it to a reseller: the pages open; take it away: 403',
	},
	{
		id: 'panel-webmail',
		claim:
			'somebody who is logged in to Webmail for a mailbox cannot call our UAPI function (`REMOTE_USER` is the address there)',
		why: noCpanel,
		probe: 'log in to Webmail, open `/cpsess…/execute/Sluice/request` there: `status` is 0',
	},
	{
		id: 'panel-taint',
		claim: 'the CGI also runs with `-T` before WHM’s own modules',
		why: 'tried with stand-ins only, so it is not set',
		probe: 'run it as `perl -T` with the environment of a request',
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
		id: 'panel-upcp-hook',
		claim: 'an update ends with the event `System` `upcp`, whose hook runs as root',
		why: noCpanel,
		probe: '`/usr/local/cpanel/scripts/upcp --force`, then `journalctl -u sluice-reconcile`',
	},
	{
		id: 'panel-user-files',
		claim: 'form of `/etc/userdomains` and `/etc/trueuserdomains`',
		why: noCpanel,
		probe: 'look at them',
		settle: userFiles,
	},
	{
		id: 'panel-owners',
		claim: '`/etc/trueuserowners` says whose an account is, and is rewritten with each change of owner',
		why: noCpanel,
		probe: "`whmapi1 modifyacct user=USER owner=RESELLER`; `grep '^USER:' /etc/trueuserowners` at once",
		settle: ownersAgree,
	},
	{
		id: 'panel-tweaks',
		claim: 'names of the panel’s own limits in `cpanel.config`',
		why: noCpanel,
		probe: 'look at them',
		settle: tweakNames,
	},
	{
		id: 'panel-values',
		claim: 'values behind `key=` on the command line of `whmapi1` and `uapi` are decoded (a mailbox with `+`)',
		why: noCpanel,
		probe: 'hold a mailbox `a+b@…` on our pages; WHM shows it held',
	},
	{
		id: 'panel-tweak-unlimited',
		claim: '`set_tweaksetting` takes `unlimited` for the panel’s own limits, and gives numbers back',
		why: noCpanel,
		probe: 'lift and restore them on our pages; Tweak Settings shows both',
	},
	{
		id: 'panel-unlimited',
		claim: 'an account with `unlimited` or `0` messages an hour falls back to the server’s default',
		why: noCpanel,
		probe: 'set a default of 1, send two messages from such an account: Track Delivery',
	},
	{
		id: 'panel-extension',
		claim: '`listpkgs` tells the fields of package extensions; else the package’s file does',
		why: noCpanel,
		probe: 'set recipients an hour in a package; `sluice panel reconcile --once`, `sluice limit list`',
	},
	{
		id: 'panel-no-account',
		claim: '`accountsummary` of an account that is gone says “does not exist”',
		why: noCpanel,
		probe: '`whmapi1 --output=json accountsummary user=nobody9`',
	},
	{
		id: 'panel-mailbox-files',
		claim: 'cPanel rewrites `~/etc/DOMAIN/passwd` when a mailbox comes or goes',
		why: noCpanel,
		probe: 'make one; its time',
	},
];

/** As docs/unproved.md shows it. */
export const unprovedTable = (claims: readonly Unproved[]): string =>
	[
		'| id | claim | why not here | probe | settled by `sluice doctor --probe` |',
		'|---|---|---|---|---|',
		...claims.map(
			({ id, claim, why, probe, settle }) =>
				`| \`${id}\` | ${claim} | ${why} | ${probe} | ${settle === undefined ? 'no' : 'yes'} |`,
		),
	].join('\n');
