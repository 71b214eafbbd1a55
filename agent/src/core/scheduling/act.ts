/**
 * Acts: hold, release, discard, requeue, expire and the like, on all recipients that match.
 *
 * The log comes before memory. So an act is planned (its recipients are taken out of reach and the transitions to log are
 * given), then committed when they are durable, or abandoned when they could not be written. Between the two no other act
 * and no transaction gets at these recipients; a second act that meets them says how many it had to skip.
 *
 * A recipient under way cannot be taken back from the server. What was planned for it is remembered and becomes an act of
 * its own when the attempt is settled with a deferral; a delivery or a bounce stands.
 *
 * Acts look at every message unless one is named: they are rare, and 100,000 messages take a few milliseconds.
 */
import type { Charge, Transition } from '@sluice/shared/words/message.ts';
import { isFinal } from '@sluice/shared/words/recipient.ts';
import type { Selector } from '@sluice/shared/words/selector.ts';
import type { Standing } from '@sluice/shared/words/standing.ts';
import { lifecycle, mayTake } from '../delivery/lifecycle.ts';
import { heldBefore } from '../policy/standing.ts';
import { type Backlog, change, isReserved, laneNameOf, type Place, parcelsOf, place, probeLane } from './backlog.ts';
import { findLane, type Lane } from './lane.ts';
import { messageOf, recipientsOf } from './parcel.ts';
import type { QueuedMessage, QueuedRecipient } from './queued.ts';

export type ActKind = 'hold' | 'release' | 'discard' | 'requeue' | 'restore' | 'expire' | 'budget' | 'suppress';

/** `leave`: it is paid for. `wait`: held mail that is over a limit. `stay`: not now, not by this act. */
export type Admission = 'leave' | 'wait' | 'stay';

/** A recipient that an act would let go. */
export type Going = {
	readonly message: QueuedMessage;
	readonly from: QueuedRecipient['state'];
	/** The act's: when its charge counts. */
	readonly nowMs: number;
};

export type ActRequest = {
	readonly kind: ActKind;
	readonly selector: Selector;
	readonly nowMs: number;
	readonly why?: string;
	/** `admin root`; absent: the agent. */
	readonly actor?: string;
	/** Of a hold: why they stand, where it is not the actor's own word. */
	readonly standing?: Standing;
	/** Of a hold: it takes what is held already too. */
	readonly takesOver?: (recipient: QueuedRecipient) => boolean;
	/** Of a restore: what was held when it ended is held again, for the same reason. */
	readonly asBefore?: boolean;
	/** The senders are not told. */
	readonly untold?: boolean;
	/** Narrows the selection further, for instance to deferrals of one cause. */
	readonly where?: (recipient: QueuedRecipient, message: QueuedMessage) => boolean;
	/**
	 * Asked before a recipient is let go that somebody has to pay for; whoever answers `leave` has reserved what the charge says, and
	 * gives it back if the act is abandoned. Left out: it leaves.
	 */
	readonly admit?: (charge: Charge, going: Going) => Admission;
	/** At most so many transitions, oldest message first. What is under way does not count. */
	readonly recipientsMax?: number;
};

export type Act = {
	readonly kind: ActKind;
	/** To be logged, then committed. May be empty. */
	readonly transitions: readonly Transition[];
	/** Recipients under way that the act reaches if their attempt is deferred. */
	readonly pending: number;
	/** Recipients that matched and are in the middle of another act. */
	readonly skipped: number;
};

type Probe = { readonly message: QueuedMessage; readonly destination: string };

type Target = Place & { readonly transition: Transition };

/** An act as the scheduler keeps it. */
type OpenAct = Act & {
	readonly targets: readonly Target[];
	/** Lanes to be probed (requeue), by a message that takes them: the lane may be another by the time of the commit. */
	readonly probes: ReadonlyMap<Lane, Probe>;
	isDone: boolean;
};

/** What waits for attempts to end. */
export type Pending = Map<QueuedRecipient, ActRequest>;

/** Acts that make sense for a recipient under way: what it is to become unless the server takes or refuses it. */
const reachesSending: ReadonlySet<ActKind> = new Set(['hold', 'discard', 'expire', 'suppress']);

