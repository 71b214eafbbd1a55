/**
 * The catalogue of what an answer of the other side means, who must act and what: in words of people who run servers, and of people who
 * write mail. Part of `strings.ts`.
 *
 * For each cause `[who, next]` while it is tried again (`open`) and after it was given up (`ended`). A customer never reads SMTP, MX,
 * quarantine, blacklist, IP or a number of an answer here; the words of the other side stand below, as they came.
 */
import type { Cause } from '../words/response.ts';

export type WhoActs = 'customer' | 'host' | 'recipient' | 'nobody';
type Step = readonly [who: WhoActs, next: string];
export type CauseWords = { readonly what: string; readonly open: Step; readonly ended: Step };

const again: Step = ['nobody', 'It is tried again by itself.'];
const againForYou: Step = ['nobody', 'We try again; nothing to do for you.'];

const forStaff: { readonly [C in Cause]: CauseWords } = {
	'recipient-gone': {
		what: 'The address does not exist or takes no mail.',
		open: again,
		ended: ['customer', 'Remove the address, or ask for the new one.'],
	},
	'mailbox-full': {
		what: 'The mailbox of the recipient is full.',
		open: again,
		ended: ['recipient', 'Make room; then it can be sent again.'],
	},
	content: {
		what: 'The receiving server objects to the content.',
		open: ['customer', 'Look at links, attachments and wording; it is tried again meanwhile.'],
		ended: ['customer', 'Look at links, attachments and wording before it is sent again.'],
	},
	'sender-auth': {
		what: 'The receiving server could not confirm that the domain sends through this server.',
		open: ['host', 'Check SPF, DKIM and DMARC of the domain; it is tried again meanwhile.'],
		ended: ['host', 'Check SPF, DKIM and DMARC of the domain.'],
	},
	'our-ip': {
		what: 'The receiving server takes nothing from our address at present. It is not about the message.',
		open: ['host', 'Have the address delisted; it is tried again meanwhile.'],
		ended: ['host', 'Have the address delisted.'],
	},
	'our-domain': {
		what: 'The domain of the sender, or one in the message, has a bad name with the receiving server.',
		open: ['host', 'See whether the account is misused, and have the domain delisted.'],
		ended: ['host', 'See whether the account is misused, and have the domain delisted.'],
	},
	rate: {
		what: 'The receiving server takes no more of our mail for now.',
		open: again,
		ended: ['customer', 'Send it again later, and fewer at once.'],
	},
	greylist: {
		what: 'The receiving server asks everybody new to come again later.',
		open: again,
		ended: ['customer', 'Send it again.'],
	},
	'destination-down': {
		what: 'The receiving server cannot be reached or is out of order.',
		open: again,
		ended: ['recipient', 'Mend the receiving server; then it can be sent again.'],
	},
	policy: {
		what: 'A rule of the receiving side does not let the message in.',
		open: again,
		ended: ['recipient', 'Allow the address of the sender.'],
	},
	size: {
		what: 'The message is larger than the receiving server takes.',
		open: again,
		ended: ['customer', 'Send smaller attachments, or a link instead.'],
	},
	protocol: {
		what: 'The two servers could not agree how to hand it over.',
		open: ['host', 'Read its answer; it is tried again meanwhile.'],
		ended: ['host', 'Read its answer; nothing about the message needs to change.'],
	},
	expired: {
		what: 'It could not be delivered in the time it is tried.',
		open: again,
		ended: ['customer', 'Send it again, or reach the person in another way.'],
	},
	unknown: {
		what: 'The receiving server did not take it and gave no reason that is known here.',
		open: again,
		ended: ['host', 'Read its answer.'],
	},
};

