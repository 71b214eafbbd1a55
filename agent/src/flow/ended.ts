/**
 * Messages that are over and can be brought back, in memory. What keeps them and gives them up: keep-ended.ts.
 */
import type { AccountKey } from '@sluice/shared/words/account.ts';
import type { MessageId } from '@sluice/shared/words/message.ts';
import type { QueuedMessage } from '../core/scheduling/queued.ts';

export type Ended = {
	/** The last that ended stands last. */
	add(message: QueuedMessage): void;
	find(id: MessageId): QueuedMessage | undefined;
	remove(id: MessageId): void;
	/** In the order of their ends. */
	all(): Iterable<QueuedMessage>;
	/** Of the account that has most recipients here, the message that ended first. */
	firstOfLargest(): QueuedMessage | undefined;
	readonly messages: number;
	readonly recipients: number;
};

type Share = { readonly messages: Set<QueuedMessage>; recipients: number };

export function createEnded(): Ended {
	const messages = new Map<MessageId, QueuedMessage>();
	const shares = new Map<AccountKey, Share>();
	let recipients = 0;
	return {
		add(message) {
			if (messages.has(message.id)) return;
			messages.set(message.id, message);
			recipients += message.recipients.length;
			const share = shares.get(message.account) ?? { messages: new Set(), recipients: 0 };
			shares.set(message.account, share);
			share.messages.add(message);
			share.recipients += message.recipients.length;
		},
		find: (id) => messages.get(id),
		remove(id) {
			const message = messages.get(id);
			if (message === undefined) return;
			messages.delete(id);
			recipients -= message.recipients.length;
			const share = shares.get(message.account) as Share;
			share.messages.delete(message);
			share.recipients -= message.recipients.length;
			if (share.messages.size === 0) shares.delete(message.account);
		},
		all: () => messages.values(),
		firstOfLargest() {
			let largest: Share | undefined;
			for (const share of shares.values())
				if (largest === undefined || share.recipients > largest.recipients) largest = share;
			return largest?.messages.values().next().value;
		},
		get messages() {
			return messages.size;
		},
		get recipients() {
			return recipients;
		},
	};
}
