// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Exim's own expansions
/**
 * The wiring as it was found to work, kept apart from the product's own renderer.
 *
 * The harness must be provable without the product, and a renderer is better tested against a text that is known to work
 * than against itself. The keys of the header and the reasons for each line stand in docs and in `shared/src/mta`.
 */

import type { Box } from './box.ts';
import type { EximWiring } from './exim-configuration.ts';

export const fixtureSecret = 'Xp2s5v8yBeKbPeShVmYq3t6w9zCFJaNd';
export const fixtureSecretPath = '/etc/exim4/sluice/secret';
/** While this file exists Exim takes the stock route. */
export const fixtureBypassPath = '/run/sluice-mta/bypass';

/** Exim: mail for the world goes to 127.0.0.1:agentPort with one header that says who sent it. */
export function eximWiringFixture(agentPort: number): EximWiring {
	const keys =
		'id=$message_exim_id; proto=$received_protocol; auth=${base64:$authenticated_id}; uid=$originator_uid; ' +
		'ident=${base64:$sender_ident}; host=$sender_host_address; port=$acl_m_sluice_port; cwd=${base64:$acl_m_sluice_cwd}; ' +
		'anc=${if !eq{$local_part@$domain}{$original_local_part@$original_domain}{${base64:$original_local_part@$original_domain}}}';
	const secret = `\${if exists{${fixtureSecretPath}}{\${readfile{${fixtureSecretPath}}{}}}}`;
	const smtp = [
		'  driver = smtp',
		'  allow_localhost',
		'  hosts_avoid_tls = *',
		'  hosts_try_chunking =',
		'  connect_timeout = 10s',
		'  interface = <; ${lookup{$sender_address_domain}lsearch*{/etc/mailips}{$value}{}}',
		'  helo_data = ${lookup{$sender_address_domain}lsearch*{/etc/mailhelo}{$value}{$primary_hostname}}',
	];
	return {
		aclNotSmtp: '  warn set acl_m_sluice_cwd = ${length_1024:$initial_cwd}',
		aclMail: [
			'  warn set acl_m_sluice_port = $received_port',
			'       set acl_m_sluice_cwd = ${if def:sender_host_address {}{${length_1024:$initial_cwd}}}',
		].join('\n'),
		routers: [
			'sluice_route:',
			'  driver = manualroute',
			`  condition = \${if exists{${fixtureBypassPath}}{no}{yes}}`,
			'  domains = ! +local_domains',
			'  headers_remove = X-Sluice-Sender',
			'  headers_add = "${perl{mailtrapheaders}}"',
			`  hide headers_add = X-Sluice-Sender: v=1; s=${secret}; ${keys}`,
			'  transport = ${if eq{$local_part@$domain}{$original_local_part@$original_domain}{sluice_remote_smtp}{sluice_remote_forwarded_smtp}}',
			`  route_list = * 127.0.0.1::${agentPort}`,
			'  host_find_failed = defer',
			'  self = send',
			'  no_more',
		].join('\n'),
		transports: [
			'sluice_remote_smtp:',
			...smtp,
			'  dkim_domain = ${lookup{$sender_address_domain}lsearch,ret=key{/etc/localdomains}{${if exists{/var/cpanel/domain_keys/private/$value}{$value}}}}',
			'  dkim_selector = default',
			'  dkim_private_key = /var/cpanel/domain_keys/private/${dkim_domain}',
			'  dkim_canon = relaxed',
			'',
			'sluice_remote_forwarded_smtp:',
			...smtp,
			'  max_rcpt = 1',
			'  return_path = ${if eq{$return_path}{}{}{${srs_encode {SRS_SECRET}{$return_path}{$original_domain}}}}',
		].join('\n'),
		retry: '*@127.0.0.1 * F,4d,10s',
	};
}

/** The secret as the installer leaves it: readable by root only, in a folder of root only. */
export async function placeFixtureSecret(box: Box, secret = fixtureSecret): Promise<void> {
	await box.writeFile(fixtureSecretPath, secret, { mode: 0o600 });
	await box.makeFolder('/etc/exim4/sluice', { mode: 0o700 });
}

/** The wiring header's keys with base64 values decoded; undefined when the header is not there. */
export function decodedWiring(value: string | undefined): Readonly<Record<string, string>> | undefined {
	if (value === undefined) return undefined;
	const encoded = new Set(['auth', 'ident', 'cwd', 'anc']);
	return Object.fromEntries(
		value.split(';').map((pair) => {
			const at = pair.indexOf('=');
			const key = pair.slice(0, at).trim();
			const text = pair.slice(at + 1).trim();
			return [key, encoded.has(key) ? Buffer.from(text, 'base64').toString('latin1') : text];
		}),
	);
}

/** Postfix: the two settings that lead remote mail to the agent and name the authenticated sender. */
export function postfixWiringFixture(agentPort: number): Readonly<Record<string, string>> {
	return { relayhost: `[127.0.0.1]:${agentPort}`, smtpd_sasl_authenticated_header: 'yes' };
}
