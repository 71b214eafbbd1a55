/**
 * The catalogue of words about the overview: what needs a decision, how much mail went which way, the first days. Part of `strings.ts`.
 */
import type { PanelWords } from './panel-words.ts';
import { capital, count, counted } from './text/numbers.ts';

const recipients = (value: number): string => counted(value, 'recipient', 'recipients');
const messages = (value: number): string => counted(value, 'message', 'messages');

export const overviewStringsOf = ({ account, accounts, panel }: PanelWords) => ({
	spans: {
		hour: { short: '1 h', text: '60 min', step: '5 minutes', before: 'the hour before' },
		day: { short: '24 h', text: '24 h', step: 'hour', before: 'the day before' },
		week: { short: '7 d', text: '7 days', step: '4 hours', before: 'the week before' },
		month: { short: '30 d', text: '30 days', step: 'day', before: 'the 30 days before' },
	},
	spanLabel: 'Time span',
	decisions: {
		title: 'What needs a decision',
		some: (total: number) => (total === 1 ? '1 thing needs a decision' : `${count(total)} things need a decision`),
		none: 'Nothing needs a decision',
		noneWith: (used: number) =>
			used === 0
				? 'Nothing needs a decision. No mail was handed in within the last 60 minutes.'
				: `Nothing needs a decision. ${recipients(used)} ${used === 1 ? 'was' : 'were'} handed in within the last 60 minutes.`,
		unread: 'What needs a decision is not known',
		partly: (what: string) => `Not known now: ${what}.`,
		more: (total: number) => `${count(total)} more`,
		since: (when: string, long: string) => `Since ${when}, ${long}`,
		seenNow: 'Seen now',
		next: (what: string) => `If nobody acts: ${what}`,
	},
	sayAll: (total: number, host: string) => `${counted(total, account, accounts)} on ${host}.`,
	sayOwn: (total: number, host: string) =>
		`Your ${counted(total, account, accounts)} on ${host}. You see and change only these.`,

	heldTitle: (total: number, name: string) => `${messages(total)} of ${name} ${total === 1 ? 'is' : 'are'} held`,
	heldMany: (total: number, groups: number) =>
		`${messages(total)} more ${total === 1 ? 'is' : 'are'} held in ${counted(groups, 'group', 'groups')}`,
	heldManyWhy: 'They are smaller than those above.',
	heldWhy: (text: string, total: number) => `${text} ${recipients(total)}.`,
	heldNext: (when: string) => `the first of it expires ${when}, and its sender is told`,
	heldDo: 'Review',
	usedTitle: (name: string) => `${name} has used up a limit`,
	usedNext: (when: string) => `the last of it leaves about ${when}`,
	usedDo: 'Raise for a day',
	usedShow: 'Show',
	usedMany: (total: number) => `${counted(total, `more ${account} has`, `more ${accounts} have`)} used up a limit`,
	usedManyWhy: (total: number) => `${recipients(total)} of theirs wait and leave in pace; nothing is lost.`,
	nearTitle: (total: number) => `${counted(total, `${account} is`, `${accounts} are`)} near a limit that is enforced`,
	nearWhy: (names: string) => `${names}.`,
	nearOne: (name: string, used: number, value: number, unit: string) =>
		`${name} has used ${count(used)} of ${count(value)} ${unit}`,
	nearNext: 'what comes over a limit waits and leaves in pace',
	nearDo: 'Show them',
	unknownTitle: 'Mail comes from nobody we can name',
	unknownWhy: (day: number) =>
		`${recipients(day)} in the last 24 hours belong to no ${account}. Such mail is counted and relayed, and no default limit meets it.`,
	unknownNext: 'it goes on unlimited',
	unknownDo: 'Show messages',
	discardTitle: `${capital(panel)} discards mail on its own limits`,
	discardWhy: (names: string, total: number) =>
		`${names}${total > 3 ? ` and ${count(total - 3)} more ${total === 4 ? account : accounts}` : ''}. What is over them is lost before it reaches Sluice.`,
	discardOne: (name: string, value: number) => `${name} may send ${count(value)} messages an hour of each domain`,
	discardNext: `mail over those numbers is discarded by ${panel}, without a word to its sender`,
	discardDo: 'See its limits',
	readyTitle: (total: number) => `${counted(total, 'rule has', 'rules have')} watched for a week and can be enforced`,
	readyWhy: (who: string, limit: string, met: number, scopes: number) =>
		`${limit} for ${who} would have made ${messages(met)} of ${counted(scopes, 'sender', 'senders')} wait`,
	readyNone: (who: string, limit: string) => `${limit} for ${who} would have made nothing wait`,
	readyNext: 'they only watch on, and nothing is limited',
	readyDo: 'Open rules',
	healthNext: (ready: boolean, delivering: boolean) =>
		!ready
			? 'new mail is not taken; it waits at the mail server'
			: !delivering
				? 'mail is taken and stored, and does not leave'
				: 'mail flows on, this does not mend itself',
	healthDo: 'Open health',

	kpis: {
		label: (name: string, span: string) => `${name}, ${span}`,
		accepted: 'Handed in',
		delivered: 'Delivered',
		waiting: 'Waiting now',
		held: 'Held now',
		bounced: 'Refused by receivers',
		recipients: 'recipients',
		percent: '%',
		unknown: 'not known',
		before: (value: string, before: string) => `${before}: ${value}`,
		noBefore: 'no counts from before yet',
		ofEnded: (value: number) => `of ${recipients(value)} that came to an end`,
		nothingEnded: 'nothing came to an end yet',
		waited: (value: number, span: string) => `${count(value)} were made to wait in ${span}`,
		heldIn: (value: number, span: string) => `${count(value)} were held in ${span}`,
		spark: (name: string, step: string, highest: string) => `${name} per ${step}, highest ${highest}`,
	},

	volumeTitle: 'Mail by what became of it',
	volumeSub: (accepted: number, span: string) => `${recipients(accepted)} handed in, ${span}`,
	volumeTaken: (step: string) => `Delivered, recipients per ${step}`,
	volumeRest: (step: string) => `Not delivered, on a scale of its own, recipients per ${step}`,
	volumeLabel: (step: string, highest: number, at: string) =>
		`Delivered recipients per ${step}; highest ${count(highest)}, ${at}`,
	volumeRestLabel: (step: string) => `Held, made to wait, refused and expired recipients per ${step}`,
	outcomes: {
		accepted: 'Handed in',
		charged: 'Counted',
		delivered: 'Delivered',
		waited: 'Made to wait',
		held: 'Held',
		deferred: 'Tries put off',
		bounced: 'Refused by receivers',
		refused: 'Refused by us',
		expired: 'Given up',
		discarded: 'Discarded',
	},
	numbers: 'Show the numbers',
	numbersAt: 'Begin',
	numbersAll: 'All',
	unreadCard: (why: string) => `This cannot be shown now: ${why} The rest of the page is as it should be.`,

	topTitle: 'Top senders, 24 h',
	topColumns: { account: capital(account), hour: 'Last 60 min', day: 'Last 24 h' },
	topNone: 'Nobody has sent yet',
	topNoneSay: `${capital(accounts)} appear with their first message.`,
	topAll: (total: number) => `All ${counted(total, account, accounts)}`,

	providersTitle: (span: string) => `Taken by provider, ${span}`,
	providersSub: (share: string, tried: number) => `${share} of ${counted(tried, 'try', 'tries')} taken`,
	providersColumns: {
		provider: 'Provider',
		taken: 'Taken at once',
		delivered: 'Delivered',
		deferred: 'Put off',
		bounced: 'Refused',
		cause: 'Most frequent cause',
	},
	providersOthers: 'All others',
	providersFew: (tried: number) => `${count(tried)} tried, too few to judge`,
	providersNone: 'No answer of another server yet',
	providersNoneSay: 'Providers appear with the first try.',
	providersFoot:
		'Per recipient and try: what is put off is tried again, and counts each time. Under 30 tries no share is told.',

	ageTitle: 'Waiting mail by age',
	ageUnder: (to: string) => `under ${to}`,
	ageOver: (from: string) => `over ${from}`,
	ageBetween: (from: string, to: string) => `${from} to ${to}`,
	ageNone: 'Nothing waits, is queued or held',

	healthTitle: 'Health',
	healthFine: 'The agent is alive, takes mail and delivers',
	healthBad: (total: number) => counted(total, 'finding', 'findings'),
	healthAll: 'All checks',

	poolTitleOwn: 'Your share',
	poolSubOwn: `what all your ${accounts} use together`,
	poolNone: `The administrator has set no limit for all your ${accounts} together.`,

	firstTitle: 'Your first days',
	firstSay: (since: string) =>
		`Counts begin ${since}. Every message is relayed as before; rules that only watch change nothing.`,
	firstSteps: {
		mail: 'Mail goes through Sluice',
		mailDone: (total: number, since: string) => `${recipients(total)} handed in since ${since}`,
		mailWaits: 'No message has come yet. “sluice mta status” on the server says whether the mail server hands over.',
		accounts: (total: number) =>
			total === 0 ? `No ${account} is known` : `${counted(total, `${account} is`, `${accounts} are`)} known`,
		accountsDone: `from ${panel}, with plans and owners`,
		accountsWaits: `${capital(panel)} has not told of any yet.`,
		health: (total: number) =>
			total === 0 ? 'No health finding' : `Mend ${counted(total, 'health finding', 'health findings')}`,
		wait: (until: string) => `Wait until ${until}`,
		waitSay: (days: string) =>
			`Seven days teach what is usual. Now: ${days}. Until then shares and comparisons are left out.`,
		enforce: 'Enforce the rules you trust',
		enforceSay: 'Each rule tells what it would have done. Nothing is limited before you say so.',
		learned: (part: number) => `${count(part)} % of 7 days`,
	},
	show: 'Show',

	beforeTitle: (days: number) =>
		`Before Sluice: from the mail log, last ${days === 1 ? 'day' : counted(days, 'day', 'days')}`,
	beforeSay: (total: number, known: number, senders: number) =>
		`${recipients(total)}, ${counted(known, account, accounts)}, ${counted(senders, 'sender', 'senders')}`,
	beforeColumns: { recipients: 'Recipients', hour: 'Most in 60 min' },
	beforeFoot: 'Recipients on other servers. This goes when the counts of Sluice itself say more.',
	beforeLine: (total: number, days: number, hour: number) =>
		`From the mail log before: ${recipients(total)} in ${counted(days, 'day', 'days')}, at most ${count(hour)} in an hour.`,
});
