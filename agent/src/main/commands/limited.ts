/**
 * What limits are about and which numbers, as a person types them: `--mailbox a@b.test --hour 50 --over defer --until 3d`.
 *
 * The REST API replaces the whole of what is set; a person who types one number means that number. So a command reads what is set,
 * lays the typed numbers over it and puts the whole; each rule keeps the mode it had. Not here: what is done with them (limit.ts,
 * account.ts), how they look (render/limits.ts).
 */
import type { LimitsInput, LimitsView } from '@sluice/shared/contract/limit-shapes.ts';
import {
	eachOf,
	type LevelPath,
	type LimitMode,
	type LimitRule,
	type OverAction,
	overActions,
	pathOfLevel,
} from '@sluice/shared/words/limits.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { orInvalid } from './options.ts';
import { parseSpan, parseTime } from './render/time.ts';
import type { Terminal } from './terminal.ts';

/** A level and id as the API's paths have them. */
export type Limited = { readonly level: LevelPath; readonly id: string };

const each = Object.keys(eachOf) as (keyof typeof eachOf)[];

export type LimitedOptions = {
	readonly server?: boolean;
	readonly each?: (typeof each)[number];
	readonly reseller?: string;
	readonly plan?: string;
	readonly account?: string;
	readonly domain?: string;
	readonly mailbox?: string;
	readonly script?: string;
	readonly credential?: string;
};

export const withLimited = (command: Command): Command =>
	command
		.option('--server', 'the machine as a whole: a pool that everybody shares')
		.addOption(new Option('--each <what>', 'default for each one without a number of its own').choices([...each]))
		.option('--reseller <name>', 'a pool that the accounts of a reseller share')
		.option('--plan <name>', 'numbers for each account of a plan')
		.option('--account <id>', 'a hosting account')
		.option('--domain <name>', 'a mail domain')
		.option('--mailbox <address>', 'a mailbox')
		.option('--script <account:/directory>', 'scripts in a directory of an account')
		.option('--credential <id>', 'a credential for submission');

const { server: _, ...pathOfOption } = pathOfLevel;

/** Exactly one, or wrong use. */
export function limitedFrom(options: LimitedOptions, command: Command): Limited {
	const named: Limited[] = [
		...(options.server === true ? [{ level: 'server', id: 'server' } as const] : []),
		...(options.each === undefined ? [] : [{ level: 'server', id: eachOf[options.each] } as const]),
		...(Object.keys(pathOfOption) as (keyof typeof pathOfOption)[]).flatMap((name) => {
			const id = options[name];
			return id === undefined ? [] : [{ level: pathOfOption[name], id }];
		}),
	];
	const [only] = named;
	if (only !== undefined && named.length === 1) return only;
	return command.error(
		'name exactly one of --server, --each, --reseller, --plan, --account, --domain, --mailbox, --script, --credential',
		{ exitCode: 2 },
	);
}

/** A number, or undefined for `inherit`: what was set is taken away. */
type Typed = { readonly value: number | undefined };

export type NumberOptions = {
	readonly minute?: Typed;
	readonly hour?: Typed;
	readonly day?: Typed;
	readonly minuteMessages?: Typed;
	readonly hourMessages?: Typed;
	readonly dayMessages?: Typed;
	readonly unique?: Typed;
	readonly perMessage?: Typed;
	readonly monitor?: boolean;
	readonly enforce?: boolean;
	readonly until?: number;
	readonly over?: OverAction;
	readonly split?: boolean;
	readonly note?: string;
};

const ruleOfOption = {
	minute: 'minute.recipients',
	hour: 'hour.recipients',
	day: 'day.recipients',
	minuteMessages: 'minute.messages',
	hourMessages: 'hour.messages',
	dayMessages: 'day.messages',
	unique: 'hour.uniqueRecipients',
	perMessage: 'message.recipients',
} as const satisfies { readonly [name: string]: LimitRule };

const numberMax = 1_000_000_000;

export function typed(text: string): Typed {
	if (text === 'inherit') return { value: undefined };
	const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
	if (!(number <= numberMax)) throw new InvalidArgumentError('A whole number from 0, or inherit.');
	return { value: number };
}

/** Epoch ms of a time to come: how long from now (`3d`), or a moment as everywhere. */
export function parseUntil(text: string, terminal: Terminal): Result<number, string> {
	const nowMs = terminal.now();
	const span = parseSpan(text);
	const parsed = span.ok ? ok(nowMs + span.value * 1000) : parseTime(text, { nowMs, zone: terminal.zone });
	if (!parsed.ok)
		return failed('A time to come such as 2026-12-01, "2026-12-01 07:20", or how long from now: 12h, 3d.');
	return parsed.value > nowMs ? parsed : failed('This time is over.');
}

export const withNumbers = (command: Command): Command =>
	command
		.option('--minute <recipients>', 'recipients a minute', typed)
		.option('--hour <recipients>', 'recipients an hour', typed)
		.option('--day <recipients>', 'recipients a day', typed)
		.option('--minute-messages <number>', 'messages a minute', typed)
		.option('--hour-messages <number>', 'messages an hour', typed)
		.option('--day-messages <number>', 'messages a day', typed)
		.option('--unique <recipients>', 'different recipients an hour', typed)
		.option('--per-message <recipients>', 'recipients of one message; more are held', typed);

