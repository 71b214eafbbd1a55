/**
 * One sink for every event: log, metrics and event stream hear the same, in this order.
 */
import type { SluiceEvent } from '@sluice/shared/words/events.ts';
import type { EventSink } from '../ports/system.ts';

export type Listener = (event: SluiceEvent) => void;

export type Events = EventSink & { listen(listener: Listener): void };

/** A listener that throws is a bug of its own and never the mail's: the others still hear, and so does stderr. */
export function createEvents(listeners: readonly Listener[]): Events {
	const all = [...listeners];
	return {
		emit(event) {
			for (const listener of all) {
				try {
					listener(event);
				} catch (error) {
					process.stderr.write(`event listener: ${error instanceof Error ? error.stack : String(error)}\n`);
				}
			}
		},
		listen: (listener) => void all.push(listener),
	};
}
