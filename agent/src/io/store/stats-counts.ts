/**
 * Counts that a batch gathers, and their way into the tables of stats.db.
 *
 * A batch is added to the rows of its moments, one row for each account that had mail. Hours and days are sums of moments, made of them
 * in one go once a moment is over (`folded` says up to where): written with every batch they would cost three times as much. What comes
 * late, for a moment that has been folded, is added to its hour and day as well. Rows are added to, never replaced; all of it happens in
 * the transaction that commits the position, so that each entry of the log counts once.
 */
import { type VolumeCount, volumeCounts } from '@sluice/shared/contract/view-operations.ts';
import { type ScopeKey, scopeKeyOf } from '@sluice/shared/words/limits.ts';
import { serverScope } from '../../core/metering/chain.ts';
import type { StepSize } from '../../ports/stats.ts';
import type { Database } from './sqlite.ts';
import { countTables } from './stats-database.ts';
import type { MailOwner } from './stats-of-entry.ts';
import { momentSeconds, stepBegin } from './stats-steps.ts';

type Sums = Float64Array;
type Step = Map<ScopeKey, Sums>;

export type GatheredCounts = {
	readonly isEmpty: boolean;
	add(owner: MailOwner, name: VolumeCount, recipients: number, atMs: number): void;
	/** Within a transaction, as what follows. Moments before `momentsFrom` have no row of their own: nobody asks for them any more. */
	write(momentsFrom: number, folded: number): void;
	/** Makes hours and days of the moments from `folded` on that are over. Returns up to where they are folded now. */
	fold(folded: number, nowSecond: number): number;
	clear(): void;
};

const place = Object.fromEntries(volumeCounts.map((name, index) => [name, index])) as { [C in VolumeCount]: number };
/** After its end a moment may still get a batch or two. */
const foldAfterSeconds = 120;
/** Names of scopes, so that they are not made anew for each message. */
const namesMax = 20_000;

export function gatherCounts(database: Database): GatheredCounts {
	const put = { moment: adder(database, 'moment'), hour: adder(database, 'hour'), day: adder(database, 'day') };
	const folder = { hour: foldingInto(database, 'hour'), day: foldingInto(database, 'day') };
	const nextMoment = database.prepare(`SELECT min(step) FROM ${countTables.moment} WHERE step >= ? AND step < ?`);
	const accounts = new Map<string, ScopeKey>();
	const moments = new Map<number, Step>();
	/** Of the last call: most come in twos and threes about one message. */
	let last: { readonly owner: MailOwner; readonly begin: number; readonly sums: readonly Sums[] } | undefined;

	function stepAt(begin: number): Step {
		let step = moments.get(begin);
		if (step === undefined) {
			step = new Map();
			moments.set(begin, step);
		}
		return step;
	}

	function accountScope(account: string): ScopeKey {
		const known = accounts.get(account);
		if (known !== undefined) return known;
		if (accounts.size >= namesMax) accounts.clear();
		const scope = scopeKeyOf('account', account);
		accounts.set(account, scope);
		return scope;
	}

	function sumsFor({ account, reseller }: MailOwner, begin: number): readonly Sums[] {
		const step = stepAt(begin);
		const sums = [sumsOf(step, serverScope)];
		if (account !== '') sums.push(sumsOf(step, accountScope(account)));
		if (reseller !== undefined) sums.push(sumsOf(step, reseller));
		return sums;
	}

	return {
		get isEmpty() {
			return moments.size === 0;
		},
		add(owner, name, recipients, atMs) {
			const begin = stepBegin('moment', Math.floor(atMs / 1000));
			if (last?.owner !== owner || last.begin !== begin) last = { owner, begin, sums: sumsFor(owner, begin) };
			const at = place[name];
			for (const sums of last.sums) sums[at] = (sums[at] as number) + recipients;
		},
		write(momentsFrom, folded) {
			for (const [begin, step] of moments) {
				const isKept = begin >= momentsFrom;
				if (isKept) put.moment(begin, step);
				if (isKept && begin >= folded) continue;
				put.hour(stepBegin('hour', begin), step);
				put.day(stepBegin('day', begin), step);
			}
		},
		fold(folded, nowSecond) {
			const upTo = stepBegin('moment', nowSecond - foldAfterSeconds);
			if (upTo <= folded) return folded;
			for (let from = folded; ; ) {
				const moment = nextMoment.get(from, upTo)?.[0] as number | null;
				if (moment === null) return upTo;
				folder.hour(moment);
				folder.day(moment);
				from = moment + momentSeconds;
			}
		},
		clear() {
			moments.clear();
			last = undefined;
		},
	};
}

function sumsOf(step: Step, scope: ScopeKey): Sums {
	let sums = step.get(scope);
	if (sums === undefined) {
		sums = new Float64Array(volumeCounts.length);
		step.set(scope, sums);
	}
	return sums;
}

const addExcluded = `ON CONFLICT (step, subject) DO UPDATE SET ${volumeCounts.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`;

/** Adds a step's sums to the rows of a table. */
function adder(database: Database, size: StepSize): (begin: number, step: Step) => void {
	const statement = database.prepare(
		`INSERT INTO ${countTables[size]} VALUES (?, ?, ${volumeCounts.map(() => '?').join(', ')}) ${addExcluded}`,
	);
	return (begin, step) => {
		for (const [scope, sums] of step) statement.run(begin, scope, ...sums);
	};
}

/** Adds a moment's rows to those of its hour or day. */
function foldingInto(database: Database, size: 'hour' | 'day'): (moment: number) => void {
	const statement = database.prepare(
		`INSERT INTO ${countTables[size]} SELECT ?, subject, ${volumeCounts.join(', ')} FROM ${countTables.moment} WHERE step = ? ${addExcluded}`,
	);
	return (moment) => void statement.run(stepBegin(size, moment), moment);
}