export function planAct(backlog: Backlog, pending: Pending, request: ActRequest): Act {
	const plan = { targets: [] as Target[], probes: new Map<Lane, Probe>(), pending: 0, skipped: 0 };
	const most = request.recipientsMax ?? Number.POSITIVE_INFINITY;
	for (const slot of candidates(backlog, request.selector)) {
		let isTouched = false;
		for (const recipient of recipientsOf(backlog.parcels, slot)) {
			if (plan.targets.length >= most) break;
			if (isFinal(recipient.state) !== (request.kind === 'restore')) continue;
			if (!isSelected(backlog, slot, recipient, request)) continue;
			if (isReserved(backlog, recipient)) plan.skipped++;
			else if (recipient.state === 'sending') plan.pending += planPending(pending, recipient, request);
			else if (mayTake(request.kind, recipient.state)) {
				if (request.kind === 'hold' && recipient.state === 'held' && request.takesOver?.(recipient) !== true) continue;
				isTouched = true;
				// Already due: nothing to log, but its lane may be closed.
				if (request.kind === 'requeue' && recipient.dueMs <= request.nowMs) continue;
				const target = targetOf(backlog, slot, recipient, request);
				if (target !== undefined) plan.targets.push(target);
			}
		}
		if (isTouched && request.kind === 'requeue') noteProbe(backlog, plan.probes, slot);
		if (plan.targets.length >= most) break;
	}
	return reserve(backlog, request, plan);
}

/** The attempt is over: what waited for it and still applies, as an act of its own. */
export function planLate(
	backlog: Backlog,
	pending: Pending,
	attempt: { readonly slot: number; readonly recipients: readonly QueuedRecipient[]; readonly nowMs: number },
): Act | undefined {
	if (pending.size === 0) return undefined;
	const { slot, recipients, nowMs } = attempt;
	let first: ActRequest | undefined;
	const targets: Target[] = [];
	for (const recipient of recipients) {
		const request = pending.get(recipient);
		if (request === undefined) continue;
		pending.delete(recipient);
		if (!mayTake(request.kind, recipient.state)) continue;
		first ??= request;
		const target = targetOf(backlog, slot, recipient, { ...request, nowMs });
		if (target !== undefined) targets.push(target);
	}
	return first === undefined
		? undefined
		: reserve(backlog, first, { targets, probes: new Map(), pending: 0, skipped: 0 });
}

/** The transitions are durable: now they are true. */
export function commitAct(backlog: Backlog, act: Act, nowMs: number): void {
	const { targets, probes } = finish(backlog, act);
	for (const target of targets) change(backlog, target, target.transition);
	placeAll(backlog, targets, nowMs);
	for (const { message, destination } of probes.values()) {
		const lane = findLane(backlog.lanes, message, destination);
		if (lane?.laneState === 'closed') probeLane(backlog, lane);
	}
}

/** The transitions could not be written: everything is as it was. */
export function abandonAct(backlog: Backlog, act: Act, nowMs: number): void {
	const { targets } = finish(backlog, act);
	for (const { recipient, transition } of targets) if (transition.charge !== undefined) recipient.isCharged = false;
	placeAll(backlog, targets, nowMs);
}

function* candidates(backlog: Backlog, selector: Selector): Iterable<number> {
	if (selector.kind === 'message') {
		const slot = backlog.byId.get(selector.id);
		if (slot !== undefined) yield* parcelsOf(backlog, messageOf(backlog.parcels, slot));
		return;
	}
	for (const first of backlog.byId.values()) {
		const message = messageOf(backlog.parcels, first);
		if (selector.kind === 'account' && message.account !== selector.id) continue;
		if (selector.kind === 'identity' && message.identity !== selector.id) continue;
		for (let slot = first; slot >= 0; slot = backlog.parcels.sibling[slot] as number) {
			if (selector.kind === 'destination' && !hasDestination(backlog, slot, selector.id)) continue;
			yield slot;
		}
	}
}

const hasDestination = (backlog: Backlog, slot: number, destination: string): boolean =>
	recipientsOf(backlog.parcels, slot).some((recipient) => recipient.destination === destination);

function noteProbe(backlog: Backlog, probes: Map<Lane, Probe>, slot: number): void {
	const message = messageOf(backlog.parcels, slot);
	const destination = laneNameOf(backlog, slot);
	const lane = findLane(backlog.lanes, message, destination);
	if (lane?.laneState === 'closed') probes.set(lane, { message, destination });
}

