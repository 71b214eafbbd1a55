/**
 * `npm run bench`: how much mail the agent relays, next to a stock Postfix on the same machine, disk, source and sink.
 *
 * Rounds in turn, so that what else the machine does hits both; the verdict is the median of the ratios within rounds, never a
 * bare rate. Time runs from the first byte sent until the sink has the last message. Both relays are durable, run all the time
 * and are warmed up. Each run is printed as it comes.
 *
 *   --quick               a few seconds: does it run, roughly how fast
 *   --sizes 2,20,200      kB    --connections 1,20,100    --rounds 3    --seconds 4 (aimed at, a run)
 *   --domains 1           recipient domains, in turn
 *   --pause 0             seconds between rounds, so that others on a shared machine get their turn
 *   --no-pipelining       a source that waits for each reply
 *   --check               exit 1 when a ratio is below its floor
 *   --record              writes docs/evidence/bench-relay.md
 *   --prof                no Postfix: the agent under the profiler, first size and connections given (profile.ts)
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { boxesUnavailable } from '../mta/box.ts';
import { benchFolder, type Sink, startSink } from './load.ts';
import { describeMachine, machineText } from './machine.ts';
import { metering } from './metering.ts';
import { forgetPeak } from './processes.ts';
import { profileAgent } from './profile.ts';
import { type AgentRelay, type Relay, startAgentRelay, startPostfixRelay } from './relays.ts';
import { type Cell, measure, type Run } from './run.ts';
import { leastUs, stepLine } from './step.ts';
import { cellName, median, type Row, rowOf, runLine, table } from './table.ts';
import { meteringUsMax } from './targets.ts';

const { values: options } = parseArgs({
	allowNegative: true,
	options: {
		quick: { type: 'boolean', default: false },
		sizes: { type: 'string' },
		connections: { type: 'string' },
		rounds: { type: 'string' },
		seconds: { type: 'string' },
		domains: { type: 'string', default: '1' },
		pause: { type: 'string', default: '0' },
		pipelining: { type: 'boolean', default: true },
		check: { type: 'boolean', default: false },
		record: { type: 'boolean', default: false },
		prof: { type: 'boolean', default: false },
	},
});

const numbers = (text: string): readonly number[] =>
	text.split(',').map((part) => {
		const number = Number(part);
		if (!(number > 0)) throw new Error(`not a number: ${part}`);
		return number;
	});

const plan = {
	sizesKb: numbers(options.sizes ?? (options.quick ? '2,200' : '2,20,200')),
	connections: numbers(options.connections ?? (options.quick ? '20' : '1,20,100')),
	rounds: numbers(options.rounds ?? (options.quick ? '1' : '3'))[0] as number,
	seconds: numbers(options.seconds ?? (options.quick ? '1' : '4'))[0] as number,
	domains: numbers(options.domains)[0] as number,
	pipelining: options.pipelining,
};
const cells: readonly Cell[] = plan.sizesKb.flatMap((kb) =>
	plan.connections.map((connections) => ({ messageBytes: kb * 1000, connections })),
);

/** A first guess, messages a second; every run corrects it. */
const guessedRate = { postfix: 400, sluice: 1500 } as const;
const warmUpSeconds = 1;
const messagesMin = 40;
const messagesMax = 100_000;

/** Measures a cell of one relay for about `seconds`, by what it did before. */
function createRunner(sink: Sink) {
	const rates = new Map<string, number>();
	return async (relay: Relay, cell: Cell, seconds: number): Promise<Run> => {
		const sizeKey = `${relay.name} ${cell.messageBytes}`;
		const key = `${sizeKey} ${cell.connections}`;
		const rate = rates.get(key) ?? rates.get(sizeKey) ?? guessedRate[relay.name] / (1 + cell.messageBytes / 100_000);
		const messages = Math.round(Math.min(messagesMax, Math.max(messagesMin, cell.connections * 4, rate * seconds)));
		const { domains, pipelining } = plan;
		const run = await measure({ ...cell, relay, sink, messages, domains, pipelining });
		rates.set(key, run.messagesPerSecond);
		rates.set(sizeKey, run.messagesPerSecond);
		return run;
	};
}

