/**
 * Acts on limits, as the agent is asked for them: writing in order, switching a rule, undoing what has not been changed since.
 */
import type { Client, ClientFailure } from '../client/client.ts';
import type { LevelPath, LimitsInput, LimitsView } from '../contract/limit-shapes.ts';
import type { LimitRule } from '../words/limits.ts';
import { failed, ok, type Result } from '../words/result.ts';
import { type Former, restoring, stampOf, type Write, withMode } from './model/edit.ts';
import { inputOf, ownNumber, withNumber } from './model/rule-words.ts';

/** Where an act was done and what is to be drawn anew. */
export type Where =
	| { readonly at: 'list' | 'account'; readonly account: string; readonly back: string }
	| { readonly at: 'rules'; readonly back: string };

export type UndoNote = {
	readonly text: string;
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
						query: one.only === undefined ? {} : { only: one.only },
					});
		if (!answer.ok) return answer;
		last = answer.value;
	}
	return ok(last);
}

/** The mode of a rule is switched in the set that has its number; a built-in default is written down for it. */
export function modeWrites(view: LimitsView, rule: LimitRule, isEnforced: boolean): readonly Write[] {
	const own = ownNumber(view, rule);
	if (own === undefined) return [];
	const mode = isEnforced ? 'enforce' : 'monitor';
	if (own.stored !== undefined)
		return [{ kind: 'put', body: withMode(inputOf(view[own.stored] as LimitsInput), rule, mode) }];
	const base: LimitsInput = view.base === undefined ? { mode: 'monitor' } : inputOf(view.base);
	return [{ kind: 'put', body: withMode(withNumber(base, rule, own.value), rule, mode) }];
}

/** Puts back what stood before; `changed` when somebody has written since. */
export async function undo(
	client: Client,
	note: UndoNote,
	nowMs: number,
): Promise<Result<LimitsView | 'changed', ClientFailure>> {
	const params = { level: note.level, id: note.id };
	const present = await client.call('getLimits', { params });
	if (!present.ok) return failed(present.error);
	if (stampOf(present.value) !== note.stamp) return ok('changed');
	const written = await write(client, params, restoring(note.former, present.value, nowMs));
	if (!written.ok) return written;
	return ok(written.value ?? present.value);
}
