/**
 * Exim's configuration on a cPanel-like server, as text, with places for the wiring.
 *
 * An imitation of what cPanel generates, as far as public documents tell: the look-ups (/etc/localdomains, userdomains,
 * valiases, mailips, mailhelo, domain_keys), router and transport names, SRS forwards, headers added on the router through
 * Perl, and the places `@POSTMAILCOUNT@` and so on where cPanel lets others put text. The stock remote route ends at a port
 * of the loopback that plays the internet, so that wired and un-wired mail can be compared.
 *
 * `EximWiring` is the text that a wiring brings; this file only places it. Pure.
 */

/** Blocks of configuration text, each whole lines; what is left out adds nothing. */
export type EximWiring = {
	/** Main section, before the first ACL: `@CONFIG@`. */
	readonly main?: string;
	/** Statements of the ACL for mail that did not come by SMTP (acl_not_smtp). */
	readonly aclNotSmtp?: string;
	/** Statements of the ACL for MAIL FROM (acl_smtp_mail). */
	readonly aclMail?: string;
	/** Before the stock remote routers, after the mail count: `@POSTMAILCOUNT@`. */
	readonly routers?: string;
	/** `@TRANSPORTSTART@`. */
	readonly transports?: string;
	/** Before all stock retry rules: `@RETRYSTART@`. */
	readonly retry?: string;
	/** Authenticators before the stock ones: `@AUTH@`. */
	readonly auth?: string;
};

export type EximSettings = {
	readonly hostname: string;
	readonly smtpPort: number;
	readonly submissionPort: number;
	/** Where the stock remote route delivers: the internet of this server. */
	readonly direct: { readonly host: string; readonly port: number };
	/** Lines at the end of the main section, for one test's sake. */
	readonly extra?: string;
	/** Other text instead of the imitated stock: how remote mail leaves, whether forwards go by SRS, what is tried again when. */
	readonly stock?: {
		readonly main?: string;
		readonly remoteRouters?: string;
		readonly remoteTransports?: string;
		readonly retry?: string;
	};
};

export const srsSecret = 'srs-secret-of-the-test-box';

export function eximConfiguration(settings: EximSettings, wiring: EximWiring = {}): string {
	return [
		mainSection(settings, wiring),
		aclSection(wiring),
		routerSection(settings, wiring),
		transportSection(settings, wiring),
		retrySection(settings, wiring),
		authenticatorSection(settings, wiring),
	].join('\n');
}

function mainSection(settings: EximSettings, wiring: EximWiring): string {
	return `# Generated for a test box. Places in @...@ are named as on cPanel.
primary_hostname = ${settings.hostname}
domainlist local_domains = lsearch;/etc/localdomains
log_file_path = /var/log/exim4/%slog
log_selector = +incoming_port +smtp_connection +all_parents +retry_defer +subject +arguments +received_recipients
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${settings.smtpPort} : ${settings.submissionPort}
# An abstract socket, which belongs to the network and so to all boxes at once.
notifier_socket = /var/spool/exim4/notify-${settings.smtpPort}
tls_advertise_hosts =
host_lookup =
rfc1413_hosts =
dsn_advertise_hosts = *
never_users =
trusted_users = root
untrusted_set_sender = *
local_from_check = false
keep_environment = X-SOURCE : X-SOURCE-ARGS : X-SOURCE-DIR
add_environment = PATH=/usr/sbin:/usr/bin:/sbin:/bin
message_size_limit = 50M
smtp_accept_max = 200
smtp_accept_queue_per_connection = 30
remote_max_parallel = 10
timeout_frozen_after = 7d
ignore_bounce_errors_after = 1d
perl_startup = do '/etc/exim.pl.local'
acl_smtp_mail = acl_mail
acl_smtp_rcpt = acl_rcpt
acl_not_smtp = acl_local
${settings.stock?.main ?? `SRSENABLED = 1\nSRS_SECRET = ${srsSecret}`}
${settings.extra ?? ''}
# @CONFIG@
${wiring.main ?? ''}`;
}

function aclSection(wiring: EximWiring): string {
	return `begin acl
acl_local:
# wiring of acl_not_smtp
${wiring.aclNotSmtp ?? ''}
  accept

acl_mail:
# wiring of acl_smtp_mail
${wiring.aclMail ?? ''}
  accept

acl_rcpt:
  accept hosts = :
  accept authenticated = *
  accept domains = +local_domains
         verify = recipient
  deny   message = relay not permitted
`;
}

function routerSection(settings: EximSettings, wiring: EximWiring): string {
	return `begin routers
# @ROUTERSTART@

# @POSTMAILCOUNT@
${wiring.routers ?? ''}

${settings.stock?.remoteRouters ?? lookuphost(settings)}

inbound_srs:
  driver = redirect
  senders = :
  domains = +local_domains
  condition = \${if inbound_srs {$local_part} {SRS_SECRET}}
  data = $srs_recipient

mailman_virtual_router:
  driver = accept
  condition = \${lookup{$local_part@$domain}lsearch{/etc/mailman/lists}{yes}{no}}
  transport = mailman_virtual_transport

autoreply_router:
  driver = accept
  domains = site1.test
  local_parts = vacation
  senders = ! :
  transport = vacation_reply

virtual_aliases:
  driver = redirect
  domains = lsearch;/etc/userdomains
  address_data = \${lookup{$domain}lsearch,ret=key{/etc/userdomains}}
  data = \${lookup{$local_part@$domain}lsearch{/etc/valiases/$address_data}}
  user = $domain_data
  allow_defer
  allow_fail
  forbid_file
  pipe_transport = virtual_address_pipe

virtual_user:
  driver = accept
  domains = lsearch;/etc/userdomains
  address_data = \${lookup{$domain}lsearch,ret=key{/etc/userdomains}}
  local_parts = lsearch;/etc/mailboxes/$address_data
  transport = virtual_userdelivery

system_aliases:
  driver = redirect
  domains = $primary_hostname
  data = \${lookup{$local_part}lsearch{/etc/aliases}}
  allow_defer
  allow_fail

userforward:
  driver = redirect
  domains = $primary_hostname
  check_local_user
  file = $home/.forward
  no_verify
  no_expn
  check_ancestor
  forbid_file
  pipe_transport = address_pipe

localuser:
  driver = accept
  domains = $primary_hostname
  check_local_user
  transport = local_delivery
  cannot_route_message = No such person at this address
`;
}

