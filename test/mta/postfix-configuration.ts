/**
 * Postfix's main.cf and master.cf: like a Plesk server, or stock for a benchmark's sake.
 *
 * Plesk-like, as far as public documents tell: virtual domains and aliases in maps, SASL by a password server, XFORWARD
 * sent and accepted from 127/8, an own transport with address and EHLO name for each domain that has its own IP
 * (`sender_dependent_default_transport_maps` entries without a next hop, so that relayhost decides where to).
 * Stock: what `postconf -d` says, plus a relayhost and addresses that keep it on the loopback.
 *
 * Pure. Wiring is a set of settings and needs no places in this text (postfix.ts: `set`).
 */

import { sites } from './sites.ts';

export type PostfixSettings = {
	readonly hostname: string;
	readonly smtpPort: number;
	readonly submissionPort: number;
	/** Un-wired next hop: the internet of this server. */
	readonly relayTo: { readonly host: string; readonly port: number };
	readonly saslPort: number;
	/** Backoff, queue run and the queue manager's wakeup, all alike, as Postfix's own 300 s are. */
	readonly retrySeconds: number;
};

export const logPath = '/var/log/postfix.log';

/** Owner of the mail of virtual mailboxes; Plesk's user of the same name. */
export const popuser = { name: 'popuser', uid: 914, system: true } as const;

export function transportNameOf(site: { readonly domain: string; readonly address: string }): string {
	return `plesk-${site.domain}-${site.address}-`;
}

export function pleskMainCf(settings: PostfixSettings): string {
	const { hostname, relayTo, retrySeconds } = settings;
	return `${commonMainCf(settings)}
mydestination = localhost, ${hostname}
mynetworks =
alias_maps = texthash:/etc/postfix/aliases, texthash:/etc/postfix/mailman-aliases, texthash:/etc/postfix/alice-aliases
alias_database =
mailbox_size_limit = 0
virtual_mailbox_domains = ${sites.map((site) => site.domain).join(', ')}
virtual_alias_maps = texthash:/etc/postfix/virtual
virtual_mailbox_maps = texthash:/etc/postfix/vmailbox
virtual_mailbox_limit = 0
virtual_mailbox_base = /var/mail/virtual
virtual_uid_maps = static:${popuser.uid}
virtual_gid_maps = static:${popuser.uid}
relayhost = [${relayTo.host}]:${relayTo.port}
sender_dependent_default_transport_maps = texthash:/etc/postfix/sdd_transport
smtp_send_xforward_command = yes
smtpd_authorized_xforward_hosts = 127.0.0.0/8
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:${settings.saslPort}
smtpd_sasl_auth_enable = no
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
message_size_limit = 52428800
minimal_backoff_time = ${retrySeconds}s
maximal_backoff_time = ${retrySeconds}s
queue_run_delay = ${retrySeconds}s
`;
}

export function stockMainCf(settings: PostfixSettings): string {
	return `${commonMainCf(settings)}
mydestination = $myhostname, localhost
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
relayhost = [${settings.relayTo.host}]:${settings.relayTo.port}
`;
}

function commonMainCf(settings: PostfixSettings): string {
	return `compatibility_level = 3.6
myhostname = ${settings.hostname}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
maillog_file = ${logPath}`;
}

/** The package's services with chroot off, as Postfix itself ships them, on our ports. */
export function masterCf(settings: PostfixSettings, isStock: boolean): string {
	const submission = `127.0.0.1:${settings.submissionPort} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
`;
	const perDomain = sites.map(
		(site) => `${transportNameOf(site)} unix - - n - - smtp
  -o smtp_bind_address=${site.address}
  -o smtp_helo_name=${site.helo}
`,
	);
	return `127.0.0.1:${settings.smtpPort} inet n - n - - smtpd
${isStock ? '' : submission}pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n ${isStock ? 300 : settings.retrySeconds} 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
  -o syslog_name=postfix/$service_name
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
local     unix  - n n - - local
virtual   unix  - n n - - virtual
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
${isStock ? '' : perDomain.join('')}`;
}
