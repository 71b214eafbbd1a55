/**
 * Acts on mail that is under way, remembered over a crash.
 *
 * A hold or discard of a recipient that is being sent takes effect when its attempt ends in a deferral. The scheduler keeps that in
 * memory; a crash would make the recipient queued again and send it. So what is pending is written beside the mail, by message, and done
 * at the next start before anything is sent. An attempt is over within its own bound, and so is the note.
 */
import type { MessageId } from '@sluice/shared/words/message.ts';
import type { Standing } from '@sluice/shared/words/standing.ts';
import type { ActKind, ActRequest } from '../core/scheduling/scheduler.ts';
import type { Flow } from './context.ts';

export type PendingAct = {
	readonly kind: Extract<ActKind, 'hold' | 'discard'>;
	readonly message: MessageId;
	readonly why: string;
	readonly actor?: string;
	readonly standing?: Standing;
	readonly untilMs: number;
};

const stateKey = 'acts.pending';
/** Longer than any attempt may take. */
const keptMs = 2 * 3_600_000;
const keptMax = 1_000;

type Remembered = Pick<Flow, 'state' | 'scheduler' | 'clock'>;
type Asked = Pick<ActRequest, 'kind' | 'selector' | 'why' | 'actor' | 'standing' | 'where'>;

export function pendingActs({ state, clock }: Pick<Flow, 'state' | 'clock'>): readonly PendingAct[] {
	const text = state.get(stateKey);
	if (text === undefined) return [];
	const now = clock.now();
	return (JSON.parse(text) as PendingAct[]).filter((act) => act.untilMs > now);
}

/** Notes the messages under way that an act waits for; a release takes such notes back. */
export function notePending(flow: Remembered, request: Asked): void {
	const { kind, why = '', actor, standing } = request;
	if (kind === 'release') forget(flow, request);
	if (kind !== 'hold' && kind !== 'discard') return;
	const untilMs = flow.clock.now() + keptMs;
	const fresh: PendingAct[] = [];
	for (const message of flow.scheduler.all()) {
		if (!isUnderWay(message, request)) continue;
		fresh.push({
			kind,
			message: message.id,
			why,
			untilMs,
			...(actor === undefined ? {} : { actor }),
			...(standing === undefined ? {} : { standing }),
		});
	}
	if (fresh.length === 0) return;
	const kept = [...pendingActs(flow), ...fresh].slice(-keptMax);
	flow.state.set(stateKey, JSON.stringify(kept));
}

/** Notes are for one start: they have been done by then. */
export function clearPending({ state }: Pick<Flow, 'state'>): void {
	if (state.get(stateKey) !== undefined) state.set(stateKey, '[]');
}

function forget(flow: Remembered, { selector }: Asked): void {
	const kept = pendingActs(flow);
	if (kept.length === 0) return;
	const left = kept.filter(({ message: id }) => {
		const message = flow.scheduler.find(id);
		return message !== undefined && !isSelected(message, selector);
	});
	if (left.length < kept.length) flow.state.set(stateKey, JSON.stringify(left));
}

type Message = NonNullable<ReturnType<Flow['scheduler']['find']>>;

function isSelected(message: Message, selector: ActRequest['selector']): boolean {
	switch (selector.kind) {
		case 'message':
			return message.id === selector.id;
		case 'account':
			return message.account === selector.id;
		case 'identity':
			return message.identity === selector.id;
		case 'destination':
			return message.recipients.some((recipient) => recipient.destination === selector.id);
	}
}

const isUnderWay = (message: Message, { selector, where = () => true }: Asked): boolean =>
	isSelected(message, selector) &&
	message.recipients.some((recipient) => recipient.state === 'sending' && where(recipient, message));
