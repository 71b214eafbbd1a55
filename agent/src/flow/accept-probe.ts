/**
 * Acceptance of a probe message: attributed and stored as any mail, and nothing else.
 *
 * No rule is asked, nobody pays, nothing is announced: what it shows is in the list of probes (probes.ts) and, at its end, in one line of
 * the log. The reply is positive only when it is durable, which is what a probe is to prove.
 */
import { faults } from '@sluice/shared/words/faults.ts';
import type { MessageRecord } from '@sluice/shared/words/message.ts';
import { type Reply, reply } from '@sluice/shared/words/reply.ts';
import type { AttributionResult } from '../core/identity/facts.ts';
import type { Judgement } from '../core/policy/judge.ts';
import type { Flow } from './context.ts';
import { enqueue, recordOf, type Submitted, store } from './store-message.ts';

const taken: Judgement = {
	verdict: { action: 'accept', reasons: [{ rule: 'probe', text: 'A probe message: no rule is asked.' }] },
};

export async function acceptProbe(flow: Flow, submitted: Submitted, known: AttributionResult): Promise<Reply> {
	const record: MessageRecord = { ...recordOf(submitted, known, taken), probe: true };
	const ref = await store(flow, record, submitted.content);
	if (ref === undefined) return faults.spoolWrite.reply;
	flow.probes.note(record);
	enqueue(flow, record, ref);
	return reply(250, '2.0.0', `${record.id} queued; see Outgoing mail`);
}
