/**
 * Measuring: who pays for a message, whether it fits into the limits of its sender, and paying for what does.
 *
 * Decided and charged in one turn of the loop, before the log is written: a hundred connections at the limit cannot all see the same
 * room. What cannot be stored is paid back. An error in here never holds or refuses mail: it goes on undecided (invariant 10), and
 * what had been charged by then is paid back.
 *
 * Not here: what a limit means for a message (core/metering, core/policy/limit), letting waiting mail go (pace.ts).
 */
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import type { Envelope } from '@sluice/shared/words/envelope.ts';
import { type ScopeKey, scopeKeyOf } from '@sluice/shared/words/limits.ts';
import type { InitialState, MessageId } from '@sluice/shared/words/message.ts';
import { measure } from '../core/metering/measure.ts';
import type { ChargeAmount } from '../core/metering/meter.ts';
import { recipientKeyOf } from '../core/metering/recipient-key.ts';
import type { Chain, Measurement } from '../core/metering/types.ts';
import { identityText, type Judgement, undecided } from '../core/policy/judge.ts';
import { withinLimits } from '../core/policy/limit.ts';
import { type Flow, reportError } from './context.ts';
import { beginEpisode } from './episodes.ts';
import { tellBlocked, tellUsed } from './limit-events.ts';

/** A message that was judged, with what it cost. */
export type Measured = {
	readonly judgement: Judgement;
	/** Absent when measuring failed: nobody pays. */
	readonly chain?: Chain;
	readonly measurement?: Measurement;
	/** Paid already. */
	readonly charge?: ChargeAmount;
};

export type ToMeasure = {
	readonly attribution: Attribution;
	readonly envelope: Envelope;
	readonly bytes: number;
	readonly nowMs: number;
};

/** Joins the limits to the judgement and charges what leaves. Never throws. */
export function measureSubmission(flow: Flow, message: ToMeasure, judgement: Judgement): Measured {
	if (judgement.fault !== undefined) return { judgement };
	let paid: { readonly chain: Chain; readonly charge: ChargeAmount } | undefined;
	try {
		const chain = flow.chains.of(message.attribution, message.nowMs);
		const keys = keysOf(message.envelope, judgement, 'queued');
		if (keys.length === 0) return { judgement, chain };
		const decided = chain.isExempt ? { judgement } : decide(flow, message, judgement, { chain, keys });
		const charge = chargeOf(message.envelope, decided.judgement, keys);
		if (charge === undefined) return { ...decided, chain };
		paid = { chain, charge };
		flow.meter.charge(chain.scopes, message.nowMs, charge);
		if (!chain.isExempt) tellUsed(flow, chain, message.nowMs);
		return { ...decided, chain, charge };
	} catch (error) {
		reportError(flow, 'measure', error);
		if (paid !== undefined) payBack(flow, paid.chain, message.nowMs, paid.charge);
		const { verdict } = judgement;
		return { judgement: { ...judgement, verdict: { ...verdict, reasons: [...verdict.reasons, undecided] } } };
	}
}

function payBack(flow: Flow, { scopes }: Chain, atMs: number, charge: ChargeAmount): void {
	try {
		flow.meter.refund(scopes, atMs, charge);
	} catch (error) {
		reportError(flow, 'measure refund', error);
	}
}

function decide(
	flow: Flow,
	{ envelope, bytes, nowMs }: ToMeasure,
	judgement: Judgement,
	{ chain, keys }: { readonly chain: Chain; readonly keys: readonly number[] },
): Pick<Measured, 'judgement' | 'measurement'> {
	const rules = flow.ruleSets.of(chain, nowMs);
	const recipients = envelope.recipients.length;
	const measurement = measure(
		{ chain, recipients: keys.length, keys },
		{ rules, meter: flow.meter, waiting: flow.waiting, nowMs },
	);
	if (measurement.binding !== undefined) tellBlocked(flow, measurement.binding, { chain, over: rules.over }, nowMs);
	const waiting = flow.waiting.totalsOf(scopeKeyOf('account', chain.account));
	const bounds = flow.settings().limits.waiting;
	const limited = withinLimits(judgement, { measurement, recipients, bytes, waiting }, bounds, nowMs);
	if (limited.fault === undefined && measurement.wouldBind.length > 0)
		flow.wouldHave.count(measurement.wouldBind, keys.length, nowMs);
	return { judgement: limited, measurement };
}

const stateOf = ({ verdict, initials }: Judgement, index: number): InitialState =>
	initials?.[index] ?? (verdict.action === 'hold' ? 'held' : verdict.action === 'wait' ? 'waiting' : 'queued');

function keysOf({ recipients }: Envelope, judgement: Judgement, state: InitialState): number[] {
	const keys: number[] = [];
	for (let index = 0; index < recipients.length; index++)
		if (stateOf(judgement, index) === state) keys.push(recipientKeyOf(recipients[index]?.address ?? ''));
	return keys;
}

/** `keys`: of those that would leave without limits. */
function chargeOf(envelope: Envelope, judgement: Judgement, keys: readonly number[]): ChargeAmount | undefined {
	if (judgement.fault !== undefined) return undefined;
	const isWhole = judgement.initials === undefined && judgement.verdict.action === 'accept';
	const leaving = isWhole ? keys : keysOf(envelope, judgement, 'queued');
	return leaving.length === 0 ? undefined : { messages: 1, recipients: leaving.length, keys: leaving };
}

/**
 * What is to wait takes its place in the line before the message is stored, so that nothing of its sender goes past it meanwhile.
 * Pace leaves it alone until it is in the queue.
 */
export function takePlace(flow: Flow, id: MessageId, message: ToMeasure, measured: Measured): void {
	const { chain, judgement, measurement } = measured;
	if (chain === undefined) return;
	const recipients: { index: number; key: number }[] = [];
	for (const [index, { address }] of message.envelope.recipients.entries())
		if (stateOf(judgement, index) === 'waiting') recipients.push({ index, key: recipientKeyOf(address) });
	if (recipients.length === 0) return;
	const blockedAt = measurement?.keptAt;
	flow.waiting.add({
		id,
		chain,
		sinceMs: message.nowMs,
		recipients,
		bytes: message.bytes,
		isCounted: measured.charge !== undefined,
		...(blockedAt === undefined ? {} : { blockedAt }),
	});
}

/** The message could not be stored: as if it had never come. */
export function giveBack(flow: Flow, id: MessageId, { nowMs }: ToMeasure, { chain, charge }: Measured): void {
	if (chain !== undefined && charge !== undefined) payBack(flow, chain, nowMs, charge);
	flow.waiting.remove(id);
	flow.wakePace();
}

/** The message is in the queue: tells if its sender's mail begins to wait with it. */
export function tellWaiting(flow: Flow, id: MessageId, { attribution, envelope }: ToMeasure, measured: Measured): void {
	const { chain, measurement, judgement } = measured;
	const waits = judgement.verdict.action === 'wait' || judgement.initials?.includes('waiting') === true;
	if (chain === undefined || !waits) return;
	beginEpisode(flow, {
		chain,
		account: attribution.account,
		identity: identityText(attribution),
		sender: envelope.reversePath,
		message: id,
		...(measurement?.binding === undefined ? {} : { binding: measurement.binding }),
	});
	flow.wakePace();
}

/** Scopes as the record keeps them. */
export const scopesOf = ({ chain }: Measured): { readonly scopes?: readonly ScopeKey[] } =>
	chain === undefined ? {} : { scopes: chain.scopes };
