/**
 * The catalogue of words about mail that stands open: held and waiting by cause, and the customer's page of outgoing mail. Part of
 * `strings.ts`.
 */
import type { PanelWords } from './panel-words.ts';
import { counted } from './text/numbers.ts';

const messages = (value: number): string => counted(value, 'message', 'messages');
const recipients = (value: number): string => counted(value, 'recipient', 'recipients');

export const openStringsOf = ({ account, panel }: PanelWords) => ({
	back: 'Back',
	openTitle: (held: number, waiting: number) =>
		held === 0 && waiting === 0
			? 'Nothing is held, nothing waits'
			: held === 0
				? `Nothing is held; ${messages(waiting)} ${waiting === 1 ? 'waits' : 'wait'}`
				: `${messages(held)} ${held === 1 ? 'is' : 'are'} held`,
	openSay: (waiting: number) =>
		`What is held stays until a person decides or its time is over. ${waiting === 0 ? 'Nothing waits for a limit.' : `${messages(waiting)} ${waiting === 1 ? 'waits for a limit and leaves' : 'wait for a limit and leave'} by ${waiting === 1 ? 'itself' : 'themselves'}.`}`,
	openSayFine: 'Mail that a person or a rule holds, and mail over a limit, is listed here by its cause.',
	openHeld: 'Held: a person decides',
	openWaiting: 'Waits for a limit: leaves by itself',
	openTotal: (shown: number, total: number, messagesTotal: number, recipientsTotal: number) =>
		`${messages(messagesTotal)} to ${recipients(recipientsTotal)}, ${counted(total, 'cause', 'causes')}, most messages first${shown < total ? `; the first ${shown} causes are shown` : ''}`,
	openOf: (name: string) => `only of ${account} ${name}`,
	openAll: 'Show all',
	openGroupTitle: {
		held: (total: number, name: string) => `${messages(total)} of ${name} ${total === 1 ? 'is' : 'are'} held`,
		waiting: (total: number, name: string) => `${messages(total)} of ${name} ${total === 1 ? 'waits' : 'wait'}`,
	},
	openGroupName: (total: number, name: string) => `${messages(total)} of ${name}`,
	openTo: (total: number) => `to ${recipients(total)}`,
	openSender: (identity: string) => `all of ${identity}`,
	openSince: { held: (since: string) => `Held since ${since}`, waiting: (since: string) => `Waits since ${since}` },
	openBy: (author: string) => `by ${author}`,
	openIfNobody: {
		held: (until: string) => `If nobody acts, the first of it expires ${until} and its sender is told.`,
		waiting: (until: string) => `If nobody acts, the last of it leaves about ${until}. Nothing is lost.`,
	},
	openSuspended: `It goes on when ${panel} lifts the suspension.`,
	openStanding: 'New mail that the hold is about is held too, until the hold is lifted.',
	openFirst: 'The oldest',
	openLook: (total: number) => (total === 1 ? 'Look at it' : `Look at all ${total}`),
	openNone: { held: 'Nothing is held.', waiting: 'Nothing waits.' },
	openNoneSay: {
		held: 'Mail appears here when a person or a rule holds it; a person then releases or discards it.',
		waiting: 'Mail appears here when a limit is used up; it leaves in pace without anybody.',
	},
	openUnreadable: (why: string) => `This cannot be listed now: ${why}`,

	outgoing: 'Outgoing mail',
	outgoingSay: 'Where your mail is, and what to do if it did not arrive.',
	okTitle: (total: number) => `${messages(total)} ${total === 1 ? 'waits' : 'wait'} for your OK`,
	okWhy: 'Your provider stopped this mail and leaves it to you whether it is sent.',
	okTheirWords: (text: string) => `Your provider writes: ${text}`,
	okQuestion: (subjects: readonly string[], more: number) =>
		`${subjects.join(', ')}${more > 0 ? ` and ${messages(more)} more` : ''}.`,
	okUntil: (until: string) =>
		`If nobody decides, it is kept until ${until}; then it is given up, and the sender is told.`,
	stoppedTitle: (total: number) => `${messages(total)} ${total === 1 ? 'is' : 'are'} stopped`,
	stoppedWhy: {
		held: 'Your provider stopped this mail and decides about it. Ask them if it is urgent.',
		suspended: 'Your account is suspended, so your mail is stopped. Ask your provider.',
		ownership: 'It was written in the name of a domain that is not yours here. Ask your provider to add the domain.',
		size: 'It is for more people at once than you may write to. Please send it to fewer people at a time.',
	},
	waitsTitle: (total: number) => `${messages(total)} ${total === 1 ? 'waits' : 'wait'}: your limit is used up`,
	waitsWhy: 'You have sent as much as you may for now. These leave by themselves, little by little; nothing is lost.',
	waitsUntilOwn: (until: string) => `All of it will have left about ${until}. Nothing to do for you.`,
	ownLimits: 'How much you may send',
	ownLimitNote:
		'If you reach a limit, further mail waits and leaves by itself; nothing is lost. One message to 3 people counts 3.',
	ownHour: 'Recipients, last 60 minutes',
	ownDay: 'Recipients, last 24 hours',
	ownNoLimits: 'There is no limit for you here.',
	ownOrigins: {
		server: () => 'The limits are those of everybody here.',
		reseller: () => 'The limits come from your provider.',
		plan: (id: string) => `The limits come from your plan, ${id}.`,
		account: () => 'The limits were set for you.',
		domain: () => 'The limits were set for you.',
		mailbox: () => 'The limits were set for you.',
		credential: () => 'The limits were set for you.',
		script: () => 'The limits were set for you.',
		ramp: () => 'The limits are lower for now and grow by themselves, because you are new here.',
	},
	ownDomains: 'Your domains',
	ownDomainsNone: 'No domain is known yet.',
	ownDomainsSay: {
		off: 'You may write in the name of these domains.',
		monitor: 'Please write in the name of these domains. Mail in other names is sent too, and your provider sees it.',
		enforce: 'You may write in the name of these domains. Mail in other names is stopped.',
	},
	ownMessages: 'Your messages',
	ownLatest: 'the latest 10',
	ownFind: 'Who should have got it?',
	ownAll: 'All messages and results',
	ownNone: 'No message yet',
	ownNoneSay: 'What you send appears here at once.',
});
