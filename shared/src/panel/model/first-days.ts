/**
 * The first week of a server: what has happened, what comes next, and when what was watched can be judged. Pure.
 */
import { dayText } from '../../words/moment.ts';
import type { OverviewFacts } from '../read-overview.ts';
import { spanText } from '../text/spans.ts';
import { near } from '../text/times.ts';
import { watchedMs } from './beginning.ts';
import type { Words } from './words.ts';

export type FirstStep = {
	readonly isDone: boolean;
	readonly title: string;
	readonly text: string;
	readonly path?: string;
	readonly progress?: number;
};

export type FirstDays = { readonly say: string; readonly steps: readonly FirstStep[] };

/** What happens in the first week, while there is little to compare with; undefined later. */
export function firstDaysOf(facts: OverviewFacts, words: Words, { hasRules }: { readonly hasRules: boolean }) {
	const { t, base, zoned, nowMs } = words;
	if (!facts.volume.ok) return undefined;
	const { since, total } = facts.volume.value;
	const sinceMs = Date.parse(since);
	const ageMs = Math.max(0, nowMs - sinceMs);
	if (ageMs >= watchedMs) return undefined;
	const s = t.firstSteps;
	const accounts = facts.top.ok ? facts.top.value.total : 0;
	const findings = facts.health?.ok === true ? facts.health.value.problems.length : 0;
	const sinceText = near(zoned, sinceMs, nowMs);
	const steps: readonly FirstStep[] = [
		{
			isDone: total.accepted > 0,
			title: s.mail,
			text: total.accepted > 0 ? s.mailDone(total.accepted, sinceText) : s.mailWaits,
		},
		{
			isDone: accounts > 0,
			title: s.accounts(accounts),
			text: accounts > 0 ? s.accountsDone : s.accountsWaits,
			path: `${base}/accounts`,
		},
		{ isDone: findings === 0, title: s.health(findings), text: '', path: `${base}/health` },
		{
			isDone: false,
			title: s.wait(dayText(zoned, sinceMs + watchedMs)),
			text: s.waitSay(spanText(Math.max(60_000, ageMs))),
			progress: Math.floor((ageMs / watchedMs) * 100),
		},
		{ isDone: false, title: s.enforce, text: s.enforceSay, ...(hasRules ? { path: `${base}/rules` } : {}) },
	];
	return { say: t.firstSay(sinceText), steps } satisfies FirstDays;
}
