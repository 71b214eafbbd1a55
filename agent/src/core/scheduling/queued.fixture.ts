/**
 * Messages for tests of the scheduler: everything has a default, only what a test is about is written in it.
 */
import { messageIdOf } from '@sluice/shared/words/message.ts';
import type { QueuedMessage, QueuedRecipient } from './queued.ts';

export const fixtureStartMs = 1_800_000_000_000;

export type MessageFixture = Partial<Omit<QueuedMessage, 'recipients'>> & {
	readonly sequence: number;
	readonly recipients: readonly Partial<QueuedRecipient>[];
};

export function queuedFixture(given: MessageFixture): QueuedMessage {
	const { sequence, recipients, ...rest } = given;
	return {
		id: messageIdOf(fixtureStartMs, sequence),
		segment: 1,
		offset: 0,
		recordBytes: 700,
		bodyBytes: 1000,
		acceptedMs: fixtureStartMs,
		account: 'a',
		identity: '',
		class: 'mailbox',
		hintDomain: '',
		hintAddress: '',
		peerAddress: '127.0.0.1',
		helo: 'server.test',
		nullSender: false,
		scopes: [],
		...rest,
		recipients: recipients.map((recipient, index) => ({
			index,
			destination: 'example.test',
			notify: 0,
			key: index,
			state: 'queued',
			attempts: 0,
			dueMs: fixtureStartMs,
			sinceMs: rest.acceptedMs ?? fixtureStartMs,
			isCharged: recipient.state !== 'held' && recipient.state !== 'waiting',
			standing: undefined,
			delayNoticed: false,
			reported: false,
			reply: '',
			...recipient,
		})),
	};
}
