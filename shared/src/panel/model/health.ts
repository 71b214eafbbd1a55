/**
 * Health as its page shows it: what is wrong with the exact mend, what passes in one quiet line each, numbers, closed destinations.
 */

import type { OperationOutput } from '../../contract/operations.ts';
import type { HealthDto } from '../../contract/shapes.ts';
import { count, sizeText } from '../text/numbers.ts';
import { spanText } from '../text/spans.ts';
import { moment, near } from '../text/times.ts';
import type { Words } from './words.ts';

type Lanes = OperationOutput<'lanes'>;

export type Finding = { readonly title: string; readonly mend: string; readonly since: string };
export type Check = { readonly isGood: boolean; readonly title: string; readonly text: string };
export type Fact = { readonly name: string; readonly value: string };
export type LaneRow = {
	readonly to: string;
	readonly from: string;
	readonly due: string;
	readonly reopens: string;
	readonly failure: string;
};

export type HealthPage = {
	readonly headline: string;
	readonly say: string;
	readonly findings: readonly Finding[];
	readonly checks: readonly Check[];
	readonly facts: readonly Fact[];
	readonly lanes: readonly LaneRow[];
	readonly lanesSub: string;
};

/** More closed destinations are not drawn; those with most mail come first. */
const lanesShown = 20;
/** Index and history are called behind from here on; a moment behind is how they work. */
const lagBytesMax = 1_000_000;

function laneRowsOf(lanes: Lanes | undefined, { t, zoned, nowMs }: Words): readonly LaneRow[] {
	return (lanes?.items ?? [])
		.filter(({ state }) => state !== 'open')
		.toSorted((one, other) => other.queued - one.queued)
		.slice(0, lanesShown)
		.map(({ destination, source, state, queued, reopens, lastFailure }) => ({
			to: destination,
			from: source,
			due: count(queued),
			reopens:
				state === 'probing'
					? t.lanesProbing
					: reopens === undefined
						? ''
						: t.lanesWhen(near(zoned, Date.parse(reopens), nowMs)),
			failure: lastFailure ?? '',
		}));
}

export function healthPageOf(health: HealthDto, lanes: Lanes | undefined, words: Words): HealthPage {
	const { t, zoned, nowMs } = words;
	const { alive, ready, delivering, problems, queue, spool, connections } = health;
	const closed = (lanes?.items ?? []).filter(({ state }) => state !== 'open').length;
	const states = {
		alive,
		ready,
		delivering,
		...(lanes === undefined ? {} : { lanes: closed === 0 }),
		projections: spool.projectionLagBytes <= lagBytesMax,
	};
	const f = t.healthFacts;
	return {
		headline: t.healthHeadline(problems.length),
		say: !ready ? t.healthSay.refused : !delivering ? t.healthSay.stored : t.healthSay.flows,
		findings: problems.map(({ text, hint, since }) => ({
			title: text.replace(/\.$/, ''),
			mend: hint,
			since: t.healthSince(near(zoned, Date.parse(since), nowMs), spanText(nowMs - Date.parse(since))),
		})),
		checks: (Object.keys(states) as (keyof typeof t.healthMeans)[]).map((name) => {
			const isGood = states[name as keyof typeof states] === true;
			const [title, text] = isGood ? t.healthMeans[name] : t.healthNot[name];
			return { isGood, title, text: name === 'lanes' && !isGood ? t.lanesSub(closed, lanes?.total ?? 0) : text };
		}),
		facts: [
			{ name: f.version, value: health.version },
			{ name: f.started, value: moment(zoned, Date.parse(health.started)) },
			{ name: f.messages, value: count(queue.messages) },
			{ name: f.recipients, value: count(queue.recipients) },
			{ name: f.queued, value: count(queue.queued) },
			{ name: f.waiting, value: count(queue.waiting) },
			{ name: f.held, value: count(queue.held) },
			{ name: f.sending, value: count(queue.sending) },
			{ name: f.spool, value: t.healthSegments(sizeText(spool.bytes), spool.segments) },
			{ name: f.free, value: sizeText(spool.freeBytes) },
			{ name: f.lag, value: sizeText(spool.projectionLagBytes) },
			{ name: f.connections, value: t.healthConnections(connections.in, connections.out) },
		],
		lanes: laneRowsOf(lanes, words),
		lanesSub: lanes === undefined ? '' : t.lanesSub(closed, lanes.total),
	};
}
