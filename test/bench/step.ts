/**
 * One step of the path, timed: microseconds of this thread's processor time for each time it is done.
 *
 * Warmed up, then run in rounds; the least round counts, since everything that disturbs only adds.
 */
export type Step = {
	readonly name: string;
	/** Does it `count` times. */
	readonly run: (count: number) => void | Promise<void>;
	readonly count: number;
	/** What it is to stay below, microseconds. */
	readonly goalUs?: number;
	readonly stop?: () => Promise<void>;
};

const rounds = 7;
/** The kernel may count a thread's time in steps of some milliseconds: a round takes many of them. */
const roundUsMin = 80_000;
const threadUs = (): number => {
	const { user, system } = process.threadCpuUsage();
	return user + system;
};

export async function leastUs({ run, count }: Step): Promise<number> {
	const timed = async (times: number): Promise<number> => {
		const before = threadUs();
		for (let time = 0; time < times; time++) await run(count);
		return threadUs() - before;
	};
	await timed(1);
	let times = 1;
	while ((await timed(times)) < roundUsMin) times *= 2;
	let least = Number.POSITIVE_INFINITY;
	for (let round = 0; round < rounds; round++) least = Math.min(least, (await timed(times)) / times / count);
	return least;
}

/** `     3.05  name`, and how many times below its goal it is where it has one. */
export function stepLine({ name, goalUs }: Step, us: number): string {
	const ratio = goalUs === undefined ? '' : `  ×${(goalUs / us).toFixed(1)} below the goal of ${goalUs} µs`;
	return `${us.toFixed(2).padStart(9)}  ${name}${ratio}`;
}
