/**
 * Events as lines that a person can follow: one line an event, time first, the message in the same column.
 */
import type { SluiceEvent } from '@sluice/shared/words/events.ts';

const clock = (atMs: number): string => new Date(atMs).toTimeString().slice(0, 8);
const text = (field: SluiceEvent[string]): string => (Array.isArray(field) ? field.join(', ') : String(field ?? ''));
const sender = (event: SluiceEvent): string => (text(event.sender) === '' ? '<>' : text(event.sender));

/** `mailbox user1@site1.test`, `script unix:7003`. */
const whoOf = (kind: string, identity: string): string => `${kind} ${identity.replace(`${kind}:`, '')}`.trim();

function sentence(event: SluiceEvent): string | undefined {
	switch (event.event) {
		case 'message.accepted':
		case 'message.held':
		case 'message.waiting': {
			if (event.recipients === undefined)
				return `${event.event.split('.')[1]}  by ${text(event.actor)}: ${text(event.why)}`;
			const who = whoOf(text(event.class), text(event.identity));
			const more = Number(event.recipientCount) > (event.recipients as readonly string[]).length ? ' …' : '';
			return `${event.event === 'message.accepted' ? 'accepted ' : event.event === 'message.held' ? 'held     ' : 'waiting  '} ${sender(event)} → ${text(event.recipients)}${more}  (${text(event.bytes)} bytes, ${who})`;
		}
		case 'recipient.delivered':
			return `delivered ${text(event.recipient)}  ${text(event.host)}${event.tls === undefined ? '' : ` ${text(event.tls)}`}: ${text(event.reply)}`;
		case 'recipient.deferred':
			return `deferred  ${text(event.recipient)}  again in ${text(event.retryAfterSeconds)} s: ${text(event.reply)}`;
		case 'recipient.bounced':
			return `bounced   ${text(event.recipient)}  ${text(event.cause)}: ${text(event.reply)}`;
		case 'recipient.expired':
			return `expired   ${text(event.recipient)}  ${text(event.reply)}`;
		case 'dsn.sent':
			return `report    to ${text(event.to)}: ${text(event.kind)}, as message ${text(event.report)}`;
		case 'message.refused':
			return `refused   ${sender(event)}: ${text(event.fault)} ${text(event.rule)}`;
		case 'message.released':
			return `released  by ${text(event.actor)}: ${text(event.why)}`;
		case 'lane.closed':
			return `lane ${text(event.destination)} closed until ${text(event.until)}: ${text(event.reason)}`;
		case 'lane.reopened':
			return `lane ${text(event.destination)} open again`;
		case 'health.degraded':
			return `PROBLEM   ${text(event.text)} ${text(event.hint)}`;
		case 'health.recovered':
			return `mended    ${text(event.code)} after ${text(event.lastedSeconds)} s`;
		case 'loop.detected':
			return `LOOP      ${text(event.text)}`;
		case 'source.failed':
			return `ERROR     ${text(event.where)}: ${text(event.error).split('\n')[0]}`;
		case 'session.refused':
			return `refused   ${text(event.fault)} ${text(event.detail)}`;
		default:
			return undefined;
	}
}

/** undefined: nothing a person would follow. */
export function lineOf(event: SluiceEvent): string | undefined {
	const told = sentence(event);
	return told === undefined ? undefined : `${clock(event.atMs)}  ${(event.message ?? '').padEnd(13)}  ${told}`;
}
