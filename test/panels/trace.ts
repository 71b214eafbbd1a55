/**
 * A made-up life of a message: accepted, waiting or tried, refused by a host in words of its own.
 */
import type { MessageSummaryDto, TraceDto } from '@sluice/shared/contract/shapes.ts';
import type { Why } from './agent-world.ts';

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** As Exim makes them: the second in six characters, then what tells messages of a second apart. */
export function queueIdOf({ accepted, id }: MessageSummaryDto): string {
	let seconds = Math.floor(Date.parse(accepted) / 1000);
	let text = '';
	for (let digit = 0; digit < 6; digit++) {
		text = `${base62[seconds % 62]}${text}`;
		seconds = Math.floor(seconds / 62);
	}
	return `${text}-0000000${id.slice(-4)}-1234`;
}

function senderOf(message: MessageSummaryDto): Pick<TraceDto['from'], 'evidence' | 'directory' | 'client'> {
	if (message.class !== 'script') return { evidence: `logged in to Exim as ${message.sender}`, client: '198.51.100.7' };
	const path = message.identity.slice(message.identity.indexOf('/'));
	return { evidence: 'Exim ran as uid 1187', directory: path };
}

export function traceOf(message: MessageSummaryDto, why?: Why, endedBy?: string): TraceDto {
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
	const isHeld = first?.state === 'held';
	return {
		message,
		from: {
			account: message.account,
			identity: message.identity,
			class: message.class,
			certainty: 'proved',
			...senderOf(message),
			mtaQueueId: queueIdOf(message),
		},
		verdict: isHeld
			? { action: 'hold', reasons: [{ rule: why?.rule ?? 'hold.act', text: why?.text ?? 'Held by a person.' }] }
			: isWaiting
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
		steps: isHeld
			? [
					step(
						0,
						'message.held',
						`Accepted and held (2,000 bytes for 1 recipient): ${why?.text ?? 'Held by a person.'}`,
					),
				]
			: isWaiting
				? [step(0, 'message.waiting', 'Accepted, waits (2,000 bytes for 1 recipient).')]
				: [
						step(0, 'message.accepted', 'Accepted (2,000 bytes for 1 recipient).'),
						step(
							1,
							'recipient.deferred',
							'Not taken yet by mx1.gone.example (attempt 1). Tried again in 5 min.',
							'451 4.7.1 greylisted, <b>come</b> again',
						),
						...(first?.state === 'bounced'
							? [step(301, 'recipient.bounced', 'Refused for good by mx1.gone.example.', first.reply)]
							: first?.state === 'delivered'
								? [step(301, 'recipient.delivered', 'Taken by mx1.gone.example.', first.reply)]
								: first?.state === 'discarded'
									? [
											{
												...step(301, 'recipient.discarded', 'Discarded.'),
												...(endedBy === undefined ? {} : { actor: endedBy }),
											},
										]
									: []),
					],
		reports: first?.state === 'bounced' ? ['0000000000009'] : [],
	};
}
