/**
 * How receiving providers took our mail: what each step has of each, summed up. In slices: a step has some hundred rows.
 */
import type { OperationInput, OperationOutput } from '@sluice/shared/contract/operations.ts';
import type { VolumeSpan } from '@sluice/shared/contract/view-operations.ts';
import { createSlices } from '../../flow/turns.ts';
import { stepBegin } from '../../io/store/stats-steps.ts';
import type { Answers } from '../../ports/stats.ts';
import { time } from './answers.ts';
import type { ApiContext } from './context.ts';
import { rowsBetween, spanOf } from './span.ts';

type Query = OperationInput<'providers'>['query'];
type Providers = OperationOutput<'providers'>;
type Provider = Providers['items'][number];

type Sums = {
	delivered: number;
	deferred: number;
	bounced: number;
	readonly causes: Map<string, number>;
};

const noSums = (): Sums => ({ delivered: 0, deferred: 0, bounced: 0, causes: new Map() });
const triedOf = ({ delivered, deferred, bounced }: Sums): number => delivered + deferred + bounced;

/** Answers are counted by hours, of the last two weeks, and by days. */
function rowsOf(name: VolumeSpan, nowMs: number) {
	const { steps, end } = spanOf(name, nowMs);
	const from = steps[0] as number;
	if (name === 'hour' || name === 'day') return { size: 'hour', from: stepBegin('hour', from), end } as const;
	// A week of whole days: this one and six before it.
	return { size: 'day', from: name === 'week' ? (spanOf('month', nowMs).steps.at(-7) as number) : from, end } as const;
}

export async function providers({ flow, stats }: ApiContext, { span, limit }: Query): Promise<Providers> {
	const { size, from, end } = rowsOf(span, flow.clock.now());
	const byProvider = new Map<string, Sums>();
	const slices = createSlices(flow.clock);
	for (const step of rowsBetween(size, from, end)) {
		for (const answers of stats.answers(size, step)) add(byProvider, answers);
		const pause = slices.breathe();
		if (pause !== undefined) await pause;
	}
	const unnamed = byProvider.get('') ?? noSums();
	byProvider.delete('');
	const sorted = [...byProvider].sort(
		([oneName, one], [otherName, other]) => triedOf(other) - triedOf(one) || (oneName < otherName ? -1 : 1),
	);
	for (const [, sums] of sorted.slice(limit)) merge(unnamed, sums);
	return {
		from: time(from * 1000),
		to: time(end * 1000),
		items: sorted.slice(0, limit).map(([provider, sums]) => {
			const reply = stats.reply(provider, from);
			return { ...dtoOf(provider, sums), ...(reply === undefined ? {} : { reply }) };
		}),
		others: dtoOf('others', unnamed),
	};
}

function add(byProvider: Map<string, Sums>, { provider, result, cause, recipients }: Answers): void {
	let sums = byProvider.get(provider);
	if (sums === undefined) {
		sums = noSums();
		byProvider.set(provider, sums);
	}
	sums[result] += recipients;
	if (cause !== '') sums.causes.set(cause, (sums.causes.get(cause) ?? 0) + recipients);
}

function merge(into: Sums, { delivered, deferred, bounced, causes }: Sums): void {
	into.delivered += delivered;
	into.deferred += deferred;
	into.bounced += bounced;
	for (const [cause, recipients] of causes) into.causes.set(cause, (into.causes.get(cause) ?? 0) + recipients);
}

const dtoOf = (provider: string, sums: Sums): Provider => ({
	provider,
	tried: triedOf(sums),
	delivered: sums.delivered,
	deferred: sums.deferred,
	bounced: sums.bounced,
	causes: [...sums.causes]
		.map(([cause, recipients]) => ({ cause, recipients }))
		.sort((one, other) => other.recipients - one.recipients || (one.cause < other.cause ? -1 : 1)),
});
