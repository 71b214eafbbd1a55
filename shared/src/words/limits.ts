/**
 * What may be sent: levels, windows, units, and a set of limits as an administrator writes it.
 *
 * Levels bound each other from the outside in. A scope is one metered thing (this account, that mailbox); plan is no scope: it only
 * gives its accounts their numbers. Counting rule, to be printed wherever a number stands: a recipient is counted once, when it may
 * leave; a message once, with its first recipient; waiting, held and refused mail is shown beside usage and never in it (invariant 3).
 */

/** From the outside in: each bounds those behind it. `script` and `credential` stand beside `mailbox`. */
export const levels = ['server', 'reseller', 'plan', 'account', 'domain', 'mailbox', 'script', 'credential'] as const;
export type Level = (typeof levels)[number];

/** What each level is called in the paths of the REST API. */
export const pathOfLevel = {
	server: 'server',
	reseller: 'resellers',
	plan: 'plans',
	account: 'accounts',
	domain: 'domains',
	mailbox: 'mailboxes',
	script: 'scripts',
	credential: 'credentials',
} as const satisfies { readonly [L in Level]: string };
export type LevelPath = (typeof pathOfLevel)[Level];

/** The other way. */
export const levelOfPath = Object.fromEntries(levels.map((level) => [pathOfLevel[level], level])) as {
	readonly [L in Level as (typeof pathOfLevel)[L]]: L;
};

/** Levels that are metered. */
export type ScopeLevel = Exclude<Level, 'plan'>;

/** `level:id`, such as `account:acme`, `script:acme:/home/acme/www`, `server:server`. */
export type ScopeKey = string;

export const scopeKeyOf = (level: ScopeLevel, id: string): ScopeKey => `${level}:${id}`;

export function scopeOf(key: ScopeKey): { readonly level: ScopeLevel; readonly id: string } {
	const colon = key.indexOf(':');
	return { level: key.slice(0, colon) as ScopeLevel, id: key.slice(colon + 1) };
}

/** Id of the level `server` for the machine as a whole: a pool that everybody shares. */
export const wholeServer = 'server';
/**
 * Ids of the level `server` that are defaults: for each account, mailbox … that has no number of its own, nor from its plan.
 */
export const eachOf = {
	account: 'each-account',
	domain: 'each-domain',
	mailbox: 'each-mailbox',
	script: 'each-script',
	credential: 'each-credential',
} as const;

/** What unattributed mail is metered under, at the level `account`. No default limit meets it, only one set for it by name. */
export const unattributedAccount = 'unattributed';

export const windows = ['minute', 'hour', 'day'] as const;
export type Window = (typeof windows)[number];
export const windowSeconds: { readonly [W in Window]: number } = { minute: 60, hour: 3600, day: 86_400 };

export const limitRules = [
	'minute.messages',
	'minute.recipients',
	'hour.messages',
	'hour.recipients',
	'day.messages',
	'day.recipients',
	'hour.uniqueRecipients',
	'message.recipients',
] as const;
/** One number that can be set, enforced and explained by itself. */
export type LimitRule = (typeof limitRules)[number];

/** `monitor`: counts what it would have done, and does nothing. Everything starts so (invariant 6). */
export const limitModes = ['monitor', 'enforce'] as const;
export type LimitMode = (typeof limitModes)[number];

/** What happens to mail over a limit: it waits and leaves in pace, or the MTA is told to come again, or it is refused. */
export const overActions = ['wait', 'defer', 'reject'] as const;
export type OverAction = (typeof overActions)[number];

/** Numbers set for one level and id. A rule without a number is inherited; 0: none may leave. */
export type LimitSet = {
	readonly values: { readonly [R in LimitRule]?: number };
	readonly mode: LimitMode;
	/** Rules whose mode differs from `mode`. */
	readonly modes?: { readonly [R in LimitRule]?: LimitMode };
	/** Absent: inherited, in the end `wait`. */
	readonly over?: OverAction;
	/** May a message with more recipients than a whole window leave in parts? Absent: inherited, in the end true. */
	readonly split?: boolean;
	readonly note?: string;
	/** `admin root`. */
	readonly author: string;
	readonly setMs: number;
};

/** What is stored for one level and id: the numbers, and numbers that stand before them for a while. */
export type StoredLimits = {
	readonly base?: LimitSet;
	readonly exception?: LimitSet & { readonly untilMs: number };
};

export const modeOf = (set: LimitSet, rule: LimitRule): LimitMode => set.modes?.[rule] ?? set.mode;

/** Where an effective number comes from. `ramp`: the first days of a new account. */
export type LimitOrigin = {
	readonly level: Level | 'ramp';
	readonly id: string;
	/** For people: `plan Basic`, `reseller bob`, `default for each mailbox`. */
	readonly name: string;
};

/** A number in force for a scope, and why it is that number. */
export type EffectiveLimit = {
	readonly rule: LimitRule;
	/** The smallest of what is set and what bounds it. */
	readonly value: number;
	readonly mode: LimitMode;
	readonly origin: LimitOrigin;
	/** Present when something outside allows less than `origin` does. */
	readonly cappedBy?: LimitOrigin;
	/** An exception is in force until then, epoch ms. */
	readonly untilMs?: number;
};

/** To be printed wherever usage stands. */
export const countingRule =
	'A recipient is counted once, when it may leave, and a message once, with its first recipient; waiting, held and refused mail is not counted. Windows slide: a minute is the last 60 seconds, an hour the last 3,600, a day the last 1,440 minutes.';

/** `50 recipients an hour` */
export function limitText(rule: LimitRule, value: number): string {
	const number = value.toLocaleString('en');
	if (rule === 'message.recipients') return `${number} ${value === 1 ? 'recipient' : 'recipients'} a message`;
	const [window, unit] = rule.split('.') as [Window, string];
	const noun = unit === 'uniqueRecipients' ? 'different recipients' : value === 1 ? unit.slice(0, -1) : unit;
	return `${number} ${noun} ${window === 'hour' ? 'an' : 'a'} ${window}`;
}

/** `account acme`, `each mailbox`, `the whole server`: what limits are set for, as a person names it. */
export function limitedText({ level, id }: { readonly level: string; readonly id: string }): string {
	if (level !== 'server') return `${level} ${id}`;
	return id === wholeServer ? 'the whole server' : id.replace('-', ' ');
}
