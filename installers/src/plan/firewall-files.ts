/**
 * Texts that let the agent's user out past a rule of others: the script with rules of our own, what runs it again after theirs were made
 * anew, and the drop-in that gives the agent the mail group. Pure. iptables-extensions(8), systemd.exec(5), systemd.timer(5).
 */
import { csfConf, withoutCsfWord } from '../facts/csf.ts';
import {
	exemptComment,
	exemptScript,
	exemptTimerPath,
	exemptUnit,
	exemptUnitPath,
	mailGroupDropIn,
} from '../facts/firewall.ts';
import { agentUser } from '../facts/places.ts';

/** Theirs are made anew by commands of theirs, at no time that we are told. */
const againSeconds = 60;

/**
 * Rules in front of all others, in the chains that CSF and WHM use. Ours is put in first and the older one taken out afterwards, so that
 * there is no moment without; nothing is done where it stands first already, nor where nobody's rules stand. Without ip6tables, or its nat
 * table, IPv6 is left out.
 */
export const exemptScriptText = (ports: readonly number[]): string => `#!/bin/sh
# Written by sluice (--firewall rule): lets the user ${agentUser} connect to ports ${ports.join(', ')} of other servers, in front of what
# leads others back or refuses them. "${exemptScript} off" takes the rules out. Run by ${exemptUnit} and after CSF has made its rules.
PATH=/usr/sbin:/sbin:/usr/bin:/bin
mode=\${1:-on}
status=0
for tool in iptables ip6tables; do
	for table in nat filter; do
		rules=$($tool -w 5 -t $table -S OUTPUT 2>/dev/null) || { [ $tool = ip6tables ] || status=1; continue; }
		first=$(printf '%s\\n' "$rules" | sed -n '/^-A/{p;q;}')
		old=$(printf '%s\\n' "$rules" | grep -c -e '--comment ${exemptComment} ')
		# No table is made for a rule that would stand alone.
		[ -n "$first" ] || case $rules in *'-P OUTPUT DROP'*) ;; *) continue ;; esac
		set -- -p tcp -m multiport --dports ${ports.join(',')} -m owner --uid-owner ${agentUser} -m comment --comment ${exemptComment} -j ACCEPT
		if [ "$mode" = on ]; then
			case $first in *'--comment ${exemptComment} '*) [ "$old" = 1 ] && continue ;; esac
			$tool -w 5 -t $table -I OUTPUT 1 "$@" || { status=1; continue; }
		fi
		# Older ones stand behind it.
		while [ "$old" -gt 0 ]; do
			place=$($tool -w 5 -t $table -S OUTPUT | grep -e '^-A' | grep -n -e '--comment ${exemptComment} ' | tail -n 1 | cut -d: -f1)
			$tool -w 5 -t $table -D OUTPUT "$place" || { status=1; break; }
			old=$((old - 1))
		done
	done
done
exit $status
`;

const head = '# Written by sluice; it is taken out by `sluice uninstall`.\n';

export const exemptUnitText = `${head}
[Unit]
Description=Let Sluice's agent out past rules against users who send around the mail server
After=network-pre.target firewalld.service iptables.service ip6tables.service ufw.service csf.service cpanel.service

[Service]
Type=oneshot
ExecStart=${exemptScript}
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW
NoNewPrivileges=yes
ProtectHome=yes
PrivateTmp=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
`;

export const exemptTimerText = `${head}
[Unit]
Description=Look after the rule that lets Sluice's agent out

[Timer]
OnBootSec=5s
OnUnitActiveSec=${againSeconds}s
AccuracySec=5s

[Install]
WantedBy=timers.target
`;

const mailboxFolders = ['/var/mail', '/var/spool/mail'] as const;

/**
 * The mail group has to be the process's first: that is the one the kernel's rules look at. It also opens to the agent what tenants' mail folders
 * show to that group; so their folders are closed to it altogether, and the system's mailboxes, which are that group's to write.
 */
export const mailGroupText = (group: string, homes: readonly string[]): string => `${head}
[Service]
Group=${group}
SupplementaryGroups=${agentUser}
InaccessiblePaths=${[...homes, ...mailboxFolders].map((folder) => `-${folder}`).join(' ')}
`;

const csfPostBegin = '# BEGIN sluice: let its agent out (--firewall rule)';
const csfPostEnd = '# END sluice';
const csfPostBlock = `${csfPostBegin}\n[ ! -x ${exemptScript} ] || ${exemptScript}\n${csfPostEnd}\n`;
const csfPostHead = '#!/bin/sh\n';

export const isInCsfPost = (text: string): boolean => text.includes(csfPostBegin);

/** Ours behind what is there. */
export function withCsfPost(text: string | undefined): string {
	if (text === undefined || text === '') return `${csfPostHead}${csfPostBlock}`;
	if (isInCsfPost(text)) return text;
	return `${text}${text.endsWith('\n') ? '' : '\n'}${csfPostBlock}`;
}

/** Undefined: nothing else is in it. */
export function withoutCsfPost(text: string): string | undefined {
	const rest = text.replace(csfPostBlock, '');
	return rest === csfPostHead || rest === '' ? undefined : rest;
}

const ownFiles: readonly string[] = [exemptScript, exemptUnitPath, exemptTimerPath, mailGroupDropIn];

/** For a file that somebody else has changed since: without what is ours. `remove`: all of it is. Undefined: none of these steps' files. */
export function withoutOurs(
	path: string,
	content: string,
): { readonly kind: 'remove' } | { readonly kind: 'keep'; readonly content: string } | undefined {
	if (ownFiles.includes(path)) return { kind: 'remove' };
	if (path === csfConf) return { kind: 'keep', content: withoutCsfWord(content, 'SMTP_ALLOWUSER', agentUser) };
	if (!/\/csfpost\.sh$/.test(path)) return undefined;
	const rest = withoutCsfPost(content);
	return rest === undefined ? { kind: 'remove' } : { kind: 'keep', content: rest };
}
