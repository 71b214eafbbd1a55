/**
 * Acts on limits, as the agent is asked for them: writing in order, switching a rule, undoing what has not been changed since.
 */
import type { Client, ClientFailure } from '../client/client.ts';
import type { LimitsInput, LimitsView } from '../contract/limit-shapes.ts';
import type { LevelPath, LimitRule } from '../words/limits.ts';
import { failed, ok, type Result } from '../words/result.ts';
import { type Former, restoring, stampOf, type Write, withMode } from './model/edit.ts';
import { inputOf, ownNumber, withNumber } from './model/rule-words.ts';

/** Where an act was done and what is to be drawn anew. */
export type Where =
	| { readonly at: 'list' | 'account'; readonly account: string; readonly back: string }
	| { readonly at: 'rules'; readonly back: string }
	| { readonly at: 'groups'; readonly kind: 'plans' | 'resellers'; readonly back: string };

/** The way back from a number that was set or a rule that was switched. */
export type UndoNote = {
	readonly level: LevelPath;
	readonly id: string;
	readonly rule: LimitRule;
	readonly who: string;
	readonly act: 'number' | 'mode';
	readonly former: Former;
	/** When what was written was written: undone only while it still stands. */
	readonly stamp: string;
	readonly where: Where;
};

/** Does the writes in order; the first refusal ends it. Gives what stands then. */
export async function write(
	client: Client,
	target: { readonly level: LevelPath; readonly id: string },
	writes: readonly Write[],
): Promise<Result<LimitsView | undefined, ClientFailure>> {
	let last: LimitsView | undefined;
	for (const one of writes) {
		const answer =
			one.kind === 'put'
				? await client.call('putLimits', { params: target, body: one.body })
				: await client.call('deleteLimits', {
						params: target,
						query: { only: one.only, replaces: one.replaces },
					});
		if (!answer.ok) return answer;
		last = answer.value;
	}
	return ok(last);
}

const put = (body: LimitsInput, replaced: string | undefined): Write => ({
	kind: 'put',
	body: { ...body, replaces: replaced ?? null },
});

/** Somebody else was first: what stood is not what is to be replaced. */
export const isConflict = (failure: ClientFailure): boolean =>
	failure.kind === 'problem' && failure.problem.type === 'urn:sluice:conflict';

/** The mode of a rule is switched in the set that has its number; a built-in default is written down for it. */
export function modeWrites(view: LimitsView, rule: LimitRule, isEnforced: boolean): readonly Write[] {
	const own = ownNumber(view, rule);
	if (own === undefined) return [];
	const mode = isEnforced ? 'enforce' : 'monitor';
	if (own.stored !== undefined)
		return [put(withMode(inputOf(view[own.stored] as LimitsInput), rule, mode), view[own.stored]?.set)];
	const base: LimitsInput = view.base === undefined ? { mode: 'monitor' } : inputOf(view.base);
	return [put(withMode(withNumber(base, rule, own.value), rule, mode), view.base?.set)];
}

/**
 * Puts back what stood before; `changed` when somebody has written since, with what stands then. Each write says what it replaces, so
 * that nothing comes between the look and the write.
 */
export async function undo(
	client: Client,
	note: UndoNote,
	nowMs: number,
): Promise<Result<{ readonly isUndone: boolean; readonly view: LimitsView }, ClientFailure>> {
	const params = { level: note.level, id: note.id };
	const present = await client.call('getLimits', { params });
	if (!present.ok) return failed(present.error);
	if (stampOf(present.value) !== note.stamp) return ok({ isUndone: false, view: present.value });
	const written = await write(client, params, restoring(note.former, present.value, nowMs));
	if (written.ok) return ok({ isUndone: true, view: written.value ?? present.value });
	if (!isConflict(written.error)) return written;
	const then = await client.call('getLimits', { params });
	return then.ok ? ok({ isUndone: false, view: then.value }) : then;
}
