/**
 * Limits that an administrator wrote into a cPanel package, as the limits of the plan of the same name.
 *
 * A package carries them in our extension: `sluice_hour_recipients=200`, `sluice_mode=enforce` and so on; nothing, `inherit` and `unlimited`
 * mean no number. Two people may write the same number in two places, WHM's package and our page of the plan. The package wins only when its own
 * value has changed since we last saw it; what our page says since stays. A package that we see for the first time does not overwrite what
 * somebody has set for the plan already; it is said so.
 *
 * Pure. Not here: reading packages (api/), putting (reconcile/plans.ts).
 */
import type { LimitsDto, LimitsInput } from '@sluice/shared/contract/limit-shapes.ts';
import type { LimitMode, LimitRule } from '@sluice/shared/words/limits.ts';
import { countOf } from '../api/loose.ts';

/** Key of the package → where the number stands in a set of limits. */
const places = {
	sluice_minute_messages: ['minute', 'messages'],
	sluice_minute_recipients: ['minute', 'recipients'],
	sluice_hour_messages: ['hour', 'messages'],
	sluice_hour_recipients: ['hour', 'recipients'],
	sluice_day_messages: ['day', 'messages'],
	sluice_day_recipients: ['day', 'recipients'],
	sluice_hour_unique_recipients: ['hourUniqueRecipients'],
	sluice_message_recipients: ['recipientsPerMessage'],
} as const;
type Key = keyof typeof places;
const keys = Object.keys(places) as Key[];

/** What a package says: numbers by key, and the mode. Empty: nothing. */
export type PackageSays = { readonly [K in Key]?: number } & { readonly mode?: LimitMode };

const numberMax = 1_000_000_000;

export function packageSays(extension: { readonly [key: string]: string }): PackageSays {
	const numbers = keys.flatMap((key) => {
		const value = countOf(extension[key]);
		return value === undefined || value > numberMax ? [] : [[key, value] as const];
	});
	// The mode of no number says nothing.
	if (numbers.length === 0) return {};
	const mode = extension.sluice_mode?.toLowerCase();
	return {
		...Object.fromEntries(numbers),
		...(mode === 'monitor' || mode === 'enforce' ? { mode } : {}),
	};
}

const isSame = (one: PackageSays, other: PackageSays): boolean =>
	one.mode === other.mode && keys.every((key) => one[key] === other[key]);

const saysNothing = (says: PackageSays): boolean => keys.every((key) => says[key] === undefined);

export type PlanStep =
	/** Nothing to do. `isKept`: the package says something, and what a person has set stands. */
	| { readonly kind: 'none'; readonly isKept?: boolean }
	| { readonly kind: 'put'; readonly body: LimitsInput }
	| { readonly kind: 'delete' };

/** Is the plan to be looked at at all? Saves a question about each plan in each run. */
export const isNews = (says: PackageSays, seen: PackageSays | undefined): boolean => !isSame(says, seen ?? {});

/**
 * What is to be done for a plan. `seen`: what the package said when it was last looked at; `base`: what is set for the plan now. Only keys that
 * changed in the package are touched.
 */
export function planStep(says: PackageSays, seen: PackageSays | undefined, base: LimitsDto | undefined): PlanStep {
	if (!isNews(says, seen)) return { kind: 'none' };
	if (seen === undefined && base !== undefined) return { kind: 'none', isKept: true };
	const numbers = numbersOf(base);
	for (const key of keys) if (says[key] !== seen?.[key]) numbers.set(key, says[key]);
	if ([...numbers.values()].every((value) => value === undefined)) {
		if (base === undefined) return { kind: 'none' };
		if (saysNothing(says)) return { kind: 'delete' };
	}
	const body = bodyOf(numbers, modesOf(says, seen, base), base);
	return isUnchanged(body, base) ? { kind: 'none' } : { kind: 'put', body };
}

/**
 * Whether numbers watch or keep mail. The package speaks for its own numbers only: what a person watches beside them goes on being watched.
 */
