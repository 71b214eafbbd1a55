/**
 * The catalogue of words about mail: senders, messages and their life, holding and releasing. Part of `strings.ts`.
 */
import type { PanelWords } from './panel-words.ts';
import { count, counted } from './text/numbers.ts';

const recipients = (value: number): string => counted(value, 'recipient', 'recipients');

export const mailStringsOf = ({ account, accounts, panel }: PanelWords) => ({
	sendersTitle: `Who sends in this ${account}`,
	sendersSub: 'last 24 hours',
	sendersNone: 'No sender is known yet.',
	sendersNoneStep: 'Mailboxes, scripts and logins appear with their first message.',
	sendersColumns: { sender: 'Sender', hour: 'Last 60 min', day: 'Last 24 h', limit: 'Limit' },
	kinds: {
		mailbox: 'mailbox',
		script: 'script',
		unix: 'unix user, through sendmail or PHP',
		credential: 'login of an application',
		address: 'forward',
	},
	messagesTitle: 'Latest messages',
	messagesAll: 'All messages',
	messagesNone: 'No message yet.',
	messagesNoneStep: 'The latest ten appear here as soon as they are handed in.',
	messagesUnreadable: (why: string) => `Messages cannot be listed now: ${why}`,
	messagesColumns: { at: 'Handed in', subject: 'Subject' },
	nullSender: '<> (report)',
	noSubject: '(no subject)',
	andMore: (more: number) => `and ${count(more)} more`,
	states: {
		queued: 'Queued',
		waiting: 'Waiting',
		held: 'Held',
		sending: 'Sending',
		delivered: 'Delivered',
		bounced: 'Refused',
		expired: 'Expired',
		discarded: 'Discarded',
		suppressed: 'Suppressed',
	},

	messageCrumb: 'Message',
	/** `1 of 40 refused`; `isAll`: every recipient was looked at. */
	spreadFirst: (part: number, total: number, state: string, isAll: boolean) =>
		part === total
			? `All ${count(total)} ${state}`
			: `${isAll ? '' : 'At least '}${count(part)} of ${count(total)} ${state}`,
	spreadPart: (part: number, state: string) => `${count(part)} ${state}`,
	verdicts: {
		accept: 'Let through',
		wait: 'Waits for a limit',
		hold: 'Held',
		defer: 'Told to come again',
		reject: 'Refused',
	} as { readonly [action: string]: string },
	factsTitle: 'Who and why',
	factsNone: 'No rule objected.',
	facts: {
		from: 'From',
		to: 'To',
		account: 'Account',
		sender: 'Sent by',
		evidence: 'Known by',
		directory: 'Folder of the script',
		client: 'Handed in from',
		verdict: 'Verdict',
		mta: 'Queue id of the mail server',
		size: 'Size',
		id: 'Id',
		reports: 'Report about it',
	},
	certainty: { proved: 'proved', derived: 'derived', none: 'not certain' },
	lifeTitle: 'What happened',
	lifeSub: 'oldest first; other servers in their own words',
	lifeAll: (steps: number) => (steps === 1 ? 'Show the step' : `Show all ${count(steps)} steps`),
	lifeNone: 'No step is written yet.',
	lifeMore: (shown: number, total: number) => `The last ${count(shown)} of ${count(total)} steps are shown.`,
	recipientsTitle: 'Recipients',
	recipientsColumns: { to: 'To', state: 'State', since: 'Since', reply: 'Answer' },
	recipientsMore: (more: number) => `${count(more)} more: “sluice message trace” on the server shows all.`,
	bytes: (value: number) =>
		value < 1000
			? `${value} bytes`
			: value < 1_000_000
				? `${count(Math.round(value / 1000))} kB`
				: `${count(Math.round(value / 100_000) / 10)} MB`,
	missingMessage: 'No such message, or it is not yours',
	missingMessageSay: 'It may be older than the history.',

	hold: 'Hold mail',
	release: 'Release',
	heldNote: (author: string, since: string) => `All its mail is held by ${author} since ${since}.`,
	heldUntil: (reason: string, until: string) =>
		`${reason}. The hold ends ${until}; what is held stays held until it is released.`,
	heldMail: (held: number) => `${recipients(held)} ${held === 1 ? 'is' : 'are'} held.`,
	heldMailSay:
		'Nothing happens until a person decides: release it here, or release or discard parts of it under “Held and waiting”.',
	holdTitle: (name: string) => `Hold all mail of ${name}?`,
	holdCount: (open: number) =>
		open === 0
			? 'Nothing of it is queued or waits now.'
			: `${recipients(open)} that ${open === 1 ? 'is' : 'are'} queued or ${open === 1 ? 'waits' : 'wait'} will be held.`,
	holdEffect: `New mail is accepted and held too, for as long as chosen below. Nothing is lost; receiving and other ${accounts} go on.`,
	holdBack: '“Release” on this page lets it all go again.',
	holdWhy: 'Why (for the audit, and for whoever finds it held)',
	holdWhyMissing: 'Say why: whoever finds the mail held will want to know.',
	holdFor: 'For how long',
	holdLeave: 'The customer may release it, where this server lets customers decide about their own held mail',
	holdTimes: { '3600': '1 hour', '86400': '1 day', '604800': '7 days' } as { readonly [seconds: string]: string },
	holdDo: (open: number) => (open === 0 ? 'Hold' : `Hold ${count(open)}`),
	held: (name: string, total: number, until: string) =>
		`Mail of ${name} is held until ${until}; ${recipients(total)} ${total === 1 ? 'was' : 'were'} stopped.`,
	releaseTitle: (name: string) => `Release the held mail of ${name}?`,
	releaseCount: (held: number) =>
		held === 0 ? 'Nothing of it is held now.' : `${recipients(held)} ${held === 1 ? 'goes' : 'go'} on.`,
	releaseEffect: (holds: number) =>
		`${holds === 0 ? '' : 'The hold is lifted. '}What is within the limits leaves at once, the rest waits and leaves in pace.`,
	releaseBack: 'What has left cannot be called back. “Hold mail” stops the rest again.',
	releaseWhy: 'Why (for the audit)',
	releaseDo: (held: number) => (held === 0 ? 'Release' : `Release ${count(held)}`),
	released: (name: string, total: number) =>
		`${recipients(total)} of ${name} ${total === 1 ? 'goes' : 'go'} on, in pace with the limits.`,
	unheld: (name: string, total: number) =>
		`As before: mail of ${name} is not held; ${recipients(total)} ${total === 1 ? 'goes' : 'go'} on.`,
	unholdConflict: 'Not undone: the hold has been lifted or has ended since.',
	suspendedNote: `It goes on when ${panel} lifts the suspension.`,
});
