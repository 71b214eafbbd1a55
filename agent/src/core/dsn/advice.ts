/**
 * What happened and what to do next, for the person who sent the message: two sentences for each cause.
 *
 * Written for somebody who does not know what a server is. They say what is known and no more; the server's own words stand below.
 */
import type { Cause } from '@sluice/shared/words/response.ts';

export type Advice = { readonly what: string; readonly next: string };

export const advice: Readonly<Record<Cause, Advice>> = {
	'recipient-gone': {
		what: 'This address does not exist, or it no longer receives mail.',
		next: 'Check it for typing mistakes, or ask the recipient for the right address in another way.',
	},
	'mailbox-full': {
		what: "The recipient's mailbox is full.",
		next: 'Tell the recipient in another way, and send the message again when there is room.',
	},
	content: {
		what: 'The receiving server objects to the content of the message: to it, the message looks unwanted, unsafe or badly formed.',
		next: 'Look at links, attachments and wording before you send it again, or ask the recipient to allow your address.',
	},
	'sender-auth': {
		what: 'The receiving server does not accept your sender address: it could not confirm that your domain allows this server to send its mail.',
		next: 'Ask your hosting provider to check the SPF, DKIM and DMARC records of your domain, then send the message again.',
	},
	'our-ip': {
		what: 'The receiving server accepts no mail from the address of our mail server at present. This is not about your message.',
		next: 'Forward this report to your hosting provider, who can have the block removed, and send the message again later.',
	},
	'our-domain': {
		what: 'Your domain, or one that your message mentions, has a bad reputation with the receiving server.',
		next: 'Make sure that your website and mailboxes are not being misused, and ask your hosting provider for help with the listing.',
	},
	rate: {
		what: 'The receiving server was sent more mail in a short time than it takes.',
		next: 'Send the message again later; if you write to many people, send fewer messages an hour.',
	},
	greylist: {
		what: 'The receiving server kept asking us to come back later.',
		next: 'Send the message again; if it happens again, ask the recipient to allow your address.',
	},
	'destination-down': {
		what: 'The receiving server could not be reached, or was not able to take the message.',
		next: 'Send the message again later, or tell the recipient in another way.',
	},
	policy: {
		what: 'A rule of the receiving server, or of the recipient, does not let your message in.',
		next: 'Ask the recipient in another way to allow your address.',
	},
	size: {
		what: 'The message is bigger than the receiving server accepts.',
		next: 'Send smaller attachments, or a link instead.',
	},
	protocol: {
		what: 'The two mail servers could not agree on how to transfer the message.',
		next: 'Forward this report to your hosting provider: nothing about your message needs to change.',
	},
	expired: {
		what: 'The message could not be delivered in the time we keep trying.',
		next: 'Send the message again later, or tell the recipient in another way.',
	},
	unknown: {
		what: 'The receiving server did not accept the message.',
		next: 'Its answer may tell why. If it does not, forward this report to your hosting provider.',
	},
};
