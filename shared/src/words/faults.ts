/**
 * The catalogue of errors: what the client hears, what the operator reads (invariant 12).
 *
 * A public reply never shows internals. Each fault has a stable code, the SMTP reply it maps to, and a hint for the operator.
 * `docs/reference/faults.md` is generated from here; a test checks both directions.
 */
import { type Reply, reply } from './reply.ts';

export type Fault = {
	readonly code: string;
	readonly reply: Reply;
	/** What the operator can do. */
	readonly hint: string;
};

const fault = (code: string, smtp: Reply, hint: string): Fault => ({
	code,
	reply: smtp,
	hint,
});

export const faults = {
	syntax: fault(
		'E_SYNTAX',
		reply(500, '5.5.2', 'Syntax error, command unrecognized'),
		'The client does not speak SMTP; nothing to do unless it is your MTA.',
	),
	argument: fault(
		'E_ARGUMENT',
		reply(501, '5.5.4', 'Syntax error in parameters'),
		'Look at the address or parameter in the log line.',
	),
	senderSyntax: fault(
		'E_SENDER_SYNTAX',
		reply(501, '5.1.7', 'Bad sender address syntax'),
		'The reverse-path is no address (RFC 5321 §4.1.2); look at it in the log line.',
	),
	recipientSyntax: fault(
		'E_RECIPIENT_SYNTAX',
		reply(501, '5.1.3', 'Bad recipient address syntax'),
		'The forward-path is no address (RFC 5321 §4.1.2); look at it in the log line.',
	),
	parameter: fault(
		'E_PARAMETER',
		reply(555, '5.5.4', 'Parameter not recognized or not implemented'),
		'The client used an extension that was not offered.',
	),
	notImplemented: fault('E_NOT_IMPLEMENTED', reply(502, '5.5.1', 'Command not implemented'), 'Nothing to do.'),
	sequence: fault(
		'E_SEQUENCE',
		reply(503, '5.5.1', 'Bad sequence of commands'),
		'The client sent commands out of order.',
	),
	nestedMail: fault(
		'E_NESTED_MAIL',
		reply(503, '5.5.1', 'Nested MAIL command'),
		'The client did not end its transaction before the next MAIL.',
	),
	tooManyBadCommands: fault(
		'E_BAD_COMMANDS',
		reply(421, '4.7.0', 'Too many bad commands, closing connection'),
		'Something that is not an MTA speaks to the relay port.',
	),
	lineTooLong: fault(
		'E_COMMAND_LINE',
		reply(500, '5.5.2', 'Command line too long'),
		'A command longer than 4 kB: the client is no MTA (RFC 5321 §4.5.3.1.4).',
	),
	idle: fault(
		'E_IDLE',
		reply(421, '4.4.2', 'Timeout, closing connection'),
		'The client was silent for too long (smtp.idleTimeoutSeconds).',
	),
	tooSlow: fault(
		'E_TOO_SLOW',
		reply(421, '4.4.2', 'Data arrives too slowly, closing connection'),
		'The client drips bytes; bound: smtp.dataTimeoutSeconds.',
	),
	tooManyConnections: fault(
		'E_CONNECTIONS',
		reply(421, '4.3.2', 'Too many connections, try again later'),
		'Bound: smtp.connectionsMax. An MTA that stays inside its own limits never meets it.',
	),
	shuttingDown: fault(
		'E_SHUTDOWN',
		reply(421, '4.3.2', 'Service shutting down, try again'),
		'The agent is being stopped or restarted; the MTA tries again.',
	),
	notAllowed: fault(
		'E_PEER',
		reply(554, '5.7.1', 'Access denied'),
		'Only root and the MTA may connect to the relay port. Peer uid in the log.',
	),
	utf8Required: fault(
		'E_UTF8_ADDRESS',
		reply(553, '5.6.7', 'Non-ASCII address requires SMTPUTF8'),
		'The client sent 8-bit bytes in an address without SMTPUTF8 (RFC 6531).',
	),
	recipientsMax: fault(
		'E_RECIPIENTS',
		reply(452, '4.5.3', 'Too many recipients, send the rest in another transaction'),
		'Bound: smtp.recipientsMax. MTAs send the rest themselves (RFC 5321 §4.5.3.1.10).',
	),
	noRecipients: fault('E_NO_RECIPIENTS', reply(554, '5.5.1', 'No valid recipients'), 'DATA without an accepted RCPT.'),
	messageSize: fault(
		'E_SIZE',
		reply(552, '5.3.4', 'Message size exceeds fixed limit'),
		'Bound: smtp.messageBytesMax; it must not be below the limit of the MTA.',
	),
	headerSize: fault(
		'E_HEADER_SIZE',
		reply(552, '5.3.4', 'Message header exceeds fixed limit'),
		'Bound: smtp.headerBytesMax.',
	),
	lineLength: fault(
		'E_LINE_LENGTH',
		reply(554, '5.6.0', 'Line in message exceeds fixed limit'),
		'Bound: smtp.lineBytesMax (RFC 5321 §4.5.3.1.6 says 998; real mail has more).',
	),
	bareNewline: fault(
		'E_BARE_NEWLINE',
		reply(550, '5.6.11', 'Bare newline in message'),
		'Only with smtp.bareNewline: reject; the default normalises to CRLF.',
	),
	hopCount: fault(
		'E_HOPS',
		reply(554, '5.4.6', 'Too many hops, mail loop'),
		'The message carries more Received lines than smtp.hopsMax.',
	),
	loop: fault(
		'E_LOOP',
		reply(451, '4.4.6', 'Mail loop detected, message kept'),
		'Our own Received line is already in the message: something sends our mail back into the MTA. Check firewall redirects (WHM "SMTP Restrictions", CSF) and MX records.',
	),
	queueFull: fault(
		'E_QUEUE_FULL',
		reply(452, '4.3.1', 'Queue is full, try again later'),
		'Bound: queue.recipientsMax. See sluice queue, sluice queue --by account; it clears by itself when there is room.',
	),
	spoolFull: fault(
		'E_SPOOL_FULL',
		reply(452, '4.3.1', 'Insufficient system storage'),
		'Free space on the disk of dataDir; deliveries go on and it clears by itself.',
	),
	spoolWrite: fault(
		'E_SPOOL_WRITE',
		reply(451, '4.3.0', 'Temporary failure, message not stored'),
		'Writing the spool log failed; see the error in the log line.',
	),
	internal: fault(
		'E_INTERNAL',
		reply(451, '4.3.0', 'Temporary internal failure'),
		'A bug or broken I/O; the log line has the stack.',
	),
	accountQueueFull: fault(
		'E_ACCOUNT_QUEUE',
		reply(450, '4.3.2', 'Too much mail of this sender is waiting, try again later'),
		'Bound: queue.accountRecipientsMax / queue.accountBytesMax. See sluice queue --by account.',
	),
	overLimit: fault(
		'E_LIMIT',
		reply(450, '4.7.1', 'Sending limit reached, try again later'),
		'A limit with `over: defer` is reached. `sluice account show` says which, and where it comes from.',
	),
	overLimitRefused: fault(
		'E_LIMIT_REFUSED',
		reply(550, '5.7.1', 'Sending limit reached'),
		'A limit with `over: reject` is reached, or a limit of 0. `sluice account show` says which, and where it comes from.',
	),
	waitingFull: fault(
		'E_WAITING',
		reply(450, '4.7.1', 'Too much mail of this sender waits for its limit, try again later'),
		'Bounds: limits.waiting. See sluice account show; the MTA keeps the mail and tries again.',
	),
	recipientsOverLimit: fault(
		'E_LIMIT_RECIPIENTS',
		reply(452, '4.5.3', 'Too many recipients for the limit of this sender, send the rest in another transaction'),
		'A limit with `split: false` allows fewer recipients in one message; the MTA sends the rest by itself.',
	),
	accountGone: fault(
		'E_ACCOUNT_GONE',
		reply(550, '5.7.1', 'The account of this sender no longer exists'),
		'The panel removed the account longer ago than accounts.goneGraceSeconds, and something still sends in its name: look for what was left behind (processes, cron). `sluice account list` shows it as gone.',
	),
	notOwner: fault(
		'E_OWNER',
		reply(550, '5.7.1', 'This account may not send as that domain'),
		'The domain belongs to another account (ownership). `sluice account may-send-as` makes an exception.',
	),
	authRequired: fault(
		'E_AUTH_REQUIRED',
		reply(530, '5.7.0', 'Authentication required'),
		'Submission takes mail only after AUTH (RFC 4954 §6).',
	),
	authTls: fault(
		'E_AUTH_TLS',
		reply(538, '5.7.11', 'Encryption required for authentication, use STARTTLS'),
		'Passwords are taken only over TLS (RFC 4954 §4).',
	),
	authFailed: fault(
		'E_AUTH_FAILED',
		reply(535, '5.7.8', 'Authentication credentials invalid'),
		'Wrong user or password, or the credential was revoked. `sluice credential list` shows them.',
	),
	authUnavailable: fault(
		'E_AUTH_UNAVAILABLE',
		reply(454, '4.7.0', 'Temporary authentication failure'),
		'Too many passwords are being checked at once; the client tries again.',
	),
	authBlocked: fault(
		'E_AUTH_BLOCKED',
		reply(421, '4.7.0', 'Too many failed logins, try again later'),
		'Bounds: submission.authFailuresMax, submission.blockSeconds. The log line has the address.',
	),
	authMechanism: fault(
		'E_AUTH_MECHANISM',
		reply(504, '5.5.4', 'Authentication mechanism not supported'),
		'PLAIN and LOGIN are offered.',
	),
	authDecode: fault(
		'E_AUTH_DECODE',
		reply(501, '5.5.2', 'Cannot decode the authentication response'),
		'The client sent no base64, or no user and password in it (RFC 4954 §4, RFC 4616 §2).',
	),
	authCancelled: fault(
		'E_AUTH_CANCELLED',
		reply(501, '5.7.0', 'Authentication cancelled'),
		'The client gave up AUTH with `*`; nothing to do.',
	),
	authLineTooLong: fault(
		'E_AUTH_LINE',
		reply(500, '5.5.6', 'Authentication exchange line is too long'),
		'Longer than any user and password; the client is broken or hostile (RFC 4954 §4).',
	),
	loginEnded: fault(
		'E_LOGIN_ENDED',
		reply(421, '4.7.0', 'Login no longer valid, closing connection'),
		'The credential was revoked, or its account removed, while the application was connected.',
	),
	senderNotAllowed: fault(
		'E_SENDER',
		reply(550, '5.7.1', 'This login may not send as that address'),
		'The credential allows other sender domains; see sluice credential list.',
	),
	memory: fault(
		'E_MEMORY',
		reply(451, '4.3.2', 'Server busy, try again later'),
		'Bodies being received fill smtp.bodyMemoryBytesMax; the MTA tries again.',
	),
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;