function modesOf(
	says: PackageSays,
	seen: PackageSays | undefined,
	base: LimitsDto | undefined,
): Pick<LimitsInput, 'mode' | 'modes'> {
	const isOwn = (key: Key): boolean => says[key] !== undefined || seen?.[key] !== undefined;
	const before = numbersOf(base);
	const { modes = {} } = base ?? {};
	const own = keys.filter(isOwn).map(ruleOf);
	const kept = Object.fromEntries(Object.entries(modes).filter(([rule]) => !own.includes(rule as LimitRule)));
	const withModes = (all: { readonly [R in LimitRule]?: LimitMode }) =>
		Object.keys(all).length === 0 ? {} : { modes: all as NonNullable<LimitsInput['modes']> };
	if (base === undefined || keys.every((key) => isOwn(key) || before.get(key) === undefined))
		return { mode: newMode(says, seen) ?? base?.mode ?? 'monitor', ...withModes(kept) };
	const fresh = newMode(says, seen);
	const told = keys.filter((key) => says[key] !== undefined);
	const ours = told.flatMap((key) => {
		const rule = ruleOf(key);
		const mode = fresh ?? (says[key] === seen?.[key] ? modes[rule] : (modes[rule] ?? says.mode));
		return mode === undefined || mode === base.mode ? [] : [[rule, mode] as const];
	});
	return { mode: base.mode, ...withModes({ ...kept, ...Object.fromEntries(ours) }) };
}

const newMode = (says: PackageSays, seen: PackageSays | undefined): LimitMode | undefined =>
	says.mode === seen?.mode ? undefined : says.mode;

/** `sluice_hour_recipients` → `hour.recipients` */
const ruleOf = (key: Key): LimitRule => {
	const [first, second] = places[key];
	if (second !== undefined) return `${first as 'hour'}.${second}`;
	return first === 'hourUniqueRecipients' ? 'hour.uniqueRecipients' : 'message.recipients';
};

function numbersOf(base: LimitsDto | undefined): Map<Key, number | undefined> {
	return new Map(
		keys.map((key) => {
			const [first, second] = places[key];
			const value = second === undefined ? base?.[first as 'recipientsPerMessage'] : base?.[first as 'hour']?.[second];
			return [key, value ?? undefined];
		}),
	);
}

function bodyOf(
	numbers: ReadonlyMap<Key, number | undefined>,
	moded: Pick<LimitsInput, 'mode' | 'modes'>,
	base: LimitsDto | undefined,
): LimitsInput {
	const { over, split } = base ?? {};
	const window = (name: 'minute' | 'hour' | 'day') => {
		const messages = numbers.get(`sluice_${name}_messages`);
		const recipients = numbers.get(`sluice_${name}_recipients`);
		if (messages === undefined && recipients === undefined) return {};
		return {
			[name]: {
				...(messages === undefined ? {} : { messages }),
				...(recipients === undefined ? {} : { recipients }),
			},
		};
	};
	const hourUniqueRecipients = numbers.get('sluice_hour_unique_recipients');
	const recipientsPerMessage = numbers.get('sluice_message_recipients');
	return {
		...moded,
		...window('minute'),
		...window('hour'),
		...window('day'),
		...(hourUniqueRecipients === undefined ? {} : { hourUniqueRecipients }),
		...(recipientsPerMessage === undefined ? {} : { recipientsPerMessage }),
		...(over === undefined ? {} : { over }),
		...(split === undefined ? {} : { split }),
		note: 'from the package in WHM',
		replaces: base?.set ?? null,
	};
}

const isUnchanged = (body: LimitsInput, base: LimitsDto | undefined): boolean =>
	base !== undefined &&
	body.mode === base.mode &&
	JSON.stringify(body.modes ?? {}) === JSON.stringify(base.modes ?? {}) &&
	keys.every((key) => {
		const put = numbersOf({ ...body, author: '', set: '' } as LimitsDto);
		return put.get(key) === numbersOf(base).get(key);
	});
