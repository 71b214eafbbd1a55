/**
 * Counts that a batch gathers, and their way into the tables of stats.db.
 *
 * Gathered by moments of five minutes; hours and days are sums of these, made when the batch is written. A row is added to, never
 * replaced: position and rows are committed together, so that each entry of the log counts once.
 */
import { type VolumeCount, volumeCounts } from '@sluice/shared/contract/view-operations.ts';
import { type ScopeKey, scopeKeyOf } from '@sluice/shared/words/limits.ts';
import { serverScope } from '../../core/metering/chain.ts';
import type { StepSize } from '../../ports/stats.ts';
import type { Database } from './sqlite.ts';
import { countTables } from './stats-database.ts';
import type { MailOwner } from './stats-of-entry.ts';
import { stepBegin } from './stats-steps.ts';

type Sums = Float64Array;
type Step = Map<ScopeKey, Sums>;
type Steps = Map<number, Step>;

export type GatheredCounts = {
	readonly isEmpty: boolean;
	add(owner: MailOwner, name: VolumeCount, recipients: number, atMs: number): void;
	/** Within a transaction. Moments before `momentsFrom` are left out: nobody asks for them any more. */
	write(momentsFrom: number): void;
	clear(): void;
};

const place = Object.fromEntries(volumeCounts.map((name, index) => [name, index])) as { [C in VolumeCount]: number };

/** Names of scopes, so that they are not made anew for each message. */
const namesMax = 20_000;

export function gatherCounts(database: Database): GatheredCounts {
	const add = { moment: adder(database, 'moment'), hour: adder(database, 'hour'), day: adder(database, 'day') };
	const accounts = new Map<string, ScopeKey>();
	const moments: Steps = new Map();
	let last: Step | undefined;
	let lastBegin = Number.NaN;

	function momentOf(atMs: number): Step {
		const begin = stepBegin('moment', Math.floor(atMs / 1000));
		if (last === undefined || begin !== lastBegin) {
			last = entered(moments, begin);
			lastBegin = begin;
		}
		return last;
	}

	function accountScope(account: string): ScopeKey {
		const known = accounts.get(account);
		if (known !== undefined) return known;
		if (accounts.size >= namesMax) accounts.clear();
		const scope = scopeKeyOf('account', account);
		accounts.set(account, scope);
		return scope;
	}

	return {
		get isEmpty() {
			return moments.size === 0;
		},
		add({ account, reseller }, name, recipients, atMs) {
			const step = momentOf(atMs);
			const at = place[name];
			addTo(step, serverScope, at, recipients);
			if (account !== '') addTo(step, accountScope(account), at, recipients);
			if (reseller !== undefined) addTo(step, scopeKeyOf('reseller', reseller), at, recipients);
		},
		write(momentsFrom) {
			for (const [begin, step] of moments) if (begin >= momentsFrom) add.moment(begin, step);
			for (const size of ['hour', 'day'] as const)
				for (const [begin, step] of summed(moments, size)) add[size](begin, step);
		},
		clear() {
			moments.clear();
			last = undefined;
			lastBegin = Number.NaN;
		},
	};
}

function entered(steps: Steps, begin: number): Step {
	let step = steps.get(begin);
	if (step === undefined) {
		step = new Map();
		steps.set(begin, step);
	}
	return step;
}

function sumsOf(step: Step, scope: ScopeKey): Sums {
	let sums = step.get(scope);
	if (sums === undefined) {
		sums = new Float64Array(volumeCounts.length);
		step.set(scope, sums);
	}
	return sums;
}

function addTo(step: Step, scope: ScopeKey, at: number, recipients: number): void {
	const sums = sumsOf(step, scope);
	sums[at] = (sums[at] as number) + recipients;
}

function summed(moments: Steps, size: 'hour' | 'day'): Steps {
	// Nearly always there is one moment, or two of one hour: then there is nothing to add up.
	const steps: Steps = new Map();
	const borrowed = new Set<Step>();
	for (const [moment, step] of moments) {
		const begin = stepBegin(size, moment);
		const known = steps.get(begin);
		if (known === undefined) {
			steps.set(begin, step);
			borrowed.add(step);
			continue;
		}
		const own = borrowed.has(known) ? copyOf(known) : known;
		steps.set(begin, own);
		for (const [scope, sums] of step) {
			const into = sumsOf(own, scope);
			for (let at = 0; at < sums.length; at++) into[at] = (into[at] as number) + (sums[at] as number);
		}
	}
	return steps;
}

const copyOf = (step: Step): Step => new Map([...step].map(([scope, sums]) => [scope, sums.slice()]));

/** Adds a step's sums to the rows of a table. */
function adder(database: Database, size: StepSize): (begin: number, step: Step) => void {
	const statement = database.prepare(`
		INSERT INTO ${countTables[size]} VALUES (?, ?, ${volumeCounts.map(() => '?').join(', ')})
		ON CONFLICT (step, subject) DO UPDATE SET ${volumeCounts.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`);
	return (begin, step) => {
		for (const [scope, sums] of step) statement.run(begin, scope, ...sums);
	};
}
