/**
 * A rule tried on the mail of the last days: what is proposed, how far it is, what would have been, and enforcing it.
 *
 * The agent replays with every rule enforced. What the tried rule would have kept is told first, what the others would have kept apart
 * from it, so that nobody takes one for the other.
 */
import type { SimulationDto } from '../../contract/limit-operations.ts';
import type { LimitsInput, LimitsView } from '../../contract/limit-shapes.ts';
import { eachOf, type Level, type LimitRule, levels, limitText, wholeServer } from '../../words/limits.ts';
import { count } from '../text/numbers.ts';
import { spanText } from '../text/spans.ts';
import { near } from '../text/times.ts';
import { parseNumber, type Write, withMode } from './edit.ts';
import { type Given, textOf } from './given.ts';
import type { SetBook } from './parents.ts';
import { accountPath } from './paths.ts';
import { inputOf, isRule, numberOf, ownNumber, ruleOrder, withNumber } from './rule-words.ts';
import { inOrder, whoOf } from './rules.ts';
import type { Words } from './words.ts';

/** `plan hour.recipients Basic`: a number of a level. The id comes last, it may have spaces. */
export type RuleAt = { readonly level: Level; readonly rule: LimitRule; readonly id: string };

const atText = ({ level, rule, id }: RuleAt): string => `${level} ${rule} ${id}`;

export function atOf(value: unknown): RuleAt | undefined {
	const [, level = '', rule, id = ''] = /^(\S+) (\S+) (.+)$/s.exec(textOf(value)) ?? [];
	const known = levels.find((one) => one === level);
	return known === undefined || !isRule(rule) || id === '' ? undefined : { level: known, rule, id };
}

const daysOffered = [1, 7, 30] as const;
export type Trial = {
	readonly at: RuleAt;
	readonly value: number;
	readonly days: (typeof daysOffered)[number];
};

const daysOf = (value: unknown): Trial['days'] => daysOffered.find((one) => String(one) === value) ?? 7;

/** Undefined: there is no such number to try. */
export function trialOf(given: Given, book: SetBook): Trial | 'not-a-number' | undefined {
	const at = atOf(given.at);
	const own = at === undefined ? undefined : ownNumber(book.get(`${at.level}:${at.id}`), at.rule);
	if (at === undefined || own === undefined) return undefined;
	const typed = textOf(given.value).trim();
	const value = typed === '' ? own.value : parseNumber(typed);
	return value === undefined ? 'not-a-number' : { at, value, days: daysOf(given.days) };
}

/** The number as a proposal: enforced, and nothing else. */
export const proposalOf = ({ at: { level, id, rule }, value }: Trial) => ({
	level,
	id,
	limits: withNumber({ mode: 'enforce' }, rule, value),
});

/** Enforces the number where it stands: in the exception while there is one with it, else in what is set. */
export function applyWrites(view: LimitsView, { at: { rule }, value }: Trial): readonly Write[] {
	const part = numberOf(view.exception, rule) === undefined ? 'base' : 'exception';
	const former = view[part];
	const base: LimitsInput = former === undefined ? { mode: 'monitor' } : inputOf(former);
	const body = withMode(withNumber(base, rule, value), rule, 'enforce');
	return [{ kind: 'put', body: { ...body, replaces: former?.set ?? null } }];
}

export type TryForm = {
	readonly path: string;
	readonly rules: readonly { readonly at: string; readonly text: string; readonly isChosen: boolean }[];
	readonly value: string;
	readonly unit: string;
	readonly days: readonly { readonly days: number; readonly text: string; readonly isChosen: boolean }[];
	readonly fault?: string;
};

export function tryFormOf(
	given: Given,
	book: SetBook,
	{ words: { t, base }, fault }: { readonly words: Words; readonly fault?: string | undefined },
): TryForm {
	const all = inOrder(book).flatMap((view) =>
		ruleOrder.flatMap((rule) => {
			const own = ownNumber(view, rule);
			const met = view.wouldHave.find((one) => one.rule === rule)?.messages ?? 0;
			return own === undefined ? [] : [{ at: { level: view.level, rule, id: view.id }, own, met }];
		}),
	);
	const asked = atOf(given.at);
	const isAsked = ({ at }: { readonly at: RuleAt }): boolean => asked !== undefined && atText(at) === atText(asked);
	// Else the one that would have done most.
	const chosen = all.find(isAsked) ?? [...all].sort((a, b) => b.met - a.met)[0];
	const days = daysOf(given.days);
	const typed = textOf(given.value);
	return {
		path: `${base}/rules/simulate`,
		rules: all.map((one) => ({
			at: atText(one.at),
			text: `${whoOf(one.at.level, one.at.id, t)}: ${limitText(one.at.rule, one.own.value)}`,
			isChosen: one === chosen,
		})),
		value: typed,
		unit: chosen === undefined ? '' : count(chosen.own.value),
		days: daysOffered.map((one) => ({ days: one, text: t.tryDay(one), isChosen: one === days })),
		...(fault === undefined ? {} : { fault }),
	};
}

export type TryRow = {
	readonly account: string;
	readonly path: string;
	readonly sender: string;
	readonly messages: string;
	readonly recipients: string;
	readonly longest: string;
	readonly refused: string;
	readonly isRefused: boolean;
};

