/**
 * The catalogue of words of the pages of messages: search, results, and what may be done to mail that is open or has just ended.
 * Part of `strings.ts`.
 */
import type { PanelWords } from './panel-words.ts';
import { capital, count, counted } from './text/numbers.ts';

const messages = (value: number): string => counted(value, 'message', 'messages');
const recipients = (value: number): string => counted(value, 'recipient', 'recipients');
const isOrAre = (value: number): string => (value === 1 ? 'is' : 'are');

export const messageStringsOf = ({ account }: PanelWords) => ({
	messagesHead: 'Messages',
	messagesSay: (days: number, first: string) =>
		`Every message of the last ${days} days, back to ${first}, with its reason.`,
	messagesSayOwn: (days: number, first: string) =>
		`Where your mail is, and what to do if it did not arrive. It reaches back ${days} days, to ${first}.`,
	findMessages: 'Search messages',
	fieldTo: 'To',
	fieldToHint: 'To: address, domain or message id',
	fieldToOwn: 'Who should have got it?',
	fieldFrom: 'From',
	fieldFromHint: 'From: address or domain',
	fieldSubject: 'Subject',
	fieldSubjectHint: 'Part of the subject',
	fieldAccount: capital(account),
	fieldAccountHint: capital(account),
	fieldSpan: 'Time',
	fieldFirst: 'First day',
	fieldLast: 'Last day',
	spanNames: {
		all: (days: number) => `All ${days} days`,
		hour: () => 'Last hour',
		day: () => 'Last 24 hours',
		week: () => 'Last 7 days',
		between: () => 'From … to …',
	},
	results: 'Result',
	chipAll: 'All',
	messagesTo: (text: string) => `to ${text}`,
	messagesFrom: (text: string) => `from ${text}`,
	messagesSubject: (text: string) => `subject with “${text}”`,
	messagesAccount: (text: string) => `of ${account} ${text}`,
	messagesState: (text: string) => `with a recipient ${text.toLowerCase()}`,
	messagesSince: (first: string) => `since ${first}`,
	messagesUntil: (last: string) => `until ${last}`,
	/** What is listed, by what, in which order, and whether there is more. */
	messagesTotal: (shown: number, isMore: boolean, filters: readonly string[]) =>
		[
			shown === 0
				? 'No message'
				: isMore
					? `The newest ${messages(shown)}, there are more`
					: `${messages(shown)}, that is all`,
			...filters,
			'newest first',
		].join(' · '),
	messagesTotalOn: (shown: number, isMore: boolean, filters: readonly string[]) =>
		[
			isMore ? `${messages(shown)} further back, there are more` : `${messages(shown)} further back, that is all`,
			...filters,
			'newest first',
		].join(' · '),
	messagesShown: (shown: number) => `Shown: ${count(shown)}`,
	messagesShownSpan: (shown: number, last: string, first: string) =>
		`Shown: ${count(shown)}, from ${last} back to ${first}`,
	messagesColumns2: {
		at: 'Handed in',
		account: capital(account),
		who: 'To and from',
		subject: 'Subject',
		result: 'Result and reason',
	},
	fromWho: (text: string) => `from ${text}`,
	messagesNewTitle: 'No message yet',
	messagesNewText: (days: number) =>
		`Messages appear here as soon as they are handed in, and stay for ${days} days after that.`,
	messagesEmptyTitle: 'No message matches',
	messagesEmptyText: (filters: readonly string[], days: number, first: string) =>
		`Searched: ${filters.join(' · ')}. The history reaches back ${days} days, to ${first}.`,
	messagesPartTitle: 'That is a piece of an address',
	messagesPartText:
		'Addresses are searched whole: name@domain.example. A domain alone finds everybody there: domain.example.',
	messagesOnTitle: 'Nothing found so far',
	messagesOnText: 'The search goes back day by day and has not reached the end of the history.',
	messagesOn: 'Search further back',
	messagesNamedTitle: (text: string) => `No message is known by ${text}`,
	messagesNamedText: (days: number, first: string) =>
		`It may never have come here, or be older than the history: ${days} days, back to ${first}. A message that is not yours is not found either.`,

	actNames: {
		release: 'Release',
		now: 'Let it go now',
		discard: 'Discard',
		requeue: 'Try now',
		hold: 'Hold',
		restore: 'Bring back',
	},
	ownActNames: {
		release: 'Yes, send it',
		now: 'Send it now',
		discard: 'Delete it',
		requeue: 'Try now',
		hold: 'Stop it',
		restore: 'Bring it back',
	},
	why: 'Why (for the audit and the page of the message)',
	whyMissing: 'Say why: whoever looks at it later will want to know.',
	atOnce: 'At once, past the limits',

	releaseOne: (subject: string) => `Release “${subject}”?`,
	releaseOneCount: (total: number) =>
		`${recipients(total)} ${isOrAre(total)} held and ${total === 1 ? 'goes' : 'go'} on.`,
	releaseOneEffect: 'What is within the limits leaves at once, the rest waits and leaves in pace.',
	releaseOneBack: 'What has left cannot be called back.',
	nowOne: (subject: string) => `Let “${subject}” go past the limits?`,
	nowOneCount: (total: number) => `${recipients(total)} ${total === 1 ? 'leaves' : 'leave'} at once.`,
	nowOneEffect: `They count as used all the same, so that later mail of the ${account} may wait longer.`,
	discardThis: (subject: string) => `Discard “${subject}”?`,
	discardOneCount: (total: number) => `${recipients(total)} will not get it.`,
	discardOneEffect: 'It is dropped, and nobody is told: neither the sender nor the recipients.',
	discardBack: (until: string) => `You can bring it back until ${until}.`,
	discardNoBack: 'It cannot be brought back.',
	holdOne: (subject: string) => `Hold “${subject}”?`,
	holdOneCount: (total: number) => `${recipients(total)} ${isOrAre(total)} stopped.`,
	holdOneEffect: 'Nothing is lost: it stays here until a person releases or discards it, or its time is over.',
	holdOneBack: '“Release” lets it go again.',
	restoreOne: (subject: string) => `Bring “${subject}” back?`,
	restoreOneCount: (total: number) => `${recipients(total)} will be tried again.`,
	restoreOneEffect: 'It is queued as it was and leaves within the limits.',
	restoreOneBack: '“Discard” drops it again as long as it has not left.',
	doRelease: (total: number) => `Release ${count(total)}`,
	doNow: (total: number) => `Let ${count(total)} go now`,
	doDiscard: (total: number) => `Discard ${count(total)}`,
	doHold: (total: number) => `Hold ${count(total)}`,
	doRestore: (total: number) => `Bring back ${count(total)}`,

	ownReleaseTitle: (what: string) => `Send now: ${what}?`,
	ownReleaseCount: (total: number) => `${counted(total, 'person gets', 'people get')} it.`,
	ownReleaseEffect: 'It leaves as soon as your limit has room.',
	ownReleaseBack: 'Once it has left, it cannot be called back.',
	ownDiscardTitle: (what: string) => `Delete: ${what}?`,
	ownDiscardCount: (total: number) => `${counted(total, 'person does', 'people do')} not get it.`,
	ownDiscardEffect: 'It is not sent, and nobody is told.',
	ownDo: { release: 'Send it', discard: 'Delete it' },

	/** Reasons that pages give where they ask for none. */
	saidWhy: {
		release: 'released on the page of the message',
		discard: 'discarded on the page of the message',
		requeue: 'tried now, from the page of the message',
		restore: 'brought back on the page of the message',
		hold: 'held on the page of the message',
		undo: 'undone on the page',
		own: 'by the owner of the mail',
	},
	didRelease: (what: string, total: number, waiting: number) =>
		`${what}: ${recipients(total)} ${total === 1 ? 'goes' : 'go'} on${waiting > 0 ? `, ${count(waiting)} of them in pace with the limits` : ''}. What has left cannot be called back.`,
	didDiscard: (what: string, total: number) => `${what}: discarded for ${recipients(total)}.`,
	didDiscardUntil: (until: string) => `It can be brought back until ${until}.`,
	didRequeue: (what: string, total: number) => `${what}: ${recipients(total)} ${isOrAre(total)} tried now.`,
	didHold: (what: string, total: number) => `${what}: ${recipients(total)} ${isOrAre(total)} held.`,
	didRestore: (what: string, total: number) => `${what}: brought back for ${recipients(total)}.`,
	didLeave: (left: number, why: string) => `${recipients(left)} ${isOrAre(left)} left as before: ${why}`,
	didNothing: (what: string) => `${what}: nothing was left to do; it has gone on meanwhile.`,
	undidDiscard: (what: string, total: number) => `As before: ${what} is back for ${recipients(total)}.`,
	undidHold: (what: string, total: number) => `As before: ${what} goes on for ${recipients(total)}.`,
	undidNothing: (what: string) => `Not undone: nothing of ${what} was left to bring back.`,
	ownDidRelease: (what: string) => `${what} is being sent.`,
	ownDidDiscard: (what: string) => `${what} is deleted.`,
	ownUndidDiscard: (what: string) => `${what} is back as it was.`,

	messageSay: (to: string, more: number, from: string) =>
		`To ${to}${more > 0 ? ` and ${count(more)} more` : ''}, from ${from}`,
	stateAt: (state: string, at: string) => `${state}, ${at}.`,
	lastAfter: (span: string) => `The last after ${span}.`,
	/** A message of ours to whoever wrote one. */
	ownNotice: 'Our notice to you about a message that is late or did not arrive.',
	stateOnly: (state: string) => `${state}.`,
	theirWords: 'The receiving server, in its own words:',
	ownLife: {
		'message.accepted': 'You handed it in.',
		'message.waiting': 'It waits for your limit and leaves by itself.',
		'message.held': 'It was stopped.',
		'message.released': 'It was let go.',
		'message.discarded': 'It was deleted.',
		'message.restored': 'It was brought back.',
		'message.requeued': 'It is tried again.',
		'recipient.delivered': 'The recipient’s provider took it.',
		'recipient.deferred': 'The recipient’s provider did not take it yet; we try again.',
		'recipient.bounced': 'The recipient’s provider refused it; the sender was told.',
		'recipient.expired': 'We gave it up; the sender was told.',
		'recipient.discarded': 'It was deleted.',
	} as { readonly [event: string]: string },
	ownStep: 'It went on.',
	ownKinds: {
		mailbox: (id: string) => `mailbox ${id}`,
		script: (id: string) => `script ${id}`,
		unix: () => 'your website',
		credential: (id: string) => `login ${id}`,
		address: (id: string) => `forward of ${id}`,
	} as { readonly [kind: string]: (id: string) => string },
});
