/**
 * Rules for Gmail, in its own words: the status beside them is 5.7.1 or 4.7.0 more often than not.
 */
import type { ResponseRule } from './rule.ts';

export const gmailRules: readonly ResponseRule[] = [
	{
		rule: 'text.recipient-rate',
		samples: [
			'450-4.2.1 The user you are trying to contact is receiving mail at a rate that\n450-4.2.1 prevents additional messages from being delivered.',
			'550-5.2.1 The user you are trying to contact is receiving mail at a rate that\n550 5.2.1 prevents additional messages from being delivered.',
			'450-4.2.1 The user you are trying to contact is receiving mail too quickly.',
			'450 4.2.1 Mailbox received too many messages in a minute',
			'450 4.2.1 Recipient receiving mail at too high a rate',
		],
		text: /user you are trying to contact is receiving mail|(?:mail ?box|recipient|user) (?:has |is )?receiv(?:ed|ing) (?:too (?:much|many)|mail (?:at|too))/i,
		cause: 'rate',
		actor: 'recipient-side',
		action: 'retry',
		permanent: false,
	},
	{
		rule: 'gmail.recipient-disabled',
		samples: [
			'550 5.2.1 The email account that you tried to reach is disabled. For more information, go to https://support.google.com/mail/?p=DisabledUser',
			'550-5.2.1 The email account that you tried to reach is inactive.',
		],
		text: /account that you tried to reach is (?:disabled|inactive)/i,
		cause: 'recipient-gone',
		actor: 'customer',
		action: 'suppress',
	},
	{
		rule: 'gmail.ip-rate',
		sampleStage: 'end',
		samples: [
			'421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from\n421-4.7.28 your IP address. To protect our users from spam, mail sent from your IP\n421 4.7.28 address has been temporarily rate limited.',
			'550-5.7.28 Our system has detected an unusual rate of unsolicited mail originating\n550-5.7.28 from your IP address.',
			'421-4.7.0 [192.0.2.1 15] Our system has detected an unusual rate of\n421-4.7.0 unsolicited mail originating from your IP address.',
			'421 4.7.0 Try again later, closing connection. This IP has exceeded its connection rate',
		],
		text: /unusual rate of (?:unsolicited )?mail|ip has exceeded its connection rate/i,
		cause: 'rate',
		actor: 'host',
		action: 'slower',
	},
	{
		rule: 'gmail.domain-reputation',
		sampleStage: 'end',
		samples: [
			'550-5.7.1 [192.0.2.1      19] Our system has detected that this message is likely\n550-5.7.1 suspicious due to the very low reputation of the sending domain.',
			'421-4.7.0 [192.0.2.1] Our system has detected that this message is suspicious due to the nature of the content and/or the links within, and the low reputation of the sending domain.',
		],
		text: /reputation of the sending domain/i,
		cause: 'our-domain',
		actor: 'customer',
		action: 'hold',
	},
	{
		rule: 'gmail.ip-reputation',
		sampleStage: 'end',
		samples: [
			'550-5.7.1 [192.0.2.1      19] Our system has detected that this message is likely\n550-5.7.1 suspicious due to the very low reputation of the sending IP address.',
			'421-4.7.0 This message is suspicious due to the low reputation of the sending IP.',
		],
		text: /reputation of the sending ip/i,
		cause: 'our-ip',
		actor: 'host',
		action: 'other-source',
	},
	{
		rule: 'gmail.unsolicited',
		sampleStage: 'end',
		samples: [
			'550-5.7.1 [192.0.2.1      12] Our system has detected that this message is\n550-5.7.1 likely unsolicited mail. To reduce the amount of spam sent to Gmail, this\n550 5.7.1 message has been blocked.',
			'421-4.7.0 [192.0.2.1] Our system has detected that this message is suspicious due to the nature of the content and/or the links within.',
		],
		text: /likely unsolicited mail|suspicious due to the nature of the content/i,
		cause: 'content',
		actor: 'customer',
		action: 'bounce',
	},
	{
		rule: 'gmail.authentication',
		sampleStage: 'end',
		samples: [
			'550-5.7.26 This mail has been blocked because the sender is unauthenticated.\n550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM.',
			"550-5.7.26 Unauthenticated email from site1.test is not accepted due to domain's\n550-5.7.26 DMARC policy.",
			'421-4.7.26 This mail has been rate limited because it is unauthenticated. Gmail\n421-4.7.26 requires all senders to authenticate with either SPF or DKIM.',
			"421-4.7.27 Your email has been rate limited because SPF authentication didn't pass for this message.",
			"421-4.7.30 Your email has been rate limited because DKIM authentication didn't pass for this message.",
			"550-5.7.27 Your email has been blocked because SPF authentication didn't pass.",
			"421-4.7.32 Your email has been rate limited because the From: header (RFC5322) in this message isn't aligned with either the authenticated SPF or DKIM organizational domain.",
		],
		text: /sender is unauthenticated|unauthenticated e?-?mail (?:from|is)|it is unauthenticated|fails to pass authentication|not have authentication information|(?:spf|dkim) authentication didn.t pass|isn.t aligned with either/i,
		cause: 'sender-auth',
		actor: 'customer',
		action: 'bounce',
	},
	{
		rule: 'gmail.pointer',
		sampleStage: 'end',
		samples: [
			'550-5.7.25 [192.0.2.1] The IP address sending this message does not have a PTR record\n550-5.7.25 setup, or the corresponding forward DNS entry does not match the sending IP.',
			'421-4.7.23 [192.0.2.1] The IP address sending this message does not have a PTR record.',
			'550-5.7.1 [2001:db8::1] Our system has detected that this message does not meet IPv6 sending guidelines regarding PTR records and authentication.',
		],
		text: /does not (?:have a ptr record|meet ipv6 sending guidelines)/i,
		cause: 'our-ip',
		actor: 'host',
		action: 'other-source',
	},
	{
		// The registry has ARC at this place (RFC 8617); this receiver means TLS.
		rule: 'gmail.tls',
		sampleStage: 'end',
		samples: ['421-4.7.29 Your email has been rate limited because this message was not sent over a TLS connection.'],
		text: /not sent over a tls connection/i,
		cause: 'protocol',
		actor: 'host',
		action: 'bounce',
	},
	{
		rule: 'gmail.format',
		sampleStage: 'end',
		samples: [
			'550-5.7.1 [192.0.2.1] Messages missing a valid Message-ID header are not\n550-5.7.1 accepted.',
			'550-5.7.1 This message is not RFC 5322 compliant, the issue is: multiple From headers.',
			"550-5.7.1 [192.0.2.1      11] Our system has detected that this message is not RFC 5322 compliant:\n550-5.7.1 'From' header is missing.",
		],
		text: /not rfc ?5322 compliant|missing a valid (?:message-id|address|from)/i,
		cause: 'content',
		actor: 'customer',
		action: 'bounce',
	},
];
