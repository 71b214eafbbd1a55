/**
 * The question before an act on mail: about what, how many, what follows, the way back. Worded for whoever wrote the mail, or for staff.
 *
 * What cannot be undone says so. Harmless acts ask nothing (`isHarmless`).
 */
import { near } from '../text/times.ts';
import type { MailAct } from './mail-act.ts';
import type { May } from './may.ts';
import type { Words } from './words.ts';

export type Question = {
	readonly title: string;
	readonly count: string;
	readonly effect: string;
	readonly wayBack: string;
	/** Where it is posted. */
	readonly path: string;
	readonly backPath: string;
	readonly fields: readonly { readonly name: string; readonly value: string }[];
	/** Absent: nobody is asked why. */
	readonly why?: string;
	readonly isWhyNeeded: boolean;
	readonly verb: string;
	readonly isBad: boolean;
	readonly fault?: string;
};

export type Asking = {
	readonly act: MailAct;
	/** The subject, or what the group is called. */
	readonly what: string;
	readonly total: number;
	readonly path: string;
	readonly backPath: string;
	readonly fields?: Question['fields'];
	readonly fault?: string;
};

/** Whoever holds or drops mail says why; the others may. */
export const isWhyNeeded = (act: MailAct, { isStaff }: Pick<May, 'isStaff'>): boolean =>
	isStaff && (act === 'hold' || act === 'discard');

function textsOf({ act, what, total }: Asking, may: May, { t, zoned, nowMs }: Words) {
	const until = may.restoreMs > 0 ? near(zoned, nowMs + may.restoreMs, nowMs) : undefined;
	const discardBack = until === undefined ? t.discardNoBack : t.discardBack(until);
	if (!may.isStaff && act === 'discard')
		return [
			t.ownDiscardTitle(what),
			t.ownDiscardCount(total),
			t.ownDiscardEffect,
			discardBack,
			t.ownDo.discard,
		] as const;
	if (!may.isStaff)
		return [
			t.ownReleaseTitle(what),
			t.ownReleaseCount(total),
			t.ownReleaseEffect,
			t.ownReleaseBack,
			t.ownDo.release,
		] as const;
	switch (act) {
		case 'now':
			return [t.nowOne(what), t.nowOneCount(total), t.nowOneEffect, t.releaseOneBack, t.doNow(total)] as const;
		case 'discard':
			return [
				t.discardThis(what),
				t.discardOneCount(total),
				t.discardOneEffect,
				discardBack,
				t.doDiscard(total),
			] as const;
		case 'hold':
			return [t.holdOne(what), t.holdOneCount(total), t.holdOneEffect, t.holdOneBack, t.doHold(total)] as const;
		case 'restore':
			return [
				t.restoreOne(what),
				t.restoreOneCount(total),
				t.restoreOneEffect,
				t.restoreOneBack,
				t.doRestore(total),
			] as const;
		default:
			return [
				t.releaseOne(what),
				t.releaseOneCount(total),
				t.releaseOneEffect,
				t.releaseOneBack,
				t.doRelease(total),
			] as const;
	}
}

export function questionOf(asking: Asking, may: May, words: Words): Question {
	const [title, count, effect, wayBack, verb] = textsOf(asking, may, words);
	const { act, path, backPath, fields = [], fault } = asking;
	return {
		title,
		count,
		effect,
		wayBack,
		path,
		backPath,
		fields,
		...(may.isStaff ? { why: words.t.why } : {}),
		isWhyNeeded: isWhyNeeded(act, may),
		verb,
		isBad: act === 'discard',
		...(fault === undefined ? {} : { fault }),
	};
}
