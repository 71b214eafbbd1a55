/**
 * A cPanel server as far as the product meets it: stand-ins of cPanel's Exim, programs and API, two accounts, Exim under systemd.
 *
 * cPanel's programs are the repository's own stand-ins (test/cpanel), run by this machine's Node, which is shown inside read-only beside the
 * checkout. Not here: WHM's pages, which need a browser (test/panels).
 */
import { dirname, join } from 'node:path';
import { standInAccount } from '../cpanel/api/install.ts';
import { deriveFiles, emptyState, type StandInState, writeState } from '../cpanel/api/state.ts';
import { furnishCpanelExim } from '../cpanel/exim/cpanel-server.ts';
import { layCpanel } from '../cpanel/plugin-ground.ts';
import type { Box } from '../mta/box.ts';
import { hostNameOf } from '../mta/hosting.ts';
import { mailboxes, sites } from '../mta/sites.ts';
import { tenants } from '../mta/unix-users.ts';

const checkout = join(import.meta.dirname, '../..');
const checkoutInside = '/standin/checkout';
const nodeInside = '/standin/node';

/** What of the host is shown inside. */
export const cpanelBinds = [
	{ host: checkout, inside: checkoutInside, isReadOnly: true },
	{ host: dirname(process.execPath), inside: nodeInside, isReadOnly: true },
] as const;

export type CpanelPorts = {
	readonly smtp: number;
	readonly submission: number;
	readonly mx: number;
	readonly sink: string;
};

export async function furnishCpanel(box: Box, ports: CpanelPorts): Promise<void> {
	await layCpanel(box);
	await box.removeFile('/opt/sluice'); // only who brings a plugin without a release needs it
	await box.writeFile('/usr/local/cpanel/version', '11.134.0.5\n');
	for (const [name, file] of [
		['whmapi1', 'whmapi1.ts'],
		['uapi', 'uapi.ts'],
		['manage_hooks', 'manage-hooks.ts'],
	] as const)
		await box.writeFile(`/usr/local/cpanel/bin/${name}`, standIn(file), { mode: 0o755 });
	await box.makeFolder('/usr/local/cpanel/3rdparty/bin');
	await box.run(['ln', '-s', '/usr/bin/perl', '/usr/local/cpanel/3rdparty/bin/perl']);
	const settings = {
		hostname: hostNameOf.exim,
		smtpPort: ports.smtp,
		submissionPort: ports.submission,
		direct: { host: ports.sink, port: ports.mx },
	};
	// cPanel's own file of options is never empty.
	await furnishCpanelExim(box, settings, { options: ['allowweakciphers=0'] });
	await box.writeFile('/usr/local/cpanel/scripts/restartsrv_exim', restart, { mode: 0o755 });
	await box.writeFile('/etc/systemd/system/exim.service', unit);
	await accounts(box);
	await box.run(['systemctl', 'daemon-reload']);
	await box.run(['systemctl', 'enable', '--now', 'exim.service']);
}

const standIn = (file: string): string => `#!/bin/sh
STAND_IN_ROOT=/ exec ${nodeInside}/node --disable-warning=ExperimentalWarning ${checkoutInside}/test/cpanel/api/${file} "$@"
`;

/** The daemon of a child of process 1 does not fork, so it is waited for by its own file. On a server cPanel's restart goes through systemd, so that the daemon belongs to no command that restarted it. */
const restart = `#!/bin/bash
systemctl restart exim.service || exit 1
for _ in {1..200}; do
	grep -qx "$(systemctl show -p MainPID --value exim.service)" /run/exim4/exim.pid && echo 'exim restarted successfully.' && exit
	sleep 0.05
done
exit 1
`;

const unit = `[Unit]
Description=Exim
After=network.target

[Service]
Type=exec
ExecStart=/usr/sbin/exim -bd -q30m

[Install]
WantedBy=multi-user.target
`;

async function accounts(box: Box): Promise<void> {
	const state: StandInState = emptyState();
	for (const { domain, owner } of sites)
		state.accounts[owner] = standInAccount(owner, {
			domain,
			uid: tenants.find(({ name }) => name === owner)!.uid,
			mailboxes: mailboxes.map(({ address }) => address).filter((address) => address.endsWith(`@${domain}`)),
		});
	const passwd = await box.readFile('/etc/passwd');
	const root = `${box.hostPath('')}/`;
	writeState(root, state);
	deriveFiles(root, state);
	await box.writeFile('/etc/passwd', passwd); // the stand-in's own list has only accounts
}
