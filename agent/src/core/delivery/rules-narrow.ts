/**
 * Rules for words of any server that are narrow enough to stand before the statuses.
 *
 * The status beside them is often a wrong one: 5.1.0 for a sender that is refused, 4.3.1 for too fast, 5.7.1 for a relay. Each row
 * here saves a recipient from being called gone.
 */
import type { ResponseRule } from './rule.ts';

/** The server is not responsible for the recipient's domain and does not send mail on for us. */
export const relayDeniedRule = 'text.relay-denied';

export const narrowTextRules: readonly ResponseRule[] = [
	{
		rule: 'text.mailbox-later',
		samples: [
			'450 Requested mail action not taken: mailbox unavailable',
			'450 4.2.0 mailbox temporarily unavailable',
			'451 mailbox unavailable, try again later',
			'450 4.2.1 Mailbox locked, please retry',
		],
		codes: [421, 450, 451, 452],
		text: /mail ?box (?:is )?(?:temporarily )?(?:unavailable|busy|locked|in use)/i,
		cause: 'destination-down',
		actor: 'recipient-side',
		action: 'retry',
	},
	{
		rule: 'text.mailbox-later-5yz',
		samples: ['550 mailbox unavailable, please try again later', '550 5.2.0 Mailbox temporarily unavailable'],
		text: /mail ?box (?:is )?(?:temporarily unavailable|unavailable.{0,40}(?:again|later|retry))/i,
		cause: 'destination-down',
		actor: 'recipient-side',
		action: 'retry',
		permanent: false,
	},
	{
		rule: relayDeniedRule,
		samples: [
			'554 5.7.1 <a@example.net>: Relay access denied',
			'550 relay not permitted',
			'550 5.7.1 Unable to relay for a@example.net',
			"553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
			'550 5.7.1 Relaying denied. Proper authentication required.',
			'551 we do not relay',
			'550 a@example.net is currently not permitted to relay through this server.',
		],
		text: /relay(?:ing)? (?:access )?(?:is )?(?:denied|not (?:permitted|allowed)|prohibited)|unable to relay|not (?:permitted|allowed) to relay|do(?:es)? not relay|allowed rcpthosts|relaying mail to/i,
		cause: 'protocol',
		actor: 'recipient-side',
		action: 'bounce',
	},
	{
		rule: 'text.rate',
		sampleStage: 'mail',
		samples: [
			'450 4.7.1 Error: too much mail from 192.0.2.1',
			'421 4.7.0 mx.example.net Error: too many connections from 192.0.2.1',
			'451 Too many messages from your IP, please slow down',
			'421 Too many concurrent SMTP connections from this IP address; please try again later.',
			'450 4.7.1 Rate limit reached. Please try again later',
			'452 4.3.1 Throttling: sending too fast',
			'421 4.7.0 Connection rate limit exceeded',
			'550 5.7.1 Message rate exceeded for sender a@site1.test',
			'421 4.1.0 192.0.2.1 Throttled - try again later. Please see http://postmaster.comcast.net/smtp-error-codes.php#RL000001',
			'451 4.4.5 You are sending too many mails too quickly, slow down',
			'451 Number of messages per hour exceeded',
			'450 4.7.1 only 5 recipients per 5 minutes allowed',
			'421 service not available (too many sessions)',
		],
		text: /too (?:much mail|many (?:(?:concurrent|simultaneous|smtp|open|parallel) )*(?:connections?|sessions|(?:\w+ )?messages|e?-?mails|requests|errors|deliveries|invalid)|fast\b|quickly|high a rate)|rate[- ]?(?:limit|control|exceeded)|rate (?:is )?exceeded|throttl|frequency (?:is )?limited|slow(?:ing)? down|temporarily deferred due to volume|per (?:\d+ )?(?:second|minute|hour|day)s? (?:allowed|exceeded)|(?:connections?|concurrency|message|hourly) limit|limit(?:s)? (?:for|on) (?:connections|messages)/i,
		cause: 'rate',
		actor: 'host',
		action: 'slower',
	},
	{
		rule: 'text.sender-unknown',
		sampleStage: 'rcpt',
		samples: [
			'550 Sender verify failed',
			'550-Verification failed for <a@site1.test>\n550-No Such User Here\n550 Sender verify failed',
			'451 Could not complete sender verify callout',
			'550 5.1.0 <a@site1.test> sender rejected : sender domain does not exist',
			'450 <a@site1.test>: Sender address rejected: unverified address: Address verification in progress',
			'550 5.7.1 <a@site1.test>: Sender address rejected: not owned by user',
			'553 sorry, your envelope sender domain must exist (#5.7.1)',
			'554 5.7.1 <a@site1.test>: Sender address rejected: Access denied',
			'550 Invalid sender domain',
		],
		text: /sender (?:verify|verification|address rejected|rejected|domain (?:does not|must) exist)|envelope sender|sender callout|invalid (?:sender|from)|(?:domain of )?sender address .{0,80}does not (?:exist|resolve)/i,
		cause: 'sender-auth',
		actor: 'customer',
		action: 'bounce',
	},
];
