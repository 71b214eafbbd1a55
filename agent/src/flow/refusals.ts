/**
 * Refused connections and commands, told within a bound.
 *
 * Whoever can connect can be refused as often as he likes: without a bound he writes the log full, and the journal drops the lines that
 * matter. So many are told a minute; how many more there were stands in the first of a later minute. What is refused of a message that has
 * come whole is told by itself (accept.ts), and costs its sender more than us.
 */
import type { SluiceEvent } from '@sluice/shared/words/events.ts';
import type { Flow } from './context.ts';

export const refusalsAMinuteMax = 300;
const minuteMs = 60_000;

type Told = { fromMs: number; count: number; untold: number };

/** One for each agent in the process. */
const toldBy = new WeakMap<Flow['events'], Told>();

export function tellRefused(
	{ clock, events }: Pick<Flow, 'clock' | 'events'>,
	fields: Omit<SluiceEvent, 'event' | 'atMs'>,
): void {
	const nowMs = clock.monotonic();
	const told = toldBy.get(events) ?? { fromMs: nowMs, count: 0, untold: 0 };
	toldBy.set(events, told);
	if (nowMs - told.fromMs >= minuteMs) {
		told.fromMs = nowMs;
		told.count = 0;
	}
	if (told.count >= refusalsAMinuteMax) {
		told.untold += 1;
		return;
	}
	told.count += 1;
	const { untold } = told;
	told.untold = 0;
	events.emit({ event: 'session.refused', atMs: clock.now(), ...fields, ...(untold === 0 ? {} : { untold }) });
}
