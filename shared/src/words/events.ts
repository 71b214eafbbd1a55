/**
 * Every event there is: one vocabulary for the log, the event stream and webhooks.
 *
 * A message's life is a list of these. `event` names are a contract; fields may be added, never changed in meaning.
 */
import type { MessageId } from "./message.ts";

export const eventNames = [
	"message.accepted",
	"message.waiting",
	"message.held",
	"message.released",
	"message.discarded",
	"message.requeued",
	"message.refused", // nothing was stored: the MTA keeps it or bounces it
	"message.finished", // all recipients final
	"recipient.delivered",
	"recipient.deferred",
	"recipient.bounced",
	"recipient.expired",
	"recipient.discarded",
	"dsn.sent",
	"hold.set",
	"hold.lifted",
	"lane.closed",
	"lane.reopened",
	"source.failed",
	"attribution.alarm",
	"loop.detected",
	"spool.recovered",
	"spool.corrupt",
	"spool.compacted",
	"index.rebuilt",
	"health.degraded",
	"health.recovered",
	"agent.started",
	"agent.reloaded",
	"agent.stopping",
	"agent.stopped",
	"session.refused",
	"admin.act",
] as const;
export type EventName = (typeof eventNames)[number];

/** Values small enough for a log line. Strings are cut to `eventFieldCharsMax` by the log. */
export type EventFields = {
	readonly [field: string]:
		| string
		| number
		| boolean
		| undefined
		| readonly string[];
};

export type SluiceEvent = EventFields & {
	readonly event: EventName;
	readonly atMs: number;
	readonly message?: MessageId;
};

export const eventFieldCharsMax = 500;
