/**
 * Rules for receivers who say everything under a handful of statuses, in words of their own.
 *
 * In alphabetical order of the receiver within its block; written from what these servers answer in practice and what they
 * document. A word that any server may use belongs in rules-general.ts.
 */
import type { ResponseRule } from './rule.ts';

const gmail: readonly ResponseRule[] = [
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

const microsoft: readonly ResponseRule[] = [
	{
		rule: 'microsoft.address-blocked',
		sampleStage: 'mail',
		samples: [
			"550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140).",
			"550 SC-001 (BAY004-MC1F1) Unfortunately, messages from 192.0.2.1 weren't sent.",
			'550 5.7.606 Access denied, banned sending IP [192.0.2.1]. To request removal from this list please visit https://sender.office.com/',
			'550 5.7.511 Access denied, banned sender[192.0.2.1]. To request removal from this list please forward this message to delist@messaging.microsoft.com.',
			'550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.',
			"550 OU-002 (COL004-MC2F20) Unfortunately, messages from 192.0.2.1 weren't sent.",
		],
		text: /\b(?:s3140|s3150)\b|part of their network is on our block ?list|unfortunately, messages from|banned send(?:er|ing ip)|traffic not accepted from this ip/i,
		cause: 'our-ip',
		actor: 'host',
		action: 'other-source',
	},
	{
		rule: 'microsoft.throttled',
		samples: [
			'451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation. For e-mail delivery information, see https://postmaster.live.com (S775)',
			"421 RP-001 (BAY004-MC5F10) Unfortunately, some messages from 192.0.2.1 weren't sent. Please try again. We have limits for how many messages can be sent per hour and per day.",
			'451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (AS77712)',
			'451 4.7.550 Access denied, please try again later. (S77714)',
			'451 4.7.651 The mail server [192.0.2.1] has exceeded the maximum number of connections. (S3115)',
			'452 4.5.3 Throttled: exceeded recipients per day from this address (AS780090)',
		],
		text: /temporarily rate limited|some messages from|server busy\. please try again later from|\(as(?:7\d{4,5})\)|access denied, please try again later|exceeded the maximum number of connections/i,
		cause: 'rate',
		actor: 'host',
		action: 'slower',
		permanent: false,
	},
	{
		rule: 'microsoft.compromised',
		sampleStage: 'mail',
		samples: [
			'550 5.1.8 Access denied, bad outbound sender AS(42003)',
			'550 5.7.501 Access denied, spam abuse detected from your IP or account',
			'550 5.7.705 Access denied, tenant has exceeded threshold',
			"550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
		],
		text: /bad outbound sender|spam abuse detected|tenant has exceeded threshold|reached your daily limit/i,
		cause: 'policy',
		actor: 'customer',
		action: 'hold',
	},
	{
		// With 5.7.1 the same words are Postfix's, and mean a rule.
		rule: 'microsoft.recipient-denied',
		samples: [
			'550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [DB5EUR03FT012.eop-EUR03.prod.protection.outlook.com]',
			'550 5.4.1 [a@example.net]: Recipient address rejected: Access denied',
		],
		status: /^5\.4\.1$/,
		text: /recipient address rejected: access denied/i,
		cause: 'recipient-gone',
		actor: 'customer',
		action: 'suppress',
	},
	{
		rule: 'microsoft.recipient',
		samples: [
			'550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). [BN8NAM11FT041]',
			'550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup',
			'550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found',
			'554 5.2.0 STOREDRV.Deliver.Exception:AccountDisabledException; Failed to process message',
		],
		text: /resolver\.adr\.(?:ex)?recip(?:ient)?notfound|accountdisabledexception|mailbox unavailable \(s\d/i,
		cause: 'recipient-gone',
		actor: 'customer',
		action: 'suppress',
	},
	{
		rule: 'microsoft.restricted',
		samples: [
			'550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check failed',
			'550 5.7.1 RESOLVER.RST.AuthRequired; authentication required',
			'550 5.7.129 RESOLVER.RST.RestrictedToRecipientsPermission; not authorized to send to the recipient',
			'550 5.7.124 Sender not in allowed-senders list',
			'550 5.7.193 TenantAllowBlockList; recipient organisation rejects this sender',
		],
		text: /resolver\.rst\.(?!\w*size)|allowed-senders list|not authorized to send to the recipient|tenantallowblocklist/i,
		cause: 'policy',
		actor: 'recipient-side',
		action: 'bounce',
	},
	{
		rule: 'microsoft.relay',
		samples: [
			'550 5.7.64 TenantAttribution; Relay Access Denied [XX1FT043]',
			'451 4.4.62 Mail sent to the wrong Office 365 region. ATTR35',
			'550 5.7.750 Service unavailable. Client blocked from sending from unregistered domain',
		],
		text: /tenantattribution|wrong office 365 region|unregistered domain/i,
		cause: 'protocol',
		actor: 'recipient-side',
		action: 'bounce',
	},
	{
		rule: 'microsoft.authentication',
		sampleStage: 'end',
		samples: [
			'550 5.7.509 Access denied, sending domain [SITE1.TEST] does not pass DMARC verification and has a DMARC policy of reject.',
			'550 5.7.515 Access denied, sending domain SITE1.TEST does not meet the required authentication level.',
			'550 5.7.23 The message was rejected because of Sender Policy Framework violation',
			'550 5.7.512 Access denied, message must be RFC 5322 section 3.6.2 compliant: required authentication level not met',
		],
		text: /does(?:n.t| not) (?:pass dmarc|meet the required authentication)|required authentication level|sender policy framework/i,
		cause: 'sender-auth',
		actor: 'customer',
		action: 'bounce',
	},
];

const yahoo: readonly ResponseRule[] = [
	{
		rule: 'yahoo.deferred',
		sampleStage: 'greeting',
		samples: [
			'421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes',
			'421 4.7.0 [TS01] Messages from 192.0.2.1 temporarily deferred due to user complaints - 4.16.55.1',
			'421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed.',
			'451 4.7.1 [TSS11] All messages from 192.0.2.1 will be permanently deferred',
		],
		text: /\[tss?\d\d\]|temporarily deferred due to (?:unexpected volume|user complaints)/i,
		cause: 'rate',
		actor: 'host',
		action: 'slower',
	},
	{
		rule: 'yahoo.resources',
		samples: [
			'451 4.3.2 [GL01] Message from 192.0.2.1 temporarily deferred - 4.16.50.',
			'451 4.3.2 Resources temporarily unavailable. Please try again later [numeric code]',
		],
		text: /\[gl\d\d\]|^resources temporarily unavailable/i,
		cause: 'destination-down',
		actor: 'recipient-side',
		action: 'retry',
	},
	{
		rule: 'yahoo.authentication',
		sampleStage: 'end',
		samples: ['554 5.7.9 Message not accepted for policy reasons. See https://senders.yahooinc.com/error-codes'],
		status: /^5\.7\.9$/,
		text: /not accepted for policy reasons/i,
		cause: 'sender-auth',
		actor: 'customer',
		action: 'bounce',
	},
	{
		rule: 'yahoo.connection',
		sampleStage: 'greeting',
		samples: [
			"553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list",
			'553 5.7.1 [BL23] Connections not accepted from IP addresses on Spamhaus XBL',
			'554 5.7.1 [IPTS04] Messages from 192.0.2.1 not accepted',
		],
		text: /\[bl2\d\]|\[ipts\d\d\]|connections (?:will not be|not) accepted/i,
		cause: 'our-ip',
		actor: 'host',
		action: 'other-source',
	},
	{
		rule: 'yahoo.recipient',
		samples: [
			"554 delivery error: dd This user doesn't have a yahoo.com account (a@yahoo.com) [0] - mta1.example",
			'554 delivery error: dd Not a valid recipient - mta1.example',
			'552 1 Requested mail action aborted, mailbox not found',
			'554 30 Sorry, your message to a@yahoo.com cannot be delivered. This mailbox is disabled (554.30).',
		],
		text: /doesn.t have an? \S+ account|not a valid recipient|requested mail action aborted, mailbox not found|mailbox is disabled/i,
		cause: 'recipient-gone',
		actor: 'customer',
		action: 'suppress',
	},
];

const unitedInternet: readonly ResponseRule[] = [
	{
		rule: 'gmx.address',
		sampleStage: 'greeting',
		samples: [
			'554-gmx.net (mxgmx117) Nemesis ESMTP Service not available\n554-No SMTP service\n554-IP address is block listed.\n554 For explanation visit https://postmaster.gmx.net/en/error-messages?ip=192.0.2.1&c=bl',
			'554-web.de (mxweb012) Nemesis ESMTP Service not available\n554-No SMTP service\n554-Bad DNS PTR resource record.\n554 For explanation visit https://www.web.de/email/senderguidelines',
			'554-kundenserver.de (mxeue102) Nemesis ESMTP Service not available\n554-No SMTP service\n554 IP address is black listed.',
			'554-No SMTP service\n554 Dynamic IP address, please use the relay of your provider',
		],
		text: /no smtp service.*(?:ip address|ptr)|bad dns ptr|ip address is (?:black|block) ?listed/i,
		cause: 'our-ip',
		actor: 'host',
		action: 'other-source',
	},
	{
		rule: 'gmx.rate',
		samples: [
			'450-Requested mail action not taken: mailbox unavailable\n450 Mail send limit exceeded. For explanation visit https://postmaster.gmx.net/en/error-messages?ip=192.0.2.1&c=sl',
			'421-gmx.net (mxgmx101) Nemesis ESMTP Service not available\n421-Service closing transmission channel\n421 Too many connections / rate limit exceeded',
		],
		text: /nemesis esmtp.*(?:rate limit|too many)|mail send limit/i,
		cause: 'rate',
		actor: 'host',
		action: 'slower',
	},
	{
		// The same words with 4yz are about how this server sends.
		rule: 'gmx.policy-now',
		sampleStage: 'mail',
		samples: [
			'421-gmx.net (mxgmx101) Nemesis ESMTP Service not available\n421-Service unavailable\n421 Reject due to policy restrictions.',
			'450 Reject due to policy violations.',
		],
		codes: [421, 450],
		text: /reject due to policy (?:restrictions|violations)/i,
		cause: 'rate',
		actor: 'host',
		action: 'slower',
	},
	{
		rule: 'gmx.policy',
		sampleStage: 'end',
		samples: [
			'550-Requested action not taken: mailbox unavailable\n550-Reject due to policy restrictions.\n550 For explanation visit https://postmaster.gmx.net/en/error-messages?ip=192.0.2.1&c=hi',
			'554-Transaction failed\n554-Reject due to policy restrictions.\n554 For explanation visit https://postmaster.web.de/en/case?c=r0601',
		],
		text: /reject due to policy (?:restrictions|violations)/i,
		cause: 'content',
		actor: 'customer',
		action: 'bounce',
	},
];

const others: readonly ResponseRule[] = [
	{
		rule: 'icloud.policy',
		sampleStage: 'end',
		samples: [
			'554 5.7.1 [CS01] Message rejected due to local policy. Please visit https://support.apple.com/en-us/HT204137',
			'550 5.7.1 [HM08] Message rejected due to local policy.',
		],
		text: /\[(?:cs|hm|hme|lsp)\d\d?\] message (?:rejected|blocked)/i,
		cause: 'content',
		actor: 'customer',
		action: 'bounce',
	},
	{
		rule: 't-online.address',
		sampleStage: 'greeting',
		samples: [
			'554 IP=192.0.2.1 - A problem occurred. (Ask your postmaster for help or to contact tosa@rx.t-online.de to clarify.) (BL)',
			'554 IP=192.0.2.1 - None/bad reputation. Ask your postmaster for help or to contact tosa@rx.t-online.de for reset. (NOWL)',
		],
		text: /^ip=\S+ - (?:a problem|none\/bad)|tosa@rx\.t-online/i,
		cause: 'our-ip',
		actor: 'host',
		action: 'other-source',
	},
	{
		rule: 'orange.rate',
		sampleStage: 'greeting',
		samples: [
			'421 mwinf5c04 ME Trop de connexions, veuillez verifier votre configuration. Too many connections, slow down. OFR004_104 [104]',
			'421 4.7.0 OFR_001 Service refuse. Veuillez essayer plus tard. Service refused, please try later.',
		],
		text: /trop de connexions|ofr_?00\d/i,
		cause: 'rate',
		actor: 'host',
		action: 'slower',
	},
	{
		rule: 'proofpoint.blocked',
		sampleStage: 'greeting',
		samples: [
			'554 5.7.0 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1',
			'550 5.7.1 Mail from 192.0.2.1 refused - see cloudmark: https://csi.cloudmark.com/en/reset/?ip=192.0.2.1',
			'554 5.7.1 sender IP reputation: see https://talosintelligence.com, SenderBase poor reputation',
		],
		text: /ipcheck\.proofpoint|csi\.cloudmark|senderbase|talosintelligence/i,
		cause: 'our-ip',
		actor: 'host',
		action: 'other-source',
	},
	{
		rule: 'mimecast.recipient',
		samples: [
			'550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550 [abc.de12]',
			'550 5.1.1 No such user in RCPT, Recipient Invalid',
		],
		text: /^invalid recipient|recipient invalid/i,
		cause: 'recipient-gone',
		actor: 'customer',
		action: 'suppress',
	},
	{
		rule: 'mimecast.policy',
		samples: [
			'550 Rejected by header based manually Blocked Senders - https://community.mimecast.com/docs/DOC-1369#550',
			'550 Administrative prohibition envelope blocked - https://community.mimecast.com/docs/DOC-1369#550',
			'554 Email rejected due to security policies - https://community.mimecast.com/docs/DOC-1369#554',
		],
		text: /blocked senders|administrative prohibition|due to security policies/i,
		cause: 'policy',
		actor: 'recipient-side',
		action: 'bounce',
	},
	{
		rule: 'netease.spam',
		sampleStage: 'end',
		samples: [
			'554 DT:SPM 163 mx1,id, please see http://mail.163.com/help/help_spam_16.htm?ip=192.0.2.1',
			'550 DT:SUM mx2,id',
		],
		text: /\bdt:s(?:pm|um)\b|help_spam_16/i,
		cause: 'content',
		actor: 'customer',
		action: 'bounce',
	},
	{
		rule: 'mailru.spam',
		sampleStage: 'end',
		samples: [
			'550 spam message rejected. Please visit http://help.mail.ru/notspam-support/id?c=abc or report details to abuse@corp.mail.ru. Error code: 8B1',
			'554 5.7.1 [1] Message rejected under suspicion of SPAM; https://ya.cc/1IrBc 1700000000-abc',
		],
		text: /notspam-support|under suspicion of spam/i,
		cause: 'content',
		actor: 'customer',
		action: 'bounce',
	},
	{
		rule: 'comcast.address',
		sampleStage: 'greeting',
		samples: [
			'554 resimta-po-12v.sys.comcast.net comcast 192.0.2.1 found on one or more DNSBLs, see http://postmaster.comcast.net/smtp-error-codes.php#BL000001',
			'550 5.2.0 192.0.2.1 sender rejected: reverse DNS failed; see http://postmaster.comcast.net/smtp-error-codes.php#DNS000001',
		],
		text: /smtp-error-codes\.php#(?:bl|dns)0|\bdnsbls\b/i,
		cause: 'our-ip',
		actor: 'host',
		action: 'other-source',
	},
];

export const providerRules: readonly ResponseRule[] = [...gmail, ...microsoft, ...yahoo, ...unitedInternet, ...others];
