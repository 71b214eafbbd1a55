/**
 * The stock text of which the stand-in of cPanel's builder makes Exim's configuration.
 *
 * An imitation, as far as public documents tell: places `@NAME@` and ACL blocks, stock blocks `%NAME%` … `%%` that may be replaced,
 * router and transport names with and without DKIM, the limits' router before `@POSTMAILCOUNT@`, the Basic Editor's smarthost, SRS off
 * unless switched on. What it takes from the tests' own server (sites, mailboxes, local routers) is that of test/mta. Pure.
 */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Exim's own expansions
import { type EximSettings, eximConfiguration, srsSecret } from '../../mta/exim-configuration.ts';

const hasKey =
	'${lookup{$sender_address_domain}lsearch,ret=key{/etc/localdomains}{${if exists{/var/cpanel/domain_keys/private/$value}}}}';

/** Where this server's DNS would lead: to `direct`, in a form that is no relay for all. */
function remoteRouter(name: string, transport: string, { direct }: EximSettings, condition?: string): string {
	const forwarded = transport.replace('remote_smtp', 'remote_forwarded_smtp');
	return `${name}:
  driver = manualroute
  domains = ! +local_domains
${condition === undefined ? '' : `  condition = ${condition}\n`}  headers_add = "\${perl{mailtrapheaders}}"
.ifdef SRSENABLED
  transport = \${if eq {$local_part@$domain}{$original_local_part@$original_domain}{${transport}}{${forwarded}}}
.else
  transport = ${transport}
.endif
  route_list = !+local_domains ${direct.host}::${direct.port}
  self = send
  no_more`;
}

const remoteRouters = (settings: EximSettings): string => `enforce_mail_permissions:
  driver = redirect
  domains = ! +local_domains
  condition = \${perl{enforce_mail_permissions}}
  data = \${perl{enforce_mail_permissions_results}}
  allow_fail
  allow_defer

@POSTMAILCOUNT@

[if SMARTHOST]
smarthost:
  driver = manualroute
  domains = ! +local_domains
  headers_add = "\${perl{mailtrapheaders}}"
  transport = remote_smtp
  route_list = [smarthost_routelist]
  self = send
  no_more
[end]
[if NOSMARTHOST]
${remoteRouter('dkim_lookuphost', 'dkim_remote_smtp', settings, hasKey)}

${remoteRouter('lookuphost', 'remote_smtp', settings)}
[end]`;

const smtp = `  driver = smtp
  allow_localhost
  hosts_avoid_tls = *
  interface = <; \${if exists{/etc/mailips}{\${lookup{$sender_address_domain}lsearch*{/etc/mailips}{$value}{}}}}
  helo_data = \${if exists{/etc/mailhelo}{\${lookup{$sender_address_domain}lsearch*{/etc/mailhelo}{$value}{$primary_hostname}}}{$primary_hostname}}
  message_linelength_limit = 2048`;
const dkim = `  dkim_domain = \${lookup{$sender_address_domain}lsearch,ret=key{/etc/localdomains}}
  dkim_selector = default
  dkim_private_key = /var/cpanel/domain_keys/private/\${dkim_domain}
  dkim_canon = relaxed`;
const forwarded = `  max_rcpt = 1
  return_path = \${srs_encode {SRS_SECRET}{$return_path}{$original_domain}}`;
const login = `[if SMARTHOSTLOGIN]
  hosts_require_auth = *
[end]`;

const remoteTransports = `remote_smtp:
${smtp}
${login}

dkim_remote_smtp:
${smtp}
${dkim}

[if SRS]
remote_forwarded_smtp:
${smtp}
${forwarded}

dkim_remote_forwarded_smtp:
${smtp}
${dkim}
${forwarded}
[end]`;

export function eximConfDist(settings: EximSettings): string {
	const text = eximConfiguration(
		{
			...settings,
			stock: {
				main: `[if SRS]\nSRSENABLED = 1\nSRS_SECRET = ${srsSecret}\n[end]`,
				remoteRouters: remoteRouters(settings),
				remoteTransports,
				retry: '%RETRYBLOCK%\n* * F,2h,15s; G,16h,1h,1.5; F,4d,6h\n%%\n@RETRYEND@',
			},
		},
		{
			main: '@CONFIG@',
			aclNotSmtp: '[ACL_OUTGOING_NOTSMTP_CHECKALL_BLOCK]',
			aclMail: '[ACL_MAIL_PRE_BLOCK]',
			routers: '@ROUTERSTART@',
			transports: '@TRANSPORTSTART@',
			retry: '@RETRYSTART@',
			auth: `@AUTH@
[if SMARTHOSTLOGIN]
smarthost_login:
  driver = plaintext
  public_name = LOGIN
  client_send = : [smarthost_username] : [smarthost_password]
[end]`,
		},
	);
	// Taken only while SRS is on; without it Exim has no name for the secret.
	return text.replace(/inbound_srs:\n[\s\S]*?\n\n/, (router) => `[if SRS]\n${router.trimEnd()}\n[end]\n\n`);
}
