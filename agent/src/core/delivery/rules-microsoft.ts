/**
 * Rules for Microsoft (outlook.com and Exchange Online), in its own words and the marks in brackets that stand for them.
 */
import type { ResponseRule } from './rule.ts';

export const microsoftRules: readonly ResponseRule[] = [
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
