/**
 * Counters for `/metrics`, fed by the same events as the log, and gauges read when asked.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { SluiceEvent } from '@sluice/shared/words/events.ts';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export type Gauges = () => { readonly [name: string]: number };

export type Metrics = { count(event: SluiceEvent): void; text(): Promise<string>; stop(): void };

/** `gauges` names are without the `sluice_` prefix; each is described by `descriptions`. */
export function createMetrics(gauges: Gauges, descriptions: { readonly [name: string]: string }): Metrics {
	const registry = new Registry();
	const registers = [registry];
	const events = new Counter({
		name: 'sluice_events_total',
		help: 'Events by name, as in the log.',
		labelNames: ['event'],
		registers,
	});
	const causes = new Counter({
		name: 'sluice_failures_total',
		help: 'Deferrals and bounces by cause.',
		labelNames: ['event', 'cause'],
		registers,
	});
	const senders = new Counter({
		name: 'sluice_accepted_total',
		help: 'Accepted messages by sender class.',
		labelNames: ['class'],
		registers,
	});
	const bytes = new Counter({ name: 'sluice_accepted_bytes_total', help: 'Bytes of accepted messages.', registers });
	const alarms = new Counter({
		name: 'sluice_alarms_total',
		help: 'Attribution alarms by code.',
		labelNames: ['code'],
		registers,
	});
	const delay = new Histogram({
		name: 'sluice_delivery_delay_seconds',
		help: "From acceptance to the receiver's positive answer.",
		buckets: [0.1, 0.5, 1, 5, 30, 60, 300, 1800, 14_400, 86_400],
		registers,
	});
	const loop = monitorEventLoopDelay({ resolution: 10 });
	loop.enable();
	const gaugeOf = new Map<string, Gauge>();
	for (const [name, help] of Object.entries(descriptions))
		gaugeOf.set(name, new Gauge({ name: `sluice_${name}`, help, registers }));
	const stall = new Gauge({
		name: 'sluice_event_loop_stall_seconds',
		help: 'Delay of the event loop since the last scrape.',
		labelNames: ['quantile'],
		registers,
	});
	return {
		count(event) {
			events.inc({ event: event.event });
			switch (event.event) {
				case 'message.accepted':
				case 'message.held':
				case 'message.waiting':
					if (typeof event.class === 'string') senders.inc({ class: event.class });
					if (typeof event.bytes === 'number') bytes.inc(event.bytes);
					break;
				case 'recipient.delivered':
					if (typeof event.delaySeconds === 'number') delay.observe(event.delaySeconds);
					break;
				case 'recipient.deferred':
				case 'recipient.bounced':
				case 'recipient.expired':
					causes.inc({ event: event.event, cause: typeof event.cause === 'string' ? event.cause : 'unknown' });
					break;
				case 'attribution.alarm':
					if (typeof event.code === 'string') alarms.inc({ code: event.code });
					break;
				default:
			}
		},
		async text() {
			for (const [name, value] of Object.entries(gauges())) gaugeOf.get(name)?.set(value);
			for (const quantile of [50, 99, 99.9, 100])
				stall.set({ quantile: String(quantile / 100) }, loop.percentile(quantile) / 1e9);
			loop.reset();
			return registry.metrics();
		},
		stop: () => loop.disable(),
	};
}
