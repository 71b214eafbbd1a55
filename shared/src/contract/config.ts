/**
 * The agent's configuration: every key, its meaning, its bounds and its default, in one place.
 *
 * Parser, `sluice config explain`, `sluice config schema` and docs/reference/configuration.md all come from here. An unknown key is an
 * error. Durations are seconds, sizes are bytes, and the names say so.
 */
import { z } from 'zod';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

const seconds = (fallback: number, min = 1, max = 31_536_000) => z.number().min(min).max(max).default(fallback);
const count = (fallback: number, min = 1, max = 10_000_000) => z.number().int().min(min).max(max).default(fallback);
const bytes = (fallback: number, min = 1024, max = 1024 * GiB) => z.number().int().min(min).max(max).default(fallback);
const section = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape).prefault({} as never);

const hostName = z.string().min(1).max(253);
/** `127.0.0.1:2526`, `[::1]:2526`, or `fd` for a socket that the service manager passed. */
const listenAddress = z
	.string()
	.regex(/^(fd|\[[0-9a-fA-F:.]+\]:\d{1,5}|[0-9.]+:\d{1,5})$/, 'an IP address and port such as 127.0.0.1:2526, or fd');

const hop = z.strictObject({
	host: hostName.describe('Name or IP address.'),
	port: z.number().int().min(1).max(65_535).default(25).describe('TCP port.'),
});

export const smarthostSchema = z.strictObject({
	host: z
		.union([hostName, z.array(hostName).min(1).max(10)])
		.describe('One host or a list that is tried in order; names or IP addresses.'),
	port: z.number().int().min(1).max(65_535).default(25).describe('TCP port.'),
	tls: z
		.enum(['none', 'opportunistic', 'required', 'implicit'])
		.optional()
		.describe(
			'opportunistic (default without a user): STARTTLS when offered. required (default with a user): STARTTLS, verified. implicit: TLS from the first byte, verified. none: in the clear.',
		),
	user: z.string().min(1).optional().describe('User for SMTP AUTH; needs passwordFile or password.'),
	password: z.string().min(1).optional().describe('Password for SMTP AUTH. Prefer passwordFile.'),
	passwordFile: z.string().min(1).optional().describe('File whose first line is the password.'),
	identityHeader: z
		.string()
		.regex(/^X-[A-Za-z0-9-]{1,60}$/, 'a header name such as X-AuthUser')
		.optional()
		.describe(
			'Header that tells this host the sender: the mailbox, or account@hostName. It is sent to no other host and not signed.',
		),
});

