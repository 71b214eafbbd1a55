/**
 * The list of everything that has limits, as far as the actor may see it, by page.
 */
import { createHash } from 'node:crypto';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { Problem } from '@sluice/shared/contract/problem.ts';
import { eachOf, type Level, levels, type StoredLimits } from '@sluice/shared/words/limits.ts';
import { ok, type Result } from '@sluice/shared/words/result.ts';
import type { Flow } from '../../flow/context.ts';
import type { createSlices } from '../../flow/turns.ts';
import { problem } from './context.ts';
import { inForce, type Limited } from './metered.ts';
import { type AccountOfCredential, rightOverScope } from './visibility.ts';

/** An exception that is over is nothing set. */
export function isSet(flow: Flow, limits: StoredLimits | undefined): boolean {
	const { base, exception } = inForce(flow, limits);
	return base !== undefined || exception !== undefined;
}

type Slices = ReturnType<typeof createSlices>;

/** In the order of levels, then by name; a page goes on behind the one that the cursor names. In slices: there may be many. */
export async function limitedThings(
	flow: Flow,
	asked: {
		readonly level: Level | undefined;
		readonly actor: Actor | undefined;
		readonly owner: AccountOfCredential;
	},
	slices: Slices,
): Promise<readonly Limited[]> {
	const { level, actor, owner } = asked;
	// Defaults have numbers although nobody set them, and what they would have done is asked for first of all.
	const builtIn = Object.values(eachOf)
		.filter((id) => flow.limits.get('server', id) === undefined)
		.map((id) => ({ level: 'server', id, limits: undefined }) as const);
	const byLevel = new Map<Level, string[]>(levels.map((name) => [name, []]));
	for (const { limits, ...limited } of [...builtIn, ...flow.limits.entries()]) {
		const pause = slices.breathe();
		if (pause !== undefined) await pause;
		if (level !== undefined && limited.level !== level) continue;
		if (limits !== undefined && !isSet(flow, limits)) continue;
		if (rightOverScope(flow.accounts, actor, limited, owner) !== 'none') byLevel.get(limited.level)?.push(limited.id);
	}
	return [...byLevel].flatMap(([name, ids]) => ids.sort().map((id) => ({ level: name, id })));
}

/** Names may be longer than a cursor: a hash stands for level and id, and before it the place where it was. */
const markOf = ({ level, id }: Limited): string =>
	createHash('sha256').update(`${level}:${id}`).digest('base64url').slice(0, 22);
const cursorShape = /^(\d{1,9})\.([\w-]{22})$/;

/** Place of the one that a page ended with; -1: none of these. */
function placeOf(all: readonly Limited[], cursor: string): number {
	const [, place = '', mark] = cursorShape.exec(cursor) ?? [];
	const there = all[Number(place)];
	if (mark === undefined) return -1;
	return there !== undefined && markOf(there) === mark ? Number(place) : all.findIndex((one) => markOf(one) === mark);
}

/** The page behind the cursor. */
export function pageOf(
	all: readonly Limited[],
	{ limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Result<{ readonly page: readonly Limited[]; readonly next?: string }, Problem> {
	const before = cursor === undefined ? -1 : placeOf(all, cursor);
	if (cursor !== undefined && before < 0) return problem('invalid', 'cursor: not one of this list, or gone from it');
	const page = all.slice(before + 1, before + 1 + limit);
	const last = page.at(-1);
	const place = before + page.length;
	return ok({ page, ...(last === undefined || place + 1 >= all.length ? {} : { next: `${place}.${markOf(last)}` }) });
}
