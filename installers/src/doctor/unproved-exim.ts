/** What only a live cPanel server can show about its Exim: how it is built, which names it has, what our wiring meets there. */
import { cpanelLocalOpts } from '../facts/cpanel.ts';
import { aclOption } from '../plan/cpanel.ts';
import type { Unproved } from './finding.ts';
import { aclBuiltIn, blocksBuiltIn, eximUser, jails, limitsBefore, mailtrapHeaders, stockNames } from './settle.ts';

const why = 'no cPanel';

export const unprovedExim: readonly Unproved[] = [
	{
		id: 'exim-built-in',
		claim: '`buildeximconf` keeps our blocks of `exim.conf.local` and puts them where the sections say',
		why,
		probe: 'wire; `/usr/local/cpanel/scripts/buildeximconf`; `sluice mta status`',
		settle: blocksBuiltIn,
	},
	{
		id: 'exim-acl-files',
		claim: `a file \`custom_begin_sluice\` in both ACL folders is built in once \`${aclOption}=1\` stands in \`exim.conf.localopts\``,
		why,
		probe: 'wire: the test message shows its directory only then',
		settle: aclBuiltIn,
	},
	{
		id: 'exim-limits-first',
		claim: 'the panel’s limits, holds and suspensions (`enforce_mail_permissions`) come before `@POSTMAILCOUNT@`',
		why,
		probe: 'hold an account in WHM, send from it: the log of Exim names that router, the agent sees nothing',
		settle: limitsBefore,
	},
	{
		id: 'exim-stock-names',
		claim: 'names of the stock routers and transports for remote mail',
		why,
		probe: '`exim -bt probe@example.com` before wiring',
		settle: stockNames,
	},
	{
		id: 'exim-mailtrapheaders',
		claim: 'cPanel’s own headers come from `headers_add` on the stock router and are repeated by ours',
		why,
		probe: 'a wired message has `X-AntiAbuse` at the receiver',
		settle: mailtrapHeaders,
	},
	{
		id: 'exim-user',
		claim: 'Exim runs as `mailnull`',
		why,
		probe: '`exim -bP exim_user`; that name belongs into `smtp.mtaUsers`',
		settle: eximUser,
	},
	{
		id: 'exim-editor',
		claim: `the Advanced Editor keeps our comment lines and the Basic Editor keeps \`${aclOption}\` when somebody saves there`,
		why,
		probe: 'wire, save in both editors without a change, `sluice mta status`',
	},
	{
		id: 'exim-upcp',
		claim: 'an upgrade (`upcp`) keeps the wiring, or `sluice mta ensure` puts it back',
		why,
		probe: '`/usr/local/cpanel/scripts/upcp --force`, then `sluice mta status`, `sluice mta ensure`',
	},
	{
		id: 'exim-restart',
		claim: '`restartsrv_exim` ends with 0 only when Exim runs with the new configuration',
		why,
		probe: 'wire, then a message over port 587: `sluice message trace` names the mailbox',
	},
	{
		id: 'exim-smarthost',
		claim: `the smarthost of the Basic Editor is \`smarthost_routelist\` in \`${cpanelLocalOpts.slice(5)}\`, and its router stands behind \`@POSTMAILCOUNT@\``,
		why,
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
];
