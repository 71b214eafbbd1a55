/**
 * Problems: what the API says when it does not do as asked. RFC 9457 with `type: urn:sluice:CODE`.
 */
import { z } from 'zod';

export const problemCodes = {
	'no-actor': { status: 401, title: 'No Sluice-Actor header' },
	'bad-actor': { status: 401, title: 'Sluice-Actor header not understood' },
	forbidden: { status: 403, title: 'Not allowed for this actor' },
	'not-found': { status: 404, title: 'No such thing' },
	'method-not-allowed': { status: 405, title: 'No such method here' },
	conflict: { status: 409, title: 'Not possible in the present state' },
	'stale-revision': { status: 409, title: 'A newer list has been given already' },
	'too-large': { status: 413, title: 'Body too large' },
	'bad-media-type': {
		status: 415,
		title: 'Body must be application/json in UTF-8',
	},
	'bad-json': { status: 400, title: 'Body is not JSON' },
	invalid: { status: 422, title: 'Values not accepted' },
	internal: { status: 500, title: 'Internal error, see the log' },
	unavailable: { status: 503, title: 'Not available now' },
} as const;
export type ProblemCode = keyof typeof problemCodes;

export const problemSchema = z.object({
	type: z.string().describe('urn:sluice:CODE'),
	title: z.string(),
	status: z.number().int(),
	detail: z.string().optional().describe('What was wrong, for people.'),
	errors: z
		.array(z.object({ path: z.string(), message: z.string() }))
		.optional()
		.describe('Each value that was not accepted.'),
});
export type ProblemDocument = z.output<typeof problemSchema>;

/** A refusal as a value: what a handler returns instead of a result. */
export type Problem = { readonly code: ProblemCode; readonly detail?: string };

export function problemDocument(problem: Problem, errors?: ProblemDocument['errors']): ProblemDocument {
	const { status, title } = problemCodes[problem.code];
	return {
		type: `urn:sluice:${problem.code}`,
		title,
		status,
		...(problem.detail === undefined ? {} : { detail: problem.detail }),
		...(errors === undefined ? {} : { errors }),
	};
}
