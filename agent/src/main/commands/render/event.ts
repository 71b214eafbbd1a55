/**
 * One event as one line: time, name, the message, and the fields a person looks for first. Fields may be added to events at any
 * time, so what is not known here is shown as `name=value` at the end.
 */
import type { FollowedEvent } from '@sluice/shared/client/follow.ts';
import { clean } from './text.ts';
import { clockText, zoneText } from './time.ts';
import type { View } from './view.ts';

const bad =
	/^(recipient\.(bounced|expired)|lane\.closed|health\.degraded|spool\.corrupt|source\.failed|loop\.detected|ownership\.breach)$/;
const warning =
	/^(recipient\.deferred|message\.(held|waiting|refused)|session\.refused|attribution\.alarm|limit\.(warning|reached|episode)|accounts\.stale|submission\.blocked|webhook\.failed)$/;
const good = /^(recipient\.delivered|health\.recovered|lane\.reopened)$/;

function painted(name: string, { paint }: View): string {
	if (bad.test(name)) return paint.bad(name);
	if (warning.test(name)) return paint.warning(name);
	return good.test(name) ? paint.good(name) : name;
}

type Value = FollowedEvent[string];
const valueText = (value: Value): string =>
	clean(Array.isArray(value) ? value.join(',') : typeof value === 'string' ? value : String(value));

/** Said without their names, in this order. */
const leading = ['message', 'sender', 'recipient', 'destination', 'code', 'text', 'reply'] as const;

const quoted = (text: string): string => (text === '' || text.includes(' ') ? JSON.stringify(text) : text);

export function eventLine(event: FollowedEvent, view: View): string {
	const { time, event: name, ...fields } = event;
	const atMs = Date.parse(time);
	const first = leading.flatMap((field) => (fields[field] === undefined ? [] : [valueText(fields[field])]));
	const rest = Object.entries(fields)
		.filter(([field, value]) => value !== undefined && !(leading as readonly string[]).includes(field))
		.map(([field, value]) => view.paint.faint(`${clean(field)}=${quoted(valueText(value))}`));
	return [`${clockText(view, atMs)} ${zoneText(view, atMs)}`, painted(name, view), ...first, ...rest].join('  ');
}