const isSelected = (backlog: Backlog, slot: number, recipient: QueuedRecipient, request: ActRequest): boolean =>
	(request.selector.kind !== 'destination' || recipient.destination === request.selector.id) &&
	(request.where === undefined || request.where(recipient, messageOf(backlog.parcels, slot)));

/** Returns 1 when the recipient is now waited for. */
function planPending(pending: Pending, recipient: QueuedRecipient, request: ActRequest): number {
	if (request.kind === 'release') pending.delete(recipient); // takes back a hold that has not come to anything yet
	if (!reachesSending.has(request.kind)) return 0;
	pending.set(recipient, request);
	return 1;
}

/** The step for one recipient, paid for where it has to be; undefined when it is to stay. */
function targetOf(backlog: Backlog, slot: number, recipient: QueuedRecipient, request: ActRequest): Target | undefined {
	const message = messageOf(backlog.parcels, slot);
	const kept = request.kind === 'restore' && request.asBefore === true ? heldBefore(recipient.standing) : undefined;
	const isLetGo = lifecycle[request.kind].to === 'queued' && kept === undefined;
	const charge = isLetGo ? chargeOf(message, recipient) : undefined;
	const admission =
		charge === undefined
			? 'leave'
			: admissionOf(request, charge, { message, from: recipient.state, nowMs: request.nowMs });
	if (admission === 'stay') return undefined;
	const to = kept !== undefined ? 'held' : admission === 'wait' ? 'waiting' : lifecycle[request.kind].to;
	// From here on nobody else counts this recipient, nor its message, a second time.
	if (charge !== undefined && to === 'queued') recipient.isCharged = true;
	return {
		slot,
		recipient,
		transition: {
			message: message.id,
			recipient: recipient.index,
			atMs: request.nowMs,
			to,
			attempts: recipient.attempts,
			...(to === 'queued' ? { dueMs: request.nowMs } : {}),
			...(charge === undefined || to !== 'queued' ? {} : { charge }),
			...(request.why === undefined ? {} : { why: request.why }),
			...(request.actor === undefined ? {} : { actor: request.actor }),
			...(kept !== undefined
				? { standing: kept }
				: to === 'held' && request.standing !== undefined
					? { standing: request.standing }
					: {}),
			...(to === 'waiting' ? { standing: waitsAgain } : {}),
			...(request.untold === true ? { untold: true } : {}),
		},
	};
}

/** Of mail that somebody let go and that is over a limit still. */
const waitsAgain: Standing = {
	rule: 'limit.released',
	text: 'Somebody let it go; it is over a limit, and leaves in pace.',
};

const admissionOf = ({ admit }: ActRequest, charge: Charge, going: Going): Admission =>
	admit === undefined ? 'leave' : admit(charge, going);

/** What letting it go costs; undefined when nobody pays or it has been paid for before. */
function chargeOf(message: QueuedMessage, recipient: QueuedRecipient): Charge | undefined {
	if (recipient.isCharged || message.scopes.length === 0) return undefined;
	const messages = message.recipients.some((one) => one.isCharged) ? 0 : 1;
	return { scopes: message.scopes, messages, key: recipient.key };
}

type Plan = Pick<OpenAct, 'targets' | 'probes' | 'pending' | 'skipped'>;

function reserve(backlog: Backlog, request: ActRequest, plan: Plan): OpenAct {
	for (const target of plan.targets) backlog.reserved.add(target.recipient);
	placeAll(backlog, plan.targets, request.nowMs);
	return {
		...plan,
		kind: request.kind,
		transitions: plan.targets.map((target) => target.transition),
		isDone: false,
	};
}

function finish(backlog: Backlog, act: Act): OpenAct {
	const open = act as OpenAct;
	if (open.isDone) throw new Error('the act has been committed or abandoned before');
	open.isDone = true;
	for (const target of open.targets) backlog.reserved.delete(target.recipient);
	return open;
}

/** Recipients of one parcel follow each other in the targets: each parcel is placed once. */
function placeAll(backlog: Backlog, targets: readonly Target[], nowMs: number): void {
	let last = -1;
	for (const { slot } of targets) {
		if (slot !== last) place(backlog, slot, nowMs);
		last = slot;
	}
}
