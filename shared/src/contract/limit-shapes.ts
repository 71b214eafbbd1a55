/**
 * Limits and usage as the REST API words them, and the way to and from the words that core speaks in.
 */
import { z } from 'zod';
import {
	type LevelPath,
	type LimitRule,
	type LimitSet,
	levels,
	limitModes,
	limitRules,
	overActions,
	pathOfLevel,
	windows,
} from '../words/limits.ts';
import { timeSchema } from './shapes.ts';

const numberMax = 1_000_000_000;
const number = z
	.number()
	.int()
	.min(0)
	.max(numberMax)
	.nullish()
	.describe('null or left out: inherited. 0: none may leave.');
const window = z.strictObject({ messages: number, recipients: number }).nullish();

/** Numbers of one level and id. One that is left out is inherited. */
export const limitNumbersSchema = z.strictObject({
	mode: z.enum(limitModes).describe('monitor: counts what it would have done. enforce: what is over waits.'),
	minute: window,
	hour: window,
	day: window,
	hourUniqueRecipients: number,
	recipientsPerMessage: number,
	modes: z
		.partialRecord(z.enum(limitRules), z.enum(limitModes))
		.optional()
		.describe('Rules whose mode is another than `mode`.'),
	over: z.enum(overActions).nullish().describe('What happens over a limit; inherited, in the end wait.'),
	split: z
		.boolean()
		.nullish()
		.describe('false: a message with more recipients than a window allows is not sent in parts (452 at RCPT).'),
	until: timeSchema.nullish().describe('An exception: stands before the other numbers until then.'),
	note: z.string().max(500).nullish(),
});

/** What is put for one level and id. */
export const limitsInputSchema = limitNumbersSchema.extend({
	replaces: timeSchema
		.nullish()
		.describe(
			'`set` of what this is to replace: of the exception where there is an `until`, else of the numbers; null: nothing was set. Another stands there: 409 conflict, nothing is changed. Left out: it replaces whatever stands.',
		),
});
export type LimitsInput = z.output<typeof limitsInputSchema>;

/** Numbers as they are stored. */
export const limitsSchema = limitNumbersSchema.extend({ author: z.string(), set: timeSchema });
export type LimitsDto = z.output<typeof limitsSchema>;

export const levelPathSchema = z.enum(levels.map((level) => pathOfLevel[level]) as [LevelPath, ...LevelPath[]]);

const originSchema = z.object({ level: z.enum([...levels, 'ramp']), id: z.string(), name: z.string() });

export const ruleSchema = z.enum(limitRules);

export const effectiveSchema = z.object({
	rule: ruleSchema,
	window: z.enum(windows).optional().describe('Absent: of one message.'),
	unit: z.enum(['messages', 'recipients', 'uniqueRecipients']),
	value: z.number().int(),
	mode: z.enum(limitModes),
	origin: originSchema,
	cappedBy: originSchema.optional(),
	until: timeSchema.optional(),
	text: z.string().describe('50 recipients an hour from plan Basic, capped by reseller bob'),
	panelOwn: z
		.object({
			hourMessages: z.number().int().optional().describe('Messages an hour of each domain.'),
			failPercent: z
				.number()
				.int()
				.optional()
				.describe('Share of failed and deferred mail of a domain in an hour, beyond which all of it is discarded.'),
			over: z.literal('discards').describe('What is over is lost: the MTA discards it before we see it.'),
			comesFirst: z.boolean().describe('hourMessages is smaller than our numbers of an hour.'),
		})
		.optional()
		.describe("The panel's own limits, for each domain, enforced by the MTA before us; beside the number of an hour."),
});
export type EffectiveDto = z.output<typeof effectiveSchema>;

export const usageSchema = z.object({
	rule: ruleSchema,
	window: z.enum(windows),
	unit: z.enum(['messages', 'recipients', 'uniqueRecipients']),
	used: z.number().int(),
	waiting: z.number().int(),
	limit: z.number().int().optional().describe('The smallest number that meets it, enforced or not.'),
	left: z.number().int().optional(),
	resetsAt: timeSchema.optional(),
});
export type UsageDto = z.output<typeof usageSchema>;

/** What monitor-only rules would have done, since the count began. */
export const wouldHaveSchema = z.object({
	rule: ruleSchema,
	messages: z.number().int(),
	recipients: z.number().int(),
	scopes: z.number().int().describe('How many accounts, mailboxes or scripts it would have met.'),
	since: timeSchema,
	last: timeSchema.optional(),
});

export const limitsViewSchema = z.object({
	level: z.enum(levels),
	id: z.string(),
	base: limitsSchema.optional(),
	exception: limitsSchema.optional(),
	effective: z.array(effectiveSchema),
	wouldHave: z.array(wouldHaveSchema),
});
export type LimitsView = z.output<typeof limitsViewSchema>;

/** Window of a rule, absent for `message.recipients`, and its unit. */
export function partsOfRule(rule: LimitRule): Pick<EffectiveDto, 'window' | 'unit'> {
	const [first, unit] = rule.split('.') as [string, EffectiveDto['unit']];
	return first === 'message' ? { unit } : { window: first as NonNullable<EffectiveDto['window']>, unit };
}

/** The numbers of an input as core keeps them. */
export function limitSetOf(input: LimitsInput, author: string, setMs: number): LimitSet {
	const values: { [R in LimitRule]?: number } = {};
	for (const name of windows) {
		const { messages, recipients } = input[name] ?? {};
		if (typeof messages === 'number') values[`${name}.messages`] = messages;
		if (typeof recipients === 'number') values[`${name}.recipients`] = recipients;
	}
	if (typeof input.hourUniqueRecipients === 'number') values['hour.uniqueRecipients'] = input.hourUniqueRecipients;
	if (typeof input.recipientsPerMessage === 'number') values['message.recipients'] = input.recipientsPerMessage;
	return {
		values,
		mode: input.mode,
		...(input.modes === undefined ? {} : { modes: input.modes as NonNullable<LimitSet['modes']> }),
		...(input.over == null ? {} : { over: input.over }),
		...(input.split == null ? {} : { split: input.split }),
		...(input.note == null ? {} : { note: input.note }),
		author,
		setMs,
	};
}

/** The other way. */
export function limitsDtoOf(set: LimitSet & { readonly untilMs?: number }): LimitsDto {
	const { values } = set;
	const windowOf = (name: (typeof windows)[number]) => {
		const messages = values[`${name}.messages`];
		const recipients = values[`${name}.recipients`];
		if (messages === undefined && recipients === undefined) return {};
		return {
			[name]: {
				...(messages === undefined ? {} : { messages }),
				...(recipients === undefined ? {} : { recipients }),
			},
		};
	};
	return {
		mode: set.mode,
		...windowOf('minute'),
		...windowOf('hour'),
		...windowOf('day'),
		...(values['hour.uniqueRecipients'] === undefined ? {} : { hourUniqueRecipients: values['hour.uniqueRecipients'] }),
		...(values['message.recipients'] === undefined ? {} : { recipientsPerMessage: values['message.recipients'] }),
		...(set.modes === undefined ? {} : { modes: set.modes }),
		...(set.over === undefined ? {} : { over: set.over }),
		...(set.split === undefined ? {} : { split: set.split }),
		...(set.untilMs === undefined ? {} : { until: new Date(set.untilMs).toISOString() }),
		...(set.note === undefined ? {} : { note: set.note }),
		author: set.author,
		set: new Date(set.setMs).toISOString(),
	};
}
