/** docs/reference/events.md: the vocabulary of the log, the event stream and webhooks. */
import { eventMeanings } from '@sluice/shared/words/events.ts';
import { cell, header, type Page, table } from './page.ts';

const introduction = `# Events

What happens is said once, as an event: a JSON line in the log, a server-sent event at \`GET /v1/events\` (\`sluice events\`), a counter at \`/metrics\`. Names are a contract; fields may be added, never changed in meaning. Every event has \`time\` (RFC 3339, UTC) and \`event\`; those about one message have \`message\`, its id, so that \`sluice message trace ID\` tells the rest.

The stream gives each event an id that only grows; \`Last-Event-ID\` resumes after it. When more has happened than the agent remembers, an event named \`gap\` comes first: ask again for what matters.

`;

export function eventsPage(): Page {
	const rows = Object.entries(eventMeanings).map(([name, meaning]) => [`\`${name}\``, cell(meaning)]);
	return {
		path: 'docs/reference/events.md',
		text: header('shared/src/words/events.ts') + introduction + table(['event', 'says'], rows),
	};
}
