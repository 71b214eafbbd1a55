/**
 * The catalogue of what the pages say, in English; one object, so that another language is another object of the same type.
 *
 * Short main clauses, present tense, active. Every number has a unit and a time span, every state a reason and a next step.
 * Not here: what the agent says itself (reasons, problems, the sentence of a limit); that is shown in its own words, as text.
 */
import { accountStringsOf } from './account-strings.ts';
import { changeStringsOf } from './change-strings.ts';
import { groupStringsOf } from './group-strings.ts';
import { healthStringsOf } from './health-strings.ts';
import { limitStringsOf } from './limit-strings.ts';
import { mailStringsOf } from './mail-strings.ts';
import { messageStringsOf } from './message-strings.ts';
import { nextStepStrings } from './next-step-strings.ts';
import { openStringsOf } from './open-strings.ts';
import { overviewStringsOf } from './overview-strings.ts';
import type { PanelWords } from './panel-words.ts';
import { ruleStringsOf } from './rule-strings.ts';
import { capital, count, counted } from './text/numbers.ts';

export const stringsOf = (words: PanelWords) => ({
	...changeStringsOf(words),
	...groupStringsOf(words),
	...limitStringsOf(words),
	...ruleStringsOf(words),
	...mailStringsOf(words),
	...messageStringsOf(words),
	...nextStepStrings,
	...openStringsOf(words),
	...accountStringsOf(words),
	...healthStringsOf(words),
	...overviewStringsOf(words),
	product: 'Sluice',
	skip: 'Skip to content',
	menu: 'Menu',
	logOut: 'Log out',
	viewing: (actor: string) => `You see what ${actor} sees.`,
	viewingSay: 'What you do here is done in that role; the audit says that it was you.',
	viewingEnd: 'Back to the whole server',
	viewAsAccount: `See as this customer`,
	viewAsReseller: `See as this reseller`,
	undo: 'Undo',
	close: 'Close',
	cancel: 'Cancel',
	save: 'Save',
	zone: (text: string) => `Times in ${text}`,
	asOf: (text: string) => `as of ${text}`,
	stale: 'old: the page could not be refreshed',
	counting: 'Counted per recipient: one message to 3 people counts 3',

	nav: {
		home: 'Overview',
		outgoing: 'Outgoing mail',
		accounts: capital(words.accounts),
		messages: 'Messages',
		open: 'Held and waiting',
		incidents: 'Incidents',
		responses: 'Responses',
		sources: 'Sources',
		plans: 'Plans',
		resellers: 'Resellers',
		rules: 'Rules',
		health: 'Health',
		audit: 'Audit',
	},
	accounts: capital(words.accounts),
	account: capital(words.account),
	nearSome: (near: number, percentUsed: number) =>
		`${counted(near, `${words.account} has`, `${words.accounts} have`)} used ${percentUsed} % or more of a limit`,
	nearNone: `No ${words.account} is near a limit`,
	nearWatched: (near: number) =>
		`${counted(near, `${words.account} would`, `${words.accounts} would`)} be near a limit that only watches.`,
	searchLabel: `Search ${words.accounts}`,
	searchHint: `${capital(words.account)}, name or domain`,
	search: 'Search',
	allPlans: 'All plans',
	allResellers: 'All resellers',
	plan: 'Plan',
	reseller: 'Reseller',
	showOnly: 'Show only',
	chipNear: 'Near a limit',
	chipWaiting: 'Waiting',
	chipOwn: 'Own limits',
	chipSuspended: 'Suspended',
	chipGone: 'Removed',
	/** What a filter counts, where its name alone does not say. */
	showMeans: {
		near: (percentUsed: number) => `${percentUsed} % or more of a limit used, enforced or only watched`,
		waiting: () => 'mail waits for a limit',
		own: () => `with limits of the ${words.account} itself`,
		suspended: () => `suspended in ${words.panel}`,
		gone: () => `removed in ${words.panel}`,
	},
	sorted: { usage: 'most used in 24 h first', name: 'by name', waiting: 'most waiting first' },
	total: (total: number) => counted(total, words.account, words.accounts),
	totalOf: (found: number, total: number) => `${count(found)} of ${counted(total, words.account, words.accounts)}`,
	shown: (shown: number, total: number) => `Shown: ${count(shown)} of ${count(total)}`,
	first: 'First',
	next: 'Next 50',
	keyUsed: 'used',
	keyWaiting: 'waits',
	keyLimit: 'limit',
	columns: {
		account: capital(words.account),
		hour: 'Last 60 minutes',
		limit: 'Hourly limit and origin',
		day: 'Last 24 h',
		waiting: 'Waiting',
		rule: 'Rule',
		owner: 'Owner, plan',
	},
	noOwner: 'this server',
	noPlan: 'no plan',
	waitBadge: (waiting: number) => `${count(waiting)} wait`,
	heldBadge: (held: number) => `${count(held)} held`,
	suspendedBadge: 'Suspended',
	goneBadge: 'Removed',
	unknownBadge: 'Unknown',
	suspendedReason: (since: string) => `suspended in ${words.panel} ${since}: its mail is held`,
	goneReason: (since: string) => `removed in ${words.panel} ${since}: queued mail goes on for an hour`,
	unknownReason: `mail came from it, ${words.panel} has not named it: counted, not limited`,
	since: (when: string) => `since ${when}`,
	usedUp: (limit: number, unit: string, waiting: number) =>
		`All ${count(limit)} ${unit} are used. ${count(waiting)} more wait and leave in pace; nothing is lost.`,
	waitsElsewhere: (waiting: number) =>
		`${counted(waiting, 'recipient waits', 'recipients wait')}: a limit of a sender or of a level above is used up. They leave in pace; nothing is lost.`,
	waitsUntil: (when: string) => `Last one leaves about ${when} if you do nothing.`,
	notDone: (why: string) => `Not done: ${why}`,
	thisFilter: 'this filter',
	quoted: (text: string) => `“${text}”`,
	factsOf: (facts: readonly string[]) => facts.join(' · '),
	planOf: (plan: string) => `plan ${plan}`,
	ownerOf: (owner: string) => `owner ${owner}`,
	mailboxes: (total: number) => counted(total, 'mailbox', 'mailboxes'),

	emptyNewTitle: `No ${words.account} is known yet`,
	emptyNew: `${capital(words.accounts)} come from ${words.panel}; mail is relayed and counted meanwhile, nothing is limited.`,
	emptyNewStep: 'On the server, “sluice account list” shows the same.',
	emptyTitle: (text: string) => `No ${words.account} matches ${text}`,
	emptyText: (total: number) => `${counted(total, `${words.account} was`, `${words.accounts} were`)} searched.`,
	clear: 'Clear the filter',

	downTitle: 'Sluice does not answer. Mail keeps flowing.',
	downSay: `${capital(words.mta)} keeps what it cannot hand over, or delivers directly, as chosen at installation. Nothing is lost; limits and hijack detection pause.`,
	downSafe: 'What was waiting or held is safe on disk and goes on when the agent is back.',
	downWorks: 'What works, what pauses',
	downWorking: [
		'Mail is received as usual',
		'New outgoing mail is taken by the mail server',
		'Stored mail is kept: what waits and what is held',
	],
	downPausing: ['Sluice’s limits and hijack detection', 'Changing limits on this page'],
	downDo: 'What to do',
	downSteps: [
		{ text: 'See why it stopped', command: 'journalctl -u sluice-agent -n 50' },
		{ text: 'Let Sluice find and name what is wrong', command: 'sluice doctor' },
		{ text: 'Or leave it off for now: the mail server delivers directly', command: 'sluice mta bypass' },
	],
	tryNow: 'Try now',
	trying: 'Asked again every 5 s; the page comes back by itself.',
	forbiddenTitle: 'You may not see this',
	forbiddenSay: 'The administrator of this server may.',
	missingTitle: `No such ${words.account}, or it is not yours`,
	missingSay: `It may have been renamed or removed. The list shows every ${words.account} that you may see.`,
	missingPage: 'There is no such page',
	notOfferedTitle: (page: string) => `${page}: not on this server`,
	notOfferedSay: 'This Sluice does not offer it, or not to you. Nothing is wrong; the menu shows what there is.',
	toList: `All ${words.accounts}`,
	problemTitle: 'This could not be shown',
	formTitle: 'This form is too old',
	formSay: 'Nothing was changed. Go back, reload the page and try again.',
	bugTitle: 'This page has a fault',
	bugSay: 'It was written to the log. Mail is not touched by it; nothing was changed.',

	loginTitle: 'Log in to Sluice',
	loginHint:
		'It was shown once, at the first start of these pages. For a new one, remove the file “panel-password” and start again.',
	password: 'Password',
	logIn: 'Log in',
	loginWrong: 'This is not the password.',
	loginLater: (seconds: number) => `Too many wrong passwords. Try again in ${count(seconds)} s.`,
});

export type Strings = ReturnType<typeof stringsOf>;
