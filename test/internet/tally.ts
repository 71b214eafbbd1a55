/**
 * What a sink counts. Mutable inside a sink; `snapshot` gives a copy for others, `total` adds several sinks up.
 */
export type SinkCounts = {
	/** Connections accepted, those open now, and the most open at one time. */
	connections: number;
	connectionsOpen: number;
	connectionsOpenMax: number;
	/** Connections cut by the sink on request of a magic address. */
	dropped: number;
	tlsHandshakes: number;
	tlsFailures: number;
	/** MAIL commands accepted. */
	transactions: number;
	/** Messages the sink answered 250 to after the final dot, their recipients, and their bytes as on the wire. */
	messages: number;
	recipients: number;
	bytes: number;
	/** Messages read in full, then left without an answer. */
	swallowed: number;
	/** Messages no longer kept, since there were too many. */
	forgotten: number;
	/** 4yz and 5yz replies by code, at whatever stage: `{"451": 2}`. */
	rejected: { [code: string]: number };
	/** Faults of the client against the protocol, by name. */
	violations: { [name: string]: number };
	/** Connections that are closed by the number of transactions they carried. */
	transactionsPerConnection: { [transactions: string]: number };
};

export function emptyCounts(): SinkCounts {
	return {
		connections: 0,
		connectionsOpen: 0,
		connectionsOpenMax: 0,
		dropped: 0,
		tlsHandshakes: 0,
		tlsFailures: 0,
		transactions: 0,
		messages: 0,
		recipients: 0,
		bytes: 0,
		swallowed: 0,
		forgotten: 0,
		rejected: {},
		violations: {},
		transactionsPerConnection: {},
	};
}

/** One more under a key. */
export function increment(map: { [key: string]: number }, key: string | number): void {
	map[key] = (map[key] ?? 0) + 1;
}

/** A copy that no longer changes. */
export const snapshot = (counts: SinkCounts): SinkCounts => total([counts]);

/** Sums over several sinks; `connectionsOpenMax` is the greatest of them, since the peaks need not coincide. */
export function total(all: readonly SinkCounts[]): SinkCounts {
	const sum = emptyCounts();
	for (const one of all) {
		for (const key of Object.keys(sum) as (keyof SinkCounts)[]) {
			const value = one[key];
			if (key === 'connectionsOpenMax') sum[key] = Math.max(sum[key], one[key]);
			else if (typeof value === 'number') (sum[key] as number) += value;
			else for (const [name, n] of Object.entries(value)) addTo(sum[key] as { [key: string]: number }, name, n);
		}
	}
	return sum;
}

function addTo(map: { [key: string]: number }, key: string, n: number): void {
	map[key] = (map[key] ?? 0) + n;
}