export const configSchema = z.strictObject({
	dataDir: z.string().min(1).describe('Folder of spool, queue index, history and state. Must be on a local disk.'),
	hostName: hostName.optional().describe('Name in our banner and Received line; default: the name of the machine.'),
	smtp: section({
		listen: listenAddress.default('127.0.0.1:2526').describe('Where the MTA hands mail over. Loopback only.'),
		peers: z
			.enum(['mta', 'anyone'])
			.default('anyone')
			.describe(
				'mta: only root and the MTA user may connect, as the kernel tells (on servers). anyone: for a checkout. Either way only root and the MTA user are believed about senders.',
			),
		mtaUsers: z
			.array(z.union([z.string().min(1), z.number().int().min(0)]))
			.default([])
			.describe('Names or uids of the MTA user(s), such as Debian-exim, mailnull, postfix. root is always allowed.'),
		connectionsMax: count(1000, 1, 20_000).describe('Open connections; more are told 421.'),
		messageBytesMax: bytes(100 * MiB).describe('Largest message; must not be below the limit of the MTA.'),
		headerBytesMax: bytes(MiB).describe('Largest header block.'),
		lineBytesMax: bytes(1_000_000, 998).describe('Longest text line. RFC 5321 says 998; real mail has more.'),
		recipientsMax: count(1000, 100, 50_000).describe(
			'Recipients of one transaction; the MTA sends the rest in another.',
		),
		hopsMax: count(50, 10, 200).describe('Received lines; more is a loop.'),
		bareNewline: z
			.enum(['normalise', 'reject'])
			.default('normalise')
			.describe('Bare CR or LF in a message: made CRLF (nothing is lost, nothing is smuggled) or refused with 550.'),
		idleTimeoutSeconds: seconds(300, 1, 3600).describe('Silence between commands before 421.'),
		dataTimeoutSeconds: seconds(180, 1, 3600).describe(
			'Time without progress inside DATA before the connection is closed.',
		),
		bodyMemoryBytesMax: bytes(256 * MiB, MiB).describe('Message bytes being received at once over all connections.'),
		tls: z
			.strictObject({
				certFile: z.string().min(1).describe('Certificate chain, PEM.'),
				keyFile: z.string().min(1).describe('Private key, PEM.'),
			})
			.optional()
			.describe('Offer STARTTLS on the relay port.'),
	}).describe('Receiving from the MTA.'),
	wiring: section({
		mta: z
			.enum(['none', 'exim', 'postfix'])
			.default('none')
			.describe('Which MTA stands in front of us, and so how senders are known.'),
		secretFile: z
			.string()
			.min(1)
			.optional()
			.describe('exim: file with the secret of the wiring header; a second line may hold the previous secret.'),
		hostNames: z
			.array(hostName)
			.default([])
			.describe('postfix: names in `by HOST` of its Received lines; default: hostName.'),
		filterUsers: z
			.array(z.number().int().min(0))
			.default([])
			.describe('postfix: uids under which a content filter hands mail back with sendmail.'),
		listUsers: z
			.array(z.union([z.string().min(1), z.number().int().min(0)]))
			.default([])
			.describe(
				'Names or uids of mailing list software, such as mailman: the domain of the list pays for what it sends.',
			),
	}).describe('How the MTA tells us who sent a message.'),
	api: section({
		socket: z.string().min(1).optional().describe('Unix socket of the REST API; default: agent.sock in dataDir.'),
		mode: z
			.string()
			.regex(/^0?[0-7]{3}$/, 'an octal file mode such as 0660')
			.default('0660')
			.describe('File mode of the socket: who may speak to the agent.'),
	}).describe('The local REST API.'),
	delivery: section({
		smarthost: smarthostSchema.optional().describe('Deliver everything through this host. Left out: direct to MX.'),
		port: z
			.number()
			.int()
			.min(1)
			.max(65_535)
			.default(25)
			.describe('TCP port of MX hosts; other than 25 only for tests.'),
		dnsServers: z
			.array(z.string().min(1))
			.default([])
			.describe('Name servers, address or address:port; default: those of the machine.'),
		helo: hostName.optional().describe('EHLO name for everything; default: the name with which the MTA greeted us.'),
		sourceAddress: z
			.union([z.ipv4(), z.ipv6()])
			.optional()
			.describe('Source address for everything; default: the address from which the MTA connected to us.'),
		allowAddresses: z
			.array(z.string().min(1))
			.default([])
			.describe('Networks (CIDR) among the private, loopback and own ones that mail may be delivered to.'),
		preferFamily: z.enum(['ipv4', 'ipv6']).default('ipv4').describe('Which address family is tried first.'),
		tls: z.enum(['none', 'opportunistic']).default('opportunistic').describe('TLS towards MX hosts.'),
		deliveriesMax: count(500, 1, 10_000).describe('Transactions at once over all destinations.'),
		recipientsPerTransactionMax: count(100, 1, 1000).describe('Recipients of one message sent in one transaction.'),
		messagesPerConnectionMax: count(100, 1, 10_000).describe('Transactions on one connection before it is closed.'),
		connectTimeoutSeconds: seconds(30, 1, 300).describe('TCP connect.'),
		commandTimeoutSeconds: seconds(300, 1, 900).describe('Greeting and replies to commands (RFC 5321 §4.5.3.2).'),
		dataTimeoutSeconds: seconds(600, 1, 3600).describe('Reply to the end of data (RFC 5321 §4.5.3.2.6).'),
		idleSeconds: seconds(3, 0, 300).describe('How long an idle connection is kept for reuse.'),
		lane: section({
			windowInitial: count(5, 1, 1000).describe('Transactions at once to a new destination.'),
			windowMax: count(20, 1, 1000).describe('Most transactions at once to one destination from one source address.'),
			failedCohortsMax: count(3, 1, 100).describe('Window-sized rounds of failures after which the lane is closed.'),
			reopenSeconds: seconds(60, 1, 86_400).describe('Until a closed lane tries one probe; grows while probes fail.'),
			reopenMaxSeconds: seconds(1800, 1, 86_400).describe('Longest time between probes.'),
		}).describe('Speed towards one destination.'),
		retry: section({
			firstSeconds: seconds(300, 1, 86_400).describe('After the first deferral.'),
			factor: z.number().min(1).max(10).default(2).describe('Each further wait is this many times longer.'),
			maxSeconds: seconds(14_400, 1, 604_800).describe('Longest wait between attempts.'),
			jitter: z.number().min(0).max(0.5).default(0.2).describe('Share by which a wait varies at random.'),
			expireSeconds: seconds(345_600, 1, 2_592_000).describe(
				'Age at which a recipient that was only ever deferred is given up.',
			),
			delayNoticeSeconds: seconds(14_400, 1, 2_592_000).describe(
				'Age at which the sender is told that delivery is late.',
			),
		}).describe('When deferred recipients are tried again.'),
	}).describe('Sending to the internet.'),
	dsn: section({
		via: hop
			.optional()
			.describe('Where our own reports go: the MTA. Default: the smarthost, else the MX of the sender.'),
		from: z.string().min(1).optional().describe('From: of reports; default: MAILER-DAEMON@hostName.'),
		returnBytesMax: bytes(64 * 1024, 0, 10 * MiB).describe('Most bytes of the original message in a report.'),
	}).describe('Delivery status notifications (bounces, delay notices).'),
	queue: section({
		recipientsMax: count(1_000_000).describe('Open recipients in all; beyond, MAIL is answered 452.'),
		accountRecipientsMax: count(200_000).describe('Open recipients of one account; beyond, its mail is answered 450.'),
		accountBytesMax: bytes(10 * GiB, MiB).describe(
			'Open message bytes of one account; beyond, its mail is answered 450.',
		),
		holdExpireSeconds: seconds(604_800, 60).describe('How long held mail waits for a decision before it expires.'),
		restoreSeconds: seconds(259_200, 0, 2_592_000).describe(
			'How long discarded and expired mail can be brought back; its body is kept so long.',
		),
	}).describe('Bounds on what may wait.'),
	limits: section({
		monitorOnly: z
			.boolean()
			.default(false)
			.describe('Nothing is limited or refused by a rule, whatever its mode: all rules only watch and count.'),
		warnPercent: count(80, 1, 99).describe('Share of a limit at which the administrator is warned, once a window.'),
		identitiesMax: count(64, 1, 10_000).describe(
			'Mailboxes, scripts and domains of one account that are metered apart; the rest share one meter.',
		),
		waiting: section({
			recipientsMax: count(20_000).describe(
				'Recipients of one account that may wait; beyond, its mail is answered 450.',
			),
			bytesMax: bytes(GiB, MiB).describe(
				'Message bytes of one account that may wait; beyond, its mail is answered 450.',
			),
			ageSeconds: seconds(43_200, 60).describe(
				'While the oldest waiting mail of an account is older than this, its new mail is answered 450.',
			),
			expireSeconds: seconds(86_400, 60).describe(
				'Age at which waiting mail is given up, with a report to its sender.',
			),
		}).describe('Bounds on mail that waits for a limit.'),
		ramp: section({
			mode: z
				.enum(['off', 'monitor', 'enforce'])
				.default('monitor')
				.describe('Whether new accounts begin with a share of their limits.'),
			days: count(7, 1, 365).describe('How many days an account counts as new.'),
			share: z.number().min(0).max(1).default(0.5).describe('Share of the limits of its account level that it has.'),
		}).describe('The first days of a new account.'),
	}).describe('Metering. The limits themselves are set by command and REST.'),
	accounts: section({
		staleSeconds: seconds(3600, 60).describe(
			'Age of the last complete list of accounts beyond which nothing is enforced on unknown accounts.',
		),
		shrinkPercentMax: count(10, 0, 100).describe(
			'A complete list that has so much less than the one before is not believed until it comes a second time.',
		),
		goneGraceSeconds: seconds(3600, 0).describe('How long queued mail of a removed account still goes out.'),
	}).describe('What panels tell about accounts.'),
	ownership: section({
		mode: z
			.enum(['off', 'monitor', 'enforce'])
			.default('monitor')
			.describe('Only the account that owns a domain may send as it, in MAIL FROM and From.'),
		action: z.enum(['hold', 'reject']).default('reject').describe('What enforcing does with a breach.'),
		strangers: z
			.enum(['allow', 'refuse'])
			.default('allow')
			.describe('Sender domains that no account here owns, such as gmail.com.'),
	}).describe('Domain ownership.'),
	notices: section({
		to: z.array(z.string().min(3).max(320)).max(10).default([]).describe('Addresses of administrators; none: no mail.'),
		from: z.string().min(3).max(320).optional().describe('From: of notices; default: that of reports (dsn.from).'),
		owners: z.boolean().default(false).describe('Also warn the contact of the account, where a panel has told it.'),
		senders: z
			.boolean()
			.default(true)
			.describe('Tell a sender once when its mail begins to wait, and until when it will have left.'),
	}).describe('Mail that tells of limits.'),
	submission: section({
		listen: z
			.array(listenAddress)
			.default([])
			.describe('Addresses for remote applications, with STARTTLS. Off by default; never a port that the MTA has.'),
		listenTls: z.array(listenAddress).default([]).describe('The same with TLS from the first byte (RFC 8314).'),
		tls: z
			.strictObject({
				certFile: z.string().min(1).describe('Certificate chain, PEM.'),
				keyFile: z.string().min(1).describe('Private key, PEM.'),
			})
			.optional()
			.describe('Certificate of the submission listener; needed for it to start.'),
		connectionsMax: count(500, 1, 20_000).describe('Open connections; more are told 421.'),
		authFailuresMax: count(10, 1, 1000).describe(
			'Failed logins of one address or one user within blockSeconds before it is refused.',
		),
		blockSeconds: seconds(900, 1, 86_400).describe('How long it is refused, and how long failures are remembered.'),
	}).describe('SMTP submission for remote applications, with a password and TLS.'),
	rights: section({
		owners: section({
			release: z
				.boolean()
				.default(false)
				.describe('A customer may release own mail of a hold that leaves it to the owner.'),
			discard: z.boolean().default(false).describe('A customer may discard own mail that is held or waits.'),
		}).describe('What accounts and customers may do with their own mail.'),
		resellers: section({
			hold: z.boolean().default(true).describe('A reseller may hold mail of its accounts, and lift such holds.'),
			release: z.boolean().default(true).describe('A reseller may release held mail of its accounts, in pace.'),
			discard: z.boolean().default(true).describe('A reseller may discard open mail of its accounts.'),
		}).describe('What resellers may do with mail of their accounts. What an administrator holds, only one releases.'),
	}).describe('Who may decide about mail.'),
	panel: section({
		kind: z.enum(['none', 'cpanel', 'plesk']).default('none').describe('The panel that the accounts come from.'),
		acts: section({
			hold: z
				.boolean()
				.default(false)
				.describe("Our pages, and the watch before a bypass, may set the panel's own hold of outgoing mail."),
			suspend: z.boolean().default(false).describe("Our pages may set the panel's own suspension of outgoing mail."),
		}).describe('Acts in the panel itself, through the root helper.'),
	}).describe('The hosting panel.'),
	watch: section({
		onOutage: z
			.enum(['keep', 'bypass'])
			.default('keep')
			.describe(
				'What the watch does when the agent takes no mail: leave it with the MTA, or lead it past the agent until it is well again.',
			),
		outageSeconds: seconds(180, 30, 86_400).describe('How long probe messages must fail before that is an outage.'),
		healthySeconds: seconds(600, 60, 86_400).describe(
			'How long they must succeed before mail goes to the agent again.',
		),
	}).describe('sluice-watch, which hands the agent a probe message twice a minute.'),
	spool: section({
		segmentBytes: bytes(64 * MiB, MiB, GiB).describe('Size of one log segment.'),
		sendingBytesMax: bytes(256 * MiB, MiB, 64 * GiB).describe(
			'Message bytes in memory on their way out; one account has at most a quarter of it, or one message.',
		),
		bodyCacheBytes: bytes(64 * MiB, 0, 8 * GiB).describe('Message bodies kept in memory on their way out.'),
		reserveBytes: bytes(16 * MiB, MiB, GiB).describe(
			'Set aside on disk so that outcomes can be recorded when it is full.',
		),
		minFreeBytes: bytes(2 * GiB, 0).describe('Below this much free space new mail is answered 452.'),
		minFreeRatio: z.number().min(0).max(0.9).default(0.05).describe('The same as a share of the disk.'),
	}).describe('The spool log.'),
	history: section({
		days: count(30, 1, 3650).describe('Days of finished mail that can be searched.'),
		maxBytes: bytes(10 * GiB, MiB).describe('Most disk space of the history; the oldest days go first.'),
	}).describe('Record of what is finished.'),
	log: section({
		level: z
			.enum(['error', 'warn', 'info', 'debug'])
			.default('info')
			.describe('Least weight of a line that is written.'),
		maskAddresses: z
			.boolean()
			.default(false)
			.describe('Write local parts of addresses in the log as their first letter and ***.'),
	}).describe('Log lines on standard output.'),
});

export type Config = z.output<typeof configSchema>;
export type ConfigInput = z.input<typeof configSchema>;
export type Smarthost = z.output<typeof smarthostSchema>;