async function rounds(relays: { postfix: Relay; sluice: AgentRelay }, sink: Sink): Promise<readonly Run[]> {
	const runCell = createRunner(sink);
	for (const messageBytes of new Set(cells.map((cell) => cell.messageBytes)))
		for (const relay of [relays.postfix, relays.sluice])
			await runCell(relay, { messageBytes, connections: 20 }, warmUpSeconds);
	const runs: Run[] = [];
	for (let round = 1; round <= plan.rounds; round++) {
		if (round > 1) await pause(Number(options.pause) * 1000);
		for (const cell of cells) {
			// The first of a round in turn, so that neither always runs on what the other left in caches and on the disk.
			const inTurn = round % 2 === 1 ? [relays.postfix, relays.sluice] : [relays.sluice, relays.postfix];
			for (const relay of inTurn) {
				forgetPeak(relays.sluice.pid);
				const run = await runCell(relay, cell, plan.seconds);
				console.log(runLine(round, run));
				runs.push(run);
			}
		}
	}
	return runs;
}

async function compare(): Promise<readonly Run[]> {
	const sink = await startSink();
	const begun: Relay[] = [];
	try {
		const postfix = await startPostfixRelay(sink.port);
		begun.push(postfix);
		const sluice = await startAgentRelay({
			config: { delivery: { smarthost: { host: '127.0.0.1', port: sink.port } } },
		});
		begun.push(sluice);
		return await rounds({ postfix, sluice }, sink);
	} finally {
		for (const relay of begun) await relay.stop();
		await sink.stop();
	}
}

async function record(rows: readonly Row[], runs: readonly Run[], meteringLine: string): Promise<void> {
	const machine = describeMachine(benchFolder);
	const foreign = runs.map((run) => run.foreignProcessors);
	const text = `# Relay next to a stock Postfix

${machineText(machine)} Made by \`npm run bench -- --record\`: ${plan.rounds} rounds of about ${plan.seconds} s a run, ${plan.pipelining ? 'pipelining' : 'waiting'} source, ${plan.domains} recipient domain(s), 20 senders, all over loopback with source and sink on the same processors. Time runs from the first byte sent until the sink has the last message; every message arrived exactly once. Ratios are medians of the ratios within rounds. While it ran, other work used ${median(foreign).toFixed(2)} processors (median; at most ${Math.max(...foreign).toFixed(2)}); it slows one busy process more than many, so ratios are lower for it.

${table(rows)}

Processor time on the loop, µs a message:

\`\`\`
${meteringLine}
\`\`\`

Memory of Postfix is the sum over its processes with shared pages counted once; of Sluice, the most its process held.

\`\`\`json
${JSON.stringify({ machine, plan, runs: runs.map(({ fromNs: _from, toNs: _to, ...run }) => run) })}
\`\`\`
`;
	const folder = join(import.meta.dirname, '../../docs/evidence');
	await mkdir(folder, { recursive: true });
	await writeFile(join(folder, 'bench-relay.md'), text);
	console.log('Written to docs/evidence/bench-relay.md');
}

if (options.prof) {
	const { messageBytes, connections } = cells[0] as Cell;
	const messages = Math.round((plan.seconds * guessedRate.sluice) / (1 + messageBytes / 100_000));
	await profileAgent({ messageBytes, connections, messages, domains: plan.domains });
} else {
	const unavailable = await boxesUnavailable();
	if (unavailable !== undefined) throw new Error(`no Postfix to compare with: ${unavailable}`);
	const runs = await compare();
	const rows = cells.map((cell) => rowOf(cell, runs));
	console.log(`\n${machineText(describeMachine(benchFolder))}\n\n${table(rows)}`);
	const step = metering();
	const meteringUs = await leastUs(step);
	const meteringLine = stepLine(step, meteringUs).trim();
	console.log(`\nµs a message on the loop: ${meteringLine}`);
	const below = rows.filter((row) => row.verdict === 'below');
	if (options.record) await record(rows, runs, meteringLine);
	if (below.length > 0) console.log(`\nBelow the floor: ${below.map(cellName).join(', ')}`);
	if (options.check && (below.length > 0 || meteringUs > meteringUsMax)) process.exitCode = 1;
}