const forCustomer: { readonly [C in Cause]: CauseWords } = {
	'recipient-gone': {
		what: 'This address no longer exists, or takes no mail.',
		open: againForYou,
		ended: ['customer', 'Please remove it from your list, or ask for the new address.'],
	},
	'mailbox-full': {
		what: 'The mailbox of this person is full.',
		open: againForYou,
		ended: ['recipient', 'Ask the person to make room, then send it again.'],
	},
	content: {
		what: 'The recipient’s provider objects to what is in your message.',
		open: ['customer', 'Please look at links, attachments and wording. We try again meanwhile.'],
		ended: ['customer', 'Please look at links, attachments and wording before you send it again.'],
	},
	'sender-auth': {
		what: 'The recipient’s provider could not see that your mail is really from your domain.',
		open: ['host', 'Ask your provider to check the entries of your domain. We try again meanwhile.'],
		ended: ['host', 'Ask your provider to check the entries of your domain, then send it again.'],
	},
	'our-ip': {
		what: 'The recipient’s provider takes no mail from our server at present. It is not about your message.',
		open: ['host', 'Your provider takes care of it. We try again; nothing to do for you.'],
		ended: ['host', 'Your provider can have this lifted. Please send it again later.'],
	},
	'our-domain': {
		what: 'Your domain, or one that your message names, has a bad name with the recipient’s provider.',
		open: ['customer', 'Please make sure that nobody misuses your website and mailboxes. We try again meanwhile.'],
		ended: [
			'customer',
			'Please make sure that nobody misuses your website and mailboxes, and ask your provider for help.',
		],
	},
	rate: {
		what: 'The recipient’s provider takes no more mail for now.',
		open: againForYou,
		ended: ['customer', 'Please send it again later, and to fewer people at once.'],
	},
	greylist: {
		what: 'The recipient’s provider asks us to come again a little later.',
		open: againForYou,
		ended: ['customer', 'Please send it again.'],
	},
	'destination-down': {
		what: 'The recipient’s provider cannot be reached at present.',
		open: againForYou,
		ended: ['recipient', 'Please reach the person in another way, or send it again later.'],
	},
	policy: {
		what: 'A rule of the recipient’s provider does not let your message in.',
		open: againForYou,
		ended: ['recipient', 'Ask the person in another way to allow your address.'],
	},
	size: {
		what: 'Your message is larger than the recipient’s provider takes.',
		open: againForYou,
		ended: ['customer', 'Please send smaller attachments, or a link instead.'],
	},
	protocol: {
		what: 'The recipient’s provider and our server could not agree how to hand it over.',
		open: ['host', 'We try again. If it goes on, show this page to your provider.'],
		ended: ['host', 'Show this page to your provider; nothing about your message needs to change.'],
	},
	expired: {
		what: 'We tried for days, and it could not be delivered.',
		open: againForYou,
		ended: ['customer', 'Please send it again, or reach the person in another way.'],
	},
	unknown: {
		what: 'The recipient’s provider did not take your message.',
		open: againForYou,
		ended: ['host', 'Its words on the page of the message may tell why; if not, show it to your provider.'],
	},
};

export const nextStepStrings = {
	causes: { staff: forStaff, customer: forCustomer },
	whoActs: {
		staff: {
			customer: 'The customer must act.',
			host: 'You must act.',
			recipient: 'The recipient must act.',
			nobody: 'Nobody must act.',
		},
		customer: { customer: '', host: '', recipient: '', nobody: '' },
	} as { readonly [side in 'staff' | 'customer']: { readonly [W in WhoActs]: string } },
	result: {
		staff: {
			queued: 'Tried as soon as there is room. Nobody must act.',
			waiting: 'A limit is used up; it leaves in pace by itself. Nobody must act.',
			held: 'A person decides: release or discard.',
			sending: 'Being handed over now.',
			delivered: (span: string) => `after ${span}`,
			bounced: 'The sender was told.',
			expired: 'The time was over; the sender was told.',
			discarded: 'Dropped by a person or a rule; nobody was told.',
			suppressed: 'Not sent: the address takes no mail from here.',
			restorable: (until: string) => `It can be brought back until ${until}.`,
			dueAt: (when: string) => `Not before ${when}.`,
			leavesAt: (when: string) => `About ${when}.`,
		},
		customer: {
			queued: 'It is on its way; nothing to do for you.',
			waiting: 'Your limit is used up for now. It leaves by itself; nothing is lost.',
			held: 'It is kept until somebody decides.',
			sending: 'It is being handed over now.',
			delivered: (span: string) => `The recipient’s provider took it after ${span}.`,
			bounced: 'The recipient’s provider did not take it.',
			expired: 'We tried for days, and it could not be delivered.',
			discarded: 'It was deleted and not sent.',
			suppressed: 'It was not sent: this address takes no mail from here.',
			restorable: (until: string) => `You can bring it back until ${until}.`,
			dueAt: (when: string) => `Next try about ${when}.`,
			leavesAt: (when: string) => `About ${when}.`,
		},
	},
	ownStates: {
		queued: 'On its way',
		waiting: 'Waiting',
		held: 'Stopped',
		sending: 'On its way',
		delivered: 'Delivered',
		bounced: 'Not delivered',
		expired: 'Given up',
		discarded: 'Deleted',
		suppressed: 'Not sent',
	},
} as const;
