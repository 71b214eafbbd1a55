/**
 * Rules that many share: what is set for the server, a reseller, a plan; whether each is enforced, and what it would have done.
 */
import type { LimitsView } from '../../contract/limit-shapes.ts';
import { eachOf, type LimitRule, limitText, wholeServer } from '../../words/limits.ts';
import type { Strings } from '../strings.ts';
import { wouldHaveOf } from './cell.ts';
import type { May } from './may.ts';
import type { SetBook } from './parents.ts';
import { ownNumber, ruleOrder } from './rule-words.ts';
import type { Words } from './words.ts';

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
	readonly isEnforced: boolean;
	/** Where it is tried on the mail of the last days. */
	readonly tryPath: string;
	readonly tryLabel: string;
	/** Absent where it is not the actor's to switch. */
	readonly control?: RuleSwitch;
};

/** `plan Basic`, `default for each account`. */
export function whoOf(level: string, id: string, t: Strings): string {
	if (level !== 'server') return t.whoLevel(level, id);
	if (id === wholeServer) return t.whoServer;
	const each = Object.entries(eachOf).find(([, value]) => value === id)?.[0] ?? id;
	return t.whoEach(each);
}

/** The server and its defaults, resellers, plans. */
export function inOrder(book: SetBook): readonly LimitsView[] {
	const order = ['server', 'reseller', 'plan'];
	const rank = (id: string): number => (id === wholeServer ? 0 : 1);
	return [...book.values()].sort(
		(a, b) => order.indexOf(a.level) - order.indexOf(b.level) || rank(a.id) - rank(b.id) || a.id.localeCompare(b.id),
	);
}

export function rulesOf(book: SetBook, words: Words, may: May): readonly RuleRow[] {
	return inOrder(book).flatMap((view) =>
		ruleOrder.flatMap((rule): RuleRow[] => {
			const own = ownNumber(view, rule);
			if (own === undefined) return [];
			const { value, mode } = own;
			const who = whoOf(view.level, view.id, words.t);
			const wouldHave = wouldHaveOf(view, rule, words);
			return [
				{
					who,
					limit: limitText(rule, value),
					wouldHave: wouldHave?.long ?? (mode === 'monitor' ? words.t.wouldHaveNone : ''),
					hasWouldHave: wouldHave !== undefined,
					isEnforced: mode === 'enforce',
					tryPath: `${words.base}/rules?${new URLSearchParams({ at: `${view.level} ${rule} ${view.id}` })}#try-h`,
					tryLabel: words.t.rulesTryOf(words.t.rules[rule].name, who),
					...(may.switchShared
						? {
								control: {
									level: view.level,
									id: view.id,
									rule,
									isEnforced: mode === 'enforce',
									label: words.t.switchOf(words.t.rules[rule].name, who),
								},
							}
						: {}),
				},
			];
		}),
	);
}

/** What the page of rules says first. */
export function rulesHeadOf(
	rules: readonly RuleRow[],
	may: May,
	t: Strings,
): { readonly title: string; readonly say: string } {
	const enforced = rules.filter(({ isEnforced }) => isEnforced).length;
	const more = may.isMonitorOnly ? ` ${t.monitorOnly}` : '';
	return may.switchShared
		? { title: t.rulesHead(enforced, rules.length - enforced), say: `${t.rulesSay}${more}` }
		: { title: t.poolTitle, say: `${t.rulesSayPool}${more}` };
}
