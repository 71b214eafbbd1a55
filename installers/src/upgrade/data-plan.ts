/**
 * What becomes of the data when another release takes over: sentences for the plan, and what stands in the way.
 *
 * The log and state.db are the truth. A later state.db is made by the new agent, which keeps a copy of the former one; a later log has no
 * copy, so a release that raises it says that there is no way back once it has taken mail. The rest follows from the log.
 * Pure. Not here: what the formats are (agent/main/formats.ts).
 */
import {
	type FormatName,
	formatTitles,
	isTruth,
	formats as ownFormats,
	type Truth,
	tooNewFor,
	truths,
} from '@sluice/agent/main/formats.ts';
import type { Refusal } from '../facts/refusal.ts';
import type { Release } from './releases.ts';

export type Stored = { readonly [name in Truth]?: number };

const names = Object.keys(ownFormats) as FormatName[];

/** Sentences about going forward. Empty: nothing of what is stored changes. */
export function forwardSentences(from: Release, to: Release): readonly string[] {
	return names.flatMap((name) => {
		const [before, after] = [from.formats[name], to.formats[name]];
		if (before === undefined || after === undefined || before === after) return [];
		const change = `${capital(formatTitles[name])}: version ${before} becomes ${after}`;
		if (name === 'log')
			return [
				`${change}. Mail that ${to.version} has accepted cannot be read by ${from.version}: after that there is no way back.`,
			];
		if (name === 'state') return [`${change}; a copy of what was before is kept for the way back.`];
		if (name === 'history')
			return [
				`${change}: days are brought forward; a day for which that cannot be done stays as a file and is named in the log.`,
			];
		return [`${change}: made anew from what the log still has.`];
	});
}

/** Sentences about going back: what is lost, by name. `sinceText`: when the later release took over. */
export function backSentences(to: Release, stored: Stored, sinceText: string): readonly string[] {
	const state = to.formats.state;
	const later = state !== undefined && (stored.state ?? 0) > state;
	return [
		...(later
			? [
					`What was set since ${sinceText} (accounts, limits, holds, credentials, webhooks, audit) is not in force afterwards: ${to.version} cannot read it. It stays in state.db.version-${stored.state}.`,
				]
			: ['Limits, holds, accounts and audit stay as they are.']),
		'Mail stays: what is queued, waits or is held.',
	];
}

/** Days, usage and counts that a later release wrote; undefined when nothing of it has another format. */
export function projectionsSentence(from: Release, to: Release): string | undefined {
	const changed = names.filter((name) => !isTruth(name) && (from.formats[name] ?? 0) > (to.formats[name] ?? 0));
	if (changed.length === 0) return undefined;
	return `Made anew from what the log still has, with the later files kept beside: ${changed.map((name) => formatTitles[name]).join(', ')}.`;
}

/** Why a release cannot work with what is stored; undefined: it can. `hasStateCopy`: state.db as that release left it is there. */
export function dataRefusal(to: Release, stored: Stored, hasStateCopy: boolean): Refusal | undefined {
	const known = Object.fromEntries(truths.map((name) => [name, to.formats[name] ?? 0])) as { [name in Truth]: number };
	for (const { name, found, known: reads } of tooNewFor(known, stored)) {
		if (name === 'state' && hasStateCopy) continue;
		return {
			code: 'newer-data',
			text: `Release ${to.version} cannot read what is stored here: ${formatTitles[name]} has version ${found}, it knows ${reads === 0 ? 'none' : reads}.`,
			hint:
				name === 'log'
					? 'Stay with the later release. Who must go back exports the mail first: `sluice queue export --to FOLDER`, then begins with another data folder.'
					: 'Stay with the later release: there is no copy of the former state.db.',
		};
	}
	return undefined;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
