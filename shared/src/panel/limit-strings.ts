/**
 * The catalogue of words about limits: rules, where a number comes from, bars, editing in place, undo. Part of `strings.ts`.
 */
import type { LimitRule } from '../words/limits.ts';
import type { PanelWords } from './panel-words.ts';
import { capital, count, counted } from './text/numbers.ts';

export type RuleWords = {
	/** Title of a row: `Hour`. */
	readonly title: string;
	/** In a sentence: `hourly limit`. */
	readonly name: string;
	/** Behind a number in a field: `recipients an hour`. */
	readonly unit: string;
	/** Behind a number in a table: `/ h`. */
	readonly span: string;
	/** For the label of a bar. */
	readonly what: string;
};

const rules: { readonly [R in LimitRule]: RuleWords } = {
	'minute.messages': {
		title: 'Messages, minute',
		name: 'limit of messages a minute',
		unit: 'messages a minute',
		span: 'messages / min',
		what: 'messages in the last minute',
	},
	'minute.recipients': {
		title: 'Minute',
		name: 'limit a minute',
		unit: 'recipients a minute',
		span: '/ min',
		what: 'recipients in the last minute',
	},
	'hour.messages': {
		title: 'Messages, hour',
		name: 'hourly limit of messages',
		unit: 'messages an hour',
		span: 'messages / h',
		what: 'messages in the last 60 minutes',
	},
	'hour.recipients': {
		title: 'Hour',
		name: 'hourly limit',
		unit: 'recipients an hour',
		span: '/ h',
		what: 'recipients in the last 60 minutes',
	},
	'day.messages': {
		title: 'Messages, day',
		name: 'daily limit of messages',
		unit: 'messages a day',
		span: 'messages / 24 h',
		what: 'messages in the last 24 hours',
	},
	'day.recipients': {
		title: 'Day',
		name: 'daily limit',
		unit: 'recipients a day',
		span: '/ 24 h',
		what: 'recipients in the last 24 hours',
	},
	'hour.uniqueRecipients': {
		title: 'Different recipients, hour',
		name: 'hourly limit of different recipients',
		unit: 'different recipients an hour',
		span: 'different / h',
		what: 'different recipients in the last 60 minutes',
	},
	'message.recipients': {
		title: 'Recipients of one message',
		name: 'limit of one message',
		unit: 'recipients a message',
		span: '/ message',
		what: 'recipients of one message',
	},
};

/** `cPanel` keeps its small letter, `your own system` begins a sentence with a large one. */
const nameOf = (panel: string): string => (/[A-Z]/.test(panel) ? panel : capital(panel));

