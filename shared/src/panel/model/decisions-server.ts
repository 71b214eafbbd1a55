/**
 * What of the server itself needs a person: something is wrong with it, mail comes from nobody known, the panel discards mail before it
 * reaches us, rules have watched for long enough. Pure.
 */
import { limitText } from '../../words/limits.ts';
import type { OverviewFacts } from '../read-overview.ts';
import { watchedMs } from './beginning.ts';
import { type Decision, decisionOf, type Reach } from './decision.ts';
import { accountPath } from './paths.ts';
import { numberOf, ruleOrder } from './rule-words.ts';
import { whoOf } from './rules.ts';
import type { Words } from './words.ts';

export function healthDecisions({ health }: OverviewFacts, words: Words): readonly Decision[] {
	if (health?.ok !== true) return [];
	const { t, base } = words;
	const { ready, delivering, problems } = health.value;
	const isStopped = !ready || !delivering;
	return problems.map(({ text, hint, since }) =>
		decisionOf(
			{
				harm: isStopped ? 'stopped' : 'health',
				tone: isStopped ? 'bad' : 'hold',
				sign: 'alert',
				title: text.replace(/\.$/, ''),
				path: `${base}/health`,
				why: hint,
				sinceMs: Date.parse(since),
				next: t.healthNext(ready, delivering),
				act: t.healthDo,
			},
			words,
		),
	);
}

/** Mail of nobody known. */
export function unknownDecisions({ unknown }: OverviewFacts, words: Words): readonly Decision[] {
	if (unknown?.ok !== true) return [];
	const day = unknown.value.items.find(({ rule }) => rule === 'day.recipients')?.used ?? 0;
	if (day === 0) return [];
	const { t, base } = words;
	const decision = decisionOf(
		{
			harm: 'unknown',
			tone: 'hold',
			sign: 'unknown',
			title: t.unknownTitle,
			path: `${base}/messages?account=unattributed`,
			why: t.unknownWhy(day),
			next: t.unknownNext,
			act: t.unknownDo,
		},
		words,
	);
	return [decision];
}

/** The panel's own numbers, which lose mail before it reaches us. */
export function discardDecisions({ top }: OverviewFacts, words: Words, reach: Reach): readonly Decision[] {
	if (!top.ok || !reach.isAdmin) return [];
	const { t, base } = words;
	const bound = top.value.items.filter(({ panelHourMessages }) => panelHourMessages != null);
	if (bound.length === 0) return [];
	const names = bound.slice(0, 3).map(({ name, panelHourMessages }) => t.discardOne(name, panelHourMessages ?? 0));
	const decision = decisionOf(
		{
			harm: 'discards',
			tone: 'hold',
			sign: 'cross',
			title: t.discardTitle,
			path: reach.hasRules ? `${base}/rules` : accountPath(base, bound[0]?.key ?? ''),
			why: t.discardWhy(names.join('; '), bound.length),
			next: t.discardNext,
			act: t.discardDo,
		},
		words,
	);
	return [decision];
}

/** Rules for many that have watched for a week, with what they would have done. */
const watchedRules = ({ book }: OverviewFacts, { t, nowMs }: Words) =>
	[...book.values()].flatMap((view) => {
		const { base: set } = view;
		if (set === undefined || nowMs - Date.parse(set.set) < watchedMs) return [];
		return ruleOrder.flatMap((rule) => {
			const value = numberOf(set, rule);
			if (value === undefined || (set.modes?.[rule] ?? set.mode) !== 'monitor') return [];
			const met = view.wouldHave.find((one) => one.rule === rule);
			const who = whoOf(view.level, view.id, t);
			const limit = limitText(rule, value);
			const text =
				met === undefined || met.messages === 0
					? t.readyNone(who, limit)
					: t.readyWhy(who, limit, met.messages, met.scopes);
			return [{ text, sinceMs: Date.parse(set.set), met: met?.messages ?? 0 }];
		});
	});

export function readyDecisions(facts: OverviewFacts, words: Words, reach: Reach): readonly Decision[] {
	if (!reach.isAdmin || !reach.hasRules) return [];
	const { t, base } = words;
	const rules = watchedRules(facts, words);
	if (rules.length === 0) return [];
	const first = rules.toSorted((one, other) => other.met - one.met).slice(0, 2);
	const decision = decisionOf(
		{
			harm: 'ready',
			tone: 'off',
			sign: 'eye',
			title: t.readyTitle(rules.length),
			path: `${base}/rules`,
			why: `${first.map(({ text }) => text).join('; ')}.`.replace(/^./, (letter) => letter.toUpperCase()),
			sinceMs: Math.min(...rules.map(({ sinceMs }) => sinceMs)),
			next: t.readyNext,
			act: t.readyDo,
		},
		words,
	);
	return [decision];
}
