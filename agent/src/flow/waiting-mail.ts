/**
 * The waiting room and the queue: whoever changes what waits in the one says so to the other, here.
 *
 * The queue is the truth. At start the room is made of it; after an act it is brought into line for the messages that the act met.
 * Mail that is on its way to the disk stands in the room already (measure.ts) and not yet in the queue.
 */
import { scopeOf } from '@sluice/shared/words/limits.ts';
import type { MessageId } from '@sluice/shared/words/message.ts';
import type { Chain } from '../core/metering/types.ts';
import type { WaitingMessage } from '../core/metering/waiting.ts';
import type { QueuedMessage } from '../core/scheduling/queued.ts';
import type { Flow } from './context.ts';
import type { Episode } from './episode.ts';
import { beginEpisode, endEpisode, resumeEpisode } from './episodes.ts';

const chains = new WeakMap<QueuedMessage['scopes'], Chain>();

/** Who pays for a message of the queue: what was decided when it came, whatever its sender's place is by now. */
export function chainOfQueued({ scopes }: QueuedMessage): Chain {
	const known = chains.get(scopes);
	if (known !== undefined) return known;
	const account = scopes.map(scopeOf).find(({ level }) => level === 'account')?.id ?? '';
	// The server alone pays for what nothing limits.
	const chain: Chain = { scopes, account, isKnown: true, isExempt: scopes.length <= 1, hints: [] };
	chains.set(scopes, chain);
	return chain;
}

/** What of a message of the queue waits; undefined when nothing does. */
export function waitingOf(message: QueuedMessage): WaitingMessage | undefined {
	const recipients = message.recipients.filter(({ state }) => state === 'waiting');
	const [first] = recipients;
	if (first === undefined) return undefined;
	return {
		id: message.id,
		chain: chainOfQueued(message),
		sinceMs: first.sinceMs,
		recipients: recipients.map(({ index, key }) => ({ index, key })),
		bytes: message.bodyBytes,
		isCounted: message.recipients.some(({ isCharged }) => isCharged),
	};
}

const episodeOf = (message: QueuedMessage, chain: Chain): Episode => ({
	chain,
	account: message.account,
	identity: message.identity,
	sender: message.hintAddress,
	message: message.id,
});

/** At start, before mail comes: everything that waits takes its place again. */
export function fillWaitingRoom(flow: Flow): void {
	for (const message of flow.scheduler.all()) {
		const waiting = waitingOf(message);
		if (waiting === undefined) continue;
		flow.waiting.add(waiting);
		resumeEpisode(flow, episodeOf(message, waiting.chain));
	}
}

/** After an act: what of these messages waits now. What nobody pays for waits as well, and leaves with the next look. */
export function followWaiting(flow: Flow, ids: Iterable<MessageId>): void {
	for (const id of ids) {
		const message = flow.scheduler.find(id);
		if (message === undefined) {
			flow.waiting.remove(id);
			continue;
		}
		const waiting = waitingOf(message);
		// What goes on waiting is not touched: its line stands, and blocks what it blocked.
		const gone = message.recipients.filter(({ state }) => state !== 'waiting');
		flow.waiting.remove(id, waiting === undefined ? undefined : gone.map(({ index }) => index));
		if (waiting === undefined) endEpisode(flow, chainOfQueued(message));
		else {
			flow.waiting.add(waiting);
			beginEpisode(flow, episodeOf(message, waiting.chain));
		}
	}
	flow.wakePace();
}
