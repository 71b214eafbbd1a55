/**
 * Messages that are over and can be brought back, in memory. What keeps them and gives them up: keep-ended.ts.
 */
import type { MessageId } from '@sluice/shared/words/message.ts';
import type { QueuedMessage } from '../core/scheduling/queued.ts';

export type Ended = {
	/** The last that ended stands last. */
	add(message: QueuedMessage): void;
	find(id: MessageId): QueuedMessage | undefined;
	remove(id: MessageId): void;
	/** In the order of their ends. */
	all(): Iterable<QueuedMessage>;
	readonly messages: number;
	readonly recipients: number;
};

export function createEnded(): Ended {
	const messages = new Map<MessageId, QueuedMessage>();
	let recipients = 0;
	return {
		add(message) {
			if (messages.has(message.id)) return;
			messages.set(message.id, message);
			recipients += message.recipients.length;
		},
		find: (id) => messages.get(id),
		remove(id) {
			const message = messages.get(id);
			if (message === undefined) return;
			messages.delete(id);
			recipients -= message.recipients.length;
		},
		all: () => messages.values(),
		get messages() {
			return messages.size;
		},
		get recipients() {
			return recipients;
		},
	};
}
