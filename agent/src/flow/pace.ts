/**
 * Pace: waiting mail leaves by itself when its limits have room again, oldest first.
 *
 * One timer, set to when the waiting room expects the next to leave. Woken when somebody may leave earlier: limits or accounts were
 * changed, mail was taken out of the line, a message came. A look plans at most a portion, charges it, writes it as one record of the
 * log, then lets it go; what could not be written is paid back and waits on. Then others have their turn before the next portion.
 *
 * Not here: who may leave (core/metering/waiting), people who let mail go at once (review.ts).
 */
import type { Release } from '../core/metering/waiting.ts';
import type { Act } from '../core/scheduling/scheduler.ts';
import type { Timer } from '../ports/clock.ts';
import { type Flow, reportError } from './context.ts';
import { tellUsed } from './limit-events.ts';
import { rememberStep } from './report.ts';
import { announceActs } from './settle.ts';
import { followWaiting } from './waiting-mail.ts';

export type Pacer = {
	/** From here on waiting mail leaves. */
	start(): void;
	/** Something may have changed: looks soon. Cheap, and nothing when nothing waits. */
	wake(): void;
	/** As `wake`, when limits or accounts are others than at the last look; called for every message. */
	notice(): void;
	/** Resolves when the portion under way is in the log. */
	stop(): Promise<void>;
};

const recipientsPerPortion = 1000;
/** Changes within this time make one look. */
const gatherMs = 25;
/** When what could leave could not be taken just now: on its way to the disk, in the middle of another act. */
const againMs = 250;
/** Longest sleep: a clock that steps is noticed within it. */
const sleepMsMax = 60_000;

export function createPacer(flow: () => Flow): Pacer {
	let timer: Timer | undefined;
	let timerMs = Number.POSITIVE_INFINITY;
	let looking: Promise<void> | undefined;
	let isAgain = false;
	let isStarted = false;
	let isStopped = false;
	let seen = '';

	const versions = ({ limits, accounts }: Flow): string =>
		`${limits.version} ${accounts.version} ${accounts.completeMs ?? ''}`;

	const sleep = (delayMs: number): void => {
		if (isStopped || !isStarted) return;
		const { clock } = flow();
		const atMs = clock.monotonic() + delayMs;
		if (timer !== undefined && timerMs <= atMs) return;
		timer?.cancel();
		timerMs = atMs;
		timer = clock.after(delayMs, begin);
	};

	const begin = (): void => {
		timer = undefined;
		if (isStopped) return;
		if (looking !== undefined) {
			// What was changed meanwhile may have come too late for this look.
			isAgain = true;
			return;
		}
		looking = look().then((delayMs) => {
			looking = undefined;
			if (delayMs !== undefined) sleep(isAgain ? gatherMs : delayMs);
			isAgain = false;
		});
	};

	/** One portion. Returns when to look again; undefined: nothing waits. Never rejects. */
	const look = async (): Promise<number | undefined> => {
		const current = flow();
		seen = versions(current);
		try {
			const { nextMs, isStuck } = await releasePortion(current);
			if (current.waiting.size === 0) return undefined;
			if (isStuck) return againMs;
			const now = current.clock.now();
			return Math.min(sleepMsMax, Math.max(1, (nextMs ?? Number.POSITIVE_INFINITY) - now));
		} catch (error) {
			reportError(current, 'pace', error);
			return sleepMsMax;
		}
	};

	const wake = (): void => {
		if (flow().waiting.size > 0) sleep(gatherMs);
	};

	return {
		wake,
		start() {
			isStarted = true;
			sleep(0);
		},
		notice() {
			const current = flow();
			if (current.waiting.size > 0 && versions(current) !== seen) sleep(gatherMs);
		},
		async stop() {
			isStopped = true;
			timer?.cancel();
			await looking;
		},
	};
}

type Taken = { readonly release: Release; readonly act: Act };

type Look = { readonly nextMs?: number | undefined; readonly isStuck: boolean };

async function releasePortion(flow: Flow): Promise<Look> {
	const nowMs = flow.clock.now();
	const taken: Taken[] = [];
	let isStuck = false;
	const { nextMs } = flow.waiting.plan({
		nowMs,
		ruleSetOf: (chain) => flow.ruleSets.of(chain, nowMs),
		meter: flow.meter,
		recipientsMax: recipientsPerPortion,
		take(release) {
			const act = planRelease(flow, release, nowMs);
			if (act === undefined) {
				isStuck = true;
				return false;
			}
			charge(flow, release, nowMs);
			taken.push({ release, act });
			return true;
		},
	});
	if (taken.length === 0) return { nextMs, isStuck };
	const isWritten = await write(flow, taken, nowMs);
	followWaiting(
		flow,
		taken.map(({ release }) => release.id),
	);
	flow.wake();
	return { nextMs, isStuck: isStuck || !isWritten };
}

const why = 'limit: the limit has room again';

/** The act that lets these recipients go; undefined when not all of them can be reached just now. */
function planRelease(flow: Flow, { id, indexes }: Release, nowMs: number): Act | undefined {
	const chosen = new Set(indexes);
	const act = flow.scheduler.plan({
		kind: 'budget',
		selector: { kind: 'message', id },
		nowMs,
		why,
		where: ({ index }) => chosen.has(index),
	});
	if (act.transitions.length === indexes.length) return act;
	flow.scheduler.abandon(act, nowMs);
	return undefined;
}

function charge(flow: Flow, { chain, messages, keys }: Release, nowMs: number): void {
	flow.meter.charge(chain.scopes, nowMs, { messages, recipients: keys.length, keys });
	tellUsed(flow, chain, nowMs);
}

async function write(flow: Flow, taken: readonly Taken[], nowMs: number): Promise<boolean> {
	flow.acts.underWay += 1;
	try {
		await flow.spool.record(taken.flatMap(({ act }) => act.transitions));
	} catch (error) {
		reportError(flow, 'pace', error, 'spoolWrite');
		for (const { release, act } of taken) {
			const { chain, messages, keys } = release;
			flow.scheduler.abandon(act, flow.clock.now());
			flow.meter.refund(chain.scopes, nowMs, { messages, recipients: keys.length, keys });
		}
		return false;
	} finally {
		flow.acts.underWay -= 1;
	}
	for (const { act } of taken) {
		flow.scheduler.commit(act, flow.clock.now());
		announceActs(flow, act);
		for (const step of act.transitions) {
			const recipient = flow.scheduler.find(step.message)?.recipients[step.recipient];
			if (recipient !== undefined) rememberStep(recipient, step);
		}
	}
	return true;
}
