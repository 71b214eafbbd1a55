/**
 * A note of the hook script as an event of an account.
 *
 * The note says only what happened to whom; how the account is now is asked of cPanel. So a wrong, old or forged note costs a question and
 * changes nothing. Notes are checked as if anybody had written them. Pure. Not here: the files (spool.ts), redaction (native/hooks).
 */
import { z } from 'zod';
import { userShape } from '../api/shapes.ts';
import { hookName, hooks } from '../hooks.ts';

export type AccountEvent =
	| { readonly kind: 'changed'; readonly user: string }
	| { readonly kind: 'removed'; readonly user: string }
	| { readonly kind: 'renamed'; readonly user: string; readonly to: string }
	/** cPanel was updated. */
	| { readonly kind: 'upgraded' }
	/** Something happened, and to whom is not known: only the whole list tells. */
	| { readonly kind: 'all' };

const noteSchema = z.strictObject({
	v: z.literal(1),
	category: z.string().max(64),
	event: z.string().max(320),
	stage: z.string().max(64),
	user: z.string().regex(userShape).optional(),
	newUser: z.string().regex(userShape).optional(),
});

const meansOf = new Map(hooks.map((hook) => [hookName(hook), hook.means]));

/** Undefined: no note of ours. */
export function accountEventOf(note: unknown): AccountEvent | undefined {
	const read = noteSchema.safeParse(note);
	if (!read.success) return undefined;
	const { user, newUser } = read.data;
	const means = meansOf.get(hookName(read.data)) ?? 'all';
	if (means === 'upgraded') return { kind: 'upgraded' };
	if (means === 'all' || user === undefined || user === 'root') return { kind: 'all' };
	if (means === 'removed') return { kind: 'removed', user };
	return newUser === undefined || newUser === user ? { kind: 'changed', user } : { kind: 'renamed', user, to: newUser };
}
