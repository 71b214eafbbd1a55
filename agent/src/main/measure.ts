/**
 * The gauges of `/metrics`: what can be read off the running parts when somebody asks.
 */
import type { Flow } from '../flow/context.ts';
import { createMetrics, type Metrics } from '../io/log/metrics.ts';

const descriptions = {
	queue_recipients: 'Open recipients.',
	queue_messages: 'Open messages.',
	deliveries: 'Transactions under way.',
	connections_in: 'Open connections from the MTA.',
	connections_out: 'Open connections to receivers.',
	disk_free_bytes: 'Free space where mail is stored.',
	spool_bytes: 'Size of the spool log.',
	spool_segments: 'Segments of the spool log.',
	spool_flush_seconds: 'Duration of the last flush to disk.',
	problems: 'Health problems now.',
	resident_bytes: 'Resident memory.',
};

export function measure(
	flow: Flow,
	parts: { readonly freeBytes: () => number; readonly connectionsIn: () => number },
): Metrics {
	const gauges = (): { [name in keyof typeof descriptions]: number } => {
		const spool = flow.spool.stats();
		return {
			queue_recipients: flow.scheduler.openRecipients,
			queue_messages: flow.scheduler.messages,
			deliveries: flow.scheduler.busy,
			connections_in: parts.connectionsIn(),
			connections_out: flow.dialer.connections,
			disk_free_bytes: parts.freeBytes(),
			spool_bytes: spool.bytes,
			spool_segments: spool.segments,
			spool_flush_seconds: spool.lastFlushMs / 1000,
			problems: flow.health.problems().length,
			resident_bytes: process.memoryUsage.rss(),
		};
	};
	return createMetrics(gauges, descriptions);
}