/** All that can be said of a limit; `simulate` only takes numbers. */
export const withSetting = (command: Command, terminal: Terminal): Command =>
	withNumbers(command)
		.addOption(new Option('--monitor', 'only count what it would have done').conflicts('enforce'))
		.option('--enforce', 'do it (default); without a number, all numbers in force here')
		.option('--until <time>', 'an exception, until then: 3d, 2026-12-01', (text: string) =>
			orInvalid(parseUntil(text, terminal)),
		)
		.addOption(
			new Option('--over <action>', 'what is over the limit waits here, waits at the MTA, or is refused').choices([
				...overActions,
			]),
		)
		.option('--split', 'a message with more recipients than a window allows is sent in parts')
		.option('--no-split', 'it is not: the MTA is told 452 for those that are too many')
		.option('--note <text>', 'why; shown beside the numbers and in the audit')
		.addHelpText('after', '\nA number is inherited again with `inherit`, such as --hour inherit. 0: none may leave.');

/** The numbers typed, by rule. */
function numbersOf(options: NumberOptions): Map<LimitRule, number | undefined> {
	return new Map(
		(Object.keys(ruleOfOption) as (keyof typeof ruleOfOption)[]).flatMap((name) => {
			const number = options[name];
			return number === undefined ? [] : [[ruleOfOption[name], number.value] as const];
		}),
	);
}

type View = Pick<LimitsView, 'level' | 'id' | 'base' | 'effective'>;

type Present = Map<LimitRule, { readonly value: number; readonly mode: LimitMode }>;

/** What is set for this level and id itself. */
function storedOf({ base }: View): Present {
	const present: Present = new Map();
	if (base === undefined) return present;
	for (const rule of Object.values(ruleOfOption)) {
		const value = storedValue(base, rule);
		if (value !== undefined) present.set(rule, { value, mode: base.modes?.[rule] ?? base.mode });
	}
	return present;
}

function storedValue(set: NonNullable<View['base']>, rule: LimitRule): number | undefined {
	if (rule === 'hour.uniqueRecipients') return set.hourUniqueRecipients ?? undefined;
	if (rule === 'message.recipients') return set.recipientsPerMessage ?? undefined;
	const [window, unit] = rule.split('.') as ['minute' | 'hour' | 'day', 'messages' | 'recipients'];
	return set[window]?.[unit] ?? undefined;
}

/** What was typed, laid over what is set. An exception stands alone: what it does not name is as without it. Fails: nothing to set. */
export function inputFrom(options: NumberOptions, view: View): Result<LimitsInput, string> {
	const numbers = numbersOf(options);
	const mode: LimitMode = options.monitor === true ? 'monitor' : 'enforce';
	const isException = options.until !== undefined;
	const rules: Present = isException ? new Map() : storedOf(view);
	// Modes of inherited numbers stay too.
	const modes = new Map(isException ? [] : (Object.entries(view.base?.modes ?? {}) as [LimitRule, LimitMode][]));
	const isModeAlone = numbers.size === 0 && (options.monitor === true || options.enforce === true);
	if (isModeAlone) {
		// A mode alone is for every number in force here, wherever it comes from.
		for (const { rule } of view.effective) modes.set(rule, mode);
		for (const [rule, { value }] of rules) rules.set(rule, { value, mode });
	}
	for (const [rule, value] of numbers) {
		modes.delete(rule);
		if (value === undefined) rules.delete(rule);
		else rules.set(rule, { value, mode });
	}
	for (const [rule, set] of rules) {
		if (set.mode === mode) modes.delete(rule);
		else modes.set(rule, set.mode);
	}
	const base = isException ? undefined : view.base;
	const over = options.over ?? base?.over;
	const split = options.split ?? base?.split;
	const note = options.note ?? base?.note;
	const isNothing = numbers.size + modes.size === 0 && !(isModeAlone && rules.size > 0);
	if (isNothing && options.over === undefined && options.split === undefined)
		return failed('name what to set, such as --hour 50');
	return ok({
		mode,
		...shapeOf(rules),
		...(modes.size === 0 ? {} : { modes: Object.fromEntries(modes) }),
		...(over == null ? {} : { over }),
		...(split == null ? {} : { split }),
		...(options.until === undefined ? {} : { until: new Date(options.until).toISOString() }),
		...(note == null ? {} : { note }),
	});
}

/** Numbers of a proposal, all of them typed. */
export const proposalFrom = (options: NumberOptions): LimitsInput => {
	const numbers = [...numbersOf(options)].flatMap(([rule, value]) =>
		value === undefined ? [] : [[rule, { value, mode: 'enforce' }] as const],
	);
	return { mode: 'enforce', ...shapeOf(new Map(numbers)) };
};

export const hasNumbers = (options: NumberOptions): boolean => numbersOf(options).size > 0;

function shapeOf(rules: Present): Partial<LimitsInput> {
	const windowOf = (name: 'minute' | 'hour' | 'day') => {
		const messages = rules.get(`${name}.messages`)?.value;
		const recipients = rules.get(`${name}.recipients`)?.value;
		if (messages === undefined && recipients === undefined) return {};
		return {
			[name]: { ...(messages === undefined ? {} : { messages }), ...(recipients === undefined ? {} : { recipients }) },
		};
	};
	const unique = rules.get('hour.uniqueRecipients')?.value;
	const perMessage = rules.get('message.recipients')?.value;
	return {
		...windowOf('minute'),
		...windowOf('hour'),
		...windowOf('day'),
		...(unique === undefined ? {} : { hourUniqueRecipients: unique }),
		...(perMessage === undefined ? {} : { recipientsPerMessage: perMessage }),
	};
}
