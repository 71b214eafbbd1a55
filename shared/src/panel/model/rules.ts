/**
 * Rules that many share: what is set for the server, a reseller, a plan; whether each is enforced, and what it would have done.
 */
import type { LimitsView } from '../../contract/limit-shapes.ts';
import { eachOf, type LimitRule, limitText, wholeServer } from '../../words/limits.ts';
import { wouldHaveOf, type Words } from './cell.ts';
import type { SetBook } from './parents.ts';
import { numberOf, ruleOrder, ruleWords } from './rule-words.ts';

export type RuleSwitch = {
	readonly level: string;
	readonly id: string;
	readonly rule: LimitRule;
	readonly isEnforced: boolean;
	readonly label: string;
};

export type RuleRow = {
	readonly who: string;
	readonly limit: string;
	readonly wouldHave: string;
	readonly hasWouldHave: boolean;
	readonly control: RuleSwitch;
};

/** `plan Basic`, `default for each account`. */
export function whoOf(level: string, id: string, accountWord: string): string {
	if (level !== 'server') return `${level} ${id}`;
	if (id === wholeServer) return 'the whole server';
	const each = Object.entries(eachOf).find(([, value]) => value === id)?.[0] ?? id;
	return `each ${each === 'account' ? accountWord : each}`;
}

/** The set that gives a level its number for a rule, and its mode there. */
export function setFor(view: LimitsView, rule: LimitRule): LimitsView['base'] {
	return [view.exception, view.base].find((set) => numberOf(set, rule) !== undefined);
}

export function rulesOf(book: SetBook, words: Words): readonly RuleRow[] {
	const order = ['server', 'reseller', 'plan'];
	return [...book.values()]
		.sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level) || a.id.localeCompare(b.id))
		.flatMap((view) =>
			ruleOrder.flatMap((rule): RuleRow[] => {
				const set = setFor(view, rule);
				const value = numberOf(set, rule);
				if (set === undefined || value === undefined) return [];
				const who = whoOf(view.level, view.id, words.accountWord);
				const mode = set.modes?.[rule] ?? set.mode;
				const wouldHave = wouldHaveOf(view, rule, words);
				return [
					{
						who,
						limit: limitText(rule, value),
						wouldHave: wouldHave?.long ?? (mode === 'monitor' ? words.t.wouldHaveNone : ''),
						hasWouldHave: wouldHave !== undefined,
						control: {
							level: view.level,
							id: view.id,
							rule,
							isEnforced: mode === 'enforce',
							label: words.t.switchOf(ruleWords[rule].name, who),
						},
					},
				];
			}),
		);
}
