/**
 * Acts of people in scenarios: by REST and by the review functions, and where the mail stands then.
 */
import assert from 'node:assert/strict';
import { type ReviewAct, review } from '@sluice/agent/flow/review.ts';
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import type { Result } from '@sluice/shared/words/result.ts';
import type { Selector } from '@sluice/shared/words/selector.ts';
import type { Internet } from '../internet/internet.ts';
import type { Rig } from './rig.ts';
import { mailbox } from './senders.ts';

/** Deferred once means: out of the way until somebody acts. */
export const patient = {
	retry: { firstSeconds: 3600, maxSeconds: 3600, jitter: 0, expireSeconds: 86_400, delayNoticeSeconds: 86_400 },
};

export const given = <T>(result: Result<T, unknown>): T => {
	assert.ok(result.ok, JSON.stringify(result));
	return result.value;
};

/** Where each recipient of a message stands, as REST tells. */
export async function states(rig: Rig, id: string): Promise<{ readonly [address: string]: string }> {
	const { recipients } = given(await rig.client.call('getMessage', { params: { id } }));
	return Object.fromEntries(recipients.map(({ address, state }) => [address, state]));
}

/** How often sinks have taken mail for the address. */
export const takenBy = (internet: Internet, address: string): number =>
	internet.accepted().filter(({ acceptedRecipients }) => acceptedRecipients.includes(address)).length;

export type Way = 'REST' | 'review';
type Done = { readonly recipients: number; readonly messages: number };

export async function act(rig: Rig, way: Way, kind: ReviewAct, selector: Selector): Promise<Done> {
	const reason = `${kind} for a test`;
	if (way === 'REST') return given(await rig.client.call('act', { params: { act: kind }, body: { selector, reason } }));
	const { recipients, messages, pending } = given(
		await review(rig.agent.flow, kind, selector, reason, { role: 'admin', id: 'scenario' }),
	);
	return { recipients: recipients + pending, messages };
}

/** Two messages of different senders to different places, both deferred once; the first is the one to be met. */
export async function twoDeferred(rig: Rig, name: string): Promise<readonly [met: string, other: string]> {
	const met = await rig.send({
		from: `${name}@one.test`,
		to: [`greylist-1-${name}@${name}.test`],
		sender: mailbox(`${name}@${name}-account.test`),
	});
	const other = await rig.send({
		from: `${name}@two.test`,
		to: [`greylist-1-${name}@${name}-other.test`],
		sender: mailbox(`${name}@${name}-neighbour.test`),
	});
	await rig.until(() => [met, other].every((message) => rig.count('recipient.deferred', { message }) === 1));
	return [met, other];
}

/** A standing hold by REST, for an hour. */
export const setHold = async (rig: Rig, selector: Selector): Promise<OperationOutput<'putHold'>> =>
	given(await rig.client.call('putHold', { body: { selector, reason: 'looks hijacked', seconds: 3600 } }));