const lookuphost = ({ direct }: EximSettings): string => `dkim_lookuphost:
  driver = manualroute
  domains = ! +local_domains
  headers_add = "\${perl{mailtrapheaders}}"
.ifdef SRSENABLED
  transport = \${if eq{$local_part@$domain}{$original_local_part@$original_domain}{dkim_remote_smtp}{dkim_remote_forwarded_smtp}}
.else
  transport = dkim_remote_smtp
.endif
  route_list = * ${direct.host}::${direct.port}
  self = send
  no_more`;

function transportSection(settings: EximSettings, wiring: EximWiring): string {
	return `begin transports
# @TRANSPORTSTART@
${wiring.transports ?? ''}

${settings.stock?.remoteTransports ?? remoteTransports()}

virtual_userdelivery:
  driver = appendfile
  file = /home/$domain_data/mail/$address_data/$local_part_data
  create_directory
  user = $domain_data
  delivery_date_add
  envelope_to_add
  return_path_add

local_delivery:
  driver = appendfile
  file = /var/mail/$local_part_data
  group = mail
  mode = 0660
  delivery_date_add
  envelope_to_add
  return_path_add

address_pipe:
  driver = pipe
  message_prefix =
  ignore_status

virtual_address_pipe:
  driver = pipe
  message_prefix =
  ignore_status

mailman_virtual_transport:
  driver = pipe
  message_prefix =
  command = /usr/local/bin/list-post \${lookup{$local_part@$domain}lsearch{/etc/mailman/lists}}
  user = mailman
  group = mailman
  current_directory = /
  home_directory = /

vacation_reply:
  driver = autoreply
  user = alice
  from = vacation@site1.test
  to = $sender_address
  subject = Re: $h_subject:
  text = I am away.
`;
}

function remoteTransports(): string {
	const stockSmtp = `  driver = smtp
  allow_localhost
  hosts_avoid_tls = *
  interface = <; \${lookup{$sender_address_domain}lsearch*{/etc/mailips}{$value}{}}
  helo_data = \${lookup{$sender_address_domain}lsearch*{/etc/mailhelo}{$value}{$primary_hostname}}`;
	const stockDkim = `  dkim_domain = \${lookup{$sender_address_domain}lsearch,ret=key{/etc/localdomains}{\${if exists{/var/cpanel/domain_keys/private/$value}{$value}}}}
  dkim_selector = default
  dkim_private_key = /var/cpanel/domain_keys/private/\${dkim_domain}
  dkim_canon = relaxed`;
	return `dkim_remote_smtp:
${stockSmtp}
${stockDkim}

dkim_remote_forwarded_smtp:
${stockSmtp}
${stockDkim}
  max_rcpt = 1
  return_path = \${if eq{$return_path}{}{}{\${srs_encode {SRS_SECRET}{$return_path}{$original_domain}}}}`;
}

function retrySection(settings: EximSettings, wiring: EximWiring): string {
	return `begin retry
# @RETRYSTART@
${wiring.retry ?? ''}
${settings.stock?.retry ?? '* * F,2h,15s; G,16h,1h,1.5; F,4d,6h'}

begin rewrite
`;
}

function authenticatorSection(settings: EximSettings, wiring: EximWiring): string {
	const passwordOf = (user: string) => `\${extract{1}{:}{\${lookup{${user}}lsearch{/etc/exim4/passwd}{$value}{*:*}}}}`;
	return `begin authenticators
${wiring.auth ?? ''}
dovecot_plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if eq{$auth3}{${passwordOf('$auth2')}}}
  server_set_id = $auth2
  server_advertise_condition = \${if eq{$received_port}{${settings.submissionPort}}}

dovecot_login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = \${if eq{$auth2}{${passwordOf('$auth1')}}}
  server_set_id = $auth1
  server_advertise_condition = \${if eq{$received_port}{${settings.submissionPort}}}
`;
}

/** What cPanel's Perl adds to outgoing mail on the router; the text is that of its public samples. */
export const mailtrapPerl = String.raw`sub mailtrapheaders {
  my $x = sub { Exim::expand_string($_[0]) };
  my $host = $x->('$primary_hostname');
  my $via = $x->('$received_protocol') =~ /^local/ ? 'sender_ident via received_protocol == local: ' . $x->('$sender_ident')
          : $x->('$authenticated_id') ne '' ? 'authenticated_id: ' . $x->('$authenticated_id') : 'none';
  return join("\n",
    'X-AntiAbuse: This header was added to track abuse, please include it with any abuse report',
    "X-AntiAbuse: Primary Hostname - $host",
    'X-AntiAbuse: Original Domain - ' . $x->('$original_domain'),
    'X-AntiAbuse: Originator/Caller UID/GID - [' . $x->('$originator_uid $originator_gid') . '] / [47 12]',
    'X-AntiAbuse: Sender Address Domain - ' . $x->('$sender_address_domain'),
    "X-Get-Message-Sender-Via: $host: $via");
}
1;
`;
