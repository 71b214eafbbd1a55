/** What only a live cPanel server can show about the panel itself: its API, its pages, its hooks, its files and limits. */
import type { Unproved } from './finding.ts';
import {
	appConfig,
	eximstats,
	hooksListed,
	ownersAgree,
	perlLoads,
	tweakNames,
	uapiEnvelope,
	userFiles,
	whmEnvelope,
} from './settle.ts';

const why = 'no cPanel';

export const unprovedPanel: readonly Unproved[] = [
	{
		id: 'panel-eximstats',
		claim: 'Track Delivery counts deliveries to the agent as remote and shows its answer',
		why,
		probe: 'send a message while wired, look at Track Delivery in cPanel and WHM',
		settle: eximstats,
	},
	{
		id: 'panel-whmapi1',
		claim: 'shape of the answers of `whmapi1`',
		why,
		probe: '`whmapi1 --output=json version`',
		settle: whmEnvelope,
	},
	{
		id: 'panel-uapi',
		claim: 'nesting of the answers of `uapi`',
		why,
		probe: '`uapi --output=json --user=USER Email list_pops`',
		settle: uapiEnvelope,
	},
	{
		id: 'panel-cpsrvd',
		claim:
			'environment that cpsrvd gives a CGI (`REMOTE_USER`, `cp_security_token`, `HTTP_*`), and that it turns away requests without the token',
		why,
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
		why,
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
		why,
		probe: 'give it to a reseller: the pages open; take it away: 403',
	},
	{
		id: 'panel-webmail',
		claim:
			'somebody who is logged in to Webmail for a mailbox cannot call our UAPI function (`REMOTE_USER` is the address there)',
		why,
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
		why,
		probe: '`/usr/local/cpanel/bin/is_registered_with_appconfig whostmgr sluice`',
		settle: appConfig,
	},
	{
		id: 'panel-hooks',
		claim: 'hooks are registered and listed under the name of our script',
		why,
		probe: '`/usr/local/cpanel/bin/manage_hooks list --output JSON`',
		settle: hooksListed,
	},
	{
		id: 'panel-hook-context',
		claim: 'what a hook gets on standard input (`context`, `data`) for each event',
		why,
		probe: 'create, change and remove an account; the agent knows it within seconds (`sluice account list`)',
	},
	{
		id: 'panel-upcp-hook',
		claim: 'an update ends with the event `System` `upcp`, whose hook runs as root',
		why,
		probe: '`/usr/local/cpanel/scripts/upcp --force`, then `journalctl -u sluice-reconcile`',
	},
	{
		id: 'panel-user-files',
		claim: 'form of `/etc/userdomains` and `/etc/trueuserdomains`',
		why,
		probe: 'look at them',
		settle: userFiles,
	},
	{
		id: 'panel-owners',
		claim: '`/etc/trueuserowners` says whose an account is, and is rewritten with each change of owner',
		why,
		probe: "`whmapi1 modifyacct user=USER owner=RESELLER`; `grep '^USER:' /etc/trueuserowners` at once",
		settle: ownersAgree,
	},
	{
		id: 'panel-tweaks',
		claim: 'names of the panel’s own limits in `cpanel.config`',
		why,
		probe: 'look at them',
		settle: tweakNames,
	},
	{
		id: 'panel-values',
		claim: 'values behind `key=` on the command line of `whmapi1` and `uapi` are decoded (a mailbox with `+`)',
		why,
		probe: 'hold a mailbox `a+b@…` on our pages; WHM shows it held',
	},
	{
		id: 'panel-tweak-unlimited',
		claim: '`set_tweaksetting` takes `unlimited` for the panel’s own limits, and gives numbers back',
		why,
		probe: 'lift and restore them on our pages; Tweak Settings shows both',
	},
	{
		id: 'panel-unlimited',
		claim: 'an account with `unlimited` or `0` messages an hour falls back to the server’s default',
		why,
		probe: 'set a default of 1, send two messages from such an account: Track Delivery',
	},
	{
		id: 'panel-extension',
		claim: '`listpkgs` tells the fields of package extensions; else the package’s file does',
		why,
		probe: 'set recipients an hour in a package; `sluice panel reconcile --once`, `sluice limit list`',
	},
	{
		id: 'panel-no-account',
		claim: '`accountsummary` of an account that is gone says “does not exist”',
		why,
		probe: '`whmapi1 --output=json accountsummary user=nobody9`',
	},
	{
		id: 'panel-mailbox-files',
		claim: 'cPanel rewrites `~/etc/DOMAIN/passwd` when a mailbox comes or goes',
		why,
		probe: 'make one; its time',
	},
];
