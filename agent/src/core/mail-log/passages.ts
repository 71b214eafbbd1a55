/**
 * From lines of a mail log to messages: who sent each, when, and to which recipients elsewhere.
 *
 * Holds what is under way, bounded; a message that is over, or is the oldest when there is no room, is given out once. Local recipients
 * and messages without any other are left out: no limit of ours would have met them. A message whose arrival was before the log begins
 * is not known and is left out too.
 */
import type { Address } from '@sluice/shared/words/address.ts';
import { createDirectories } from './directories.ts';
import type { LogSender, MailLogEvent } from './events.ts';

export type Passage = {
	readonly atMs: number;
	readonly sender: LogSender;
	/** As cPanel's own line says. */
	readonly account?: string;
	readonly reversePath: Address;
	/** Where the process stood that handed it in. */
	readonly directory?: string;
	/** Recipients on other machines, each once. */
	readonly recipients: readonly Address[];
	readonly failed: number;
};

export type Passages = {
	take(event: MailLogEvent): void;
	/** Gives out all that is still under way. */
	end(): void;
};

type Open = {
	readonly atMs: number;
	readonly sender: LogSender;
	account?: string;
	reversePath: Address;
	directory?: string;
	readonly recipients: Map<Address, 'open' | 'failed'>;
};

const openMax = 200_000;

export function createPassages(give: (passage: Passage) => void): Passages {
	const open = new Map<string, Open>();
	/** Ids of messages that came back from a filter, and of reports, before their own arrival is told. */
	const expected = new Map<string, Open | 'report'>();
	const directories = createDirectories();

	function close(queueId: string): void {
		const message = open.get(queueId);
		if (message === undefined) return;
		open.delete(queueId);
		if (message.recipients.size === 0) return;
		const { atMs, sender, account, reversePath, directory, recipients } = message;
		give({
			atMs,
			sender,
			reversePath,
			recipients: [...recipients.keys()],
			failed: [...recipients.values()].filter((state) => state === 'failed').length,
			...(account === undefined ? {} : { account }),
			...(directory === undefined ? {} : { directory }),
		});
	}

	function arrive(event: Extract<MailLogEvent, { kind: 'arrival' }>): void {
		const { queueId, atMs, sender, reversePath = '' } = event;
		// Postfix uses short ids again.
		close(queueId);
		const known = expected.get(queueId);
		expected.delete(queueId);
		const directory = directories.of(event);
		const before = known === 'report' ? undefined : known;
		open.set(queueId, {
			atMs,
			sender: known === 'report' ? { kind: 'report' } : (before?.sender ?? sender),
			reversePath: before?.reversePath ?? reversePath,
			recipients: new Map(),
			...(before?.account === undefined ? {} : { account: before.account }),
			...(directory === undefined ? {} : { directory }),
		});
		if (open.size > openMax) close(open.keys().next().value as string);
	}

	function expect(queueId: string, what: Open | 'report'): void {
		const here = open.get(queueId);
		// Postfix may tell of the second arrival before the filter's answer.
		if (here !== undefined)
			open.set(queueId, { ...here, sender: what === 'report' ? { kind: 'report' } : what.sender });
		else {
			expected.set(queueId, what);
			if (expected.size > openMax) expected.delete(expected.keys().next().value as string);
		}
	}

	return {
		take(event) {
			switch (event.kind) {
				case 'arrival':
					return arrive(event);
				case 'about': {
					const message = open.get(event.queueId);
					if (message === undefined) return;
					if (event.reversePath !== undefined && message.reversePath === '') message.reversePath = event.reversePath;
					if (event.account !== undefined) message.account = event.account;
					return;
				}
				case 'recipient': {
					const message = open.get(event.queueId);
					if (message === undefined || !event.isRemote) return;
					message.recipients.set(event.address, event.outcome === 'failed' ? 'failed' : 'open');
					return;
				}
				case 'passedOn': {
					const message = open.get(event.queueId);
					if (message !== undefined) expect(event.as, message);
					return;
				}
				case 'report':
					return expect(event.queueId, 'report');
				case 'directory':
					return directories.begun(event);
				case 'end':
					return close(event.queueId);
			}
		},
		end() {
			for (const queueId of [...open.keys()]) close(queueId);
		},
	};
}
