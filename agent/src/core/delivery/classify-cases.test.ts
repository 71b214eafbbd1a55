/**
 * Replies that are not samples of the table: what it makes of answers it was not written from.
 *
 * `cause actor action`, then `now` when it is not for good. Stage rcpt unless the text says otherwise (`mail|…`).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classify } from './classify.ts';
import { parseReply } from './reply-text.ts';
import type { ReplyStage } from './rule.ts';

const gone = 'recipient-gone customer suppress';
const wrongDomain = 'recipient-gone customer bounce';
const full = 'mailbox-full recipient-side';
const spam = 'content customer bounce';
const unsafe = 'content customer hold';
const auth = 'sender-auth customer bounce';
const listed = 'our-ip host other-source';
const rate = 'rate host slower';
const grey = 'greylist nobody retry now';
const down = 'destination-down recipient-side retry now';
const policy = 'policy recipient-side bounce';
const size = 'size customer bounce';

const cases: readonly (readonly [reply: string, expected: string])[] = [
	// Recipient
	["550 5.1.1 <bob@example.net> User doesn't exist: bob@example.net", gone],
	['550 5.1.1 <bob@example.net>: Email address could not be found, or was misspelled (G8)', gone],
	['550 Benutzer nicht bekannt/User unknown', gone],
	['550 Unknown local part bob in <bob@example.net>', gone],
	['550 MAILBOX NOT FOUND', gone],
	[
		'554 delivery error: dd Sorry your message to bob@yahoo.de cannot be delivered. This account has been disabled or discontinued',
		gone,
	],
	['550 <bob@example.net>: Recipient address rejected: Account Closed', gone],
	['550 RCPT TO:<bob@example.net> User unknown', gone],
	['550 5.2.0 No such mailbox', gone],
	['554 Sorry, no mailbox here by that name. (#5.1.1)', gone],
	['550 User bob@example.net not listed in Domino Directory', gone],
	['550 5.1.1 <bob@example.net>: Recipient address rejected: User unknown in virtual alias table', gone],
	[
		'550 5.1.1 <bob@example.net>: Recipient address rejected: undeliverable address: host mx[203.0.113.1] said: 550 no',
		gone,
	],
	['550 #5.1.0 Address rejected.', gone],
	['550 5.1.1 sorry, no mailbox here by that name (chkuser)', gone],
	['511 5.1.1 Account bob inexistent', gone],
	['550 5.1.1 unknown or illegal alias: bob@example.net', gone],
	['550 bob@example.net: Recipient address is unknown', gone],
	['550 5.1.1 The email account that you tried to reach does not exist.', gone],
	['550 5.1.1 MXIN501 mailbox bob@example.net unknown', gone],
	['550 5.5.0 Requested action not taken: mailbox unavailable', gone],
	['550 5.7.1 Recipient not found.', gone],
	['550 invalid address', gone],
	['553 5.1.3 <bob@@example.net>... User address required', gone],
	['550 mailbox is inactive', gone],
	['550 5.2.1 This mailbox has been blocked due to inactivity', gone],
	[
		'450 4.1.1 <bob@example.net>: Recipient address rejected: unverified address: Address verification in progress',
		'recipient-gone customer retry now',
	],
	['450 Requested mail action not taken: mailbox unavailable', down],
	['550 5.1.2 <bob@exampel.net>: Recipient address rejected: Domain not found', wrongDomain],
	['550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup', gone],
	// Mailbox full
	['552 5.2.2 Over STORAGE quota', `${full} bounce`],
	[
		'550 Benutzer hat das Speichervolumen ueberschritten. / User has exhausted allowed storage space.',
		`${full} bounce`,
	],
	['550 Benutzer hat zuviele Mails auf dem Server. / User has too many messages on the server.', `${full} bounce`],
	['550 mailbox full - quota exceeded', `${full} bounce`],
	['422 4.2.2 Quota limit exceeded (Speicherplatz des Kontos ueberschritten)', `${full} retry now`],
	['452 4.2.2 Mailbox size limit exceeded', `${full} retry now`],
	[
		"552 5.2.2 This message is larger than the current system limit or the recipient's mailbox is full. Create a shorter message body or remove attachments and try sending it again.",
		`${full} bounce`,
	],
	['452 4.3.1 <bob@example.net>: mailbox temporarily over quota', `${full} retry now`],
	['554 5.2.2 Requested mail action aborted: exceeded storage allocation', `${full} bounce`],
	['552 Requested mail action aborted: exceeded storage allocation', `${full} bounce`],
	['450 4.2.2 <bob@example.net>: Recipient address rejected: Mailbox is full', `${full} retry now`],
	['450 4.2.2 <bob@example.net>: user is overquota', `${full} retry now`],
	// Content
	['end|571 5.7.1 message classified as spam (Nachricht als Spam eingestuft)', spam],
	['end|554 5.7.1 [P4] Message blocked due to spam content in the message.', spam],
	['end|550 5.7.1 Message contains spam or virus or sender is blocked : 1234', unsafe],
	['end|554 5.7.1 Message scored too high on spam scale. For help, please quote incident ID 1.', spam],
	['end|550 High spam score (12.3)', spam],
	['end|550 5.7.1 Requested action not taken: message refused', spam],
	['end|552 5.7.0 This message was blocked because its content presents a potential security issue.', unsafe],
	['end|554 5.7.1 Your message looks like SPAM or has been reported as SPAM please read FAQ', spam],
	['end|550 5.6.0 Lone CR or LF in headers (see RFC2822 section 2.2)', spam],
	['end|550 5.7.1 Attachment type not allowed.', spam],
	['end|554 5.6.0 Message Corrupt', spam],
	['end|554 Transaction failed', 'unknown nobody bounce'],
	['end|554 5.7.1 Blocked by SpamAssassin', spam],
	['end|550 5.7.350 Remote server returned message detected as spam', spam],
	['end|550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy', policy],
	// Sender authentication
	[
		'end|550 <bob@example.net>: Reject due to SPF policy. The originating IP of the message is not permitted by the domain owner',
		auth,
	],
	["end|550 5.7.1 Unauthenticated email from site1.test is not accepted due to domain's DMARC policy.", auth],
	['end|550-5.7.26 This mail has been blocked because the sender is unauthenticated.', auth],
	['mail|553 5.1.8 <ann@site1.test>: Sender address rejected: Domain not found', auth],
	[
		'550 5.7.23 <bob@example.net>: Recipient address rejected: Message rejected due to: SPF fail - not authorized. Please see http://www.openspf.net/',
		auth,
	],
	['end|550 5.7.20 No passing DKIM signature found', auth],
	[
		'451 4.7.24 <bob@example.net>: Recipient address rejected: Message rejected due to: DNS error in SPF record',
		'sender-auth customer retry now',
	],
	['end|450 4.4.0 <bob@example.net> Temporary DMARC DNS lookup failure (G1E)', down],
	['550 Sender verify failed', auth],
	["mail|550 5.1.7 The sender's address was syntactically invalid.", auth],
	// Our address
	['greeting|554 Refused. Your reverse DNS entry contains your IP address and a country code.', `${listed} now`],
	[
		'greeting|554-gmx.net (mxgmx104) Nemesis ESMTP Service not available\n554-No SMTP service\n554-IP address is block listed.\n554 For explanation visit https://postmaster.gmx.net/en/case?c=r0201&i=ip&v=198.51.100.42',
		`${listed} now`,
	],
	['450 4.7.1 Client host 192.0.2.1 has no PTR record (G1F)', `${listed} now`],
	[
		'554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using b.barracudacentral.org; http://www.barracudanetworks.com/reputation/?pr=1&ip=192.0.2.1',
		listed,
	],
	[
		'mail|550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus. To request removal from this list see https://www.spamhaus.org/query/ip/192.0.2.1 (AS3130)',
		listed,
	],
	['550-Your host 192.0.2.1 is blacklisted\n550 https://matrix.spfbl.net/192.0.2.1', listed],
	['554 5.7.1 Mail from 192.0.2.1 rejected. Our records show that this IP is dynamic.', listed],
	['greeting|554 5.7.1 The sending IP (192.0.2.1) does not match the reverse DNS', `${listed} now`],
	['421 4.7.1 Intrusion prevention active for [192.0.2.1]', `${listed} now`],
	['554 5.7.1 You are not allowed to connect.', policy],
	['550 5.7.1 Connection refused by mailspike', listed],
	['end|550 5.7.1 Your IP: 192.0.2.1 : Your domain site1.test is not allowed to send mail: reputation', listed],
	// Our domain
	['end|554 5.7.1 The message contains a URL listed on SURBL', 'our-domain customer hold'],
	[
		'mail|554 5.7.1 Service unavailable; Sender address [ann@site1.test] blocked using rhsbl.example.org',
		'our-domain customer hold',
	],
	['end|550 5.7.1 Blocked: site1.test in dbl.spamhaus.org', 'our-domain customer hold'],
	// Rate
	['421 Too many concurrent connections from this client (G2)', `${rate} now`],
	['451 4.7.1 Received too many messages from a new or untrusted IP (G28)', `${rate} now`],
	[
		'450 4.2.1 <bob@example.net>: Mailbox received too much email in a short period of time (G30)',
		'rate recipient-side retry now',
	],
	['421 Rate limit reached. Please try again later', `${rate} now`],
	['450 4.7.1 <bob@example.net>: Recipient address rejected: only 5 recipients per 5 minutes allowed', `${rate} now`],
	['451 Number messages per hour exceeded', `${rate} now`],
	['452 4.4.5 Insufficient disk space; try again later', down],
	['421 4.7.0 [192.0.2.1] Too much load; please try again later', down],
	[
		'greeting|421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints',
		`${rate} now`,
	],
	[
		'421-4.7.0 This message does not have authentication information or fails to pass authentication checks. To best protect our users from spam, the message has been blocked.',
		'sender-auth customer retry now',
	],
	['421-4.7.28 [192.0.2.1] Our system has detected an unusual rate of unsolicited mail', `${rate} now`],
	['451 4.7.652 The mail server [192.0.2.1] has exceeded the maximum number of connections. (S3115)', `${rate} now`],
	['450 4.1.0 Too many invalid recipients', `${rate} now`],
	['421 Service unavailable\n421-Reject due to policy restrictions.', `${rate} now`],
	// Greylisting
	['450 4.2.0 Recipient address rejected: Greylisted', grey],
	['451 Greylisted, please try again in 600 seconds', grey],
	['450 4.7.1 <bob@example.net>: Recipient address rejected: Temporarily deferred, try again in 5 minutes', grey],
	['451 4.7.1 <bob@example.net>... Temporarily greylisted, please try again', grey],
	['421 Graylisted', grey],
	// Destination
	['421 example.net Service not available, closing transmission channel', down],
	['451 Requested action aborted: local error in processing', down],
	['452 Requested action not taken: insufficient system storage', down],
	['451 4.3.0 <bob@example.net>: Temporary lookup failure', down],
	["450 4.4.1 <bob@example.net>: The recipient's server was temporarily unavailable to accept your message (G6)", down],
	['451 4.7.1 Service unavailable - try again later', down],
	['greeting|421 4.3.2 All server ports are busy', down],
	['451 4.3.5 Server configuration error', down],
	['451 4.4.2 Timeout - closing connection', down],
	// Policy
	['550 5.7.1 <bob@example.net>: Recipient address rejected: Access denied', policy],
	['550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required', policy],
	['end|550 5.7.1 Delivery not authorized, message refused', policy],
	['554 5.7.1 Recipient address rejected: Policy Rejection- Please try later.', policy],
	// Size
	['mail|552 5.3.4 Error: message file too big', size],
	['end|552 Error: message too large', size],
	['552 5.2.3 Message exceeds maximum fixed size (52428800)', size],
	['end|523 5.2.3 Your message is too large', size],
	// Protocol
	['550 5.7.64 TenantAttribution; Relay Access Denied [XX1FT043]', 'protocol recipient-side bounce'],
	['554 5.7.1 <bob@example.net>: Relay access denied', 'protocol recipient-side bounce'],
	['mail|530 5.7.0 Must issue a STARTTLS command first', 'protocol host bounce'],
	['550 Protocol violation', 'protocol host bounce'],
	['501 Syntax error in parameters or arguments', 'protocol host bounce'],
	['mail|503 5.5.1 Error: send HELO/EHLO first', 'protocol host bounce'],
	['end|554 5.4.6 Too many hops', 'protocol recipient-side bounce'],
	['end|550 5.4.6 Message has too many Received headers, loop', 'protocol recipient-side bounce'],
	['450 4.4.6 Routing loop detected (G16)', 'protocol recipient-side retry now'],
	// Receivers not named above
	['550 Please turn on SMTP Authentication in your mail client', 'protocol host bounce'],
	[
		'550-Verification failed for <ann@site1.test>\n550-The mail server could not deliver mail to ann@site1.test.\n550 Sender verify failed',
		auth,
	],
	['550 5.7.1 SPFBL LISTED 192.0.2.1', listed],
	['end|550 Mail content denied. http://service.mail.qq.com/cgi-bin/help?subtype=1', spam],
	['end|554 DT:SPM 163 mx1,id, please see http://mail.163.com/help/help_spam_16.htm', spam],
	['550 User suspended', gone],
	['mail|553 5.7.1 Sender is not allowed to relay emails', 'protocol recipient-side bounce'],
	['end|550 5.4.6 Unusual sending activity detected. Please try after sometime', rate],
	['550 5.1.1 Address does not exist', gone],
	['550 Message was not accepted -- invalid mailbox. Local mailbox bob@mail.ru is unavailable: user not found', gone],
	['550 5.7.1 No such user!', gone],
	['451 4.7.1 Sorry, the service is currently unavailable. Please come back later.', down],
	['greeting|421 Too many errors from your ip (192.0.2.1), please visit http://postmaster.free.fr/', `${rate} now`],
	['end|550 spam detected', spam],
	[
		'greeting|421 4.3.2 smtp.laposte.net LPN007_405 Service refuse. Veuillez essayer plus tard. service refused, please try later.',
		down,
	],
	['end|550-5.7.0 Message considered as spam or virus, rejected', unsafe],
	[
		"554-Your access to this mail system has been rejected due to the sending MTA's poor\n554-reputation. If you believe that this failure is in error, please contact the\n554 intended recipient via alternate means.",
		listed,
	],
	[
		'550 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using Trend Micro Email Reputation database. Please see http://www.mail-abuse.com',
		listed,
	],
	['554 5.7.1 ACL dns_rbl; Client host [192.0.2.1] blocked using zen.example.net=127.0.0.3', listed],
	['554 rejected due to your IP reputation', listed],
	['550 5.7.1 Error: content rejected, see http://example.net', spam],
	['550 5.1.0 Sender rejected', auth],
	['mail|550 5.1.0 <ann@site1.test>: Sender address rejected: Access denied', auth],
	['mail|554 5.7.1 <ann@site1.test>: Sender address rejected: blacklisted', 'our-domain customer hold'],
	['550 This address is no longer in use', gone],
	['550 bob@example.net is not a valid mailbox', gone],
	['550 No such domain at this location', wrongDomain],
	['550 5.1.1 Recipient address rejected: {Gateway} User unknown', gone],
	['550 5.4.1 Recipient address rejected: Access denied. [AM0EUR02FT015.eop-EUR02.prod.protection.outlook.com]', gone],
	['550 5.4.310 DNS domain example.net does not exist', wrongDomain],
	['450 4.4.317 Cannot connect to remote server', down],
	['550 5.4.300 Message expired', 'expired nobody bounce'],
	[
		'550 5.7.513 Service unavailable, Client host [192.0.2.1] blocked by recipient.net using Customer Block list',
		listed,
	],
	['550 5.7.505 Access denied, banned recipient.', policy],
	[
		"550 5.7.703 Your message can't be delivered because one or more recipients are blocked by your organization's tenant recipient block policy",
		policy,
	],
	[
		'554 5.2.0 STOREDRV.Deliver.Exception:AccountDisabledException; Failed to process message due to a permanent exception',
		gone,
	],
	[
		'432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.',
		`${rate} now`,
	],
	['421 4.4.2 Connection dropped due to SocketError', down],
	['550 5.7.1 Message rejected due to local policy. Spammy header', spam],
	['554 5.7.1 Spam detected by content scanner', spam],
	['550 Your mail server has been blocked for sending spam', listed],
	['550 5.7.1 We do not accept mail from dynamic hosts', listed],
	['450 4.7.1 <mail.host.test>: Helo command rejected: Host not found', `${listed} now`],
	['550 5.7.1 <host.test>: Helo command rejected: You are not host.test', listed],
	['450 4.1.7 <ann@site1.test>: Sender address rejected: unverified address', 'sender-auth customer retry now'],
	['450 4.7.1 Domain of sender address is temporarily blocked', 'our-domain customer retry now'],
	['421 4.7.0 Too many spam messages from your IP', `${rate} now`],
	[
		'452 4.2.2 The email account that you tried to reach is over quota. Please direct the recipient to https://support.google.com',
		`${full} retry now`,
	],
	["552-5.2.3 Your message exceeded Google's message size limits.", size],
	['554 5.6.0 message has 8bit header but server does not', spam],
	['550-5.7.1 Daily sending quota exceeded', rate],
	['454 4.7.1 <bob@example.net>: Relay access denied', 'protocol recipient-side retry now'],
	['454 4.7.0 TLS not available due to local problem', 'protocol host retry now'],
	['450 4.7.0 Must issue a STARTTLS command first', 'protocol host retry now'],
	['451 4.7.5 Server certificate not trusted', 'protocol host retry now'],
	['550 5.7.1 Blacklisted by recipient', policy],
	['550 You are on my personal blocklist', policy],
	['554 5.7.1 Rejected because the sender is not on the whitelist', policy],
	['550 Mailbox closed', gone],
	['550 5.1.6 Mailbox has moved, no forwarding address', gone],
	['greeting|554 5.7.1 Access denied for 192.0.2.1', 'policy host other-source now'],
	['550 Requested action not taken: mailbox unavailable\n550 invalid DNS MX or A/AAAA resource record', auth],
	['551 User not local; please try <bob@other.net>', gone],
	['550 submission error: address not recognised', gone],
	['550 mail box is over its limit', `${full} bounce`],
	['end|550 Connection frequency limited. http://service.mail.qq.com/cgi-bin/help?subtype=1', rate],
	['end|554 5.7.1 Message rejected due to possible spoofing', auth],
	['end|550 5.7.1 ARC validation failed', auth],
	['421 4.7.66 TLS 1.0 and 1.1 are not supported. Please upgrade/update your client', 'protocol host retry now'],
	["550 we don't accept mail for this domain", wrongDomain],
	["552 5.7.0 Number of 'Received:' DATA headers exceeds maximum permitted", 'protocol recipient-side bounce'],
	// Unknown
	['550 no', 'unknown nobody bounce'],
	['450 hmm', 'unknown nobody retry now'],
	['554 5.0.0 Service unavailable', 'unknown nobody bounce'],
];

for (const [written, expected] of cases)
	test(`${written.slice(0, 90)}`, () => {
		const [, stage, text] = /^(?:([a-z]+)\|)?(.*)$/s.exec(written) as unknown as [
			string,
			ReplyStage | undefined,
			string,
		];
		const reply = parseReply(text);
		assert.ok(reply !== undefined);
		const found = classify(reply, stage ?? 'rcpt');
		const told = `${found.cause} ${found.actor} ${found.action}${found.permanent ? '' : ' now'}`;
		assert.equal(told, expected, `${found.rule}`);
	});
