/**
 * A made-up life of a message: accepted, waiting or tried, refused by a host in words of its own.
 */
import type { MessageSummaryDto, TraceDto } from '@sluice/shared/contract/shapes.ts';

export function traceOf(message: MessageSummaryDto): TraceDto {
	const [first] = message.recipients;
	const acceptedMs = Date.parse(message.accepted);
	const at = (seconds: number): string => new Date(acceptedMs + seconds * 1000).toISOString();
	const step = (seconds: number, event: TraceDto['steps'][number]['event'], text: string, reply?: string) => ({
		at: at(seconds),
		event,
		text,
		...(event.startsWith('recipient') && first !== undefined ? { recipient: first.address } : {}),
		...(reply === undefined ? {} : { reply }),
	});
	const isWaiting = first?.state === 'waiting';
	return {
		message,
		from: {
			account: message.account,
			identity: message.identity,
			class: message.class,
			certainty: 'proved',
			evidence: 'logged in to Exim as bestellung@moda-luise.example',
			client: '198.51.100.7',
			mtaQueueId: '1wQ2xY-000000001Ab-1234',
		},
		verdict: isWaiting
			? {
					action: 'wait',
					reasons: [
						{
							rule: 'limit.hour.recipients',
							text: 'All 400 recipients an hour of plan Shop are used; it waits its turn.',
						},
					],
				}
			: { action: 'accept', reasons: [] },
		steps: isWaiting
			? [step(0, 'message.waiting', 'Accepted, waits (2,000 bytes for 1 recipient).')]
			: [
					step(0, 'message.accepted', 'Accepted (2,000 bytes for 1 recipient).'),
					step(
						1,
						'recipient.deferred',
						'Not taken yet by mx1.gone.example (attempt 1). Tried again in 5 min.',
						'451 4.7.1 greylisted, <b>come</b> again',
					),
					first?.state === 'bounced'
						? step(301, 'recipient.bounced', 'Refused for good by mx1.gone.example.', first.reply)
						: step(301, 'recipient.delivered', 'Taken by mx1.gone.example.', first?.reply),
				],
		reports: first?.state === 'bounced' ? ['0000000000009'] : [],
	};
}
