/**
 * Limits that meet everybody for whom nothing else is set: what an administrator finds on the first day, counting and doing nothing.
 *
 * Values after what hosts and panels publish: 200 an hour is above what all but one account in five hundred ever sends. What is stored
 * for `server:each-…` stands before them, rule by rule. Domains and credentials have no number of their own: their account bounds them.
 */
import { eachOf, type LimitSet } from '@sluice/shared/words/limits.ts';

export type EachId = (typeof eachOf)[keyof typeof eachOf];

const monitored = (values: LimitSet['values']): LimitSet => ({ values, mode: 'monitor', author: 'sluice', setMs: 0 });

export const defaultLimits: { readonly [E in EachId]: LimitSet } = {
	[eachOf.account]: monitored({
		'minute.recipients': 30,
		'hour.recipients': 200,
		'day.recipients': 1000,
		'hour.uniqueRecipients': 150,
		'message.recipients': 50,
	}),
	[eachOf.domain]: monitored({}),
	[eachOf.mailbox]: monitored({ 'hour.recipients': 100, 'day.recipients': 500 }),
	[eachOf.script]: monitored({ 'hour.recipients': 60, 'day.recipients': 300 }),
	[eachOf.credential]: monitored({}),
};

export const isEachId = (id: string): id is EachId => Object.hasOwn(defaultLimits, id);
