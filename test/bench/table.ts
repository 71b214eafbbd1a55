/**
 * Rounds of the relay bench as a table: medians of both relays, their ratio in the same round, and what was to be reached.
 */
import type { Cell, Run } from './run.ts';
import { type Target, targetOf } from './targets.ts';

export type Row = Cell &
	Target & {
		readonly postfix: Run;
		readonly sluice: Run;
		/** Median over rounds of the ratio within a round. */
		readonly ratio: number;
		readonly ratios: readonly number[];
		readonly verdict: 'goal' | 'floor' | 'below';
	};

/** The middle one; of an even number the mean of the middle two. */
export function median(numbers: readonly number[]): number {
	const sorted = [...numbers].sort((one, other) => one - other);
	const middle = sorted.length >> 1;
	const upper = sorted[middle] ?? Number.NaN;
	return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Each figure's own median over the rounds; a run that never was, but typical. */
function typical(runs: readonly Run[]): Run {
	const first = runs[0] as Run;
	const figures = Object.entries(first).map(([name, figure]) => [
		name,
		typeof figure === 'number' ? median(runs.map((run) => run[name as keyof Run] as number)) : figure,
	]);
	return Object.fromEntries(figures) as Run;
}

/** One row of a cell's runs: as many of each relay, in the order of the rounds. */
export function rowOf(cell: Cell, runs: readonly Run[]): Row {
	const of = (relay: Run['relay']) =>
		runs.filter(
			(run) => run.relay === relay && run.messageBytes === cell.messageBytes && run.connections === cell.connections,
		);
	const [postfix, sluice] = [of('postfix'), of('sluice')];
	const ratios = sluice.map((run, round) => run.messagesPerSecond / (postfix[round] as Run).messagesPerSecond);
	const ratio = median(ratios);
	const target = targetOf(cell);
	return {
		...cell,
		...target,
		postfix: typical(postfix),
		sluice: typical(sluice),
		ratio,
		ratios,
		verdict: ratio >= target.goal ? 'goal' : ratio >= target.floor ? 'floor' : 'below',
	};
}

export const cellName = ({ messageBytes, connections }: Cell): string => `${messageBytes / 1000} kB × ${connections}`;

/** One run, for the terminal. */
export function runLine(round: number, run: Run): string {
	const columns = [
		`round ${round}`,
		cellName(run).padEnd(12),
		run.relay.padEnd(7),
		`${run.messagesPerSecond.toFixed(0).padStart(5)} msg/s`,
		`${run.processorUsPerMessage.toFixed(0).padStart(5)} µs CPU${run.loopUsPerMessage === undefined ? '' : ` (loop ${run.loopUsPerMessage.toFixed(0)})`}`.padEnd(
			25,
		),
		`accept ${run.acceptP50Ms.toFixed(1)}/${run.acceptP99Ms.toFixed(1)} ms`,
		`${(run.peakMb ?? run.memoryMb).toFixed(0)} MB`,
		`others ${run.foreignProcessors.toFixed(2)} CPU`,
	];
	return columns.join('  ');
}

const verdictText = { goal: 'goal', floor: 'above the floor', below: '**below the floor**' } as const;

/** Markdown. */
export function table(rows: readonly Row[]): string {
	const header = [
		'| size × connections | Postfix msg/s | Sluice msg/s | ratio (rounds) | goal / floor | | CPU µs a message: Postfix / Sluice (its loop) | accept p50 / p99 ms: Postfix | Sluice | memory MB: Postfix / Sluice peak | others’ CPU |',
		'|---|---:|---:|---|---|---|---|---|---|---|---:|',
	];
	const lines = rows.map((row) => {
		const { postfix, sluice } = row;
		const ratios = row.ratios.map((ratio) => ratio.toFixed(1)).join(', ');
		const accept = (run: Run) => `${run.acceptP50Ms.toFixed(1)} / ${run.acceptP99Ms.toFixed(1)}`;
		const cells = [
			cellName(row),
			postfix.messagesPerSecond.toFixed(0),
			sluice.messagesPerSecond.toFixed(0),
			`**×${row.ratio.toFixed(1)}** (${ratios})`,
			`${row.goal} / ${row.floor}`,
			verdictText[row.verdict],
			`${postfix.processorUsPerMessage.toFixed(0)} / ${sluice.processorUsPerMessage.toFixed(0)} (${sluice.loopUsPerMessage?.toFixed(0)})`,
			accept(postfix),
			accept(sluice),
			`${postfix.memoryMb.toFixed(0)} / ${(sluice.peakMb ?? 0).toFixed(0)}`,
			((postfix.foreignProcessors + sluice.foreignProcessors) / 2).toFixed(2),
		];
		return `| ${cells.join(' | ')} |`;
	});
	return [...header, ...lines].join('\n');
}
