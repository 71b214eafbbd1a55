/**
 * Debian's exim4-config as its package sets it up, un-wired: what dpkg's scripts and questions would have written.
 *
 * Remote mail goes to a sink: the stock router and transport are told its address and port, as if the DNS had said so.
 * Not here: starting it (plain-server.ts, test/install).
 */
import type { Box } from './box.ts';
import { eximUser } from './exim.ts';
import { hostNameOf } from './hosting.ts';

export type EximLayout = 'single' | 'template' | 'split';

export type PlainExim = {
	readonly layout: EximLayout;
	readonly smtpPort: number;
	/** Where the internet is. */
	readonly sink: { readonly address: string; readonly port: number };
	/** Further lines of the local macros. */
	readonly macros?: readonly string[];
};

/** Files, folders and owners of the package, and the configuration generated. Nothing is started. */
export async function furnishPlainExim(box: Box, { layout, smtpPort, sink, macros = [] }: PlainExim): Promise<void> {
	for (const folder of ['/var/spool/exim4', '/var/log/exim4', '/run/exim4'])
		await box.makeFolder(folder, { owner: eximUser.name, mode: 0o750 });
	await box.makeFolder('/var/lib/exim4');
	await box.writeFile('/etc/mailname', `${hostNameOf.exim}\n`);
	await box.writeFile('/etc/exim4/update-exim4.conf.conf', debconf(layout, smtpPort));
	const local = [
		`MAIN_HARDCODE_PRIMARY_HOSTNAME = ${hostNameOf.exim}`,
		'MAIN_HOST_LOOKUP =',
		'tls_advertise_hosts =',
		// An abstract socket, which belongs to the network and so to all boxes at once.
		`notifier_socket = /var/spool/exim4/notify-${smtpPort}`,
		...macros,
	];
	const localPath = layout === 'split' ? '/etc/exim4/conf.d/main/000_local' : '/etc/exim4/exim4.conf.localmacros';
	await box.writeFile(localPath, local.map((line) => `${line}\n`).join(''));
	await playInternet(box, layout, sink);
	if (layout === 'single') {
		await box.run(['update-exim4.conf', '--keepcomments', '-o', '/etc/exim4/exim4.conf']);
		for (const path of ['exim4.conf.template', 'exim4.conf.localmacros']) await box.removeFile(`/etc/exim4/${path}`);
	} else await box.run(['update-exim4.conf']);
	// Never port 25, whatever went wrong above: the network is the host's.
	const { stdout } = await box.run(['/usr/sbin/exim4', '-bP', 'local_interfaces']);
	if (!stdout.includes(`127.0.0.1.${smtpPort}`)) throw new Error(`Exim would listen elsewhere: ${stdout}`);
}

const debconf = (layout: EximLayout, port: number): string =>
	Object.entries({
		dc_eximconfig_configtype: 'internet',
		dc_other_hostnames: hostNameOf.exim,
		dc_local_interfaces: `127.0.0.1.${port}`,
		dc_readhost: '',
		dc_relay_domains: 'backup.test',
		dc_minimaldns: 'false',
		dc_relay_nets: '',
		dc_smarthost: '',
		CFILEMODE: '644',
		dc_use_split_config: String(layout === 'split'),
		dc_hide_mailname: '',
		dc_mailname_in_oh: 'true',
		dc_localdelivery: 'mail_spool',
	})
		.map(([name, value]) => `${name}='${value}'\n`)
		.join('');

/** The stock router finds every remote domain at the sink, as if the DNS had said so. */
async function playInternet(box: Box, layout: EximLayout, sink: PlainExim['sink']): Promise<void> {
	const edit = async (path: string, edits: readonly (readonly [string, string])[]): Promise<void> => {
		let text = await box.readFile(path);
		for (const [from, to] of edits) {
			if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
			text = text.replace(from, () => to);
		}
		await box.writeFile(path, text);
	};
	const router = [
		'  driver = dnslookup\n  domains = ! +local_domains\n',
		`  driver = manualroute\n  route_list = !+local_domains ${sink.address}::${sink.port}\n  self = send\n  domains = ! +local_domains\n`,
	] as const;
	const ignored = ['  ignore_target_hosts = ROUTER_DNSLOOKUP_IGNORE_TARGET_HOSTS\n', ''] as const;
	const head = '  debug_print = "T: remote_smtp for $local_part@$domain"\n  driver = smtp\n';
	const transport = [head, `${head}  allow_localhost\n  hosts_avoid_tls = *\n`] as const;
	if (layout !== 'split') return edit('/etc/exim4/exim4.conf.template', [router, ignored, transport]);
	await edit('/etc/exim4/conf.d/router/200_exim4-config_primary', [router, ignored]);
	await edit('/etc/exim4/conf.d/transport/30_exim4-config_remote_smtp', [transport]);
}