export const limitStringsOf = ({ account, accounts, panel }: PanelWords) => ({
	rules,
	noLimit: 'no limit',
	enforced: 'Enforced',
	monitored: 'Monitor-only',
	wouldHave: (messages: number, recipients: number, since: string) =>
		`would have made ${counted(messages, 'message', 'messages')} to ${counted(recipients, 'recipient', 'recipients')} wait since ${since}`,
	wouldHaveOf: (messages: number, scopes: number, since: string) =>
		`would have made ${counted(messages, 'message', 'messages')} of ${counted(scopes, 'sender', 'senders')} wait since ${since}`,
	wouldHaveNone: 'nothing so far',
	wouldHaveShort: (messages: number) => `${count(messages)} would have waited`,

	barOf: (limit: number, span: string) => `of ${count(limit)} ${span}`,
	barNoLimit: (span: string) => `${span}, no limit`,
	barWaits: (waiting: number) => `+ ${count(waiting)} wait`,
	barLabel: (used: number, limit: number | undefined, what: string, waiting: number) =>
		`${count(used)}${limit === undefined ? '' : ` of ${count(limit)}`} ${what}${limit === undefined ? ', no limit' : ''}${waiting > 0 ? `, ${count(waiting)} more wait` : ''}`,
	dayOf: (limit: number) => `of ${count(limit)}`,
	nearest: (used: number, limit: number, unit: string, isEnforced: boolean) =>
		`${count(used)} of ${count(limit)} ${unit} used${isEnforced ? '' : ', more would wait'}`,

	originTitle: 'Where this limit comes from',
	originRule: 'The smallest one applies. Counted per recipient.',
	originLoading: 'Asking …',
	originNone: 'No level sets a number for this.',
	originOwn: 'own',
	originUntil: (from: string, when: string) => `${from}, until ${when}`,
	originBy: (name: string, author: string) => `${name}, by ${author}`,
	originCapped: (by: string) => `capped by ${by}`,
	originNew: `new ${account}`,
	originRamp: `new ${account}: less in its first days`,
	/** The agent says `account` where the panel may say `subscription`. */
	originName: (name: string) => name.replace('each account', `each ${account}`),
	levelServer: 'whole server',
	levelReseller: (id: string) => `reseller ${id}, for all its ${accounts}`,
	levelEach: `default for each ${account}`,
	levelPlan: (id: string) => `plan ${id}`,
	levelThis: `this ${account}`,
	levelNoOwn: 'no own limit',
	/** For whom a rule of many is set. */
	whoServer: 'the whole server',
	whoEach: (what: string) => `each ${what === 'account' ? account : what}`,
	whoLevel: (level: string, id: string) => `${level} ${id}`,
	beside: (text: string, isEnforced: boolean) => `${isEnforced ? 'Enforced' : 'Monitor-only'} beside it: ${text}.`,
	panelDiscards: 'discards',
	panelEach: `${nameOf(panel)} itself, each domain`,
	panelHour: (value: number) => `${count(value)} messages / h`,
	panelAllows: (value: number) =>
		`${nameOf(panel)} itself allows ${count(value)} messages an hour for each domain, before us.`,
	panelFails: (share: number) =>
		`It stops a domain while ${share} % or more of its mail of an hour fails or is deferred.`,
	panelLost: 'What is over is discarded and lost: we never see it, and can neither hold nor restore it.',
	panelFirst: (ours: number) => `That is less than the ${count(ours)} an hour here, so it comes first.`,
	panelAlone: 'No limit of an hour is set here, so it is the one that counts.',
	panelShort: (value: string) => `${nameOf(panel)} discards beyond ${value} messages an hour and domain`,

	editNow: (rule: string, of: string, now: string) => `Change ${rule} of ${of}, now ${now}`,
	editTitle: (rule: string, of: string) => `${capital(rule)} of ${of}`,
	editNumber: (unit: string) => `Number of ${unit}`,
	editWindow: 'Counted over',
	editLasting: 'How long',
	untilTomorrow: (when: string) => `until ${when}`,
	forGood: 'for good',
	removeOwn: 'Remove own limit',
	setNow: (text: string) => `Now: ${text}.`,
	usedNow: (text: string) => `Used: ${text}.`,
	boundServer: (value: string) => `The whole server allows ${value}.`,
	boundReseller: (id: string, value: string) => `Reseller ${id} allows ${value} for all its ${accounts}.`,
	faultNumber: 'Enter a whole number, 0 or more. 0: none may leave.',
	faultServer: (value: number) =>
		`The server allows ${count(value)} for all ${accounts}. Enter ${count(value)} or less.`,
	faultReseller: (id: string, value: number) =>
		`Reseller ${id} allows ${count(value)} for all its ${accounts}. Enter ${count(value)} or less.`,
	faultMeanwhile: (what: string) => `Not saved: ${what}. Save again to replace that.`,
	meanwhileSet: (author: string, text: string, when: string) => `${author} has set ${text} at ${when}`,
	meanwhileGone: 'somebody has taken away what was set here',
	saved: (of: string, value: number, unit: string, lasting: string) =>
		`${of} may send ${count(value)} ${unit} ${lasting}.`,
	savedWatched: 'This rule only watches so far: nothing waits until you enforce it.',
	savedRemoved: (of: string, rule: string) => `${of} has no own ${rule} any more.`,
	inForce: (text: string) => `In force now: ${text}.`,
	undone: (of: string, text: string) => `As before for ${of}: ${text}.`,
	undoneRule: (rule: string, of: string, isEnforced: boolean) =>
		`As before: ${rule} of ${of} is ${isEnforced ? 'enforced' : 'monitor-only'}.`,
	undoTooLate: 'Not undone: the time for it is over. Change the limit by hand.',
	undoConflict: (what: string) => `Not undone: ${what}.`,
	notSwitched: (what: string) => `Not switched: ${what}.`,
	switched: (rule: string, who: string, isEnforced: boolean) =>
		isEnforced
			? `The ${rule} of ${who} is enforced: what is over it waits and leaves in pace.`
			: `The ${rule} of ${who} only watches: nothing waits because of it.`,
	switchOf: (rule: string, who: string) => `Enforce the ${rule} of ${who}`,

	rulesTitle: 'Rules for many',
	rulesSub: 'what is set for the server, resellers and plans; each starts by only watching',
	poolTitle: 'Your pool',
	poolSub: `what all your ${accounts} share; the administrator sets it`,
	rulesColumns: { who: 'Set for', limit: 'Limit', mode: 'Mode', wouldHave: 'Would have' },
	rulesNone: 'Nothing is set for the server, a reseller or a plan yet.',
	limitsTitle: 'Limits',
});
