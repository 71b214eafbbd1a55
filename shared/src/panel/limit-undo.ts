/**
 * The way back from a limit that was changed and from a rule that was switched, while nobody has written since.
 */
import type { Request } from 'express';
import type { LimitsView } from '../contract/limit-shapes.ts';
import { sendNotDone } from './answer.ts';
import { type Desk, done, type Exchange, undoNote, undoNoteIn } from './done.ts';
import { type UndoNote, undo } from './limit-acts.ts';
import { meanwhileText } from './meanwhile.ts';
import { standsText } from './model/account.ts';
import { formerOf, stampOf } from './model/edit.ts';
import { ownNumber } from './model/rule-words.ts';
import type { Pages } from './pages.ts';
import { count } from './text/numbers.ts';

type Written = Omit<UndoNote, 'former' | 'stamp'> & {
	readonly before: LimitsView;
	/** Absent: nothing had to be written. */
	readonly after: LimitsView | undefined;
};

/** The note that brings back what stood before an act on a limit. */
export function limitUndoNote(pages: Pages, request: Request, { before, after = before, ...act }: Written): string {
	const note: UndoNote = { ...act, former: formerOf(before), stamp: stampOf(after) };
	return undoNote(pages, request, note);
}

export async function undoLimits(desk: Desk, { request, response }: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { t, place } = pages;
	const client = clientOf(request);
	const note = undoNoteIn<UndoNote>(pages, request, ['number', 'mode']);
	if (note === undefined) {
		await done(desk, { request, response }, { at: 'rules', back: '' }, { text: t.undoTooLate, isFailure: true });
		return;
	}
	const undone = await undo(client, note, place.now());
	if (!undone.ok) {
		await sendNotDone(pages, request, response, undone.error);
		return;
	}
	const { isUndone, view } = undone.value;
	if (!isUndone) {
		const what = meanwhileText(pages, note.stamp, view, note.rule) ?? t.meanwhileGone;
		await done(desk, { request, response }, note.where, { text: t.undoConflict(what), isFailure: true });
		return;
	}
	const { name, unit } = t.rules[note.rule];
	const now = standsText(view, note.rule, t.noLimit);
	const own = ownNumber(view, note.rule);
	const what = own === undefined ? now : `${count(own.value)} ${unit}`;
	await done(desk, { request, response }, note.where, {
		text:
			note.act === 'mode'
				? t.undoneRule(name, note.who, own?.mode === 'enforce')
				: t.undone(note.who, note.level === 'accounts' ? now : what),
	});
}