export type TryResult = {
	/** What to ask for how far it is, and after it. */
	readonly path: string;
	readonly pagePath: string;
	readonly runs?: { readonly text: string; readonly percent: number };
	readonly failure?: string;
	readonly bold: string;
	readonly facts: readonly string[];
	readonly rows: readonly TryRow[];
	readonly shown: string;
	readonly apply?: {
		readonly path: string;
		readonly fields: readonly (readonly [string, string])[];
		readonly verb: string;
		readonly keepPath: string;
	};
	readonly isEnforced: boolean;
};

/** Level of the scopes that a number meets; undefined: none that is told apart. */
function scopeLevelOf({ level, id }: RuleAt): string {
	if (level === 'plan') return 'account';
	if (level !== 'server' || id === wholeServer) return level;
	return Object.entries(eachOf).find(([, each]) => each === id)?.[0] ?? level;
}

const rowsShown = 20;
type Item = NonNullable<SimulationDto['result']>['items'][number];

function rowOf(
	{ account, scope, messages, recipients, longestWaitSeconds, refusedByReceivers }: Item,
	words: Words,
): TryRow {
	const { t, base } = words;
	const colon = scope.indexOf(':');
	const sender = scope.slice(0, colon) === 'account' ? '' : `${scope.slice(0, colon)} ${scope.slice(colon + 1)}`;
	return {
		account,
		path: accountPath(base, account),
		sender,
		messages: count(messages),
		recipients: t.tryRecipients(recipients),
		longest: spanText(longestWaitSeconds * 1000),
		refused: t.tryRefusedCount(refusedByReceivers),
		isRefused: refusedByReceivers > 0,
	};
}

/** Of what would have waited, what the number would have met. */
function metBy(at: RuleAt, items: readonly Item[], planOf: (account: string) => string | undefined): readonly Item[] {
	const level = scopeLevelOf(at);
	return items.filter(
		({ rule, scope, account }) =>
			rule === at.rule &&
			scope.startsWith(`${level}:`) &&
			(at.level !== 'reseller' || scope === `reseller:${at.id}`) &&
			(at.level !== 'plan' || planOf(account) === at.id),
	);
}

export const trialQuery = ({ at, value, days }: Trial): string =>
	new URLSearchParams({ at: atText(at), value: String(value), days: String(days) }).toString();

export function tryResultOf(
	trial: Trial,
	simulation: SimulationDto,
	{
		book,
		planOf,
		canApply,
	}: {
		readonly book: SetBook;
		/** Plans of the accounts that would have been met; only asked for a number of a plan. */
		readonly planOf: (account: string) => string | undefined;
		readonly canApply: boolean;
	},
	words: Words,
): TryResult {
	const { t, base, zoned, nowMs } = words;
	const { at, value, days } = trial;
	const { id, state, progress, failure, result } = simulation;
	const query = `${trialQuery(trial)}&sim=${encodeURIComponent(id)}`;
	const paths = { path: `${base}/rules/simulation?${query}`, pagePath: `${base}/rules?${query}` };
	const nothing = { ...paths, bold: '', facts: [], rows: [], shown: '', isEnforced: false };
	if (state === 'running') return { ...nothing, runs: { text: t.tryRuns(days), percent: Math.floor(progress * 100) } };
	if (result === undefined) return { ...nothing, failure: t.tryFailed(failure ?? '') };
	const items = metBy(at, result.items, planOf);
	const sum = items.reduce((total, { messages }) => total + messages, 0);
	const senders = new Set(items.map(({ account }) => account));
	const refused = new Set(
		items.flatMap(({ account, refusedByReceivers }) => (refusedByReceivers > 0 ? [account] : [])),
	);
	const longest = spanText(Math.max(0, ...items.map(({ longestWaitSeconds }) => longestWaitSeconds)) * 1000);
	const who = whoOf(at.level, at.id, t);
	const what = `${limitText(at.rule, value)}`;
	const own = ownNumber(book.get(`${at.level}:${at.id}`), at.rule);
	const isEnforced = own?.mode === 'enforce' && own.value === value;
	const others = Math.max(0, result.heldMessages - sum);
	return {
		...paths,
		bold: sum === 0 ? t.tryNothing(`${what}, ${who}`) : t.trySentence(`${what}, ${who}`, sum, senders.size),
		facts: [
			...(sum === 0
				? []
				: [
						result.stillWaiting === 0 ? t.tryLongest(longest) : t.tryLeft(longest, result.stillWaiting),
						refused.size === 0 ? t.tryFine : t.tryRefused(refused.size),
					]),
			...(others > 0 ? [t.tryOthers(others)] : []),
			t.tryScanned(result.messages, result.recipients, near(zoned, Date.parse(result.from), nowMs)),
		],
		rows: items.slice(0, rowsShown).map((item) => rowOf(item, words)),
		shown: items.length === 0 ? '' : t.tryShown(Math.min(rowsShown, items.length), items.length),
		isEnforced,
		...(canApply && !isEnforced
			? {
					apply: {
						path: `${base}/rules/apply`,
						fields: [
							['at', atText(at)],
							['value', String(value)],
						],
						verb: t.tryApply(what, who),
						keepPath: `${base}/rules`,
					},
				}
			: {}),
	};
}
