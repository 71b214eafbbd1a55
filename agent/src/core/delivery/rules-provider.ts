/**
 * Rules for receivers who say everything under a handful of statuses, in words of their own.
 *
 * Written from what these servers answer in practice and what they document. The two that need most rows have files of their
 * own; a word that any server may use belongs in rules-general.ts.
 */
import type { ResponseRule } from './rule.ts';
import { gmailRules } from './rules-gmail.ts';
import { microsoftRules } from './rules-microsoft.ts';

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
		// Reads like a missing mailbox and is about the domain of the sender.
		rule: 'gmx.sender-domain',
		samples: [
			'550-Requested action not taken: mailbox unavailable\n550 invalid DNS MX or A/AAAA resource record',
			'550 Requested action not taken: mailbox unavailable. Sender address is not allowed.',
		],
		text: /invalid dns mx or a|sender address is not allowed/i,
		cause: 'sender-auth',
		actor: 'customer',
		action: 'bounce',
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

export const providerRules: readonly ResponseRule[] = [
	...gmailRules,
	...microsoftRules,
	...yahoo,
	...unitedInternet,
	...others,
];
