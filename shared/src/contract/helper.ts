/**
 * The root helper's closed list of verbs: what the pages, which run without any right, may ask of root.
 *
 * One line of JSON in, one out, over a socket that only the panel server may open. Arguments are checked here and again by what each
 * verb is about; every verb is audited, and those that change something have one that takes it back. What is not in this table does
 * not exist.
 */
import { z } from 'zod';
import { parseActor } from './actor.ts';

const userSchema = z
	.string()
	.regex(/^[a-z_][a-z0-9_.-]{0,31}$/i, 'a user of the panel: letters, digits, . _ -, at most 32')
	.refine((user) => user !== 'root', 'root is nobody’s account');
const mailboxSchema = z
	.string()
	.max(320)
	.regex(/^[^\s@/'"\\<>]+@[a-z0-9.-]+$/i, 'a mailbox');

/** An account, or one mailbox of it. */
const senderArgs = z.strictObject({
	user: userSchema,
	mailbox: mailboxSchema.optional(),
	on: z.boolean().describe('false takes it back.'),
	reason: z.string().min(1).max(500),
});

/** Names of 32 letters, with room in a line (`helperLineBytesMax`). */
export const ownedUsersMax = 1_000;

const nothing = z.strictObject({});
const done = z.object({ text: z.string().describe('What was done, one sentence.') });
/** Of verbs that may take minutes: who asks for a page has an answer in time, and what was begun goes on. */
const doneOrBegun = done.extend({
	isUnderWay: z.boolean().optional().describe('true: it goes on; how it ended will stand in the audit.'),
});

export const helperVerbs = {
	/** The panel’s own hold of outgoing mail: it stays in the MTA’s queue. Off unless `panel.acts.hold`. */
	'panel-hold': { args: senderArgs, result: done },
	/** The panel’s own suspension of outgoing mail: it is refused. Off unless `panel.acts.suspend`. */
	'panel-suspend': { args: senderArgs, result: done },
	/** Who owns an account in the panel now; asked before a reseller does anything to it. */
	'account-owner': {
		args: z.strictObject({ user: userSchema }),
		result: z.object({ owner: z.string().nullable().describe('null: there is no such account.') }),
	},
	/**
	 * Which of those accounts the actor owns in the panel now: one question for a whole list of them. What is another’s, and what is not
	 * there, is left out alike.
	 */
	'accounts-owned': {
		args: z.strictObject({ users: z.array(userSchema).min(1).max(ownedUsersMax) }),
		result: z.object({ owned: z.array(z.string()) }),
	},
	/** The panel’s own limits, which discard mail before it reaches us: what they are, lifting them, putting them back. */
	'panel-limits': {
		args: z.strictObject({ act: z.enum(['show', 'lift', 'restore']) }),
		result: z.object({
			text: z.string(),
			isLifted: z.boolean(),
			hourMessages: z.number().int().nullable().describe('The server’s default; null: none.'),
			deferFailPercent: z.number().int().nullable(),
			accounts: z.number().int().describe('Accounts and packages that have numbers of their own.'),
		}),
	},
	/** Reads the panel and pushes the accounts now. */
	reconcile: { args: nothing, result: doneOrBegun },
	'mta-ensure': { args: nothing, result: doneOrBegun },
	'mta-bypass': { args: nothing, result: doneOrBegun },
	'queue-kick': { args: nothing, result: done },
} as const;

export type HelperVerb = keyof typeof helperVerbs;
export type HelperArgs<V extends HelperVerb> = z.output<(typeof helperVerbs)[V]['args']>;
export type HelperResult<V extends HelperVerb> = z.output<(typeof helperVerbs)[V]['result']>;

/** The first line of a connection. */
export const helperRequestSchema = z.strictObject({
	verb: z.enum(Object.keys(helperVerbs) as [HelperVerb, ...HelperVerb[]]),
	actor: z.string().refine((text) => parseActor(text).ok, 'an actor, as in Sluice-Actor'),
	args: z.unknown(),
});

/** The only line of the answer. */
export const helperAnswerSchema = z.union([
	z.object({ ok: z.literal(true), result: z.unknown() }),
	z.object({
		ok: z.literal(false),
		code: z.enum(['unknown-verb', 'invalid', 'forbidden', 'switched-off', 'not-found', 'panel-failed', 'busy']),
		text: z.string(),
	}),
]);
export type HelperFailure = { readonly code: string; readonly text: string };

/** Bytes of a line, either way. */
export const helperLineBytesMax = 64 * 1024;
