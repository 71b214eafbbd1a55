/**
 * What keeps tenants from sending around the mail server, as WHM and CSF do it: scripts that make the rules as their documentation shows
 * them, with the kernel's own iptables, in a network that is the box's alone.
 *
 * Mail servers far away are reached at a port that is kept for the MTA (587); who is led back into this server meets a listener that says so.
 */
import { csfConf } from '@sluice/installers/facts/csf.ts';
import type { Box } from '../mta/box.ts';
import { until } from '../mta/until.ts';
import { mxPort, sinkAddress } from './server-internet.ts';

export type Restriction = 'whm' | 'csf';

/** One of the ports that are kept for the MTA. */
export const keptPort = 587;

/** Says `back` to whoever is led back. */
export const listener = `use IO::Socket::INET; my ($address, $name) = @ARGV;
my $s = IO::Socket::INET->new(LocalAddr => $address, LocalPort => ${keptPort}, Listen => 9, ReuseAddr => 1) or die $!;
while (my $c = $s->accept) { print $c "$name\\r\\n"; close $c }`;

/** cPanel, "SMTP Restrictions (WHM) versus SMTP_BLOCK (CSF)": the mail group, root; then everybody else. */
export const whmRules = `set -e
ours="-p tcp -m multiport --dports 25,465,587"
iptables -t nat -I OUTPUT $ours -j REDIRECT
for who in "--uid-owner 0" "--gid-owner mail"; do iptables -t nat -I OUTPUT $ours -m owner $who -j RETURN; iptables -I OUTPUT $ours -m owner $who -j ACCEPT; done`;

/** csf -r: all rules of others go, who is not named in csf.conf is refused, then csfpost.sh. */
export const csfProgram = `#!/bin/bash
set -e
value() { sed -n "s/^$1 = \\"\\(.*\\)\\"/\\1/p" ${csfConf}; }
for table in nat filter; do iptables -t $table -F; done
ours="-p tcp -m multiport --dports $(value SMTP_PORTS)"
for user in root $(value SMTP_ALLOWUSER | tr , ' '); do iptables -A OUTPUT $ours -m owner --uid-owner $user -j ACCEPT; done
for group in $(value SMTP_ALLOWGROUP | tr , ' '); do iptables -A OUTPUT $ours -m owner --gid-owner $group -j ACCEPT; done
iptables -A OUTPUT ! -d 127.0.0.1 $ours -j REJECT --reject-with tcp-reset
if [ -x /etc/csf/csfpost.sh ]; then /etc/csf/csfpost.sh; fi
`;
export const csfSettings =
	'TESTING = "0"\nSMTP_BLOCK = "1"\nSMTP_PORTS = "25,465,587"\nSMTP_ALLOWUSER = ""\nSMTP_ALLOWGROUP = "mail"\nTCP_OUT = "25,587"\n';

/** Of Debian's two, the one that nft shows. */
export const useIptables = (box: Box) =>
	box.run(['bash', '-c', 'for tool in iptables ip6tables; do ln -sf $tool-nft /usr/sbin/$tool; done']);

export async function restrict(box: Box, restriction: Restriction): Promise<void> {
	if (restriction === 'whm') {
		await box.writeFile('/var/cpanel/cpanel.config', 'smtpmailgidonly=1\n');
		await box.run(['bash', '-c', whmRules]);
		return;
	}
	await box.writeFile('/usr/sbin/csf', csfProgram, { mode: 0o755 });
	await box.writeFile(csfConf, csfSettings, { mode: 0o600 });
	await box.run(['csf', '-r']);
}

/** The ordinary sink at the kept port too, and somebody at this server's own. */
export async function openKeptPort(box: Box): Promise<void> {
	const proxy = `/usr/lib/systemd/systemd-socket-proxyd ${sinkAddress}:${mxPort}`;
	await box.writeFile('/listen.pl', listener);
	const units = {
		'far.socket': `[Socket]\nListenStream=${sinkAddress}:${keptPort}\n`,
		'far.service': `[Service]\nExecStart=${proxy}\n`,
		'back.service': '[Service]\nExecStart=/usr/bin/perl /listen.pl 127.0.0.1 back\n',
	};
	for (const [name, text] of Object.entries(units)) await box.writeFile(`/etc/systemd/system/${name}`, text);
	await box.run(['systemctl', 'daemon-reload']);
	await box.run(['systemctl', 'start', 'far.socket', 'back.service']);
	await until(async () => (await reached(box, 'root', '127.0.0.1')) === 'back', {
		waitMs: 5000,
		otherwise: () => 'nobody listens',
	});
}

/** Who answers a user that connects to the kept port of that address: its first line, or `refused`. */
export async function reached(
	box: Box,
	user: string,
	address: string,
	{ group = user, groups = '--clear-groups' }: { readonly group?: string; readonly groups?: string } = {},
): Promise<string> {
	const script = `exec 3<>/dev/tcp/${address}/${keptPort} && IFS= read -r -t 5 line <&3 && echo "$line"`;
	const words = ['setpriv', '--reuid', user, '--regid', group, groups, 'bash', '-c', script];
	const { stdout } = await box.run(words, { allowFailure: true });
	return stdout.trim() === '' ? 'refused' : stdout.trim();
}
