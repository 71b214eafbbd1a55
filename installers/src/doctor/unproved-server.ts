/**
 * What only a live server can show, whatever its panel: other systems, other firewalls, the way out. The same as unproved.ts has for cPanel.
 */

import type { Unproved } from './finding.ts';
import { csfPost, csfWord, getsOut, nothingRefused, oldLibraries, unitsRun, whmRules } from './settle-server.ts';

export const unprovedServer: readonly Unproved[] = [
	{
		id: 'server-systemd',
		claim:
			'the [units](reference/units.md) run as they are on AlmaLinux, CloudLinux and Rocky 8 and 9 (systemd 239, 252), Ubuntu 20.04 to 24.04 (245 to 255)',
		why: 'only systemd 252 of Debian 12 runs here',
		probe:
			'`sluice install`; `systemctl restart sluice-agent` under load; `journalctl -u sluice-agent` tells no refused system call',
		settle: unitsRun,
	},
	{
		id: 'server-selinux',
		claim:
			'with SELinux enforcing nothing of ours is refused: labels of `/opt/sluice`, sockets, the mail server’s way to the relay port',
		why: 'no SELinux',
		probe: '`sluice install`, a day of mail; `ausearch -m avc -ts boot`',
		settle: nothingRefused,
	},
	{
		id: 'server-glibc',
		claim: 'a release runs with glibc 2.28: Node, and the store on `node:sqlite`',
		why: 'glibc 2.36 here; symbols of native code are checked, and the store on `node:sqlite` passes the same tests',
		probe: '`sluice install` on AlmaLinux 8; `sluice status`',
		settle: oldLibraries,
	},
	{
		id: 'server-way-out',
		claim: 'the agent’s user reaches port 25 of others',
		why: 'no way out of the test machines',
		probe: '`sluice doctor` (outbound)',
		settle: getsOut,
	},
	{
		id: 'server-names',
		claim: 'PTR and EHLO name are judged as large receivers judge them',
		why: 'no way out of the test machines',
		probe:
			'`sluice doctor` (source), then a message to accounts at Google and Microsoft: SPF, PTR and HELO in the headers there',
	},
	{
		id: 'firewall-csf-word',
		claim: '`sluice` in `SMTP_ALLOWUSER` and `csf -r` let the agent out, and nobody else',
		why: 'no CSF; imitated from its documentation, on real iptables',
		probe: '`sluice install --firewall exempt`; `sluice doctor`',
		settle: csfWord,
	},
	{
		id: 'firewall-csf-post',
		claim: 'CSF runs `/usr/local/csf/bin/csfpost.sh`, or else `/etc/csf/csfpost.sh`, after it has made its rules',
		why: 'no CSF; imitated from its documentation, on real iptables',
		probe: '`sluice install --firewall rule`; `csf -r`; `iptables -t nat -S OUTPUT 1` at once',
		settle: csfPost,
	},
	{
		id: 'firewall-whm-rules',
		claim:
			'WHM’s SMTP Restrictions are rules of iptables in `nat` `OUTPUT` that end with a redirect, on AlmaLinux 9 and Ubuntu 22.04 too',
		why: 'no cPanel; imitated from its documentation, on real iptables',
		probe: 'switch them on; `iptables -t nat -S OUTPUT`, `nft list ruleset`',
		settle: whmRules,
	},
	{
		id: 'firewall-whm-again',
		claim: 'when WHM makes its rules anew (update, restart, switching), ours is in front again within a minute',
		why: 'no cPanel; imitated from its documentation, on real iptables',
		probe:
			'`sluice install --firewall rule`; switch SMTP Restrictions off and on; `iptables -t nat -S OUTPUT 1` a minute later',
	},
	{
		id: 'firewall-mail-group',
		claim:
			'the agent in the group `mail` is let out by WHM and CSF, reads no home, and the group’s other programs read nothing of it',
		why: 'no cPanel; that the first group of a process counts was tried on real iptables',
		probe:
			'`sluice install --firewall mail-group`; `sluice doctor`; `systemctl show -p Group,InaccessiblePaths sluice-agent`',
	},
	{
		id: 'server-cagefs',
		claim: 'inside CageFS neither sockets, secret nor data of Sluice are seen',
		why: 'no CloudLinux; `sluice doctor` reads `cagefs.mp`',
		probe: 'as a tenant: `ls /run/sluice /etc/sluice /etc/sluice-exim /var/lib/sluice` shows none of them',
	},
];
